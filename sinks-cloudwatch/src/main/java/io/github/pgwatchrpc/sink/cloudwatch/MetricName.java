package io.github.pgwatchrpc.sink.cloudwatch;

import org.jspecify.annotations.Nullable;

/**
 * The metric that a column becomes.
 *
 * @param text its name
 * @param unit its unit; null if the name tells none
 * @param wanted whether the options want it
 * @param problem why CloudWatch would refuse it; null if it would not
 */
record MetricName(
        String text,
        @Nullable String unit,
        boolean wanted,
        @Nullable String problem) {}
