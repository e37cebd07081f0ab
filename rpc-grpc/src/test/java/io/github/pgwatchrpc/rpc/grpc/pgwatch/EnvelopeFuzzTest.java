package io.github.pgwatchrpc.rpc.grpc.pgwatch;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.github.pgwatchrpc.measurement.EnvelopeBuilder;
import io.github.pgwatchrpc.measurement.Measurement;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoException;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoReader;
import io.github.pgwatchrpc.rpc.pgwatch.ModelLimits;
import org.jspecify.annotations.Nullable;

/** Replays its corpus in every build; with {@code JAZZER_FUZZ=1} it looks for more. */
final class EnvelopeFuzzTest {

    private static final EnvelopeBuilder BUILDER = new EnvelopeBuilder();
    private static final ModelLimits LIMITS = new ModelLimits(1_000_000, 1_000, 50);

    /** Any bytes are an envelope whose every value can be read, or are refused. */
    @FuzzTest(maxDuration = "1m")
    void envelope(byte @Nullable [] bytes) {
        MeasurementEnvelope envelope;
        try {
            envelope = new EnvelopeDecoder(() -> BUILDER, () -> 1, LIMITS).decode(reader(bytes));
        } catch (ProtoException e) {
            return;
        }
        for (Measurement row : envelope.rows()) {
            row.columns();
            row.tags();
            row.fields();
            row.timeNanos();
        }
    }

    /** Any bytes are definitions, or are refused. */
    @FuzzTest(maxDuration = "1m")
    void definitions(byte @Nullable [] bytes) {
        try {
            new DefinitionsDecoder(LIMITS).decode(reader(bytes));
        } catch (ProtoException e) {
            // refused
        }
    }

    private static ProtoReader reader(byte @Nullable [] bytes) {
        return new ProtoReader(bytes == null ? new byte[0] : bytes);
    }
}
