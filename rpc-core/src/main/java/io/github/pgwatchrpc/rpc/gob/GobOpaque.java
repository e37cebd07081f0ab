package io.github.pgwatchrpc.rpc.gob;

import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A value whose type writes itself: bytes that only it understands, such as {@code big.Int} or {@code netip.Addr}. Of
 * these only {@code time.Time} is known here. Immutable, as long as nobody writes into the array.
 *
 * @param marshaler by which of Go's interfaces the type writes itself
 * @param name the type's name on the wire, empty where there is none (elements of collections, pointers)
 * @param bytes what it wrote; not copied
 */
@SuppressWarnings("ArrayRecordComponent") // equals and the like look into it
public record GobOpaque(GobType.Marshaler marshaler, String name, byte[] bytes) {

    /**
     * Nothing may be null.
     *
     * @param marshaler by which interface it writes itself
     * @param name the type's name
     * @param bytes what it has written
     */
    public GobOpaque {
        Objects.requireNonNull(marshaler, "marshaler");
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(bytes, "bytes");
    }

    /**
     * A {@code time.Time}.
     *
     * @param time the time; offset zero is sent as UTC
     * @return what Go's {@code Time.GobEncode} writes
     */
    public static GobOpaque of(OffsetDateTime time) {
        return new GobOpaque(GobType.Marshaler.GOB, GobTime.NAME, GobTime.encode(time));
    }

    /**
     * Reads the bytes as a {@code time.Time}, whatever the name is: the wire has none where a time is an element or a
     * pointer.
     *
     * @return the time, or empty if these are not the bytes of one, or of one that Java cannot express (a year beyond
     *     999,999,999 or an offset beyond 18 hours)
     */
    public Optional<OffsetDateTime> toTime() {
        return Optional.ofNullable(GobTime.decode(bytes, 0, bytes.length));
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof GobOpaque that
                && marshaler == that.marshaler
                && name.equals(that.name)
                && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
        return Objects.hash(marshaler, name, Arrays.hashCode(bytes));
    }

    @Override
    public String toString() {
        return name + "(" + HexFormat.of().formatHex(bytes) + ")";
    }
}
