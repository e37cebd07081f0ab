package io.github.pgwatchrpc.sink.elastic;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What the options say.
 *
 * @param names where rows go
 * @param timeSeries whether data streams are time series, with plain ones beside them
 * @param manageTemplate whether the index template is this sink's
 * @param fieldLimit how many fields an index has at most
 * @param retention how long data streams keep data; null for ever
 * @param ilmPolicy the life cycle policy of indices; null for none
 * @param pipeline the ingest pipeline; null for none
 */
record ElasticSettings(
        IndexNames names,
        boolean timeSeries,
        boolean manageTemplate,
        int fieldLimit,
        @Nullable Duration retention,
        @Nullable String ilmPolicy,
        @Nullable String pipeline) {}
