package io.github.pgwatchrpc.server;

import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.rpc.netrpc.NetRpcClient;
import io.github.pgwatchrpc.rpc.pgwatch.EnvelopeEncoder;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.File;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Map;
import java.util.TreeMap;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** A load generator's connection over net/rpc, as pgwatch v3 makes it. */
final class NetRpcTraffic implements Traffic.Client {

    private final NetRpcClient client;
    private final NetRpcClient.Method<MeasurementEnvelope, String> update;

    private NetRpcTraffic(NetRpcClient client, @Nullable String key) {
        this.client = client;
        this.update = client.method(
                "Receiver.UpdateMeasurements",
                () -> {
                    EnvelopeEncoder[] encoder = new EnvelopeEncoder[1];
                    return (envelope, writer) -> {
                        if (encoder[0] == null) {
                            encoder[0] = new EnvelopeEncoder(writer, key);
                        }
                        encoder[0].encode(envelope);
                    };
                },
                String.class);
    }

    /**
     * Where a load goes: {@code rpc://HOST:PORT}, with {@code ?sslrootca=FILE} raw gob inside TLS as pgwatch v3.6 and 3.7, with
     * {@code ?token=KEY} with a key.
     */
    record Target(
            InetSocketAddress address,
            @Nullable SslContext tls,
            @Nullable String key) {

        Target(InetSocketAddress address, @Nullable SslContext tls) {
            this(address, tls, null);
        }

        Target withKey(String other) {
            return new Target(address, tls, other);
        }

        /** Does not show the key. */
        @Override
        public String toString() {
            return "rpc://" + Addresses.print(address);
        }

        static Target parse(String text) throws ConfigException {
            // the key in it is for no terminal
            String shown = text.replaceAll("token=[^&]*", "token=...");
            String hint = "for example rpc://localhost:5000, or rpc://localhost:5000?sslrootca=ca.crt with TLS";
            URI uri;
            try {
                uri = new URI(text);
            } catch (URISyntaxException e) {
                throw new ConfigException("--to: " + shown + ": " + e.getReason(), hint, e);
            }
            if (!"rpc".equals(uri.getScheme())) {
                throw new ConfigException("--to: scheme " + uri.getScheme() + " (expected: rpc)", hint);
            }
            if (uri.getHost() == null || uri.getPort() < 0) {
                throw new ConfigException("--to: " + shown + " (expected: rpc://HOST:PORT)", hint);
            }
            String authority = parameters(uri).get("sslrootca");
            String key = parameters(uri).get("token");
            InetSocketAddress address = new InetSocketAddress(uri.getHost(), uri.getPort());
            if (authority == null) {
                return new Target(address, null, key);
            }
            try {
                return new Target(
                        address,
                        SslContextBuilder.forClient()
                                .trustManager(new File(authority))
                                .build(),
                        key);
            } catch (SSLException | IllegalArgumentException e) {
                throw new ConfigException("--to: sslrootca " + authority + ": " + e.getMessage(), hint, e);
            }
        }

        private static Map<String, String> parameters(URI uri) {
            Map<String, String> parameters = new TreeMap<>();
            if (uri.getQuery() != null) {
                for (String each : uri.getQuery().split("&", -1)) {
                    int equals = each.indexOf('=');
                    parameters.put(
                            equals < 0 ? each : each.substring(0, equals),
                            equals < 0 ? "" : each.substring(equals + 1));
                }
            }
            return parameters;
        }
    }

    static NetRpcTraffic connect(Target target) throws IOException {
        NetRpcClient.Builder builder = NetRpcClient.builder(target.address());
        SslContext tls = target.tls();
        if (tls != null) {
            builder.raw().tls(tls);
        }
        return new NetRpcTraffic(builder.connect(), target.key());
    }

    @Override
    public void send(MeasurementEnvelope envelope) throws IOException {
        update.call(envelope);
    }

    @Override
    public void close() {
        client.close();
    }
}
