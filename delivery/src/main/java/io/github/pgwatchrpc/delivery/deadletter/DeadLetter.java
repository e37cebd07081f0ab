package io.github.pgwatchrpc.delivery.deadletter;

import io.github.pgwatchrpc.measurement.Measurement;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import java.time.Instant;

/**
 * A row that a target refused for good.
 *
 * @param id its number among all that the sink has had, from 0
 * @param run run of the program in which the row was accepted
 * @param number number of the row's record in the spool
 * @param row number of the row in that record
 * @param time when it was refused
 * @param attempts how many writes it has been in
 * @param reason what the target said
 * @param queued whether it is queued for another try
 * @param envelope the row alone, with database, metric and custom tags
 */
public record DeadLetter(
        long id,
        long run,
        long number,
        int row,
        Instant time,
        int attempts,
        String reason,
        boolean queued,
        MeasurementEnvelope envelope) {

    /**
     * The row.
     *
     * @return its values
     */
    public Measurement measurement() {
        return envelope.get(0);
    }

    DeadLetter with(boolean isQueued, int nowAttempts, String nowReason) {
        return new DeadLetter(id, run, number, row, time, nowAttempts, nowReason, isQueued, envelope);
    }
}
