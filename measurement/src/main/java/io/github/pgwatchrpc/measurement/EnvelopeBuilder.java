package io.github.pgwatchrpc.measurement;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Fills {@link MeasurementEnvelope}s, one after the other. A codec keeps one builder a thread and calls {@link #build}
 * for each envelope: the builder's buffers and the column names it has learnt are used again, what it hands out is
 * trimmed and its own.
 *
 * <p>Rows are written column by column: {@link #beginRow}, then for each column {@link #column} followed by one of the
 * {@code put} methods, then {@link #endRow}. A column that comes twice in a row keeps its last value, as in a Go map.
 *
 * <p>Nothing is reserved ahead of the data: memory grows with what was put in. Not thread-safe.
 */
public final class EnvelopeBuilder {

    private static final BigInteger TWO_64 = BigInteger.ONE.shiftLeft(64);

    /** Buffers above this many elements are let go after an envelope, so that one large envelope is not kept for ever. */
    private static final int KEPT = 64 * 1024;

    private final ColumnNames names = new ColumnNames();

    private String database = "";
    private String metric = "";
    private @Nullable Map<String, String> customTags;
    private long receivedAt;

    private ColumnNames.Entry[] used = new ColumnNames.Entry[32];
    private int columnCount;

    private int[] rowEnds = new int[16];
    private int rowCount;
    private boolean inRow;

    private int[] cells = new int[256];
    private long[] slots = new long[256];
    private int cellCount;

    private byte[] heap = new byte[1024];
    private int heapSize;

    private Object[] nested = new Object[8];
    private int nestedCount;

    /** An empty builder. */
    public EnvelopeBuilder() {}

    /**
     * Names the database (pgwatch: the source).
     *
     * @param value the name; empty if the sender gave none
     * @return this builder
     */
    public EnvelopeBuilder database(String value) {
        database = Objects.requireNonNull(value, "database");
        return this;
    }

    /**
     * Names the metric.
     *
     * @param value the name; empty if the sender gave none
     * @return this builder
     */
    public EnvelopeBuilder metric(String value) {
        metric = Objects.requireNonNull(value, "metric");
        return this;
    }

    /**
     * Sets when the envelope arrived, which is the time of rows that carry none.
     *
     * @param epochNanos nanoseconds since 1970-01-01T00:00:00Z
     * @return this builder
     */
    public EnvelopeBuilder receivedAt(long epochNanos) {
        receivedAt = epochNanos;
        return this;
    }

    /**
     * Adds a custom tag of the source. The first call, even with an empty map by {@link #customTags}, tells "no tags"
     * apart from "an empty set of tags", which pgwatch's own file format does too.
     *
     * @param name the tag's name
     * @param value the tag's value
     * @return this builder
     */
    public EnvelopeBuilder customTag(String name, String value) {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(value, "value");
        Map<String, String> tags = customTags;
        if (tags == null) {
            tags = new LinkedHashMap<>();
            customTags = tags;
        }
        tags.put(name, value);
        return this;
    }

    /**
     * Adds custom tags of the source.
     *
     * @param tags names and values
     * @return this builder
     */
    public EnvelopeBuilder customTags(Map<String, String> tags) {
        if (customTags == null) {
            customTags = new LinkedHashMap<>();
        }
        tags.forEach(this::customTag);
        return this;
    }

    /**
     * Begins a row.
     *
     * @return this builder
     * @throws IllegalStateException if a row is open
     */
    public EnvelopeBuilder beginRow() {
        if (inRow) {
            throw new IllegalStateException("row " + rowCount + " has not been ended");
        }
        inRow = true;
        return this;
    }

    /**
     * Ends the row.
     *
     * @return this builder
     * @throws IllegalStateException if no row is open
     */
    public EnvelopeBuilder endRow() {
        requireRow();
        if (rowCount == rowEnds.length) {
            rowEnds = Arrays.copyOf(rowEnds, rowCount * 2);
        }
        rowEnds[rowCount++] = cellCount;
        inRow = false;
        return this;
    }

    /**
     * Finds the number of a column within this envelope, for the {@code put} methods.
     *
     * @param name the column's name
     * @return its number, from 0 in the order of first use
     */
    public int column(String name) {
        return number(names.get(name));
    }

    /**
     * Finds the number of a column within this envelope from its name's bytes, without making a string when the name is
     * known.
     *
     * @param bytes holds the name in UTF-8
     * @param offset where it begins
     * @param length how many bytes it has
     * @return its number, from 0 in the order of first use
     */
    public int column(byte[] bytes, int offset, int length) {
        return number(names.get(bytes, offset, length));
    }

    private int number(ColumnNames.Entry entry) {
        if (entry.index < 0) {
            if (columnCount == used.length) {
                used = Arrays.copyOf(used, columnCount * 2);
            }
            entry.index = columnCount;
            used[columnCount++] = entry;
        }
        return entry.index;
    }

    /**
     * Puts SQL's null.
     *
     * @param column number of the column
     * @return this builder
     */
    public EnvelopeBuilder putNull(int column) {
        return cell(column, ValueType.NULL, 0);
    }

    /**
     * Puts true or false.
     *
     * @param column number of the column
     * @param value the value
     * @return this builder
     */
    public EnvelopeBuilder putBoolean(int column, boolean value) {
        return cell(column, ValueType.BOOLEAN, value ? 1 : 0);
    }

    /**
     * Puts a signed integer.
     *
     * @param column number of the column
     * @param value the value
     * @return this builder
     */
    public EnvelopeBuilder putLong(int column, long value) {
        return cell(column, ValueType.INT64, value);
    }

    /**
     * Puts an unsigned integer. Up to 2<sup>63</sup>−1 it is an {@link ValueType#INT64} like any other.
     *
     * @param column number of the column
     * @param bits the 64 bits of the value
     * @return this builder
     */
    public EnvelopeBuilder putUnsignedLong(int column, long bits) {
        return cell(column, bits < 0 ? ValueType.UINT64 : ValueType.INT64, bits);
    }

    /**
     * Puts a number of double precision.
     *
     * @param column number of the column
     * @param value the value, NaN and infinities included
     * @return this builder
     */
    public EnvelopeBuilder putDouble(int column, double value) {
        return cell(column, ValueType.DOUBLE, Double.doubleToRawLongBits(value));
    }

    /**
     * Puts a number of single precision.
     *
     * @param column number of the column
     * @param value the value, NaN and infinities included
     * @return this builder
     */
    public EnvelopeBuilder putFloat(int column, float value) {
        return cell(column, ValueType.FLOAT32, Float.floatToRawIntBits(value));
    }

    /**
     * Puts text from its bytes, as they came: bytes that are not UTF-8 stay, and read as U+FFFD.
     *
     * @param column number of the column
     * @param bytes holds the text in UTF-8
     * @param offset where it begins
     * @param length how many bytes it has
     * @return this builder
     */
    public EnvelopeBuilder putText(int column, byte[] bytes, int offset, int length) {
        return cell(column, ValueType.TEXT, onHeap(bytes, offset, length));
    }

    /**
     * Puts text.
     *
     * @param column number of the column
     * @param value the text
     * @return this builder
     */
    public EnvelopeBuilder putText(int column, String value) {
        byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
        return putText(column, utf8, 0, utf8.length);
    }

    /**
     * Puts bytes.
     *
     * @param column number of the column
     * @param bytes holds them
     * @param offset where they begin
     * @param length how many there are
     * @return this builder
     */
    public EnvelopeBuilder putBytes(int column, byte[] bytes, int offset, int length) {
        return cell(column, ValueType.BYTES, onHeap(bytes, offset, length));
    }

    /**
     * Puts any value of the model: null, {@link Boolean}, {@link Byte}, {@link Short}, {@link Integer}, {@link Long},
     * {@link BigInteger} from −2<sup>63</sup> to 2<sup>64</sup>−1, {@link Float}, {@link Double}, {@link String},
     * {@code byte[]}, a {@link List} of such values or a {@link Map} from text to such values (both are copied).
     *
     * @param column number of the column
     * @param value the value
     * @return this builder
     * @throws IllegalArgumentException if the value, or one inside it, is of another class or out of range
     */
    public EnvelopeBuilder put(int column, @Nullable Object value) {
        Object exact = Values.exact(value);
        if (exact == null) {
            return putNull(column);
        } else if (exact instanceof Boolean b) {
            return putBoolean(column, b);
        } else if (exact instanceof Long l) {
            return putLong(column, l);
        } else if (exact instanceof BigInteger big) {
            return putUnsignedLong(column, big.longValue());
        } else if (exact instanceof Float f) {
            return putFloat(column, f);
        } else if (exact instanceof Double d) {
            return putDouble(column, d);
        } else if (exact instanceof String s) {
            return putText(column, s);
        } else if (exact instanceof byte[] b) {
            return putBytes(column, b, 0, b.length);
        } else {
            if (nestedCount == nested.length) {
                nested = Arrays.copyOf(nested, nestedCount * 2);
            }
            nested[nestedCount] = exact;
            return cell(column, exact instanceof List<?> ? ValueType.LIST : ValueType.OBJECT, nestedCount++);
        }
    }

    /**
     * Puts any value of the model by the column's name; see {@link #put(int, Object)}.
     *
     * @param column the column's name
     * @param value the value
     * @return this builder
     */
    public EnvelopeBuilder put(String column, @Nullable Object value) {
        return put(column(column), value);
    }

    /**
     * Adds a whole row.
     *
     * @param row columns and values in their order; see {@link #put(int, Object)} for what values may be
     * @return this builder
     */
    public EnvelopeBuilder row(Map<String, ? extends @Nullable Object> row) {
        beginRow();
        row.forEach((name, value) -> put(name, value));
        return endRow();
    }

    /**
     * How many rows have been ended since the last envelope.
     *
     * @return number of rows
     */
    public int rows() {
        return rowCount;
    }

    /**
     * Makes the envelope and empties the builder for the next one.
     *
     * @return the envelope
     * @throws IllegalStateException if a row is open
     */
    public MeasurementEnvelope build() {
        if (inRow) {
            throw new IllegalStateException("row " + rowCount + " has not been ended");
        }
        Column[] columns = new Column[columnCount];
        for (int i = 0; i < columnCount; i++) {
            columns[i] = used[i].column;
        }
        MeasurementEnvelope envelope = new MeasurementEnvelope(
                database,
                metric,
                customTags,
                receivedAt,
                columns,
                Arrays.copyOf(rowEnds, rowCount),
                Arrays.copyOf(cells, cellCount),
                Arrays.copyOf(slots, cellCount),
                Arrays.copyOf(heap, heapSize),
                Arrays.copyOf(nested, nestedCount));
        reset();
        return envelope;
    }

    /**
     * Throws away what has been put in since the last envelope, for instance because its bytes turned out to be broken.
     *
     * @return this builder
     */
    public EnvelopeBuilder reset() {
        for (int i = 0; i < columnCount; i++) {
            used[i].index = -1;
            used[i].lastRow = -1;
        }
        names.nextEnvelope();
        Arrays.fill(nested, 0, nestedCount, null);
        if (cells.length > KEPT) {
            cells = new int[256];
            slots = new long[256];
        }
        if (heap.length > KEPT) {
            heap = new byte[1024];
        }
        if (used.length > ColumnNames.MAX_NAMES) {
            used = new ColumnNames.Entry[32];
        }
        if (rowEnds.length > KEPT) {
            rowEnds = new int[16];
        }
        if (nested.length > KEPT) {
            nested = new Object[8];
        }
        database = "";
        metric = "";
        customTags = null;
        receivedAt = 0;
        columnCount = 0;
        rowCount = 0;
        inRow = false;
        cellCount = 0;
        heapSize = 0;
        nestedCount = 0;
        return this;
    }

    private EnvelopeBuilder cell(int column, ValueType type, long slot) {
        requireRow();
        ColumnNames.Entry entry = used[Objects.checkIndex(column, columnCount)];
        int at = cellCount;
        if (entry.lastRow == rowCount) {
            at = entry.lastCell;
        } else {
            entry.lastRow = rowCount;
            entry.lastCell = cellCount;
            if (cellCount == cells.length) {
                cells = Arrays.copyOf(cells, cellCount * 2);
                slots = Arrays.copyOf(slots, cellCount * 2);
            }
            cellCount++;
        }
        cells[at] = column << MeasurementEnvelope.TYPE_BITS | type.code();
        slots[at] = slot;
        return this;
    }

    private long onHeap(byte[] bytes, int offset, int length) {
        if (heapSize + length > heap.length) {
            heap = Arrays.copyOf(heap, Math.max(heapSize + length, heap.length * 2));
        }
        System.arraycopy(bytes, offset, heap, heapSize, length);
        long slot = (long) heapSize << 32 | length;
        heapSize += length;
        return slot;
    }

    private void requireRow() {
        if (!inRow) {
            throw new IllegalStateException("no row has been begun");
        }
    }

    static BigInteger unsigned(long bits) {
        BigInteger value = BigInteger.valueOf(bits);
        return bits < 0 ? value.add(TWO_64) : value;
    }
}
