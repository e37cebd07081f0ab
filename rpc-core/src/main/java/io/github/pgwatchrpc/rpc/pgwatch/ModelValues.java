package io.github.pgwatchrpc.rpc.pgwatch;

import io.github.pgwatchrpc.rpc.gob.GobException;
import io.github.pgwatchrpc.rpc.gob.GobOpaque;
import io.github.pgwatchrpc.rpc.gob.GobReader;
import io.github.pgwatchrpc.rpc.gob.GobType;
import io.github.pgwatchrpc.rpc.gob.GobTypes;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Maps whatever else gob can carry to the model, as {@link io.github.pgwatchrpc.measurement.ValueType} lays down. No
 * released pgwatch sends such values (it registers no types), others may.
 *
 * <p>An element on the wire may be a single byte and is a whole object here, so each is counted. Not thread-safe.
 */
final class ModelValues {

    private static final byte[] FLOAT32 = "float32".getBytes(StandardCharsets.US_ASCII);

    /** The name of {@code time.Time} on the wire. Where the wire gives none, a time cannot be told from other bytes. */
    private static final String TIME = "Time";

    private final ModelMeter meter;

    ModelValues(ModelMeter meter) {
        this.meter = meter;
    }

    /** Whether the name of an interface's type, at an offset of the reader's array, is that of single precision. */
    static boolean isFloat32(GobReader reader, int name, int length) {
        // nearly always it is float64, which the last byte tells
        return length == FLOAT32.length
                && reader.array()[name + length - 1] == FLOAT32[length - 1]
                && Arrays.equals(FLOAT32, 0, FLOAT32.length, reader.array(), name, name + length);
    }

    /** What stands by itself and is no struct has a zero in front. */
    static void readZero(GobReader reader) throws GobException {
        long delta = reader.readUint();
        if (delta != 0) {
            throw new GobException("gob: decode: corrupted data: non-zero delta for singleton: "
                    + Long.toUnsignedString(delta) + " (expected: 0)");
        }
    }

    /** A value that stands by itself, as in an interface. */
    @Nullable
    Object readTopLevel(GobReader reader, GobTypes types, int type) throws GobException {
        return readTopLevel(reader, types, type, depth(reader));
    }

    /** A value inside another one. */
    @Nullable
    Object read(GobReader reader, GobTypes types, int type) throws GobException {
        return read(reader, types, types.get(type), depth(reader));
    }

    private @Nullable Object readTopLevel(GobReader reader, GobTypes types, int id, int depth) throws GobException {
        GobType type = types.get(id);
        if (!(type instanceof GobType.Struct)) {
            readZero(reader);
        }
        return read(reader, types, type, depth);
    }

    private @Nullable Object read(GobReader reader, GobTypes types, GobType type, int depth) throws GobException {
        if (depth == 0) {
            throw new GobException(
                    "gob: nesting of a value: " + (depth(reader) + 1) + " (expected: <= " + depth(reader) + ")");
        }
        if (type instanceof GobType.Basic basic) {
            return readBasic(reader, types, basic, depth);
        } else if (type instanceof GobType.Opaque opaque) {
            return readOpaque(reader, opaque);
        } else if (type instanceof GobType.Array array) {
            return readList(reader, types, types.get(array.element()), depth);
        } else if (type instanceof GobType.Slice slice) {
            return readList(reader, types, types.get(slice.element()), depth);
        } else if (type instanceof GobType.Map map) {
            return readMap(reader, types, map, depth);
        } else if (type instanceof GobType.Struct struct) {
            return readStruct(reader, types, struct, depth);
        }
        throw new AssertionError(type);
    }

    private @Nullable Object readBasic(GobReader reader, GobTypes types, GobType.Basic type, int depth)
            throws GobException {
        return switch (type) {
            case BOOL -> reader.readBool();
            case INT -> reader.readInt();
            case UINT -> unsigned(reader.readUint());
            case FLOAT -> reader.readFloat();
            case BYTES -> readBytes(reader);
            case STRING -> readText(reader);
            case COMPLEX -> complex(reader.readFloat(), reader.readFloat());
            case INTERFACE -> readInterface(reader, types, depth);
        };
    }

    private @Nullable Object readInterface(GobReader reader, GobTypes types, int depth) throws GobException {
        int name = reader.readBytes();
        int length = reader.length();
        if (length == 0) {
            return null;
        }
        boolean single = isFloat32(reader, name, length);
        int concrete = types.readTypeSequence(reader, true);
        reader.readUint();
        Object value = readTopLevel(reader, types, concrete, depth - 1);
        return single && value instanceof Double wide ? (Object) wide.floatValue() : value;
    }

    private String readText(GobReader reader) throws GobException {
        int begin = reader.readBytes();
        copy(reader.length());
        return new String(reader.array(), begin, reader.length(), StandardCharsets.UTF_8);
    }

    private byte[] readBytes(GobReader reader) throws GobException {
        int begin = reader.readBytes();
        copy(reader.length());
        return Arrays.copyOfRange(reader.array(), begin, begin + reader.length());
    }

    private static Object unsigned(long bits) {
        if (bits >= 0) {
            return bits;
        }
        return new BigInteger(Long.toUnsignedString(bits));
    }

    /** {@code (1.5-2.0i)}. */
    private static String complex(double real, double imaginary) {
        String sign = Math.copySign(1, imaginary) < 0 ? "" : "+";
        return "(" + real + sign + imaginary + "i)";
    }

    private Object readOpaque(GobReader reader, GobType.Opaque type) throws GobException {
        byte[] bytes = readBytes(reader);
        if (type.marshaler() == GobType.Marshaler.TEXT) {
            return new String(bytes, StandardCharsets.UTF_8);
        } else if (type.name().equals(TIME)) {
            return new GobOpaque(type.marshaler(), TIME, bytes)
                    .toTime()
                    .<Object>map(DateTimeFormatter.ISO_OFFSET_DATE_TIME::format)
                    .orElse(bytes);
        }
        return bytes;
    }

    private List<@Nullable Object> readList(GobReader reader, GobTypes types, GobType element, int depth)
            throws GobException {
        List<@Nullable Object> list = new ArrayList<>();
        for (int left = reader.readCount(); left > 0; left--) {
            count();
            list.add(read(reader, types, element, depth - 1));
        }
        return list;
    }

    /** Keys that are not text are written as text. */
    private Map<String, @Nullable Object> readMap(GobReader reader, GobTypes types, GobType.Map map, int depth)
            throws GobException {
        GobType key = types.get(map.key());
        GobType element = types.get(map.element());
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        for (int left = reader.readCount(); left > 0; left--) {
            count();
            Object name = read(reader, types, key, depth - 1);
            String text = name instanceof byte[] bytes ? HexFormat.of().formatHex(bytes) : String.valueOf(name);
            object.put(text, read(reader, types, element, depth - 1));
        }
        return object;
    }

    private Map<String, @Nullable Object> readStruct(GobReader reader, GobTypes types, GobType.Struct struct, int depth)
            throws GobException {
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        int field = -1;
        for (long delta = reader.readUint(); delta != 0; delta = reader.readUint()) {
            if (delta < 0 || delta > struct.fields().size() - 1 - field) {
                throw new GobException("gob: step to the next field of " + struct.name() + ": "
                        + Long.toUnsignedString(delta) + " (expected: <= "
                        + (struct.fields().size() - 1 - field) + ")");
            }
            field += (int) delta;
            count();
            GobType.Field each = struct.fields().get(field);
            object.put(each.name(), read(reader, types, types.get(each.type()), depth - 1));
        }
        return object;
    }

    private void copy(int length) throws GobException {
        if (!meter.copy(length)) {
            throw new GobException("gob: " + meter.refusal());
        }
    }

    private void count() throws GobException {
        if (!meter.nested()) {
            throw new GobException("gob: " + meter.refusal());
        }
    }

    /** What is refused here must still be gone past, by a reader with a bound of its own. */
    private int depth(GobReader reader) {
        return Math.min(meter.limits().depth(), reader.limits().depth());
    }
}
