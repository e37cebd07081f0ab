package io.github.pgwatchrpc.sink.azure;

import io.github.pgwatchrpc.measurement.JsonWriter;
import io.github.pgwatchrpc.measurement.Measurement;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.azure.Columns.Column;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes rows as records of the stream. What rows have in common is made once, and there are no objects for each row. A
 * value goes to the column that it has of its own if it is of that column's type, and otherwise to where it would be without
 * one, so that the service has nothing to drop. Meant to be kept and used again; not thread-safe.
 */
final class RowJson {

    /**
     * What a column takes; the service <a
     * href="https://learn.microsoft.com/azure/azure-monitor/fundamentals/service-limits#logs-ingestion-api">cuts off</a> what
     * is longer.
     */
    static final int MAX_VALUE_BYTES = 64 << 10;

    /** So many names are remembered; a sender that makes them up costs time, not memory. */
    private static final int MAX_REMEMBERED = 10_000;

    private static final long NANOS = 1_000_000_000;
    private static final String TIME_COLUMN = "epoch_ns";
    private static final int NONE = -1;

    /** Up to here a double holds every integer. */
    private static final long EXACT = 1L << 53;

    private static final byte[] NUMBER = bytes(",\"" + Columns.NANOS + "\":");
    private static final byte[] HYPHEN = bytes("-");
    private static final byte[] COMMA = bytes(",");
    private static final byte[] TAGS = bytes("\",\"" + Columns.TAGS + "\":{");
    private static final byte[] FIELDS = bytes("},\"" + Columns.FIELDS + "\":{");
    private static final byte[] FIELDS_END = bytes("}");
    private static final byte[] ROW_END = bytes("}");

    private enum Role {
        TIME,
        TAG,
        FIELD
    }

    /**
     * Where a column of pgwatch's goes.
     *
     * @param role what it is for
     * @param plain its name without the prefix that says so
     * @param key that name in quotes, with a colon
     * @param own the number of the stream's column that is its own, or {@link #NONE}
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Place(Role role, String plain, byte[] key, int own) {}

    private final JsonWriter json;
    private final JsonWriter piece = new JsonWriter();
    private final Map<String, Place> places = new HashMap<>();

    private final List<Column> own;
    private final Map<String, Integer> ownByName = new HashMap<>();
    private final boolean ownTags;
    private final byte[][] ownKeys;
    private final int[] ownCells;
    private final @Nullable String[] ownTexts;

    /** {@code "TimeGenerated":"2026-11-23T01:02:03.1234567Z"}: all but the fraction changes once a second. */
    private final byte[] time = bytes("{\"" + Columns.TIME + "\":\"0000-00-00T00:00:00.0000000Z\"");

    private static final int TIME_BEGIN = 18;
    private static final int FRACTION_END = TIME_BEGIN + 27;
    private static final int FRACTION_UNIT = 100;
    private long second = Long.MIN_VALUE;

    // of the slice that is being written
    private byte[] head = {};
    private byte[] customTags = {};
    private boolean hasCustomTags;
    private @Nullable String headProblem;

    /**
     * A writer.
     *
     * @param json where to
     * @param columns what gets a column of its own
     */
    RowJson(JsonWriter json, Columns columns) {
        this.json = json;
        own = columns.own();
        ownTags = own.stream().anyMatch(each -> each.name().startsWith(Columns.TAG_PREFIX));
        ownKeys = new byte[own.size()][];
        ownCells = new int[own.size()];
        ownTexts = new @Nullable String[own.size()];
        for (int i = 0; i < own.size(); i++) {
            ownByName.put(own.get(i).name(), i);
            ownKeys[i] = key(",", own.get(i).name());
        }
    }

    private byte[] key(String before, String name) {
        piece.clear().raw(before).name(name);
        return Arrays.copyOf(piece.buffer(), piece.length());
    }

    /** Prepares what the rows of a slice have in common. */
    void begin(String origin, Batch.Slice slice) {
        MeasurementEnvelope envelope = slice.envelope();
        headProblem = null;
        piece.clear().raw(COMMA).name(Columns.DATABASE);
        int begin = piece.length();
        piece.text(envelope.database());
        check(Columns.DATABASE, piece.length() - begin);
        piece.raw(COMMA).name(Columns.METRIC);
        begin = piece.length();
        piece.text(envelope.metric());
        check(Columns.METRIC, piece.length() - begin);
        piece.raw(COMMA).name(Columns.ROW_ID).text(origin);
        // what follows the origin still belongs to the id: without the last quote
        piece.truncate(piece.length() - 1).raw(HYPHEN).number(slice.position()).raw(HYPHEN);
        head = Arrays.copyOf(piece.buffer(), piece.length());
        hasCustomTags = !envelope.customTags().isEmpty();
        piece.clear();
        envelope.customTags()
                .forEach((name, value) -> piece.name(name).text(value).raw(COMMA));
        customTags = Arrays.copyOf(piece.buffer(), piece.length());
    }

    private void check(String column, int length) {
        if (length > MAX_VALUE_BYTES && headProblem == null) {
            headProblem = tooLong(column, length);
        }
    }

    private static String tooLong(String column, int length) {
        return "column " + column + ": " + length + " bytes (expected: <= " + MAX_VALUE_BYTES
                + ", since the service cuts off what is longer)";
    }

    /**
     * Writes a row of the slice.
     *
     * @param row the row
     * @param number its number in the log's envelope
     * @return why the target cannot hold it; null if it can
     */
    @Nullable
    String write(Measurement row, long number) {
        long nanos = row.timeNanos();
        time(nanos);
        json.raw(time).raw(NUMBER).number(nanos).raw(head).number(number).raw(TAGS);
        Arrays.fill(ownCells, NONE);
        Arrays.fill(ownTexts, null);
        String problem = headProblem;
        int begin = json.length();
        if (ownTags || !plainTags(row, begin)) {
            mergedTags(row);
        }
        endObject(begin);
        problem = worse(problem, Columns.TAGS, begin);
        json.raw(FIELDS);
        begin = json.length();
        int size = row.size();
        for (int column = 0; column < size; column++) {
            Place place = place(row.name(column));
            if (place.role != Role.FIELD) {
                continue;
            }
            if (place.own != NONE && fits(row, column, own.get(place.own).type())) {
                ownCells[place.own] = column;
            } else {
                json.raw(place.key).value(row, column).raw(COMMA);
            }
        }
        endObject(begin);
        problem = worse(problem, Columns.FIELDS, begin);
        json.raw(FIELDS_END);
        for (int i = 0; i < ownKeys.length; i++) {
            problem = own(row, i, problem);
        }
        json.raw(ROW_END);
        return problem;
    }

    private @Nullable String own(Measurement row, int number, @Nullable String problem) {
        String text = ownTexts[number];
        int cell = ownCells[number];
        if (text == null && cell == NONE) {
            return problem;
        }
        json.raw(ownKeys[number]);
        int begin = json.length();
        if (text != null) {
            json.text(text);
        } else if (own.get(number).type() == Columns.Type.LONG && row.value(cell) instanceof Double whole) {
            json.number(whole.longValue());
        } else {
            json.value(row, cell);
        }
        return worse(problem, own.get(number).name(), begin);
    }

    private @Nullable String worse(@Nullable String problem, String column, int begin) {
        int length = json.length() - begin;
        return problem == null && length > MAX_VALUE_BYTES ? tooLong(column, length) : problem;
    }

    /** Takes back the comma behind the last member. */
    private void endObject(int begin) {
        if (json.length() > begin) {
            json.truncate(json.length() - 1);
        }
    }

    /** Writes custom tags and then the row's; false, and nothing, if one of them is in both. */
    private boolean plainTags(Measurement row, int begin) {
        json.raw(customTags);
        int size = row.size();
        for (int column = 0; column < size; column++) {
            Place place = place(row.name(column));
            if (place.role != Role.TAG) {
                continue;
            }
            switch (row.type(column)) {
                case NULL -> {
                    continue;
                }
                case TEXT -> json.raw(place.key).value(row, column).raw(COMMA);
                default ->
                    json.raw(place.key).text(String.valueOf(row.value(column))).raw(COMMA);
            }
            if (hasCustomTags && row.envelope().customTags().containsKey(place.plain)) {
                json.truncate(begin);
                return false;
            }
        }
        return true;
    }

    private void mergedTags(Measurement row) {
        row.tags().forEach((name, value) -> {
            Integer number = ownByName.get(Columns.TAG_PREFIX + name);
            if (number == null) {
                json.name(name).text(value).raw(COMMA);
            } else {
                ownTexts[number] = value;
            }
        });
    }

    private static boolean fits(Measurement row, int column, Columns.Type type) {
        return switch (row.type(column)) {
            case NULL -> true;
            case BOOLEAN -> type == Columns.Type.BOOLEAN || type == Columns.Type.DYNAMIC;
            case INT64 ->
                type == Columns.Type.LONG
                        || type == Columns.Type.DYNAMIC
                        || (type == Columns.Type.REAL
                                && Math.abs(row.longValue(column)) <= EXACT
                                && row.longValue(column) != Long.MIN_VALUE);
            case DOUBLE -> fits(row.doubleValue(column), type);
            case FLOAT32 ->
                type == Columns.Type.DYNAMIC
                        || (type == Columns.Type.REAL
                                && row.value(column) instanceof Float number
                                && Float.isFinite(number));
            case TEXT -> type == Columns.Type.STRING || type == Columns.Type.DYNAMIC;
            case UINT64, BYTES, LIST, OBJECT -> type == Columns.Type.DYNAMIC;
        };
    }

    private static boolean fits(double number, Columns.Type type) {
        return switch (type) {
            case REAL -> Double.isFinite(number);
            case LONG -> Math.abs(number) <= EXACT && number == Math.rint(number);
            case DYNAMIC -> true;
            case STRING, BOOLEAN, DATETIME -> false;
        };
    }

    private Place place(String column) {
        Place place = places.get(column);
        return place != null ? place : remember(column);
    }

    private Place remember(String column) {
        if (places.size() >= MAX_REMEMBERED) {
            places.clear();
        }
        boolean tag = column.startsWith(Columns.TAG_PREFIX) && column.length() > Columns.TAG_PREFIX.length();
        Role role = tag ? Role.TAG : column.equals(TIME_COLUMN) ? Role.TIME : Role.FIELD;
        String plain = tag ? column.substring(Columns.TAG_PREFIX.length()) : column;
        Place place = new Place(role, plain, key("", plain), tag ? NONE : ownByName.getOrDefault(column, NONE));
        places.put(column, place);
        return place;
    }

    /** The service keeps seven digits of a second; the column beside it has all nine. */
    private void time(long nanos) {
        long seconds = Math.floorDiv(nanos, NANOS);
        if (seconds != second) {
            second = seconds;
            // "2026-11-23T01:02:03Z"; years from 1677 to 2262 all have four digits
            byte[] text = bytes(Instant.ofEpochSecond(seconds).toString());
            System.arraycopy(text, 0, time, TIME_BEGIN, "2026-11-23T01:02:03".length());
        }
        int fraction = (int) Math.floorMod(nanos, NANOS) / FRACTION_UNIT;
        for (int at = FRACTION_END - 1; at >= FRACTION_END - 7; at--) {
            time[at] = (byte) ('0' + fraction % 10);
            fraction /= 10;
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
