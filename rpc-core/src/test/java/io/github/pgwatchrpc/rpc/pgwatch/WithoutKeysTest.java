package io.github.pgwatchrpc.rpc.pgwatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.github.pgwatchrpc.measurement.EnvelopeBuilder;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.rpc.RpcPeer;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

class WithoutKeysTest {

    private static final String KEY = "pgwrpc_0123456789-_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijk";
    private static final RpcPeer PEER = () -> new InetSocketAddress("127.0.0.1", 1);

    private final List<Object> given = new ArrayList<>();
    private final List<String> told = new ArrayList<>();

    private final Receiver receiver = new WithoutKeys(new Receiver() {
        private CompletionStage<String> take(Object what) {
            given.add(what);
            return CompletableFuture.completedFuture("");
        }

        @Override
        public CompletionStage<String> updateMeasurements(MeasurementEnvelope envelope, RpcPeer peer) {
            return take(envelope);
        }

        @Override
        public CompletionStage<String> syncMetric(SyncMetric sync, RpcPeer peer) {
            return take(sync);
        }

        @Override
        public CompletionStage<String> defineMetrics(MetricDefinitions definitions, RpcPeer peer) {
            return take(definitions);
        }

        @Override
        public void keyRemoved(String place, String database, RpcPeer peer) {
            told.add(place + "|" + database);
        }
    });

    private static MetricDefinitions definitions(String text) {
        return new MetricDefinitions(
                Map.of(
                        text,
                        new MetricDefinitions.Metric(text, Map.of(text, text), text, text, List.of(text), true, text)),
                Map.of(text, new MetricDefinitions.Preset(text, Map.of(text, 1.0))));
    }

    @Test
    void whatIsGivenHoldsNoKeyAndItIsTold() throws Exception {
        receiver.updateMeasurements(
                new EnvelopeBuilder()
                        .database("db")
                        .metric("m")
                        .row(Map.of("x", KEY))
                        .build(),
                PEER);
        receiver.syncMetric(new SyncMetric("a " + KEY, KEY, SyncMetric.Operation.ADD), PEER);
        receiver.defineMetrics(definitions(KEY), PEER);
        assertEquals("pgwrpc_***", ((MeasurementEnvelope) given.get(0)).get(0).value("x"));
        assertEquals(
                List.of(
                        new SyncMetric("a pgwrpc_***", "pgwrpc_***", SyncMetric.Operation.ADD),
                        definitions("pgwrpc_***")),
                given.subList(1, 3));
        assertEquals(List.of("metric m of db|db", "names of SyncMetric|a pgwrpc_***", "definitions of metrics|"), told);
    }

    @Test
    void whatHoldsNoneGoesOnAsItIs() throws Exception {
        MeasurementEnvelope plain = new EnvelopeBuilder()
                .database("db")
                .metric("m")
                .row(Map.of("x", "y"))
                .build();
        receiver.updateMeasurements(plain, PEER);
        receiver.syncMetric(new SyncMetric("db", "m", SyncMetric.Operation.DELETE), PEER);
        receiver.defineMetrics(definitions("select 1"), PEER);
        assertSame(plain, given.get(0));
        assertEquals(
                List.of(new SyncMetric("db", "m", SyncMetric.Operation.DELETE), definitions("select 1")),
                given.subList(1, 3));
        assertEquals(List.of(), told);
    }
}
