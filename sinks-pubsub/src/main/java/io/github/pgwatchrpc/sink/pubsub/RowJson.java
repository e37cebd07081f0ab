package io.github.pgwatchrpc.sink.pubsub;

import io.github.pgwatchrpc.measurement.JsonWriter;
import io.github.pgwatchrpc.measurement.Measurement;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.measurement.ValueType;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;

/**
 * Writes rows as JSON objects: what the schema files beside this class describe, with {@code fields} as an object, or as
 * the text that Avro needs, which has no type for values of any type. Meant to be kept and used again; not thread-safe.
 */
final class RowJson {

    private static final String TIME = "epoch_ns";
    private static final String TAG_PREFIX = "tag_";
    private static final long NANOS = 1_000_000_000;

    private static final byte[] ID = bytes("{\"id\":");
    private static final byte[] FIELDS = bytes("},\"fields\":");
    private static final byte[] OPEN = bytes("{");
    private static final byte[] CLOSE = bytes("}");
    private static final byte[] COMMA = bytes(",");

    /** All but the fraction changes once a second. */
    private final byte[] time = bytes(",\"time\":\"0000-00-00T00:00:00.000000Z\",\"epoch_ns\":");

    private static final int TIME_BEGIN = 9;
    private static final int FRACTION_END = TIME_BEGIN + 26;
    private static final int FRACTION_DIGITS = 6;
    private long second = Long.MIN_VALUE;

    private final boolean fieldsAsText;
    private final JsonWriter piece = new JsonWriter();

    /** Custom tags of the envelope: with the prefix that a row's own has, and as they are written. */
    private String[] tagColumns = {};

    private byte[][] tags = {};
    private byte[] head = {};

    /**
     * A writer.
     *
     * @param fieldsAsText whether {@code fields} is to be JSON inside a text
     */
    RowJson(boolean fieldsAsText) {
        this.fieldsAsText = fieldsAsText;
    }

    /**
     * Says which envelope the next rows are of.
     *
     * @param envelope the envelope
     * @param named whether the rows are to name database and metric
     */
    void begin(MeasurementEnvelope envelope, boolean named) {
        piece.clear().raw(COMMA);
        if (named) {
            piece.name("database").text(envelope.database()).raw(COMMA);
            piece.name("metric").text(envelope.metric()).raw(COMMA);
        }
        piece.name("tags").raw(OPEN);
        head = Arrays.copyOf(piece.buffer(), piece.length());
        Map<String, String> custom = envelope.customTags();
        tagColumns = new String[custom.size()];
        tags = new byte[custom.size()][];
        int count = 0;
        for (Map.Entry<String, String> tag : custom.entrySet()) {
            tagColumns[count] = TAG_PREFIX + tag.getKey();
            piece.clear().name(tag.getKey()).text(tag.getValue()).raw(COMMA);
            tags[count++] = Arrays.copyOf(piece.buffer(), piece.length());
        }
    }

    /** Writes a row of the envelope. */
    void write(Measurement row, String id, JsonWriter json) {
        json.raw(ID).text(id);
        time(row.timeNanos(), json);
        json.raw(head);
        for (int i = 0; i < tags.length; i++) {
            // a tag of the row's own wins
            int own = row.find(tagColumns[i]);
            if (own < 0 || row.type(own) == ValueType.NULL) {
                json.raw(tags[i]);
            }
        }
        int size = row.size();
        for (int column = 0; column < size; column++) {
            String name = row.name(column);
            if (isTag(name) && row.type(column) != ValueType.NULL) {
                json.name(name.substring(TAG_PREFIX.length()));
                switch (row.type(column)) {
                    case TEXT, BYTES -> json.value(row, column);
                    default -> json.text(String.valueOf(row.value(column)));
                }
                json.raw(COMMA);
            }
        }
        withoutComma(json).raw(FIELDS);
        if (fieldsAsText) {
            piece.clear();
            fields(row, piece);
            json.text(piece.toString());
        } else {
            fields(row, json);
        }
        json.raw(CLOSE);
    }

    private static void fields(Measurement row, JsonWriter json) {
        json.raw(OPEN);
        int size = row.size();
        for (int column = 0; column < size; column++) {
            String name = row.name(column);
            if (!name.equals(TIME) && !isTag(name)) {
                json.name(row, column).value(row, column).raw(COMMA);
            }
        }
        withoutComma(json).raw(CLOSE);
    }

    private static boolean isTag(String name) {
        return name.startsWith(TAG_PREFIX) && name.length() > TAG_PREFIX.length();
    }

    private static JsonWriter withoutComma(JsonWriter json) {
        int length = json.length();
        return json.buffer()[length - 1] == ',' ? json.truncate(length - 1) : json;
    }

    private void time(long nanos, JsonWriter json) {
        long seconds = Math.floorDiv(nanos, NANOS);
        if (seconds != second) {
            second = seconds;
            // "2026-11-23T01:02:03Z"; years from 1677 to 2262 all have four digits
            byte[] text = bytes(Instant.ofEpochSecond(seconds).toString());
            System.arraycopy(text, 0, time, TIME_BEGIN, "2026-11-23T01:02:03".length());
        }
        int micros = (int) Math.floorMod(nanos, NANOS) / 1_000;
        for (int at = FRACTION_END - 1; at >= FRACTION_END - FRACTION_DIGITS; at--) {
            time[at] = (byte) ('0' + micros % 10);
            micros /= 10;
        }
        json.raw(time).number(nanos);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
