package io.github.pgwatchrpc.sink.relay;

import io.github.pgwatchrpc.rpc.tls.TlsException;
import io.github.pgwatchrpc.sink.Limits;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.SinkConfig;
import io.github.pgwatchrpc.sink.SinkOption;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What can be configured, the same for both protocols, and how it is read. */
final class RelayOptions {

    static final SinkOption<String> TOKEN = SinkOption.text(
                    "token", "the receiver's key; or put it into a file, see token-file")
            .hidden();

    static final SinkOption<Path> TOKEN_FILE =
            file("token-file", "a file that holds the key; read again whenever the receiver refuses the last one");

    static final SinkOption<Path> AUTHORITIES =
            file("sslrootca", "speak TLS, and trust the authorities of this file (the receiver's tls/ca.crt)");

    static final SinkOption<Path> CERTIFICATE =
            file("sslcert", "a certificate to show where the receiver asks for one; with sslkey and sslrootca");

    static final SinkOption<Path> PRIVATE_KEY = file("sslkey", "the private key of sslcert");

    static final SinkOption<Duration> CONNECT_TIMEOUT = SinkOption.duration(
                    "connect-timeout", Duration.ofMillis(1), Duration.ofMinutes(5), "how long connecting may take")
            .defaultsTo("10s");

    static final SinkOption<Duration> TIMEOUT = SinkOption.duration(
                    "timeout", Duration.ofMillis(1), Duration.ofHours(1), "how long an answer may take")
            .defaultsTo("60s");

    static final SinkOption<Integer> CALLS = SinkOption.integer(
                    "calls",
                    1,
                    1024,
                    "so many calls of a batch may be on their way at once, never two of one database and metric")
            .defaultsTo("32");

    static final List<SinkOption<?>> ALL =
            List.of(TOKEN, TOKEN_FILE, AUTHORITIES, CERTIFICATE, PRIVATE_KEY, CONNECT_TIMEOUT, TIMEOUT, CALLS);

    /** A megabyte of the model stays far below the 16 MiB that a receiver takes, names repeated in each row included. */
    static final Limits LIMITS = new Limits(5_000, 1 << 20, 4);

    private static final String EXAMPLE = "//HOST:PORT, for example rpc://central:5000";

    private RelayOptions() {}

    private static SinkOption<Path> file(String name, String meaning) {
        return SinkOption.of(name, "file", "the path of a file", meaning, RelayOptions::path);
    }

    private static @Nullable Path path(String text) {
        try {
            return text.isEmpty() ? null : Path.of(text);
        } catch (InvalidPathException e) {
            return null;
        }
    }

    /** Builds a sink, when nothing is wrong; files are read to tell what is wrong with them, and again when it opens. */
    static Sink sink(SinkConfig config, Link.Opener opener) {
        Destination destination = destination(config);
        config.check();
        if (destination == null) {
            throw new IllegalStateException("no destination and no problem");
        }
        return new RelaySink(destination, opener, config.get(CALLS));
    }

    private static @Nullable Destination destination(SinkConfig config) {
        String target = config.target();
        if (!target.startsWith("//")) {
            config.targetProblem("no host", EXAMPLE);
            return null;
        }
        // a key in the target must not be in any message; it may hold any of the signs that divide the rest
        int at = target.lastIndexOf('@');
        InetSocketAddress address = address(config, target.substring(Math.max(2, at + 1)));
        String[] user = user(config, at < 0 ? "" : target.substring(2, at));
        String token = config.find(TOKEN);
        Path tokenFile = config.find(TOKEN_FILE);
        int keys = (token == null ? 0 : 1) + (tokenFile == null ? 0 : 1) + (user[1].isEmpty() ? 0 : 1);
        if (keys > 1) {
            config.problem("key", "given " + keys + " times", "once: token, token-file or a password");
        }
        if (config.scheme().equals("rpc") && at >= 0) {
            config.targetProblem("a user", "none: net/rpc has no place for it; token=KEY gives a key");
        }
        Destination destination = new Destination(
                address == null ? InetSocketAddress.createUnresolved("none", 1) : address,
                user[0],
                token == null ? user[1] : token,
                tokenFile,
                config.find(AUTHORITIES),
                config.find(CERTIFICATE),
                config.find(PRIVATE_KEY),
                config.get(CONNECT_TIMEOUT),
                config.get(TIMEOUT));
        checkFiles(config, destination);
        return destination;
    }

    private static void checkFiles(SinkConfig config, Destination destination) {
        if ((destination.certificate() == null) != (destination.privateKey() == null)) {
            config.problem("options sslcert, sslkey", "one of them", "both or none");
        } else if (destination.certificate() != null && destination.authorities() == null) {
            config.problem("option sslcert", "given without sslrootca", "TLS, for which sslrootca is needed");
        }
        try {
            destination.key();
        } catch (IOException e) {
            config.problem(
                    "key", e.getMessage() == null ? e.toString() : e.getMessage(), "printable ASCII without spaces");
        }
        try {
            destination.tls();
        } catch (TlsException e) {
            config.problem("TLS", e.getMessage() == null ? e.toString() : e.getMessage(), e.hint());
        }
    }

    private static String[] user(SinkConfig config, String text) {
        int colon = text.indexOf(':');
        String name = colon < 0 ? text : text.substring(0, colon);
        if (!Destination.isPrintable(name)) {
            config.targetProblem("a user name of other than printable ASCII", "what a header can hold");
        }
        return new String[] {name, colon < 0 ? "" : text.substring(colon + 1)};
    }

    private static @Nullable InetSocketAddress address(SinkConfig config, String text) {
        String authority = text.endsWith("/") ? text.substring(0, text.length() - 1) : text;
        int colon = authority.lastIndexOf(':');
        String host = colon < 0 ? authority : authority.substring(0, colon);
        boolean brackets = host.startsWith("[") && host.endsWith("]");
        String name = brackets ? host.substring(1, host.length() - 1) : host;
        if (name.isEmpty() || name.contains("/") || (!brackets && name.contains(":"))) {
            config.targetProblem("host \"" + host + '"', EXAMPLE);
            return null;
        }
        int port;
        try {
            port = colon < 0 ? 0 : Integer.parseInt(authority.substring(colon + 1));
        } catch (NumberFormatException e) {
            port = 0;
        }
        if (port < 1 || port > 65_535) {
            config.targetProblem(
                    colon < 0 ? "no port" : "port \"" + authority.substring(colon + 1) + '"', "1 to 65535");
            return null;
        }
        return InetSocketAddress.createUnresolved(name, port);
    }
}
