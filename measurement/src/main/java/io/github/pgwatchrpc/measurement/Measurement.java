package io.github.pgwatchrpc.measurement;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One row of a {@link MeasurementEnvelope}: columns in their order, each with a name, a {@link ValueType} and a value.
 * Immutable and safe to share between threads.
 *
 * <p>Columns are numbered from 0 within the row. What a column is for follows from pgwatch's naming rules: {@code
 * epoch_ns} is the time, {@code tag_*} are tags, everything else is a field; {@link #timeNanos}, {@link #tags} and
 * {@link #fields} apply them, the numbered methods show the row as it came.
 */
public final class Measurement {

    private final MeasurementEnvelope envelope;
    private final int begin;
    private final int end;

    Measurement(MeasurementEnvelope envelope, int begin, int end) {
        this.envelope = envelope;
        this.begin = begin;
        this.end = end;
    }

    /**
     * The envelope that the row came in.
     *
     * @return the envelope, for its database, metric and custom tags
     */
    public MeasurementEnvelope envelope() {
        return envelope;
    }

    /**
     * The row's time: its column {@code epoch_ns}, or the time of receipt if that is missing, zero or not a number.
     *
     * @return nanoseconds since 1970-01-01T00:00:00Z
     */
    public long timeNanos() {
        for (int cell = begin; cell < end; cell++) {
            if (column(cell).role == Column.Role.TIME) {
                long slot = envelope.slots[cell];
                long time = switch (typeOf(cell)) {
                    case INT64 -> slot;
                    case DOUBLE -> nearest(Double.longBitsToDouble(slot));
                    default -> 0;
                };
                return time == 0 ? envelope.receivedAt() : time;
            }
        }
        return envelope.receivedAt();
    }

    /** For a wire that knows only doubles; what no integer comes near, infinity for instance, is no time. */
    private static long nearest(double number) {
        return number >= -0x1p63 && number < 0x1p63 ? Math.round(number) : 0;
    }

    /**
     * The tags of the row: the custom tags of its source and the columns {@code tag_*} without that prefix, which win
     * where both have a name. A null is left out, what is not text is written as text.
     *
     * @return an unmodifiable map in the order of arrival
     */
    public Map<String, String> tags() {
        Map<String, String> tags = new LinkedHashMap<>();
        for (int cell = begin; cell < end; cell++) {
            Column column = column(cell);
            if (column.role == Column.Role.TAG) {
                Object value = valueOf(cell);
                if (value != null) {
                    tags.put(column.plainName, value instanceof String text ? text : String.valueOf(value));
                }
            }
        }
        return envelope.mergeTags(Collections.unmodifiableMap(tags));
    }

    /**
     * The fields of the row: all columns that are neither its time nor tags.
     *
     * @return an unmodifiable map in the order of arrival; see {@link #value} for what the values are
     */
    public Map<String, @Nullable Object> fields() {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        for (int cell = begin; cell < end; cell++) {
            Column column = column(cell);
            if (column.role == Column.Role.FIELD) {
                fields.put(column.name, valueOf(cell));
            }
        }
        return Collections.unmodifiableMap(fields);
    }

    /**
     * The whole row as it came.
     *
     * @return an unmodifiable map of all columns, time and tags included, in the order of arrival
     */
    public Map<String, @Nullable Object> columns() {
        Map<String, @Nullable Object> all = new LinkedHashMap<>();
        for (int cell = begin; cell < end; cell++) {
            all.put(column(cell).name, valueOf(cell));
        }
        return Collections.unmodifiableMap(all);
    }

    /**
     * How many columns the row has.
     *
     * @return number of columns, 0 and up
     */
    public int size() {
        return end - begin;
    }

    /**
     * The name of a column.
     *
     * @param column number of the column in this row
     * @return its name as it came
     */
    public String name(int column) {
        return column(cell(column)).name;
    }

    /**
     * The type of a column.
     *
     * @param column number of the column in this row
     * @return its type
     */
    public ValueType type(int column) {
        return typeOf(cell(column));
    }

    /**
     * The value of a column, as the object that its {@link ValueType} names.
     *
     * @param column number of the column in this row
     * @return the value; null for {@link ValueType#NULL}
     */
    public @Nullable Object value(int column) {
        return valueOf(cell(column));
    }

    /**
     * The value of a column by name.
     *
     * @param name the column's name as it came
     * @return the value; null also if the row has no such column (see {@link #find})
     */
    public @Nullable Object value(String name) {
        int column = find(name);
        return column < 0 ? null : value(column);
    }

    /**
     * Looks for a column by name.
     *
     * @param name the column's name as it came
     * @return its number in this row, or -1
     */
    public int find(String name) {
        for (int cell = begin; cell < end; cell++) {
            if (column(cell).name.equals(name)) {
                return cell - begin;
            }
        }
        return -1;
    }

    /**
     * The integer of a column, without making an object of it.
     *
     * @param column number of a column of type {@link ValueType#INT64}
     * @return its value
     * @throws IllegalStateException if the column is of another type
     */
    public long longValue(int column) {
        return slot(column, ValueType.INT64);
    }

    /**
     * The number of a column, without making an object of it.
     *
     * @param column number of a column of type {@link ValueType#DOUBLE}
     * @return its value
     * @throws IllegalStateException if the column is of another type
     */
    public double doubleValue(int column) {
        return Double.longBitsToDouble(slot(column, ValueType.DOUBLE));
    }

    /**
     * The truth value of a column, without making an object of it.
     *
     * @param column number of a column of type {@link ValueType#BOOLEAN}
     * @return its value
     * @throws IllegalStateException if the column is of another type
     */
    public boolean booleanValue(int column) {
        return slot(column, ValueType.BOOLEAN) != 0;
    }

    /**
     * Shows the bytes of a column where they lie, without making an object of them: for writers of other formats.
     *
     * @param column number of a column of type {@link ValueType#TEXT} (in UTF-8, unless the sender's was not) or
     *     {@link ValueType#BYTES}
     * @param to is called once, and must neither change nor keep what it is shown
     * @throws IllegalStateException if the column is of another type
     */
    public void readBytes(int column, BytesConsumer to) {
        int cell = cell(column);
        if (typeOf(cell) != ValueType.TEXT && typeOf(cell) != ValueType.BYTES) {
            throw new IllegalStateException(
                    "type of column " + column(cell).name + ": " + typeOf(cell) + " (expected: TEXT or BYTES)");
        }
        long slot = envelope.slots[cell];
        to.accept(envelope.heap, (int) (slot >>> 32), (int) slot);
    }

    private long slot(int column, ValueType expected) {
        int cell = cell(column);
        ValueType found = typeOf(cell);
        if (found != expected) {
            throw new IllegalStateException(
                    "type of column " + column(cell).name + ": " + found + " (expected: " + expected + ")");
        }
        return envelope.slots[cell];
    }

    int cell(int column) {
        return begin + Objects.checkIndex(column, end - begin);
    }

    // ---- by cell: for this class and the writers of this package ----

    int begin() {
        return begin;
    }

    int end() {
        return end;
    }

    private Column column(int cell) {
        return envelope.columns[envelope.cells[cell] >>> MeasurementEnvelope.TYPE_BITS];
    }

    private ValueType typeOf(int cell) {
        return ValueType.of(envelope.cells[cell] & MeasurementEnvelope.TYPE_MASK);
    }

    private @Nullable Object valueOf(int cell) {
        long slot = envelope.slots[cell];
        return switch (typeOf(cell)) {
            case NULL -> null;
            case BOOLEAN -> slot != 0;
            case INT64 -> slot;
            case UINT64 -> EnvelopeBuilder.unsigned(slot);
            case FLOAT32 -> Float.intBitsToFloat((int) slot);
            case DOUBLE -> Double.longBitsToDouble(slot);
            case TEXT -> new String(envelope.heap, (int) (slot >>> 32), (int) slot, StandardCharsets.UTF_8);
            case BYTES -> Arrays.copyOfRange(envelope.heap, (int) (slot >>> 32), (int) (slot >>> 32) + (int) slot);
            case LIST, OBJECT -> envelope.nested[(int) slot];
        };
    }

    /** The same columns in the same order with the same types and values. */
    @Override
    public boolean equals(@Nullable Object other) {
        if (!(other instanceof Measurement that) || size() != that.size()) {
            return false;
        }
        for (int i = 0; i < size(); i++) {
            if (!name(i).equals(that.name(i)) || type(i) != that.type(i) || !Values.equal(value(i), that.value(i))) {
                return false;
            }
        }
        return true;
    }

    @Override
    public int hashCode() {
        int hash = size();
        for (int cell = begin; cell < end; cell++) {
            hash = hash * 31 + column(cell).name.hashCode();
        }
        return hash;
    }

    @Override
    public String toString() {
        return columns().toString();
    }
}
