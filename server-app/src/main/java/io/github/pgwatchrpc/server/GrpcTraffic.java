package io.github.pgwatchrpc.server;

import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.rpc.grpc.GrpcClient;
import io.github.pgwatchrpc.rpc.grpc.pgwatch.ReceiverClient;
import io.netty.channel.EventLoopGroup;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A load generator's connection over gRPC, as pgwatch 4 and later make it. */
final class GrpcTraffic implements Traffic.Client {

    private final GrpcClient client;
    private final ReceiverClient receiver;

    private GrpcTraffic(GrpcClient client, Target target) {
        this.client = client;
        this.receiver = new ReceiverClient(client, target.username(), target.password());
    }

    /** Connects, and pings as pgwatch does: who is refused knows it before the first measurement. */
    static GrpcTraffic connect(Target target, @Nullable EventLoopGroup loops) throws IOException {
        GrpcClient.Builder builder = GrpcClient.builder(target.address());
        SslContext tls = target.tls();
        if (tls != null) {
            builder.tls(tls);
        }
        if (loops != null) {
            builder.eventLoops(loops);
        }
        GrpcTraffic traffic = new GrpcTraffic(builder.connect(), target);
        try {
            traffic.receiver.ping();
            return traffic;
        } catch (IOException e) {
            traffic.close();
            throw e;
        }
    }

    @Override
    public void send(MeasurementEnvelope envelope) throws IOException {
        receiver.update(envelope);
    }

    @Override
    public void close() {
        client.close();
    }
}
