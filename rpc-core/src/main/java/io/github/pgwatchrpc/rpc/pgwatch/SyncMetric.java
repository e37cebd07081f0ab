package io.github.pgwatchrpc.rpc.pgwatch;

import java.util.Objects;

/**
 * What pgwatch tells about a metric of a source, apart from its measurements.
 *
 * @param database the source's name
 * @param metric the metric's name; empty with {@link Operation#DELETE} for all metrics of the source
 * @param operation what changes
 */
public record SyncMetric(String database, String metric, Operation operation) {

    /** What can change. */
    public enum Operation {
        /** The source begins to send the metric; repeated at will. */
        ADD,
        /** The source does not send the metric any more. */
        DELETE,
        /** The metric's definition changes (gRPC only). */
        DEFINE,
        /** Anything else; pgwatch has a number for it too. */
        INVALID
    }

    /**
     * Nothing is null.
     *
     * @param database the source's name
     * @param metric the metric's name
     * @param operation what changes
     */
    public SyncMetric {
        Objects.requireNonNull(database, "database");
        Objects.requireNonNull(metric, "metric");
        Objects.requireNonNull(operation, "operation");
    }
}
