package io.github.pgwatchrpc.rpc.gob;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes Java objects of one kind as one type of the wire. Knows no stream and is never changed, so that those of classes
 * serve all encoders.
 */
abstract class ValueWriter {

    /** Writers with equal keys write the same type, which is defined only once in a stream. */
    Object key() {
        return this;
    }

    /** Number of the type, if the format knows it by itself; otherwise 0. */
    int basicId() {
        return 0;
    }

    /** Whether it is a struct: those stand in messages and interfaces as they are, others behind a zero. */
    boolean isStruct() {
        return false;
    }

    /** The types inside, in the order in which Go looks at them. */
    List<ValueWriter> parts() throws GobException {
        return List.of();
    }

    /** How the type is described. Called only for types that the format does not know. */
    GobType describe(int id, ToId ids) throws GobException {
        throw new IllegalStateException("a basic type is not described: " + basicId());
    }

    /** The numbers of other types. */
    interface ToId {
        int idOf(ValueWriter writer);
    }

    /** Whether a field with this value is left out. Null always is. */
    abstract boolean isZero(Object value);

    /**
     * Writes a value.
     *
     * @param encoder where to
     * @param value not null, but for interfaces
     * @param depth how many values are around it
     * @throws GobMismatchException if it is of another kind
     */
    abstract void write(GobEncoder encoder, @Nullable Object value, int depth) throws GobException;

    static GobException mismatch(String expected, @Nullable Object value) {
        String actual =
                value == null ? "null" : "an object of " + value.getClass().getName();
        return new GobMismatchException("gob: cannot encode " + actual + " (expected: " + expected + ")");
    }
}
