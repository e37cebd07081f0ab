package io.github.pgwatchrpc.server;

import io.github.pgwatchrpc.measurement.EnvelopeBuilder;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;

/** Makes envelopes for tests. */
final class Envelopes {

    private Envelopes() {}

    /** Rows whose column {@code v} counts from a number on. */
    static MeasurementEnvelope rows(int count, long first) {
        EnvelopeBuilder builder = new EnvelopeBuilder().database("db").metric("m");
        for (int i = 0; i < count; i++) {
            builder.beginRow();
            builder.putLong(builder.column("epoch_ns"), 1_735_689_600_123_456_789L);
            builder.putLong(builder.column("v"), first + i);
            builder.endRow();
        }
        return builder.build();
    }

    /** One row of about so many bytes. */
    static MeasurementEnvelope ofBytes(int bytes) {
        EnvelopeBuilder builder =
                new EnvelopeBuilder().database("db").metric("m").beginRow();
        builder.putText(builder.column("v"), "x".repeat(bytes));
        return builder.endRow().build();
    }
}
