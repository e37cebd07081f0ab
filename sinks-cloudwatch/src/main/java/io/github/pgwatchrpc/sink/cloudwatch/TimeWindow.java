package io.github.pgwatchrpc.sink.cloudwatch;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;

/**
 * Which times CloudWatch takes: up to two weeks back and two hours ahead, both for <a
 * href="https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html">metrics</a> and for <a
 * href="https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html">log events</a>.
 */
final class TimeWindow {

    static final Duration BACK = Duration.ofDays(14);
    static final Duration AHEAD = Duration.ofHours(2);

    private final long oldest;
    private final long newest;

    TimeWindow(Clock clock) {
        long now = clock.millis();
        oldest = now - BACK.toMillis();
        newest = now + AHEAD.toMillis();
    }

    /** Fails for a time that is outside. */
    void check(long millis) throws UnfitRow {
        if (millis < oldest) {
            throw new UnfitRow("time of the row: " + Instant.ofEpochMilli(millis) + ", too old (expected: at most "
                    + BACK.toDays() + " days ago, since " + Instant.ofEpochMilli(oldest) + ")");
        } else if (millis > newest) {
            throw new UnfitRow("time of the row: " + Instant.ofEpochMilli(millis) + ", too new (expected: at most "
                    + AHEAD.toHours() + " hours ahead, until " + Instant.ofEpochMilli(newest) + ")");
        }
    }
}
