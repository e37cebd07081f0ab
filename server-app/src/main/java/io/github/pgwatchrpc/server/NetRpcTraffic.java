package io.github.pgwatchrpc.server;

import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.rpc.netrpc.NetRpcClient;
import io.github.pgwatchrpc.rpc.pgwatch.EnvelopeEncoder;
import io.netty.channel.EventLoopGroup;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A load generator's connection over net/rpc, as pgwatch v3 makes it: over {@code CONNECT}, or raw gob inside TLS. */
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

    static NetRpcTraffic connect(Target target, @Nullable EventLoopGroup loops) throws IOException {
        NetRpcClient.Builder builder = NetRpcClient.builder(target.address());
        SslContext tls = target.tls();
        if (tls != null) {
            builder.raw().tls(tls);
        }
        if (loops != null) {
            builder.eventLoops(loops);
        }
        return new NetRpcTraffic(builder.connect(), target.password().isEmpty() ? null : target.password());
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
