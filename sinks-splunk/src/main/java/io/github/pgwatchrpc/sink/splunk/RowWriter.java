package io.github.pgwatchrpc.sink.splunk;

import io.github.pgwatchrpc.measurement.JsonWriter;
import io.github.pgwatchrpc.measurement.Measurement;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.measurement.ValueType;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Writes rows as HEC takes them: {@code {"time":…,"host":…,…,"event":{…}}}, or as a metric event {@code
 * {"time":…,"event":"metric",…,"fields":{…}}}. What is the same for all rows of a source and metric is written once and
 * copied. Names of columns stay as pgwatch gives them, {@code tag_} included; a name that is taken or means something to
 * Splunk gets an underscore more, as does one that would then be like it. Kept and used again; not thread-safe.
 *
 * <p>The formats: Splunk's pages "Format events for HTTP Event Collector" and "Get metrics in from other sources".
 */
final class RowWriter {

    private static final String TIME = "epoch_ns";
    private static final String TAG = "tag_";

    /** In place of an empty name, which Splunk cannot search for. */
    private static final String UNNAMED = "unnamed";

    /** Ours, and in metric events Splunk's. */
    private static final Set<String> TAKEN = Set.of("database", "metric", UNNAMED, "metric_name", "_value");

    private static final String MEASUREMENT = "metric_name:";

    /** So many sources, or names of columns, are remembered; then all are forgotten. */
    private static final int MAX_REMEMBERED = 4_096;

    private static final byte[] BEGIN = ascii("{\"time\":");
    private static final byte[] END = ascii("}}\n");
    private static final byte[] COMMA = ascii(",");
    private static final byte[] ZERO = ascii("0");
    private static final byte[] ONE = ascii("1");
    private static final byte[] DOT = ascii(".");
    private static final byte[] MINUS = ascii("-");
    private static final byte[][] FRACTION_ZEROS = {
        ascii(""), ascii("0"), ascii("00"), ascii("000"), ascii("0000"), ascii("00000")
    };

    private static final long MICROS = 1_000_000;

    /** What rows have in common. */
    private record Source(String database, String metric, Map<String, String> customTags) {}

    /**
     * What is written for a source.
     *
     * @param bare from behind the time to the metric's name
     * @param tagged the same with the custom tags
     * @param tagColumns the columns that would hide a custom tag
     * @param measurement what names of measurements begin with
     * @param measurements what stands before each number, by column, in metrics mode
     */
    @SuppressWarnings("ArrayRecordComponent") // compared by nobody
    private record Prefix(
            byte[] bare, byte[] tagged, Set<String> tagColumns, String measurement, Map<String, byte[]> measurements) {}

    private final Layout layout;
    private final boolean metrics;
    private final Map<Source, Prefix> prefixes = new HashMap<>();
    private Prefix prefix = new Prefix(new byte[0], new byte[0], Set.of(), "", new HashMap<>());

    RowWriter(Layout layout) {
        this.layout = layout;
        this.metrics = layout.mode() == Layout.Mode.METRICS;
    }

    /** The rows that follow are of this envelope. */
    void begin(MeasurementEnvelope envelope) {
        Source source = new Source(envelope.database(), envelope.metric(), envelope.customTags());
        Prefix known = prefixes.get(source);
        if (known == null) {
            if (prefixes.size() >= MAX_REMEMBERED) {
                prefixes.clear();
            }
            known = prefix(envelope);
            prefixes.put(source, known);
        }
        prefix = known;
    }

    /**
     * Writes a row of the envelope that was begun.
     *
     * @return false if it has no number, which in metrics mode means that there is nothing to be written
     */
    boolean write(Measurement row, JsonWriter json) {
        int before = json.length();
        json.raw(BEGIN);
        time(row.timeNanos(), json);
        boolean hidden = hidesTags(row);
        json.raw(hidden ? prefix.bare() : prefix.tagged());
        if (hidden) {
            tagsLeft(row, json);
        }
        boolean any = metrics ? measurements(row, json) : columns(row, json);
        if (!any) {
            json.truncate(before);
            return false;
        }
        json.raw(END);
        return true;
    }

    private static boolean columns(Measurement row, JsonWriter json) {
        for (int column = 0; column < row.size(); column++) {
            String name = row.name(column);
            if (row.type(column) == ValueType.NULL || name.equals(TIME)) {
                continue;
            }
            json.raw(COMMA);
            if (isTaken(name)) {
                json.name(free(name));
            } else {
                json.name(row, column);
            }
            json.value(row, column);
        }
        return true;
    }

    private boolean measurements(Measurement row, JsonWriter json) {
        boolean any = false;
        for (int column = 0; column < row.size(); column++) {
            String name = row.name(column);
            if (name.equals(TIME)) {
                continue;
            } else if (isTag(name)) {
                Object value = row.value(column);
                String text = value == null ? "" : String.valueOf(value);
                if (!text.isEmpty()) {
                    json.raw(COMMA).name(row, column).text(text);
                }
                continue;
            }
            switch (row.type(column)) {
                case BOOLEAN -> {
                    any = true;
                    measurement(name, json).raw(row.booleanValue(column) ? ONE : ZERO);
                }
                case INT64, UINT64 -> {
                    any = true;
                    measurement(name, json).value(row, column);
                }
                case DOUBLE, FLOAT32 -> {
                    if (isFinite(row, column)) {
                        any = true;
                        measurement(name, json).value(row, column);
                    }
                }
                case TEXT -> {
                    String text = (String) row.value(column);
                    if (layout.textAsDimensions() && text != null && !text.isEmpty()) {
                        json.raw(COMMA).name(free(name)).text(text);
                    }
                }
                case NULL, BYTES, LIST, OBJECT -> {
                    // an index of metrics has no place for these
                }
            }
        }
        return any;
    }

    private static boolean isFinite(Measurement row, int column) {
        return row.type(column) == ValueType.DOUBLE
                ? Double.isFinite(row.doubleValue(column))
                : row.value(column) instanceof Float number && Float.isFinite(number);
    }

    private JsonWriter measurement(String column, JsonWriter json) {
        Map<String, byte[]> names = prefix.measurements();
        byte[] name = names.get(column);
        if (name == null) {
            if (names.size() >= MAX_REMEMBERED) {
                names.clear();
            }
            name = bytes(
                    new JsonWriter().raw(COMMA).name(prefix.measurement() + (column.isEmpty() ? UNNAMED : column)));
            names.put(column, name);
        }
        return json.raw(name);
    }

    // ---- tags ----

    /** Whether the row has a tag of its own in the place of a custom one. */
    private boolean hidesTags(Measurement row) {
        Set<String> hiding = prefix.tagColumns();
        if (hiding.isEmpty()) {
            return false;
        }
        for (int column = 0; column < row.size(); column++) {
            String name = row.name(column);
            if (name.startsWith(TAG) && row.type(column) != ValueType.NULL && hiding.contains(name)) {
                return true;
            }
        }
        return false;
    }

    /** The custom tags that the row does not hide. */
    private void tagsLeft(Measurement row, JsonWriter json) {
        Map<String, String> left = new LinkedHashMap<>(row.envelope().customTags());
        for (int column = 0; column < row.size(); column++) {
            String name = row.name(column);
            if (name.startsWith(TAG) && row.type(column) != ValueType.NULL) {
                left.remove(name.substring(TAG.length()));
            }
        }
        tags(left, json);
    }

    private void tags(Map<String, String> tags, JsonWriter json) {
        tags.forEach((name, value) -> {
            // an index of metrics keeps no empty dimension
            if (!metrics || !value.isEmpty()) {
                json.raw(COMMA).name(TAG + (name.isEmpty() ? UNNAMED : name)).text(value);
            }
        });
    }

    private static boolean isTag(String name) {
        return name.startsWith(TAG) && name.length() > TAG.length();
    }

    // ---- what is written once ----

    private Prefix prefix(MeasurementEnvelope envelope) {
        JsonWriter json = new JsonWriter();
        meta(json, "host", layout.host().of(envelope));
        meta(json, "source", layout.source().of(envelope));
        meta(json, "sourcetype", layout.sourcetype().of(envelope));
        meta(json, "index", layout.indexOf(envelope));
        json.raw(metrics ? ",\"event\":\"metric\",\"fields\":{" : ",\"event\":{");
        json.name("database")
                .text(envelope.database())
                .raw(COMMA)
                .name("metric")
                .text(envelope.metric());
        byte[] bare = bytes(json);
        tags(envelope.customTags(), json);
        Set<String> tagColumns =
                envelope.customTags().keySet().stream().map(name -> TAG + name).collect(Collectors.toSet());
        return new Prefix(bare, bytes(json), tagColumns, measurement(envelope.metric()), new HashMap<>());
    }

    private String measurement(String metric) {
        String front = layout.metricPrefix().isEmpty() ? "" : layout.metricPrefix() + '.';
        return MEASUREMENT + front + (metric.isEmpty() ? UNNAMED : metric) + '.';
    }

    /** Without a value, the token's own counts. */
    private static void meta(JsonWriter json, String name, String value) {
        if (!value.isEmpty()) {
            json.raw(COMMA).name(name).text(value);
        }
    }

    private static boolean isTaken(String name) {
        if (name.isEmpty()) {
            return true;
        }
        int end = name.length();
        while (end > 0 && name.charAt(end - 1) == '_') {
            end--;
        }
        return TAKEN.contains(end == name.length() ? name : name.substring(0, end));
    }

    private static String free(String name) {
        if (name.isEmpty()) {
            return UNNAMED;
        }
        return isTaken(name) ? name + '_' : name;
    }

    /** Seconds with six digits of a fraction: what pgwatch has, and as much as Splunk keeps. */
    private static void time(long nanos, JsonWriter json) {
        long micros = Math.floorDiv(nanos, 1_000L);
        if (micros < 0) {
            json.raw(MINUS);
            micros = -micros;
        }
        long fraction = micros % MICROS;
        json.number(micros / MICROS).raw(DOT);
        int zeros = 0;
        for (long more = Math.max(1, fraction) * 10; more < MICROS; more *= 10) {
            zeros++;
        }
        json.raw(FRACTION_ZEROS[zeros]).number(fraction);
    }

    private static byte[] bytes(JsonWriter json) {
        return Arrays.copyOf(json.buffer(), json.length());
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
