package io.github.pgwatchrpc.sink.cloudwatch;

import org.jspecify.annotations.Nullable;

/**
 * Where log events go, and in which form.
 *
 * @param group the log group
 * @param stream the stream in it
 * @param retentionDays how long a group that is made keeps them; null for ever
 * @param namespace the namespace of metrics that CloudWatch makes of the events; null for plain JSON
 */
record LogsTarget(
        String group,
        String stream,
        @Nullable Integer retentionDays,
        @Nullable String namespace) {}
