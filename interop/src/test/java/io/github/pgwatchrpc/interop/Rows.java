package io.github.pgwatchrpc.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Holds what Go sent against the JSON lines that the receiver stored. */
final class Rows {

    private static final String UPDATE = "Receiver.UpdateMeasurements";

    private Rows() {}

    /** A call as {@code pgwatch -sent} wrote it down. */
    record Sent(boolean ok, Map<String, Object> args) {

        List<Long> numbers() {
            List<Long> numbers = new ArrayList<>();
            for (Object row : Json.list(args.get("Data"))) {
                numbers.add(Long.parseLong(
                        String.valueOf(Json.map(Json.map(row).get("seq_no")).get("v"))));
            }
            return numbers;
        }
    }

    /** Envelopes with rows, in the order in which their calls ended. */
    static List<Sent> sent(Path file) throws IOException {
        List<Sent> sent = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            Map<String, Object> call = Json.object(line);
            if (UPDATE.equals(call.get("method")) && call.get("args") instanceof Map) {
                Map<String, Object> args = Json.map(call.get("args"));
                if (args.get("Data") instanceof List<?> data && !data.isEmpty()) {
                    sent.add(new Sent(Boolean.TRUE.equals(call.get("ok")), args));
                }
            }
        }
        return sent;
    }

    /** Every call that was answered with success is a line, once; every other one at most once; and nothing else is. */
    static void assertStored(List<Sent> sent, List<String> lines) {
        assertStored(sent, lines, false);
    }

    /** The same after a relay, which writes the time of receipt into rows without a time. */
    static void assertForwarded(List<Sent> sent, List<String> lines) {
        assertStored(sent, lines, true);
    }

    private static void assertStored(List<Sent> sent, List<String> lines, boolean forwarded) {
        Map<Long, Sent> open = new TreeMap<>();
        for (Sent each : sent) {
            assertNull(open.put(each.numbers().get(0), each), "Go gave a number twice");
        }
        for (String text : lines) {
            Map<String, Object> line = Json.object(text);
            Object first = Json.map(Json.list(line.get("data")).get(0)).get("seq_no");
            Sent call = open.remove(Json.integer(first));
            if (call == null) {
                throw new AssertionError("stored twice, or never sent: " + text);
            }
            assertLine(call.args(), line, forwarded);
        }
        List<Long> lost = open.values().stream()
                .filter(Sent::ok)
                .flatMap(call -> call.numbers().stream())
                .toList();
        assertEquals(List.of(), lost, "acknowledged rows that were not stored");
    }

    private static void assertLine(Map<String, Object> args, Map<String, Object> line, boolean forwarded) {
        assertEquals(List.of("custom_tags", "data", "dbname", "metric"), List.copyOf(line.keySet()));
        assertEquals(args.get("DBName"), line.get("dbname"));
        assertEquals(args.get("MetricName"), line.get("metric"));
        assertEquals(args.get("CustomTags"), line.get("custom_tags"));
        List<Object> wanted = Json.list(args.get("Data"));
        List<Object> stored = Json.list(line.get("data"));
        assertEquals(wanted.size(), stored.size());
        for (int i = 0; i < wanted.size(); i++) {
            Map<String, Object> row = Json.map(wanted.get(i));
            Map<String, Object> is = new java.util.TreeMap<>(Json.map(stored.get(i)));
            if (forwarded && !row.containsKey("epoch_ns")) {
                assertTrue(Json.integer(is.remove("epoch_ns")) > 0);
            }
            assertEquals(row.keySet(), is.keySet());
            row.forEach((name, value) -> assertValue(name, Json.map(value), is.get(name)));
        }
    }

    private static void assertValue(String name, Map<String, Object> wanted, @Nullable Object is) {
        String text = String.valueOf(wanted.get("v"));
        String type = String.valueOf(wanted.get("t"));
        String what = name + " " + type + " " + text;
        switch (type) {
            case "nil" -> assertNull(is, what);
            case "bool" -> assertEquals(Boolean.valueOf(text), is, what);
            case "string" -> assertEquals(text, is, what);
            case "[]byte" ->
                assertEquals(Base64.getEncoder().encodeToString(HexFormat.of().parseHex(text)), is, what);
            case "int", "int16", "int32", "int64", "uint32", "uint64" -> assertEquals(new Json.Numeral(text), is, what);
            case "float32", "float64" -> assertFloat(what, type.equals("float32"), text, is);
            default -> throw new AssertionError("no such type: " + what);
        }
    }

    /** Go wrote the shortest decimal, so ours has the same value, and reads back with the same bits. */
    private static void assertFloat(String what, boolean single, String text, @Nullable Object is) {
        switch (text) {
            case "NaN" -> assertEquals("NaN", is, what);
            case "+Inf" -> assertEquals("Infinity", is, what);
            case "-Inf" -> assertEquals("-Infinity", is, what);
            default -> {
                String stored = is instanceof Json.Numeral number ? number.text() : "no number: " + is;
                assertEquals(0, new BigDecimal(text).compareTo(new BigDecimal(stored)), () -> what + ": " + stored);
                if (single) {
                    assertEquals(Float.parseFloat(text), Float.parseFloat(stored), what);
                } else {
                    assertEquals(Double.parseDouble(text), Double.parseDouble(stored), what);
                }
            }
        }
    }
}
