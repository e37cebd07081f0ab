package io.github.pgwatchrpc.measurement;

import java.util.AbstractList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.RandomAccess;
import org.jspecify.annotations.Nullable;

/**
 * What one call of pgwatch carries: rows of one metric from one database, with the source's custom tags. Immutable and
 * safe to share between threads; made by an {@link EnvelopeBuilder}.
 *
 * <p>The rows lie in a few flat arrays instead of a map each: twelve bytes a value, text as the UTF-8 bytes that came,
 * names once. A row that lacks a column costs nothing for it, and each row keeps its own order of columns. {@link
 * Measurement}s are small views that are made when asked for.
 */
public final class MeasurementEnvelope {

    /** The low bits of a cell hold the {@link ValueType}'s code, the others the column's number. */
    static final int TYPE_BITS = 4;

    static final int TYPE_MASK = (1 << TYPE_BITS) - 1;

    private final String database;
    private final String metric;
    private final @Nullable Map<String, String> customTags;
    private final long receivedAt;

    final Column[] columns;

    /** For each row, the number of the cell after its last. */
    final int[] rowEnds;

    final int[] cells;

    /**
     * The value of each cell: the integer itself, the bits of a floating-point number, 0 or 1, offset and length (high
     * and low half) in {@link #heap}, or an index in {@link #nested}.
     */
    final long[] slots;

    final byte[] heap;
    final Object[] nested;

    MeasurementEnvelope(
            String database,
            String metric,
            @Nullable Map<String, String> customTags,
            long receivedAt,
            Column[] columns,
            int[] rowEnds,
            int[] cells,
            long[] slots,
            byte[] heap,
            Object[] nested) {
        this.database = database;
        this.metric = metric;
        this.customTags = customTags == null ? null : Collections.unmodifiableMap(customTags);
        this.receivedAt = receivedAt;
        this.columns = columns;
        this.rowEnds = rowEnds;
        this.cells = cells;
        this.slots = slots;
        this.heap = heap;
        this.nested = nested;
    }

    /**
     * The database that was measured: the name of the source in pgwatch's configuration.
     *
     * @return its name; empty if the sender gave none
     */
    public String database() {
        return database;
    }

    /**
     * The metric that was measured.
     *
     * @return its name; empty if the sender gave none
     */
    public String metric() {
        return metric;
    }

    /**
     * The custom tags of the source.
     *
     * @return names and values in the order of arrival; empty if there are none
     */
    public Map<String, String> customTags() {
        return customTags == null ? Map.of() : customTags;
    }

    /**
     * Whether the sender gave custom tags at all, be it an empty set of them. pgwatch's file format writes {@code null}
     * when it did not.
     *
     * @return false if there was no set of tags
     */
    public boolean hasCustomTags() {
        return customTags != null;
    }

    /**
     * When the envelope arrived.
     *
     * @return nanoseconds since 1970-01-01T00:00:00Z
     */
    public long receivedAt() {
        return receivedAt;
    }

    /**
     * How many rows there are.
     *
     * @return number of rows, 0 and up
     */
    public int size() {
        return rowEnds.length;
    }

    /**
     * One row.
     *
     * @param row number of the row, from 0
     * @return a view of it
     * @throws IndexOutOfBoundsException if there is no such row
     */
    public Measurement get(int row) {
        Objects.checkIndex(row, rowEnds.length);
        return new Measurement(this, row == 0 ? 0 : rowEnds[row - 1], rowEnds[row]);
    }

    /**
     * All rows in their order.
     *
     * @return an unmodifiable view
     */
    public List<Measurement> rows() {
        return new Rows(this);
    }

    /**
     * The envelope as it may be kept: without keys of this receiver, wherever a sender has put them (see {@link KeyText}).
     * Tags, columns and entries of objects that are there for a key are left out; in every other text, in bytes and in names,
     * {@link KeyText#MASK} stands in a key's place.
     *
     * @return the very same envelope if it holds no key
     */
    public MeasurementEnvelope withoutKeys() {
        return KeyRemoval.isNeeded(this) ? new KeyRemoval(this).result() : this;
    }

    /**
     * How many bytes of memory the envelope's data takes, without the names that it shares with others.
     *
     * @return bytes, rounded
     */
    public long sizeInBytes() {
        return 160L + 12L * cells.length + 4L * (rowEnds.length + columns.length) + heap.length + 100L * nested.length;
    }

    /**
     * The same database, metric, tags and rows, each row with the same columns in the same order and the same types. The
     * time of receipt does not count.
     */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof MeasurementEnvelope that
                && database.equals(that.database)
                && metric.equals(that.metric)
                && Objects.equals(customTags, that.customTags)
                && rows().equals(that.rows());
    }

    @Override
    public int hashCode() {
        return Objects.hash(database, metric, size());
    }

    /** Names what it is and how much, never the values: those may be anything. */
    @Override
    public String toString() {
        return "MeasurementEnvelope[" + database + ", " + metric + ", " + size() + " rows]";
    }

    /** All tags of a row: those of the source, over which those of the row win. */
    Map<String, String> mergeTags(Map<String, String> ofRow) {
        if (customTags == null || customTags.isEmpty()) {
            return ofRow;
        }
        Map<String, String> all = new LinkedHashMap<>(customTags);
        all.putAll(ofRow);
        return Collections.unmodifiableMap(all);
    }

    private static final class Rows extends AbstractList<Measurement> implements RandomAccess {
        private final MeasurementEnvelope envelope;

        Rows(MeasurementEnvelope envelope) {
            this.envelope = envelope;
        }

        @Override
        public Measurement get(int index) {
            return envelope.get(index);
        }

        @Override
        public int size() {
            return envelope.size();
        }
    }
}
