package io.github.pgwatchrpc.rpc.gob;

import java.util.Arrays;

/**
 * Goes past values that nobody wants, learning the types that are defined inside. An interface's length tells only where
 * its first part ends, so a value has to be walked through; that is done without recursion, and no deeper than {@link
 * GobLimits#depth}.
 *
 * <p>One instance goes past one value, message by message as they arrive. Not thread-safe.
 */
public final class GobSkipper {

    private final GobTypes types;

    /** The values that have been begun and not ended, outermost first. */
    private GobType[] open = new GobType[4];

    /** For each: elements left of a list, keys and elements left of a map, last field of a struct. */
    private long[] state = new long[4];

    private int depth;
    private boolean begun;

    /**
     * Will go past one value, from the beginning of a message.
     *
     * @param types what the stream has defined so far; grows by what the value defines
     */
    public GobSkipper(GobTypes types) {
        this.types = types;
    }

    /**
     * Goes on.
     *
     * @param reader stands at the beginning of the next message
     * @return true if the value has come to its end; false if it goes on in the next message
     * @throws GobException if the message is broken or beyond a limit
     */
    public boolean skip(GobReader reader) throws GobException {
        try {
            if (!begun) {
                int typeId = types.readTypeSequence(reader, false);
                begun = true;
                beginTop(reader, typeId);
            }
            run(reader);
            return true;
        } catch (GobIncompleteException e) {
            return false;
        }
    }

    /**
     * Goes past a field, or an element of a collection.
     *
     * @param reader stands at its beginning
     * @param types the stream's types
     * @param typeId number of its type
     * @throws GobIncompleteException if it goes on in a message that is not there yet
     * @throws GobException if it is broken or beyond a limit
     */
    public static void skip(GobReader reader, GobTypes types, int typeId) throws GobException {
        if (typeId <= GobType.Basic.COMPLEX.id() && typeId >= 1) {
            skipBasic(reader, typeId);
        } else {
            GobSkipper skipper = new GobSkipper(types);
            skipper.begin(reader, typeId);
            skipper.run(reader);
        }
    }

    /**
     * Goes past a value that is a message of its own: one that is no struct has a zero before it there.
     *
     * @param reader stands behind the number of its type
     * @param types the stream's types
     * @param typeId number of its type
     * @throws GobIncompleteException if it goes on in a message that is not there yet
     * @throws GobException if it is broken or beyond a limit
     */
    public static void skipTop(GobReader reader, GobTypes types, int typeId) throws GobException {
        GobSkipper skipper = new GobSkipper(types);
        skipper.beginTop(reader, typeId);
        skipper.run(reader);
    }

    private void run(GobReader reader) throws GobException {
        while (depth > 0) {
            int top = depth - 1;
            GobType type = open[top];
            if (type instanceof GobType.Struct struct) {
                int delta = GobTypes.readDelta(reader);
                if (delta == 0) {
                    depth--;
                } else {
                    state[top] += delta;
                    begin(reader, fieldOf(struct, state[top]).type());
                }
            } else if (state[top] == 0) {
                depth--;
            } else if (type instanceof GobType.Map map) {
                boolean key = (state[top]-- & 1) == 0;
                begin(reader, key ? map.key() : map.element());
            } else if (type instanceof GobType.Slice slice) {
                state[top]--;
                begin(reader, slice.element());
            } else if (type instanceof GobType.Array array) {
                state[top]--;
                begin(reader, array.element());
            } else {
                // an interface whose content is still to come; if that is not there yet, this is where to go on
                int content = types.readTypeSequence(reader, true);
                state[top]--;
                reader.readUint();
                beginTop(reader, content);
            }
        }
    }

    private void beginTop(GobReader reader, int typeId) throws GobException {
        if (!(types.get(typeId) instanceof GobType.Struct)) {
            readZero(reader);
        }
        begin(reader, typeId);
    }

    private void begin(GobReader reader, int typeId) throws GobException {
        GobType type = types.get(typeId);
        if (type == GobType.Basic.INTERFACE) {
            if (readName(reader) > 0) {
                push(reader, type, 1);
            }
        } else if (type instanceof GobType.Basic) {
            skipBasic(reader, typeId);
        } else if (type instanceof GobType.Opaque) {
            reader.readBytes();
        } else if (type instanceof GobType.Struct) {
            push(reader, type, -1);
        } else if (type instanceof GobType.Map) {
            push(reader, type, 2L * reader.readCount());
        } else if (type instanceof GobType.Array array) {
            push(reader, type, readLength(reader, array));
        } else {
            push(reader, type, reader.readCount());
        }
    }

    private void push(GobReader reader, GobType type, long initial) throws GobException {
        checkDepth(depth + 1, reader);
        if (depth == open.length) {
            open = Arrays.copyOf(open, depth * 2);
            state = Arrays.copyOf(state, depth * 2);
        }
        open[depth] = type;
        state[depth++] = initial;
    }

    private static void skipBasic(GobReader reader, int typeId) throws GobException {
        switch (typeId) {
            case 5, 6 -> reader.readBytes();
            case 7 -> {
                reader.readUint();
                reader.readUint();
            }
            default -> reader.readUint();
        }
    }

    /** Values are nested at most so deep, whoever reads them: that keeps recursion within the stack. */
    static void checkDepth(int depth, GobReader reader) throws GobException {
        if (depth > reader.limits().depth()) {
            throw new GobException("gob: nesting of a value: " + depth + " (expected: <= "
                    + reader.limits().depth() + ")");
        }
    }

    /** Before a value that is no struct and no part of another value. */
    static void readZero(GobReader reader) throws GobException {
        long delta = reader.readUint();
        if (delta != 0) {
            throw new GobException("gob: decode: corrupted data: non-zero delta for singleton: "
                    + Long.toUnsignedString(delta) + " (expected: 0)");
        }
    }

    /** Reads the number of elements of an array, which its type tells as well. */
    static int readLength(GobReader reader, GobType.Array type) throws GobException {
        int count = reader.readCount();
        if (count != type.length()) {
            throw new GobException(
                    "gob: length mismatch in decodeArray: " + count + " (expected: " + type.length() + ")");
        }
        return count;
    }

    /** Reads the name of the type that an interface holds; {@link GobReader#length} long, 0 for nil. */
    static int readName(GobReader reader) throws GobException {
        reader.readBytes();
        if (reader.length() > MAX_NAME) {
            throw new GobException("gob: name too long: " + reader.length() + " bytes (expected: <= " + MAX_NAME + ")");
        }
        return reader.length();
    }

    /** Go's own bound on the names in interfaces (encoding/gob/decode.go). */
    private static final int MAX_NAME = 1024;

    static GobType.Field fieldOf(GobType.Struct struct, long field) throws GobException {
        if (field >= struct.fields().size()) {
            throw new GobException("gob: bad data: field numbers out of bounds: " + field + " (expected: < "
                    + struct.fields().size() + ", fields of " + struct.name() + ")");
        }
        return struct.fields().get((int) field);
    }
}
