package io.github.pgwatchrpc.sink.cloudwatch;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the options say of metrics.
 *
 * @param dimensions tags that become dimensions; null for all
 * @param include globs of metrics, such as {@code db_stats.*}; empty for all
 * @param exclude globs of metrics that are left out all the same
 * @param lenient whether values that CloudWatch cannot hold are left out, rather than their row refused
 * @param resolution seconds, 60 or 1
 * @param valueArrays whether values of one metric in one period go together
 * @param maxSeries how many metrics there may be in an hour
 */
record MetricRules(
        @Nullable Set<String> dimensions,
        List<String> include,
        List<String> exclude,
        boolean lenient,
        int resolution,
        boolean valueArrays,
        int maxSeries) {

    /** Milliseconds that one point stands for. */
    long periodMillis() {
        return resolution * 1000L;
    }
}
