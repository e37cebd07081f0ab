package io.github.pgwatchrpc.sink.testkit;

import io.github.pgwatchrpc.measurement.EnvelopeBuilder;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.sink.Batch;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The rows that the kit writes. Times lie in the last minutes, since some targets refuse old rows. Not thread-safe. */
final class KitRows {

    /** Long enough for every buffer that somebody thought large enough. */
    static final int HUGE_CHARACTERS = 100_000;

    static final String UNICODE = "Žluťoučký kůň 日本語 العربية 😀👩‍👩‍👧 e\u0301 \u2028\u2029 \ufeff";
    static final String CONTROLS =
            "\u0000\u0001\b\t\n\r\u001b\u007f \"quoted\" 'single' back\\slash </script> %41 ${x} {{y}}";

    private final long now = TimeUnit.MILLISECONDS.toNanos(System.currentTimeMillis() - 120_000);
    private final EnvelopeBuilder builder = new EnvelopeBuilder();
    private long next;

    /** A time that is no multiple of anything, later with each call. */
    long time() {
        return now + next++ * 1_000_003L + 123;
    }

    long receivedAt() {
        return now + 60_000_000_789L;
    }

    /** Rows {@code from} to {@code to}-1 of a database, each with its number, in one envelope. */
    MeasurementEnvelope numbered(String database, int from, int to) {
        return numbered(database, from, to, "");
    }

    /** The same with text that makes the rows larger. */
    MeasurementEnvelope numbered(String database, int from, int to, String pad) {
        builder.database(database).metric("numbers").receivedAt(receivedAt());
        for (int n = from; n < to; n++) {
            builder.beginRow().put("epoch_ns", time()).put("n", n);
            if (!pad.isEmpty()) {
                builder.put("pad", pad);
            }
            builder.endRow();
        }
        return builder.build();
    }

    /** One row with these columns, a number and a time. */
    MeasurementEnvelope row(String metric, Map<String, ? extends @Nullable Object> columns) {
        return row("db", metric, Map.of(), columns);
    }

    MeasurementEnvelope row(
            String database,
            String metric,
            Map<String, String> customTags,
            Map<String, ? extends @Nullable Object> columns) {
        builder.database(database).metric(metric).receivedAt(receivedAt()).customTags(customTags);
        builder.beginRow().put("epoch_ns", time()).put("n", next);
        columns.forEach((name, value) -> builder.put(name, value));
        return builder.endRow().build();
    }

    /** One row of exactly these columns. */
    MeasurementEnvelope bare(Map<String, ? extends @Nullable Object> columns) {
        return builder.database("db")
                .metric("bare")
                .receivedAt(receivedAt())
                .row(columns)
                .build();
    }

    /** Each kind of value there is, and those of it that are easily lost. */
    static Map<String, @Nullable Object> values() {
        Map<String, @Nullable Object> values = new LinkedHashMap<>();
        values.put("null", null);
        values.put("true", true);
        values.put("false", false);
        values.put("zero", 0L);
        values.put("minus one", -1L);
        values.put("least integer", Long.MIN_VALUE);
        values.put("greatest integer", Long.MAX_VALUE);
        values.put("integer that no double holds", (1L << 53) + 1);
        values.put("unsigned integer", BigInteger.ONE.shiftLeft(64).subtract(BigInteger.ONE));
        values.put("single precision", 0.1f);
        values.put("fraction", 5.5);
        values.put("double without fraction", 5.0);
        values.put("double with all digits", 0.1 + 0.2);
        values.put("minus zero", -0.0);
        values.put("least double", Double.MIN_VALUE);
        values.put("greatest double", Double.MAX_VALUE);
        values.put("NaN", Double.NaN);
        values.put("infinity", Double.POSITIVE_INFINITY);
        values.put("minus infinity", Double.NEGATIVE_INFINITY);
        values.put("single NaN", Float.NaN);
        values.put("empty text", "");
        values.put("text", "idle in transaction");
        values.put("text of a number", "007");
        values.put("text of null", "null");
        values.put("text with spaces around", "  x ");
        values.put("unicode", UNICODE);
        values.put("controls", CONTROLS);
        values.put("no bytes", new byte[0]);
        byte[] all = new byte[256];
        for (int i = 0; i < all.length; i++) {
            all[i] = (byte) i;
        }
        values.put("bytes", all);
        values.put("empty list", List.of());
        values.put("list", Arrays.asList(1L, null, "two", 3.5, List.of(true)));
        values.put("empty object", Map.of());
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        object.put("a", 1L);
        object.put("b", null);
        object.put("c", Map.of("d", List.of("e")));
        values.put("object", object);
        return values;
    }

    /** All rows of envelopes as a batch. */
    static Batch batch(String origin, MeasurementEnvelope... envelopes) {
        return Batch.of(origin, Arrays.asList(envelopes));
    }

    /** A batch of as many bytes as there may be: the last row with which it is not more. */
    Batch filling(String origin, long bytes, int rows) {
        List<MeasurementEnvelope> envelopes = new ArrayList<>();
        int count = Math.min(rows, 16);
        int pad = (int) Math.max(0, bytes / count - 1024);
        long sum = 0;
        for (int n = 0; n < count; n++) {
            MeasurementEnvelope envelope = numbered("db", n, n + 1, "x".repeat(pad));
            if (sum + envelope.sizeInBytes() > bytes) {
                break;
            }
            sum += envelope.sizeInBytes();
            envelopes.add(envelope);
        }
        return Batch.of(origin, envelopes);
    }
}
