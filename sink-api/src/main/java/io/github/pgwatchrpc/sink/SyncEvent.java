package io.github.pgwatchrpc.sink;

/**
 * pgwatch has begun or ceased to gather a metric of a database.
 *
 * @param database the database, as in {@link io.github.pgwatchrpc.measurement.MeasurementEnvelope#database}
 * @param metric the metric; empty if all metrics of the database are meant
 * @param kind whether it began or ceased
 */
public record SyncEvent(String database, String metric, Kind kind) {

    /** What happened to the metric. */
    public enum Kind {
        /** It is gathered from now on. pgwatch says so repeatedly. */
        ADDED,
        /** It is not gathered any more. */
        REMOVED
    }
}
