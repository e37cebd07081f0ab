package io.github.pgwatchrpc.sink.relay;

import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.rpc.grpc.GrpcClient;
import io.github.pgwatchrpc.rpc.grpc.pgwatch.ReceiverClient;
import io.github.pgwatchrpc.rpc.pgwatch.SyncMetric;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Over gRPC, with user name and key in the metadata of each call. */
final class GrpcLink implements Link {

    private final GrpcClient client;
    private final ReceiverClient receiver;

    private GrpcLink(GrpcClient client, String user, String key) {
        this.client = client;
        this.receiver = new ReceiverClient(client, user, key);
    }

    static Link open(Destination to) throws IOException {
        String key = to.key();
        GrpcClient.Builder builder = GrpcClient.builder(to.address())
                .connectTimeout(to.connectTimeout())
                .callTimeout(to.timeout())
                // whoever calls us waits between attempts
                .longestBackOff(Duration.ZERO);
        SslContext tls = to.tls("h2");
        if (tls != null) {
            builder.tls(tls);
        }
        return new GrpcLink(builder.build(), to.user(), key);
    }

    @Override
    public CompletableFuture<String> ping() {
        return receiver.pingAsync();
    }

    @Override
    public CompletableFuture<String> update(MeasurementEnvelope envelope) {
        return receiver.updateAsync(envelope);
    }

    @Override
    public CompletableFuture<String> sync(SyncMetric sync) {
        return receiver.syncAsync(sync);
    }

    @Override
    public CompletableFuture<String> define(Map<String, @Nullable Object> definitions) {
        return receiver.defineAsync(definitions);
    }

    @Override
    public void close() {
        client.close();
    }
}
