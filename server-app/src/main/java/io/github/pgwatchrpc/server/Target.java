package io.github.pgwatchrpc.server;

import io.github.pgwatchrpc.rpc.tls.ClientTls;
import io.github.pgwatchrpc.rpc.tls.TlsException;
import io.netty.channel.EventLoopGroup;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A receiver to send to, as pgwatch's own sink URIs name it: {@code grpc://NAME:KEY@HOST:PORT/?sslrootca=FILE} for pgwatch
 * 4 and later, {@code rpc://HOST:PORT} for version 3, where {@code ?sslrootca=FILE} means raw gob inside TLS as 3.6 and 3.7
 * speak it. {@code ?token=KEY} gives the key in both. Immutable.
 *
 * @param protocol what is spoken
 * @param address where
 * @param tls trusts the receiver; null: without TLS
 * @param username goes with every gRPC call, perhaps empty
 * @param password the key: with every call, as gRPC's metadata or net/rpc's field; perhaps empty
 */
record Target(
        Protocol protocol,
        InetSocketAddress address,
        @Nullable SslContext tls,
        String username,
        String password) {

    /** What is spoken. */
    enum Protocol {
        GRPC("grpc", "h2"),
        NET_RPC("rpc", "");

        private final String scheme;

        /** What is offered by ALPN; empty: nothing. */
        private final String offered;

        Protocol(String scheme, String offered) {
            this.scheme = scheme;
            this.offered = offered;
        }

        /** Trusts those that a file names, and offers by ALPN what pgwatch does. */
        SslContext trusting(Path authorities) throws TlsException {
            ClientTls tls = ClientTls.trusting(authorities);
            return (offered.isEmpty() ? tls : tls.offering(offered)).context();
        }
    }

    private static final String HINT =
            "for example grpc://localhost:5000/?sslrootca=ca.crt, or rpc://localhost:5000 for pgwatch 3 without TLS";

    private static final String AUTHORITIES = "sslrootca";
    private static final String KEY = "token";

    /** A receiver without user and password. */
    static Target of(Protocol protocol, InetSocketAddress address, @Nullable SslContext tls) {
        return new Target(protocol, address, tls, "", "");
    }

    /** The same with another key. */
    Target withKey(String key) {
        return new Target(protocol, address, tls, username, key);
    }

    /**
     * Reads a URI.
     *
     * @throws ConfigException that names the part that is wrong; a password is never in it
     */
    static Target parse(String text) throws ConfigException {
        URI uri;
        try {
            uri = new URI(text);
        } catch (URISyntaxException e) {
            throw new ConfigException("--to: not a URI: " + e.getReason() + " at index " + e.getIndex(), HINT, e);
        }
        Protocol protocol = protocol(uri);
        String host = uri.getHost();
        if (String.valueOf(uri.getRawPath()).contains("@")) {
            // what follows names host, port and path, which would be halves of a password
            throw new ConfigException("--to: a slash in front of the @ (expected: %2F in names and passwords)", HINT);
        }
        if (host == null) {
            throw wrong("host", String.valueOf(withoutUser(uri)), "HOST:PORT");
        }
        if (uri.getPort() < 1 || uri.getPort() > 65_535) {
            throw wrong("port", uri.getPort() < 0 ? "none" : String.valueOf(uri.getPort()), "1 to 65535");
        }
        String path = uri.getPath() == null ? "" : uri.getPath();
        if (!path.isEmpty() && !path.equals("/")) {
            throw wrong("path", path, "none");
        }
        if (uri.getFragment() != null) {
            throw wrong("fragment", uri.getFragment(), "none");
        }
        String[] user = user(uri, protocol);
        InetSocketAddress address = new InetSocketAddress(host.replaceAll("^\\[|]$", ""), uri.getPort());
        Map<String, String> parameters = parameters(uri);
        String password = key(parameters.remove(KEY), user[1]);
        return new Target(protocol, address, tls(parameters, protocol), user[0], password);
    }

    private static Protocol protocol(URI uri) throws ConfigException {
        for (Protocol each : Protocol.values()) {
            if (each.scheme.equals(uri.getScheme())) {
                return each;
            }
        }
        throw wrong("scheme", String.valueOf(uri.getScheme()), "grpc or rpc");
    }

    private static @Nullable String withoutUser(URI uri) {
        String authority = uri.getRawAuthority();
        return authority == null ? null : authority.substring(authority.lastIndexOf('@') + 1);
    }

    private static String[] user(URI uri, Protocol protocol) throws ConfigException {
        String raw = uri.getRawUserInfo();
        if (raw == null) {
            return new String[] {"", ""};
        }
        if (protocol == Protocol.NET_RPC) {
            throw new ConfigException(
                    "--to: user given (expected: none: net/rpc has no place for it)",
                    "rpc://HOST:PORT?token=KEY gives a key");
        }
        int colon = raw.indexOf(':');
        String name = decode(colon < 0 ? raw : raw.substring(0, colon));
        String password = colon < 0 ? "" : decode(raw.substring(colon + 1));
        requirePrintable("user", name);
        requirePrintable("password", password);
        return new String[] {name, password};
    }

    private static String key(@Nullable String token, String password) throws ConfigException {
        if (token == null) {
            return password;
        }
        if (!password.isEmpty()) {
            throw new ConfigException("--to: two keys, a password and a " + KEY + " (expected: one)", HINT);
        }
        requirePrintable(KEY, token);
        return token;
    }

    /** What a header can hold. */
    private static void requirePrintable(String part, String value) throws ConfigException {
        if (!value.chars().allMatch(each -> each >= ' ' && each <= '~')) {
            throw new ConfigException(
                    "--to: " + part + " of " + value.length() + " characters, not all of them printable ASCII",
                    "gRPC sends it as a header, which can hold nothing else");
        }
    }

    /** Percent escapes only: a plus stays a plus. */
    private static String decode(String raw) {
        return URLDecoder.decode(raw.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    private static @Nullable SslContext tls(Map<String, String> parameters, Protocol protocol) throws ConfigException {
        String file = parameters.remove(AUTHORITIES);
        if (!parameters.isEmpty()) {
            throw wrong("parameter", parameters.keySet().iterator().next(), AUTHORITIES + " or " + KEY);
        }
        if (file == null) {
            return null;
        }
        try {
            return protocol.trusting(Path.of(file));
        } catch (TlsException e) {
            throw new ConfigException("--to: " + AUTHORITIES + " " + e.getMessage(), e.hint(), e);
        } catch (InvalidPathException e) {
            throw new ConfigException("--to: " + AUTHORITIES + " " + file + ": " + e.getReason(), HINT, e);
        }
    }

    private static Map<String, String> parameters(URI uri) {
        Map<String, String> parameters = new TreeMap<>();
        String query = uri.getRawQuery();
        if (query != null && !query.isEmpty()) {
            for (String each : query.split("&", -1)) {
                int equals = each.indexOf('=');
                parameters.put(
                        decode(equals < 0 ? each : each.substring(0, equals)),
                        equals < 0 ? "" : decode(each.substring(equals + 1)));
            }
        }
        return parameters;
    }

    private static ConfigException wrong(String part, String value, String expected) {
        return new ConfigException("--to: " + part + " " + value + " (expected: " + expected + ")", HINT);
    }

    /**
     * Connects.
     *
     * @param loops threads to share; null: the connection gets one of its own
     */
    Traffic.Client connect(@Nullable EventLoopGroup loops) throws IOException {
        return switch (protocol) {
            case GRPC -> GrpcTraffic.connect(this, loops);
            case NET_RPC -> NetRpcTraffic.connect(this, loops);
        };
    }

    /** Without user and password. */
    @Override
    public String toString() {
        String host = address.getHostString();
        return protocol.scheme + "://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort()
                + (tls == null ? "" : " (TLS)");
    }
}
