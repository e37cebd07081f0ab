package io.github.pgwatchrpc.rpc.pgwatch;

import io.github.pgwatchrpc.rpc.gob.GobException;
import io.github.pgwatchrpc.rpc.gob.GobReader;
import io.github.pgwatchrpc.rpc.gob.GobType;
import io.github.pgwatchrpc.rpc.gob.GobTypes;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Maps whatever else gob can carry to the model, as {@link io.github.pgwatchrpc.measurement.ValueType} lays down. No
 * released pgwatch sends such values (it registers no types), others may.
 */
final class ModelValues {

    private ModelValues() {}

    /** A value that stands by itself, as in an interface. */
    static @Nullable Object readTopLevel(GobReader reader, GobTypes types, int type) throws GobException {
        return readTopLevel(reader, types, type, reader.limits().depth());
    }

    /** A value inside another one. */
    static @Nullable Object read(GobReader reader, GobTypes types, int type) throws GobException {
        return read(reader, types, types.get(type), reader.limits().depth());
    }

    /** What stands by itself and is no struct has a zero in front. */
    static void readZero(GobReader reader) throws GobException {
        long delta = reader.readUint();
        if (delta != 0) {
            throw new GobException("gob: decode: corrupted data: non-zero delta for singleton: "
                    + Long.toUnsignedString(delta) + " (expected: 0)");
        }
    }

    private static @Nullable Object readTopLevel(GobReader reader, GobTypes types, int id, int depth)
            throws GobException {
        GobType type = types.get(id);
        if (!(type instanceof GobType.Struct)) {
            readZero(reader);
        }
        return read(reader, types, type, depth);
    }

    private static @Nullable Object read(GobReader reader, GobTypes types, GobType type, int depth)
            throws GobException {
        if (depth == 0) {
            throw new GobException(
                    "gob: nesting of values is deeper than " + reader.limits().depth());
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

    private static @Nullable Object readBasic(GobReader reader, GobTypes types, GobType.Basic type, int depth)
            throws GobException {
        return switch (type) {
            case BOOL -> reader.readBool();
            case INT -> reader.readInt();
            case UINT -> unsigned(reader.readUint());
            case FLOAT -> reader.readFloat();
            case BYTES -> {
                int begin = reader.readBytes();
                yield Arrays.copyOfRange(reader.array(), begin, begin + reader.length());
            }
            case STRING -> reader.readString();
            case COMPLEX -> complex(reader.readFloat(), reader.readFloat());
            case INTERFACE -> {
                reader.readBytes();
                if (reader.length() == 0) {
                    yield null;
                }
                int concrete = types.readTypeSequence(reader, true);
                reader.readUint();
                yield readTopLevel(reader, types, concrete, depth - 1);
            }
        };
    }

    private static Object unsigned(long bits) {
        if (bits >= 0) {
            return bits;
        }
        return new BigInteger(Long.toUnsignedString(bits));
    }

    /** As Go prints it. */
    private static String complex(double real, double imaginary) {
        String sign = imaginary < 0 || 1 / imaginary < 0 ? "" : "+";
        return "(" + real + sign + imaginary + "i)";
    }

    private static Object readOpaque(GobReader reader, GobType.Opaque type) throws GobException {
        int begin = reader.readBytes();
        byte[] bytes = Arrays.copyOfRange(reader.array(), begin, begin + reader.length());
        if (type.marshaler() == GobType.Marshaler.TEXT) {
            return new String(bytes, java.nio.charset.StandardCharsets.UTF_8);
        }
        return bytes;
    }

    private static List<@Nullable Object> readList(GobReader reader, GobTypes types, GobType element, int depth)
            throws GobException {
        List<@Nullable Object> list = new ArrayList<>();
        for (int left = reader.readCount(); left > 0; left--) {
            list.add(read(reader, types, element, depth - 1));
        }
        return list;
    }

    /** Keys that are not text are written as text. */
    private static Map<String, @Nullable Object> readMap(GobReader reader, GobTypes types, GobType.Map map, int depth)
            throws GobException {
        GobType key = types.get(map.key());
        GobType element = types.get(map.element());
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        for (int left = reader.readCount(); left > 0; left--) {
            Object name = read(reader, types, key, depth - 1);
            object.put(String.valueOf(name), read(reader, types, element, depth - 1));
        }
        return object;
    }

    private static Map<String, @Nullable Object> readStruct(
            GobReader reader, GobTypes types, GobType.Struct struct, int depth) throws GobException {
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        int field = -1;
        for (long delta = reader.readUint(); delta != 0; delta = reader.readUint()) {
            if (delta < 0 || delta > struct.fields().size() - 1 - field) {
                throw new GobException("gob: step to the next field of " + struct.name() + ": "
                        + Long.toUnsignedString(delta) + " (expected: <= "
                        + (struct.fields().size() - 1 - field) + ")");
            }
            field += (int) delta;
            GobType.Field each = struct.fields().get(field);
            object.put(each.name(), read(reader, types, types.get(each.type()), depth - 1));
        }
        return object;
    }
}
