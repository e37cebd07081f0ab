package io.github.pgwatchrpc.measurement;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What a value of the model may be as a Java object, and when two of them are equal. */
final class Values {

    private Values() {}

    /** Copies what could change and widens what is narrower than the model's types. */
    static @Nullable Object exact(@Nullable Object value) {
        if (value == null
                || value instanceof Boolean
                || value instanceof Long
                || value instanceof Double
                || value instanceof Float
                || value instanceof String) {
            return value;
        } else if (value instanceof Integer || value instanceof Short || value instanceof Byte) {
            return ((Number) value).longValue();
        } else if (value instanceof BigInteger big) {
            if (big.bitLength() <= 63) {
                return big.longValue();
            } else if (big.signum() > 0 && big.bitLength() == 64) {
                return big;
            }
            throw new IllegalArgumentException("integer: " + big + " (expected: -2^63 to 2^64-1)");
        } else if (value instanceof byte[] bytes) {
            return bytes.clone();
        } else if (value instanceof List<?> list) {
            List<@Nullable Object> copy = new ArrayList<>(list.size());
            for (Object element : list) {
                copy.add(exact(element));
            }
            return Collections.unmodifiableList(copy);
        } else if (value instanceof Map<?, ?> map) {
            Map<String, @Nullable Object> copy = new LinkedHashMap<>();
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                if (!(entry.getKey() instanceof String name)) {
                    throw new IllegalArgumentException("key of an object: " + entry.getKey() + " (expected: text)");
                }
                copy.put(name, exact(entry.getValue()));
            }
            return Collections.unmodifiableMap(copy);
        }
        throw new IllegalArgumentException("value of class " + value.getClass().getName()
                + " (expected: null, Boolean, an integer, Float, Double, String, byte[], List or Map)");
    }

    /** Equality in which byte arrays are equal by content, at any depth, and numbers by type and bits. */
    static boolean equal(@Nullable Object a, @Nullable Object b) {
        if (a instanceof byte[] left && b instanceof byte[] right) {
            return Arrays.equals(left, right);
        } else if (a instanceof List<?> left && b instanceof List<?> right) {
            if (left.size() != right.size()) {
                return false;
            }
            for (int i = 0; i < left.size(); i++) {
                if (!equal(left.get(i), right.get(i))) {
                    return false;
                }
            }
            return true;
        } else if (a instanceof Map<?, ?> left && b instanceof Map<?, ?> right) {
            if (!left.keySet().equals(right.keySet())) {
                return false;
            }
            for (Map.Entry<?, ?> entry : left.entrySet()) {
                if (!equal(entry.getValue(), right.get(entry.getKey()))) {
                    return false;
                }
            }
            return true;
        }
        return Objects.equals(a, b);
    }
}
