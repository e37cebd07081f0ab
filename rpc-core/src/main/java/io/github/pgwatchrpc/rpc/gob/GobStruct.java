package io.github.pgwatchrpc.rpc.gob;

import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A struct for which there is no Java class: its name, and those of its fields that are on the wire, in their order. Gob
 * leaves out fields that are zero, so a missing field is a zero one.
 *
 * <p>One that was decoded remembers its type, so that it can be sent on as it came. Immutable, if the values are.
 */
public final class GobStruct {

    private static final String[] NO_NAMES = {};
    private static final @Nullable Object[] NO_VALUES = {};

    private final String name;
    private final String[] names;
    private final @Nullable Object[] values;
    private final @Nullable WireType wireType;

    /**
     * A struct from its fields.
     *
     * @param name name of the type; Go's decoder does not look at it
     * @param fields the fields in their order; their types follow from the values, see {@link GobEncoder}
     */
    public GobStruct(String name, Map<String, ? extends @Nullable Object> fields) {
        this.name = Objects.requireNonNull(name, "name");
        names = new String[fields.size()];
        values = new Object[fields.size()];
        int i = 0;
        for (Map.Entry<String, ? extends @Nullable Object> field : fields.entrySet()) {
            names[i] = field.getKey();
            values[i++] = field.getValue();
        }
        wireType = null;
    }

    /** Takes the first {@code count} of both arrays. */
    GobStruct(String name, String[] names, @Nullable Object[] values, int count, WireType wireType) {
        this.name = name;
        this.names = count == 0 ? NO_NAMES : count == names.length ? names : Arrays.copyOf(names, count);
        this.values = count == 0 ? NO_VALUES : count == values.length ? values : Arrays.copyOf(values, count);
        this.wireType = wireType;
    }

    /**
     * The name of the type.
     *
     * @return the name, empty where the sender gave none
     */
    public String name() {
        return name;
    }

    /**
     * Looks a field up.
     *
     * @param field name of the field
     * @return its value; null if it is missing or a nil interface
     */
    public @Nullable Object get(String field) {
        int i = indexOf(field, 0);
        return i < 0 ? null : values[i];
    }

    /**
     * Whether a field is there.
     *
     * @param field name of the field
     * @return false if it was zero, or is no field at all
     */
    public boolean has(String field) {
        return indexOf(field, 0) >= 0;
    }

    /**
     * All fields that are there.
     *
     * @return unmodifiable view, in the order of the wire
     */
    public Map<String, @Nullable Object> fields() {
        return new Fields();
    }

    /** Where a field is, or a negative number; {@code hint} is where it probably is. */
    int indexOf(String field, int hint) {
        if (hint < names.length && names[hint].equals(field)) {
            return hint;
        }
        for (int i = 0; i < names.length; i++) {
            if (names[i].equals(field)) {
                return i;
            }
        }
        return -1;
    }

    int size() {
        return names.length;
    }

    String nameAt(int index) {
        return names[index];
    }

    @Nullable
    Object valueAt(int index) {
        return values[index];
    }

    @Nullable
    WireType wireType() {
        return wireType;
    }

    /** Equal are equal names, and equal fields in the same order; of arrays the content counts. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof GobStruct that
                && name.equals(that.name)
                && Arrays.equals(names, that.names)
                && Arrays.deepEquals(values, that.values);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(names) + Arrays.deepHashCode(values);
    }

    /** In the manner of Go: {@code Point{X: 22, Y: 33}}. */
    @Override
    public String toString() {
        return GenericText.of(this);
    }

    static int hash(@Nullable Object value) {
        return Arrays.deepHashCode(new @Nullable Object[] {value});
    }

    private final class Fields extends AbstractMap<String, @Nullable Object> {
        @Override
        public Set<Entry<String, @Nullable Object>> entrySet() {
            return new AbstractSet<>() {
                @Override
                public int size() {
                    return names.length;
                }

                @Override
                public Iterator<Entry<String, @Nullable Object>> iterator() {
                    return new Iterator<>() {
                        private int next;

                        @Override
                        public boolean hasNext() {
                            return next < names.length;
                        }

                        @Override
                        public Entry<String, @Nullable Object> next() {
                            if (next == names.length) {
                                throw new NoSuchElementException();
                            }
                            return new SimpleImmutableEntry<>(names[next], values[next++]);
                        }
                    };
                }
            };
        }
    }
}
