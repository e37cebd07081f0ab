package io.github.pgwatchrpc.measurement;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Reads what {@link BinaryWriter} has written. Keeps the column names that it has learnt, so that the next envelope with
 * the same columns costs no strings for them. Nothing is reserved for a length that the bytes at hand cannot hold. Not
 * thread-safe.
 */
public final class BinaryReader {

    private static final byte[] NOTHING = new byte[0];
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private final ColumnNames names = new ColumnNames();
    private byte[] buffer = NOTHING;
    private int at;
    private int end;

    /** What the texts of the envelope being read are put into, and how much of it is filled. */
    private byte[] heap = NOTHING;

    private int heapSize;

    /** A reader with nothing to read. */
    public BinaryReader() {}

    /**
     * Takes bytes to read.
     *
     * @param bytes holds them; not copied
     * @param from the first
     * @param to the one after the last
     * @return this reader
     */
    public BinaryReader read(byte[] bytes, int from, int to) {
        Objects.checkFromToIndex(from, to, bytes.length);
        buffer = bytes;
        at = from;
        end = to;
        return this;
    }

    /**
     * How many bytes there are still to read.
     *
     * @return number of bytes
     */
    public int remaining() {
        return end - at;
    }

    /**
     * Reads one byte.
     *
     * @return the number, 0 to 255
     * @throws IOException if there is none
     */
    public int int8() throws IOException {
        require(1);
        return buffer[at++] & 0xff;
    }

    /**
     * Reads four bytes.
     *
     * @return the number
     * @throws IOException if there are not as many
     */
    public int int32() throws IOException {
        require(Integer.BYTES);
        int value = (int) INT.get(buffer, at);
        at += Integer.BYTES;
        return value;
    }

    /**
     * Reads eight bytes.
     *
     * @return the number
     * @throws IOException if there are not as many
     */
    public long int64() throws IOException {
        require(Long.BYTES);
        long value = (long) LONG.get(buffer, at);
        at += Long.BYTES;
        return value;
    }

    /**
     * Reads a varint.
     *
     * @return the number, unsigned
     * @throws IOException if it does not end, or has more than 64 bits
     */
    public long varint() throws IOException {
        long value = 0;
        for (int shift = 0; shift < Long.SIZE; shift += 7) {
            int next = int8();
            value |= (long) (next & 0x7f) << shift;
            if (next < 0x80) {
                return value;
            }
        }
        throw new IOException("varint: more than 64 bits");
    }

    /**
     * Reads a number of things of which each takes a byte at least.
     *
     * @param what names them in the error
     * @return the number, 0 to {@link #remaining}
     * @throws IOException if the bytes at hand cannot hold as many
     */
    public int count(String what) throws IOException {
        long count = varint();
        if (count < 0 || count > remaining()) {
            throw new IOException(
                    what + ": " + Long.toUnsignedString(count) + " (expected: <= " + remaining() + ", the bytes left)");
        }
        return (int) count;
    }

    /**
     * Reads text.
     *
     * @return the text
     * @throws IOException if the bytes at hand do not hold it
     */
    public String text() throws IOException {
        int length = count("bytes of a text");
        String text = new String(buffer, at, length, StandardCharsets.UTF_8);
        at += length;
        return text;
    }

    /**
     * Reads an envelope.
     *
     * @return the envelope, equal to the one that was written, and with the same time of receipt
     * @throws IOException if this is no envelope of a version that is known
     */
    public MeasurementEnvelope envelope() throws IOException {
        int version = int8();
        if (version != BinaryWriter.VERSION) {
            throw new IOException("version of an envelope: " + version + " (expected: " + BinaryWriter.VERSION + ")");
        }
        boolean tagged = int8() != 0;
        long receivedAt = int64();
        String database = text();
        String metric = text();
        Map<String, String> tags = tagged ? tags() : null;
        names.nextEnvelope();
        Column[] columns = new Column[count("columns")];
        for (int i = 0; i < columns.length; i++) {
            int length = count("bytes of a name");
            columns[i] = names.get(buffer, at, length).column;
            at += length;
        }
        int[] rowEnds = new int[count("rows")];
        int[] cells = new int[count("cells")];
        long[] slots = new long[cells.length];
        heap = new byte[count("bytes of texts")];
        heapSize = 0;
        List<Object> nested = new ArrayList<>(0);
        int cell = 0;
        for (int row = 0; row < rowEnds.length; row++) {
            int rowEnd = cell + count("cells of a row");
            if (rowEnd > cells.length) {
                throw new IOException("cells: " + rowEnd + " (expected: <= " + cells.length + ")");
            }
            for (; cell < rowEnd; cell++) {
                long code = varint();
                if (code < 0 || code >>> MeasurementEnvelope.TYPE_BITS >= columns.length) {
                    throw new IOException("column: " + (code >>> MeasurementEnvelope.TYPE_BITS) + " (expected: < "
                            + columns.length + ")");
                }
                cells[cell] = (int) code;
                slots[cell] = slot(type((int) code & MeasurementEnvelope.TYPE_MASK), nested);
            }
            rowEnds[row] = rowEnd;
        }
        if (cell != cells.length || heapSize != heap.length) {
            throw new IOException("cells: " + cell + ", bytes of texts: " + heapSize + " (expected: " + cells.length
                    + " and " + heap.length + ")");
        }
        MeasurementEnvelope envelope = new MeasurementEnvelope(
                database, metric, tags, receivedAt, columns, rowEnds, cells, slots, heap, nested.toArray());
        heap = NOTHING;
        return envelope;
    }

    private Map<String, String> tags() throws IOException {
        int count = count("custom tags");
        Map<String, String> tags = new LinkedHashMap<>();
        for (int i = 0; i < count; i++) {
            String name = text();
            tags.put(name, text());
        }
        return tags;
    }

    private long slot(ValueType type, List<Object> nested) throws IOException {
        return switch (type) {
            case NULL -> 0;
            case BOOLEAN -> int8();
            case INT64 -> unzigzag(varint());
            case FLOAT32 -> int32();
            case UINT64, DOUBLE -> int64();
            case TEXT, BYTES -> onHeap(count("bytes of a value"));
            case LIST -> {
                nested.add(list());
                yield nested.size() - 1L;
            }
            case OBJECT -> {
                nested.add(object());
                yield nested.size() - 1L;
            }
        };
    }

    private long onHeap(int length) throws IOException {
        if (length > heap.length - heapSize) {
            throw new IOException(
                    "bytes of texts: " + ((long) heapSize + length) + " (expected: <= " + heap.length + ")");
        }
        System.arraycopy(buffer, at, heap, heapSize, length);
        long slot = (long) heapSize << 32 | length;
        heapSize += length;
        at += length;
        return slot;
    }

    private List<@Nullable Object> list() throws IOException {
        int count = count("elements of a list");
        List<@Nullable Object> list = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            list.add(value(type(int8())));
        }
        return Collections.unmodifiableList(list);
    }

    private Map<String, @Nullable Object> object() throws IOException {
        int count = count("entries of an object");
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        for (int i = 0; i < count; i++) {
            String name = text();
            map.put(name, value(type(int8())));
        }
        return Collections.unmodifiableMap(map);
    }

    private @Nullable Object value(ValueType type) throws IOException {
        return switch (type) {
            case NULL -> null;
            case BOOLEAN -> int8() != 0;
            case INT64 -> unzigzag(varint());
            case UINT64 -> EnvelopeBuilder.unsigned(int64());
            case FLOAT32 -> Float.intBitsToFloat(int32());
            case DOUBLE -> Double.longBitsToDouble(int64());
            case TEXT -> text();
            case BYTES -> {
                int length = count("bytes of a value");
                byte[] bytes = Arrays.copyOfRange(buffer, at, at + length);
                at += length;
                yield bytes;
            }
            case LIST -> list();
            case OBJECT -> object();
        };
    }

    private static long unzigzag(long value) {
        return (value >>> 1) ^ -(value & 1);
    }

    private static ValueType type(int code) throws IOException {
        if (code > ValueType.OBJECT.code()) {
            throw new IOException("type of a value: " + code + " (expected: 0 to " + ValueType.OBJECT.code() + ")");
        }
        return ValueType.of(code);
    }

    private void require(int bytes) throws IOException {
        if (bytes > end - at) {
            throw new IOException("bytes left: " + (end - at) + " (expected: >= " + bytes + ")");
        }
    }
}
