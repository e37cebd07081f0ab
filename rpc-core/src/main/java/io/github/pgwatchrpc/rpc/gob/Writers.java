package io.github.pgwatchrpc.rpc.gob;

import java.lang.reflect.Array;
import java.lang.reflect.Type;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Works out how Java objects are written: by their classes, by types of another stream, or by the values themselves. */
final class Writers {

    static final ValueWriter BOOL = new Basic(GobType.Basic.BOOL) {
        @Override
        boolean isZero(Object value) {
            return Boolean.FALSE.equals(value);
        }

        @Override
        void write(GobEncoder encoder, @Nullable Object value, int depth) throws GobException {
            if (!(value instanceof Boolean b)) {
                throw mismatch("a Boolean", value);
            }
            encoder.out().writeBool(b);
        }
    };
    static final ValueWriter INT = new Basic(GobType.Basic.INT) {
        @Override
        boolean isZero(Object value) {
            return isInteger(value) && ((Number) value).longValue() == 0;
        }

        @Override
        void write(GobEncoder encoder, @Nullable Object value, int depth) throws GobException {
            encoder.out().writeInt(integer(value));
        }
    };

    /** Integers that are not negative. */
    static final ValueWriter UINT = new Basic(GobType.Basic.UINT) {
        @Override
        boolean isZero(Object value) {
            return value instanceof GobUint u ? u.bits() == 0 : INT.isZero(value);
        }

        @Override
        void write(GobEncoder encoder, @Nullable Object value, int depth) throws GobException {
            long bits = value instanceof GobUint u ? u.bits() : integer(value);
            if (bits < 0 && !(value instanceof GobUint)) {
                throw new GobMismatchException("gob: unsigned integer: " + value + " (expected: >= 0)");
            }
            encoder.out().writeUint(bits);
        }
    };

    /** Integers whose bits are unsigned. */
    static final ValueWriter BITS = new Basic(GobType.Basic.UINT) {
        @Override
        boolean isZero(Object value) {
            return INT.isZero(value);
        }

        @Override
        void write(GobEncoder encoder, @Nullable Object value, int depth) throws GobException {
            long mask = value instanceof Integer
                    ? 0xffff_ffffL
                    : value instanceof Short ? 0xffff : value instanceof Byte ? 0xff : -1;
            encoder.out().writeUint(integer(value) & mask);
        }
    };

    static final ValueWriter FLOAT = new Basic(GobType.Basic.FLOAT) {
        @Override
        boolean isZero(Object value) {
            return (value instanceof Double || value instanceof Float) && ((Number) value).doubleValue() == 0;
        }

        @Override
        void write(GobEncoder encoder, @Nullable Object value, int depth) throws GobException {
            if (value instanceof Double d) {
                encoder.out().writeFloat(d);
            } else if (value instanceof Float f) {
                encoder.out().writeFloat(f);
            } else {
                throw mismatch("a Double or Float", value);
            }
        }
    };
    static final ValueWriter COMPLEX = new Basic(GobType.Basic.COMPLEX) {
        @Override
        boolean isZero(Object value) {
            return value instanceof GobComplex c && c.real() == 0 && c.imaginary() == 0;
        }

        @Override
        void write(GobEncoder encoder, @Nullable Object value, int depth) throws GobException {
            if (!(value instanceof GobComplex c)) {
                throw mismatch("a GobComplex", value);
            }
            encoder.out().writeFloat(c.real());
            encoder.out().writeFloat(c.imaginary());
        }
    };
    static final ValueWriter STRING = new Basic(GobType.Basic.STRING) {
        @Override
        boolean isZero(Object value) {
            return "".equals(value);
        }

        @Override
        void write(GobEncoder encoder, @Nullable Object value, int depth) throws GobException {
            if (!(value instanceof String s)) {
                throw mismatch("a String", value);
            }
            encoder.out().writeString(s);
        }
    };
    static final ValueWriter BYTES = new Basic(GobType.Basic.BYTES) {
        @Override
        boolean isZero(Object value) {
            return value instanceof byte[] b && b.length == 0;
        }

        @Override
        void write(GobEncoder encoder, @Nullable Object value, int depth) throws GobException {
            if (!(value instanceof byte[] b)) {
                throw mismatch("a byte[]", value);
            }
            encoder.out().writeBytes(b);
        }
    };
    static final ValueWriter INTERFACE = new Basic(GobType.Basic.INTERFACE) {
        @Override
        boolean isZero(Object value) {
            return false;
        }

        @Override
        void write(GobEncoder encoder, @Nullable Object value, int depth) throws GobException {
            encoder.writeInterface(value, depth);
        }
    };

    static final ValueWriter ANY_LIST = new ListWriter(GobNames.ANY_LIST, -1, () -> INTERFACE, key("[]", INTERFACE));
    static final ValueWriter ANY_MAP =
            new MapWriter(GobNames.ANY_MAP, () -> STRING, () -> INTERFACE, key("map", STRING, INTERFACE));
    private static final ValueWriter MAP_OF_ANY = new MapWriter(
            "map[interface {}]interface {}", () -> INTERFACE, () -> INTERFACE, key("map", INTERFACE, INTERFACE));
    private static final ValueWriter TIME = new OpaqueWriter(GobType.Marshaler.GOB, GobTime.NAME);

    private static final Map<String, ValueWriter> GO_NAMES = Map.ofEntries(
            Map.entry("bool", BOOL),
            Map.entry("int", INT),
            Map.entry("int8", INT),
            Map.entry("int16", INT),
            Map.entry("int32", INT),
            Map.entry("int64", INT),
            Map.entry("uint", UINT),
            Map.entry("uint8", UINT),
            Map.entry("uint16", UINT),
            Map.entry("uint32", UINT),
            Map.entry("uint64", UINT),
            Map.entry("uintptr", UINT),
            Map.entry("float32", FLOAT),
            Map.entry("float64", FLOAT),
            Map.entry("complex64", COMPLEX),
            Map.entry("complex128", COMPLEX),
            Map.entry("string", STRING),
            Map.entry("[]uint8", BYTES),
            Map.entry("interface {}", INTERFACE),
            Map.entry("time.Time", TIME));

    /** Follows from the class alone and lives as long as it, so one for all encoders is enough. */
    private static final ClassValue<ValueWriter> STRUCTS = new ClassValue<>() {
        @Override
        protected ValueWriter computeValue(Class<?> type) {
            return new JavaStructWriter(type, JavaStruct.of(type));
        }
    };

    private final GobLimits limits;
    private final Map<Type, ValueWriter> byType = new HashMap<>();
    private final IdentityHashMap<GobType, ValueWriter> byWireType = new IdentityHashMap<>();

    Writers(GobLimits limits) {
        this.limits = limits;
    }

    /** For values whose type is not told. */
    ValueWriter ofValue(Object value) throws GobException {
        return ofValue(value, 1);
    }

    private ValueWriter ofValue(Object value, int depth) throws GobException {
        if (value instanceof GobStruct struct) {
            WireType wireType = struct.wireType();
            return wireType == null ? ofFields(struct, depth) : ofWire(wireType.types(), wireType.type());
        } else if (value instanceof GobOpaque opaque) {
            return new OpaqueWriter(opaque.marshaler(), opaque.name());
        } else if (value instanceof GobInterface) {
            return INTERFACE;
        } else if (value instanceof Collection || value.getClass() == Object[].class) {
            return ANY_LIST;
        } else if (value instanceof Map<?, ?> map) {
            return map.keySet().stream().allMatch(String.class::isInstance) ? ANY_MAP : MAP_OF_ANY;
        }
        return ofType(value.getClass());
    }

    private ValueWriter ofFields(GobStruct struct, int depth) throws GobException {
        checkDepth(depth, limits);
        List<String> names = new ArrayList<>();
        List<ValueWriter> writers = new ArrayList<>();
        List<Object> key = new ArrayList<>();
        key.add("struct");
        key.add(struct.name());
        for (int i = 0; i < struct.size(); i++) {
            Object value = struct.valueAt(i);
            ValueWriter writer = value == null ? INTERFACE : ofValue(value, depth + 1);
            names.add(struct.nameAt(i));
            writers.add(writer);
            key.add(struct.nameAt(i));
            key.add(writer.key());
        }
        return new GobStructWriter(struct.name(), names, () -> writers, key);
    }

    ValueWriter ofType(Type type) {
        return byType.computeIfAbsent(type, t -> of(JavaType.of(t)));
    }

    private static ValueWriter of(JavaType type) {
        return switch (type.kind()) {
            case BOOL -> BOOL;
            case INTEGER -> type.unsigned() ? BITS : INT;
            case UINT -> UINT;
            case FLOAT -> FLOAT;
            case COMPLEX -> COMPLEX;
            case STRING -> STRING;
            case BYTES -> BYTES;
            case LIST -> {
                int length = type.lengths().isEmpty() ? -1 : type.lengths().get(0);
                JavaType elementType = type.element();
                ValueWriter element = of(elementType);
                yield new ListWriter(type.toString(), length, () -> element, key("[" + length + "]", element));
            }
            case MAP -> {
                ValueWriter key = of(type.entry(0));
                ValueWriter value = of(type.entry(1));
                yield new MapWriter(type.toString(), () -> key, () -> value, key("map", key, value));
            }
            case STRUCT -> STRUCTS.get(type.raw());
            case TIME -> TIME;
            case INTERFACE -> INTERFACE;
            case GENERIC_STRUCT, OPAQUE ->
                throw new IllegalArgumentException("gob: the type of a " + type
                        + " is known only when there is one (declare an Object, or encode it by itself)");
        };
    }

    /** By a type that a sender has described, for generic values. */
    ValueWriter ofWire(GobTypes types, GobType type) {
        ValueWriter known = byWireType.get(type);
        if (known == null) {
            known = newOfWire(types, type);
            byWireType.put(type, known);
        }
        return known;
    }

    private ValueWriter newOfWire(GobTypes types, GobType type) {
        if (type instanceof GobType.Basic basic) {
            return switch (basic) {
                case BOOL -> BOOL;
                case INT -> INT;
                case UINT -> UINT;
                case FLOAT -> FLOAT;
                case BYTES -> BYTES;
                case STRING -> STRING;
                case COMPLEX -> COMPLEX;
                case INTERFACE -> INTERFACE;
            };
        } else if (type instanceof GobType.Slice slice) {
            return new ListWriter(slice.name(), -1, () -> ofWire(types, types.get(slice.element())), null);
        } else if (type instanceof GobType.Array array) {
            int length = Math.toIntExact(array.length());
            return new ListWriter(array.name(), length, () -> ofWire(types, types.get(array.element())), null);
        } else if (type instanceof GobType.Map map) {
            return new MapWriter(
                    map.name(),
                    () -> ofWire(types, types.get(map.key())),
                    () -> ofWire(types, types.get(map.element())),
                    null);
        } else if (type instanceof GobType.Struct struct) {
            List<String> names =
                    struct.fields().stream().map(GobType.Field::name).toList();
            return new GobStructWriter(
                    struct.name(),
                    names,
                    () -> {
                        List<ValueWriter> writers = new ArrayList<>();
                        for (GobType.Field field : struct.fields()) {
                            writers.add(ofWire(types, types.get(field.type())));
                        }
                        return writers;
                    },
                    null);
        }
        GobType.Opaque opaque = (GobType.Opaque) type;
        return new OpaqueWriter(opaque.marshaler(), opaque.name());
    }

    /** By the name of an unnamed type, as Go prints it: {@code []string}; null for other names. */
    static @Nullable ValueWriter ofGoName(String name) {
        ValueWriter known = GO_NAMES.get(name);
        if (known != null) {
            return known;
        }
        int bracket = name.indexOf(']');
        if (bracket < 0 || bracket > MAX_PREFIX) {
            return null;
        }
        ValueWriter element = ofGoName(name.substring(bracket + 1));
        if (element == null) {
            return null;
        } else if (name.startsWith("map[")) {
            ValueWriter key = ofGoName(name.substring("map[".length(), bracket));
            return key == null ? null : new MapWriter(name, () -> key, () -> element, key("map", key, element));
        } else if (bracket == 1 && name.startsWith("[")) {
            return new ListWriter(name, -1, () -> element, key("[]", element));
        } else if (name.startsWith("[") && name.substring(1, bracket).chars().allMatch(c -> c >= '0' && c <= '9')) {
            int length = Integer.parseInt(name.substring(1, bracket));
            return new ListWriter(name, length, () -> element, key("[" + length + "]", element));
        }
        return null;
    }

    /** The longest that may stand before the type of the elements: the length of an array, or the key of a map. */
    private static final int MAX_PREFIX = 15;

    private static Object key(String kind, ValueWriter... parts) {
        List<Object> key = new ArrayList<>();
        key.add(kind);
        for (ValueWriter part : parts) {
            key.add(part.key());
        }
        return List.copyOf(key);
    }

    static void checkDepth(int depth, GobLimits limits) throws GobException {
        if (depth > limits.depth()) {
            throw new GobMismatchException("gob: nesting of a value: " + depth + " (expected: <= " + limits.depth()
                    + "; a value cannot contain itself)");
        }
    }

    private static long integer(@Nullable Object value) throws GobException {
        if (value != null && isInteger(value)) {
            return ((Number) value).longValue();
        }
        throw ValueWriter.mismatch("an integer", value);
    }

    private static boolean isInteger(Object value) {
        return value instanceof Long || value instanceof Integer || value instanceof Short || value instanceof Byte;
    }

    /** Worked out when it is first needed, since types may be recursive. */
    private interface Part<T> {
        T get() throws GobException;
    }

    private abstract static class Basic extends ValueWriter {
        private final GobType.Basic type;

        Basic(GobType.Basic type) {
            this.type = type;
        }

        @Override
        Object key() {
            return type;
        }

        @Override
        int basicId() {
            return type.id();
        }
    }

    /** Slices, and arrays where there is a length. */
    private static final class ListWriter extends ValueWriter {
        private final String name;
        private final int length;
        private final Part<ValueWriter> element;
        private final @Nullable Object key;

        ListWriter(String name, int length, Part<ValueWriter> element, @Nullable Object key) {
            this.name = name;
            this.length = length;
            this.element = element;
            this.key = key;
        }

        @Override
        Object key() {
            return key == null ? this : key;
        }

        @Override
        List<ValueWriter> parts() throws GobException {
            return List.of(element.get());
        }

        @Override
        GobType describe(int id, ToId ids) throws GobException {
            int elementId = ids.idOf(element.get());
            return length < 0 ? new GobType.Slice(id, name, elementId) : new GobType.Array(id, name, elementId, length);
        }

        @Override
        boolean isZero(Object value) {
            return length < 0
                    && (value instanceof Collection<?> c
                            ? c.isEmpty()
                            : value.getClass().isArray() && Array.getLength(value) == 0);
        }

        @Override
        void write(GobEncoder encoder, @Nullable Object value, int depth) throws GobException {
            checkDepth(depth + 1, encoder.limits());
            ValueWriter writer = element.get();
            if (value instanceof Collection<?> list) {
                writeCount(encoder, list.size());
                for (Object one : list) {
                    writeElement(encoder, writer, one, depth);
                }
            } else if (value instanceof Object[] objects) {
                writeCount(encoder, objects.length);
                for (Object one : objects) {
                    writeElement(encoder, writer, one, depth);
                }
            } else if (value instanceof Iterable<?> iterable) {
                List<@Nullable Object> copy = new ArrayList<>();
                iterable.forEach(copy::add);
                write(encoder, copy, depth);
            } else if (value != null && value.getClass().isArray()) {
                int count = Array.getLength(value);
                writeCount(encoder, count);
                for (int i = 0; i < count; i++) {
                    writeElement(encoder, writer, Array.get(value, i), depth);
                }
            } else {
                throw mismatch("a collection or array", value);
            }
        }

        private void writeCount(GobEncoder encoder, int count) throws GobException {
            if (length >= 0 && count != length) {
                throw new GobMismatchException("gob: elements of an array: " + count + " (expected: " + length + ")");
            }
            encoder.out().writeUint(count);
        }
    }

    private static void writeElement(GobEncoder encoder, ValueWriter writer, @Nullable Object value, int depth)
            throws GobException {
        if (value == null && writer != INTERFACE) {
            throw new GobMismatchException("gob: null in a collection (only interfaces can be nil)");
        }
        writer.write(encoder, value, depth + 1);
    }

    private static final class MapWriter extends ValueWriter {
        private final String name;
        private final Part<ValueWriter> keyWriter;
        private final Part<ValueWriter> valueWriter;
        private final @Nullable Object key;

        MapWriter(String name, Part<ValueWriter> keyWriter, Part<ValueWriter> valueWriter, @Nullable Object key) {
            this.name = name;
            this.keyWriter = keyWriter;
            this.valueWriter = valueWriter;
            this.key = key;
        }

        @Override
        Object key() {
            return key == null ? this : key;
        }

        @Override
        List<ValueWriter> parts() throws GobException {
            return List.of(keyWriter.get(), valueWriter.get());
        }

        @Override
        GobType describe(int id, ToId ids) throws GobException {
            return new GobType.Map(id, name, ids.idOf(keyWriter.get()), ids.idOf(valueWriter.get()));
        }

        /** Go sends an empty map, so that the receiver has one to put something into. */
        @Override
        boolean isZero(Object value) {
            return false;
        }

        @Override
        void write(GobEncoder encoder, @Nullable Object value, int depth) throws GobException {
            checkDepth(depth + 1, encoder.limits());
            if (!(value instanceof Map<?, ?> map)) {
                throw mismatch("a Map", value);
            }
            ValueWriter k = keyWriter.get();
            ValueWriter v = valueWriter.get();
            encoder.out().writeUint(map.size());
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                writeElement(encoder, k, entry.getKey(), depth);
                writeElement(encoder, v, entry.getValue(), depth);
            }
        }
    }

    private abstract static class StructWriter extends ValueWriter {

        abstract String name();

        abstract String fieldName(int index);

        @Override
        boolean isStruct() {
            return true;
        }

        @Override
        GobType describe(int id, ToId ids) throws GobException {
            List<GobType.Field> fields = new ArrayList<>();
            for (ValueWriter part : parts()) {
                fields.add(new GobType.Field(fieldName(fields.size()), ids.idOf(part)));
            }
            return new GobType.Struct(id, name(), fields);
        }

        /** Go sends a struct in a struct even if all of its fields are zero. */
        @Override
        boolean isZero(Object value) {
            return false;
        }
    }

    private static final class JavaStructWriter extends StructWriter {
        private final Class<?> type;
        private final JavaStruct java;

        /** Worked out when first needed, by any thread: each comes to the same. */
        private volatile @Nullable List<ValueWriter> fields;

        JavaStructWriter(Class<?> type, JavaStruct java) {
            this.type = type;
            this.java = java;
        }

        @Override
        Object key() {
            return type;
        }

        @Override
        String name() {
            return java.name();
        }

        @Override
        String fieldName(int index) {
            return java.members().get(index).name();
        }

        @Override
        List<ValueWriter> parts() {
            List<ValueWriter> known = fields;
            if (known == null) {
                known = java.members().stream().map(member -> of(member.type())).toList();
                fields = known;
            }
            return known;
        }

        @Override
        void write(GobEncoder encoder, @Nullable Object value, int depth) throws GobException {
            checkDepth(depth + 1, encoder.limits());
            if (!type.isInstance(value)) {
                throw mismatch("an object of " + type.getName(), value);
            }
            List<ValueWriter> writers = parts();
            List<JavaStruct.Member> members = java.members();
            int last = -1;
            for (int i = 0; i < members.size(); i++) {
                Object field = JavaStruct.get(members.get(i).getter(), value);
                ValueWriter writer = writers.get(i);
                if (field != null && !writer.isZero(field)) {
                    encoder.out().writeUint(i - last);
                    last = i;
                    writer.write(encoder, field, depth + 1);
                }
            }
            encoder.out().writeUint(0);
        }
    }

    private static final class GobStructWriter extends StructWriter {
        private final String name;
        private final List<String> names;
        private final Part<List<ValueWriter>> parts;
        private final @Nullable Object key;
        private @Nullable List<ValueWriter> fields;

        GobStructWriter(String name, List<String> names, Part<List<ValueWriter>> parts, @Nullable Object key) {
            this.name = name;
            this.names = names;
            this.parts = parts;
            this.key = key;
        }

        @Override
        Object key() {
            return key == null ? this : key;
        }

        @Override
        String name() {
            return name;
        }

        @Override
        String fieldName(int index) {
            return names.get(index);
        }

        @Override
        List<ValueWriter> parts() throws GobException {
            if (fields == null) {
                fields = parts.get();
            }
            return fields;
        }

        @Override
        void write(GobEncoder encoder, @Nullable Object value, int depth) throws GobException {
            checkDepth(depth + 1, encoder.limits());
            if (!(value instanceof GobStruct struct)) {
                throw mismatch("a GobStruct", value);
            }
            List<ValueWriter> writers = parts();
            int last = -1;
            int found = 0;
            for (int i = 0; i < writers.size() && found < struct.size(); i++) {
                int at = struct.indexOf(names.get(i), found);
                if (at < 0) {
                    continue;
                }
                found++;
                Object field = struct.valueAt(at);
                ValueWriter writer = writers.get(i);
                if (field != null && !writer.isZero(field)) {
                    encoder.out().writeUint(i - last);
                    last = i;
                    writer.write(encoder, field, depth + 1);
                }
            }
            if (found < struct.size()) {
                throw new GobMismatchException("gob: fields of " + struct.name() + ": " + struct.size() + " (expected: "
                        + found + ", the others are unknown to the type)");
            }
            encoder.out().writeUint(0);
        }
    }

    private static final class OpaqueWriter extends ValueWriter {
        private final GobType.Marshaler marshaler;
        private final String name;

        OpaqueWriter(GobType.Marshaler marshaler, String name) {
            this.marshaler = marshaler;
            this.name = name;
        }

        @Override
        Object key() {
            return List.of(marshaler, name);
        }

        @Override
        GobType describe(int id, ToId ids) {
            return new GobType.Opaque(id, name, marshaler);
        }

        @Override
        boolean isZero(Object value) {
            return false;
        }

        @Override
        void write(GobEncoder encoder, @Nullable Object value, int depth) throws GobException {
            if (value instanceof GobOpaque opaque && opaque.marshaler() == marshaler) {
                encoder.out().writeBytes(opaque.bytes());
            } else if (value instanceof OffsetDateTime time) {
                encoder.out().writeBytes(GobTime.encode(time));
            } else if (value instanceof Instant instant) {
                encoder.out().writeBytes(GobTime.encode(instant.atOffset(ZoneOffset.UTC)));
            } else {
                throw mismatch("a GobOpaque of kind " + marshaler + ", or a time", value);
            }
        }
    }
}
