package io.github.pgwatchrpc.rpc.grpc.pgwatch;

import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcPeer;
import io.github.pgwatchrpc.rpc.pgwatch.MetricDefinitions;
import io.github.pgwatchrpc.rpc.pgwatch.Receiver;
import io.github.pgwatchrpc.rpc.pgwatch.SyncMetric;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Keeps what comes and answers at once. */
class Received implements Receiver {

    final LinkedBlockingQueue<MeasurementEnvelope> envelopes = new LinkedBlockingQueue<>();
    final List<SyncMetric> syncs = new CopyOnWriteArrayList<>();
    final List<MetricDefinitions> definitions = new CopyOnWriteArrayList<>();

    @Override
    public CompletionStage<String> updateMeasurements(MeasurementEnvelope envelope, RpcPeer peer) throws RpcException {
        envelopes.add(envelope);
        return CompletableFuture.completedFuture("");
    }

    @Override
    public CompletionStage<String> syncMetric(SyncMetric sync, RpcPeer peer) {
        syncs.add(sync);
        return CompletableFuture.completedFuture("");
    }

    @Override
    public CompletionStage<String> defineMetrics(MetricDefinitions all, RpcPeer peer) {
        definitions.add(all);
        return CompletableFuture.completedFuture("");
    }

    MeasurementEnvelope next() throws InterruptedException {
        @Nullable MeasurementEnvelope next = envelopes.poll(20, TimeUnit.SECONDS);
        if (next == null) {
            throw new AssertionError("no envelope came");
        }
        return next;
    }
}
