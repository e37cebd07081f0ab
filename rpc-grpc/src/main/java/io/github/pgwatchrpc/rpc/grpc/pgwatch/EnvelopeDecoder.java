package io.github.pgwatchrpc.rpc.grpc.pgwatch;

import io.github.pgwatchrpc.measurement.EnvelopeBuilder;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.rpc.grpc.MessageDecoder;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoException;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoReader;
import io.github.pgwatchrpc.rpc.pgwatch.KeyGate;
import io.github.pgwatchrpc.rpc.pgwatch.ModelLimits;
import io.github.pgwatchrpc.rpc.pgwatch.ModelMeter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Reads {@code MeasurementEnvelope} from protobuf straight into the model: a row is a {@code Struct}, whose entries come in
 * random order, and no object is made of it, of its entries or of its values.
 *
 * <p>What a column's type is depends on its kind on the wire alone, never on its value: a number is a double, be it whole or
 * not, or the column would change its type from row to row. The one exception is {@code epoch_ns}, which is a whole number
 * of nanoseconds by what it means and becomes an integer again, rounded to the nearest.
 *
 * <p>As thread-safe as its builders.
 */
public final class EnvelopeDecoder implements MessageDecoder<MeasurementEnvelope> {

    private static final int DATABASE = 1 << 3 | 2;
    private static final int METRIC = 2 << 3 | 2;
    private static final int TAGS = 3 << 3 | 2;
    private static final int DATA = 4 << 3 | 2;

    private static final byte[] TIME = "epoch_ns".getBytes(StandardCharsets.US_ASCII);

    /** The first double above the largest long. */
    private static final double TWO_63 = 0x1p63;

    private final Supplier<EnvelopeBuilder> builders;
    private final LongSupplier clock;
    private final ModelLimits limits;

    /**
     * A decoder.
     *
     * @param builders gives the builder to use, of the calling thread for instance
     * @param clock tells the time of receipt, in nanoseconds since 1970
     * @param limits bounds on what a message may hold
     */
    public EnvelopeDecoder(Supplier<EnvelopeBuilder> builders, LongSupplier clock, ModelLimits limits) {
        this.builders = builders;
        this.clock = clock;
        this.limits = limits;
    }

    @Override
    public MeasurementEnvelope decode(ProtoReader in) throws ProtoException {
        EnvelopeBuilder builder = builders.get();
        try {
            builder.receivedAt(clock.getAsLong());
            ModelMeter meter = new ModelMeter(limits);
            StructValues nested = new StructValues(in, meter);
            for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
                switch (tag) {
                    case DATABASE -> builder.database(in.readString());
                    case METRIC -> builder.metric(in.readString());
                    case TAGS -> readTag(in, builder, meter);
                    case DATA -> readRow(in, builder, meter, nested);
                    default -> in.skip(tag);
                }
            }
            return builder.build();
        } finally {
            // after build() there is nothing left; after an error there is
            builder.reset();
        }
    }

    private static void require(boolean room, ModelMeter meter) throws ProtoException {
        if (!room) {
            throw new ProtoException(meter.refusal());
        }
    }

    private static void readTag(ProtoReader in, EnvelopeBuilder builder, ModelMeter meter) throws ProtoException {
        require(meter.tag(), meter);
        int outer = in.enter();
        String name = "";
        String value = "";
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            switch (tag) {
                case StructValues.KEY -> name = in.readString();
                case StructValues.VALUE -> value = in.readString();
                default -> in.skip(tag);
            }
        }
        in.leave(outer);
        if (!name.equals(KeyGate.TAG)) {
            // a source that net/rpc's pgwatch lets in by it may be known to a newer one too; it must never be stored
            builder.customTag(name, value);
        }
    }

    private static void readRow(ProtoReader in, EnvelopeBuilder builder, ModelMeter meter, StructValues nested)
            throws ProtoException {
        require(meter.row(0), meter);
        int outer = in.enter();
        builder.beginRow();
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            if (tag == StructValues.ELEMENT) {
                readEntry(in, builder, meter, nested);
            } else {
                in.skip(tag);
            }
        }
        builder.endRow();
        in.leave(outer);
    }

    /** The key tells the column, wherever in the entry it stands: what the value is waits until the entry's end. */
    private static void readEntry(ProtoReader in, EnvelopeBuilder builder, ModelMeter meter, StructValues nested)
            throws ProtoException {
        require(meter.cell(), meter);
        int outer = in.enter();
        int end = in.limit();
        int key = 0;
        int keyLength = 0;
        int value = 0;
        int valueLength = 0;
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            if (tag == StructValues.KEY) {
                key = in.readBytes();
                keyLength = in.length();
            } else if (tag == StructValues.VALUE) {
                value = in.readBytes();
                valueLength = in.length();
            } else {
                in.skip(tag);
            }
        }
        require(meter.name(keyLength), meter);
        int column = builder.column(in.array(), key, keyLength);
        require(meter.column(column, keyLength), meter);
        in.narrow(value, valueLength);
        readValue(in, builder, column, isTime(in.array(), key, keyLength), nested);
        in.narrow(end, 0);
        in.leave(outer);
    }

    private static void readValue(
            ProtoReader in, EnvelopeBuilder builder, int column, boolean time, StructValues nested)
            throws ProtoException {
        boolean hasKind = false;
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            switch (tag) {
                case StructValues.NUMBER -> {
                    double number = in.readDouble();
                    if (time && number >= -TWO_63 && number < TWO_63) {
                        builder.putLong(column, Math.round(number));
                    } else {
                        builder.putDouble(column, number);
                    }
                }
                case StructValues.STRING -> {
                    int begin = in.readBytes();
                    builder.putText(column, in.array(), begin, in.length());
                }
                case StructValues.BOOL -> builder.putBoolean(column, in.readVarint() != 0);
                case StructValues.NULL -> {
                    in.readVarint();
                    builder.putNull(column);
                }
                case StructValues.STRUCT -> {
                    int outer = in.enter();
                    builder.put(column, nested.readStruct());
                    in.leave(outer);
                }
                case StructValues.LIST -> {
                    int outer = in.enter();
                    builder.put(column, nested.readList());
                    in.leave(outer);
                }
                default -> {
                    in.skip(tag);
                    continue;
                }
            }
            hasKind = true;
        }
        if (!hasKind) {
            builder.putNull(column);
        }
    }

    private static boolean isTime(byte[] bytes, int offset, int length) {
        return length == TIME.length && Arrays.equals(bytes, offset, offset + length, TIME, 0, length);
    }
}
