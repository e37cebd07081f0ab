package io.github.pgwatchrpc.sink.cloudwatch;

import java.util.List;

/** What a row is to CloudWatch: the metrics that its columns become, all of one time and with one set of dimensions. Immutable. */
final class MetricRow {

    private final Dimensions dimensions;
    private final long millis;
    private final List<MetricName> names;
    private final double[] values;

    /** Takes lists that nobody changes any more; there may be more values than names. */
    MetricRow(Dimensions dimensions, long millis, List<MetricName> names, double[] values) {
        this.dimensions = dimensions;
        this.millis = millis;
        this.names = names;
        this.values = values;
    }

    Dimensions dimensions() {
        return dimensions;
    }

    /** Milliseconds since 1970. */
    long millis() {
        return millis;
    }

    /** The metrics; none if the options want nothing of the row. */
    List<MetricName> names() {
        return names;
    }

    double value(int number) {
        return values[number];
    }
}
