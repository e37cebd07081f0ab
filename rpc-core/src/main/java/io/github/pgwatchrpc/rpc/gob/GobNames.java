package io.github.pgwatchrpc.rpc.gob;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Under which names types travel inside interfaces: what {@code gob.Register} is in Go. Immutable.
 *
 * <p>{@link #BASIC} knows what Go knows by itself, and the three types that Go programs most often register:
 *
 * <table>
 * <caption>Names that a Java class is sent under</caption>
 * <tr><th>Java</th><th>Go</th></tr>
 * <tr><td>Boolean</td><td>{@code bool}</td></tr>
 * <tr><td>Byte, Short, Integer, Long</td><td>{@code int8}, {@code int16}, {@code int32}, {@code int64}</td></tr>
 * <tr><td>GobUint</td><td>{@code uint64}</td></tr>
 * <tr><td>Float, Double</td><td>{@code float32}, {@code float64}</td></tr>
 * <tr><td>GobComplex</td><td>{@code complex128}</td></tr>
 * <tr><td>String</td><td>{@code string}</td></tr>
 * <tr><td>byte[]</td><td>{@code []uint8}</td></tr>
 * <tr><td>boolean[], short[], int[], long[], float[], double[], String[]</td>
 *     <td>{@code []bool}, {@code []int16} and so on</td></tr>
 * <tr><td>any other collection or array</td><td>{@code []interface {}}</td></tr>
 * <tr><td>any map</td><td>{@code map[string]interface {}}</td></tr>
 * <tr><td>OffsetDateTime, Instant</td><td>{@code time.Time}</td></tr>
 * </table>
 *
 * <p>Read are these names as generic values (a {@code Long} for every signed integer), and a name that was added with
 * {@link #with} as an object of its class.
 */
public final class GobNames {

    static final String ANY_LIST = "[]interface {}";
    static final String ANY_MAP = "map[string]interface {}";

    private static final Map<Class<?>, String> DEFAULTS = Map.ofEntries(
            Map.entry(Boolean.class, "bool"),
            Map.entry(Byte.class, "int8"),
            Map.entry(Short.class, "int16"),
            Map.entry(Integer.class, "int32"),
            Map.entry(Long.class, "int64"),
            Map.entry(GobUint.class, "uint64"),
            Map.entry(Float.class, "float32"),
            Map.entry(Double.class, "float64"),
            Map.entry(GobComplex.class, "complex128"),
            Map.entry(String.class, "string"),
            Map.entry(byte[].class, "[]uint8"),
            Map.entry(boolean[].class, "[]bool"),
            Map.entry(short[].class, "[]int16"),
            Map.entry(int[].class, "[]int32"),
            Map.entry(long[].class, "[]int64"),
            Map.entry(float[].class, "[]float32"),
            Map.entry(double[].class, "[]float64"),
            Map.entry(String[].class, "[]string"),
            Map.entry(OffsetDateTime.class, "time.Time"),
            Map.entry(Instant.class, "time.Time"));

    /** The names of the table above. */
    public static final GobNames BASIC = new GobNames(Map.of(), Map.of());

    private final Map<String, Class<?>> classes;
    private final Map<Class<?>, String> names;

    private GobNames(Map<String, Class<?>> classes, Map<Class<?>, String> names) {
        this.classes = classes;
        this.names = names;
    }

    /**
     * These names and one more.
     *
     * @param name as registered in Go, for example {@code main.Point}
     * @param type a record or class that stands for it, or one of the table above, which then gets this name instead
     * @return new names
     * @throws IllegalArgumentException if the name or the class has been added before, with another class or name
     */
    public GobNames with(String name, Class<?> type) {
        Objects.requireNonNull(type, "type");
        if (name.isEmpty()) {
            throw new IllegalArgumentException("name: empty (that stands for nil)");
        }
        Class<?> sameName = classes.get(name);
        if (sameName != null && sameName != type) {
            throw new IllegalArgumentException("gob: registering duplicate types for \"" + name + "\": "
                    + sameName.getName() + " != " + type.getName());
        }
        String sameType = names.get(type);
        if (sameType != null && !sameType.equals(name)) {
            throw new IllegalArgumentException("gob: registering duplicate names for " + type.getName() + ": \""
                    + sameType + "\" != \"" + name + "\"");
        }
        Map<String, Class<?>> moreClasses = new HashMap<>(classes);
        moreClasses.put(name, type);
        Map<Class<?>, String> moreNames = new HashMap<>(names);
        moreNames.put(type, name);
        return new GobNames(Map.copyOf(moreClasses), Map.copyOf(moreNames));
    }

    /** The class that was added for a name. */
    @Nullable
    Class<?> classOf(String name) {
        return classes.get(name);
    }

    /** The name that a value's class goes by; null if it has none. */
    @Nullable
    String nameOf(Object value) {
        Class<?> type = value.getClass();
        String name = names.get(type);
        if (name == null) {
            name = DEFAULTS.get(type);
        }
        if (name == null && (value instanceof Collection || type.isArray())) {
            name = ANY_LIST;
        }
        if (name == null && value instanceof Map) {
            name = ANY_MAP;
        }
        return name;
    }
}
