package io.github.pgwatchrpc.rpc.gob;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The types that the sender of one stream has defined so far. Bounded by {@link GobLimits#typeDefinitions} and {@link
 * GobLimits#typeBytes}. Not thread-safe.
 *
 * <p>One can be filled by hand too, with {@link #define}, to tell an encoder the types of values for which there are no
 * Java classes.
 */
public final class GobTypes {

    /** All definitions of a stream may take so many times as much memory as the longest one has bytes. */
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

    /** What the definitions so far take in memory, and where the one that is being read begins. */
    private long bytes;

    private int begin;

    /** What a type takes in memory with all that is kept of it, and a field on top; measured, rounded up. */
    private static final int TYPE_BYTES = 400;

    private static final int FIELD_BYTES = 88;

    private final Room room;

    /** What the definition that is being read has taken so far. */
    private long taken;

    private record Definition(int id, long bytes) {}

    /** Whose memory the definitions take: they are kept as long as their stream lasts. */
    public interface Room {

        /** As much as the limits allow. */
        Room PLENTY = new Room() {
            @Override
            public boolean take(long bytes) {
                return true;
            }

            @Override
            public void giveBack(long bytes) {}

            @Override
            public String noRoomFor(long bytes) {
                return "";
            }
        };

        /**
         * Takes memory for a definition, or nothing.
         *
         * @param bytes how many
         * @return whether they were there
         */
        boolean take(long bytes);

        /**
         * Gives back what was taken.
         *
         * @param bytes how many
         */
        void giveBack(long bytes);

        /**
         * Why nothing was given.
         *
         * @param bytes how many were wanted
         * @return names the value and the bound
         */
        String noRoomFor(long bytes);
    }

    /**
     * Knows only the basic types.
     *
     * @param limits how much a sender may define
     */
    public GobTypes(GobLimits limits) {
        this(limits, Room.PLENTY);
    }

    /**
     * Knows only the basic types.
     *
     * @param limits how much a sender may define
     * @param room is asked for what each definition takes in memory, before it is made
     */
    public GobTypes(GobLimits limits, Room room) {
        this.limits = limits;
        this.room = room;
    }

    /**
     * What all definitions take.
     *
     * @return bytes of memory, as estimated
     */
    public long memoryBytes() {
        return bytes;
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
            room.giveBack(last.bytes());
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

    private void add(GobType type, long size) {
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
        taken = 0;
        boolean added = false;
        try {
            takeMemory(TYPE_BYTES);
            add(readDefinition(id, reader), taken);
            added = true;
        } finally {
            if (!added) {
                room.giveBack(taken);
            }
        }
    }

    private GobType readDefinition(int id, GobReader reader) throws GobException {
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
        return type;
    }

    /** Definitions are kept as long as the stream lasts, so all of them together have a bound as well. */
    private void takeMemory(long more) throws GobException {
        long all = bytes + taken + more;
        long most = (long) limits.typeBytes() * FULL_DEFINITIONS;
        if (all > most) {
            throw new GobException(
                    "gob: memory of all type definitions: " + all + " bytes (expected: <= " + most + ")");
        }
        if (!room.take(more)) {
            throw new GobException("gob: type definition: " + room.noRoomFor(more));
        }
        taken += more;
    }

    private void checkSize(GobReader reader) throws GobException {
        int size = reader.position() - begin;
        if (size > limits.typeBytes()) {
            throw new GobException(
                    "gob: bytes of a type definition: " + size + " (expected: <= " + limits.typeBytes() + ")");
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
        Set<String> names = new HashSet<>();
        int field = -1;
        for (int delta = readDelta(reader); delta != 0; delta = readDelta(reader)) {
            field += delta;
            switch (field) {
                case 0 -> name = readCommon(reader);
                case 1 -> {
                    int count = reader.readCount();
                    for (int i = 0; i < count; i++) {
                        takeMemory(FIELD_BYTES);
                        GobType.Field each = readField(reader);
                        // Go has no such struct; who looks for a field by its name would see one and read the other
                        if (!names.add(each.name())) {
                            throw new GobException("gob: fields of a type definition with the name \"" + each.name()
                                    + "\": 2 (expected: 1)");
                        }
                        fields.add(each);
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
        takeMemory(2L * reader.length()); // where it is not Latin-1, two bytes for each that came, at most
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
