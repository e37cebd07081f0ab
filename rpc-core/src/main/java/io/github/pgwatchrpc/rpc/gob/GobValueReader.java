package io.github.pgwatchrpc.rpc.gob;

import java.lang.reflect.Type;
import org.jspecify.annotations.Nullable;

/**
 * Turns the values of one stream into Java objects, for those who get at the messages by themselves; {@link GobDecoder}
 * does the rest too, and says there what becomes what. Not thread-safe.
 */
public final class GobValueReader {

    private final GobTypes types;
    private final GobConfig config;
    private final Readers readers;
    private int forgotten;

    /**
     * Reads values of a stream.
     *
     * @param types what the stream has defined so far; grows by what interfaces define
     * @param config names and form of generic values; its limits are not used, the reader has its own
     */
    public GobValueReader(GobTypes types, GobConfig config) {
        this.types = types;
        this.config = config;
        readers = new Readers(types, config);
    }

    /**
     * Reads a value that is a message of its own, whatever its type is.
     *
     * @param reader stands behind the number of the value's type
     * @param typeId what {@link GobTypes#readTypeSequence} has returned
     * @return a generic value; null for a nil interface
     * @throws GobIncompleteException if the value goes on in a message that is not there yet
     * @throws GobMismatchException if it does not fit a class that is registered for a name in it; it has been read to its
     *     end then
     * @throws GobException if it is broken or beyond a limit
     */
    public @Nullable Object read(GobReader reader, int typeId) throws GobException {
        return read(reader, typeId, (JavaType) null);
    }

    /**
     * Reads a value that is a message of its own.
     *
     * @param reader stands behind the number of the value's type
     * @param typeId what {@link GobTypes#readTypeSequence} has returned
     * @param type class of the result
     * @return the value
     * @param <T> type of the result
     * @throws GobIncompleteException if the value goes on in a message that is not there yet
     * @throws GobMismatchException if the value does not fit; it has been read to its end then
     * @throws GobException if it is broken or beyond a limit
     * @throws IllegalArgumentException if nothing can become an object of this class
     */
    public <T> T read(GobReader reader, int typeId, Class<T> type) throws GobException {
        Object value = read(reader, typeId, JavaType.of(type));
        if (value == null) {
            throw new GobMismatchException("gob: nil interface value (expected: " + JavaType.of(type) + ")");
        }
        @SuppressWarnings("unchecked") // its readers make nothing else; a primitive class stands for its wrapper
        T result = (T) value;
        return result;
    }

    /**
     * Reads a value that is a message of its own.
     *
     * @param reader stands behind the number of the value's type
     * @param typeId what {@link GobTypes#readTypeSequence} has returned
     * @param type type of the result, with its arguments
     * @return the value; null for a nil interface
     * @throws GobIncompleteException if the value goes on in a message that is not there yet
     * @throws GobMismatchException if the value does not fit; it has been read to its end then
     * @throws GobException if it is broken or beyond a limit
     * @throws IllegalArgumentException if nothing can become an object of this type
     */
    public @Nullable Object read(GobReader reader, int typeId, Type type) throws GobException {
        return read(reader, typeId, JavaType.of(type));
    }

    private @Nullable Object read(GobReader reader, int typeId, @Nullable JavaType type) throws GobException {
        if (forgotten != types.forgotten()) {
            forgotten = types.forgotten();
            readers.clear();
        }
        int known = types.size();
        long begin = reader.mark();
        try {
            ValueReader valueReader =
                    type == null ? readers.generic(typeId, config.unwrapInterfaces()) : readers.top(typeId, type);
            if (!(types.get(typeId) instanceof GobType.Struct)) {
                GobSkipper.readZero(reader);
            }
            return valueReader.read(reader, 0);
        } catch (GobMismatchException e) {
            // the stream is as it should be, so it can go on behind this value
            reader.rewind(begin);
            types.truncate(known);
            GobSkipper.skipTop(reader, types, typeId);
            throw e;
        }
    }
}
