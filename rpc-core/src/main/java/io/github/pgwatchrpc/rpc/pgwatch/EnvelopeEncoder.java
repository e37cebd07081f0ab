package io.github.pgwatchrpc.rpc.pgwatch;

import io.github.pgwatchrpc.measurement.BytesConsumer;
import io.github.pgwatchrpc.measurement.JsonWriter;
import io.github.pgwatchrpc.measurement.Measurement;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.rpc.gob.GobType;
import io.github.pgwatchrpc.rpc.gob.GobWriter;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes envelopes in gob as pgwatch v3.6 and later v3 do, for clients of a receiver: {@code MeasurementEnvelope{DBName,
 * MetricName string, CustomTags map[string]string, Data []map[string]interface{}}}. One encoder a connection: the first
 * envelope is preceded by the definitions of its types.
 *
 * <p>With a key, the struct begins with one more field, {@code ApiKey string}, which a receiver that does not know it ignores
 * as gob does.
 *
 * <p>The types' numbers begin at {@value #FIRST_ID}, far from those that an encoder of other values gives out. Lists and
 * objects, which gob can carry only as registered types, are written as JSON in a text. Not thread-safe.
 */
public final class EnvelopeEncoder {

    static final int FIRST_ID = 1000;
    private static final int TAGS = FIRST_ID + 1;
    private static final int ROWS = FIRST_ID + 2;
    private static final int ROW = FIRST_ID + 3;

    /** What stands in front of an interface's value: the name of its Go type and the number of its wire type. */
    private static final byte[] BOOL = type("bool", GobType.Basic.BOOL);

    private static final byte[] INT64 = type("int64", GobType.Basic.INT);
    private static final byte[] UINT64 = type("uint64", GobType.Basic.UINT);
    private static final byte[] FLOAT32 = type("float32", GobType.Basic.FLOAT);
    private static final byte[] FLOAT64 = type("float64", GobType.Basic.FLOAT);
    private static final byte[] STRING = type("string", GobType.Basic.STRING);
    private static final byte[] BYTES = type("[]uint8", GobType.Basic.BYTES);

    /** Names of columns that are kept in UTF-8; more than any fleet has, and a bound all the same. */
    private static final int MAX_NAMES = 4096;

    private final GobWriter writer;
    private final BytesConsumer bytes;
    private final Map<String, byte[]> names = new HashMap<>();
    private final @Nullable String apiKey;
    private boolean defined;

    /**
     * An encoder for one stream.
     *
     * @param writer where to
     */
    public EnvelopeEncoder(GobWriter writer) {
        this(writer, null);
    }

    /**
     * An encoder for one stream that shows a key with each envelope.
     *
     * @param writer where to
     * @param apiKey the key, or null for none
     */
    public EnvelopeEncoder(GobWriter writer, @Nullable String apiKey) {
        this.writer = writer;
        this.bytes = writer::writeBytes;
        this.apiKey = apiKey;
    }

    /**
     * Writes an envelope as whole messages, with their lengths.
     *
     * @param envelope what to write
     */
    public void encode(MeasurementEnvelope envelope) {
        if (!defined) {
            define();
            defined = true;
        }
        int message = writer.beginMessage();
        writer.writeInt(FIRST_ID);
        int last = -1;
        if (apiKey != null) {
            // in front of the others, which keep their steps from each other
            writer.writeUint(1);
            writer.writeString(apiKey);
        }
        if (!envelope.database().isEmpty()) {
            writer.writeUint(0 - last);
            last = 0;
            writer.writeString(envelope.database());
        }
        if (!envelope.metric().isEmpty()) {
            writer.writeUint(1 - last);
            last = 1;
            writer.writeString(envelope.metric());
        }
        if (envelope.hasCustomTags()) {
            writer.writeUint(2 - last);
            last = 2;
            writer.writeUint(envelope.customTags().size());
            envelope.customTags().forEach((name, value) -> {
                writer.writeString(name);
                writer.writeString(value);
            });
        }
        if (envelope.size() > 0) {
            writer.writeUint(3 - last);
            writer.writeUint(envelope.size());
            for (Measurement row : envelope.rows()) {
                writer.writeUint(row.size());
                for (int column = 0; column < row.size(); column++) {
                    writeName(row.name(column));
                    write(row, column);
                }
            }
        }
        writer.writeUint(0);
        writer.endMessage(message);
    }

    private void writeName(String name) {
        byte[] known = names.get(name);
        if (known == null) {
            if (names.size() == MAX_NAMES) {
                names.clear();
            }
            known = name.getBytes(StandardCharsets.UTF_8);
            names.put(name, known);
        }
        writer.writeBytes(known, 0, known.length);
    }

    private void write(Measurement row, int column) {
        switch (row.type(column)) {
            case NULL -> writer.writeUint(0);
            case BOOLEAN -> {
                int value = begin(BOOL);
                writer.writeBool(row.booleanValue(column));
                writer.endMessage(value);
            }
            case INT64 -> {
                int value = begin(INT64);
                writer.writeInt(row.longValue(column));
                writer.endMessage(value);
            }
            case UINT64 -> {
                int value = begin(UINT64);
                writer.writeUint(((BigInteger) value(row, column)).longValue());
                writer.endMessage(value);
            }
            case FLOAT32 -> {
                int value = begin(FLOAT32);
                writer.writeFloat((Float) value(row, column));
                writer.endMessage(value);
            }
            case DOUBLE -> {
                int value = begin(FLOAT64);
                writer.writeFloat(row.doubleValue(column));
                writer.endMessage(value);
            }
            case TEXT -> {
                int value = begin(STRING);
                row.readBytes(column, bytes);
                writer.endMessage(value);
            }
            case LIST, OBJECT -> {
                int value = begin(STRING);
                writer.writeString(new JsonWriter().value(row, column).toString());
                writer.endMessage(value);
            }
            case BYTES -> {
                int value = begin(BYTES);
                row.readBytes(column, bytes);
                writer.endMessage(value);
            }
        }
    }

    private static Object value(Measurement row, int column) {
        @Nullable Object value = row.value(column);
        if (value == null) {
            throw new IllegalStateException("column " + row.name(column) + " is null");
        }
        return value;
    }

    /** The name and number of the concrete type and, behind the length, the zero in front of what is no struct. */
    private int begin(byte[] type) {
        writer.writeRaw(type, 0, type.length);
        int value = writer.beginMessage();
        writer.writeUint(0);
        return value;
    }

    private static byte[] type(String name, GobType.Basic type) {
        GobWriter writer = new GobWriter();
        writer.writeString(name);
        writer.writeInt(type.id());
        return Arrays.copyOf(writer.array(), writer.size());
    }

    // ---- descriptions of the types, laid out as in docs/protocol/gob.md ----

    private void define() {
        Map<String, Integer> fields = new LinkedHashMap<>();
        if (apiKey != null) {
            fields.put(KeyGate.FIELD, GobType.Basic.STRING.id());
        }
        fields.put("DBName", GobType.Basic.STRING.id());
        fields.put("MetricName", GobType.Basic.STRING.id());
        fields.put("CustomTags", TAGS);
        fields.put("Data", ROWS);
        defineStruct(writer, FIRST_ID, "MeasurementEnvelope", fields);
        define(writer, TAGS, 4, "map[string]string", () -> ids(GobType.Basic.STRING.id(), GobType.Basic.STRING.id()));
        define(writer, ROWS, 2, "Measurements", () -> ids(ROW));
        define(writer, ROW, 4, "", () -> ids(GobType.Basic.STRING.id(), GobType.Basic.INTERFACE.id()));
    }

    private void ids(int... types) {
        for (int type : types) {
            writer.writeUint(1);
            writer.writeInt(type);
        }
    }

    /** Describes a struct by the names of its fields and the numbers of their types. */
    static void defineStruct(GobWriter writer, int id, String name, Map<String, Integer> fields) {
        define(writer, id, 3, name, () -> {
            writer.writeUint(1);
            writer.writeUint(fields.size());
            fields.forEach((field, type) -> {
                writer.writeUint(1);
                writer.writeString(field);
                writer.writeUint(1);
                writer.writeInt(type);
                writer.writeUint(0);
            });
        });
    }

    private static void define(GobWriter writer, int id, int kind, String name, Runnable rest) {
        int message = writer.beginMessage();
        writer.writeInt(-id);
        writer.writeUint(kind); // the field of wireType, counted from -1
        writer.writeUint(1); // CommonType
        if (name.isEmpty()) {
            writer.writeUint(2);
        } else {
            writer.writeUint(1);
            writer.writeString(name);
            writer.writeUint(1);
        }
        writer.writeInt(id);
        writer.writeUint(0);
        rest.run();
        writer.writeUint(0);
        writer.writeUint(0);
        writer.endMessage(message);
    }
}
