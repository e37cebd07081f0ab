package io.github.pgwatchrpc.sink.azure;

import io.github.pgwatchrpc.measurement.EnvelopeBuilder;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.Sinks;
import java.util.List;
import java.util.Map;

/** Rows and sinks for tests. */
final class Sent {

    static final long TIME = 1_795_367_430_436_993_182L;

    private Sent() {}

    static MeasurementEnvelope row(Map<String, ?> columns) {
        return row(Map.of(), columns);
    }

    static MeasurementEnvelope row(Map<String, String> customTags, Map<String, ?> columns) {
        EnvelopeBuilder builder = new EnvelopeBuilder()
                .database("db")
                .metric("m")
                .receivedAt(TIME)
                .customTags(customTags);
        builder.beginRow().put("epoch_ns", TIME);
        columns.forEach(builder::put);
        return builder.endRow().build();
    }

    static Batch batch(MeasurementEnvelope... rows) {
        return Batch.of("test", List.of(rows));
    }

    /** So many rows of about so many bytes of JSON, numbered in the column n. */
    static Batch numbered(int rows, int bytes) {
        EnvelopeBuilder builder =
                new EnvelopeBuilder().database("db").metric("m").receivedAt(TIME);
        String pad = "x".repeat(bytes);
        for (int n = 0; n < rows; n++) {
            builder.beginRow()
                    .put("epoch_ns", TIME + n)
                    .put("n", n)
                    .put("pad", pad)
                    .endRow();
        }
        return Batch.of("test", List.of(builder.build()));
    }

    static Sink sink(String uri) {
        return new Sinks(List.of(new AzureSinkProvider())).create(uri, Map.of());
    }
}
