package io.github.pgwatchrpc.sink.cloudwatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.testkit.FaultAnswer;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MetricsSinkTest {

    private final CloudWatchStub stub = new CloudWatchStub();
    private final long now = Rows.now();

    MetricsSinkTest() throws IOException {}

    @AfterEach
    void stop() {
        stub.close();
    }

    private Outcome write(String options, MeasurementEnvelope... rows) throws Exception {
        try (Sink sink = Rows.sink(stub.uri(options))) {
            return sink.write(Rows.batch(rows));
        }
    }

    /** Which rows were refused, and why. */
    private static Map<Integer, String> refused(Outcome outcome) {
        Map<Integer, String> all = new TreeMap<>();
        if (outcome instanceof Outcome.Partly partly) {
            partly.refused().forEach(each -> all.put(each.row(), each.why()));
            assertEquals(List.of(), partly.retry(), "rows to come again");
        } else {
            assertEquals(Outcome.written(), outcome);
        }
        return all;
    }

    @Test
    void numbersBecomeMetricsWithUnitsAndDimensions() throws Exception {
        assertEquals(
                Outcome.written(),
                write(
                        "&resolution=1",
                        Rows.row(
                                now,
                                Map.of(
                                        "tag_table",
                                        "t1",
                                        "size_b",
                                        5L,
                                        "mean_time_ms",
                                        1.5,
                                        "text",
                                        "x",
                                        "ok",
                                        true))));
        Map<String, CloudWatchStub.Taken> byName = new TreeMap<>();
        stub.taken.forEach(each -> byName.put(each.name(), each));
        assertEquals(List.of("m.mean_time_ms", "m.size_b"), List.copyOf(byName.keySet()));
        CloudWatchStub.Taken size = byName.get("m.size_b");
        assertEquals("Bytes", size.unit());
        assertEquals("Milliseconds", byName.get("m.mean_time_ms").unit());
        assertEquals(Map.of("dbname", "db", "table", "t1"), size.dimensions());
        assertEquals(now, size.millis());
        assertEquals(1, size.resolution());
        assertEquals("pgwatch", size.namespace());
    }

    @Test
    void whatCloudWatchRefusesIsNamedAndTheRestGoesThrough() throws Exception {
        Map<String, Object> wide = new TreeMap<>(Map.of("n", 1L));
        for (int i = 0; i < 30; i++) {
            wide.put("tag_t" + i, "x");
        }
        Map<String, Object> widest = new TreeMap<>(wide);
        widest.remove("tag_t29");
        Map<Integer, String> refused = refused(write(
                "",
                Rows.row(now, Map.of("n", 1L)),
                Rows.row(now, Map.of("n", Double.NaN, "other", 1L)),
                Rows.row(now, Map.of("n", Double.NEGATIVE_INFINITY)),
                Rows.row(now, Map.of("n", 1e109)),
                Rows.row(now, Map.of("n", 1L, "tag_empty", "")),
                Rows.row(now, wide),
                Rows.row(now, widest),
                Rows.row(now, Map.of("n", 1L, "tag_long", "x".repeat(1025))),
                Rows.row(now, Map.of("n", 1L, "tag_long", "x".repeat(1024))),
                Rows.row(now, Map.of("n", 1L, "tag_city", "Brüssel")),
                Rows.row(now - Duration.ofDays(15).toMillis(), Map.of("n", 1L)),
                Rows.row(now + Duration.ofHours(3).toMillis(), Map.of("n", 1L)),
                Rows.row(now, Map.of("text", "x")),
                Rows.row(now, Map.of("n", 2L))));
        assertEquals(List.of(1, 2, 3, 4, 5, 7, 9, 10, 11, 12), List.copyOf(refused.keySet()));
        assertEquals("column n: NaN (expected: a number from -2^360 to 2^360)", refused.get(1));
        assertEquals("dimension empty: \"\" (expected: not empty)", refused.get(4));
        assertTrue(refused.get(5).startsWith("dimensions: 31 (expected: <= 30"), refused.get(5));
        assertEquals("dimension long: 1025 characters (expected: <= 1024)", refused.get(7));
        assertTrue(refused.get(9).contains("Brüssel") && refused.get(9).contains("ASCII"), refused.get(9));
        assertTrue(refused.get(10).contains("too old (expected: at most 14 days ago"), refused.get(10));
        assertTrue(refused.get(11).contains("too new (expected: at most 2 hours ahead"), refused.get(11));
        assertTrue(refused.get(12).startsWith("columns with numbers: 0"), refused.get(12));
        assertEquals(3, stub.taken.size(), "datums: rows 0 and 13 share one");
    }

    @Test
    void lenientLeavesOutWhatCannotBeHeld() throws Exception {
        assertEquals(
                Outcome.written(),
                write(
                        "&lenient=true",
                        Rows.row(now, Map.of("n", Double.NaN, "other", 1L)),
                        Rows.row(now, Map.of("text", "x"))));
        assertEquals(
                List.of("m.other"),
                stub.taken.stream().map(CloudWatchStub.Taken::name).toList());
    }

    @Test
    void includeExcludeAndDimensionsAreObeyed() throws Exception {
        assertEquals(
                Outcome.written(),
                write(
                        "&include=m.a*,x.*&exclude=*.ab&dimensions=city",
                        Rows.row(now, Map.of("a", 1L, "ab", 2L, "b", 3L, "tag_city", "Brno", "tag_id", "77")),
                        Rows.row(now, Map.of("b", 3L))));
        assertEquals(
                List.of("m.a"),
                stub.taken.stream().map(CloudWatchStub.Taken::name).toList());
        assertEquals(Map.of("dbname", "db", "city", "Brno"), stub.taken.get(0).dimensions());
    }

    @Test
    void valuesOfAPeriodShareADatumOf150() throws Exception {
        List<MeasurementEnvelope> rows = new ArrayList<>();
        for (int i = 0; i < 151; i++) {
            rows.add(Rows.row(now + i, Map.of("n", (long) i)));
        }
        rows.add(Rows.row(now + 200, Map.of("n", 150L)));
        rows.add(Rows.row(now + 60_000, Map.of("n", 0L)));
        assertEquals(Outcome.written(), write("", rows.toArray(MeasurementEnvelope[]::new)));
        assertEquals(
                List.of(150, 1, 1),
                stub.taken.stream().map(each -> each.values().size()).toList());
        assertEquals(List.of(2.0), stub.taken.get(1).counts());
        assertEquals(1, stub.calls.size());
    }

    @Test
    void callsAreFilledToTheLast() throws Exception {
        List<MeasurementEnvelope> rows = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            Map<String, Object> columns = new TreeMap<>(Map.of("tag_i", "row " + i));
            for (int c = 0; c < 37; c++) {
                columns.put("c" + c, (long) c);
            }
            rows.add(Rows.row(now, columns));
        }
        assertEquals(Outcome.written(), write("", rows.toArray(MeasurementEnvelope[]::new)));
        assertEquals(
                List.of(1000, 1000, 1000, 700),
                stub.calls.stream().map(CloudWatchStub.Call::data).toList());
    }

    /** Calls cost; aimed at is that they carry at least 95 % of what they may. */
    @Test
    void batchesOfTheSizeThatIsAskedForFillTheirCalls() throws Exception {
        Random random = new Random(1);
        List<MeasurementEnvelope> rows = new ArrayList<>();
        for (int i = 0; i < new MetricsProvider().limits().rows(); i++) {
            Map<String, Object> columns = new TreeMap<>(Map.of("tag_i", "row " + i));
            for (int c = random.nextInt(20); c >= 0; c--) {
                columns.put("c" + c, random.nextLong());
            }
            rows.add(Rows.row(now, columns));
        }
        assertEquals(Outcome.written(), write("&max-series=1000000", rows.toArray(MeasurementEnvelope[]::new)));
        double fill = stub.taken.size() / (1_000.0 * stub.calls.size());
        assertTrue(fill >= 0.95, "seed 1: calls: " + stub.calls + ", fill: " + fill);
    }

    /** As many a service does, and as AWS's own answer says: it misses the data. Or it takes the call: neither writes. */
    @Test
    void theProbeWritesNothingWhateverItIsAnswered() throws Exception {
        List<FaultAnswer> answers = new ArrayList<>();
        answers.add(null);
        answers.add(CloudWatchStub.error(400, "InvalidParameterCombinationException", "At least one must be given"));
        answers.add(CloudWatchStub.OK);
        for (FaultAnswer answer : answers) {
            stub.gate = call -> {
                assertEquals(0, call.path("MetricData").size(), call.toString());
                return answer;
            };
            try (Sink sink = Rows.sink(stub.uri(""))) {
                assertEquals(Readiness.ready(), sink.open());
            }
        }
        assertEquals(3, stub.server.requests().size());
        assertEquals(List.of(), stub.taken);
        stub.gate = call -> CloudWatchStub.error(
                403, "AccessDeniedException", "not authorized to perform: cloudwatch:PutMetricData");
        try (Sink sink = Rows.sink(stub.uri(""))) {
            Outcome.Paused paused = assertInstanceOf(Outcome.Paused.class, sink.open());
            assertTrue(paused.why().contains("cloudwatch:PutMetricData"), paused.why());
            assertTrue(paused.mend().contains("policy"), paused.mend());
        }
    }

    @Test
    void aCallIsNeverLargerThanAMegabyteCompressed() throws Exception {
        Random random = new Random(1);
        List<MeasurementEnvelope> rows = new ArrayList<>();
        for (int i = 0; i < 400; i++) {
            Map<String, Object> columns = new TreeMap<>(Map.of("n", (long) i));
            for (int tag = 0; tag < 10; tag++) {
                StringBuilder value = new StringBuilder();
                for (int c = 0; c < 1024; c++) {
                    value.append((char) ('!' + random.nextInt(94)));
                }
                columns.put("tag_t" + tag, value.toString());
            }
            rows.add(Rows.row(now, columns));
        }
        assertEquals(Outcome.written(), write("", rows.toArray(MeasurementEnvelope[]::new)));
        assertEquals(400, stub.taken.size());
        int most =
                stub.calls.stream().mapToInt(CloudWatchStub.Call::bytes).max().orElse(0);
        assertTrue(most > 900_000 && most <= 1_000_000, "seed 1: bytes of the largest call: " + most);
    }

    @Test
    void throttlingInTheMiddleNamesTheRowsThatComeAgainAndNothingIsTriedTwice() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        stub.gate = call ->
                calls.incrementAndGet() == 2 ? CloudWatchStub.error(400, "ThrottlingException", "Rate exceeded") : null;
        List<MeasurementEnvelope> rows = new ArrayList<>();
        for (int i = 0; i < 2_500; i++) {
            rows.add(Rows.row(now, Map.of("n", 1L, "tag_i", "row " + i)));
        }
        Outcome.Partly partly =
                assertInstanceOf(Outcome.Partly.class, write("", rows.toArray(MeasurementEnvelope[]::new)));
        assertEquals(1_500, partly.retry().size());
        assertEquals(1_000, partly.retry().get(0));
        assertTrue(partly.why().contains("Rate exceeded"), partly.why());
        assertEquals(2, calls.get(), "calls");
    }

    @Test
    void credentialsThatExpirePauseTheSink() throws Exception {
        stub.gate = call -> CloudWatchStub.error(403, "ExpiredTokenException", "The security token is expired");
        Outcome.Paused paused = assertInstanceOf(Outcome.Paused.class, write("", Rows.row(now, Map.of("n", 1L))));
        assertTrue(
                paused.why().contains("ExpiredToken") && !paused.toString().contains(Credentials.SECRET), paused.why());
    }

    @Test
    void aWrongClockIsSaidToBeOne() throws Exception {
        stub.gate = call -> CloudWatchStub.error(
                        403, "InvalidSignatureException", "Signature expired: 20261123T000000Z is now earlier than")
                .with("Date", "Sun, 22 Nov 2026 00:00:00 GMT");
        Outcome.Paused paused = assertInstanceOf(Outcome.Paused.class, write("", Rows.row(now, Map.of("n", 1L))));
        assertTrue(paused.why().contains("clock skew"), paused.why());
        assertTrue(paused.mend().contains("clock"), paused.mend());
    }

    @Test
    void missingCredentialsPauseTheSink() throws Exception {
        try (Sink sink = Rows.sink(stub.uri("&profile=nobody"))) {
            Readiness readiness = sink.open();
            Outcome.Paused paused = assertInstanceOf(Outcome.Paused.class, readiness);
            assertTrue(paused.why().contains("nobody"), paused.why());
        }
        assertEquals(List.of(), stub.server.requests());
    }

    @Test
    void anAnswerThatIsNoneOfAwsIsNotTakenForOne() throws Exception {
        stub.gate = call -> FaultAnswer.garbage();
        assertInstanceOf(Outcome.Retry.class, write("", Rows.row(now, Map.of("n", 1L))));
        stub.gate = call -> FaultAnswer.status(404).body("<html>not found</html>");
        assertInstanceOf(Outcome.Paused.class, write("", Rows.row(now, Map.of("n", 1L))));
    }

    @Test
    void theNumberOfMetricsIsBounded() throws Exception {
        Map<Integer, String> refused = refused(write(
                "&max-series=3",
                Rows.row(now, Map.of("a", 1L, "b", 1L)),
                Rows.row(now, Map.of("a", 2L, "c", 1L, "d", 1L)),
                Rows.row(now, Map.of("a", 2L, "c", 1L)),
                Rows.row(now, Map.of("a", 3L, "tag_x", "new"))));
        assertEquals(List.of(1, 3), List.copyOf(refused.keySet()));
        assertTrue(refused.get(1).startsWith("metrics in this hour: 4 with the row's 2 new ones"), refused.get(1));
    }
}
