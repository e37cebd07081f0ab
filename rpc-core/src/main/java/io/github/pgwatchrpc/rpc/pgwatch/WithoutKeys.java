package io.github.pgwatchrpc.rpc.pgwatch;

import io.github.pgwatchrpc.measurement.KeyText;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcPeer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.function.UnaryOperator;

/**
 * Stands in front of a {@link Receiver} and takes the keys out of everything that goes there, whatever protocol it came by:
 * what a receiver is given it may store, print and send on. Both protocols put it there themselves. It tells the receiver
 * when it has found one where none belongs; the custom tag by which a pgwatch v3 shows its key is left out before, without a
 * word. Stateless.
 */
public final class WithoutKeys implements Receiver {

    private final Receiver receiver;

    /**
     * A guard.
     *
     * @param receiver gets everything, without keys
     */
    public WithoutKeys(Receiver receiver) {
        this.receiver = receiver;
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // the very same is what it is when there was no key
    public CompletionStage<String> updateMeasurements(MeasurementEnvelope envelope, RpcPeer peer) throws RpcException {
        MeasurementEnvelope clean = envelope.withoutKeys();
        if (clean != envelope) {
            receiver.keyRemoved("metric " + clean.metric() + " of " + clean.database(), clean.database(), peer);
        }
        return receiver.updateMeasurements(clean, peer);
    }

    @Override
    public CompletionStage<String> syncMetric(SyncMetric sync, RpcPeer peer) throws RpcException {
        SyncMetric clean = new SyncMetric(KeyText.mask(sync.database()), KeyText.mask(sync.metric()), sync.operation());
        if (!clean.equals(sync)) {
            receiver.keyRemoved("names of SyncMetric", clean.database(), peer);
        }
        return receiver.syncMetric(clean, peer);
    }

    @Override
    public CompletionStage<String> defineMetrics(MetricDefinitions definitions, RpcPeer peer) throws RpcException {
        MetricDefinitions clean = new MetricDefinitions(
                mapped(definitions.metrics(), WithoutKeys::clean), mapped(definitions.presets(), WithoutKeys::clean));
        if (!clean.equals(definitions)) {
            receiver.keyRemoved("definitions of metrics", "", peer);
        }
        return receiver.defineMetrics(clean, peer);
    }

    @Override
    public void keyRemoved(String place, String database, RpcPeer peer) {
        receiver.keyRemoved(place, database, peer);
    }

    private static MetricDefinitions.Metric clean(MetricDefinitions.Metric metric) {
        List<String> gauges = new ArrayList<>(metric.gauges());
        gauges.replaceAll(KeyText::mask);
        return new MetricDefinitions.Metric(
                KeyText.mask(metric.description()),
                mapped(metric.sqls(), KeyText::mask),
                KeyText.mask(metric.initSql()),
                KeyText.mask(metric.nodeStatus()),
                gauges,
                metric.instanceLevel(),
                KeyText.mask(metric.storageName()));
    }

    private static MetricDefinitions.Preset clean(MetricDefinitions.Preset preset) {
        return new MetricDefinitions.Preset(
                KeyText.mask(preset.description()), mapped(preset.intervals(), UnaryOperator.identity()));
    }

    private static <V> Map<String, V> mapped(Map<String, V> map, UnaryOperator<V> to) {
        Map<String, V> all = new LinkedHashMap<>();
        map.forEach((name, value) -> all.put(KeyText.mask(name), to.apply(value)));
        return all;
    }
}
