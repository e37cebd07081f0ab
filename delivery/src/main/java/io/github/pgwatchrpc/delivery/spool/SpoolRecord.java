package io.github.pgwatchrpc.delivery.spool;

import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.sink.SyncEvent;

/**
 * What stands at one place of the log.
 *
 * @param number counts records from the beginning of the spool
 * @param rowsBefore rows in all records before it
 * @param run in which run of the program it was appended
 * @param content what it is
 */
public record SpoolRecord(long number, long rowsBefore, long run, Content content) {

    /** What a record is. */
    public sealed interface Content {}

    /**
     * An envelope.
     *
     * @param envelope with any number of rows
     */
    public record Rows(MeasurementEnvelope envelope) implements Content {}

    /**
     * News about a metric.
     *
     * @param event what began or ceased
     */
    public record Event(SyncEvent event) implements Content {}

    /**
     * Records that cannot be read any more: damaged, or lost in a power cut.
     *
     * @param records how many
     * @param rows rows in them
     */
    public record Lost(long records, long rows) implements Content {}

    /**
     * How many rows the record has.
     *
     * @return number of rows
     */
    public long rows() {
        if (content instanceof Rows rows) {
            return rows.envelope().size();
        }
        return content instanceof Lost lost ? lost.rows() : 0;
    }

    /**
     * The number of the record that follows.
     *
     * @return number
     */
    public long nextNumber() {
        return number + (content instanceof Lost lost ? lost.records() : 1);
    }
}
