package io.github.pgwatchrpc.delivery.worker;

import java.time.Duration;

/**
 * How sinks are treated.
 *
 * @param maxAge how long a row waits for others to make a batch with
 * @param minBackoff the first pause after a failure is between zero and this
 * @param maxBackoff no pause is longer, unless the target asks for one
 */
public record WorkerSettings(Duration maxAge, Duration minBackoff, Duration maxBackoff) {

    /** 200 ms, 200 ms, 1 minute. */
    public static final WorkerSettings DEFAULT =
            new WorkerSettings(Duration.ofMillis(200), Duration.ofMillis(200), Duration.ofMinutes(1));

    /**
     * Checks the ranges.
     *
     * @param maxAge how long a row waits
     * @param minBackoff bound of the first pause
     * @param maxBackoff bound of all pauses
     * @throws IllegalArgumentException if one is out of range
     */
    public WorkerSettings {
        if (maxAge.isNegative()) {
            throw new IllegalArgumentException("maxAge: " + maxAge + " (expected: >= 0)");
        }
        if (minBackoff.isNegative() || minBackoff.isZero() || maxBackoff.compareTo(minBackoff) < 0) {
            throw new IllegalArgumentException(
                    "backoff: " + minBackoff + " to " + maxBackoff + " (expected: > 0, the second >= the first)");
        }
    }
}
