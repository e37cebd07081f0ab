package io.github.pgwatchrpc.rpc.grpc.pgwatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcException.Kind;
import io.github.pgwatchrpc.rpc.RpcPeer;
import io.github.pgwatchrpc.rpc.grpc.GrpcServer;
import io.github.pgwatchrpc.rpc.grpc.TestClient;
import io.github.pgwatchrpc.rpc.listen.RpcListener;
import io.github.pgwatchrpc.rpc.pgwatch.ModelLimits;
import io.github.pgwatchrpc.rpc.pgwatch.SyncMetric;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class ReceiverServiceTest {

    private static final String UPDATE = "/Receiver/UpdateMeasurements";
    private static final String SYNC = "/Receiver/SyncMetric";
    private static final String DEFINE = "/Receiver/DefineMetrics";
    private static final byte[] NOTHING = {};

    private final Received received = new Received() {
        @Override
        public CompletionStage<String> updateMeasurements(MeasurementEnvelope envelope, RpcPeer peer)
                throws RpcException {
            if (envelope.metric().equals("full")) {
                throw new RpcException(Kind.RESOURCE_EXHAUSTED, "the spool is full");
            } else if (envelope.metric().equals("late")) {
                return CompletableFuture.failedFuture(new RpcException(Kind.UNAVAILABLE, "stopping"));
            } else if (envelope.metric().equals("noted")) {
                return CompletableFuture.completedFuture("5 rows were odd");
            }
            return super.updateMeasurements(envelope, peer);
        }
    };
    private final RpcListener listener;
    private final TestClient client;

    ReceiverServiceTest() throws IOException {
        listener = ReceiverService.add(GrpcServer.builder(), received, () -> 1, ModelLimits.DEFAULT)
                .build()
                .listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        client = new TestClient(listener.address());
    }

    @AfterEach
    void close() {
        client.close();
        listener.stop(Duration.ofSeconds(1));
    }

    private static byte[] rows(String database, String metric) {
        return Messages.envelope(database, metric, Map.of(), List.of(Map.of("n", 1.0)));
    }

    private void assertAnswer(int status, String message, TestClient.Answer answer) {
        assertEquals(status, answer.status(), answer::toString);
        assertEquals(message, answer.message());
    }

    @Test
    void thePingIsAnsweredWithoutTheReceiver() {
        TestClient.Answer answer = client.call(SYNC, NOTHING);
        assertAnswer(0, "", answer);
        assertEquals("", answer.logmsg());
        assertEquals(List.of(), received.syncs);
    }

    @Test
    void measurementsArrive() throws InterruptedException {
        TestClient.Answer answer = client.call(UPDATE, rows("db", "m"));
        assertAnswer(0, "", answer);
        assertEquals("", answer.logmsg());
        MeasurementEnvelope envelope = received.next();
        assertEquals("db", envelope.database());
        assertEquals("m", envelope.metric());
        assertEquals(1, envelope.receivedAt());
        assertEquals(Map.of("n", 1.0), envelope.get(0).columns());
    }

    @Test
    void syncsArrive() {
        assertAnswer(0, "", client.call(SYNC, Messages.sync("db", "m", 1)));
        assertAnswer(0, "", client.call(SYNC, Messages.sync("db", "", 2)));
        assertEquals(
                List.of(
                        new SyncMetric("db", "m", SyncMetric.Operation.ADD),
                        new SyncMetric("db", "", SyncMetric.Operation.DELETE)),
                received.syncs);
    }

    @Test
    void definitionsArrive() {
        Map<String, ?> definitions = Map.of("MetricDefs", Map.of("a", Map.of("Gauges", List.of("x"))));
        assertAnswer(0, "", client.call(DEFINE, Messages.struct(definitions).toBytes()));
        assertEquals(
                List.of("x"), received.definitions.get(0).metrics().get("a").gauges());
        assertAnswer(
                3,
                "MetricDefs of DefineMetrics: Double (expected: Map)",
                client.call(DEFINE, Messages.struct(Map.of("MetricDefs", 1.0)).toBytes()));
    }

    @Test
    void envelopesWithoutRowsAreAcceptedWithANote() {
        for (byte[] empty : List.of(NOTHING, Messages.envelope("db", "m", Map.of("a", "b"), List.of()))) {
            TestClient.Answer answer = client.call(UPDATE, empty);
            assertAnswer(0, "", answer);
            assertEquals("no data provided; nothing to store", answer.logmsg());
        }
        assertTrue(received.envelopes.isEmpty());
    }

    @Test
    void rowsWithoutANameAreInvalid() {
        assertAnswer(3, "empty database name", client.call(UPDATE, rows("", "m")));
        assertAnswer(3, "empty metric name", client.call(UPDATE, rows("db", "")));
    }

    @Test
    void whatTheReceiverSaysIsAnswered() {
        assertAnswer(8, "the spool is full", client.call(UPDATE, rows("db", "full")));
        assertAnswer(14, "stopping", client.call(UPDATE, rows("db", "late")));
        assertEquals("5 rows were odd", client.call(UPDATE, rows("db", "noted")).logmsg());
    }
}
