package io.github.pgwatchrpc.sink.relay;

import io.github.pgwatchrpc.rpc.tls.ClientTls;
import io.github.pgwatchrpc.rpc.tls.TlsException;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A receiver to forward to. What lies in files is read when it is asked for. Immutable.
 *
 * @param address where; its name is looked up for each connection
 * @param user goes with each gRPC call, perhaps empty
 * @param givenKey the key, if it is no file's; perhaps empty
 * @param keyFile holds the key, or null
 * @param authorities whom to trust; null: no TLS
 * @param certificate what to show of oneself, or null
 * @param privateKey its key, or null
 * @param connectTimeout for each attempt to connect
 * @param timeout for each answer
 */
record Destination(
        InetSocketAddress address,
        String user,
        String givenKey,
        @Nullable Path keyFile,
        @Nullable Path authorities,
        @Nullable Path certificate,
        @Nullable Path privateKey,
        Duration connectTimeout,
        Duration timeout) {

    /** Longer than any key that a receiver looks at. */
    private static final int MAX_KEY_BYTES = 1024;

    /**
     * The key as it is now.
     *
     * @throws IOException if it cannot be read or cannot be sent; the text never holds it
     */
    String key() throws IOException {
        String key = keyFile == null ? givenKey : read(keyFile);
        if (!isPrintable(key)) {
            throw new IOException("key of " + key.length() + " characters, not all of them printable ASCII");
        }
        return key;
    }

    private static String read(Path file) throws IOException {
        byte[] bytes;
        try (InputStream in = Files.newInputStream(file)) {
            bytes = in.readNBytes(MAX_KEY_BYTES + 1);
        } catch (IOException e) {
            throw new IOException("token-file " + file + " cannot be read: " + e, e);
        }
        String text = new String(bytes, StandardCharsets.UTF_8).strip();
        if (text.isEmpty() || bytes.length > MAX_KEY_BYTES) {
            throw new IOException("token-file " + file + ": "
                    + (text.isEmpty() ? "empty" : "more than " + MAX_KEY_BYTES + " bytes") + ", no key");
        }
        return text;
    }

    static boolean isPrintable(String text) {
        return text.chars().allMatch(each -> each > ' ' && each <= '~');
    }

    /**
     * TLS with the files as they are now.
     *
     * @param offered what to offer by ALPN
     * @return a context, or null if there is to be no TLS
     * @throws TlsException if something is wrong with a file
     */
    @Nullable
    SslContext tls(String... offered) throws TlsException {
        if (authorities == null) {
            return null;
        }
        ClientTls tls = ClientTls.trusting(authorities);
        if (offered.length > 0) {
            tls = tls.offering(offered);
        }
        if (certificate != null && privateKey != null) {
            tls = tls.presenting(certificate, privateKey);
        }
        return tls.context();
    }

    /** Without user and key. */
    @Override
    public String toString() {
        String host = address.getHostString();
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
    }
}
