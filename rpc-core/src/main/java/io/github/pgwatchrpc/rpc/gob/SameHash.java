package io.github.pgwatchrpc.rpc.gob;

import java.util.HashMap;
import java.util.Map;

/**
 * Counts keys with equal hash codes. The JDK's maps order such keys by comparison, but those that cannot be compared they
 * search one by one, so that a sender who picks them with care could keep a processor busy for hours.
 */
final class SameHash {

    /** More than an honest map has: of a million points in a square, 33 share a hash code. */
    static final int LIMIT = 256;

    private final Map<Integer, Integer> counts = new HashMap<>();

    /** Whether keys of this type need to be counted: all but the basic ones that can be compared. */
    static boolean concerns(GobType key) {
        return !(key instanceof GobType.Basic basic)
                || basic == GobType.Basic.COMPLEX
                || basic == GobType.Basic.INTERFACE;
    }

    void add(Object key) throws GobException {
        int count = counts.merge(key.hashCode(), 1, Integer::sum);
        if (count > LIMIT) {
            throw new GobException(
                    "gob: keys of a map with the same hash code: " + count + " (expected: <= " + LIMIT + ")");
        }
    }
}
