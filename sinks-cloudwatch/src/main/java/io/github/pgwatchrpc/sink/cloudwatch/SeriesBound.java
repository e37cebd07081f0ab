package io.github.pgwatchrpc.sink.cloudwatch;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Keeps the number of metrics, that is of different names and dimensions, within a bound. They are counted by the hour of the
 * clock, since <a href="https://aws.amazon.com/cloudwatch/pricing/">AWS bills a custom metric for the hours in which
 * something came for it</a>: so the bound is one of the bill as well. Thread-safe.
 */
final class SeriesBound {

    private static final long HOUR_MILLIS = 3_600_000;

    private final int max;
    private final Map<Dimensions, Set<String>> series = new HashMap<>();
    private long hour = Long.MIN_VALUE;
    private int count;

    SeriesBound(int max) {
        this.max = max;
    }

    /** Lets a row in with all its metrics, or fails. */
    synchronized void admit(MetricRow row, long nowMillis) throws UnfitRow {
        long now = Math.floorDiv(nowMillis, HOUR_MILLIS);
        if (now != hour) {
            hour = now;
            count = 0;
            series.clear();
        }
        Set<String> known = series.get(row.dimensions());
        List<String> fresh = new ArrayList<>(0);
        for (MetricName name : row.names()) {
            if (known == null || !known.contains(name.text())) {
                fresh.add(name.text());
            }
        }
        if (fresh.isEmpty()) {
            return;
        } else if (count + fresh.size() > max) {
            throw new UnfitRow("metrics in this hour: " + (count + fresh.size()) + " with the row's " + fresh.size()
                    + " new ones, of " + row.dimensions() + " (expected: <= " + max
                    + "; raise max-series, or name fewer dimensions)");
        }
        count += fresh.size();
        series.computeIfAbsent(row.dimensions(), each -> new HashSet<>()).addAll(fresh);
    }
}
