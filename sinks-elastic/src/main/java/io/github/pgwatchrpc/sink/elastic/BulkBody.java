package io.github.pgwatchrpc.sink.elastic;

import io.github.pgwatchrpc.measurement.JsonWriter;
import io.github.pgwatchrpc.measurement.Measurement;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.sink.Batch;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Writes batches as bodies of the <a
 * href="https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk">bulk API</a>: for each row a line that
 * says where to, and a line with the document. One buffer, no objects for each row, and what rows have in common is made
 * once. Meant to be kept and used again; not thread-safe.
 */
final class BulkBody {

    private static final long NANOS = 1_000_000_000;
    private static final long SECONDS_A_DAY = 86_400;

    /** So many lines' beginnings are remembered: one for each metric, day and database that the name depends on. */
    private static final int MAX_ACTIONS = 10_000;

    private static final byte[] NEW_ID = bytes("\"}}\n");
    private static final byte[] HYPHEN = bytes("-");
    private static final byte[] FIELDS = bytes("},\"fields\":{");
    private static final byte[] OTHER = bytes("},\"other\":{");
    private static final byte[] END = bytes("}}\n");
    private static final byte[] COMMA = bytes(",");

    private record Target(String database, String metric, long day) {}

    private final IndexNames names;
    private final boolean withIds;
    private final FieldNames fieldNames = new FieldNames();
    private final Map<Target, byte[]> actions = new HashMap<>();
    private final JsonWriter json = new JsonWriter();
    private final JsonWriter piece = new JsonWriter();

    private FieldNames.Field[] fields = new FieldNames.Field[64];
    private String origin = "";
    private byte[] originText = {};

    /** {@code {"@timestamp":"2026-11-23T01:02:03.123456789Z"}: all but the fraction changes once a second. */
    private final byte[] time = bytes("{\"@timestamp\":\"0000-00-00T00:00:00.000000000Z\"");

    private static final int TIME_BEGIN = 15;
    private static final int FRACTION_END = TIME_BEGIN + 29;
    private long second = Long.MIN_VALUE;

    /**
     * A writer.
     *
     * @param names where rows go
     * @param withIds whether documents get the rows' ids; a time series makes its own
     */
    BulkBody(IndexNames names, boolean withIds) {
        this.names = names;
        this.withIds = withIds;
    }

    /** All rows of a batch. */
    byte[] of(Batch batch) {
        json.clear();
        if (!origin.equals(batch.origin())) {
            origin = batch.origin();
            piece.clear().text(origin);
            // without its quotes
            originText = Arrays.copyOfRange(piece.buffer(), 1, piece.length() - 1);
        }
        for (Batch.Slice slice : batch.slices()) {
            write(slice);
        }
        return Arrays.copyOf(json.buffer(), json.length());
    }

    private void write(Batch.Slice slice) {
        MeasurementEnvelope envelope = slice.envelope();
        byte[] head = head(envelope);
        byte[] action = {};
        long day = Long.MIN_VALUE;
        for (int number = slice.from(); number < slice.to(); number++) {
            Measurement row = envelope.get(number);
            long nanos = row.timeNanos();
            long seconds = Math.floorDiv(nanos, NANOS);
            long rowDay = names.isDaily() ? Math.floorDiv(seconds, SECONDS_A_DAY) : 0;
            if (rowDay != day) {
                day = rowDay;
                action = action(envelope, day);
            }
            json.raw(action);
            if (withIds) {
                // as Batch.id joins it
                json.raw(originText).raw(HYPHEN).number(slice.position()).raw(HYPHEN);
                json.number((long) slice.offset() + number).raw(NEW_ID);
            }
            document(row, head, nanos, seconds);
        }
    }

    private byte[] action(MeasurementEnvelope envelope, long day) {
        Target target = new Target(names.isByDatabase() ? envelope.database() : "", envelope.metric(), day);
        byte[] action = actions.get(target);
        if (action == null) {
            String index = names.of(envelope.database(), envelope.metric(), day);
            action = bytes("{\"create\":{\"_index\":\"" + index + (withIds ? "\",\"_id\":\"" : "\"}}\n"));
            if (actions.size() >= MAX_ACTIONS) {
                actions.clear();
            }
            actions.put(target, action);
        }
        return action;
    }

    /** What stands between the time and the first tag of a row: the same for all rows of an envelope. */
    private byte[] head(MeasurementEnvelope envelope) {
        piece.clear().raw(COMMA).name("database").text(envelope.database());
        piece.raw(COMMA).name("metric").text(envelope.metric());
        piece.raw(COMMA).name("tags").raw("{");
        envelope.customTags()
                .forEach((name, value) ->
                        piece.name(FieldNames.escaped(name)).text(value).raw(COMMA));
        return Arrays.copyOf(piece.buffer(), piece.length());
    }

    private void document(Measurement row, byte[] head, long nanos, long seconds) {
        time(nanos, seconds);
        int size = row.size();
        if (fields.length < size) {
            fields = new FieldNames.Field[Math.max(size, 2 * fields.length)];
        }
        int begin = json.raw(time).length();
        json.raw(head);
        Map<String, String> customTags = row.envelope().customTags();
        for (int column = 0; column < size; column++) {
            FieldNames.Field field = fieldNames.of(row.name(column));
            fields[column] = field;
            if (field.role() == FieldNames.Role.TAG && tag(row, column, field) && !customTags.isEmpty()) {
                if (customTags.containsKey(field.plain())) {
                    // the row's own tag wins, and no name may come twice
                    tagsOf(row, begin);
                    for (; column < size; column++) {
                        fields[column] = fieldNames.of(row.name(column));
                    }
                }
            }
        }
        json.truncate(withoutComma()).raw(FIELDS);
        boolean other = false;
        for (int column = 0; column < size; column++) {
            FieldNames.Field field = fields[column];
            if (field.role() == FieldNames.Role.FIELD) {
                if (hasNoFixedType(row, column)) {
                    other = true;
                } else {
                    json.raw(field.key()).value(row, column).raw(COMMA);
                }
            }
        }
        json.truncate(withoutComma());
        if (other) {
            json.raw(OTHER);
            for (int column = 0; column < size; column++) {
                FieldNames.Field field = fields[column];
                if (field.role() == FieldNames.Role.FIELD && hasNoFixedType(row, column)) {
                    json.raw(field.key()).value(row, column).raw(COMMA);
                }
            }
            json.truncate(withoutComma());
        }
        json.raw(END);
    }

    /** Writes a tag, unless it has no value. */
    private boolean tag(Measurement row, int column, FieldNames.Field field) {
        switch (row.type(column)) {
            case NULL -> {
                return false;
            }
            case TEXT, BYTES -> json.raw(field.key()).value(row, column).raw(COMMA);
            default -> json.raw(field.key())
                    .text(String.valueOf(row.value(column)))
                    .raw(COMMA);
        }
        return true;
    }

    /** Begins the document once more, with the tags put together one by one. */
    private void tagsOf(Measurement row, int begin) {
        json.truncate(begin).raw(COMMA);
        json.name("database").text(row.envelope().database()).raw(COMMA);
        json.name("metric").text(row.envelope().metric()).raw(COMMA);
        json.name("tags").raw("{");
        row.tags().forEach((name, value) ->
                json.name(FieldNames.escaped(name)).text(value).raw(COMMA));
    }

    /** Lists and objects may be anything inside, and NaN and the infinities are texts in JSON: see {@link Templates}. */
    private static boolean hasNoFixedType(Measurement row, int column) {
        return switch (row.type(column)) {
            case LIST, OBJECT -> true;
            case DOUBLE -> !Double.isFinite(row.doubleValue(column));
            case FLOAT32 -> row.value(column) instanceof Float number && !Float.isFinite(number);
            default -> false;
        };
    }

    private int withoutComma() {
        int length = json.length();
        return json.buffer()[length - 1] == ',' ? length - 1 : length;
    }

    private void time(long nanos, long seconds) {
        if (seconds != second) {
            second = seconds;
            // "2026-11-23T01:02:03Z"; years from 1677 to 2262 all have four digits
            byte[] text = bytes(Instant.ofEpochSecond(seconds).toString());
            System.arraycopy(text, 0, time, TIME_BEGIN, "2026-11-23T01:02:03".length());
        }
        int fraction = (int) Math.floorMod(nanos, NANOS);
        for (int at = FRACTION_END - 1; at >= FRACTION_END - 9; at--) {
            time[at] = (byte) ('0' + fraction % 10);
            fraction /= 10;
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
