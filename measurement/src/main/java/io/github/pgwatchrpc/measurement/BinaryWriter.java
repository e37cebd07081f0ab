package io.github.pgwatchrpc.measurement;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.math.BigInteger;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Writes envelopes in a compact binary form that keeps every value exactly, for storing them on disk: text as the bytes
 * that came, whether they are UTF-8 or not, and names once an envelope. {@link BinaryReader} reads it. Numbers are
 * little-endian; a <i>varint</i> has seven bits a byte, the lowest first, and a set top bit in all but its last; a
 * <i>text</i> is a varint, its length, and that many bytes of UTF-8.
 *
 * <table>
 *   <caption>An envelope</caption>
 *   <tr><th>bytes</th><th>meaning</th></tr>
 *   <tr><td>1</td><td>version of this form: 1</td></tr>
 *   <tr><td>1</td><td>1 if there is a set of custom tags, else 0</td></tr>
 *   <tr><td>8</td><td>time of receipt, nanoseconds since 1970</td></tr>
 *   <tr><td>text, text</td><td>database, metric</td></tr>
 *   <tr><td>varint, then pairs of texts</td><td>custom tags, if there is a set of them</td></tr>
 *   <tr><td>varint, then texts</td><td>column names</td></tr>
 *   <tr><td>3 varints</td><td>number of rows, number of cells, bytes of all texts and bytes in cells</td></tr>
 *   <tr><td>for each row</td><td>varint: its number of cells; then the cells</td></tr>
 *   <tr><td>for each cell</td><td>varint: 16 × number of the column + type; then the value</td></tr>
 * </table>
 *
 * <table>
 *   <caption>A value, by type</caption>
 *   <tr><th>type</th><th>bytes</th></tr>
 *   <tr><td>0 null</td><td>none</td></tr>
 *   <tr><td>1 boolean</td><td>1: 0 or 1</td></tr>
 *   <tr><td>2 int64</td><td>varint of the number zigzagged: 0, -1, 1, -2 … become 0, 1, 2, 3 …</td></tr>
 *   <tr><td>3 uint64</td><td>8</td></tr>
 *   <tr><td>4 float32</td><td>4: its bits</td></tr>
 *   <tr><td>5 double</td><td>8: its bits</td></tr>
 *   <tr><td>6 text, 7 bytes</td><td>text</td></tr>
 *   <tr><td>8 list</td><td>varint: number of elements; for each 1 byte, its type, and the value</td></tr>
 *   <tr><td>9 object</td><td>varint: number of entries; for each its name as text, 1 byte, its type, and the value</td></tr>
 * </table>
 *
 * <p>The single numbers and texts are public so that a record can be built around envelopes. Meant to be kept and used
 * again; not thread-safe.
 */
public final class BinaryWriter {

    /** What stands in the first byte of an envelope. */
    static final int VERSION = 1;

    /** A buffer above this many bytes is let go by {@link #clear}, so that one large envelope is not kept for ever. */
    static final int KEPT_BYTES = 16 << 20;

    private static final int FIRST_BYTES = 8 << 10;
    private static final int LONGEST_VARINT = 10;

    /** Some virtual machines cannot make arrays of the last few sizes. */
    private static final int MAX_BYTES = Integer.MAX_VALUE - 8;

    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private byte[] buffer = new byte[FIRST_BYTES];
    private int length;

    /** A writer with an empty buffer. */
    public BinaryWriter() {}

    /**
     * The bytes, from the first of the array; they are overwritten by what follows a {@link #clear}.
     *
     * @return the writer's own buffer, of which the first {@link #length} bytes count
     */
    public byte[] buffer() {
        return buffer;
    }

    /**
     * How many bytes have been written.
     *
     * @return number of bytes
     */
    public int length() {
        return length;
    }

    /**
     * Forgets what was written.
     *
     * @return this writer
     */
    public BinaryWriter clear() {
        return truncate(0);
    }

    /**
     * Forgets what was written behind a place.
     *
     * @param newLength how many bytes stay
     * @return this writer
     * @throws IndexOutOfBoundsException if there are not that many
     */
    public BinaryWriter truncate(int newLength) {
        if (newLength < 0 || newLength > length) {
            throw new IndexOutOfBoundsException("length: " + newLength + " (expected: 0 to " + length + ")");
        }
        length = newLength;
        if (newLength == 0 && buffer.length > KEPT_BYTES) {
            buffer = new byte[FIRST_BYTES];
        }
        return this;
    }

    /**
     * Leaves room, to be filled by {@link #setInt32} and {@link #setInt64} when what belongs there is known.
     *
     * @param bytes how many
     * @return this writer
     */
    public BinaryWriter skip(int bytes) {
        ensure(bytes);
        Arrays.fill(buffer, length, length + bytes, (byte) 0);
        length += bytes;
        return this;
    }

    /**
     * Overwrites four bytes.
     *
     * @param at the first of them, before {@link #length}
     * @param value what to write
     */
    public void setInt32(int at, int value) {
        INT.set(buffer, at, value);
    }

    /**
     * Overwrites eight bytes.
     *
     * @param at the first of them, before {@link #length}
     * @param value what to write
     */
    public void setInt64(int at, long value) {
        LONG.set(buffer, at, value);
    }

    /**
     * Writes the low eight bits of a number.
     *
     * @param value the number
     * @return this writer
     */
    public BinaryWriter int8(int value) {
        ensure(1);
        buffer[length++] = (byte) value;
        return this;
    }

    /**
     * Writes four bytes.
     *
     * @param value the number
     * @return this writer
     */
    public BinaryWriter int32(int value) {
        ensure(Integer.BYTES);
        INT.set(buffer, length, value);
        length += Integer.BYTES;
        return this;
    }

    /**
     * Writes eight bytes.
     *
     * @param value the number
     * @return this writer
     */
    public BinaryWriter int64(long value) {
        ensure(Long.BYTES);
        LONG.set(buffer, length, value);
        length += Long.BYTES;
        return this;
    }

    /**
     * Writes a varint.
     *
     * @param value the number, taken as unsigned
     * @return this writer
     */
    public BinaryWriter varint(long value) {
        ensure(LONGEST_VARINT);
        long rest = value;
        while ((rest & ~0x7fL) != 0) {
            buffer[length++] = (byte) (rest | 0x80);
            rest >>>= 7;
        }
        buffer[length++] = (byte) rest;
        return this;
    }

    /**
     * Writes text with its length.
     *
     * @param value the text
     * @return this writer
     */
    public BinaryWriter text(String value) {
        byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
        return bytes(utf8, 0, utf8.length);
    }

    private BinaryWriter bytes(byte[] source, int offset, int count) {
        varint(count);
        ensure(count);
        System.arraycopy(source, offset, buffer, length, count);
        length += count;
        return this;
    }

    /**
     * Writes an envelope.
     *
     * @param envelope the envelope
     * @return this writer
     */
    public BinaryWriter envelope(MeasurementEnvelope envelope) {
        return envelope(envelope, 0, envelope.size());
    }

    /**
     * Writes an envelope with some of its rows.
     *
     * @param envelope the envelope
     * @param from number of the first row
     * @param to number of the row after the last
     * @return this writer
     * @throws IndexOutOfBoundsException if there are no such rows
     */
    public BinaryWriter envelope(MeasurementEnvelope envelope, int from, int to) {
        Objects.checkFromToIndex(from, to, envelope.size());
        int8(VERSION).int8(envelope.hasCustomTags() ? 1 : 0).int64(envelope.receivedAt());
        text(envelope.database()).text(envelope.metric());
        if (envelope.hasCustomTags()) {
            varint(envelope.customTags().size());
            envelope.customTags().forEach((name, value) -> text(name).text(value));
        }
        varint(envelope.columns.length);
        for (Column column : envelope.columns) {
            bytes(column.utf8, 0, column.utf8.length);
        }
        int begin = from == 0 ? 0 : envelope.rowEnds[from - 1];
        int end = to == 0 ? 0 : envelope.rowEnds[to - 1];
        varint(to - from).varint(end - begin).varint(heapBytes(envelope, begin, end));
        int cell = begin;
        for (int row = from; row < to; row++) {
            int rowEnd = envelope.rowEnds[row];
            varint(rowEnd - cell);
            for (; cell < rowEnd; cell++) {
                cell(envelope, cell);
            }
        }
        return this;
    }

    private static long heapBytes(MeasurementEnvelope envelope, int begin, int end) {
        long sum = 0;
        for (int cell = begin; cell < end; cell++) {
            int type = envelope.cells[cell] & MeasurementEnvelope.TYPE_MASK;
            if (type == ValueType.TEXT.code() || type == ValueType.BYTES.code()) {
                sum += (int) envelope.slots[cell];
            }
        }
        return sum;
    }

    private void cell(MeasurementEnvelope envelope, int cell) {
        int code = envelope.cells[cell];
        long slot = envelope.slots[cell];
        varint(code);
        switch (ValueType.of(code & MeasurementEnvelope.TYPE_MASK)) {
            case NULL -> {}
            case BOOLEAN -> int8((int) slot);
            case INT64 -> varint(zigzag(slot));
            case FLOAT32 -> int32((int) slot);
            case UINT64, DOUBLE -> int64(slot);
            case TEXT, BYTES -> bytes(envelope.heap, (int) (slot >>> 32), (int) slot);
            case LIST, OBJECT -> nested(envelope.nested[(int) slot]);
        }
    }

    private static long zigzag(long value) {
        return (value << 1) ^ (value >> 63);
    }

    private void nested(Object value) {
        if (value instanceof List<?> list) {
            varint(list.size());
            list.forEach(this::typed);
        } else if (value instanceof Map<?, ?> map) {
            varint(map.size());
            map.forEach((name, each) -> {
                text((String) name);
                typed(each);
            });
        }
    }

    /** A value of {@link Values#exact}. */
    private void typed(@Nullable Object value) {
        if (value == null) {
            type(ValueType.NULL);
        } else if (value instanceof Boolean b) {
            type(ValueType.BOOLEAN).int8(b ? 1 : 0);
        } else if (value instanceof Long l) {
            type(ValueType.INT64).varint(zigzag(l));
        } else if (value instanceof BigInteger big) {
            type(ValueType.UINT64).int64(big.longValue());
        } else if (value instanceof Float f) {
            type(ValueType.FLOAT32).int32(Float.floatToRawIntBits(f));
        } else if (value instanceof Double d) {
            type(ValueType.DOUBLE).int64(Double.doubleToRawLongBits(d));
        } else if (value instanceof String s) {
            type(ValueType.TEXT).text(s);
        } else if (value instanceof byte[] b) {
            type(ValueType.BYTES).bytes(b, 0, b.length);
        } else {
            type(value instanceof List<?> ? ValueType.LIST : ValueType.OBJECT).nested(value);
        }
    }

    private BinaryWriter type(ValueType type) {
        return int8(type.code());
    }

    private void ensure(int more) {
        if (more > buffer.length - length) {
            long wanted = (long) length + more;
            if (wanted > MAX_BYTES) {
                throw new IllegalStateException(
                        "bytes of the binary form: " + wanted + " (expected: <= " + MAX_BYTES + ")");
            }
            buffer = Arrays.copyOf(buffer, (int) Math.min(MAX_BYTES, Math.max(wanted, 2L * buffer.length)));
        }
    }
}
