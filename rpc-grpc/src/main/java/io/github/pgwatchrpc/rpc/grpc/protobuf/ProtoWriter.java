package io.github.pgwatchrpc.rpc.grpc.protobuf;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Writes protobuf into an array that grows. Fields are left out by not writing them. Not thread-safe. */
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
