package io.github.pgwatchrpc.rpc.gob;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Writes values as a gob stream, into a buffer that is used again. Types are described before their first use, once for
 * each encoder; so one encoder serves one stream. Not thread-safe.
 *
 * <pre>{@code
 * GobEncoder encoder = new GobEncoder();
 * encoder.encode(new Point(22, 33));
 * encoder.writeTo(out);
 * }</pre>
 *
 * <p>What a Java object is sent as:
 *
 * <table>
 * <caption>Java objects and gob types</caption>
 * <tr><th>Java</th><th>gob</th></tr>
 * <tr><td>boolean, Boolean</td><td>bool</td></tr>
 * <tr><td>byte, short, int, long and their classes</td><td>int; uint if {@link GobUnsigned}</td></tr>
 * <tr><td>{@link GobUint}</td><td>uint</td></tr>
 * <tr><td>float, double and their classes</td><td>float</td></tr>
 * <tr><td>{@link GobComplex}, String, byte[]</td><td>complex, string, bytes</td></tr>
 * <tr><td>other arrays, List, Set, Collection</td><td>slice of what their elements are; array if {@link GobArray}</td></tr>
 * <tr><td>Map</td><td>map</td></tr>
 * <tr><td>records, and classes that have a constructor without parameters</td><td>struct; see {@link GobDecoder} and
 *     {@link GobName}</td></tr>
 * <tr><td>Object, interfaces and abstract classes</td><td>interface; what is in it needs a name, see {@link GobNames}, or
 *     is a {@link GobInterface}</td></tr>
 * <tr><td>OffsetDateTime, Instant</td><td>time.Time</td></tr>
 * <tr><td>{@link GobStruct}, {@link GobOpaque}</td><td>struct, opaque</td></tr>
 * </table>
 *
 * <p>Fields that are null or zero are left out, as in Go; an empty map, a struct and an array are not. A collection that
 * says nothing of its elements (a plain {@code List} at the top, in an Object, or in a GobStruct) is a {@code []interface
 * {}}, and such a map a {@code map[string]interface {}}; an array says what its elements are, so a {@code String[]} is a
 * {@code []string}. A GobStruct that was not decoded gets its type from its fields, each from its value.
 *
 * <p>A value that cannot be encoded leaves nothing behind in the buffer.
 */
public final class GobEncoder {

    /** The number of the first type that is described, as in Go's documentation; present Go begins at 64. */
    private static final int FIRST_ID = 65;

    /** A buffer that a large value has left behind is given up above this size, in bytes. */
    private static final int KEPT = 64 << 10;

    private final GobConfig config;
    private final GobWriter out = new GobWriter();
    private final Writers writers;

    /** The types that have a number, by the writers' keys. */
    private final Map<Object, Known> known = new HashMap<>();

    /** Their keys in the order of their numbers. */
    private final List<Object> order = new ArrayList<>();

    /** How many of them the receiver has been told for good. */
    private int sent;

    private final int firstId;

    /** Where the message begins that is being written, or the part of an interface's content. */
    private int message;

    /** Where the value begins that is being written. */
    private int begin;

    private static final class Known {
        /** Where the value begins that needed the type first. */
        private final int begin;

        /** The type's number; 0 while its parts are being numbered. */
        private int id;

        private boolean described;

        Known(int begin) {
            this.begin = begin;
        }
    }

    /** Encodes with the default configuration. */
    public GobEncoder() {
        this(GobConfig.DEFAULT);
    }

    /**
     * Encodes.
     *
     * @param config names of types inside interfaces; limits on the nesting and length of what is sent
     */
    public GobEncoder(GobConfig config) {
        this(config, FIRST_ID);
    }

    GobEncoder(GobConfig config, int firstId) {
        this.config = config;
        this.firstId = firstId;
        writers = new Writers(config.limits());
    }

    /**
     * Encodes a value.
     *
     * @param value an object of one of the classes above
     * @throws GobMismatchException if there is something in it that cannot be sent
     * @throws IllegalArgumentException if objects of this class cannot be sent
     */
    public void encode(Object value) throws GobException {
        Objects.requireNonNull(value, "gob: cannot encode nil value");
        encode(value, writers.ofValue(value));
    }

    /**
     * Encodes a value as a given type.
     *
     * @param value the value; null only if the type is Object, for a nil interface
     * @param type with its arguments: for {@code List<String>} a {@code []string} is sent; {@code Object.class} sends the
     *     value as an interface
     * @throws GobMismatchException if the value is not of this type, or there is something in it that cannot be sent
     * @throws IllegalArgumentException if objects of this type cannot be sent
     */
    public void encode(@Nullable Object value, Type type) throws GobException {
        encode(value, writers.ofType(type));
    }

    /**
     * Encodes a generic value as a type that was described by the sender of another stream, or by hand.
     *
     * @param value as decoded; null only for a nil interface
     * @param types where the types are looked up. Each table's types are described anew
     * @param typeId number of the value's type
     * @throws GobMismatchException if the value is not of this type, or there is something in it that cannot be sent
     */
    public void encode(@Nullable Object value, GobTypes types, int typeId) throws GobException {
        encode(value, writers.ofWire(types, types.get(typeId)));
    }

    /**
     * How much has been encoded and not been taken.
     *
     * @return bytes
     */
    public int size() {
        return out.size();
    }

    /**
     * The buffer.
     *
     * @return the encoder's own; valid are the first {@link #size} bytes, until it encodes on
     */
    public byte[] array() {
        return out.array();
    }

    /**
     * What has been encoded and not been taken.
     *
     * @return a copy
     */
    public byte[] toByteArray() {
        return Arrays.copyOf(out.array(), out.size());
    }

    /**
     * Takes back the values that were encoded last, with the types that they brought, so that a message of several values
     * is sent as a whole or not at all.
     *
     * @param size what {@link #size} was before them
     */
    public void truncate(int size) {
        out.truncate(size);
        while (order.size() > sent && begin(order.get(order.size() - 1)) >= size) {
            known.remove(order.remove(order.size() - 1));
        }
    }

    private int begin(Object key) {
        return Objects.requireNonNull(known.get(key)).begin;
    }

    /**
     * Writes all that has been encoded to a stream, and empties the buffer.
     *
     * @param to the stream; not flushed
     * @throws IOException if it cannot be written; the buffer is as before then
     */
    public void writeTo(OutputStream to) throws IOException {
        out.writeTo(to);
        clear();
    }

    /** Empties the buffer, since what was in it is on its way to the receiver. */
    public void clear() {
        out.truncate(0);
        out.shrink(KEPT);
        sent = order.size();
    }

    private void encode(@Nullable Object value, ValueWriter writer) throws GobException {
        begin = out.size();
        boolean done = false;
        try {
            message = out.beginMessage();
            define(writer);
            out.writeInt(idOf(writer));
            writeTop(writer, value, 0);
            endMessage();
            done = true;
        } finally {
            if (!done) {
                truncate(begin);
                known.values().removeIf(type -> type.id == 0);
            }
        }
    }

    private void endMessage() throws GobException {
        int length = out.size() - message;
        if (length > config.limits().messageBytes()) {
            throw new GobMismatchException("gob: encoder: message too big: " + length + " bytes (expected: <= "
                    + config.limits().messageBytes() + ")");
        }
        out.endMessage(message);
    }

    /** A value that is a message of its own, or the content of an interface. */
    private void writeTop(ValueWriter writer, @Nullable Object value, int depth) throws GobException {
        if (!writer.isStruct()) {
            out.writeUint(0);
        }
        if (value == null && writer != Writers.INTERFACE) {
            throw new GobMismatchException("gob: cannot encode nil value");
        }
        writer.write(this, value, depth);
    }

    /**
     * Writes an interface: the name of the type, its number, the length of the content, the content. If the type has to be
     * described first, that ends the message right behind the name, and the value goes on in the next. Inside another
     * interface it is the same with the parts of that one's content.
     */
    void writeInterface(@Nullable Object value, int depth) throws GobException {
        if (value == null) {
            out.writeUint(0);
            return;
        }
        Writers.checkDepth(depth + 1, config.limits());
        String name;
        Object held = value;
        ValueWriter writer;
        if (value instanceof GobInterface known) {
            name = known.name();
            held = known.value();
            writer = writerOf(known);
        } else {
            name = config.names().nameOf(value);
            if (name == null) {
                throw new GobMismatchException("gob: type not registered for interface: "
                        + (value instanceof GobStruct struct
                                ? struct.name()
                                : value.getClass().getName()));
            }
            writer = name.equals(GobNames.ANY_LIST)
                    ? Writers.ANY_LIST
                    : name.equals(GobNames.ANY_MAP) ? Writers.ANY_MAP : writers.ofValue(value);
        }
        out.writeString(name);
        define(writer);
        out.writeInt(idOf(writer));
        int around = message;
        message = out.beginMessage();
        writeTop(writer, held, depth + 1);
        out.endMessage(message);
        message = around;
    }

    private ValueWriter writerOf(GobInterface value) throws GobException {
        WireType wireType = value.wireType();
        if (wireType != null) {
            return writers.ofWire(wireType.types(), wireType.type());
        }
        ValueWriter byName = Writers.ofGoName(value.name());
        return byName != null ? byName : writers.ofValue(Objects.requireNonNull(value.value()));
    }

    /** Sees to it that the receiver knows a type and all that it is made of. */
    private void define(ValueWriter writer) throws GobException {
        if (writer.basicId() == 0 && !known.containsKey(writer.key())) {
            number(writer);
            describe(writer);
        }
    }

    /** Gives out numbers in the order in which Go does: to a struct before its parts, to others after them. */
    private void number(ValueWriter writer) throws GobException {
        if (writer.basicId() != 0 || known.containsKey(writer.key())) {
            return;
        }
        known.put(writer.key(), new Known(begin));
        if (writer.isStruct()) {
            take(writer);
            for (ValueWriter part : writer.parts()) {
                number(part);
                take(part); // one that contains itself has none yet
            }
        } else {
            for (ValueWriter part : writer.parts()) {
                number(part);
            }
            take(writer);
            for (ValueWriter part : writer.parts()) {
                take(part);
            }
        }
    }

    private void take(ValueWriter writer) {
        Known type = known.get(writer.key());
        if (type != null && type.id == 0) {
            type.id = firstId + order.size();
            order.add(writer.key());
        }
    }

    /** Each description is the end of the message that it stands in, or of the part of an interface's content. */
    private void describe(ValueWriter writer) throws GobException {
        Known type = known.get(writer.key());
        if (type == null || type.described) {
            return;
        }
        type.described = true;
        out.writeInt(-type.id);
        Definitions.write(out, writer.describe(type.id, this::idOf));
        endMessage();
        message = out.beginMessage();
        for (ValueWriter part : writer.parts()) {
            describe(part);
        }
    }

    private int idOf(ValueWriter writer) {
        return writer.basicId() != 0 ? writer.basicId() : Objects.requireNonNull(known.get(writer.key())).id;
    }

    GobWriter out() {
        return out;
    }

    GobLimits limits() {
        return config.limits();
    }
}
