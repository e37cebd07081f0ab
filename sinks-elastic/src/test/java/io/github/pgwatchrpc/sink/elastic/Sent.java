package io.github.pgwatchrpc.sink.elastic;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.pgwatchrpc.measurement.EnvelopeBuilder;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.Sinks;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Rows and sinks for tests. */
final class Sent {

    static final long TIME = 1_795_367_430_436_993_182L;

    private Sent() {}

    static MeasurementEnvelope row(String metric, Map<String, ?> columns) {
        EnvelopeBuilder builder = new EnvelopeBuilder().database("db").metric(metric).receivedAt(TIME);
        builder.beginRow().put("epoch_ns", TIME);
        columns.forEach(builder::put);
        return builder.endRow().build();
    }

    /** Rows as one batch, whose ids begin with a name of the test's own. */
    static Batch batch(String origin, MeasurementEnvelope... rows) {
        return Batch.of(origin, List.of(rows));
    }

    /** Numbered rows of a metric, each in an envelope of its own, at positions that begin with the first number. */
    static Batch numbered(String metric, int from, int to) {
        List<Batch.Slice> slices = new ArrayList<>();
        for (int n = from; n < to; n++) {
            slices.add(new Batch.Slice(row(metric, Map.of("n", n)), n, 0, 1));
        }
        return new Batch("numbered", slices);
    }

    static Sink sink(String uri) {
        return new Sinks(List.of(new ElasticSinkProvider())).create(uri, Map.of());
    }

    /** A sink that has made what it needs and is open. */
    static Sink ready(String uri) throws Exception {
        Sink sink = sink(uri);
        assertEquals(Readiness.ready(), sink.provision());
        assertEquals(Readiness.ready(), sink.open());
        return sink;
    }
}
