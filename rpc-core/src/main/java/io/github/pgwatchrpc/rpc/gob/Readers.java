package io.github.pgwatchrpc.rpc.gob;

import java.lang.reflect.Array;
import java.nio.charset.StandardCharsets;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Works out how the values of one stream become Java objects: once for each pair of a type of the stream and one of Java,
 * so that reading a value needs no look at either.
 *
 * <p>Parts of values that are not basic are worked out when the first of them is read, since types may be recursive and
 * chains of them long.
 */
final class Readers {

    private static final ValueReader BOOL = new ValueReader() {
        @Override
        Object read(GobReader reader, int depth) throws GobException {
            return reader.readBool();
        }
    };
    private static final ValueReader INT = new ValueReader() {
        @Override
        Object read(GobReader reader, int depth) throws GobException {
            return reader.readInt();
        }
    };
    private static final ValueReader UINT = new ValueReader() {
        @Override
        Object read(GobReader reader, int depth) throws GobException {
            long bits = reader.readUint();
            return bits == 0 ? GobUint.ZERO : new GobUint(bits);
        }
    };
    private static final ValueReader FLOAT = new ValueReader() {
        @Override
        Object read(GobReader reader, int depth) throws GobException {
            return reader.readFloat();
        }
    };
    private static final ValueReader BYTES = new ValueReader() {
        @Override
        Object read(GobReader reader, int depth) throws GobException {
            int begin = reader.readBytes();
            return Arrays.copyOfRange(reader.array(), begin, begin + reader.length());
        }
    };
    private static final ValueReader STRING = new ValueReader() {
        @Override
        Object read(GobReader reader, int depth) throws GobException {
            return reader.readString();
        }
    };
    private static final ValueReader COMPLEX = new ValueReader() {
        @Override
        Object read(GobReader reader, int depth) throws GobException {
            double real = reader.readFloat();
            return new GobComplex(real, reader.readFloat());
        }
    };

    private final GobTypes types;
    private final GobConfig config;
    private final Map<Integer, ValueReader> generic = new HashMap<>();
    private final Map<Integer, ValueReader> unwrapped = new HashMap<>();
    private final Map<Key, ValueReader> structs = new HashMap<>();
    private final Map<Key, ValueReader> tops = new HashMap<>();

    /** The name in the interface before; most often the next one has the same. */
    private String lastName = "";

    private record Key(int typeId, Object javaType) {}

    Readers(GobTypes types, GobConfig config) {
        this.types = types;
        this.config = config;
    }

    /** Forgets everything, since types have been taken back. */
    void clear() {
        generic.clear();
        unwrapped.clear();
        structs.clear();
        tops.clear();
    }

    /** For generic values. */
    ValueReader generic(int typeId, boolean unwrap) throws GobException {
        Map<Integer, ValueReader> known = unwrap ? unwrapped : generic;
        ValueReader reader = known.get(typeId);
        if (reader == null) {
            reader = newGeneric(types.get(typeId), unwrap);
            known.put(typeId, reader);
        }
        return reader;
    }

    private ValueReader newGeneric(GobType type, boolean unwrap) {
        if (type instanceof GobType.Basic basic) {
            return switch (basic) {
                case BOOL -> BOOL;
                case INT -> INT;
                case UINT -> UINT;
                case FLOAT -> FLOAT;
                case BYTES -> BYTES;
                case STRING -> STRING;
                case COMPLEX -> COMPLEX;
                case INTERFACE ->
                    new InterfaceReader(JavaType.of(unwrap ? Object.class : GobInterface.class), "interface {}");
            };
        } else if (type instanceof GobType.Struct struct) {
            return new GenericStructReader(struct, unwrap);
        } else if (type instanceof GobType.Map map) {
            return new MapReader(types.find(map.key()), part(map.key(), unwrap), part(map.element(), unwrap));
        } else if (type instanceof GobType.Slice slice) {
            return new ListReader(null, null, part(slice.element(), unwrap));
        } else if (type instanceof GobType.Array array) {
            return new ListReader(array, null, part(array.element(), unwrap));
        }
        return new OpaqueReader((GobType.Opaque) type, OpaqueReader.Form.GENERIC, "");
    }

    /** For the parts of generic values: worked out when there is one. */
    private ValueReader part(int typeId, boolean unwrap) {
        return new ValueReader() {
            private @Nullable ValueReader actual;

            @Override
            @Nullable
            Object read(GobReader reader, int depth) throws GobException {
                ValueReader a = actual;
                if (a == null) {
                    a = generic(typeId, unwrap);
                    actual = a;
                }
                return a.read(reader, depth);
            }
        };
    }

    /** For a value that is a message of its own. */
    ValueReader top(int typeId, JavaType type) throws GobException {
        Key key = new Key(typeId, type.type());
        ValueReader reader = tops.get(key);
        if (reader == null) {
            reader = typed(typeId, type, type.toString());
            if (reader == null) {
                throw new GobMismatchException("gob: decoding into local type " + type + ", received remote type "
                        + nameOf(types.get(typeId)));
            }
            tops.put(key, reader);
        }
        return reader;
    }

    /**
     * For values that become objects of a given type.
     *
     * @param what the field or the like, for messages
     * @return null if the two types do not go together
     */
    private @Nullable ValueReader typed(int typeId, JavaType type, String what) throws GobException {
        GobType wire = types.get(typeId);
        if (type.any()) {
            return wire instanceof GobType.Basic ? generic(typeId, true) : part(typeId, true);
        } else if (wire == GobType.Basic.INTERFACE) {
            return new InterfaceReader(type, what);
        }
        return switch (type.kind()) {
            case BOOL -> wire == GobType.Basic.BOOL ? BOOL : null;
            case INTEGER ->
                wire == GobType.Basic.INT || wire == GobType.Basic.UINT
                        ? new IntegerReader(type, wire == GobType.Basic.UINT, what)
                        : null;
            case UINT -> wire == GobType.Basic.UINT ? UINT : null;
            case FLOAT -> {
                boolean single = type.raw() == float.class || type.raw() == Float.class;
                yield wire != GobType.Basic.FLOAT ? null : single ? new SingleReader(what) : FLOAT;
            }
            case COMPLEX -> wire == GobType.Basic.COMPLEX ? COMPLEX : null;
            case STRING -> wire == GobType.Basic.STRING ? STRING : null;
            case BYTES -> wire == GobType.Basic.BYTES || wire == GobType.Basic.STRING ? BYTES : list(wire, type, what);
            case LIST -> list(wire, type, what);
            case MAP -> {
                if (!(wire instanceof GobType.Map map)) {
                    yield null;
                }
                ValueReader key = typed(map.key(), type.entry(0), "key of " + what);
                ValueReader value = typed(map.element(), type.entry(1), "element of " + what);
                yield key == null || value == null ? null : new MapReader(types.find(map.key()), key, value);
            }
            case STRUCT -> struct(typeId, wire, type);
            case GENERIC_STRUCT -> wire instanceof GobType.Struct ? part(typeId, true) : null;
            case OPAQUE ->
                wire instanceof GobType.Opaque opaque ? new OpaqueReader(opaque, OpaqueReader.Form.BYTES, what) : null;
            case TIME -> {
                OpaqueReader.Form form =
                        type.raw() == OffsetDateTime.class ? OpaqueReader.Form.TIME : OpaqueReader.Form.INSTANT;
                yield wire instanceof GobType.Opaque opaque ? new OpaqueReader(opaque, form, what) : null;
            }
            case INTERFACE -> null;
        };
    }

    private @Nullable ValueReader list(GobType wire, JavaType type, String what) throws GobException {
        int element;
        GobType.Array array = null;
        if (wire instanceof GobType.Slice slice) {
            element = slice.element();
        } else if (wire instanceof GobType.Array a) {
            element = a.element();
            array = a;
        } else {
            return null;
        }
        if (array != null && !type.lengths().isEmpty() && type.lengths().get(0) != array.length()) {
            return null;
        }
        JavaType elementType = type.element();
        if (type.raw() == byte[].class) {
            // bytes have no sign of their own: they take the wire's
            elementType = new JavaType(byte.class, types.get(element) == GobType.Basic.UINT, List.of());
        }
        ValueReader reader = typed(element, elementType, "element of " + what);
        if (reader == null) {
            return null;
        } else if (type.raw().isArray()) {
            return new ArrayReader(array, type.raw().getComponentType(), reader);
        }
        return new ListReader(array, type.raw() == Set.class ? types.find(element) : null, reader);
    }

    private ValueReader struct(int typeId, GobType wire, JavaType type) throws GobException {
        Class<?> raw = type.raw();
        if (!(wire instanceof GobType.Struct struct)) {
            throw new GobMismatchException(
                    "gob: type mismatch in decoder: want struct type " + raw.getSimpleName() + "; got non-struct");
        }
        return structs.computeIfAbsent(new Key(typeId, raw), key -> new JavaStructReader(struct, JavaStruct.of(raw)));
    }

    /** How Go calls a type of the stream. */
    static String nameOf(GobType type) {
        if (type instanceof GobType.Basic basic) {
            return basic.name().toLowerCase(Locale.ROOT);
        } else if (type instanceof GobType.Array array) {
            return array.name();
        } else if (type instanceof GobType.Slice slice) {
            return slice.name();
        } else if (type instanceof GobType.Map map) {
            return map.name();
        } else if (type instanceof GobType.Struct struct) {
            return struct.name();
        }
        return ((GobType.Opaque) type).name();
    }

    private static GobException outOfRange(String what, String value, String bound) {
        return new GobMismatchException(
                "value for \"" + what + "\" out of range: " + value + " (expected: " + bound + ")");
    }

    /** Integers of less than 64 bits, or of the other sign. */
    private static final class IntegerReader extends ValueReader {
        private final int bits;
        private final boolean unsigned;
        private final boolean wireUnsigned;
        private final String what;

        IntegerReader(JavaType type, boolean wireUnsigned, String what) {
            bits = type.bits();
            unsigned = type.unsigned();
            this.wireUnsigned = wireUnsigned;
            this.what = what;
        }

        @Override
        Object read(GobReader reader, int depth) throws GobException {
            long value = wireUnsigned ? reader.readUint() : reader.readInt();
            if (unsigned) {
                long greatest = -1L >>> (Long.SIZE - bits);
                if (!wireUnsigned && value < 0) {
                    throw outOfRange(what, Long.toString(value), ">= 0");
                } else if (Long.compareUnsigned(value, greatest) > 0) {
                    throw outOfRange(what, Long.toUnsignedString(value), "<= " + Long.toUnsignedString(greatest));
                }
            } else {
                long greatest = -1L >>> (Long.SIZE - bits + 1);
                if (value > greatest || (wireUnsigned && value < 0)) {
                    throw outOfRange(what, Long.toUnsignedString(value), "<= " + greatest);
                } else if (value < ~greatest) {
                    throw outOfRange(what, Long.toString(value), ">= " + ~greatest);
                }
            }
            return switch (bits) {
                case Byte.SIZE -> (Object) (byte) value;
                case Short.SIZE -> (short) value;
                case Integer.SIZE -> (int) value;
                default -> value;
            };
        }
    }

    private static final class SingleReader extends ValueReader {
        private final String what;

        SingleReader(String what) {
            this.what = what;
        }

        @Override
        Object read(GobReader reader, int depth) throws GobException {
            double value = reader.readFloat();
            if (Math.abs(value) > Float.MAX_VALUE && !Double.isInfinite(value)) {
                throw outOfRange(what, Double.toString(value), value > 0 ? "<= 3.4028235E38" : ">= -3.4028235E38");
            }
            return (float) value;
        }
    }

    /** Lists, and sets where the type of the elements is given. */
    private static final class ListReader extends ValueReader {
        private final GobType.@Nullable Array array;
        private final @Nullable GobType setOf;
        private final ValueReader element;

        ListReader(GobType.@Nullable Array array, @Nullable GobType setOf, ValueReader element) {
            this.array = array;
            this.setOf = setOf;
            this.element = element;
        }

        @Override
        Object read(GobReader reader, int depth) throws GobException {
            GobSkipper.checkDepth(depth + 1, reader);
            int count = array == null ? reader.readCount() : GobSkipper.readLength(reader, array);
            if (setOf != null) {
                return readSet(reader, depth, count, setOf);
            } else if (count == 0) {
                return List.of();
            }
            List<@Nullable Object> list = new ArrayList<>(room(count, reader));
            readInto(list, reader, depth, count, null);
            return Collections.unmodifiableList(list);
        }

        private Object readSet(GobReader reader, int depth, int count, GobType type) throws GobException {
            Set<@Nullable Object> set = new LinkedHashSet<>();
            readInto(set, reader, depth, count, SameHash.concerns(type) ? new SameHash() : null);
            return Collections.unmodifiableSet(set);
        }

        private void readInto(
                Collection<@Nullable Object> to, GobReader reader, int depth, int count, @Nullable SameHash sameHash)
                throws GobException {
            for (int i = 0; i < count; i++) {
                Object value = element.read(reader, depth + 1);
                if (sameHash != null && value != null) {
                    sameHash.add(value);
                }
                to.add(value);
            }
        }
    }

    private static final class ArrayReader extends ValueReader {
        private final GobType.@Nullable Array array;
        private final Class<?> component;
        private final ValueReader element;

        ArrayReader(GobType.@Nullable Array array, Class<?> component, ValueReader element) {
            this.array = array;
            this.component = component;
            this.element = element;
        }

        @Override
        Object read(GobReader reader, int depth) throws GobException {
            GobSkipper.checkDepth(depth + 1, reader);
            int count = array == null ? reader.readCount() : GobSkipper.readLength(reader, array);
            int length = room(count, reader);
            Object result = Array.newInstance(component, length);
            for (int i = 0; i < count; i++) {
                if (i == length) {
                    length = Math.min(count, length * 2);
                    Object longer = Array.newInstance(component, length);
                    System.arraycopy(result, 0, longer, 0, i);
                    result = longer;
                }
                Array.set(result, i, element.read(reader, depth + 1));
            }
            return result;
        }
    }

    private static final class MapReader extends ValueReader {
        private final boolean counted;
        private final ValueReader key;
        private final ValueReader value;

        MapReader(@Nullable GobType keyType, ValueReader key, ValueReader value) {
            counted = keyType == null || SameHash.concerns(keyType);
            this.key = key;
            this.value = value;
        }

        @Override
        Object read(GobReader reader, int depth) throws GobException {
            GobSkipper.checkDepth(depth + 1, reader);
            int count = reader.readCount();
            if (count == 0) {
                return Map.of();
            }
            Map<@Nullable Object, @Nullable Object> map = new LinkedHashMap<>();
            SameHash sameHash = counted ? new SameHash() : null;
            for (int i = 0; i < count; i++) {
                Object k = key.read(reader, depth + 1);
                if (sameHash != null && k != null) {
                    sameHash.add(k);
                }
                map.put(k, value.read(reader, depth + 1));
            }
            return Collections.unmodifiableMap(map);
        }
    }

    private final class GenericStructReader extends ValueReader {
        private final GobType.Struct type;
        private final WireType wireType;
        private final @Nullable ValueReader[] fields;
        private final boolean unwrap;
        private final GobStruct empty;

        GenericStructReader(GobType.Struct type, boolean unwrap) {
            this.type = type;
            this.unwrap = unwrap;
            wireType = new WireType(types, type);
            fields = new ValueReader[type.fields().size()];
            empty = new GobStruct(type.name(), new String[0], new Object[0], 0, wireType);
        }

        @Override
        Object read(GobReader reader, int depth) throws GobException {
            GobSkipper.checkDepth(depth + 1, reader);
            String[] names = {};
            @Nullable Object[] values = {};
            int count = 0;
            long field = -1;
            for (int delta = GobTypes.readDelta(reader); delta != 0; delta = GobTypes.readDelta(reader)) {
                field += delta;
                GobType.Field known = GobSkipper.fieldOf(type, field);
                ValueReader valueReader = fields[(int) field];
                if (valueReader == null) {
                    valueReader = generic(known.type(), unwrap);
                    fields[(int) field] = valueReader;
                }
                if (count == names.length) {
                    int room = count + Math.min(type.fields().size() - (int) field, Math.max(count, 4));
                    names = Arrays.copyOf(names, room);
                    values = Arrays.copyOf(values, room);
                }
                names[count] = known.name();
                values[count++] = valueReader.read(reader, depth + 1);
            }
            return count == 0 ? empty : new GobStruct(type.name(), names, values, count, wireType);
        }
    }

    private final class JavaStructReader extends ValueReader {
        private static final int UNKNOWN = -1;

        private final GobType.Struct type;
        private final JavaStruct java;

        /** For each field of the stream: which member it becomes, and how. Null until the first value. */
        private int @Nullable [] members;

        private final @Nullable ValueReader[] readers;

        JavaStructReader(GobType.Struct type, JavaStruct java) {
            this.type = type;
            this.java = java;
            readers = new ValueReader[type.fields().size()];
        }

        @Override
        Object read(GobReader reader, int depth) throws GobException {
            GobSkipper.checkDepth(depth + 1, reader);
            int[] to = members == null ? match() : members;
            Object object = java.begin();
            long field = -1;
            for (int delta = GobTypes.readDelta(reader); delta != 0; delta = GobTypes.readDelta(reader)) {
                field += delta;
                GobType.Field known = GobSkipper.fieldOf(type, field);
                ValueReader valueReader = readers[(int) field];
                if (valueReader == null) {
                    GobSkipper.skip(reader, types, known.type());
                } else {
                    java.set(object, to[(int) field], valueReader.read(reader, depth + 1));
                }
            }
            return java.finish(object);
        }

        private int[] match() throws GobException {
            List<GobType.Field> fields = type.fields();
            int[] to = new int[fields.size()];
            boolean any = false;
            for (int i = 0; i < to.length; i++) {
                GobType.Field field = fields.get(i);
                to[i] = java.indexOf(field.name());
                if (to[i] != UNKNOWN) {
                    any = true;
                    JavaType local = java.members().get(to[i]).type();
                    readers[i] = typed(field.type(), local, field.name());
                    if (readers[i] == null) {
                        throw new GobMismatchException("gob: wrong type (" + local + ") for received field "
                                + type.name() + "." + field.name());
                    }
                }
            }
            if (!any && to.length > 0 && !java.members().isEmpty()) {
                throw new GobMismatchException(
                        "gob: type mismatch: no fields matched compiling decoder for " + java.name());
            }
            members = to;
            return to;
        }
    }

    private static final class OpaqueReader extends ValueReader {
        enum Form {
            GENERIC,
            BYTES,
            TIME,
            INSTANT
        }

        private final GobType.Opaque type;
        private final Form form;
        private final String what;

        OpaqueReader(GobType.Opaque type, Form form, String what) {
            this.type = type;
            boolean time =
                    type.marshaler() == GobType.Marshaler.GOB && type.name().equals(GobTime.NAME);
            this.form = form == Form.GENERIC && !time ? Form.BYTES : form;
            this.what = what;
        }

        @Override
        Object read(GobReader reader, int depth) throws GobException {
            int begin = reader.readBytes();
            OffsetDateTime time = form == Form.BYTES ? null : GobTime.decode(reader.array(), begin, reader.length());
            if (time != null) {
                return form == Form.INSTANT ? time.toInstant() : time;
            }
            byte[] bytes = Arrays.copyOfRange(reader.array(), begin, begin + reader.length());
            GobOpaque opaque = new GobOpaque(type.marshaler(), type.name(), bytes);
            if (form == Form.TIME || form == Form.INSTANT) {
                throw new GobMismatchException("gob: value for \"" + what + "\" is no time that Java can express: "
                        + (bytes.length <= 16 ? opaque : bytes.length + " bytes"));
            }
            return opaque;
        }
    }

    /** What interfaces hold, as the type that is asked for. */
    private final class InterfaceReader extends ValueReader {
        private final JavaType type;
        private final String what;
        private final boolean wrap;

        /** Whether the type says nothing of what is held. */
        private final boolean open;

        InterfaceReader(JavaType type, String what) {
            this.type = type;
            this.what = what;
            wrap = type.raw() == GobInterface.class;
            open = type.kind() == JavaType.Kind.INTERFACE;
        }

        @Override
        @Nullable
        Object read(GobReader reader, int depth) throws GobException {
            if (GobSkipper.readName(reader) == 0) {
                return type.zero();
            }
            GobSkipper.checkDepth(depth + 1, reader);
            String name = name(reader);
            int typeId = types.readTypeSequence(reader, true);
            reader.readUint();
            GobType held = types.get(typeId);
            if (!(held instanceof GobType.Struct)) {
                GobSkipper.readZero(reader);
            }
            Class<?> registered = open ? config.names().classOf(name) : null;
            ValueReader valueReader = registered != null
                    ? top(typeId, JavaType.of(registered))
                    : open ? generic(typeId, !wrap) : held(typeId);
            Object value = valueReader.read(reader, depth + 1);
            if (wrap) {
                return new GobInterface(name, value, registered == null ? new WireType(types, held) : null);
            } else if (open && value != null && !type.raw().isInstance(value)) {
                throw new GobMismatchException(
                        "gob: " + name + " is not assignable to type " + type + " (" + what + ")");
            }
            return value;
        }

        private ValueReader held(int typeId) throws GobException {
            ValueReader valueReader = typed(typeId, type, what);
            if (valueReader == null) {
                throw new GobMismatchException("gob: wrong type (" + type + ") for " + what + ", received "
                        + nameOf(types.get(typeId)) + " in an interface");
            }
            return valueReader;
        }

        /** The name that was just read. */
        private String name(GobReader reader) {
            int length = reader.length();
            int begin = reader.position() - length;
            byte[] array = reader.array();
            String last = lastName;
            if (last.length() == length) {
                int i = 0;
                while (i < length && last.charAt(i) == array[begin + i]) {
                    i++;
                }
                if (i == length) {
                    return last;
                }
            }
            lastName = new String(array, begin, length, StandardCharsets.UTF_8);
            return lastName;
        }
    }
}
