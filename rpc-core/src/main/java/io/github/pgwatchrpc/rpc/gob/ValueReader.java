package io.github.pgwatchrpc.rpc.gob;

import org.jspecify.annotations.Nullable;

/** Reads values of one type of the stream into one type of Java. */
abstract class ValueReader {

    /**
     * Reads a value.
     *
     * @param reader stands at its beginning
     * @param depth how many values are around it
     * @return the value; null for a nil interface
     */
    abstract @Nullable Object read(GobReader reader, int depth) throws GobException;

    /**
     * How many elements to reserve room for: what is claimed, if that is little. Each element takes at least a byte, and a
     * claim that turns out false ends the whole value, so a sender gains at most this once for each level.
     */
    static int room(int claimed, GobReader reader) {
        return Math.min(Math.min(claimed, reader.remaining()), MOST_ROOM);
    }

    private static final int MOST_ROOM = 256;
}
