package io.github.pgwatchrpc.rpc.grpc.pgwatch;

import io.github.pgwatchrpc.measurement.EnvelopeBuilder;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.rpc.Permit.Scope;
import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcPeer;
import io.github.pgwatchrpc.rpc.grpc.GrpcServer;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoWriter;
import io.github.pgwatchrpc.rpc.pgwatch.MetricDefinitions;
import io.github.pgwatchrpc.rpc.pgwatch.ModelLimits;
import io.github.pgwatchrpc.rpc.pgwatch.Receiver;
import io.github.pgwatchrpc.rpc.pgwatch.ReceiverMethods;
import io.github.pgwatchrpc.rpc.pgwatch.SyncMetric;
import io.github.pgwatchrpc.rpc.pgwatch.WithoutKeys;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;

/**
 * Puts a {@link Receiver} on a gRPC server under the names that pgwatch 4 and later call: service {@code Receiver}, in no
 * package. What can be answered without the receiver is answered here: the ping, and envelopes without rows.
 */
public final class ReceiverService {

    private static final String NAME = "Receiver";
    private static final byte[] EMPTY_REPLY = {};

    private ReceiverService() {}

    /**
     * Adds the service.
     *
     * @param server to add it to
     * @param receiver takes what comes
     * @param clock tells the time of receipt, in nanoseconds since 1970
     * @param limits bounds on what a message may make of the model
     * @return the server's builder
     */
    public static GrpcServer.Builder add(
            GrpcServer.Builder server, Receiver receiver, LongSupplier clock, ModelLimits limits) {
        // builders keep what they have learnt of column names; one a thread, not one a connection
        ThreadLocal<EnvelopeBuilder> builders = ThreadLocal.withInitial(EnvelopeBuilder::new);
        Receiver guarded = new WithoutKeys(receiver);
        return server.method(
                        NAME,
                        "UpdateMeasurements",
                        new EnvelopeDecoder(builders::get, clock, limits),
                        (MeasurementEnvelope envelope, RpcPeer peer) -> update(guarded, envelope, peer),
                        ReceiverService::reply)
                .method(
                        NAME,
                        "SyncMetric",
                        new SyncMetricDecoder(),
                        (SyncMetric sync, RpcPeer peer) -> sync(guarded, sync, peer),
                        ReceiverService::reply)
                .method(
                        NAME,
                        "DefineMetrics",
                        new DefinitionsDecoder(limits),
                        (MetricDefinitions definitions, RpcPeer peer) -> define(guarded, definitions, peer),
                        ReceiverService::reply)
                .describe(descriptors());
    }

    private static CompletionStage<String> update(Receiver receiver, MeasurementEnvelope envelope, RpcPeer peer)
            throws RpcException {
        if (envelope.size() == 0) {
            // pgwatch sends an envelope even if it could not encode any of its rows
            return CompletableFuture.completedFuture(ReceiverMethods.NO_ROWS);
        }
        ReceiverMethods.requireAllowed(envelope, peer.permit());
        return receiver.updateMeasurements(envelope, peer);
    }

    private static CompletionStage<String> sync(Receiver receiver, SyncMetric sync, RpcPeer peer) throws RpcException {
        // pgwatch does not start before its ping is answered
        if (sync.equals(SyncMetricDecoder.PING)) {
            return CompletableFuture.completedFuture("");
        }
        peer.permit().requireScope(Scope.SYNC);
        peer.permit().requireDatabase(sync.database());
        return receiver.syncMetric(sync, peer);
    }

    private static CompletionStage<String> define(Receiver receiver, MetricDefinitions definitions, RpcPeer peer)
            throws RpcException {
        // they belong to no database: whoever keeps them keeps them apart by the permit's name
        peer.permit().requireScope(Scope.DEFINE);
        return receiver.defineMetrics(definitions, peer);
    }

    /** {@code Reply{logmsg}}. */
    private static byte[] reply(String text) {
        return text.isEmpty() ? EMPTY_REPLY : new ProtoWriter().text(1, text).toBytes();
    }

    private static byte[] descriptors() {
        try (InputStream in =
                Objects.requireNonNull(ReceiverService.class.getResourceAsStream("receiver.binpb"), "receiver.binpb")) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
