package io.github.pgwatchrpc.rpc.gob;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.InaccessibleObjectException;
import java.lang.reflect.Modifier;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A record or class as a struct: what its fields are called, and how they are reached. Of a class all fields count, those
 * of its superclasses first, but static and transient ones; it needs a constructor without parameters.
 */
final class JavaStruct {

    /** Follows from the class alone and lives as long as it, so one for all streams is enough. */
    private static final ClassValue<JavaStruct> ALL = new ClassValue<>() {
        @Override
        protected JavaStruct computeValue(Class<?> type) {
            return new JavaStruct(type);
        }
    };

    private static final MethodType GETTER = MethodType.methodType(Object.class, Object.class);
    private static final MethodType SETTER = MethodType.methodType(void.class, Object.class, Object.class);

    /**
     * A field.
     *
     * @param name on the wire
     * @param type in Java
     * @param getter takes the object
     * @param setter takes the object and the value; null in records
     */
    record Member(
            String name,
            JavaType type,
            MethodHandle getter,
            @Nullable MethodHandle setter) {}

    private final Class<?> type;
    private final String name;
    private final List<Member> members;

    /** Takes the values of a record as an array; of a class nothing. */
    private final MethodHandle constructor;

    private final @Nullable Object[] zeros;

    static JavaStruct of(Class<?> type) {
        return ALL.get(type);
    }

    private JavaStruct(Class<?> type) {
        this.type = type;
        name = nameOf(type, type.getSimpleName());
        try {
            MethodHandles.Lookup lookup = MethodHandles.privateLookupIn(type, MethodHandles.lookup());
            members = type.isRecord() ? ofRecord(type, lookup) : ofClass(type, lookup);
            constructor = type.isRecord() ? recordConstructor(type, lookup) : classConstructor(type, lookup);
        } catch (IllegalAccessException | InaccessibleObjectException e) {
            throw new IllegalArgumentException(
                    "gob: no access to " + type.getName() + " (its module must open the package)", e);
        }
        for (int i = 0; i < members.size(); i++) {
            Member member = members.get(i);
            member.type().kind(); // says so now if gob has nothing for it
            for (Member earlier : members.subList(0, i)) {
                if (earlier.name().equals(member.name())) {
                    throw new IllegalArgumentException(
                            "gob: two fields of " + type.getName() + " are named " + member.name());
                }
            }
        }
        zeros = members.stream().map(member -> member.type().zero()).toArray();
    }

    private static List<Member> ofRecord(Class<?> type, MethodHandles.Lookup lookup) throws IllegalAccessException {
        List<Member> members = new ArrayList<>();
        for (RecordComponent component : Objects.requireNonNull(type.getRecordComponents())) {
            MethodHandle getter = lookup.unreflect(component.getAccessor()).asType(GETTER);
            members.add(member(component, component.getName(), component.getGenericType(), getter, null));
        }
        return members;
    }

    private static List<Member> ofClass(Class<?> type, MethodHandles.Lookup lookup) throws IllegalAccessException {
        List<Member> members = new ArrayList<>();
        if (type.getSuperclass() != Object.class && type.getSuperclass() != null) {
            members.addAll(of(type.getSuperclass()).members);
        }
        for (Field field : type.getDeclaredFields()) {
            int modifiers = field.getModifiers();
            if (Modifier.isStatic(modifiers) || Modifier.isTransient(modifiers) || field.isSynthetic()) {
                continue;
            }
            if (Modifier.isFinal(modifiers)) {
                throw new IllegalArgumentException(
                        "gob: field " + field.getName() + " of " + type.getName() + " is final (use a record)");
            }
            MethodHandle getter = lookup.unreflectGetter(field).asType(GETTER);
            MethodHandle setter = lookup.unreflectSetter(field).asType(SETTER);
            members.add(member(field, field.getName(), field.getGenericType(), getter, setter));
        }
        return members;
    }

    private static Member member(
            AnnotatedElement element, String name, Type type, MethodHandle getter, @Nullable MethodHandle setter) {
        GobArray array = element.getAnnotation(GobArray.class);
        List<Integer> lengths =
                array == null ? List.of() : Arrays.stream(array.value()).boxed().toList();
        JavaType javaType = new JavaType(type, element.isAnnotationPresent(GobUnsigned.class), lengths);
        return new Member(nameOf(element, name), javaType, getter, setter);
    }

    private static String nameOf(AnnotatedElement element, String otherwise) {
        GobName name = element.getAnnotation(GobName.class);
        return name == null ? otherwise : name.value();
    }

    private static MethodHandle recordConstructor(Class<?> type, MethodHandles.Lookup lookup)
            throws IllegalAccessException {
        RecordComponent[] components = Objects.requireNonNull(type.getRecordComponents());
        Class<?>[] parameters =
                Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
        MethodHandle constructor = lookup.unreflectConstructor(declaredConstructor(type, parameters));
        return constructor
                .asType(MethodType.genericMethodType(parameters.length))
                .asSpreader(Object[].class, parameters.length);
    }

    private static MethodHandle classConstructor(Class<?> type, MethodHandles.Lookup lookup)
            throws IllegalAccessException {
        if (Modifier.isAbstract(type.getModifiers())) {
            return MethodHandles.empty(MethodType.methodType(Object.class)); // never called: only a superclass
        }
        return lookup.unreflectConstructor(declaredConstructor(type)).asType(MethodType.methodType(Object.class));
    }

    private static Constructor<?> declaredConstructor(Class<?> type, Class<?>... parameters) {
        try {
            return type.getDeclaredConstructor(parameters);
        } catch (NoSuchMethodException e) {
            throw new IllegalArgumentException(
                    "gob: " + type.getName() + " has no constructor without parameters (or make it a record)", e);
        }
    }

    /** The name of the type on the wire. */
    String name() {
        return name;
    }

    List<Member> members() {
        return members;
    }

    /** Where a field is among {@link #members}, or a negative number. */
    int indexOf(String field) {
        for (int i = 0; i < members.size(); i++) {
            if (members.get(i).name().equals(field)) {
                return i;
            }
        }
        return -1;
    }

    /** An object in the making: for {@link #set} and {@link #finish} alone. */
    Object begin() throws GobException {
        if (type.isRecord()) {
            return zeros.clone();
        }
        try {
            return (Object) constructor.invokeExact();
        } catch (Throwable e) {
            throw refused(e);
        }
    }

    void set(Object unfinished, int member, @Nullable Object value) throws GobException {
        MethodHandle setter = members.get(member).setter();
        if (setter == null) {
            ((@Nullable Object[]) unfinished)[member] = value;
            return;
        }
        try {
            setter.invokeExact(unfinished, value);
        } catch (Throwable e) {
            throw refused(e);
        }
    }

    Object finish(Object unfinished) throws GobException {
        if (!type.isRecord()) {
            return unfinished;
        }
        try {
            return (Object) constructor.invokeExact((Object[]) unfinished);
        } catch (Throwable e) {
            throw refused(e);
        }
    }

    static @Nullable Object get(MethodHandle getter, Object object) throws GobException {
        try {
            return (@Nullable Object) getter.invokeExact(object);
        } catch (Throwable e) {
            throw refused(object.getClass().getSimpleName(), e);
        }
    }

    private GobException refused(Throwable cause) {
        return refused(type.getSimpleName(), cause);
    }

    private static GobException refused(String type, Throwable cause) {
        if (cause instanceof Error error) {
            throw error;
        }
        return new GobMismatchException("gob: " + type + ": " + cause.getMessage(), cause);
    }
}
