package io.github.pgwatchrpc.server;

import io.github.pgwatchrpc.delivery.DefinitionsTooLargeException;
import io.github.pgwatchrpc.delivery.Delivery;
import io.github.pgwatchrpc.delivery.spool.AckTimeoutException;
import io.github.pgwatchrpc.delivery.spool.SpoolFullException;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.rpc.Faults;
import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcPeer;
import io.github.pgwatchrpc.rpc.pgwatch.MetricDefinitions;
import io.github.pgwatchrpc.rpc.pgwatch.Receiver;
import io.github.pgwatchrpc.rpc.pgwatch.SyncMetric;
import io.github.pgwatchrpc.sink.SyncEvent;
import java.net.InetSocketAddress;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Hands what the protocols have decoded to the delivery, and tells pgwatch what came of it. Errors of the receiver itself
 * begin with {@code receiver }: by that, clients tell what is worth another try from what is wrong with their call.
 */
final class Acceptance implements Receiver, AutoCloseable {

    /** What may wait for the disk of definitions: a fleet of pgwatches that start at once. */
    private static final long MAX_WAITING_BYTES = 32L << 20;

    /** What a call with nothing in it costs while it waits. */
    private static final long CALL_BYTES = 4 << 10;

    private static final CompletionStage<String> NOTHING_TO_SAY = CompletableFuture.completedFuture("");

    private final Delivery delivery;
    private final ServerMetrics metrics;

    /** Storing definitions blocks, which an event loop must not. */
    private final ThreadPoolExecutor defining =
            new ThreadPoolExecutor(1, 1, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
                Thread thread = new Thread(task, "definitions");
                thread.setDaemon(true);
                return thread;
            });

    private final AtomicLong waitingBytes = new AtomicLong();

    Acceptance(Delivery delivery, ServerMetrics metrics) {
        this.delivery = delivery;
        this.metrics = metrics;
        defining.allowCoreThreadTimeOut(true);
    }

    @Override
    public CompletionStage<String> updateMeasurements(MeasurementEnvelope envelope, RpcPeer peer) {
        int rows = envelope.size();
        metrics.received(rows);
        return delivery.append(envelope).handle((stored, failure) -> {
            if (failure == null) {
                metrics.stored(rows);
                return "";
            } else if (cause(failure) instanceof AckTimeoutException) {
                metrics.timedOut(rows);
            } else {
                metrics.refused(rows);
            }
            throw new CompletionException(answer("the rows", failure));
        });
    }

    @Override
    public CompletionStage<String> syncMetric(SyncMetric sync, RpcPeer peer) {
        metrics.synced(sync.operation());
        SyncEvent.@Nullable Kind kind = switch (sync.operation()) {
            case ADD -> SyncEvent.Kind.ADDED;
            case DELETE -> SyncEvent.Kind.REMOVED;
            case DEFINE, INVALID -> null;
        };
        if (kind == null) {
            return NOTHING_TO_SAY;
        }
        return answered("the event", delivery.append(new SyncEvent(sync.database(), sync.metric(), kind)));
    }

    @Override
    public CompletionStage<String> defineMetrics(MetricDefinitions definitions, RpcPeer peer) {
        long bytes = definitions.sizeInBytes() + CALL_BYTES;
        if (bytes > Delivery.MAX_DEFINITION_BYTES) {
            return refused("receiver could not store the definitions: bytes of definitions: " + bytes
                    + " (expected: <= " + Delivery.MAX_DEFINITION_BYTES + ")");
        }
        long waiting = waitingBytes.addAndGet(bytes);
        if (waiting > MAX_WAITING_BYTES) {
            waitingBytes.addAndGet(-bytes);
            return refused("receiver is overloaded: bytes of definitions that wait to be stored: " + waiting
                    + " (expected: <= " + MAX_WAITING_BYTES + ")");
        }
        CompletableFuture<Void> stored = new CompletableFuture<>();
        try {
            defining.execute(() -> {
                try {
                    delivery.define(source(peer), values(definitions));
                    stored.complete(null);
                } catch (Exception | Error e) {
                    // an Error too: the caller waits for an answer, for ever if need be
                    stored.completeExceptionally(e);
                    Faults.rethrowIfFatal(e);
                } finally {
                    waitingBytes.addAndGet(-bytes);
                }
            });
        } catch (RejectedExecutionException e) {
            waitingBytes.addAndGet(-bytes);
            return CompletableFuture.failedStage(new RpcException(
                    RpcException.Kind.UNAVAILABLE, "receiver is stopping: the definitions were not stored"));
        }
        return answered("the definitions", stored);
    }

    private static CompletionStage<String> refused(String why) {
        return CompletableFuture.failedStage(new RpcException(RpcException.Kind.RESOURCE_EXHAUSTED, why));
    }

    @Override
    public void keyRemoved(String place, String database, RpcPeer peer) {
        metrics.keyRemoved(place, database, peer);
    }

    private static CompletionStage<String> answered(String what, CompletionStage<Void> stored) {
        return stored.handle((done, failure) -> {
            if (failure == null) {
                return "";
            }
            throw new CompletionException(answer(what, failure));
        });
    }

    /** What pgwatch reads. All of it passes by itself or by an operator's hand; none of it is about the call. */
    private static RpcException answer(String what, Throwable failure) {
        Throwable cause = cause(failure);
        RpcException.Kind kind = cause instanceof SpoolFullException || cause instanceof DefinitionsTooLargeException
                ? RpcException.Kind.RESOURCE_EXHAUSTED
                : RpcException.Kind.UNAVAILABLE;
        return new RpcException(
                kind,
                "receiver could not store " + what + ": " + cause.getMessage()
                        + (cause instanceof AckTimeoutException ? " (--ack-timeout)" : ""));
    }

    private static Throwable cause(Throwable failure) {
        return failure instanceof CompletionException
                ? Objects.requireNonNullElse(failure.getCause(), failure)
                : failure;
    }

    /**
     * Whose definitions they are: those of a key, under its name. A name in parentheses is a way in without a key, which many
     * machines may share: they are known by their addresses.
     */
    private static String source(RpcPeer peer) {
        String name = peer.permit().name();
        if (!name.isEmpty() && !name.startsWith("(")) {
            return "key " + name;
        }
        return peer.address() instanceof InetSocketAddress inet
                ? inet.getAddress().getHostAddress()
                : String.valueOf(peer.address());
    }

    /** With the keys that pgwatch has for them in its own files. */
    private static Map<String, @Nullable Object> values(MetricDefinitions definitions) {
        Map<String, Object> metricDefs = new LinkedHashMap<>();
        definitions.metrics().forEach((name, metric) -> {
            Map<String, Object> values = new LinkedHashMap<>();
            values.put("Description", metric.description());
            values.put("SQLs", metric.sqls());
            values.put("InitSQL", metric.initSql());
            values.put("NodeStatus", metric.nodeStatus());
            values.put("Gauges", metric.gauges());
            values.put("IsInstanceLevel", metric.instanceLevel());
            values.put("StorageName", metric.storageName());
            metricDefs.put(name, values);
        });
        Map<String, Object> presetDefs = new LinkedHashMap<>();
        definitions
                .presets()
                .forEach((name, preset) -> presetDefs.put(
                        name, Map.of("Description", preset.description(), "Metrics", preset.intervals())));
        Map<String, @Nullable Object> all = new LinkedHashMap<>();
        all.put("MetricDefs", metricDefs);
        all.put("PresetDefs", presetDefs);
        return all;
    }

    /** Takes no more definitions. To be called when the protocols have stopped. */
    @Override
    public void close() {
        defining.shutdown();
    }
}
