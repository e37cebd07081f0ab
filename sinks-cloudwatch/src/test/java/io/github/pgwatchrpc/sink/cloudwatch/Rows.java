package io.github.pgwatchrpc.sink.cloudwatch;

import io.github.pgwatchrpc.measurement.EnvelopeBuilder;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.Sinks;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Rows and sinks for tests. */
final class Rows {

    private Rows() {}

    /** A moment ago, at the begin of a minute. */
    static long now() {
        return System.currentTimeMillis() / 60_000 * 60_000 - 60_000;
    }

    static MeasurementEnvelope row(long millis, Map<String, Object> columns) {
        return new EnvelopeBuilder()
                .database("db")
                .metric("m")
                .row(with(millis, columns))
                .build();
    }

    private static Map<String, Object> with(long millis, Map<String, Object> columns) {
        Map<String, Object> all = new LinkedHashMap<>(columns);
        all.put("epoch_ns", millis * 1_000_000);
        return all;
    }

    static Batch batch(MeasurementEnvelope... rows) {
        return Batch.of("test", Arrays.asList(rows));
    }

    static Sink sink(String uri) {
        return new Sinks(List.of(new MetricsProvider(), new LogsProvider())).create(uri, Map.of());
    }
}
