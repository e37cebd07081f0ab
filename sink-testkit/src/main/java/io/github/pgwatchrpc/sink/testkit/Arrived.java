package io.github.pgwatchrpc.sink.testkit;

import io.github.pgwatchrpc.measurement.Measurement;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A row as it stands at the target, read back by a sink's test. Immutable as far as its values are.
 *
 * @param database the database that was measured
 * @param metric the metric
 * @param timeNanos the row's time in nanoseconds since 1970; 0 if the target has none
 * @param tags the tags
 * @param fields everything else: null, Boolean, any Number, String, {@code byte[]}, List or Map of such values
 */
public record Arrived(
        String database,
        String metric,
        long timeNanos,
        Map<String, String> tags,
        Map<String, @Nullable Object> fields) {

    /** So much of a text is shown. */
    private static final int SHOWN = 120;

    private static final int MAX_INTEGER_DIGITS = 20;
    private static final int MAX_DOUBLE_DIGITS = 17;

    /**
     * Copies the maps.
     *
     * @param database the database that was measured
     * @param metric the metric
     * @param timeNanos the row's time
     * @param tags the tags
     * @param fields everything else
     */
    public Arrived {
        tags = Collections.unmodifiableMap(new LinkedHashMap<>(tags));
        fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
    }

    /**
     * A row as exactly as a target could keep it.
     *
     * @param row a row that was written
     * @return the same with nothing lost
     */
    public static Arrived of(Measurement row) {
        return new Arrived(
                row.envelope().database(), row.envelope().metric(), row.timeNanos(), row.tags(), row.fields());
    }

    /**
     * The same row at another time, for targets with coarser clocks.
     *
     * @param nanos nanoseconds since 1970; 0 for none
     * @return the row
     */
    public Arrived withTime(long nanos) {
        return new Arrived(database, metric, nanos, tags, fields);
    }

    /**
     * The same row with other tags.
     *
     * @param other the tags
     * @return the row
     */
    public Arrived withTags(Map<String, String> other) {
        return new Arrived(database, metric, timeNanos, other, fields);
    }

    /**
     * The same row with other fields.
     *
     * @param other the fields
     * @return the row
     */
    public Arrived withFields(Map<String, @Nullable Object> other) {
        return new Arrived(database, metric, timeNanos, tags, other);
    }

    /**
     * The same row with each value replaced, also those inside lists and objects.
     *
     * @param change from a null, Boolean, Number, String or {@code byte[]} to what the target makes of it
     * @return the row
     */
    public Arrived withValues(UnaryOperator<@Nullable Object> change) {
        Map<String, @Nullable Object> changed = new LinkedHashMap<>();
        fields.forEach((name, value) -> changed.put(name, changed(value, change)));
        return withFields(changed);
    }

    /**
     * The same row as JSON keeps it: bytes are text in base64, numbers that are none are the texts {@code NaN}, {@code
     * Infinity} and {@code -Infinity}.
     *
     * @return the row
     */
    public Arrived asJson() {
        return withValues(value -> {
            if (value instanceof byte[] bytes) {
                return Base64.getEncoder().encodeToString(bytes);
            } else if ((value instanceof Double d && !Double.isFinite(d))
                    || (value instanceof Float f && !Float.isFinite(f))) {
                return value.toString();
            }
            return value;
        });
    }

    private static @Nullable Object changed(@Nullable Object value, UnaryOperator<@Nullable Object> change) {
        if (value instanceof List<?> list) {
            List<@Nullable Object> all = new ArrayList<>();
            list.forEach(each -> all.add(changed(each, change)));
            return all;
        } else if (value instanceof Map<?, ?> map) {
            Map<String, @Nullable Object> all = new LinkedHashMap<>();
            map.forEach((name, each) -> all.put(String.valueOf(name), changed(each, change)));
            return all;
        }
        return change.apply(value);
    }

    /**
     * The row as text that two rows have in common exactly if they hold the same: names in alphabetic order, numbers by
     * value (5 and 5.0 are one number), text and bytes told apart from numbers.
     *
     * @return one line
     */
    String canonical() {
        StringBuilder text = new StringBuilder();
        quote(database, text);
        quote(metric, text.append('/'));
        text.append(" at ").append(timeNanos).append(' ');
        object(tags, text);
        object(fields, text.append(' '));
        return text.toString();
    }

    private static void value(@Nullable Object value, StringBuilder text) {
        if (value instanceof String s) {
            quote(s, text);
        } else if (value instanceof byte[] bytes) {
            text.append("bytes:").append(HexFormat.of().formatHex(bytes));
        } else if (value instanceof List<?> list) {
            text.append('[');
            for (Object each : list) {
                value(each, text);
                text.append(' ');
            }
            text.append(']');
        } else if (value instanceof Map<?, ?> map) {
            object(map, text);
        } else if (value instanceof Number number) {
            text.append(number(number));
        } else {
            text.append(value);
        }
    }

    private static void object(Map<?, ?> map, StringBuilder text) {
        TreeMap<String, @Nullable Object> sorted = new TreeMap<>();
        map.forEach((name, each) -> sorted.put(String.valueOf(name), each));
        text.append('{');
        sorted.forEach((name, each) -> {
            quote(name, text);
            value(each, text.append('='));
            text.append(' ');
        });
        text.append('}');
    }

    private static String number(Number number) {
        if ((number instanceof Double d && !Double.isFinite(d)) || (number instanceof Float f && !Float.isFinite(f))) {
            return number.toString();
        }
        // by its decimal text: a float's 0.1 is 0.1
        BigDecimal exact = new BigDecimal(number.toString()).stripTrailingZeros();
        if (exact.signum() == 0) {
            return "0";
        } else if (exact.scale() <= 0 && exact.precision() - exact.scale() <= MAX_INTEGER_DIGITS) {
            return exact.toBigInteger().toString();
        }
        // one double has several decimal texts: 4.9E-324 and 5E-324
        return exact.precision() <= MAX_DOUBLE_DIGITS ? Double.toString(exact.doubleValue()) : exact.toString();
    }

    private static void quote(String value, StringBuilder text) {
        text.append('"');
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '"' || c == '\\') {
                text.append('\\').append(c);
            } else if (c < ' ' || c == 0x7f || (c >= 0xd800 && c < 0xe000) || c == 0x2028 || c == 0x2029) {
                text.append(String.format("\\u%04x", (int) c));
            } else {
                text.append(c);
            }
        }
        text.append('"');
    }

    /** A line of text for a message. */
    static String abbreviated(String text) {
        return text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "... (" + text.length() + " characters)";
    }
}
