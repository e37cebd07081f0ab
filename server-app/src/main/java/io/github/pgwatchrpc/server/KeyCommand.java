package io.github.pgwatchrpc.server;

import io.github.pgwatchrpc.rpc.auth.ApiKey;
import io.github.pgwatchrpc.rpc.auth.KeyFile;
import io.github.pgwatchrpc.rpc.auth.KeyFileException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "key",
        description =
                "Prints where the receiver's key lies, and the lines to paste into pgwatch; the key only when asked.")
final class KeyCommand implements Callable<Integer> {

    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            defaultValue = "./pgwatch-rpc-data",
            description = "the receiver's own files (default: ${DEFAULT-VALUE})")
    private Path dataDir = Path.of("./pgwatch-rpc-data");

    @Option(names = "--api-key-file", paramLabel = "FILE", description = "the key's file, where it is not in there")
    @Nullable
    private Path apiKeyFile;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "the receiver's configuration file, for the options here that it has too")
    @Nullable
    Path config;

    @Option(
            names = "--listen",
            paramLabel = "HOST:PORT",
            description =
                    "where the receiver listens, for the lines (default: where the one that was started last does)")
    @Nullable
    private String listen;

    @Option(
            names = "--plaintext",
            paramLabel = "loopback|always|never",
            description = "what the receiver was started with, for the lines (default: as the last one)")
    @Nullable
    private Plaintext plaintext;

    @Option(names = "--show", description = "prints the key itself, and nothing else")
    private boolean show;

    @Option(
            names = "--renew",
            description = "puts a new key into the receiver's own file first; one that runs takes it within a second")
    private boolean renew;

    @Option(names = "--generate", description = "prints a new key that nobody knows yet, and nothing else")
    private boolean generate;

    @Spec
    private CommandSpec spec;

    @SuppressWarnings("NullAway") // picocli sets the specification
    KeyCommand() {}

    @Override
    public Integer call() throws ConfigException {
        PrintWriter out = spec.commandLine().getOut();
        if (generate) {
            out.println(ApiKey.generate(new SecureRandom()).text());
            out.flush();
            return ExitCode.FINE;
        }
        try {
            KeyFile file = open();
            if (show) {
                out.println(file.read().text());
            } else {
                out.println("key in " + file.path() + " (mode 0600; --show prints it)");
                lines(file.path()).print(out);
            }
            out.flush();
            return ExitCode.FINE;
        } catch (KeyFileException e) {
            throw Access.config(e);
        }
    }

    /** For the receiver as the options say, and where they say nothing, as it was started last. */
    private PasteLines lines(Path key) throws ConfigException {
        Path data = dataDir.toAbsolutePath().normalize();
        LastStart last = LastStart.read(data)
                .orElse(new LastStart(
                        Addresses.parse("--listen", ServeOptions.DEFAULT_LISTEN),
                        Plaintext.LOOPBACK,
                        data.resolve("tls/ca.crt").toString()));
        return new PasteLines(
                listen == null ? last.listen() : Addresses.parse("--listen", listen),
                Objects.requireNonNullElse(plaintext, last.plaintext()),
                last.authority(),
                Optional.of(key));
    }

    private KeyFile open() throws KeyFileException, ConfigException {
        if (apiKeyFile != null) {
            if (renew) {
                throw new ConfigException(
                        "--renew with --api-key-file", "whoever looks after that file puts a new key there");
            }
            return KeyFile.given(apiKeyFile.toAbsolutePath());
        }
        Path own = dataDir.toAbsolutePath().normalize().resolve(Access.OWN_KEY);
        if (!Files.exists(own, LinkOption.NOFOLLOW_LINKS)) {
            throw new ConfigException(
                    own + ": there is no such file", "the receiver makes it when it starts; see --data-dir");
        }
        KeyFile file = KeyFile.existing(own);
        if (renew) {
            KeyFile.replace(own, ApiKey.generate(new SecureRandom()));
        }
        return file;
    }
}
