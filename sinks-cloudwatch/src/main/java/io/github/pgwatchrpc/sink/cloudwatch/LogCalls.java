package io.github.pgwatchrpc.sink.cloudwatch;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Cuts events into calls, within <a
 * href="https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html">PutLogEvents'
 * limits</a>: in the order of time, so many events and bytes, and no more than a day from first to last. Pure functions.
 */
final class LogCalls {

    static final int MAX_EVENTS = 10_000;
    static final int MAX_BYTES = 1_048_576;

    /** What each event counts beside the UTF-8 of its message. */
    static final int EVENT_BYTES = 26;

    private static final long MAX_SPAN_MILLIS = Duration.ofHours(24).toMillis();

    private LogCalls() {}

    static List<List<LogEvent>> of(List<LogEvent> events) {
        List<LogEvent> sorted = new ArrayList<>(events);
        // stable: rows of one time stay in their order
        sorted.sort(Comparator.comparingLong(LogEvent::millis));
        List<List<LogEvent>> calls = new ArrayList<>();
        int begin = 0;
        int bytes = 0;
        for (int i = 0; i < sorted.size(); i++) {
            LogEvent event = sorted.get(i);
            boolean full = i - begin == MAX_EVENTS
                    || bytes + event.bytes() > MAX_BYTES
                    || event.millis() - sorted.get(begin).millis() >= MAX_SPAN_MILLIS;
            if (i > begin && full) {
                calls.add(sorted.subList(begin, i));
                begin = i;
                bytes = 0;
            }
            bytes += event.bytes();
        }
        if (begin < sorted.size()) {
            calls.add(sorted.subList(begin, sorted.size()));
        }
        return calls;
    }
}
