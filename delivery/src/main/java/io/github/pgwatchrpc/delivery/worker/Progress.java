package io.github.pgwatchrpc.delivery.worker;

import io.github.pgwatchrpc.delivery.spool.Cursor;

/**
 * What of the log is done: how many rows each record behind the cursor still wants. The cursor moves over records that want
 * none. Memory is eight bytes a record between the cursor and the last one read, {@value #MAX_AHEAD} records at most; after
 * a crash, what was done of those comes again. Not thread-safe.
 */
final class Progress {

    /** How many records may be read that are behind one that is not done. */
    static final int MAX_AHEAD = 1 << 17;

    private final long beginNumber;
    private final long beginRows;
    private long lostRecords;
    private long lostRows;

    /** The first record that is not done, and the one that is read next; rows before each. */
    private long number;

    private long rows;
    private long nextNumber;
    private long nextRows;

    /** By number modulo length: rows of a record, and how much of it is not done. */
    private int[] rowsOf = new int[1024];

    private int[] left = new int[1024];

    private long rowsLeft;

    Progress(Cursor from) {
        beginNumber = from.beginNumber();
        beginRows = from.beginRows();
        lostRecords = from.lostRecords();
        lostRows = from.lostRows();
        number = from.number();
        nextNumber = number;
        rows = from.rows();
        nextRows = rows;
    }

    Cursor cursor() {
        return new Cursor(number, rows, beginNumber, beginRows, lostRecords, lostRows);
    }

    /** Whether all that was read is done. */
    boolean isDone() {
        return number == nextNumber;
    }

    boolean hasRoom() {
        return nextNumber - number < MAX_AHEAD;
    }

    /** Rows that were read and are not done. */
    long rowsLeft() {
        return rowsLeft;
    }

    long nextRows() {
        return nextRows;
    }

    /**
     * A record was read.
     *
     * @param count its rows
     * @param want what is to be done of it: rows, or 1 for an event
     */
    void read(int count, int want) {
        if (nextNumber - number == left.length) {
            grow();
        }
        int at = index(nextNumber);
        rowsOf[at] = count;
        left[at] = want;
        rowsLeft += Math.min(want, count);
        nextNumber++;
        nextRows += count;
        advance();
    }

    /** Records can be read no more. To be called when all before is done. */
    void lost(long records, long count) {
        if (!isDone()) {
            throw new IllegalStateException("records not done before those that are lost: " + (nextNumber - number));
        }
        lostRecords += records;
        lostRows += count;
        nextNumber += records;
        nextRows += count;
        number = nextNumber;
        rows = nextRows;
    }

    /** Rows of a record are done, or its event is. */
    void done(long of, int count) {
        int at = index(of);
        if (of < number || of >= nextNumber || left[at] < count) {
            throw new IllegalStateException("record " + of + ": " + count + " rows done of "
                    + (of < number || of >= nextNumber ? 0 : left[at]) + " (expected: no more than that)");
        }
        left[at] -= count;
        rowsLeft -= Math.min(count, rowsOf[at]);
        advance();
    }

    private void advance() {
        while (number < nextNumber && left[index(number)] == 0) {
            rows += rowsOf[index(number)];
            number++;
        }
    }

    private void grow() {
        int[] moreRows = new int[left.length * 2];
        int[] moreLeft = new int[left.length * 2];
        for (long each = number; each < nextNumber; each++) {
            int to = (int) (each & (moreLeft.length - 1));
            moreRows[to] = rowsOf[index(each)];
            moreLeft[to] = left[index(each)];
        }
        rowsOf = moreRows;
        left = moreLeft;
    }

    private int index(long of) {
        return (int) (of & (left.length - 1));
    }
}
