package io.github.pgwatchrpc.server;

import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import java.util.Optional;
import java.util.Properties;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What other commands want to know of the receiver that was started last in a data directory: it leaves that there in the
 * file {@value #FILE}.
 *
 * @param listen where it listens, with the port that it got
 * @param plaintext from where it takes connections without TLS
 * @param authority the file of its CA, or what stands for it
 */
record LastStart(InetSocketAddress listen, Plaintext plaintext, String authority) {

    private static final String FILE = "last-start";
    private static final Logger LOG = LoggerFactory.getLogger(LastStart.class);

    /** Without it the receiver works as well, so that it could not be written is no reason to end. */
    void write(Path data) {
        Properties all = new Properties();
        all.setProperty("listen", Addresses.print(listen));
        all.setProperty("plaintext", plaintext.name());
        all.setProperty("authority", authority);
        try {
            StringWriter text = new StringWriter();
            all.store(text, null);
            Path next = data.resolve(FILE + ".new");
            Files.writeString(next, text.toString());
            Files.move(next, data.resolve(FILE), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            LOG.warn("{}: cannot be written, so that 'pgwatch-rpc key' does not know the port: {}", data, e.toString());
        }
    }

    /** Reads it; empty if no receiver was started there, or the file cannot be made out. */
    static Optional<LastStart> read(Path data) {
        try {
            Properties all = new Properties();
            all.load(new StringReader(Files.readString(data.resolve(FILE))));
            return Optional.of(new LastStart(
                    Addresses.parse(FILE, all.getProperty("listen", "")),
                    Plaintext.valueOf(all.getProperty("plaintext", "").toUpperCase(Locale.ROOT)),
                    all.getProperty("authority", "")));
        } catch (IOException | ConfigException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
