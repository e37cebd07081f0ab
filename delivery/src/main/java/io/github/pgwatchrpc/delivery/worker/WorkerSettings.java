package io.github.pgwatchrpc.delivery.worker;

import java.time.Duration;

/**
 * How sinks are treated.
 *
 * @param maxAge how long a row waits for others to make a batch with
 * @param minBackoff the first pause after a failure is between zero and this
 * @param maxAway no pause for a target that is away or busy is longer, unless it asks for one; meanwhile one write at a time
 *     tries whether it is back
 * @param maxBackoff no pause for what is not to pass by itself is longer: a sink that waits to be mended, or rows that fail
 *     while others pass
 */
public record WorkerSettings(Duration maxAge, Duration minBackoff, Duration maxAway, Duration maxBackoff) {

    /** 200 ms, 200 ms, 3 s, 1 minute. */
    public static final WorkerSettings DEFAULT = new WorkerSettings(
            Duration.ofMillis(200), Duration.ofMillis(200), Duration.ofSeconds(3), Duration.ofMinutes(1));

    /**
     * Checks the ranges.
     *
     * @param maxAge how long a row waits
     * @param minBackoff bound of the first pause
     * @param maxAway bound of all pauses for a target that is away
     * @param maxBackoff bound of all pauses
     * @throws IllegalArgumentException if one is out of range
     */
    public WorkerSettings {
        if (maxAge.isNegative()) {
            throw new IllegalArgumentException("maxAge: " + maxAge + " (expected: >= 0)");
        }
        if (minBackoff.isNegative()
                || minBackoff.isZero()
                || maxAway.compareTo(minBackoff) < 0
                || maxBackoff.compareTo(maxAway) < 0) {
            throw new IllegalArgumentException("backoff: " + minBackoff + " to " + maxAway + " and " + maxBackoff
                    + " (expected: > 0, each >= the one before)");
        }
    }
}
