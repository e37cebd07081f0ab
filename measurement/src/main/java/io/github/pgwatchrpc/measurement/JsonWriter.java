package io.github.pgwatchrpc.measurement;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Writes JSON as UTF-8 bytes into a buffer of its own: a whole envelope as pgwatch's line, a row, a single value, or
 * pieces of a sink's own making between them. Meant to be kept and used again; not thread-safe.
 *
 * <p>Values come out exactly:
 *
 * <ul>
 *   <li>integers in full, up to 2<sup>64</sup>−1;
 *   <li>floating-point numbers as the shortest decimal that reads back as the same number in the precision that they
 *       had, in the form that Go's encoding/json gives them: {@code 0.1}, {@code 100}, {@code 1e+21}, {@code 1e-7},
 *       {@code -0};
 *   <li>NaN and the infinities, which JSON has no numbers for, as the texts {@code "NaN"}, {@code "Infinity"} and
 *       {@code "-Infinity"};
 *   <li>bytes as base64 text (RFC 4648, with padding);
 *   <li>text with only those characters escaped that must be, or that a reader in JavaScript would trip over (U+2028
 *       and U+2029); each byte that is not UTF-8 becomes U+FFFD, as in Go.
 * </ul>
 *
 * <p>So every value, whatever a peer has sent, becomes valid JSON in valid UTF-8. The pieces ({@link #raw}, {@link #name},
 * {@link #text} …) are the caller's to put together: commas and brackets are not checked.
 */
public final class JsonWriter {

    /** A buffer above this many bytes is let go by {@link #clear}, so that one large text is not kept for ever. */
    static final int KEPT_BYTES = 8 << 20;

    private static final int FIRST_BYTES = 8 << 10;

    /** Some virtual machines cannot make arrays of the last few sizes. */
    private static final int MAX_BYTES = Integer.MAX_VALUE - 8;

    /** Below these, a number without a fraction has no shorter decimal than its digits as an integer. */
    private static final double WHOLE_DOUBLES = 1L << 53;

    private static final float WHOLE_FLOATS = 1 << 24;

    private static final byte[] NULL = ascii("null");
    private static final byte[] TRUE = ascii("true");
    private static final byte[] FALSE = ascii("false");
    private static final byte[] NAN = ascii("\"NaN\"");
    private static final byte[] INFINITY = ascii("\"Infinity\"");
    private static final byte[] MINUS_INFINITY = ascii("\"-Infinity\"");
    private static final byte[] TAGS_KEY = ascii("{\"custom_tags\":");
    private static final byte[] DATA_KEY = ascii(",\"data\":[");
    private static final byte[] DATABASE_KEY = ascii("],\"dbname\":");
    private static final byte[] METRIC_KEY = ascii(",\"metric\":");
    private static final byte[] LINE_END = ascii("}\n");
    private static final byte[] REPLACEMENT = "\ufffd".getBytes(StandardCharsets.UTF_8);
    private static final byte[] HEX = ascii("0123456789abcdef");
    private static final byte[] BASE64 = ascii("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");

    /** What to do with a byte of text: 0 to copy it, a letter to write it after a backslash, or one of the two below. */
    private static final byte[] ESCAPES = new byte[256];

    private static final byte BY_NUMBER = 1;
    private static final byte NOT_ASCII = 2;

    static {
        Arrays.fill(ESCAPES, 0, 0x20, BY_NUMBER);
        Arrays.fill(ESCAPES, 0x80, 0x100, NOT_ASCII);
        ESCAPES['"'] = '"';
        ESCAPES['\\'] = '\\';
        ESCAPES['\b'] = 'b';
        ESCAPES['\f'] = 'f';
        ESCAPES['\n'] = 'n';
        ESCAPES['\r'] = 'r';
        ESCAPES['\t'] = 't';
    }

    private final ShortestDecimal decimal = new ShortestDecimal();
    private byte[] buffer;
    private int length;

    /** An empty writer. */
    public JsonWriter() {
        this(FIRST_BYTES);
    }

    /** A writer that begins with so much room. */
    JsonWriter(int capacity) {
        buffer = new byte[capacity];
    }

    // ---- the buffer ----

    /**
     * Where the bytes are: from 0 to {@link #length}. It is the writer's own array, valid until something is written.
     *
     * @return the buffer
     */
    public byte[] buffer() {
        return buffer;
    }

    /**
     * How much has been written.
     *
     * @return number of bytes
     */
    public int length() {
        return length;
    }

    /**
     * Takes back what was written last, for instance the row with which a request would have become too large.
     *
     * @param length how many bytes are to remain: what {@link #length} returned before
     * @return this writer
     * @throws IllegalArgumentException if fewer have been written
     */
    public JsonWriter truncate(int length) {
        if (length < 0 || length > this.length) {
            throw new IllegalArgumentException("length: " + length + " (expected: 0 to " + this.length + ")");
        }
        this.length = length;
        return this;
    }

    /**
     * Forgets what was written.
     *
     * @return this writer
     */
    public JsonWriter clear() {
        length = 0;
        if (buffer.length > KEPT_BYTES) {
            buffer = new byte[FIRST_BYTES];
        }
        return this;
    }

    /** What has been written, as a string: for logs and tests. */
    @Override
    public String toString() {
        return new String(buffer, 0, length, StandardCharsets.UTF_8);
    }

    // ---- envelopes and rows ----

    /**
     * Writes an envelope as the line that pgwatch's own {@code jsonfile} sink writes: {@code
     * {"custom_tags":{…},"data":[{…},…],"dbname":"…","metric":"…"}} and a line feed. The keys are in the order of Go's
     * encoding/json, the columns of a row as they came, {@code custom_tags} is {@code null} if the sender gave none. As
     * with pgwatch, an envelope without rows writes nothing.
     *
     * @param envelope the envelope
     * @return this writer
     */
    public JsonWriter line(MeasurementEnvelope envelope) {
        return line(envelope, 0, envelope.size());
    }

    /**
     * Writes some rows of an envelope as one line; see {@link #line(MeasurementEnvelope)}.
     *
     * @param envelope the envelope
     * @param from number of the first row
     * @param to number of the row after the last; with no row between them nothing is written
     * @return this writer
     * @throws IndexOutOfBoundsException if the envelope has no such rows
     */
    public JsonWriter line(MeasurementEnvelope envelope, int from, int to) {
        Objects.checkFromToIndex(from, to, envelope.size());
        if (from == to) {
            return this;
        }
        raw(TAGS_KEY);
        if (envelope.hasCustomTags()) {
            tags(envelope.customTags());
        } else {
            raw(NULL);
        }
        raw(DATA_KEY);
        int cell = from == 0 ? 0 : envelope.rowEnds[from - 1];
        for (int row = from; row < to; row++) {
            if (row > from) {
                put(',');
            }
            row(envelope, cell, envelope.rowEnds[row]);
            cell = envelope.rowEnds[row];
        }
        raw(DATABASE_KEY).text(envelope.database());
        raw(METRIC_KEY).text(envelope.metric());
        return raw(LINE_END);
    }

    /**
     * Writes a row as an object with all its columns, time and tags included, in the order in which they came.
     *
     * @param row the row
     * @return this writer
     */
    public JsonWriter row(Measurement row) {
        row(row.envelope(), row.begin(), row.end());
        return this;
    }

    /**
     * Writes the name of a column and a colon.
     *
     * @param row the row
     * @param column number of the column in the row
     * @return this writer
     * @throws IndexOutOfBoundsException if the row has no such column
     */
    public JsonWriter name(Measurement row, int column) {
        name(row.envelope(), row.cell(column));
        return this;
    }

    /**
     * Writes the value of a column.
     *
     * @param row the row
     * @param column number of the column in the row
     * @return this writer
     * @throws IndexOutOfBoundsException if the row has no such column
     */
    public JsonWriter value(Measurement row, int column) {
        cell(row.envelope(), row.cell(column));
        return this;
    }

    private void row(MeasurementEnvelope envelope, int begin, int end) {
        put('{');
        for (int cell = begin; cell < end; cell++) {
            name(envelope, cell);
            cell(envelope, cell);
            put(',');
        }
        if (begin < end) {
            // in the place of the last comma
            length--;
        }
        put('}');
    }

    private void tags(Map<String, String> tags) {
        put('{');
        boolean first = true;
        for (Map.Entry<String, String> tag : tags.entrySet()) {
            if (!first) {
                put(',');
            }
            first = false;
            name(tag.getKey()).text(tag.getValue());
        }
        put('}');
    }

    private void name(MeasurementEnvelope envelope, int cell) {
        Column column = envelope.columns[envelope.cells[cell] >>> MeasurementEnvelope.TYPE_BITS];
        byte[] name = column.jsonName;
        reserve(name.length);
        for (int i = 0; i < column.jsonNameLength; i += Words.SIZE) {
            Words.set(buffer, length + i, Words.get(name, i));
        }
        length += column.jsonNameLength;
    }

    private void cell(MeasurementEnvelope envelope, int cell) {
        long slot = envelope.slots[cell];
        switch (ValueType.of(envelope.cells[cell] & MeasurementEnvelope.TYPE_MASK)) {
            case NULL -> raw(NULL);
            case BOOLEAN -> raw(slot != 0 ? TRUE : FALSE);
            case INT64 -> number(slot);
            case UINT64 -> unsigned(slot);
            case FLOAT32 -> number(Float.intBitsToFloat((int) slot));
            case DOUBLE -> number(Double.longBitsToDouble(slot));
            case TEXT -> text(envelope.heap, (int) (slot >>> 32), (int) (slot >>> 32) + (int) slot);
            case BYTES -> base64(envelope.heap, (int) (slot >>> 32), (int) (slot >>> 32) + (int) slot);
            case LIST, OBJECT -> value(envelope.nested[(int) slot]);
        }
    }

    // ---- pieces ----

    /**
     * Writes JSON as it is given.
     *
     * @param json the bytes; they are trusted
     * @return this writer
     */
    public JsonWriter raw(byte[] json) {
        return raw(json, 0, json.length);
    }

    /**
     * Writes JSON as it is given.
     *
     * @param json the text; it is trusted
     * @return this writer
     */
    public JsonWriter raw(String json) {
        return raw(json.getBytes(StandardCharsets.UTF_8));
    }

    private JsonWriter raw(byte[] json, int from, int to) {
        int count = to - from;
        reserve(count);
        System.arraycopy(json, from, buffer, length, count);
        length += count;
        return this;
    }

    /**
     * Writes a member's name and a colon.
     *
     * @param name the name
     * @return this writer
     */
    public JsonWriter name(String name) {
        text(name);
        put(':');
        return this;
    }

    /**
     * Writes text in quotes.
     *
     * @param text the text; half a surrogate pair becomes a question mark, as everywhere in Java
     * @return this writer
     */
    public JsonWriter text(String text) {
        // for ASCII, which is what names are, this is a plain copy
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        text(utf8, 0, utf8.length);
        return this;
    }

    /**
     * Writes an integer.
     *
     * @param value the integer
     * @return this writer
     */
    public JsonWriter number(long value) {
        reserve(Digits.MAX_BYTES);
        length = Digits.signed(value, buffer, length);
        return this;
    }

    private void unsigned(long value) {
        reserve(Digits.MAX_BYTES);
        length = Digits.unsigned(value, buffer, length);
    }

    /**
     * Writes a number of double precision; NaN and the infinities become texts.
     *
     * @param value the number
     * @return this writer
     */
    public JsonWriter number(double value) {
        if (!Double.isFinite(value)) {
            return raw(Double.isNaN(value) ? NAN : value > 0 ? INFINITY : MINUS_INFINITY);
        }
        reserve(Digits.MAX_BYTES);
        if (Double.doubleToRawLongBits(value) < 0) {
            buffer[length++] = '-';
        }
        double absolute = Math.abs(value);
        if (absolute < WHOLE_DOUBLES && absolute == (long) absolute) {
            length = Digits.unsigned((long) absolute, buffer, length);
        } else {
            decimal.of(absolute);
            boolean scientific = absolute < 1e-6 || absolute >= 1e21;
            length = Digits.decimal(decimal.digits, decimal.exponent, scientific, buffer, length);
        }
        return this;
    }

    /**
     * Writes a number of single precision; NaN and the infinities become texts.
     *
     * @param value the number
     * @return this writer
     */
    public JsonWriter number(float value) {
        if (!Float.isFinite(value)) {
            return number((double) value);
        }
        reserve(Digits.MAX_BYTES);
        if (Float.floatToRawIntBits(value) < 0) {
            buffer[length++] = '-';
        }
        float absolute = Math.abs(value);
        if (absolute < WHOLE_FLOATS && absolute == (int) absolute) {
            length = Digits.unsigned((int) absolute, buffer, length);
        } else {
            decimal.of(absolute);
            boolean scientific = absolute < 1e-6f || absolute >= 1e21f;
            length = Digits.decimal(decimal.digits, decimal.exponent, scientific, buffer, length);
        }
        return this;
    }

    /**
     * Writes any value of the model.
     *
     * @param value null, Boolean, Long (or a narrower integer), BigInteger, Float, Double, String, {@code byte[]}, or a
     *     List or a Map of such values
     * @return this writer
     * @throws IllegalArgumentException if the value is of another class
     */
    public JsonWriter value(@Nullable Object value) {
        if (value == null) {
            raw(NULL);
        } else if (value instanceof String text) {
            text(text);
        } else if (value instanceof Boolean truth) {
            raw(truth ? TRUE : FALSE);
        } else if (value instanceof Double number) {
            number(number.doubleValue());
        } else if (value instanceof Float number) {
            number(number.floatValue());
        } else if (value instanceof Long
                || value instanceof Integer
                || value instanceof Short
                || value instanceof Byte) {
            number(((Number) value).longValue());
        } else if (value instanceof BigInteger) {
            raw(value.toString());
        } else if (value instanceof byte[] bytes) {
            base64(bytes, 0, bytes.length);
        } else if (value instanceof List<?> list) {
            put('[');
            boolean first = true;
            for (Object element : list) {
                if (!first) {
                    put(',');
                }
                first = false;
                value(element);
            }
            put(']');
        } else if (value instanceof Map<?, ?> map) {
            put('{');
            boolean first = true;
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                if (!first) {
                    put(',');
                }
                first = false;
                name(String.valueOf(entry.getKey())).value(entry.getValue());
            }
            put('}');
        } else {
            throw new IllegalArgumentException(
                    "value of class " + value.getClass().getName()
                            + " (expected: null, Boolean, an integer, Float, Double, String, byte[], List or Map)");
        }
        return this;
    }

    // ---- how the bytes are made ----

    /** Writes a member's name and a colon. */
    JsonWriter name(byte[] utf8) {
        text(utf8, 0, utf8.length);
        put(':');
        return this;
    }

    private void text(byte[] utf8, int from, int to) {
        reserve(to - from + 2);
        byte[] out = buffer;
        int at = length;
        out[at++] = '"';
        int i = from;
        // most text is plain, and much of it short: eight bytes at once, and the last eight once more if need be
        if (to - from >= Words.SIZE) {
            int lastWord = to - Words.SIZE;
            while (true) {
                long word = Words.get(utf8, i);
                if (!Words.isPlainText(word)) {
                    break;
                }
                Words.set(out, at, word);
                if (i == lastWord) {
                    i = to;
                    at += Words.SIZE;
                    break;
                }
                int step = Math.min(Words.SIZE, lastWord - i);
                i += step;
                at += step;
            }
        }
        while (i < to && ESCAPES[utf8[i] & 0xff] == 0) {
            out[at++] = utf8[i++];
        }
        length = at;
        if (i < to) {
            hardText(utf8, i, to);
        }
        buffer[length++] = '"';
    }

    /** Writes text with what must be escaped in it, and leaves room for the quote at its end. */
    private void hardText(byte[] utf8, int from, int to) {
        // what needs no change is copied in runs
        int run = from;
        int i = from;
        while (true) {
            while (i < to && ESCAPES[utf8[i] & 0xff] == 0) {
                i++;
            }
            if (i == to) {
                break;
            }
            byte escape = ESCAPES[utf8[i] & 0xff];
            int count = 1;
            if (escape == NOT_ASCII) {
                count = sequence(utf8, i, to);
                if (count > 0 && !isLineSeparator(utf8, i, count)) {
                    i += count;
                    continue;
                }
            }
            raw(utf8, run, i);
            reserve(6 + to - i + 1);
            if (escape == NOT_ASCII && count == 0) {
                raw(REPLACEMENT);
                count = 1;
            } else if (escape == NOT_ASCII) {
                // U+2028 and U+2029 differ in the last bit of the last byte
                unicodeEscape(0x20, 0x28 | (utf8[i + 2] & 1));
            } else if (escape == BY_NUMBER) {
                unicodeEscape(0, utf8[i]);
            } else {
                buffer[length++] = '\\';
                buffer[length++] = escape;
            }
            i += count;
            run = i;
        }
        raw(utf8, run, to);
    }

    private void unicodeEscape(int high, int low) {
        buffer[length++] = '\\';
        buffer[length++] = 'u';
        buffer[length++] = HEX[high >> 4];
        buffer[length++] = HEX[high & 15];
        buffer[length++] = HEX[low >> 4];
        buffer[length++] = HEX[low & 15];
    }

    private static boolean isLineSeparator(byte[] utf8, int i, int count) {
        return count == 3 && (utf8[i] & 0xff) == 0xe2 && (utf8[i + 1] & 0xff) == 0x80 && (utf8[i + 2] & 0xfe) == 0xa8;
    }

    /** How many bytes the character takes that begins here, or 0 if what stands here is not UTF-8 (RFC 3629). */
    private static int sequence(byte[] utf8, int i, int end) {
        int lead = utf8[i] & 0xff;
        int count = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
        if (lead < 0xc2 || lead > 0xf4 || end - i < count) {
            return 0;
        }
        int second = utf8[i + 1] & 0xff;
        // over-long forms, surrogates and what is above U+10FFFF show in the second byte
        int least = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
        int most = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
        if (second < least || second > most) {
            return 0;
        }
        for (int k = i + 2; k < i + count; k++) {
            if ((utf8[k] & 0xc0) != 0x80) {
                return 0;
            }
        }
        return count;
    }

    private void base64(byte[] bytes, int from, int to) {
        reserve((to - from + 2L) / 3 * 4 + 2);
        byte[] out = buffer;
        int at = length;
        out[at++] = '"';
        int i = from;
        for (; i + 2 < to; i += 3) {
            int three = (bytes[i] & 0xff) << 16 | (bytes[i + 1] & 0xff) << 8 | (bytes[i + 2] & 0xff);
            out[at++] = BASE64[three >> 18];
            out[at++] = BASE64[three >> 12 & 63];
            out[at++] = BASE64[three >> 6 & 63];
            out[at++] = BASE64[three & 63];
        }
        if (i < to) {
            boolean two = i + 1 < to;
            int rest = (bytes[i] & 0xff) << 16 | (two ? (bytes[i + 1] & 0xff) << 8 : 0);
            out[at++] = BASE64[rest >> 18];
            out[at++] = BASE64[rest >> 12 & 63];
            out[at++] = two ? BASE64[rest >> 6 & 63] : (byte) '=';
            out[at++] = '=';
        }
        out[at++] = '"';
        length = at;
    }

    private void put(char ascii) {
        reserve(1);
        buffer[length++] = (byte) ascii;
    }

    private void reserve(long count) {
        if (count > buffer.length - length) {
            grow(length + count);
        }
    }

    private void grow(long needed) {
        if (needed > MAX_BYTES) {
            throw new IllegalStateException("JSON text: " + needed + " bytes (expected: <= " + MAX_BYTES + ")");
        }
        buffer = Arrays.copyOf(buffer, (int) Math.min(Math.max(needed, buffer.length * 2L), MAX_BYTES));
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
