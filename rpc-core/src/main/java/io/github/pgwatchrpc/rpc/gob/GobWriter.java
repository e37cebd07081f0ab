package io.github.pgwatchrpc.rpc.gob;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Writes gob's primitives and messages into a buffer that grows and is used again. It is the lowest layer of the encoder;
 * most users want {@link GobEncoder} instead. Not thread-safe.
 */
public final class GobWriter {

    private static final VarHandle EIGHT = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    /** The longest an unsigned integer gets, in bytes. */
    private static final int MAX_UINT = 9;

    private static final int GREATEST_ARRAY = Integer.MAX_VALUE - 8;

    private byte[] array = new byte[256];
    private int size;

    /** A writer with an empty buffer. */
    public GobWriter() {
        // nothing to do
    }

    /**
     * The buffer.
     *
     * @return the writer's own; what it has written are the first {@link #size} bytes, until it writes on
     */
    public byte[] array() {
        return array;
    }

    /**
     * How much has been written.
     *
     * @return bytes
     */
    public int size() {
        return size;
    }

    /**
     * Takes back what was written last.
     *
     * @param to what {@link #size} was before
     */
    public void truncate(int to) {
        if (to < 0 || to > size) {
            throw new IllegalArgumentException("size: " + to + " (expected: 0 to " + size + ")");
        }
        size = to;
    }

    /**
     * Writes all to a stream, and empties the buffer.
     *
     * @param out the stream; not flushed
     * @throws IOException if it cannot be written; the buffer is as before then
     */
    public void writeTo(OutputStream out) throws IOException {
        out.write(array, 0, size);
        size = 0;
    }

    /**
     * Begins a message, or a part of one that has its length before it.
     *
     * @return what {@link #endMessage} wants to know
     */
    public int beginMessage() {
        ensure(1);
        size++; // most lengths take one byte
        return size;
    }

    /**
     * Ends a message: puts its length before it.
     *
     * @param begin what {@link #beginMessage} has returned
     */
    public void endMessage(int begin) {
        int length = size - begin;
        int extra = uintLength(length) - 1;
        if (extra > 0) {
            ensure(extra);
            System.arraycopy(array, begin, array, begin + extra, length);
        }
        // not with writeUint, which would write over what stands behind
        int at = begin - 1;
        if (extra == 0) {
            array[at] = (byte) length;
        } else {
            array[at++] = (byte) -extra;
            for (int shift = (extra - 1) * Byte.SIZE; shift >= 0; shift -= Byte.SIZE) {
                array[at++] = (byte) (length >>> shift);
            }
        }
        size += extra;
    }

    /**
     * Writes an unsigned integer.
     *
     * @param bits its 64 bits
     */
    public void writeUint(long bits) {
        ensure(MAX_UINT);
        if (bits >= 0 && bits < 0x80) {
            array[size++] = (byte) bits;
            return;
        }
        int count = Long.BYTES - Long.numberOfLeadingZeros(bits) / Byte.SIZE;
        array[size++] = (byte) -count;
        // all eight at once: those behind the integer's own are written over by what comes next
        EIGHT.set(array, size, bits << (Long.SIZE - count * Byte.SIZE));
        size += count;
    }

    private static int uintLength(int value) {
        return value < 0x80 ? 1 : 1 + Integer.BYTES - Integer.numberOfLeadingZeros(value) / Byte.SIZE;
    }

    /**
     * Writes a signed integer.
     *
     * @param value the integer
     */
    public void writeInt(long value) {
        writeUint(value << 1 ^ value >> (Long.SIZE - 1));
    }

    /**
     * Writes a floating-point number.
     *
     * @param value the number, with all bits of a NaN
     */
    public void writeFloat(double value) {
        writeUint(Long.reverseBytes(Double.doubleToRawLongBits(value)));
    }

    /**
     * Writes a truth value.
     *
     * @param value the value
     */
    public void writeBool(boolean value) {
        writeUint(value ? 1 : 0);
    }

    /**
     * Writes a byte slice: its length and its bytes.
     *
     * @param bytes the bytes
     */
    public void writeBytes(byte[] bytes) {
        writeBytes(bytes, 0, bytes.length);
    }

    /**
     * Writes a byte slice, or text that is in UTF-8 already: its length and its bytes.
     *
     * @param bytes holds them
     * @param offset where they begin
     * @param length how many there are
     */
    public void writeBytes(byte[] bytes, int offset, int length) {
        writeUint(length);
        writeRaw(bytes, offset, length);
    }

    /**
     * Writes what has been encoded before.
     *
     * @param bytes holds it
     * @param offset where it begins
     * @param length how many bytes it has
     */
    public void writeRaw(byte[] bytes, int offset, int length) {
        ensure(length);
        System.arraycopy(bytes, offset, array, size, length);
        size += length;
    }

    /**
     * Writes text: its length and its bytes in UTF-8.
     *
     * @param text the text; a lone surrogate becomes a question mark
     */
    public void writeString(String text) {
        int before = size;
        int length = text.length();
        writeUint(length);
        ensure(length);
        byte[] to = array;
        int at = size;
        for (int i = 0; i < length; i++) {
            char c = text.charAt(i);
            if (c >= 0x80) {
                size = before;
                writeBytes(text.getBytes(StandardCharsets.UTF_8));
                return;
            }
            to[at++] = (byte) c;
        }
        size = at;
    }

    private void ensure(int more) {
        if (more > array.length - size) {
            long wanted = Math.max((long) size + more, Math.min(2L * array.length, GREATEST_ARRAY));
            if (wanted > GREATEST_ARRAY) {
                throw new IllegalStateException("gob: bytes that were written and not sent: " + wanted
                        + " (expected: <= " + GREATEST_ARRAY + ")");
            }
            array = Arrays.copyOf(array, (int) wanted);
        }
    }

    /** Gives up a buffer that has become larger than this, if it is empty. */
    void shrink(int kept) {
        if (size == 0 && array.length > kept) {
            array = new byte[256];
        }
    }
}
