package io.github.pgwatchrpc.sink.relay;

import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.rpc.gob.GobWriter;
import io.github.pgwatchrpc.rpc.netrpc.ArgumentEncoder;
import io.github.pgwatchrpc.rpc.netrpc.NetRpcClient;
import io.github.pgwatchrpc.rpc.pgwatch.EnvelopeEncoder;
import io.github.pgwatchrpc.rpc.pgwatch.ReceiverMethods;
import io.github.pgwatchrpc.rpc.pgwatch.SyncMetric;
import io.github.pgwatchrpc.rpc.pgwatch.SyncMetricEncoder;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Over net/rpc: over {@code CONNECT}, or raw gob inside TLS as pgwatch 3.6 speaks it, with the key in each argument. */
final class NetRpcLink implements Link {

    private final NetRpcClient client;
    private final NetRpcClient.Method<MeasurementEnvelope, String> update;
    private final NetRpcClient.Method<SyncMetric, String> sync;

    private NetRpcLink(NetRpcClient client, @Nullable String key) {
        this.client = client;
        this.update = client.method(
                "Receiver.UpdateMeasurements",
                encoders(writer -> new EnvelopeEncoder(writer, key)::encode),
                String.class);
        this.sync = client.method(
                "Receiver.SyncMetric", encoders(writer -> new SyncMetricEncoder(writer, key)::encode), String.class);
    }

    static Link open(Destination to) throws IOException {
        String key = to.key();
        NetRpcClient.Builder builder = NetRpcClient.builder(to.address())
                .connectTimeout(to.connectTimeout())
                .callTimeout(to.timeout())
                // whoever calls us waits between attempts
                .longestBackOff(Duration.ZERO);
        SslContext tls = to.tls();
        if (tls != null) {
            builder.raw().tls(tls);
        }
        return new NetRpcLink(builder.build(), key.isEmpty() ? null : key);
    }

    /** An encoder for each connection, made when it first gets its connection's writer. */
    private static <A> Supplier<ArgumentEncoder<A>> encoders(Function<GobWriter, Consumer<A>> maker) {
        return () -> new ArgumentEncoder<>() {
            private @Nullable Consumer<A> encoder;

            @Override
            public void encode(A argument, GobWriter writer) {
                Consumer<A> is = encoder;
                if (is == null) {
                    is = maker.apply(writer);
                    encoder = is;
                }
                is.accept(argument);
            }
        };
    }

    @Override
    public CompletableFuture<String> ping() {
        return sync.callAsync(ReceiverMethods.PING);
    }

    @Override
    public CompletableFuture<String> update(MeasurementEnvelope envelope) {
        return update.callAsync(envelope);
    }

    @Override
    public CompletableFuture<String> sync(SyncMetric event) {
        return sync.callAsync(event);
    }

    @Override
    public CompletableFuture<String> define(Map<String, @Nullable Object> definitions) {
        throw new UnsupportedOperationException("net/rpc has no call for definitions (expected: grpc)");
    }

    @Override
    public void close() {
        client.close();
    }
}
