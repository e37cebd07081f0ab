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
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Holds what Go sent against the JSON lines that the receiver stored. */
final class Rows {

    private static final String UPDATE = "Receiver.UpdateMeasurements";

    private Rows() {}

    /** A call as {@code pgwatch -sent} wrote it down. */
    record Sent(boolean ok, String error, Map<String, Object> args) {

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
                    Object error = call.get("error");
                    sent.add(
                            new Sent(Boolean.TRUE.equals(call.get("ok")), error == null ? "" : error.toString(), args));
                }
            }
        }
        return sent;
    }

    /** What was counted: rows that were answered with success, different rows in the file, and rows there once more. */
    record Counted(long acknowledged, long stored, long again) {

        Counted plus(Counted more) {
            return new Counted(acknowledged + more.acknowledged, stored + more.stored, again + more.again);
        }
    }

    /** The numbers of all rows, in the order of the file. */
    static List<Long> numbers(List<String> lines) {
        List<Long> numbers = new ArrayList<>();
        for (String line : lines) {
            for (Object row : Json.list(Json.object(line).get("data"))) {
                numbers.add(Json.integer(Json.map(row).get("seq_no")));
            }
        }
        return numbers;
    }

    /** Every row that was answered with success is there, once; every other one at most once; and nothing else is. */
    static Counted assertStored(List<Sent> sent, List<String> lines) {
        return assertStored(sent, lines, 0);
    }

    /** The same after a relay, which writes the time of receipt into rows without a time. */
    static void assertForwarded(List<Sent> sent, List<String> lines) {
        assertStored(sent, lines, 0, true);
    }

    /**
     * The same, but some rows may be there twice: those that were on their way when a receiver was killed.
     *
     * @param mostAgain at most so many
     */
    static Counted assertStored(List<Sent> sent, List<String> lines, long mostAgain) {
        return assertStored(sent, lines, mostAgain, false);
    }

    private static Counted assertStored(List<Sent> sent, List<String> lines, long mostAgain, boolean forwarded) {
        Map<Long, Sent> byNumber = new HashMap<>();
        for (Sent each : sent) {
            each.numbers().forEach(number -> assertNull(byNumber.put(number, each), "Go gave a number twice"));
        }
        Set<Long> stored = new HashSet<>();
        long again = 0;
        for (String text : lines) {
            Map<String, Object> line = Json.object(text);
            for (Object row : Json.list(line.get("data"))) {
                long number = Json.integer(Json.map(row).get("seq_no"));
                Sent call = byNumber.get(number);
                if (call == null) {
                    throw new AssertionError("never sent: " + text);
                }
                assertRow(call, call.numbers().indexOf(number), line, Json.map(row), forwarded);
                if (!stored.add(number)) {
                    again++;
                    assertTrue(again <= mostAgain, () -> "stored twice, and more than " + mostAgain + ": " + text);
                }
            }
        }
        List<Long> lost = sent.stream()
                .filter(Sent::ok)
                .flatMap(call -> call.numbers().stream())
                .filter(number -> !stored.contains(number))
                .toList();
        assertEquals(List.of(), lost, "acknowledged rows that were not stored");
        long acknowledged = sent.stream()
                .filter(Sent::ok)
                .mapToLong(call -> call.numbers().size())
                .sum();
        return new Counted(acknowledged, stored.size(), again);
    }

    /** A line has rows of one call; the end of a batch may have cut the call in two. */
    private static void assertRow(
            Sent call, int index, Map<String, Object> line, Map<String, Object> stored, boolean forwarded) {
        Map<String, Object> args = call.args();
        assertEquals(List.of("custom_tags", "data", "dbname", "metric"), List.copyOf(line.keySet()));
        assertEquals(args.get("DBName"), line.get("dbname"));
        assertEquals(args.get("MetricName"), line.get("metric"));
        assertEquals(args.get("CustomTags"), line.get("custom_tags"));
        Map<String, Object> row = Json.map(Json.list(args.get("Data")).get(index));
        Map<String, Object> is = new TreeMap<>(stored);
        if (forwarded && !row.containsKey("epoch_ns")) {
            assertTrue(Json.integer(is.remove("epoch_ns")) > 0);
        }
        assertEquals(row.keySet(), is.keySet());
        row.forEach((name, value) -> assertValue(name, Json.map(value), is.get(name)));
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
