package io.github.pgwatchrpc.rpc.gob;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The types that the sender of one stream has defined so far. Bounded by {@link GobLimits#typeDefinitions} and {@link
 * GobLimits#typeBytes}. Not thread-safe.
 *
 * <p>One can be filled by hand too, with {@link #define}, to tell an encoder the types of values for which there are no
 * Java classes.
 */
public final class GobTypes {

    /** How many definitions of the greatest size a stream may hold, or more smaller ones. */
    static final int FULL_DEFINITIONS = 16;

    /** Numbers below are the format's own: the basic types and those that describe types. */
    static final int FIRST_USER_ID = 64;

    private static final GobType[] BASIC = GobType.Basic.values();

    private final GobLimits limits;
    private final Map<Integer, GobType> defined = new HashMap<>();

    /** Numbers in the order of definition, so that an attempt can be taken back. */
    private final List<Definition> order = new ArrayList<>();

    /** How many times types were forgotten: what was worked out from them is void then. */
    private int forgotten;

    /** Bytes of the definitions so far, and where the one that is being read begins. */
    private long bytes;

    private int begin;

    private record Definition(int id, int bytes) {}

    /**
     * Knows only the basic types.
     *
     * @param limits how much a sender may define
     */
    public GobTypes(GobLimits limits) {
        this.limits = limits;
    }

    /**
     * How many types have been defined.
     *
     * @return number of types, without the basic ones
     */
    public int size() {
        return order.size();
    }

    /**
     * Forgets the types that were defined last, because the value that they came in is about to be read again.
     *
     * @param size what {@link #size} was before
     */
    public void truncate(int size) {
        if (order.size() > size) {
            forgotten++;
        }
        while (order.size() > size) {
            Definition last = order.remove(order.size() - 1);
            defined.remove(last.id());
            bytes -= last.bytes();
        }
    }

    int forgotten() {
        return forgotten;
    }

    /**
     * Adds a type.
     *
     * @param type has a number of 64 and up that is not taken; the types of its parts may be defined later
     * @throws GobException if the number is not free or there are too many types
     */
    public void define(GobType type) throws GobException {
        checkNumber(type.id());
        add(type, 0);
    }

    private void add(GobType type, int size) {
        defined.put(type.id(), type);
        order.add(new Definition(type.id(), size));
        bytes += size;
    }

    private void checkNumber(int id) throws GobException {
        if (id < FIRST_USER_ID) {
            throw new GobException("gob: number of a defined type: " + id + " (expected: >= " + FIRST_USER_ID + ")");
        }
        if (defined.containsKey(id)) {
            throw new GobException("gob: duplicate type received: " + id);
        }
        if (defined.size() == limits.typeDefinitions()) {
            throw new GobException("gob: type definitions of this stream: " + (defined.size() + 1) + " (expected: <= "
                    + limits.typeDefinitions() + ")");
        }
    }

    /**
     * Looks a type up.
     *
     * @param id the type's number
     * @return the type
     * @throws GobException if it has not been defined
     */
    public GobType get(int id) throws GobException {
        if (id >= 1 && id <= BASIC.length) {
            return BASIC[id - 1];
        }
        GobType type = defined.get(id);
        if (type == null) {
            throw new GobException("gob: unknown type id " + id);
        }
        return type;
    }

    /**
     * Looks a type up.
     *
     * @param id the type's number
     * @return the type, or null if it has not been defined
     */
    public @Nullable GobType find(int id) {
        return id >= 1 && id <= BASIC.length ? BASIC[id - 1] : defined.get(id);
    }

    /**
     * Reads the number of the type of a value, learning all types that are defined on the way.
     *
     * @param reader stands at the beginning of a message, or behind the name of an interface's concrete type
     * @param inInterface whether the latter is so
     * @return the type's number, 0 and up
     * @throws GobIncompleteException if the messages given so far only define types
     * @throws GobException if a definition is broken or there are too many
     */
    public int readTypeSequence(GobReader reader, boolean inInterface) throws GobException {
        int before = order.size();
        while (true) {
            if (reader.remaining() == 0 && (inInterface || order.size() > before)) {
                reader.nextMessage();
            }
            if (reader.remaining() == 0) {
                throw new GobException("gob: empty message");
            }
            long id = reader.readInt();
            if (id >= 0) {
                if (id > Integer.MAX_VALUE) {
                    throw new GobException("gob: unknown type id " + id);
                }
                return (int) id;
            }
            define(id, reader);
            if (reader.remaining() > 0) {
                if (!inInterface) {
                    throw new GobException("gob: extra data in buffer");
                }
                // the length of what follows; it would be of use only to one who skips it
                reader.readUint();
            }
        }
    }

    /** Reads a {@code wireType}, the description of a type, as laid down in Go's encoding/gob/type.go. */
    private void define(long negativeId, GobReader reader) throws GobException {
        if (negativeId < -Integer.MAX_VALUE) {
            throw new GobException(
                    "gob: number of a defined type: " + -negativeId + " (expected: <= " + Integer.MAX_VALUE + ")");
        }
        int id = (int) -negativeId;
        checkNumber(id); // before anything is read for it
        begin = reader.position();
        GobType type = null;
        int field = -1;
        for (int delta = readDelta(reader); delta != 0; delta = readDelta(reader)) {
            field += delta;
            type = switch (field) {
                case 0 -> readArray(id, reader);
                case 1 -> readSlice(id, reader);
                case 2 -> readStruct(id, reader);
                case 3 -> readMap(id, reader);
                case 4 -> readOpaque(id, reader, GobType.Marshaler.GOB);
                case 5 -> readOpaque(id, reader, GobType.Marshaler.BINARY);
                case 6 -> readOpaque(id, reader, GobType.Marshaler.TEXT);
                default -> throw unknownField("wireType", field);
            };
        }
        checkSize(reader);
        if (type == null) {
            throw new GobException("gob: type definition " + id + " is empty");
        }
        add(type, reader.position() - begin);
    }

    /** Definitions are kept as long as the stream lasts, so all of them together have a bound as well. */
    private void checkSize(GobReader reader) throws GobException {
        int size = reader.position() - begin;
        if (size > limits.typeBytes()) {
            throw new GobException(
                    "gob: bytes of a type definition: " + size + " (expected: <= " + limits.typeBytes() + ")");
        }
        long all = (long) limits.typeBytes() * FULL_DEFINITIONS;
        if (bytes + size > all) {
            throw new GobException(
                    "gob: bytes of all type definitions: " + (bytes + size) + " (expected: <= " + all + ")");
        }
    }

    private GobType readArray(int id, GobReader reader) throws GobException {
        String name = "";
        int element = 0;
        long length = 0;
        int field = -1;
        for (int delta = readDelta(reader); delta != 0; delta = readDelta(reader)) {
            field += delta;
            switch (field) {
                case 0 -> name = readCommon(reader);
                case 1 -> element = readTypeId(reader);
                case 2 -> length = reader.readInt();
                default -> throw unknownField("arrayType", field);
            }
        }
        return new GobType.Array(id, name, element, length);
    }

    private GobType readSlice(int id, GobReader reader) throws GobException {
        String name = "";
        int element = 0;
        int field = -1;
        for (int delta = readDelta(reader); delta != 0; delta = readDelta(reader)) {
            field += delta;
            switch (field) {
                case 0 -> name = readCommon(reader);
                case 1 -> element = readTypeId(reader);
                default -> throw unknownField("sliceType", field);
            }
        }
        return new GobType.Slice(id, name, element);
    }

    private GobType readMap(int id, GobReader reader) throws GobException {
        String name = "";
        int key = 0;
        int element = 0;
        int field = -1;
        for (int delta = readDelta(reader); delta != 0; delta = readDelta(reader)) {
            field += delta;
            switch (field) {
                case 0 -> name = readCommon(reader);
                case 1 -> key = readTypeId(reader);
                case 2 -> element = readTypeId(reader);
                default -> throw unknownField("mapType", field);
            }
        }
        return new GobType.Map(id, name, key, element);
    }

    private GobType readStruct(int id, GobReader reader) throws GobException {
        String name = "";
        List<GobType.Field> fields = new ArrayList<>();
        int field = -1;
        for (int delta = readDelta(reader); delta != 0; delta = readDelta(reader)) {
            field += delta;
            switch (field) {
                case 0 -> name = readCommon(reader);
                case 1 -> {
                    int count = reader.readCount();
                    for (int i = 0; i < count; i++) {
                        fields.add(readField(reader));
                        checkSize(reader);
                    }
                }
                default -> throw unknownField("structType", field);
            }
        }
        return new GobType.Struct(id, name, fields);
    }

    private GobType.Field readField(GobReader reader) throws GobException {
        String name = "";
        int type = 0;
        int field = -1;
        for (int delta = readDelta(reader); delta != 0; delta = readDelta(reader)) {
            field += delta;
            switch (field) {
                case 0 -> name = readName(reader);
                case 1 -> type = readTypeId(reader);
                default -> throw unknownField("fieldType", field);
            }
        }
        if (name.isEmpty() || type == 0) {
            throw new GobException("gob: field of a type definition: name \"" + name + "\", type " + type
                    + " (expected: a name, and a type >= 1)");
        }
        return new GobType.Field(name, type);
    }

    private String readName(GobReader reader) throws GobException {
        int at = reader.readBytes();
        checkSize(reader);
        return new String(reader.array(), at, reader.length(), StandardCharsets.UTF_8);
    }

    private GobType readOpaque(int id, GobReader reader, GobType.Marshaler marshaler) throws GobException {
        String name = "";
        int field = -1;
        for (int delta = readDelta(reader); delta != 0; delta = readDelta(reader)) {
            field += delta;
            if (field != 0) {
                throw unknownField("gobEncoderType", field);
            }
            name = readCommon(reader);
        }
        return new GobType.Opaque(id, name, marshaler);
    }

    /** CommonType{Name string, Id int}: the number is known already. */
    private String readCommon(GobReader reader) throws GobException {
        String name = "";
        int field = -1;
        for (int delta = readDelta(reader); delta != 0; delta = readDelta(reader)) {
            field += delta;
            switch (field) {
                case 0 -> name = readName(reader);
                case 1 -> reader.readInt();
                default -> throw unknownField("CommonType", field);
            }
        }
        return name;
    }

    private static int readTypeId(GobReader reader) throws GobException {
        long id = reader.readInt();
        if (id < 1 || id > Integer.MAX_VALUE) {
            throw new GobException("gob: number of a type: " + id + " (expected: >= 1)");
        }
        return (int) id;
    }

    /**
     * Reads by how much the number of the next field is greater than that of the last one.
     *
     * @return the difference, or 0 at the end of the struct
     */
    static int readDelta(GobReader reader) throws GobException {
        long delta = reader.readUint();
        if (delta < 0 || delta > MAX_DELTA) {
            throw new GobException("gob: step to the next field: " + Long.toUnsignedString(delta) + " (expected: <= "
                    + MAX_DELTA + ")");
        }
        return (int) delta;
    }

    /** Keeps the sum of the steps of a struct far below an integer's end; no struct has so many fields. */
    private static final int MAX_DELTA = 1 << 20;

    private static GobException unknownField(String struct, int field) {
        return new GobException(
                "gob: field of a type definition (" + struct + "): " + field + " (not one that exists)");
    }
}
