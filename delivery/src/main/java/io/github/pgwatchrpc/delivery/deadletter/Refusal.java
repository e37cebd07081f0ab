package io.github.pgwatchrpc.delivery.deadletter;

import io.github.pgwatchrpc.measurement.MeasurementEnvelope;

/**
 * A row that is to become a dead letter.
 *
 * @param run run of the program in which the row was accepted
 * @param number number of the row's record in the spool
 * @param row number of the row in that record
 * @param attempts how many writes it has been in
 * @param reason what the target said
 * @param envelope holds the row
 * @param index where in that envelope
 */
public record Refusal(
        long run, long number, int row, int attempts, String reason, MeasurementEnvelope envelope, int index) {}
