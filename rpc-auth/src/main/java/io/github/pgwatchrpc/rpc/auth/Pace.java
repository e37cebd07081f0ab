package io.github.pgwatchrpc.rpc.auth;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One rate of a key, on average over {@value #SECONDS} seconds. What is taken is worked off at the rate; while as much waits
 * as is worked off in that time, nothing more is taken. So what comes in one piece is never too much for ever. Without a
 * lock. Thread-safe.
 */
final class Pace {

    /** Over how long the rate is an average. A pgwatch that starts makes some 250 calls in its first second. */
    static final int SECONDS = 10;

    private static final long WINDOW_NANOS = Duration.ofSeconds(SECONDS).toNanos();
    private static final double NANOS_A_SECOND = 1e9;
    private static final long NEVER = Long.MIN_VALUE;

    private final long rate;

    /** When everything that was taken is worked off. */
    private final AtomicLong doneAt = new AtomicLong(NEVER);

    /** @param rate how much a second, at least 1 */
    Pace(long rate) {
        this.rate = rate;
    }

    /** Takes so much, or nothing; true if it was taken. */
    boolean take(long count, long now) {
        long cost = (long) Math.ceil(count * NANOS_A_SECOND / rate);
        while (true) {
            long before = doneAt.get();
            long left = left(before, now);
            if (left >= WINDOW_NANOS) {
                return false;
            }
            if (doneAt.compareAndSet(before, now + left + cost)) {
                return true;
            }
        }
    }

    private static long left(long doneAt, long now) {
        return doneAt == NEVER ? 0 : Math.max(0, doneAt - now);
    }

    /** What is not worked off yet. */
    long waiting(long now) {
        return Math.round(left(doneAt.get(), now) / NANOS_A_SECOND * rate);
    }

    /** Below how much is taken. */
    long bound() {
        return rate * SECONDS;
    }

    long rate() {
        return rate;
    }
}
