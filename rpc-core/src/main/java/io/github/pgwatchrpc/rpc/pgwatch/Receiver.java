package io.github.pgwatchrpc.rpc.pgwatch;

import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcPeer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Takes what pgwatch sends, over whatever protocol it came, from callers whose permit covers the database. Called on event loops: it must not block and must be
 * thread-safe.
 *
 * <p>What it is given holds no key of the receiver ({@link WithoutKeys}).
 *
 * <p>pgwatch waits for each answer and forgets what was refused, so: answer soon, and answer with success only when the
 * data is as safe as it was promised to be. The text of an answer is printed in pgwatch's own log; empty is the rule.
 */
public interface Receiver {

    /**
     * Takes the rows of an envelope. It has at least one row, a database and a metric: envelopes without rows are
     * answered before they get here.
     *
     * @param envelope the rows
     * @param peer who sent them
     * @return the text for pgwatch's log, when the rows are safe; or an {@link RpcException} with the reason
     * @throws RpcException to refuse at once
     */
    CompletionStage<String> updateMeasurements(MeasurementEnvelope envelope, RpcPeer peer) throws RpcException;

    /**
     * Is told that a source begins or ends to send a metric.
     *
     * @param sync what changes
     * @param peer who tells
     * @return the text for pgwatch's log; or an {@link RpcException} with the reason
     * @throws RpcException to refuse at once
     */
    CompletionStage<String> syncMetric(SyncMetric sync, RpcPeer peer) throws RpcException;

    /**
     * Is told how metrics and presets are defined: all of them at once, at the start and then at every refresh of
     * pgwatch's configuration, changed or not (gRPC only). Does nothing unless it is overridden.
     *
     * @param definitions what pgwatch has
     * @param peer who tells
     * @return the text for pgwatch's log; or an {@link RpcException} with the reason
     * @throws RpcException to refuse at once
     */
    default CompletionStage<String> defineMetrics(MetricDefinitions definitions, RpcPeer peer) throws RpcException {
        return CompletableFuture.completedFuture("");
    }

    /**
     * Is told that a key stood where none belongs, and was taken out of what follows. It is told once for each call. Does
     * nothing unless it is overridden.
     *
     * @param place what was sent, for people
     * @param database the source that it was about, without keys; empty if it was about none
     * @param peer who sent it
     */
    default void keyRemoved(String place, String database, RpcPeer peer) {}
}
