package io.github.pgwatchrpc.rpc.pgwatch;

import io.github.pgwatchrpc.measurement.EnvelopeBuilder;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.rpc.MemoryAccount;
import io.github.pgwatchrpc.rpc.RpcPeer;
import io.github.pgwatchrpc.rpc.gob.GobException;
import io.github.pgwatchrpc.rpc.gob.GobReader;
import io.github.pgwatchrpc.rpc.gob.GobSkipper;
import io.github.pgwatchrpc.rpc.gob.GobType;
import io.github.pgwatchrpc.rpc.gob.GobTypes;
import io.github.pgwatchrpc.rpc.netrpc.ArgumentDecoder;
import java.nio.charset.StandardCharsets;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Reads {@code MeasurementEnvelope} of pgwatch v3 straight from gob into the model, without objects in between. It wants
 * the fields DBName, MetricName, CustomTags and Data, which all versions have, and skips what only some send. A key among the
 * custom tags (see {@link KeyGate}) is left out, whoever is let in by what: it must never be stored.
 *
 * <p>This is the hottest loop of the receiver. A row is a Go map from text to interfaces: its keys come in random order, so
 * names are found by hash; an interface value is the name of its Go type, the number of its wire type, a length that only
 * a skipper needs, a zero, and the value. Not thread-safe.
 */
public final class EnvelopeDecoder implements ArgumentDecoder<MeasurementEnvelope> {

    private static final int DATABASE = 0;
    private static final int METRIC = 1;
    private static final int TAGS = 2;
    private static final int DATA = 3;
    private static final String[] FIELDS = {"DBName", "MetricName", "CustomTags", "Data"};

    private static final int BOOL = 1;
    private static final int INT = 2;
    private static final int UINT = 3;
    private static final int FLOAT = 4;
    private static final int BYTES = 5;
    private static final int STRING = 6;
    private static final int INTERFACE = 8;

    private final Supplier<EnvelopeBuilder> builders;
    private final LongSupplier clock;
    private final StructPlan plan = new StructPlan(FIELDS);
    private final ModelMeter meter;
    private final ModelValues others;

    /** Who was let in without a key, because no rows were seen, gets none decoded either. */
    private boolean rowsAllowed = true;

    /**
     * A decoder for one stream, with a builder of its own and the default limits.
     *
     * @param clock tells the time of receipt, in nanoseconds since 1970
     */
    public EnvelopeDecoder(LongSupplier clock) {
        this(new EnvelopeBuilder(), clock);
    }

    private EnvelopeDecoder(EnvelopeBuilder builder, LongSupplier clock) {
        this(() -> builder, clock, ModelLimits.DEFAULT, MemoryAccount.unlimited());
    }

    /** A decoder that borrows a builder for each envelope, so that many connections can share one a thread. */
    EnvelopeDecoder(Supplier<EnvelopeBuilder> builders, LongSupplier clock, ModelLimits limits, MemoryAccount account) {
        this.builders = builders;
        this.clock = clock;
        this.meter = new ModelMeter(limits, account);
        this.others = new ModelValues(meter);
    }

    @Override
    public MeasurementEnvelope decode(GobReader reader, GobTypes types, int type, RpcPeer caller) throws GobException {
        rowsAllowed = caller.permit() != KeyGate.NO_ROWS;
        try {
            return decode(reader, types, type);
        } finally {
            rowsAllowed = true;
        }
    }

    @Override
    public MeasurementEnvelope decode(GobReader reader, GobTypes types, int type) throws GobException {
        EnvelopeBuilder builder = builders.get();
        try {
            builder.receivedAt(clock.getAsLong());
            meter.begin();
            int[] fields = plan.fields(types, type);
            int field = -1;
            for (int delta = plan.readDelta(reader, field); delta != 0; delta = plan.readDelta(reader, field)) {
                field += delta;
                switch (fields[field]) {
                    case DATABASE -> builder.database(plan.readString(reader, DATABASE));
                    case METRIC -> builder.metric(plan.readString(reader, METRIC));
                    case TAGS -> readTags(reader, types, builder);
                    case DATA -> {
                        if (!rowsAllowed) {
                            throw new GobException("gob: rows in an envelope without a key");
                        }
                        readRows(reader, types, builder);
                    }
                    default -> GobSkipper.skip(reader, types, plan.wireType(field));
                }
            }
            return builder.build();
        } finally {
            // after build() there is nothing left; after an error there is
            builder.reset();
        }
    }

    private void readTags(GobReader reader, GobTypes types, EnvelopeBuilder builder) throws GobException {
        if (!(types.get(plan.typeOf(TAGS)) instanceof GobType.Map map)
                || map.key() != STRING
                || map.element() != STRING) {
            throw mismatch(TAGS, types, "map[string]string");
        }
        builder.customTags(java.util.Map.of());
        for (int left = reader.readCount(); left > 0; left--) {
            require(meter.tag());
            String name = readText(reader);
            String value = readText(reader);
            if (!name.equals(KeyGate.TAG)) {
                builder.customTag(name, value);
            }
        }
    }

    private String readText(GobReader reader) throws GobException {
        int begin = reader.readBytes();
        require(meter.copy(reader.length()));
        return new String(reader.array(), begin, reader.length(), StandardCharsets.UTF_8);
    }

    private void readRows(GobReader reader, GobTypes types, EnvelopeBuilder builder) throws GobException {
        if (!(types.get(plan.typeOf(DATA)) instanceof GobType.Slice rows)
                || !(types.get(rows.element()) instanceof GobType.Map row)
                || row.key() != STRING) {
            throw mismatch(DATA, types, "[]map[string]interface {}");
        }
        int valueType = row.element();
        for (int left = reader.readCount(); left > 0; left--) {
            builder.beginRow();
            int columns = reader.readCount();
            require(meter.row(columns));
            for (; columns > 0; columns--) {
                int begin = reader.readBytes();
                require(meter.name(reader.length()));
                int column = builder.column(reader.array(), begin, reader.length());
                require(meter.column(column, reader.length()));
                if (valueType == INTERFACE) {
                    readInterface(reader, types, builder, column);
                } else {
                    readValue(reader, types, builder, column, valueType, false);
                }
            }
            builder.endRow();
        }
    }

    private void readInterface(GobReader reader, GobTypes types, EnvelopeBuilder builder, int column)
            throws GobException {
        int name = reader.readBytes();
        int nameLength = reader.length();
        if (nameLength == 0) {
            builder.putNull(column);
            return;
        }
        int type = types.readTypeSequence(reader, true);
        reader.readUint();
        if (type <= STRING) {
            ModelValues.readZero(reader);
            // the only name of a basic type that tells more than the type does
            boolean single = type == FLOAT && ModelValues.isFloat32(reader, name, nameLength);
            readValue(reader, types, builder, column, type, single);
        } else {
            builder.put(column, others.readTopLevel(reader, types, type));
        }
    }

    private void readValue(
            GobReader reader, GobTypes types, EnvelopeBuilder builder, int column, int type, boolean single)
            throws GobException {
        switch (type) {
            case BOOL -> builder.putBoolean(column, reader.readBool());
            case INT -> builder.putLong(column, reader.readInt());
            case UINT -> builder.putUnsignedLong(column, reader.readUint());
            case FLOAT -> {
                if (single) {
                    builder.putFloat(column, (float) reader.readFloat());
                } else {
                    builder.putDouble(column, reader.readFloat());
                }
            }
            case BYTES -> {
                int begin = reader.readBytes();
                require(meter.copy(reader.length()));
                builder.putBytes(column, reader.array(), begin, reader.length());
            }
            case STRING -> {
                int begin = reader.readBytes();
                require(meter.copy(reader.length()));
                builder.putText(column, reader.array(), begin, reader.length());
            }
            default -> builder.put(column, others.read(reader, types, type));
        }
    }

    private void require(boolean room) throws GobException {
        if (!room) {
            throw new GobException("gob: " + meter.refusal());
        }
    }

    private GobException mismatch(int field, GobTypes types, String expected) throws GobException {
        return new GobException("gob: type of field " + plan.name(field) + ": " + types.get(plan.typeOf(field))
                + " (expected: " + expected + ")");
    }
}
