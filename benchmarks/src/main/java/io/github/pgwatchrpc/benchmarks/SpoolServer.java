package io.github.pgwatchrpc.benchmarks;

import io.github.pgwatchrpc.delivery.Delivery;
import io.github.pgwatchrpc.delivery.DeliveryConfig;
import io.github.pgwatchrpc.delivery.spool.Durability;
import io.github.pgwatchrpc.delivery.worker.SinkTarget;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.rpc.RpcPeer;
import io.github.pgwatchrpc.rpc.detect.Protocol;
import io.github.pgwatchrpc.rpc.listen.RpcListener;
import io.github.pgwatchrpc.rpc.netrpc.NetRpcLimits;
import io.github.pgwatchrpc.rpc.netrpc.NetRpcServer;
import io.github.pgwatchrpc.rpc.pgwatch.Receiver;
import io.github.pgwatchrpc.rpc.pgwatch.ReceiverMethods;
import io.github.pgwatchrpc.rpc.pgwatch.SyncMetric;
import io.github.pgwatchrpc.sink.Limits;
import io.github.pgwatchrpc.sink.Outcome;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * A receiver over net/rpc with a spool and a sink that takes everything, or, to compare, without both: then an answer follows
 * at once. What the spool costs is the difference of the two. Arguments: {@code none}, {@code flush} or {@code fsync}; the
 * port, on the loopback address; a directory. Runs until it is killed.
 */
public final class SpoolServer {

    private SpoolServer() {}

    /**
     * Serves.
     *
     * @param args mode, port, directory
     * @throws Exception if it cannot
     */
    public static void main(String[] args) throws Exception {
        Receiver receiver = args[0].equals("none")
                ? receiver(null)
                : receiver(Delivery.open(
                        DeliveryConfig.builder(Path.of(args[2]))
                                .durability(Durability.valueOf(args[0].toUpperCase(Locale.ROOT)))
                                .build(),
                        List.of(new SinkTarget(
                                "null", batch -> Outcome.written(), Limits.DEFAULT, Set.of(), SinkTarget.Start.NOW))));
        NetRpcServer server = ReceiverMethods.add(
                        NetRpcServer.builder().limits(NetRpcLimits.DEFAULT),
                        receiver,
                        () -> System.currentTimeMillis() * 1_000_000)
                .build();
        RpcListener.builder()
                .protocol(Protocol.HTTP_CONNECT, server.overHttp())
                .protocol(Protocol.GOB, server.raw())
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(args[1])));
    }

    private static Receiver receiver(@Nullable Delivery delivery) {
        CompletionStage<String> done = CompletableFuture.completedFuture("");
        return new Receiver() {
            @Override
            public CompletionStage<String> updateMeasurements(MeasurementEnvelope envelope, RpcPeer peer) {
                return delivery == null ? done : delivery.append(envelope).thenApply(nothing -> "");
            }

            @Override
            public CompletionStage<String> syncMetric(SyncMetric sync, RpcPeer peer) {
                return done;
            }
        };
    }
}
