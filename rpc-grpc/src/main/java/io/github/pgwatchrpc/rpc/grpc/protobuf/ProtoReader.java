package io.github.pgwatchrpc.rpc.grpc.protobuf;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Reads protobuf from an array, field by field:
 *
 * <pre>{@code
 * for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
 *     switch (tag) {
 *         case NAME -> name = in.readString();
 *         default -> in.skip(tag);
 *     }
 * }
 * }</pre>
 *
 * <p>A message inside a message narrows the reader with {@link #enter} and widens it again with {@link #leave}. Nothing is
 * allocated but the strings that are asked for. Not thread-safe.
 */
public final class ProtoReader {

    /** How deep groups, which proto3 does not have but must be able to skip, may lie in each other. */
    private static final int GROUP_DEPTH = 32;

    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private static final byte[] NOTHING = {};

    private byte[] array = NOTHING;
    private int position;
    private int limit;
    private int length;

    /** A reader of nothing; see {@link #reset}. */
    public ProtoReader() {}

    /**
     * A reader of a whole array.
     *
     * @param bytes a message; not copied
     */
    public ProtoReader(byte[] bytes) {
        reset(bytes, 0, bytes.length);
    }

    /**
     * Begins a message.
     *
     * @param bytes holds it; not copied
     * @param offset where it begins
     * @param count how many bytes it has
     */
    public void reset(byte[] bytes, int offset, int count) {
        array = bytes;
        position = offset;
        limit = offset + count;
    }

    /**
     * The array behind the offsets that this reader gives.
     *
     * @return the array itself
     */
    public byte[] array() {
        return array;
    }

    /**
     * Where the next byte is.
     *
     * @return its index in the array
     */
    public int position() {
        return position;
    }

    /**
     * Where the message, as narrowed by {@link #enter}, ends.
     *
     * @return the index behind its last byte
     */
    public int limit() {
        return limit;
    }

    /**
     * How many bytes {@link #readBytes} found last.
     *
     * @return number of bytes
     */
    public int length() {
        return length;
    }

    /**
     * Reads the tag of the next field: its number, shifted left by three, and its wire type.
     *
     * @return the tag, or 0 at the end of the message
     * @throws ProtoException if there is none, or the number is not one of a field
     */
    public int readTag() throws ProtoException {
        if (position == limit) {
            return 0;
        }
        int first = array[position];
        if (first > 7) {
            position++;
            return first;
        }
        long tag = readVarint();
        if (tag >>> 32 != 0 || tag >>> 3 == 0) {
            throw new ProtoException(
                    "protobuf: number of a field: " + Long.toUnsignedString(tag >>> 3) + " (expected: 1 to 536870911)");
        }
        return (int) tag;
    }

    /**
     * Reads a number of up to 64 bits in groups of seven.
     *
     * @return its bits
     * @throws ProtoException if it does not end in ten bytes or within the message
     */
    public long readVarint() throws ProtoException {
        int at = position;
        long value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            if (at == limit) {
                throw new ProtoException("protobuf: a number is cut off after " + (at - position) + " bytes");
            }
            byte each = array[at++];
            value |= (long) (each & 0x7f) << shift;
            if (each >= 0) {
                position = at;
                return value;
            }
        }
        throw new ProtoException("protobuf: bytes of a number: more than 10 (expected: <= 10)");
    }

    /**
     * Reads eight bytes.
     *
     * @return their bits, the first byte lowest
     * @throws ProtoException if there are fewer
     */
    public long readFixed64() throws ProtoException {
        require(8);
        long value = (long) LONG.get(array, position);
        position += 8;
        return value;
    }

    /**
     * Reads a number of double precision.
     *
     * @return the number
     * @throws ProtoException if there are fewer than eight bytes
     */
    public double readDouble() throws ProtoException {
        return Double.longBitsToDouble(readFixed64());
    }

    /**
     * Reads the length of bytes, text or a message and steps over them; {@link #length} tells how many they are.
     *
     * @return where they begin in {@link #array}
     * @throws ProtoException if there are fewer
     */
    public int readBytes() throws ProtoException {
        length = readLength();
        int begin = position;
        position += length;
        return begin;
    }

    /**
     * Reads text. Bytes that are not UTF-8 read as U+FFFD.
     *
     * @return the text
     * @throws ProtoException if it is cut off
     */
    public String readString() throws ProtoException {
        int begin = readBytes();
        return new String(array, begin, length, StandardCharsets.UTF_8);
    }

    /**
     * Enters a message inside this one: reads its length and narrows the reader to it.
     *
     * @return what {@link #leave} wants to have back
     * @throws ProtoException if it is longer than what is left
     */
    public int enter() throws ProtoException {
        int count = readLength();
        int outer = limit;
        limit = position + count;
        return outer;
    }

    /**
     * Narrows the reader to a place that {@link #readBytes} has found.
     *
     * @param begin where it begins
     * @param count how many bytes it has
     */
    public void narrow(int begin, int count) {
        position = begin;
        limit = begin + count;
    }

    /**
     * Leaves the message that was entered, read to its end or not.
     *
     * @param outer what {@link #enter} gave
     */
    public void leave(int outer) {
        position = limit;
        limit = outer;
    }

    /**
     * Steps over the value of a field.
     *
     * @param tag the field's tag
     * @throws ProtoException if the value is cut off or of no wire type
     */
    public void skip(int tag) throws ProtoException {
        skip(tag, GROUP_DEPTH);
    }

    private void skip(int tag, int depth) throws ProtoException {
        switch (tag & 7) {
            case 0 -> readVarint();
            case 1 -> skipBytes(8);
            case 2 -> skipBytes(readLength());
            case 3 -> skipGroup(tag, depth);
            case 5 -> skipBytes(4);
            default ->
                throw new ProtoException(
                        "protobuf: wire type of field " + (tag >>> 3) + ": " + (tag & 7) + " (expected: 0 to 3, or 5)");
        }
    }

    private void skipGroup(int begin, int depth) throws ProtoException {
        if (depth == 0) {
            throw new ProtoException("protobuf: nesting of groups is deeper than " + GROUP_DEPTH);
        }
        int end = begin + 1;
        int tag = readTag();
        while (tag != end) {
            if (tag == 0) {
                throw new ProtoException("protobuf: group of field " + (begin >>> 3) + " does not end");
            }
            skip(tag, depth - 1);
            tag = readTag();
        }
    }

    private void skipBytes(int count) throws ProtoException {
        require(count);
        position += count;
    }

    private int readLength() throws ProtoException {
        int at = position;
        if (at < limit) {
            // nearly every length is one byte
            int one = array[at];
            if (one >= 0 && one < limit - at) {
                position = at + 1;
                return one;
            }
        }
        return readLongLength();
    }

    private int readLongLength() throws ProtoException {
        long claimed = readVarint();
        if (claimed < 0 || claimed > limit - position) {
            throw new ProtoException("protobuf: bytes of a field: " + Long.toUnsignedString(claimed) + " (expected: <= "
                    + (limit - position) + ", as many as are left)");
        }
        return (int) claimed;
    }

    private void require(int count) throws ProtoException {
        if (limit - position < count) {
            throw new ProtoException(
                    "protobuf: bytes left for a value: " + (limit - position) + " (expected: >= " + count + ")");
        }
    }
}
