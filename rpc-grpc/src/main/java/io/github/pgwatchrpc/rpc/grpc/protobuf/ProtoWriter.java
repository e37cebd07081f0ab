package io.github.pgwatchrpc.rpc.grpc.protobuf;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Writes protobuf into an array that grows. Fields are left out by not writing them. Messages nest either as writers of
 * their own or, where there are many, between {@link #begin} and {@link #end}. Not thread-safe.
 */
public final class ProtoWriter {

    private byte[] array = new byte[64];
    private int size;

    /** A writer of an empty message. */
    public ProtoWriter() {}

    /**
     * Writes a number.
     *
     * @param field the field's number
     * @param bits the number's bits
     * @return this writer
     */
    public ProtoWriter varint(int field, long bits) {
        raw((long) field << 3);
        raw(bits);
        return this;
    }

    /**
     * Writes eight bytes, those of a number of double precision for instance.
     *
     * @param field the field's number
     * @param bits their bits, the first byte lowest
     * @return this writer
     */
    public ProtoWriter fixed64(int field, long bits) {
        raw((long) field << 3 | 1);
        reserve(8);
        for (int shift = 0; shift < 64; shift += 8) {
            array[size++] = (byte) (bits >>> shift);
        }
        return this;
    }

    /**
     * Writes text.
     *
     * @param field the field's number
     * @param text the text
     * @return this writer
     */
    public ProtoWriter text(int field, String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        return bytes(field, utf8, 0, utf8.length);
    }

    /**
     * Writes bytes, or a message that has been encoded.
     *
     * @param field the field's number
     * @param bytes holds them
     * @param offset where they begin
     * @param length how many there are
     * @return this writer
     */
    public ProtoWriter bytes(int field, byte[] bytes, int offset, int length) {
        raw((long) field << 3 | 2);
        raw(length);
        reserve(length);
        System.arraycopy(bytes, offset, array, size, length);
        size += length;
        return this;
    }

    /**
     * Writes a message inside this one.
     *
     * @param field the field's number
     * @param message the message
     * @return this writer
     */
    public ProtoWriter message(int field, ProtoWriter message) {
        return bytes(field, message.array, 0, message.size);
    }

    /**
     * Begins a message inside this one, whose fields are those written from now on until {@link #end}. Without a copy of
     * each level, and without knowing lengths beforehand.
     *
     * @param field the field's number
     * @return to be given to {@link #end}
     */
    public int begin(int field) {
        raw((long) field << 3 | 2);
        reserve(1);
        return ++size;
    }

    /**
     * Ends the message that was begun last.
     *
     * @param begin what {@link #begin} gave
     * @return this writer
     */
    public ProtoWriter end(int begin) {
        int length = size - begin;
        int more = 0; // one byte of length was set aside, for short messages are the rule
        for (int left = length >>> 7; left != 0; left >>>= 7) {
            more++;
        }
        if (more > 0) {
            reserve(more);
            System.arraycopy(array, begin, array, begin + more, length);
            size += more;
        }
        int left = length;
        for (int i = begin - 1; i < begin - 1 + more; i++) {
            array[i] = (byte) (left | 0x80);
            left >>>= 7;
        }
        array[begin - 1 + more] = (byte) left;
        return this;
    }

    /**
     * Forgets what has been written and keeps the room for it.
     *
     * @return this writer
     */
    public ProtoWriter clear() {
        size = 0;
        return this;
    }

    /**
     * What has been written.
     *
     * @return a copy
     */
    public byte[] toBytes() {
        return Arrays.copyOf(array, size);
    }

    private void raw(long bits) {
        reserve(10);
        long left = bits;
        while ((left & ~0x7fL) != 0) {
            array[size++] = (byte) (left | 0x80);
            left >>>= 7;
        }
        array[size++] = (byte) left;
    }

    private void reserve(int count) {
        if (array.length - size < count) {
            array = Arrays.copyOf(array, Math.max(array.length * 2, size + count));
        }
    }
}
