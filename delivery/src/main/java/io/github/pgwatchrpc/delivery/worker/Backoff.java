package io.github.pgwatchrpc.delivery.worker;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * How long to wait before the next attempt: anything between zero and a bound that doubles with each failure ("full
 * jitter"), so that many who failed together do not come again together. What a target asks for (Retry-After) wins, up to
 * {@link #MAX_ASKED}. See <a href="https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/">the
 * comparison of jitters by AWS</a>. Not thread-safe.
 */
final class Backoff {

    /** A target that asks for more gets a try earlier. */
    static final Duration MAX_ASKED = Duration.ofHours(1);

    private static final int MAX_DOUBLINGS = 30;

    private final long min;
    private final long away;
    private final long max;
    private final RandomGenerator random;

    Backoff(WorkerSettings settings, RandomGenerator random) {
        this.min = settings.minBackoff().toNanos();
        this.away = settings.maxAway().toNanos();
        this.max = settings.maxBackoff().toNanos();
        this.random = random;
    }

    /**
     * How long to wait for what need not pass by itself.
     *
     * @param failures how often it has failed, 1 and up
     * @param asked what the target asks for; zero for nothing
     * @return nanoseconds
     */
    long nanos(int failures, Duration asked) {
        return nanos(failures, asked, max);
    }

    /**
     * How long to wait for a target that is away or busy: not so long that those who wait for its return would notice.
     *
     * @param failures how often it has failed, 1 and up
     * @param asked what the target asks for; zero for nothing
     * @return nanoseconds
     */
    long nanosAway(int failures, Duration asked) {
        return nanos(failures, asked, away);
    }

    private long nanos(int failures, Duration asked, long most) {
        if (!asked.isZero()) {
            return (asked.compareTo(MAX_ASKED) > 0 ? MAX_ASKED : asked).toNanos();
        }
        int doublings = Math.min(failures - 1, MAX_DOUBLINGS);
        long bound = min > most >> doublings ? most : min << doublings;
        return random.nextLong(bound + 1);
    }
}
