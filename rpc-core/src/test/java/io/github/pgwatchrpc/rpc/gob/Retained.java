package io.github.pgwatchrpc.rpc.gob;

/** What a definition takes on the heap of a JVM with compressed pointers, object by object. */
final class Retained {

    /** A node of the map and its number, the entry in the order of definition, and both tables' slots. */
    private static final long ENTRY = 32 + 16 + 24 + 16 + 8;

    private static final long TYPE = 32;
    private static final long LIST = 24 + 16;
    private static final long FIELD = 24 + 4;

    private Retained() {}

    static long bytes(GobType type) {
        long bytes = ENTRY + TYPE;
        if (type instanceof GobType.Struct struct) {
            bytes += bytes(struct.name()) + LIST;
            for (GobType.Field field : struct.fields()) {
                bytes += FIELD + bytes(field.name());
            }
        } else if (type instanceof GobType.Map map) {
            bytes += bytes(map.name());
        } else if (type instanceof GobType.Slice slice) {
            bytes += bytes(slice.name());
        } else if (type instanceof GobType.Array array) {
            bytes += bytes(array.name());
        } else if (type instanceof GobType.Opaque opaque) {
            bytes += bytes(opaque.name());
        }
        return bytes;
    }

    private static long bytes(String text) {
        boolean latin1 = text.chars().allMatch(each -> each < 256);
        long array = 16 + (latin1 ? text.length() : 2L * text.length());
        return 24 + (array + 7) / 8 * 8;
    }
}
