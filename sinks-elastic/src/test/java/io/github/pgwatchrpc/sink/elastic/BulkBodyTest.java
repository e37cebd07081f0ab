package io.github.pgwatchrpc.sink.elastic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.pgwatchrpc.measurement.EnvelopeBuilder;
import io.github.pgwatchrpc.measurement.Measurement;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.testkit.Arrived;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BulkBodyTest {

    private static List<String> lines(BulkBody body, Batch batch) {
        return new String(body.of(batch), StandardCharsets.UTF_8).lines().toList();
    }

    @Test
    void aDocumentLooksLikeThis() {
        Map<String, Object> columns = new LinkedHashMap<>();
        columns.put("tag_table", "orders");
        columns.put("seq_scan", 5L);
        columns.put("a.b", true);
        columns.put("ratio", Double.NaN);
        columns.put("none", null);
        columns.put("list", List.of(1L));
        columns.put("", "x");
        MeasurementEnvelope envelope = new EnvelopeBuilder()
                .database("db1")
                .metric("Table Stats")
                .customTag("env", "test")
                .receivedAt(Sent.TIME)
                .row(columns)
                .build();
        Batch batch = new Batch("o\"1", List.of(new Batch.Slice(envelope, 7, 3, 0, 1)));
        assertEquals(
                List.of(
                        "{\"create\":{\"_index\":\"metrics-pgwatch.table_stats-default\",\"_id\":\"o\\\"1-7-3\"}}",
                        "{\"@timestamp\":\"2026-11-22T17:10:30.436993182Z\",\"database\":\"db1\",\"metric\":\"Table Stats\","
                                + "\"tags\":{\"env\":\"test\",\"table\":\"orders\"},"
                                + "\"fields\":{\"seq_scan\":5,\"a%2Eb\":true,\"none\":null,\"%\":\"x\"},"
                                + "\"other\":{\"ratio\":\"NaN\",\"list\":[1]}}"),
                lines(new BulkBody(IndexNames.streams("default"), true), batch));
        assertEquals("o\"1-7-3", batch.id(0));
    }

    @Test
    void aTagOfTheRowWinsOverOneOfTheSource() {
        MeasurementEnvelope envelope = new EnvelopeBuilder()
                .database("d")
                .metric("m")
                .customTag("env", "source")
                .receivedAt(Sent.TIME)
                .row(Map.of("tag_env", "row"))
                .build();
        String document = lines(
                        new BulkBody(IndexNames.streams("default"), true), Batch.of("o", List.of(envelope)))
                .get(1);
        assertTrue(document.contains("\"tags\":{\"env\":\"row\"},\"fields\":{}"), document);
    }

    @Test
    void timesBeforeTheEpochAndAtTheEdges() throws IOException {
        for (long nanos : new long[] {1, -1, Long.MAX_VALUE, Long.MIN_VALUE, 999_999_999, 1_000_000_000, -1_000_000_000}) {
            MeasurementEnvelope envelope = new EnvelopeBuilder()
                    .database("d")
                    .metric("m")
                    .receivedAt(5)
                    .row(Map.of("epoch_ns", nanos))
                    .build();
            String document = lines(
                            new BulkBody(IndexNames.streams("default"), true), Batch.of("o", List.of(envelope)))
                    .get(1);
            assertEquals(nanos, Documents.row(ElasticsearchNode.JSON.readTree(document)).timeNanos());
        }
    }

    @Test
    void indicesAreNamedByMetricDatabaseAndDay() {
        BulkBody body = new BulkBody(new IndexNames("x-{database}-{metric}-{date}", false), true);
        EnvelopeBuilder builder =
                new EnvelopeBuilder().database("D 1").metric("m").receivedAt(Sent.TIME);
        builder.beginRow().put("epoch_ns", 1L).endRow();
        builder.beginRow().put("epoch_ns", 86_400_000_000_000L).endRow();
        List<String> lines = lines(body, Batch.of("o", List.of(builder.build())));
        assertTrue(lines.get(0).contains("\"x-d_1-m-1970.01.01\""), lines.get(0));
        assertTrue(lines.get(2).contains("\"x-d_1-m-1970.01.02\""), lines.get(2));
    }

    /** Rows of all shapes through one writer: each comes out as it went in. */
    @Test
    void anyRowComesOutAsItWentIn() throws IOException {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        BulkBody body = new BulkBody(IndexNames.streams("default"), true);
        for (int round = 0; round < 200; round++) {
            List<MeasurementEnvelope> envelopes = new ArrayList<>();
            for (int e = 0; e <= random.nextInt(3); e++) {
                EnvelopeBuilder builder = new EnvelopeBuilder()
                        .database(name(random))
                        .metric(name(random))
                        .receivedAt(Sent.TIME + random.nextInt());
                for (int t = 0; t < random.nextInt(3); t++) {
                    builder.customTag(name(random), name(random));
                }
                for (int r = 0; r <= random.nextInt(4); r++) {
                    Map<String, Object> columns = new LinkedHashMap<>();
                    for (int c = 0; c < random.nextInt(100); c++) {
                        columns.put((random.nextInt(4) == 0 ? "tag_" : "") + name(random), value(random));
                    }
                    builder.row(columns);
                }
                envelopes.add(builder.build());
            }
            Batch batch = Batch.of("o" + round % 2, envelopes);
            List<String> lines = lines(body, batch);
            assertEquals(2 * batch.size(), lines.size(), "seed " + seed);
            for (int row = 0; row < batch.size(); row++) {
                JsonNode action = ElasticsearchNode.JSON.readTree(lines.get(2 * row));
                assertEquals(batch.id(row), action.at("/create/_id").textValue(), "seed " + seed);
                Measurement sent = batch.row(row);
                Arrived expected = Arrived.of(sent).asJson();
                Arrived found = Documents.row(ElasticsearchNode.JSON.readTree(lines.get(2 * row + 1)));
                assertEquals(expected.tags(), found.tags(), "seed " + seed);
                assertEquals(text(expected), text(found), "seed " + seed);
                assertEquals(expected.timeNanos(), found.timeNanos(), "seed " + seed);
            }
        }
    }

    /** Numbers by their digits; where a value stands among the others does not count. */
    private static Map<String, String> text(Arrived row) {
        Map<String, String> all = new java.util.TreeMap<>();
        row.fields().forEach((name, value) -> all.put(
                name,
                value instanceof Number number
                        ? String.valueOf(number.doubleValue())
                        : String.valueOf(value)));
        return all;
    }

    private static String name(Random random) {
        String letters = "ab.%_ $\"ž😀".codePoints()
                .mapToObj(Character::toString)
                .reduce("", String::concat);
        int[] points = letters.codePoints().toArray();
        StringBuilder name = new StringBuilder();
        for (int i = random.nextInt(6); i > 0; i--) {
            name.appendCodePoint(points[random.nextInt(points.length)]);
        }
        return name.toString();
    }

    private static Object value(Random random) {
        return switch (random.nextInt(8)) {
            case 0 -> null;
            case 1 -> random.nextBoolean();
            case 2 -> random.nextLong();
            case 3 -> random.nextDouble() * Math.pow(10, random.nextInt(40) - 20);
            case 4 -> random.nextInt(3) == 0 ? Double.NaN : Double.POSITIVE_INFINITY;
            case 5 -> name(random);
            case 6 -> List.of(name(random));
            default -> Map.of("k", name(random));
        };
    }
}
