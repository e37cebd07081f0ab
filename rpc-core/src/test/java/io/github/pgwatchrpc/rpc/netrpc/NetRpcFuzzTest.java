package io.github.pgwatchrpc.rpc.netrpc;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.github.pgwatchrpc.measurement.Measurement;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.rpc.RpcObserver.End;
import io.github.pgwatchrpc.rpc.RpcPeer;
import io.github.pgwatchrpc.rpc.gob.GobLimits;
import io.github.pgwatchrpc.rpc.pgwatch.Receiver;
import io.github.pgwatchrpc.rpc.pgwatch.ReceiverMethods;
import io.github.pgwatchrpc.rpc.pgwatch.SyncMetric;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.io.IOException;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Replays its corpus in every build; with {@code JAZZER_FUZZ=1} it looks for more. */
final class NetRpcFuzzTest {

    /** Small, so that what goes beyond them is found soon. */
    private static final NetRpcLimits LIMITS = NetRpcLimits.DEFAULT.toBuilder()
            .gob(GobLimits.DEFAULT.toBuilder()
                    .messageBytes(10_000)
                    .elements(1_000)
                    .stringBytes(5_000)
                    .depth(20)
                    .typeDefinitions(50)
                    .build())
            .preambleBytes(200)
            .build();

    private static final NetRpcServer SERVER = ReceiverMethods.add(NetRpcServer.builder(), new Reading(), () -> 1)
            .method("Any.Map", Map.class, (argument, peer) -> CompletableFuture.completedFuture(argument))
            .method("Any.Value", Object.class, (argument, peer) -> CompletableFuture.completedFuture(argument))
            .limits(LIMITS)
            .build();

    private static final class Reading implements Receiver {
        @Override
        public CompletionStage<String> updateMeasurements(MeasurementEnvelope envelope, RpcPeer peer) {
            for (Measurement row : envelope.rows()) {
                row.columns();
                row.tags();
                row.fields();
                row.timeNanos();
            }
            return CompletableFuture.completedFuture("");
        }

        @Override
        public CompletionStage<String> syncMetric(SyncMetric sync, RpcPeer peer) {
            return CompletableFuture.completedFuture("");
        }
    }

    /**
     * Any bytes, in pieces of a size that the first of them tells, are answered with whole answers or end the connection;
     * at the end nothing is held.
     */
    @FuzzTest(maxDuration = "1m")
    void connection(byte @Nullable [] bytes) {
        if (bytes == null || bytes.length == 0) {
            return;
        }
        int step = 1 + (bytes[0] & 0xff) * 8;
        try (EmbeddedServer peer = EmbeddedServer.detecting(SERVER)) {
            for (int at = 1; at < bytes.length; at += step) {
                peer.send(bytes, at, Math.min(step, bytes.length - at));
            }
            peer.channel.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
            String output = peer.outputText();
            if (peer.end() != End.UNKNOWN_PROTOCOL && !output.isEmpty()) {
                String preamble = ConnectHandler.CONNECTED;
                String answers = output.startsWith(preamble) ? output.substring(preamble.length()) : output;
                Answers.read(answers.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));
            }
        }
    }

    record Point(long X, long Y) {}

    /** What seven calls in flight expect; the last is no type of gob's. */
    private static final List<Type> REPLIES =
            List.of(String.class, Long.class, Object.class, Point.class, List.class, Map.class, Thread.State.class);

    /**
     * Whatever a server sends, in pieces of a size that the first byte tells, every call has an outcome, an error is one
     * that callers expect, and at the end nothing is held.
     */
    @FuzzTest(maxDuration = "1m")
    void clientConnection(byte @Nullable [] bytes) {
        if (bytes == null || bytes.length == 0) {
            return;
        }
        int step = 1 + (bytes[0] & 0x7f) * 8;
        List<CompletableFuture<Object>> calls = new ArrayList<>();
        try (EmbeddedClient client = new EmbeddedClient(bytes[0] < 0, LIMITS.gob())) {
            for (Type reply : REPLIES) {
                calls.add(client.call(reply));
            }
            for (int at = 1; at < bytes.length; at += step) {
                client.receive(bytes, at, Math.min(step, bytes.length - at));
            }
        }
        for (CompletableFuture<Object> each : calls) {
            if (!each.isDone()) {
                throw new AssertionError("a call without an outcome");
            }
            each.exceptionally(failure -> {
                        if (failure instanceof IOException) {
                            return failure;
                        }
                        throw new AssertionError(failure);
                    })
                    .join();
        }
    }
}
