package io.github.pgwatchrpc.rpc.gob;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Reads gob's primitives from messages that are wholly there. It is the lowest layer of the decoders; most users want
 * {@link GobDecoder} instead.
 *
 * <p>The reader looks at a caller's array and copies nothing: what it hands out by offset is valid only as long as that
 * array is. Several consecutive messages may be given, since a value can go on in the next one; {@link #remaining} counts
 * to the end of the current message. Not thread-safe.
 */
public final class GobReader {

    /** Where a reader gets the next message by itself. */
    interface Source {
        /**
         * Reads one more message and hands it over with {@link GobReader#extend}.
         *
         * @throws GobException if there is none
         */
        void nextMessage() throws GobException;
    }

    private static final VarHandle EIGHT = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private static final byte[] NOTHING = {};

    private final GobLimits limits;
    private final @Nullable Source source;

    private byte[] array = NOTHING;
    private int position;
    private int end;

    /** Where each message ends; {@link #message} is the current one. */
    private int[] ends = new int[4];

    private int messages;
    private int message;

    /** Behind the end of the last message there is more of it, which has not come yet. */
    private boolean unfinished;

    private int length;

    /**
     * A reader of nothing yet.
     *
     * @param limits what to refuse
     */
    public GobReader(GobLimits limits) {
        this(limits, null);
    }

    /** A reader that asks for the next message, where others say that it is missing. */
    GobReader(GobLimits limits, @Nullable Source source) {
        this.limits = limits;
        this.source = source;
    }

    /**
     * The bounds that this reader keeps.
     *
     * @return the limits
     */
    public GobLimits limits() {
        return limits;
    }

    /**
     * Begins to read one message.
     *
     * @param bytes holds the message without its length; not copied
     * @param offset where it begins
     * @param count how many bytes it has
     * @return this reader
     */
    public GobReader reset(byte[] bytes, int offset, int count) {
        array = bytes;
        position = offset;
        end = offset + count;
        ends[0] = end;
        messages = 1;
        message = 0;
        unfinished = false;
        return this;
    }

    /**
     * Begins to read a message that has not come to its end: where the bytes end, readers throw {@link
     * GobIncompleteException}.
     *
     * @param bytes holds what there is of the message, without its length; not copied
     * @param offset where it begins
     * @param count how many bytes there are
     * @return this reader
     */
    public GobReader resetUnfinished(byte[] bytes, int offset, int count) {
        reset(bytes, offset, count);
        unfinished = true;
        return this;
    }

    /**
     * Says that the message is followed, in the same array, by another one without its length.
     *
     * @param count how many bytes it has
     */
    public void append(int count) {
        if (messages == ends.length) {
            ends = Arrays.copyOf(ends, messages * 2);
        }
        ends[messages] = ends[messages - 1] + count;
        messages++;
    }

    /** As {@link #append}, with the messages moved to another array, at the same offsets. */
    void extend(byte[] bytes, int count) {
        array = bytes;
        append(count);
    }

    /** How many messages have been begun. */
    int messagesRead() {
        return message + 1;
    }

    /**
     * The place where the reader is.
     *
     * @return what {@link #rewind} wants
     */
    public long mark() {
        return (long) message << 32 | position;
    }

    /**
     * Goes back to a place, over messages too.
     *
     * @param mark what {@link #mark} has given since the last {@link #reset}
     */
    public void rewind(long mark) {
        message = (int) (mark >>> 32);
        position = (int) mark;
        end = ends[message];
    }

    /**
     * The array that is read.
     *
     * @return the caller's own
     */
    public byte[] array() {
        return array;
    }

    /**
     * Where the next byte will be read.
     *
     * @return an offset in {@link #array}
     */
    public int position() {
        return position;
    }

    /**
     * Goes back to (or on to) a position of the current message.
     *
     * @param to an offset in {@link #array} that {@link #position} has given for the same message
     */
    public void position(int to) {
        position = to;
    }

    /**
     * How much of the current message is left.
     *
     * @return bytes, 0 and up
     */
    public int remaining() {
        return end - position;
    }

    /**
     * Goes on with the next message.
     *
     * @throws GobIncompleteException if there is none yet
     */
    void nextMessage() throws GobException {
        if (message + 1 == messages) {
            if (source == null) {
                throw new GobIncompleteException();
            }
            source.nextMessage();
        }
        position = ends[message];
        message++;
        end = ends[message];
    }

    /**
     * Reads an unsigned integer.
     *
     * @return its 64 bits
     * @throws GobException if the message ends before it does
     */
    public long readUint() throws GobException {
        if (position >= end) {
            throw endOfMessage(1);
        }
        int first = array[position++];
        if (first >= 0) {
            return first;
        }
        int count = -first;
        if (count > 8) {
            throw new GobException("gob: bytes of an unsigned integer: " + count + " (expected: <= 8)");
        }
        if (count > end - position) {
            throw endOfMessage(count);
        }
        position += count;
        if (position >= Long.BYTES) {
            // the eight bytes that end where the integer ends, less those in front of it
            return (long) EIGHT.get(array, position - Long.BYTES) & (-1L >>> (Long.SIZE - count * Byte.SIZE));
        }
        long value = 0;
        for (int i = position - count; i < position; i++) {
            value = (value << 8) | (array[i] & 0xff);
        }
        return value;
    }

    /**
     * Reads a signed integer.
     *
     * @return its value
     * @throws GobException if the message ends before it does
     */
    public long readInt() throws GobException {
        long bits = readUint();
        return (bits >>> 1) ^ -(bits & 1);
    }

    /**
     * Reads a floating-point number.
     *
     * @return its value
     * @throws GobException if the message ends before it does
     */
    public double readFloat() throws GobException {
        return Double.longBitsToDouble(Long.reverseBytes(readUint()));
    }

    /**
     * Reads a truth value.
     *
     * @return its value
     * @throws GobException if the message ends before it does
     */
    public boolean readBool() throws GobException {
        return readUint() != 0;
    }

    /**
     * Reads the length of a string or byte slice and goes past its bytes.
     *
     * @return where its bytes begin in {@link #array}; {@link #length} tells how many there are
     * @throws GobException if the length is above the limit or the message ends before
     */
    public int readBytes() throws GobException {
        long count = readUint();
        if (count < 0 || count > remaining()) {
            if (unfinished && count >= 0 && count <= limits.stringBytes()) {
                throw new GobIncompleteException();
            }
            throw new GobException("gob: length of a string: " + Long.toUnsignedString(count) + " (expected: <= "
                    + remaining() + ", what is left of the message)");
        }
        if (count > limits.stringBytes()) {
            throw new GobException(
                    "gob: length of a string: " + count + " (expected: <= " + limits.stringBytes() + ")");
        }
        int begin = position;
        length = (int) count;
        position += length;
        return begin;
    }

    /**
     * How many bytes the last {@link #readBytes} went past.
     *
     * @return number of bytes
     */
    public int length() {
        return length;
    }

    /**
     * Reads text.
     *
     * @return the text; what is not UTF-8 reads as U+FFFD
     * @throws GobException if the length is above the limit or the message ends before
     */
    public String readString() throws GobException {
        int begin = readBytes();
        return new String(array, begin, length, StandardCharsets.UTF_8);
    }

    /**
     * Reads how many elements an array, slice or map has. Nothing may be reserved for them: the count is only what the
     * sender claims.
     *
     * @return number of elements, 0 up to the limit
     * @throws GobException if it is above the limit
     */
    public int readCount() throws GobException {
        long count = readUint();
        if (count < 0 || count > limits.elements()) {
            throw new GobException("gob: number of elements: " + Long.toUnsignedString(count) + " (expected: <= "
                    + limits.elements() + ")");
        }
        return (int) count;
    }

    /**
     * Goes past bytes.
     *
     * @param count how many
     * @throws GobException if the message ends before
     */
    public void skip(int count) throws GobException {
        if (count > end - position) {
            throw endOfMessage(count);
        }
        position += count;
    }

    private GobException endOfMessage(int wanted) {
        if (unfinished) {
            return new GobIncompleteException();
        }
        return new GobException("gob: bytes left in the message: " + remaining() + " (expected: >= " + wanted + ")");
    }
}
