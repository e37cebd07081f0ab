package io.github.pgwatchrpc.rpc.gob;

/** Goes past values that nobody wants, by their types alone. Stateless. */
public final class GobSkipper {

    private GobSkipper() {}

    /**
     * Goes past a value inside another one: a field, an element.
     *
     * @param reader stands at the value
     * @param types what the sender has defined
     * @param type number of the value's type
     * @throws GobException if the bytes do not hold one
     */
    public static void skip(GobReader reader, GobTypes types, int type) throws GobException {
        skip(reader, types, types.get(type), reader.limits().depth());
    }

    /**
     * Goes past a value that stands by itself: at the beginning of a message, or in an interface. What is not a struct has a
     * zero in front there.
     *
     * @param reader stands behind the number of the value's type
     * @param types what the sender has defined
     * @param type number of the value's type
     * @throws GobException if the bytes do not hold one
     */
    public static void skipTopLevel(GobReader reader, GobTypes types, int type) throws GobException {
        skipTopLevel(reader, types, type, reader.limits().depth());
    }

    private static void skipTopLevel(GobReader reader, GobTypes types, int id, int depth) throws GobException {
        GobType type = types.get(id);
        if (!(type instanceof GobType.Struct)) {
            reader.readSingletonDelta();
        }
        skip(reader, types, type, depth);
    }

    private static void skip(GobReader reader, GobTypes types, GobType type, int depth) throws GobException {
        if (depth == 0) {
            throw new GobException(
                    "gob: nesting of values is deeper than " + reader.limits().depth());
        }
        if (type instanceof GobType.Basic basic) {
            switch (basic) {
                case BOOL, INT, UINT, FLOAT -> reader.readUint();
                case COMPLEX -> {
                    reader.readUint();
                    reader.readUint();
                }
                case BYTES, STRING -> reader.readBytes();
                case INTERFACE -> {
                    reader.readBytes();
                    if (reader.length() > 0) {
                        int concrete = types.readTypeSequence(reader, true);
                        reader.readUint();
                        skipTopLevel(reader, types, concrete, depth - 1);
                    }
                }
            }
        } else if (type instanceof GobType.Opaque) {
            reader.readBytes();
        } else if (type instanceof GobType.Array array) {
            skipElements(reader, types, types.get(array.element()), depth);
        } else if (type instanceof GobType.Slice slice) {
            skipElements(reader, types, types.get(slice.element()), depth);
        } else if (type instanceof GobType.Map map) {
            GobType key = types.get(map.key());
            GobType element = types.get(map.element());
            int count = reader.readCount();
            for (int i = 0; i < count; i++) {
                skip(reader, types, key, depth - 1);
                skip(reader, types, element, depth - 1);
            }
        } else if (type instanceof GobType.Struct struct) {
            int field = -1;
            for (int delta = GobTypes.readDelta(reader); delta != 0; delta = GobTypes.readDelta(reader)) {
                field += delta;
                if (field >= struct.fields().size()) {
                    throw new GobException("gob: field of " + struct.name() + ": " + field + " (expected: < "
                            + struct.fields().size() + ")");
                }
                skip(reader, types, types.get(struct.fields().get(field).type()), depth - 1);
            }
        }
    }

    private static void skipElements(GobReader reader, GobTypes types, GobType element, int depth) throws GobException {
        int count = reader.readCount();
        for (int i = 0; i < count; i++) {
            skip(reader, types, element, depth - 1);
        }
    }
}
