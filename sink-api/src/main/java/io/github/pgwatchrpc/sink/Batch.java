package io.github.pgwatchrpc.sink;

import io.github.pgwatchrpc.measurement.Measurement;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.RandomAccess;

/**
 * Rows to be written together: whole envelopes or parts of them, in the order of their arrival. Rows are numbered from 0
 * through all of them, and by these numbers an {@link Outcome} speaks of them. Immutable.
 *
 * <p>A sink that thinks in rows goes through {@link #rows}; one that thinks in envelopes through {@link #slices}.
 */
public final class Batch {

    /**
     * Rows of one envelope that follow each other.
     *
     * @param envelope the envelope
     * @param position where the envelope stands in the log that it is delivered from
     * @param offset how many rows the log's envelope has before the first of this one, if this one is a part of it
     * @param from number in the envelope of the first row
     * @param to number in the envelope of the row after the last
     */
    public record Slice(MeasurementEnvelope envelope, long position, int offset, int from, int to) {
        /**
         * Rows of an envelope that is the log's whole one.
         *
         * @param envelope the envelope
         * @param position where the envelope stands in the log
         * @param from number of the first row
         * @param to number of the row after the last
         * @throws IndexOutOfBoundsException if the envelope has no such rows
         * @throws IllegalArgumentException if these are no rows
         */
        public Slice(MeasurementEnvelope envelope, long position, int from, int to) {
            this(envelope, position, 0, from, to);
        }

        /**
         * Checks the rows.
         *
         * @param envelope the envelope
         * @param position where the envelope stands in the log
         * @param offset rows before the envelope's first, 0 and up
         * @param from number of the first row
         * @param to number of the row after the last
         * @throws IndexOutOfBoundsException if the envelope has no such rows
         * @throws IllegalArgumentException if these are no rows
         */
        public Slice {
            Objects.checkFromToIndex(from, to, envelope.size());
            if (from == to) {
                throw new IllegalArgumentException("rows: 0 (expected: >= 1)");
            }
        }

        /**
         * How many rows these are.
         *
         * @return number of rows, 1 and up
         */
        public int size() {
            return to - from;
        }
    }

    private final String origin;
    private final List<Slice> slices;

    /** For each slice, the number of the row after its last. */
    private final int[] ends;

    /**
     * A batch.
     *
     * @param origin names the log that the slices' positions belong to, unlike any other
     * @param slices the rows, at least one
     */
    public Batch(String origin, List<Slice> slices) {
        this.origin = Objects.requireNonNull(origin, "origin");
        this.slices = List.copyOf(slices);
        if (this.slices.isEmpty()) {
            throw new IllegalArgumentException("rows: 0 (expected: >= 1)");
        }
        ends = new int[this.slices.size()];
        int end = 0;
        for (int i = 0; i < ends.length; i++) {
            end = Math.addExact(end, this.slices.get(i).size());
            ends[i] = end;
        }
    }

    /**
     * A batch of whole envelopes outside any log, for instance in a test: their positions are their places in the list.
     *
     * @param origin see {@link #Batch}
     * @param envelopes the envelopes; those without rows are left out
     * @return a batch of all their rows
     */
    public static Batch of(String origin, List<MeasurementEnvelope> envelopes) {
        List<Slice> slices = new ArrayList<>(envelopes.size());
        for (int i = 0; i < envelopes.size(); i++) {
            MeasurementEnvelope envelope = envelopes.get(i);
            if (envelope.size() > 0) {
                slices.add(new Slice(envelope, i, 0, envelope.size()));
            }
        }
        return new Batch(origin, slices);
    }

    /**
     * How many rows there are.
     *
     * @return number of rows, 1 and up
     */
    public int size() {
        return ends[ends.length - 1];
    }

    /**
     * How many bytes of memory the rows take, which is not far from what they take as JSON.
     *
     * @return bytes, rounded
     */
    public long sizeInBytes() {
        long sum = 0;
        for (Slice slice : slices) {
            sum += slice.envelope().sizeInBytes()
                    * slice.size()
                    / slice.envelope().size();
        }
        return sum;
    }

    /**
     * Names the log that the slices' positions belong to.
     *
     * @return what all ids of the rows begin with
     */
    public String origin() {
        return origin;
    }

    /**
     * The rows by envelope.
     *
     * @return an unmodifiable list, in the order of the rows
     */
    public List<Slice> slices() {
        return slices;
    }

    /**
     * The rows.
     *
     * @return an unmodifiable list; the index of a row is its number
     */
    public List<Measurement> rows() {
        return new Rows(this);
    }

    /**
     * One row.
     *
     * @param row its number
     * @return the row
     * @throws IndexOutOfBoundsException if there is no such row
     */
    public Measurement row(int row) {
        int slice = sliceOf(row);
        return slices.get(slice).envelope().get(rowInEnvelope(slice, row));
    }

    /**
     * The id of a row, which stays the same however often it comes: origin, position and row joined by hyphens.
     *
     * @param row its number
     * @return an id that no other row has
     * @throws IndexOutOfBoundsException if there is no such row
     */
    public String id(int row) {
        int slice = sliceOf(row);
        Slice of = slices.get(slice);
        return origin + '-' + of.position() + '-' + (of.offset() + rowInEnvelope(slice, row));
    }

    /**
     * Some of the rows as a batch, for instance one half.
     *
     * @param from number of the first row
     * @param to number of the row after the last
     * @return a batch of those rows, with the same ids
     * @throws IndexOutOfBoundsException if there are no such rows
     * @throws IllegalArgumentException if these are no rows
     */
    public Batch part(int from, int to) {
        Objects.checkFromToIndex(from, to, size());
        List<Slice> parts = new ArrayList<>();
        addParts(from, to, parts);
        return new Batch(origin, parts);
    }

    /**
     * Some of the rows as a batch, for instance those that are to be tried again.
     *
     * @param rows their numbers, ascending
     * @return a batch of those rows, with the same ids
     * @throws IndexOutOfBoundsException if there is no such row
     * @throws IllegalArgumentException if these are no rows, or not ascending
     */
    public Batch select(List<Integer> rows) {
        List<Slice> parts = new ArrayList<>();
        int i = 0;
        while (i < rows.size()) {
            int from = rows.get(i);
            int to = from + 1;
            for (i++; i < rows.size() && rows.get(i) == to; i++) {
                to++;
            }
            if (i < rows.size() && rows.get(i) < to) {
                throw new IllegalArgumentException(
                        "row after " + (to - 1) + ": " + rows.get(i) + " (expected: >= " + to + ")");
            }
            Objects.checkFromToIndex(from, to, size());
            addParts(from, to, parts);
        }
        return new Batch(origin, parts);
    }

    private void addParts(int from, int to, List<Slice> parts) {
        int row = from;
        while (row < to) {
            int slice = sliceOf(row);
            int end = Math.min(to, ends[slice]);
            Slice whole = slices.get(slice);
            int first = rowInEnvelope(slice, row);
            parts.add(new Slice(whole.envelope(), whole.position(), whole.offset(), first, first + end - row));
            row = end;
        }
    }

    private int sliceOf(int row) {
        Objects.checkIndex(row, size());
        // the first slice that ends after the row
        int found = Arrays.binarySearch(ends, row + 1);
        return found >= 0 ? found : -found - 1;
    }

    private int rowInEnvelope(int slice, int row) {
        return slices.get(slice).to() - (ends[slice] - row);
    }

    /** Names how much it is, never the values. */
    @Override
    public String toString() {
        return "Batch[" + size() + " rows of " + slices.size() + " envelopes]";
    }

    private static final class Rows extends AbstractList<Measurement> implements RandomAccess {
        private final Batch batch;

        Rows(Batch batch) {
            this.batch = batch;
        }

        @Override
        public Measurement get(int index) {
            return batch.row(index);
        }

        @Override
        public int size() {
            return batch.size();
        }
    }
}
