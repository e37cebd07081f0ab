package io.github.pgwatchrpc.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.delivery.Delivery;
import io.github.pgwatchrpc.delivery.DeliveryConfig;
import io.github.pgwatchrpc.delivery.worker.SinkTarget;
import io.github.pgwatchrpc.rpc.Permit;
import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcPeer;
import io.github.pgwatchrpc.rpc.pgwatch.MetricDefinitions;
import io.github.pgwatchrpc.rpc.pgwatch.SyncMetric;
import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Capability;
import io.github.pgwatchrpc.sink.Limits;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.SyncEvent;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AcceptanceTest {

    private static final RpcPeer PEER = new RpcPeer() {
        @Override
        public SocketAddress address() {
            return new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
        }
    };

    /** Takes everything, and tells what it was. */
    private static final class Taker implements Sink {
        final BlockingQueue<Object> taken = new LinkedBlockingQueue<>();

        @Override
        public Outcome write(Batch batch) {
            taken.add(batch.size());
            return Outcome.written();
        }

        @Override
        public Readiness define(Map<String, @Nullable Object> definitions) {
            taken.add(definitions);
            return Readiness.ready();
        }

        @Override
        public Readiness sync(SyncEvent event) {
            taken.add(event);
            return Readiness.ready();
        }

        Object next() throws InterruptedException {
            return assertNotNullAndReturn(taken.poll(20, TimeUnit.SECONDS));
        }

        private static Object assertNotNullAndReturn(@Nullable Object value) {
            assertNotNull(value);
            return value;
        }
    }

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path directory;

    private final Taker sink = new Taker();
    private final ServerMetrics metrics = new ServerMetrics();

    @AfterEach
    void close() {
        metrics.close();
    }

    private Delivery open(DeliveryConfig.Builder config) throws IOException {
        SinkTarget target = new SinkTarget(
                "taker", sink, Limits.DEFAULT, Set.of(Capability.DEFINITIONS, Capability.SYNC), SinkTarget.Start.NOW);
        return Delivery.open(config.build(), List.of(target));
    }

    private static String get(CompletionStage<String> answer) throws Exception {
        return answer.toCompletableFuture().get();
    }

    private static RpcException error(CompletionStage<String> answer) {
        Throwable cause =
                assertThrows(ExecutionException.class, () -> get(answer)).getCause();
        return assertInstanceOf(
                RpcException.class, cause instanceof CompletionException wrapped ? wrapped.getCause() : cause);
    }

    @Test
    void answersWhenTheRowsAreStored() throws Exception {
        try (Delivery delivery = open(DeliveryConfig.builder(directory));
                Acceptance acceptance = new Acceptance(delivery, metrics)) {
            assertEquals("", get(acceptance.updateMeasurements(Envelopes.rows(3, 0), PEER)));
            assertEquals(3, delivery.spool().rows());
            assertEquals(3, metrics.receivedRows());
            assertEquals(3, metrics.storedRows());
            assertEquals(3, sink.next());
        }
    }

    @Test
    void rowsThatFindNoRoomAreAnErrorThatMayBeTriedAgain() throws Exception {
        try (Delivery delivery = open(DeliveryConfig.builder(directory).maxBytes(64 << 10));
                Acceptance acceptance = new Acceptance(delivery, metrics)) {
            RpcException full = error(acceptance.updateMeasurements(Envelopes.ofBytes(65 << 10), PEER));
            assertTrue(
                    String.valueOf(full.getMessage())
                            .startsWith("receiver could not store the rows: spool is full: bytes of the log: "),
                    full::getMessage);
            assertEquals(RpcException.Kind.RESOURCE_EXHAUSTED, full.kind());
            assertEquals(1, metrics.refusedRows());
            assertEquals("", get(acceptance.updateMeasurements(Envelopes.rows(1, 0), PEER)));
            assertEquals(2, metrics.receivedRows());
            assertEquals(1, metrics.storedRows());
        }
    }

    @Test
    void whatMemoryCannotHoldIsAnErrorThatMayBeTriedAgain() throws Exception {
        try (Delivery delivery = open(DeliveryConfig.builder(directory).waitingBytes(1));
                Acceptance acceptance = new Acceptance(delivery, metrics)) {
            RpcException full = error(acceptance.updateMeasurements(Envelopes.rows(1, 0), PEER));
            assertTrue(
                    String.valueOf(full.getMessage()).startsWith("receiver could not store the rows: overloaded: "),
                    full::getMessage);
            assertEquals(RpcException.Kind.RESOURCE_EXHAUSTED, full.kind());
        }
    }

    @Test
    void afterTheEndNothingIsStored() throws Exception {
        Delivery delivery = open(DeliveryConfig.builder(directory));
        Acceptance acceptance = new Acceptance(delivery, metrics);
        acceptance.close();
        delivery.close();
        RpcException stopped = error(acceptance.updateMeasurements(Envelopes.rows(2, 0), PEER));
        assertEquals("receiver could not store the rows: stopping: nothing is stored any more", stopped.getMessage());
        assertEquals(RpcException.Kind.UNAVAILABLE, stopped.kind());
        assertEquals(2, metrics.refusedRows());
        stopped = error(acceptance.defineMetrics(new MetricDefinitions(Map.of(), Map.of()), PEER));
        assertEquals("receiver is stopping: the definitions were not stored", stopped.getMessage());
    }

    @Test
    void eventsReachTheSink() throws Exception {
        try (Delivery delivery = open(DeliveryConfig.builder(directory));
                Acceptance acceptance = new Acceptance(delivery, metrics)) {
            for (SyncMetric.Operation each : SyncMetric.Operation.values()) {
                assertEquals("", get(acceptance.syncMetric(new SyncMetric("db", "m", each), PEER)));
            }
            assertEquals(new SyncEvent("db", "m", SyncEvent.Kind.ADDED), sink.next());
            assertEquals(new SyncEvent("db", "m", SyncEvent.Kind.REMOVED), sink.next());
            // defining is told by definitions, and what is invalid by nobody
            assertEquals(2, delivery.spool().records());
        }
    }

    @Test
    void definitionsThatAreTooLargeAreRefusedByName() throws Exception {
        MetricDefinitions large = new MetricDefinitions(
                Map.of(
                        "locks",
                        new MetricDefinitions.Metric("x".repeat(5 << 20), Map.of(), "", "", List.of(), false, "")),
                Map.of());
        try (Delivery delivery = open(DeliveryConfig.builder(directory));
                Acceptance acceptance = new Acceptance(delivery, metrics)) {
            RpcException refused = error(acceptance.defineMetrics(large, PEER));
            assertTrue(
                    String.valueOf(refused.getMessage())
                            .matches("receiver could not store the definitions: bytes of definitions: 52\\d+ "
                                    + "\\(expected: <= 4194304\\)"),
                    refused::getMessage);
            assertEquals(RpcException.Kind.RESOURCE_EXHAUSTED, refused.kind());
            // many small ones are bounded as well, by those of a source
            Map<String, MetricDefinitions.Preset> presets = new java.util.HashMap<>();
            for (int i = 0; i <= 10_000; i++) {
                presets.put("p" + i, new MetricDefinitions.Preset("", Map.of()));
            }
            refused = error(acceptance.defineMetrics(new MetricDefinitions(Map.of(), presets), PEER));
            assertEquals(
                    "receiver could not store the definitions: metrics and presets of definitions: 10001 "
                            + "(expected: <= 10000)",
                    refused.getMessage());
            assertEquals(RpcException.Kind.RESOURCE_EXHAUSTED, refused.kind());
        }
    }

    /** With an address each, a caller with one key could fill the disk as often as it has addresses. */
    @Test
    void definitionsAreTheKeysAndNotTheAddresses() throws Exception {
        try (Delivery delivery = open(DeliveryConfig.builder(directory));
                Acceptance acceptance = new Acceptance(delivery, metrics)) {
            for (int i = 0; i < 20; i++) {
                String text = i + "x".repeat(1 << 20);
                acceptance
                        .defineMetrics(
                                new MetricDefinitions(
                                        Map.of(), Map.of("p", new MetricDefinitions.Preset(text, Map.of()))),
                                from(i).with(named("berlin")))
                        .toCompletableFuture()
                        .get();
            }
            assertTrue(delivery.definitionBytes() <= Delivery.MAX_DEFINITION_BYTES);
            // whoever needs none is known by where it calls from
            for (String way : List.of("", "(trusted)")) {
                long before = delivery.definitionBytes();
                get(acceptance.defineMetrics(
                        new MetricDefinitions(Map.of("m" + way, metric()), Map.of()),
                        from(way.length()).with(named(way))));
                assertTrue(delivery.definitionBytes() > before);
            }
        }
    }

    private static MetricDefinitions.Metric metric() {
        return new MetricDefinitions.Metric("", Map.of(), "", "", List.of(), false, "");
    }

    private static RpcPeer from(int host) {
        return () -> new InetSocketAddress("10.0.0." + (host + 1), 1);
    }

    private static Permit named(String name) {
        return new Permit() {
            @Override
            public void requireDatabase(String database) {
                // all of them
            }

            @Override
            public String name() {
                return name;
            }
        };
    }

    @Test
    void aKeyThatWasTakenOutIsToldOnceForEachSource() throws Exception {
        try (Delivery delivery = open(DeliveryConfig.builder(directory));
                Acceptance acceptance = new Acceptance(delivery, metrics)) {
            for (int i = 0; i < 3; i++) {
                acceptance.keyRemoved("metric m of shop", "shop", PEER);
            }
            assertTrue(metrics.scrape().contains("pgwatch_rpc_keys_removed_total 3.0"), metrics.scrape());
        }
    }

    @Test
    void definitionsReachTheSinkAndAreThereAtTheNextStart() throws Exception {
        MetricDefinitions definitions = new MetricDefinitions(
                Map.of(
                        "locks",
                        new MetricDefinitions.Metric(
                                "Locks", Map.of("14", "select 1"), "", "primary", List.of("*"), true, "l")),
                Map.of("basic", new MetricDefinitions.Preset("Few", Map.of("locks", 60.0))));
        Object first;
        try (Delivery delivery = open(DeliveryConfig.builder(directory));
                Acceptance acceptance = new Acceptance(delivery, metrics)) {
            assertEquals("", get(acceptance.defineMetrics(definitions, PEER)));
            first = sink.next();
            assertEquals("", get(acceptance.defineMetrics(definitions, PEER)));
        }
        assertTrue(sink.taken.isEmpty(), "told again though nothing has changed");
        Map<?, ?> all = assertInstanceOf(Map.class, first);
        assertEquals(Set.of("MetricDefs", "PresetDefs"), all.keySet());
        Map<?, ?> locks = assertInstanceOf(
                Map.class, assertInstanceOf(Map.class, all.get("MetricDefs")).get("locks"));
        assertEquals(Map.of("14", "select 1"), locks.get("SQLs"));
        assertEquals(true, locks.get("IsInstanceLevel"));
        assertEquals(
                Map.of("basic", Map.of("Description", "Few", "Metrics", Map.of("locks", 60.0))), all.get("PresetDefs"));
        try (Delivery delivery = open(DeliveryConfig.builder(directory))) {
            assertEquals(first, sink.next());
            assertTrue(delivery.isHealthy());
        }
    }
}
