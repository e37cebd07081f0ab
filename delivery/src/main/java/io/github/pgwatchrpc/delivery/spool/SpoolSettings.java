package io.github.pgwatchrpc.delivery.spool;

import java.nio.file.Path;
import java.time.Duration;

/**
 * How a spool is kept.
 *
 * @param directory where its files are; made if missing
 * @param durability what is true of rows that were accepted
 * @param maxBytes bytes of the log above which nothing is accepted, {@value #MIN_BYTES} and up
 * @param minFreeBytes bytes that stay free on the disk; nothing is accepted that would leave fewer
 * @param segmentBytes size of the log's files, {@value #MIN_SEGMENT} and up
 * @param recentBytes most memory for the newest records, so that a sink that keeps up needs no reading
 * @param waitingBytes memory for what waits to be written
 * @param ackTimeout after which a call that waits is answered with an error
 */
public record SpoolSettings(
        Path directory,
        Durability durability,
        long maxBytes,
        long minFreeBytes,
        int segmentBytes,
        long recentBytes,
        long waitingBytes,
        Duration ackTimeout) {

    /** Least value of {@link #maxBytes}. */
    public static final long MIN_BYTES = 64 << 10;

    /** Least value of {@link #segmentBytes}. */
    public static final int MIN_SEGMENT = 4 << 10;

    /** Space is given back by whole files, so a small spool needs small ones. */
    private static final int SEGMENTS_AT_LEAST = 8;

    /**
     * Checks the ranges, and makes segments smaller if fewer than {@value #SEGMENTS_AT_LEAST} would fit.
     *
     * @param directory where
     * @param durability what is true of rows that were accepted
     * @param maxBytes bytes of the log
     * @param minFreeBytes bytes that stay free
     * @param segmentBytes size of the log's files
     * @param recentBytes memory for the newest records
     * @param waitingBytes memory for what waits
     * @param ackTimeout after which a call that waits is answered
     * @throws IllegalArgumentException if one is out of range
     */
    public SpoolSettings {
        atLeast("maxBytes", maxBytes, MIN_BYTES);
        atLeast("minFreeBytes", minFreeBytes, 0);
        atLeast("segmentBytes", segmentBytes, MIN_SEGMENT);
        atLeast("recentBytes", recentBytes, 0);
        atLeast("waitingBytes", waitingBytes, 1);
        atLeast("ackTimeout in ms", ackTimeout.toMillis(), 1);
        segmentBytes = (int) Math.min(segmentBytes, maxBytes / SEGMENTS_AT_LEAST);
    }

    private static void atLeast(String name, long value, long least) {
        if (value < least) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: >= " + least + ")");
        }
    }
}
