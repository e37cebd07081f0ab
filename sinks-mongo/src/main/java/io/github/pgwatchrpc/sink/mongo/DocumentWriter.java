package io.github.pgwatchrpc.sink.mongo;

import io.github.pgwatchrpc.measurement.Measurement;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.measurement.ValueType;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bson.types.Decimal128;
import org.jspecify.annotations.Nullable;

/**
 * Writes rows as BSON, one behind the other into one array, straight from where their values lie. Used by one thread.
 *
 * <p>Source of the format: <a href="https://bsonspec.org/spec.html">BSON 1.1</a>. The driver copies such documents as they
 * are; making trees of objects for it first would cost several times as much.
 */
final class DocumentWriter {

    /**
     * Most documents inside one another, the outermost included. Source: "Nested Depth for BSON Documents" of
     * <a href="https://www.mongodb.com/docs/manual/reference/limits/">MongoDB's limits</a>.
     */
    static final int MAX_DEPTH = 100;

    private static final byte DOUBLE = 0x01;
    private static final byte STRING = 0x02;
    private static final byte DOCUMENT = 0x03;
    private static final byte ARRAY = 0x04;
    private static final byte BINARY = 0x05;
    private static final byte BOOLEAN = 0x08;
    private static final byte DATE = 0x09;
    private static final byte NULL = 0x0a;
    private static final byte INT64 = 0x12;
    private static final byte DECIMAL128 = 0x13;

    private static final long NANOS_A_MILLISECOND = 1_000_000;

    /** No array is longer: the JVM may need a few bytes for itself. */
    private static final int MAX_BYTES = Integer.MAX_VALUE - 16;

    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long TOP_BITS = 0x8080_8080_8080_8080L;

    private static final byte[] ID = name(Layout.ID_FIELD);
    private static final byte[] NANOS = name(Layout.NANOS_FIELD);
    private static final byte[] DATABASE = name("database");
    private static final byte[] METRIC = name("metric");
    private static final byte[] TAGS = name("tags");

    /** A row that MongoDB would not take. */
    static final class UnfitException extends Exception {
        private static final long serialVersionUID = 1;

        UnfitException(String message) {
            super(message);
        }
    }

    /** What a column is for, and its field's name. */
    private static final class Field {
        /** The tag's name; null if the column is none. */
        private final @Nullable String tag;

        /** Whether it is the row's time. */
        private final boolean isTime;

        /** The field's name with its final NUL. */
        private final byte[] field;

        Field(@Nullable String tag, boolean isTime, byte[] field) {
            this.tag = tag;
            this.isTime = isTime;
            this.field = field;
        }
    }

    private final byte[] timeName;
    private final byte[] metaName;
    private final Set<String> taken;
    private final int maxBytes;

    private final Map<String, Field> fields = new HashMap<>();
    private final Map<String, byte[]> nestedNames = new HashMap<>();

    private byte[] buffer;
    private int length;
    private Field[] row = new Field[32];

    /** What the last envelope's rows have in common in front of their tags. */
    private @Nullable MeasurementEnvelope envelope;

    private byte[] common = new byte[0];

    /**
     * A writer with nothing written.
     *
     * @param expected about how many bytes will be written
     */
    DocumentWriter(Layout layout, long expected) {
        timeName = name(layout.timeField());
        metaName = name(layout.metaField());
        taken = layout.takenFields();
        maxBytes = layout.maxDocumentBytes();
        buffer = new byte[(int) Math.min(Math.max(expected, 1024), MAX_BYTES)];
    }

    /** Holds what was written. Another array after more has been written. */
    byte[] buffer() {
        return buffer;
    }

    /** How many bytes were written. */
    int length() {
        return length;
    }

    /**
     * Writes a row.
     *
     * @param id what its document has as {@code _id}
     * @throws UnfitException if MongoDB would not take it; nothing has been written then
     */
    void write(Measurement measurement, String id) throws UnfitException {
        int begin = length;
        try {
            document(measurement, id);
            if (length - begin > maxBytes) {
                throw new UnfitException(
                        "bytes of the document: " + (length - begin) + " (expected: <= " + maxBytes + ")");
            }
        } catch (UnfitException e) {
            length = begin;
            throw e;
        }
    }

    private void document(Measurement measurement, String id) throws UnfitException {
        resolve(measurement);
        int begin = begin();
        string(ID, id);
        long nanos = measurement.timeNanos();
        element(DATE, timeName);
        int64(Math.floorDiv(nanos, NANOS_A_MILLISECOND));
        meta(measurement);
        element(INT64, NANOS);
        int64(nanos);
        int columns = measurement.size();
        for (int column = 0; column < columns; column++) {
            Field field = row[column];
            if (field.tag == null && !field.isTime) {
                value(measurement, column, field.field);
            }
        }
        end(begin);
    }

    private void resolve(Measurement measurement) {
        int columns = measurement.size();
        if (columns > row.length) {
            row = new Field[Math.max(columns, 2 * row.length)];
        }
        for (int column = 0; column < columns; column++) {
            String name = measurement.name(column);
            Field field = fields.get(name);
            if (field == null) {
                field = field(name);
                fields.put(name, field);
            }
            row[column] = field;
        }
    }

    /** pgwatch's naming rules, as {@link Measurement} has them. */
    private Field field(String name) {
        if (name.equals("epoch_ns")) {
            return new Field(null, true, NANOS);
        } else if (name.startsWith("tag_") && name.length() > "tag_".length()) {
            String tag = name.substring("tag_".length());
            return new Field(tag, false, name(Names.field(tag)));
        }
        return new Field(null, false, name(Names.field(name, taken)));
    }

    // ---- what was measured ----

    @SuppressWarnings("ReferenceEquality") // the very envelope; an equal one is as rare as comparing is dear
    private void meta(Measurement measurement) {
        MeasurementEnvelope of = measurement.envelope();
        if (of != envelope) {
            envelope = of;
            common = common(of);
        }
        element(DOCUMENT, metaName);
        int meta = begin();
        raw(common, 0, common.length);
        int tags = -1;
        for (Map.Entry<String, String> tag : of.customTags().entrySet()) {
            if (!isOverridden(measurement, tag.getKey())) {
                tags = tags < 0 ? beginTags() : tags;
                string(name(Names.field(tag.getKey())), tag.getValue());
            }
        }
        int columns = measurement.size();
        for (int column = 0; column < columns; column++) {
            Field field = row[column];
            if (field.tag != null && measurement.type(column) != ValueType.NULL) {
                tags = tags < 0 ? beginTags() : tags;
                if (measurement.type(column) == ValueType.TEXT) {
                    text(measurement, column, field.field);
                } else {
                    string(field.field, String.valueOf(measurement.value(column)));
                }
            }
        }
        if (tags >= 0) {
            end(tags);
        }
        end(meta);
    }

    private byte[] common(MeasurementEnvelope of) {
        int from = length;
        string(DATABASE, of.database());
        string(METRIC, of.metric());
        byte[] written = Arrays.copyOfRange(buffer, from, length);
        length = from;
        return written;
    }

    private int beginTags() {
        element(DOCUMENT, TAGS);
        return begin();
    }

    private boolean isOverridden(Measurement measurement, String tag) {
        int columns = measurement.size();
        for (int column = 0; column < columns; column++) {
            if (tag.equals(row[column].tag) && measurement.type(column) != ValueType.NULL) {
                return true;
            }
        }
        return false;
    }

    // ---- values ----

    private void value(Measurement measurement, int column, byte[] name) throws UnfitException {
        switch (measurement.type(column)) {
            case NULL -> element(NULL, name);
            case BOOLEAN -> bool(name, measurement.booleanValue(column));
            case INT64 -> {
                element(INT64, name);
                int64(measurement.longValue(column));
            }
            case DOUBLE -> {
                element(DOUBLE, name);
                int64(Double.doubleToRawLongBits(measurement.doubleValue(column)));
            }
            case TEXT -> text(measurement, column, name);
            case BYTES -> {
                element(BINARY, name);
                measurement.readBytes(column, this::binary);
            }
            case UINT64, FLOAT32, LIST, OBJECT -> object(name, measurement.value(column), 1);
        }
    }

    /** A value at any depth; lists and objects are few, so these come as objects. */
    private void object(byte[] name, @Nullable Object value, int depth) throws UnfitException {
        if (value == null) {
            element(NULL, name);
        } else if (value instanceof String text) {
            string(name, text);
        } else if (value instanceof Boolean truth) {
            bool(name, truth);
        } else if (value instanceof Long number) {
            element(INT64, name);
            int64(number);
        } else if (value instanceof BigInteger number) {
            // above what int64 holds; 34 digits are enough for it
            Decimal128 decimal = new Decimal128(new BigDecimal(number));
            element(DECIMAL128, name);
            int64(decimal.getLow());
            int64(decimal.getHigh());
        } else if (value instanceof Float number) {
            // by its decimal text: 0.1 stays 0.1
            element(DOUBLE, name);
            int64(Double.doubleToRawLongBits(Double.parseDouble(number.toString())));
        } else if (value instanceof Double number) {
            element(DOUBLE, name);
            int64(Double.doubleToRawLongBits(number));
        } else if (value instanceof byte[] bytes) {
            element(BINARY, name);
            binary(bytes, 0, bytes.length);
        } else if (value instanceof List<?> list) {
            element(ARRAY, name);
            int begin = begin(depth + 1);
            for (int i = 0; i < list.size(); i++) {
                object(Integer.toString(i).concat("\0").getBytes(StandardCharsets.US_ASCII), list.get(i), depth + 1);
            }
            end(begin);
        } else if (value instanceof Map<?, ?> map) {
            element(DOCUMENT, name);
            int begin = begin(depth + 1);
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                byte[] key = nestedNames.computeIfAbsent((String) entry.getKey(), each -> name(Names.field(each)));
                object(key, entry.getValue(), depth + 1);
            }
            end(begin);
        } else {
            throw new IllegalStateException("value of class " + value.getClass().getName());
        }
    }

    private void bool(byte[] name, boolean value) {
        element(BOOLEAN, name);
        reserve(1);
        buffer[length++] = (byte) (value ? 1 : 0);
    }

    private void string(byte[] name, String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        element(STRING, name);
        string(utf8, 0, utf8.length);
    }

    private void text(Measurement measurement, int column, byte[] name) {
        element(STRING, name);
        measurement.readBytes(column, this::utf8);
    }

    /** BSON has UTF-8 only, and a document that has something else cannot be read: what is none becomes U+FFFD. */
    private void utf8(byte[] bytes, int offset, int count) {
        if (isAscii(bytes, offset, count)) {
            string(bytes, offset, count);
        } else {
            byte[] valid = new String(bytes, offset, count, StandardCharsets.UTF_8).getBytes(StandardCharsets.UTF_8);
            string(valid, 0, valid.length);
        }
    }

    private static boolean isAscii(byte[] bytes, int offset, int count) {
        int end = offset + count;
        int i = offset;
        for (; i + Long.BYTES <= end; i += Long.BYTES) {
            if (((long) LONG.get(bytes, i) & TOP_BITS) != 0) {
                return false;
            }
        }
        for (; i < end; i++) {
            if (bytes[i] < 0) {
                return false;
            }
        }
        return true;
    }

    private void string(byte[] utf8, int offset, int count) {
        reserve(count + 5L);
        INT.set(buffer, length, count + 1);
        length += Integer.BYTES;
        System.arraycopy(utf8, offset, buffer, length, count);
        length += count;
        buffer[length++] = 0;
    }

    private void binary(byte[] bytes, int offset, int count) {
        reserve(count + 5L);
        INT.set(buffer, length, count);
        length += Integer.BYTES;
        buffer[length++] = 0;
        System.arraycopy(bytes, offset, buffer, length, count);
        length += count;
    }

    // ---- bytes ----

    private int begin(int depth) throws UnfitException {
        if (depth > MAX_DEPTH) {
            throw new UnfitException("nesting of the document: " + depth + " (expected: <= " + MAX_DEPTH + ")");
        }
        return begin();
    }

    /** Leaves room for a document's length. */
    private int begin() {
        reserve(Integer.BYTES);
        int begin = length;
        length += Integer.BYTES;
        return begin;
    }

    private void end(int begin) {
        reserve(1);
        buffer[length++] = 0;
        INT.set(buffer, begin, length - begin);
    }

    private void element(byte type, byte[] name) {
        reserve(name.length + 1L);
        buffer[length++] = type;
        System.arraycopy(name, 0, buffer, length, name.length);
        length += name.length;
    }

    private void int64(long value) {
        reserve(Long.BYTES);
        LONG.set(buffer, length, value);
        length += Long.BYTES;
    }

    private void raw(byte[] bytes, int offset, int count) {
        reserve(count);
        System.arraycopy(bytes, offset, buffer, length, count);
        length += count;
    }

    private void reserve(long count) {
        if (count > buffer.length - length) {
            long needed = length + count;
            if (needed > MAX_BYTES) {
                throw new IllegalStateException("bytes of a batch: " + needed + " (expected: <= " + MAX_BYTES + ")");
            }
            buffer = Arrays.copyOf(buffer, (int) Math.min(Math.max(needed, buffer.length * 2L), MAX_BYTES));
        }
    }

    /** A name as it stands in front of a value. */
    private static byte[] name(String name) {
        return name.concat("\0").getBytes(StandardCharsets.UTF_8);
    }
}
