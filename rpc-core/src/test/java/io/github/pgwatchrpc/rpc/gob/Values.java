package io.github.pgwatchrpc.rpc.gob;

import static org.junit.jupiter.api.Assertions.fail;

import java.lang.reflect.Array;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Compares values by their content, wherever arrays are in them. */
final class Values {

    private Values() {}

    static void assertSame(Object expected, Object actual, String message) {
        if (!same(expected, actual)) {
            fail(message + ": expected: " + GenericText.of(expected) + " but was: " + GenericText.of(actual));
        }
    }

    static boolean same(Object a, Object b) {
        if (a == null || b == null) {
            return a == b;
        } else if (a instanceof List<?> list && b instanceof List<?> other) {
            return sameElements(list, other);
        } else if (a instanceof Map<?, ?> map && b instanceof Map<?, ?> other) {
            return sameElements(map.keySet(), other.keySet()) && sameElements(map.values(), other.values());
        } else if (a instanceof GobStruct struct && b instanceof GobStruct other) {
            return struct.name().equals(other.name()) && same(struct.fields(), other.fields());
        } else if (a instanceof GobInterface held && b instanceof GobInterface other) {
            return held.name().equals(other.name()) && same(held.value(), other.value());
        } else if (a.getClass().isArray() && a.getClass() == b.getClass()) {
            return sameArray(a, b);
        }
        return Objects.equals(a, b);
    }

    private static boolean sameArray(Object a, Object b) {
        if (a instanceof byte[] bytes) {
            return Arrays.equals(bytes, (byte[]) b);
        }
        boolean same = Array.getLength(a) == Array.getLength(b);
        for (int i = 0; same && i < Array.getLength(a); i++) {
            same = same(Array.get(a, i), Array.get(b, i));
        }
        return same;
    }

    private static boolean sameElements(Iterable<?> a, Iterable<?> b) {
        Iterator<?> left = a.iterator();
        Iterator<?> right = b.iterator();
        while (left.hasNext() && right.hasNext()) {
            if (!same(left.next(), right.next())) {
                return false;
            }
        }
        return !left.hasNext() && !right.hasNext();
    }
}
