package io.github.pgwatchrpc.delivery.spool;

/**
 * How far a sink has come, and what it has met on its way. Everything before the cursor is done.
 *
 * @param number number of the first record that is not done
 * @param rows rows in all records of the spool before that one
 * @param beginNumber where the sink began
 * @param beginRows rows in all records of the spool before that one
 * @param lostRecords records between the two that could not be read any more
 * @param lostRows rows in them
 */
public record Cursor(long number, long rows, long beginNumber, long beginRows, long lostRecords, long lostRows) {

    /**
     * A cursor of a sink that is new.
     *
     * @param number number of the first record
     * @param rows rows in all records before
     * @return the cursor
     */
    public static Cursor at(long number, long rows) {
        return new Cursor(number, rows, number, rows, 0, 0);
    }
}
