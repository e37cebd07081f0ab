package io.github.pgwatchrpc.sink.cloudwatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.Sink;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LogsSinkTest {

    private static final long HOUR = Duration.ofHours(1).toMillis();

    private final LogsStub stub = new LogsStub();
    private final long now = Rows.now();

    LogsSinkTest() throws IOException {}

    @AfterEach
    void stop() {
        stub.close();
    }

    private Outcome write(String options, MeasurementEnvelope... rows) throws Exception {
        try (Sink sink = Rows.sink(stub.uri(options))) {
            assertEquals(Readiness.ready(), sink.provision());
            assertEquals(Readiness.ready(), sink.open());
            return sink.write(Rows.batch(rows));
        }
    }

    @Test
    void callsKeepOrderAndADay() throws Exception {
        assertEquals(
                Outcome.written(),
                write(
                        "",
                        Rows.row(now, Map.of("n", 1L)),
                        Rows.row(now - 50 * HOUR, Map.of("n", 2L)),
                        Rows.row(now - 24 * HOUR, Map.of("n", 3L)),
                        Rows.row(now - 49 * HOUR, Map.of("n", 4L))));
        assertEquals(
                List.of(2, 4, 3, 1),
                stub.messages.stream().map(each -> each.at("/fields/n").asInt()).toList());
        assertEquals(3, stub.calls.size());
    }

    @Test
    void aCallIsFilledToAMegabyte() throws Exception {
        List<MeasurementEnvelope> rows = new ArrayList<>();
        for (int i = 0; i < 3_000; i++) {
            rows.add(Rows.row(now, Map.of("text", "x".repeat(1_000))));
        }
        assertEquals(Outcome.written(), write("", rows.toArray(MeasurementEnvelope[]::new)));
        for (int[] call : stub.calls.subList(0, stub.calls.size() - 1)) {
            assertTrue(call[1] > 0.99 * 1_048_576, "bytes of a call: " + call[1]);
        }
    }

    @Test
    void whatTheGroupNoLongerKeepsIsRefusedByName() throws Exception {
        stub.keptMillis = 3 * HOUR;
        Outcome.Partly partly = assertInstanceOf(
                Outcome.Partly.class,
                write(
                        "",
                        Rows.row(now, Map.of("n", 1L)),
                        Rows.row(now - 5 * HOUR, Map.of("n", 2L)),
                        Rows.row(now - 400 * HOUR, Map.of("n", 3L))));
        Map<Integer, String> refused = new TreeMap<>();
        partly.refused().forEach(each -> refused.put(each.row(), each.why()));
        assertEquals(List.of(1, 2), List.copyOf(refused.keySet()));
        assertTrue(refused.get(1).contains("older than the log group keeps"), refused.get(1));
        assertTrue(refused.get(2).contains("too old"), refused.get(2));
        assertEquals(1, stub.messages.size());
    }

    @Test
    void embeddedMetricsAreAtMostAHundredAnEvent() throws Exception {
        Map<String, Object> columns = new TreeMap<>(Map.of("tag_table", "t1", "text", "x", "bad", Double.NaN));
        for (int i = 0; i < 150; i++) {
            columns.put("c" + i + "_ms", (long) i);
        }
        assertEquals(Outcome.written(), write("&emf-namespace=pgwatch", Rows.row(now, columns)));
        assertEquals(2, stub.messages.size());
        int metrics = 0;
        for (JsonNode message : stub.messages) {
            JsonNode of = message.at("/_aws/CloudWatchMetrics/0");
            assertEquals("pgwatch", of.path("Namespace").asText());
            assertEquals("[[\"dbname\",\"table\"]]", of.path("Dimensions").toString());
            assertEquals(now, message.at("/_aws/Timestamp").asLong());
            assertEquals("t1", message.path("table").asText());
            assertTrue(
                    of.path("Metrics").size() <= 100,
                    "metrics of an event: " + of.path("Metrics").size());
            for (JsonNode each : of.path("Metrics")) {
                assertTrue(message.path(each.path("Name").asText()).isNumber(), each::toString);
                assertEquals("Milliseconds", each.path("Unit").asText());
                metrics++;
            }
        }
        assertEquals(150, metrics);
        assertEquals(
                "{\"bad\":\"NaN\",\"text\":\"x\"}",
                stub.messages.get(0).at("/pgwatch/fields").toString());
    }

    @Test
    void provisionMakesGroupRetentionAndStreamOnce() throws Exception {
        try (Sink sink = Rows.sink(stub.uri("&retention-days=30"))) {
            assertInstanceOf(Outcome.Paused.class, sink.open());
            assertEquals(
                    List.of(
                            "aws logs create-log-group --region us-east-1 --log-group-name '/pgwatch/test'",
                            "aws logs put-retention-policy --region us-east-1 --log-group-name '/pgwatch/test' --retention-in-days 30",
                            "aws logs create-log-stream --region us-east-1 --log-group-name '/pgwatch/test' --log-stream-name 'one'"),
                    sink.plan());
            assertEquals(Readiness.ready(), sink.provision());
            assertEquals(Map.of("/pgwatch/test", 30), stub.retention);
            stub.retention.put("/pgwatch/test", 7);
            assertEquals(Readiness.ready(), sink.provision());
            assertEquals(Map.of("/pgwatch/test", 7), stub.retention, "what is there stays");
            assertEquals(Readiness.ready(), sink.open());
        }
    }
}
