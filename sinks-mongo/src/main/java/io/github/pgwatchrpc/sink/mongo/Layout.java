package io.github.pgwatchrpc.sink.mongo;

import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the target looks like.
 *
 * @param database the database that is written to
 * @param collection the collections' name, in which {@link #METRIC} stands for the metric's
 * @param mode what kind of collections
 * @param timeField the field that holds a document's time
 * @param metaField the field that says what was measured
 * @param granularity how far apart documents of one series are, for time-series collections
 * @param expireAfter age at which the server deletes documents; null for never
 * @param create whether writing makes collections that are missing
 * @param maxCollections how many collections there may be in the database before no more are made
 */
record Layout(
        String database,
        String collection,
        Mode mode,
        String timeField,
        String metaField,
        Granularity granularity,
        @Nullable Duration expireAfter,
        boolean create,
        int maxCollections) {

    /** What stands for the metric's name. */
    static final String METRIC = "{metric}";

    static final String ID_FIELD = "_id";

    /** The row's time in nanoseconds; MongoDB's own times end at milliseconds. No row has a field of that name. */
    static final String NANOS_FIELD = "epoch_ns";

    /** What kind of collections. */
    enum Mode {
        /** Compressed by the server, by series and time; nothing is unique in it. */
        TIME_SERIES,
        /** A document with the row's id each, so that writing it again changes nothing. */
        PLAIN
    }

    /** The server's words for how far apart documents of one series are. */
    enum Granularity {
        SECONDS,
        MINUTES,
        HOURS;

        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** The name of the collection for a metric. */
    String collectionOf(String metric) {
        return isOneForAll() ? collection : Names.bounded(collection.replace(METRIC, Names.collection(metric)));
    }

    /** Whether all metrics go into one collection. */
    boolean isOneForAll() {
        return !collection.contains(METRIC);
    }

    boolean isTimeSeries() {
        return mode == Mode.TIME_SERIES;
    }

    /** Names at the top of a document that are not a row's to choose. */
    Set<String> takenFields() {
        return Set.of(ID_FIELD, timeField, metaField, NANOS_FIELD);
    }

    /**
     * The most bytes of a document: 16 MiB, or 4 MB in a time-series collection, read as MiB. Source: "BSON Document Size"
     * of <a href="https://www.mongodb.com/docs/manual/reference/limits/">MongoDB's limits</a> and "Document Size" of <a
     * href="https://www.mongodb.com/docs/manual/core/timeseries/timeseries-limitations/">time series limitations</a>.
     */
    int maxDocumentBytes() {
        return isTimeSeries() ? 4 << 20 : 16 << 20;
    }
}
