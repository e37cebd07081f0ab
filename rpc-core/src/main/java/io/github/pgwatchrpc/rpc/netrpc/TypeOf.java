package io.github.pgwatchrpc.rpc.netrpc;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;

/**
 * A type with its arguments, for what no class can say: Java keeps the arguments only where they stand in a declaration, so
 * a type is made as an empty subclass, {@code new TypeOf<Map<String, String>>() {}}. Immutable.
 *
 * @param <T> the type
 */
public abstract class TypeOf<T> {

    private final Type type;

    /** The type that the subclass names. */
    protected TypeOf() {
        if (!(getClass().getGenericSuperclass() instanceof ParameterizedType parent)) {
            throw new IllegalStateException(
                    "type of " + getClass().getName() + ": none (expected: new TypeOf<SomeType>() {})");
        }
        type = parent.getActualTypeArguments()[0];
    }

    private TypeOf(Class<T> type) {
        this.type = type;
    }

    /**
     * A class, which needs no arguments.
     *
     * @param type the class
     * @return the type
     * @param <T> the type
     */
    public static <T> TypeOf<T> of(Class<T> type) {
        return new TypeOf<>(type) {};
    }

    Type type() {
        return type;
    }

    @Override
    public String toString() {
        return type.getTypeName();
    }
}
