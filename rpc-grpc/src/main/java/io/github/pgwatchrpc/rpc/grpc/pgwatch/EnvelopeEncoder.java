package io.github.pgwatchrpc.rpc.grpc.pgwatch;

import io.github.pgwatchrpc.measurement.Measurement;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoWriter;
import java.util.Map;

/**
 * Writes envelopes in protobuf as pgwatch 4 and later do, for clients of a receiver: the message {@code
 * MeasurementEnvelope} of {@code receiver.proto}, straight from the model, without an object for a row or a value. Not
 * thread-safe.
 *
 * <p>This wire has fewer types than the model. As in pgwatch, every number becomes a double, so that an integer beyond
 * 2<sup>53</sup> is rounded, and bytes become base64 text.
 */
public final class EnvelopeEncoder {

    private static final int DATABASE = 1;
    private static final int METRIC = 2;
    private static final int TAGS = 3;
    private static final int DATA = 4;

    private final ProtoWriter out = new ProtoWriter();

    /** An encoder, which keeps its room from one envelope to the next. */
    public EnvelopeEncoder() {}

    /**
     * Writes an envelope.
     *
     * @param envelope what to write
     * @return the message
     */
    public byte[] encode(MeasurementEnvelope envelope) {
        out.clear();
        if (!envelope.database().isEmpty()) {
            out.text(DATABASE, envelope.database());
        }
        if (!envelope.metric().isEmpty()) {
            out.text(METRIC, envelope.metric());
        }
        for (Map.Entry<String, String> each : envelope.customTags().entrySet()) {
            int tag = out.begin(TAGS);
            out.text(StructWriter.KEY, each.getKey())
                    .text(StructWriter.VALUE, each.getValue())
                    .end(tag);
        }
        for (int row = 0; row < envelope.size(); row++) {
            int begin = out.begin(DATA);
            encode(envelope.get(row));
            out.end(begin);
        }
        return out.toBytes();
    }

    private void encode(Measurement row) {
        for (int column = 0; column < row.size(); column++) {
            int entry = out.begin(StructWriter.ELEMENT);
            out.text(StructWriter.KEY, row.name(column));
            int value = out.begin(StructWriter.VALUE);
            switch (row.type(column)) {
                case INT64 -> StructWriter.number(out, (double) row.longValue(column));
                case DOUBLE -> StructWriter.number(out, row.doubleValue(column));
                case BOOLEAN -> StructWriter.bool(out, row.booleanValue(column));
                default -> StructWriter.value(out, row.value(column));
            }
            out.end(value).end(entry);
        }
    }
}
