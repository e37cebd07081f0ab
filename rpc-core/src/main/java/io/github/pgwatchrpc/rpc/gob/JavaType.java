package io.github.pgwatchrpc.rpc.gob;

import java.lang.reflect.Array;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A Java type as the codecs see it: with what the annotations of a field say about it.
 *
 * @param type the type with its arguments
 * @param unsigned whether its integers are unsigned
 * @param lengths of Go's arrays, outermost first; empty for slices
 */
record JavaType(Type type, boolean unsigned, List<Integer> lengths) {

    private static final JavaType ANY = of(Object.class);

    static JavaType of(Type type) {
        return new JavaType(type, false, List.of());
    }

    /** What becomes of it on the wire. */
    enum Kind {
        BOOL,
        INTEGER,
        UINT,
        FLOAT,
        COMPLEX,
        STRING,
        BYTES,
        LIST,
        MAP,
        STRUCT,
        GENERIC_STRUCT,
        OPAQUE,
        TIME,
        INTERFACE
    }

    Class<?> raw() {
        return raw(type);
    }

    private static Class<?> raw(Type type) {
        if (type instanceof Class<?> c) {
            return c;
        } else if (type instanceof ParameterizedType parameterized) {
            return raw(parameterized.getRawType());
        } else if (type instanceof GenericArrayType array) {
            return raw(array.getGenericComponentType()).arrayType();
        } else if (type instanceof WildcardType wildcard) {
            return raw(wildcard.getUpperBounds()[0]);
        } else if (type instanceof TypeVariable<?> variable) {
            return raw(variable.getBounds()[0]);
        }
        throw new IllegalArgumentException("gob: unknown kind of Java type: " + type.getTypeName());
    }

    /**
     * How values of this type look on the wire.
     *
     * @throws IllegalArgumentException if gob has nothing that they could be
     */
    Kind kind() {
        Class<?> raw = raw();
        if (raw == boolean.class || raw == Boolean.class) {
            return Kind.BOOL;
        } else if (bits() > 0) {
            return Kind.INTEGER;
        } else if (raw == double.class || raw == Double.class || raw == float.class || raw == Float.class) {
            return Kind.FLOAT;
        } else if (raw == String.class) {
            return Kind.STRING;
        } else if (raw == byte[].class) {
            return lengths.isEmpty() ? Kind.BYTES : Kind.LIST;
        } else if (raw.isArray()
                || raw == List.class
                || raw == Set.class
                || raw == Collection.class
                || raw == Iterable.class) {
            return Kind.LIST;
        } else if (raw == Map.class) {
            return Kind.MAP;
        } else if (raw == GobUint.class) {
            return Kind.UINT;
        } else if (raw == GobComplex.class) {
            return Kind.COMPLEX;
        } else if (raw == GobOpaque.class) {
            return Kind.OPAQUE;
        } else if (raw == OffsetDateTime.class || raw == Instant.class) {
            return Kind.TIME;
        } else if (raw == GobStruct.class) {
            return Kind.GENERIC_STRUCT;
        } else if (raw == Object.class
                || raw == GobInterface.class
                || (Modifier.isAbstract(raw.getModifiers()) && !raw.isPrimitive())) {
            return Kind.INTERFACE;
        } else if (raw.isPrimitive() || raw.isEnum() || raw.getName().startsWith("java.")) {
            throw new IllegalArgumentException("gob: no encoding for the Java type " + type.getTypeName());
        }
        return Kind.STRUCT;
    }

    /** How wide an integer is, or 0 for what is none. */
    int bits() {
        Class<?> raw = raw();
        if (raw == long.class || raw == Long.class) {
            return Long.SIZE;
        } else if (raw == int.class || raw == Integer.class) {
            return Integer.SIZE;
        } else if (raw == short.class || raw == Short.class) {
            return Short.SIZE;
        } else if (raw == byte.class || raw == Byte.class) {
            return Byte.SIZE;
        }
        return 0;
    }

    /** The type of the elements of a list or array. */
    JavaType element() {
        Type element = type instanceof GenericArrayType array
                ? array.getGenericComponentType()
                : raw().isArray() ? raw().getComponentType() : argument(0);
        return new JavaType(element, unsigned, lengths.isEmpty() ? lengths : lengths.subList(1, lengths.size()));
    }

    /** The type of the keys (0) or values (1) of a map. */
    JavaType entry(int index) {
        return new JavaType(argument(index), unsigned, lengths);
    }

    private Type argument(int index) {
        return type instanceof ParameterizedType parameterized
                ? parameterized.getActualTypeArguments()[index]
                : Object.class;
    }

    /** Whether nothing is known of the type, so that any value may stand there. */
    boolean any() {
        return raw() == Object.class;
    }

    static JavaType anything() {
        return ANY;
    }

    /**
     * What a field holds that the sender left out since it is zero. Where Java has no such thing it is null, which may as
     * well stand for the nil pointer that it may have been.
     */
    @Nullable
    Object zero() {
        Class<?> raw = raw();
        if (raw.isPrimitive()) {
            return Array.get(Array.newInstance(raw, 1), 0);
        } else if (raw == String.class) {
            return "";
        } else if (raw.isArray()) {
            return Array.newInstance(raw.getComponentType(), 0);
        } else if (raw == Set.class) {
            return Set.of();
        } else if (raw == List.class || raw == Collection.class || raw == Iterable.class) {
            return List.of();
        } else if (raw == Map.class) {
            return Map.of();
        } else if (raw == GobUint.class) {
            return GobUint.ZERO;
        } else if (raw == GobComplex.class) {
            return GobComplex.ZERO;
        }
        return null;
    }

    /** The name of the type as Go would write it, for texts that Go's users read. */
    @Override
    public String toString() {
        return switch (kind()) {
            case BOOL -> "bool";
            case INTEGER -> (unsigned ? "uint" : "int") + bits();
            case UINT -> "uint64";
            case FLOAT -> raw() == float.class || raw() == Float.class ? "float32" : "float64";
            case COMPLEX -> "complex128";
            case STRING -> "string";
            case BYTES -> "[]uint8";
            case LIST -> "[" + (lengths.isEmpty() ? "" : lengths.get(0)) + "]" + element();
            case MAP -> "map[" + entry(0) + "]" + entry(1);
            case TIME -> "time.Time";
            case INTERFACE -> any() ? "interface {}" : raw().getSimpleName();
            case STRUCT, GENERIC_STRUCT, OPAQUE -> raw().getSimpleName();
        };
    }
}
