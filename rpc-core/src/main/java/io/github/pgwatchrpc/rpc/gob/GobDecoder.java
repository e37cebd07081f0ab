package io.github.pgwatchrpc.rpc.gob;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Reads the values of a gob stream, either from an {@link InputStream} or from messages that are pushed in. Not
 * thread-safe.
 *
 * <pre>{@code
 * GobDecoder decoder = new GobDecoder(in);
 * while (decoder.hasNext()) {
 *     Point point = decoder.decode(Point.class);   // or Object value = decoder.decode();
 * }
 * }</pre>
 *
 * <p>What a value becomes, when no class is asked for:
 *
 * <table>
 * <caption>Generic values</caption>
 * <tr><th>Go</th><th>Java</th></tr>
 * <tr><td>bool</td><td>Boolean</td></tr>
 * <tr><td>int, int8 to int64</td><td>Long</td></tr>
 * <tr><td>uint, uint8 to uint64, uintptr</td><td>{@link GobUint}</td></tr>
 * <tr><td>float32, float64</td><td>Double</td></tr>
 * <tr><td>complex64, complex128</td><td>{@link GobComplex}</td></tr>
 * <tr><td>string</td><td>String; bytes that are not UTF-8 become U+FFFD</td></tr>
 * <tr><td>[]byte</td><td>byte[]</td></tr>
 * <tr><td>arrays, other slices</td><td>List, unmodifiable</td></tr>
 * <tr><td>maps</td><td>Map, unmodifiable, in the order of the stream</td></tr>
 * <tr><td>structs</td><td>{@link GobStruct}</td></tr>
 * <tr><td>interfaces</td><td>null, or {@link GobInterface}; or what is in it ({@link GobConfig#unwrapped}). A name that
 *     was {@linkplain GobNames#with registered} makes an object of its class</td></tr>
 * <tr><td>time.Time</td><td>OffsetDateTime; a {@link GobOpaque} where the wire does not name the type, or Java cannot
 *     express the time</td></tr>
 * <tr><td>other types that write themselves</td><td>{@link GobOpaque}</td></tr>
 * </table>
 *
 * <p>A record or class takes the fields that have the same name, letter by letter, as {@link GobName} or its own fields
 * say. Other fields of the stream are skipped. What the stream does not have is zero in a record (0, false, an empty text
 * or collection, else null) and stays as the constructor left it in a class. Its fields may be numbers (checked for range),
 * Boolean, String, byte[] (which takes a string too), arrays, List, Set, Collection, Map, the classes above, Instant,
 * other such records and classes, and for interfaces Object or an interface of Java. Object takes any value, in generic
 * form with interfaces unwrapped.
 *
 * <p>Errors: a {@link GobMismatchException} costs one value. Any other exception ends the stream, since it is not known
 * where the next value would begin; it is thrown again by every later call.
 */
public final class GobDecoder {

    /** A buffer that a large value has left behind is given up above this size, in bytes. */
    private static final int KEPT = 64 << 10;

    private static final int FIRST_ROOM = 512;

    private final @Nullable InputStream in;
    private final GobLimits limits;
    private final GobTypes types;
    private final GobReader reader;
    private final GobValueReader values;

    /** The messages that have not been read, one behind the other, from {@link #begin} to {@link #end}. */
    private byte[] buffer = new byte[FIRST_ROOM];

    private int begin;
    private int end;

    /** How long each of them is. */
    private int[] lengths = new int[4];

    private int messages;

    /** Looks for the end of a value that is spread over several messages, so that none is read again for each of them. */
    private @Nullable GobSkipper scanner;

    private int scanned;
    private int scannedTypes;

    private int typeId;
    private @Nullable IOException failure;

    /**
     * Reads a stream with the default configuration.
     *
     * @param in the stream; better buffered
     */
    public GobDecoder(InputStream in) {
        this(in, GobConfig.DEFAULT);
    }

    /**
     * Reads a stream.
     *
     * @param in the stream; better buffered
     * @param config limits, names, and form of generic values
     */
    public GobDecoder(InputStream in, GobConfig config) {
        this(config, in);
    }

    /**
     * Reads messages as they are {@linkplain #push pushed} in.
     *
     * @param config limits, names, and form of generic values
     */
    public GobDecoder(GobConfig config) {
        this(config, null);
    }

    private GobDecoder(GobConfig config, @Nullable InputStream in) {
        this.in = in;
        limits = config.limits();
        types = new GobTypes(limits);
        reader = new GobReader(limits, in == null ? null : this::nextMessage);
        values = new GobValueReader(types, config);
    }

    /**
     * Adds a message. A value can be decoded when its last message is there.
     *
     * @param bytes holds the message without its length; copied
     * @param offset where it begins
     * @param count how many bytes it has
     * @throws GobException if it is longer than allowed
     * @throws IllegalStateException if this decoder reads a stream by itself
     */
    public void push(byte[] bytes, int offset, int count) throws GobException {
        if (in != null) {
            throw new IllegalStateException("push: this decoder reads an InputStream");
        }
        checkLength(count, 0);
        makeRoom(count);
        System.arraycopy(bytes, offset, buffer, end, count);
        addMessage(count);
    }

    /**
     * Whether there is another value, or at least the beginning of one. Waits for its first message, when it reads a
     * stream.
     *
     * @return false at the end of the stream, or when all that was pushed has been decoded
     * @throws IOException if the stream cannot be read, or ends in the middle of a message
     */
    public boolean hasNext() throws IOException {
        checkFailure();
        if (messages > 0) {
            return true;
        }
        try {
            return in != null && readMessage(in);
        } catch (IOException e) {
            throw failed(e);
        }
    }

    /**
     * Decodes the next value in generic form.
     *
     * @return the value; null for a nil interface
     * @throws EOFException at the end of the stream
     * @throws GobIncompleteException if the rest of the value has not been pushed yet; nothing is lost
     * @throws IOException see the class comment
     */
    public @Nullable Object decode() throws IOException {
        return next(() -> values.read(reader, typeId));
    }

    /**
     * Decodes the next value.
     *
     * @param type class of the result
     * @return the value
     * @param <T> type of the result
     * @throws EOFException at the end of the stream
     * @throws GobIncompleteException if the rest of the value has not been pushed yet; nothing is lost
     * @throws GobMismatchException if the value does not fit; the next one can be decoded
     * @throws IOException see the class comment
     * @throws IllegalArgumentException if nothing can become an object of this class
     */
    public <T> T decode(Class<T> type) throws IOException {
        Object value = next(() -> values.read(reader, typeId, type));
        @SuppressWarnings("unchecked") // read makes nothing else; a primitive class stands for its wrapper
        T result = (T) Objects.requireNonNull(value);
        return result;
    }

    /**
     * Decodes the next value.
     *
     * @param type type of the result, with its arguments: {@code List<Point>} for example
     * @return the value; null for a nil interface
     * @throws EOFException at the end of the stream
     * @throws GobIncompleteException if the rest of the value has not been pushed yet; nothing is lost
     * @throws GobMismatchException if the value does not fit; the next one can be decoded
     * @throws IOException see the class comment
     * @throws IllegalArgumentException if nothing can become an object of this type
     */
    public @Nullable Object decode(Type type) throws IOException {
        return next(() -> values.read(reader, typeId, type));
    }

    /**
     * Goes past the next value.
     *
     * @throws EOFException at the end of the stream
     * @throws GobIncompleteException if the rest of the value has not been pushed yet; nothing is lost
     * @throws IOException see the class comment
     */
    public void skip() throws IOException {
        next(() -> {
            GobSkipper.skipTop(reader, types, typeId);
            return null;
        });
    }

    /**
     * The types that the stream has defined so far.
     *
     * @return the decoder's own; grows
     */
    public GobTypes types() {
        return types;
    }

    /**
     * The type of the value that was decoded last.
     *
     * @return its number in {@link #types}
     */
    public int typeId() {
        return typeId;
    }

    /** Makes something of the value that the reader has come to. */
    private interface Action {
        @Nullable
        Object run() throws GobException;
    }

    private @Nullable Object next(Action action) throws IOException {
        if (!hasNext()) {
            if (in != null) {
                throw new EOFException("gob: end of stream");
            }
            throw new GobIncompleteException();
        }
        try {
            return attempt(action);
        } catch (GobIncompleteException | GobMismatchException e) {
            throw e;
        } catch (SourceException e) {
            throw failed(e.cause());
        } catch (GobException e) {
            throw failed(e);
        }
    }

    private @Nullable Object attempt(Action action) throws GobException {
        if (scanner != null && !scan(scanner)) {
            throw new GobIncompleteException();
        }
        int known = types.size();
        reader.reset(buffer, begin, lengths[0]);
        for (int i = 1; i < messages; i++) {
            reader.append(lengths[i]);
        }
        try {
            typeId = types.readTypeSequence(reader, false);
            Object result = action.run();
            drop(reader.messagesRead());
            return result;
        } catch (GobMismatchException e) {
            drop(reader.messagesRead());
            throw e;
        } catch (GobIncompleteException e) {
            types.truncate(known);
            scannedTypes = known;
            scanner = new GobSkipper(types);
            scan(scanner);
            throw e;
        } catch (RuntimeException | Error e) {
            types.truncate(known); // the caller's mistake: the value can be decoded again, into something else
            throw e;
        }
    }

    /** Looks through the messages that came since, and tells whether the value ends in one of them. */
    private boolean scan(GobSkipper value) throws GobException {
        int at = begin;
        long before = 0;
        for (int i = 0; i < messages; i++) {
            if (i == scanned) {
                checkLength(lengths[i], before);
                scanned++;
                if (value.skip(reader.reset(buffer, at, lengths[i]))) {
                    scanner = null;
                    scanned = 0;
                    types.truncate(scannedTypes);
                    return true;
                }
            }
            at += lengths[i];
            before += lengths[i];
        }
        return false;
    }

    private void drop(int count) {
        for (int i = 0; i < count; i++) {
            begin += lengths[i];
        }
        System.arraycopy(lengths, count, lengths, 0, messages - count);
        messages -= count;
        if (messages == 0) {
            begin = 0;
            end = 0;
            if (buffer.length > KEPT) {
                buffer = new byte[FIRST_ROOM];
            }
        }
    }

    private void addMessage(int count) {
        end += count;
        if (messages == lengths.length) {
            lengths = Arrays.copyOf(lengths, messages * 2);
        }
        lengths[messages++] = count;
    }

    /** What lies before {@link #begin} is given up only between values: the reader knows offsets. */
    private void makeRoom(int count) throws GobException {
        if (count <= buffer.length - end) {
            return;
        }
        if (begin > 0 && in == null) {
            System.arraycopy(buffer, begin, buffer, 0, end - begin);
            end -= begin;
            begin = 0;
        }
        if (count > buffer.length - end) {
            long wanted = Math.max((long) end + count, Math.min(2L * buffer.length, Integer.MAX_VALUE - 8));
            if (wanted > Integer.MAX_VALUE - 8) {
                throw new GobException("gob: bytes of messages that are waiting: " + wanted + " (expected: <= "
                        + (Integer.MAX_VALUE - 8) + ")");
            }
            buffer = Arrays.copyOf(buffer, (int) wanted);
        }
    }

    private void checkLength(long count, long before) throws GobException {
        if (count < 0 || count > limits.messageBytes() - before) {
            String text = Long.toUnsignedString(count);
            throw new GobException("gob: bytes of a message: " + (before == 0 ? text : before + " + " + text)
                    + " (expected: <= " + limits.messageBytes() + ")");
        }
    }

    /** Called by the reader, in the middle of a value. */
    private void nextMessage() throws GobException {
        try {
            if (in == null || !readMessage(in)) {
                throw new EOFException("gob: the stream ends in the middle of a value");
            }
        } catch (GobException e) {
            throw e;
        } catch (IOException e) {
            throw new SourceException(e);
        }
        reader.extend(buffer, lengths[messages - 1]);
    }

    /** Reads a message behind those that are there; false at the end of the stream. */
    private boolean readMessage(InputStream from) throws IOException {
        int first = from.read();
        if (first < 0) {
            return false;
        }
        long length = first;
        if (first > 0x7f) {
            int count = 0x100 - first;
            if (count > Long.BYTES) {
                throw new GobException("gob: bytes of an unsigned integer: " + count + " (expected: <= 8)");
            }
            length = 0;
            for (int i = 0; i < count; i++) {
                int next = from.read();
                if (next < 0) {
                    throw new EOFException("gob: the stream ends in the length of a message");
                }
                length = length << 8 | next;
            }
        }
        checkLength(length, end - begin);
        int left = (int) length;
        int at = end;
        while (left > 0) {
            // no more room than has been filled before: the length is only a claim
            int part = Math.min(left, Math.max(FIRST_ROOM, at - begin));
            end = at;
            makeRoom(part);
            int read = from.readNBytes(buffer, at, part);
            at += read;
            left -= read;
            if (read < part) {
                throw new EOFException(
                        "gob: the stream ends in the middle of a message: " + left + " bytes are missing of " + length);
            }
        }
        end = at - (int) length;
        addMessage((int) length);
        return true;
    }

    private void checkFailure() throws IOException {
        if (failure != null) {
            throw failed(failure);
        }
    }

    private IOException failed(IOException e) {
        if (failure == null) {
            failure = e;
            buffer = new byte[0];
            messages = 0;
            begin = 0;
            end = 0;
            return e;
        }
        IOException again = e instanceof EOFException
                ? new EOFException(e.getMessage())
                : new GobException("gob: the stream cannot be read further: " + e.getMessage());
        again.initCause(failure);
        return again;
    }

    /** Carries an exception of the stream through the reader. */
    private static final class SourceException extends GobException {
        private static final long serialVersionUID = 1;

        private final IOException cause;

        SourceException(IOException cause) {
            super("gob: " + cause.getMessage());
            initCause(cause);
            this.cause = cause;
        }

        IOException cause() {
            return cause;
        }
    }
}
