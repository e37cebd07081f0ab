package io.github.pgwatchrpc.rpc.gob;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What an interface value of Go holds: a value, and the name under which its type is registered. A nil interface is
 * plain {@code null} instead.
 *
 * <p>One that was decoded remembers the type its value had, so that it can be sent on as it came. Immutable, if the value
 * is.
 */
public final class GobInterface {

    private final String name;
    private final @Nullable Object value;
    private final @Nullable WireType wireType;

    /**
     * A value under a name that the receiver knows.
     *
     * @param name as registered with Go's {@code gob.Register}, for example {@code int16} or {@code main.Point}
     * @param value a value that an encoder takes; not null, since Go knows no nil under a name
     */
    public GobInterface(String name, Object value) {
        this(name, Objects.requireNonNull(value, "value"), null);
        if (name.isEmpty()) {
            throw new IllegalArgumentException("name: empty (that stands for nil)");
        }
    }

    GobInterface(String name, @Nullable Object value, @Nullable WireType wireType) {
        this.name = name;
        this.value = value;
        this.wireType = wireType;
    }

    /**
     * The name of the type.
     *
     * @return as registered by the sender
     */
    public String name() {
        return name;
    }

    /**
     * What the interface holds.
     *
     * @return the value; null only where a sender put a nil interface into an interface, which Go's own cannot
     */
    public @Nullable Object value() {
        return value;
    }

    @Nullable
    WireType wireType() {
        return wireType;
    }

    /** Equal are equal names and values; of arrays the content counts. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof GobInterface that && name.equals(that.name) && Objects.deepEquals(value, that.value);
    }

    @Override
    public int hashCode() {
        return 31 * name.hashCode() + GobStruct.hash(value);
    }

    /** In the manner of Go: {@code int16(5)}. */
    @Override
    public String toString() {
        return GenericText.of(this);
    }
}
