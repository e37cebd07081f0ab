package io.github.pgwatchrpc.rpc.gob;

import java.util.List;

/** Writes the descriptions of types that {@link GobTypes} reads: the {@code wireType} of Go's encoding/gob/type.go. */
final class Definitions {

    private Definitions() {}

    static void write(GobWriter out, GobType type) {
        if (type instanceof GobType.Array array) {
            begin(out, 0, array.name(), array.id());
            writeId(out, array.element());
            if (array.length() != 0) {
                out.writeUint(1);
                out.writeInt(array.length());
            }
        } else if (type instanceof GobType.Slice slice) {
            begin(out, 1, slice.name(), slice.id());
            writeId(out, slice.element());
        } else if (type instanceof GobType.Struct struct) {
            begin(out, 2, struct.name(), struct.id());
            writeFields(out, struct.fields());
        } else if (type instanceof GobType.Map map) {
            begin(out, 3, map.name(), map.id());
            writeId(out, map.key());
            writeId(out, map.element());
        } else {
            GobType.Opaque opaque = (GobType.Opaque) type;
            int kind = switch (opaque.marshaler()) {
                case GOB -> 4;
                case BINARY -> 5;
                case TEXT -> 6;
            };
            begin(out, kind, opaque.name(), opaque.id());
        }
        out.writeUint(0); // of the kind
        out.writeUint(0); // of wireType
    }

    /** The number of the kind's field, and its first field: CommonType{Name string; Id int}. */
    private static void begin(GobWriter out, int kind, String name, int id) {
        out.writeUint(kind + 1);
        out.writeUint(1);
        if (!name.isEmpty()) {
            out.writeUint(1);
            out.writeString(name);
        }
        out.writeUint(name.isEmpty() ? 2 : 1);
        out.writeInt(id);
        out.writeUint(0);
    }

    private static void writeId(GobWriter out, int id) {
        out.writeUint(1);
        out.writeInt(id);
    }

    private static void writeFields(GobWriter out, List<GobType.Field> fields) {
        if (fields.isEmpty()) {
            return;
        }
        out.writeUint(1);
        out.writeUint(fields.size());
        for (GobType.Field field : fields) {
            out.writeUint(1);
            out.writeString(field.name());
            writeId(out, field.type());
            out.writeUint(0);
        }
    }
}
