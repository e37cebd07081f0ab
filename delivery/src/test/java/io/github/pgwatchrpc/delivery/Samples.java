package io.github.pgwatchrpc.delivery;

import io.github.pgwatchrpc.measurement.EnvelopeBuilder;
import io.github.pgwatchrpc.measurement.Measurement;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import java.util.Map;
import org.jspecify.annotations.NullMarked;

/** Envelopes whose rows are numbered. */
@NullMarked
public final class Samples {

    private Samples() {}

    public static MeasurementEnvelope envelope(long from, int rows) {
        return envelope("db", "metric", from, rows, "");
    }

    public static MeasurementEnvelope envelope(String database, String metric, long from, int rows, String text) {
        EnvelopeBuilder builder =
                new EnvelopeBuilder().database(database).metric(metric).receivedAt(1);
        for (int i = 0; i < rows; i++) {
            builder.row(Map.of("n", from + i, "text", text));
        }
        return builder.build();
    }

    public static long number(Measurement row) {
        return row.longValue(row.find("n"));
    }
}
