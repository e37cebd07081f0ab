package io.github.pgwatchrpc.rpc.pgwatch;

import io.github.pgwatchrpc.measurement.EnvelopeBuilder;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.rpc.Permit;
import io.github.pgwatchrpc.rpc.Permit.Scope;
import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcPeer;
import io.github.pgwatchrpc.rpc.netrpc.NetRpcServer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;

/**
 * Puts a {@link Receiver} on a net/rpc server under the names that pgwatch v3 calls. What can be answered without the
 * receiver is answered here, with the texts that clients' logs know; so is what the caller's {@link
 * io.github.pgwatchrpc.rpc.Permit} does not cover.
 */
public final class ReceiverMethods {

    /** The answer to an envelope without rows: v3.0.0 begins with some, and an error would cost it a whole batch. */
    public static final String NO_ROWS = "no data provided; nothing to store";

    /** Asks whether anybody is there who takes the caller's key, and changes nothing; gRPC's empty SyncReq is the same. */
    public static final SyncMetric PING = new SyncMetric("", "", SyncMetric.Operation.INVALID);

    private ReceiverMethods() {}

    /**
     * Adds the methods with the default limits.
     *
     * @param server to add them to
     * @param receiver takes what comes
     * @param clock tells the time of receipt, in nanoseconds since 1970
     * @return the server's builder
     */
    public static NetRpcServer.Builder add(NetRpcServer.Builder server, Receiver receiver, LongSupplier clock) {
        return add(server, receiver, clock, ModelLimits.DEFAULT);
    }

    /**
     * Adds the methods.
     *
     * @param server to add them to
     * @param receiver takes what comes
     * @param clock tells the time of receipt, in nanoseconds since 1970
     * @param limits bounds on what a message may make of the model
     * @return the server's builder
     */
    public static NetRpcServer.Builder add(
            NetRpcServer.Builder server, Receiver receiver, LongSupplier clock, ModelLimits limits) {
        // builders keep what they have learnt of column names; one a thread, not one a connection
        ThreadLocal<EnvelopeBuilder> builders = ThreadLocal.withInitial(EnvelopeBuilder::new);
        Receiver guarded = new WithoutKeys(receiver);
        return server.method(
                        "Receiver.UpdateMeasurements",
                        memory -> new EnvelopeDecoder(builders::get, clock, limits, memory),
                        (MeasurementEnvelope envelope, RpcPeer peer) -> update(guarded, envelope, peer))
                .method("Receiver.SyncMetric", SyncMetricDecoder::new, (SyncMetric sync, RpcPeer peer) -> {
                    if (sync.equals(PING)) {
                        return CompletableFuture.completedFuture("");
                    }
                    peer.permit().requireScope(Scope.SYNC);
                    peer.permit().requireDatabase(sync.database());
                    return guarded.syncMetric(sync, peer);
                });
    }

    private static CompletionStage<String> update(Receiver receiver, MeasurementEnvelope envelope, RpcPeer peer)
            throws RpcException {
        if (envelope.size() == 0) {
            return CompletableFuture.completedFuture(NO_ROWS);
        }
        requireAllowed(envelope, peer.permit());
        return receiver.updateMeasurements(envelope, peer);
    }

    /**
     * Refuses rows that belong to nobody, and those that their caller may not send.
     *
     * @param envelope with rows
     * @param permit the caller's
     * @throws RpcException if it has no names, or the permit does not cover it
     */
    public static void requireAllowed(MeasurementEnvelope envelope, Permit permit) throws RpcException {
        requireNames(envelope);
        permit.requireScope(Scope.WRITE);
        permit.requireDatabase(envelope.database());
        permit.countRows(envelope.size());
    }

    /**
     * Refuses rows that belong to nobody, in the words of the Go receivers.
     *
     * @param envelope with rows
     * @throws RpcException if the database or the metric has no name
     */
    public static void requireNames(MeasurementEnvelope envelope) throws RpcException {
        if (envelope.database().isEmpty()) {
            throw new RpcException(RpcException.Kind.INVALID_ARGUMENT, "empty database name");
        }
        if (envelope.metric().isEmpty()) {
            throw new RpcException(RpcException.Kind.INVALID_ARGUMENT, "empty metric name");
        }
    }
}
