/**
 * Writes measurements to Amazon CloudWatch: numbers as metrics ({@code cloudwatch://}), or rows as log events ({@code
 * cloudwatchlogs://}). This room depends on the sinks' contract and on AWS's SDK; nothing calls it but the service loader.
 *
 * <p>Begin with {@link io.github.pgwatchrpc.sink.cloudwatch.MetricsSink} and {@link
 * io.github.pgwatchrpc.sink.cloudwatch.LogsSink}. {@code MetricRows} tells what becomes of a row, {@code MetricPlan} puts
 * values into calls, {@code Aws} makes the calls, and {@code CallFailed} is what they fail with. The two providers name no class of
 * the SDK, and a sink uses the first one when it is opened: whoever does not write to AWS loads nothing of it.
 */
@NullMarked
package io.github.pgwatchrpc.sink.cloudwatch;

import org.jspecify.annotations.NullMarked;
