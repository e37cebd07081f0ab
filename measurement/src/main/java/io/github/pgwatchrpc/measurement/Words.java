package io.github.pgwatchrpc.measurement;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Reads and writes eight bytes of an array at once, the first of them in the word's lowest bits. */
final class Words {

    /** Bytes in a word: how far a copy in whole words may write beyond its end. */
    static final int SIZE = Long.BYTES;

    private static final VarHandle WORD = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private static final long EACH_BYTE = 0x0101_0101_0101_0101L;
    private static final long TOP_BITS = 0x8080_8080_8080_8080L;

    private Words() {}

    static long get(byte[] bytes, int at) {
        return (long) WORD.get(bytes, at);
    }

    static void set(byte[] bytes, int at, long word) {
        WORD.set(bytes, at, word);
    }

    /** Whether all eight bytes are ASCII that stands for itself in JSON: no control character, quote or backslash. */
    static boolean isPlainText(long word) {
        // a subtraction sets a byte's top bit if the byte was smaller; its borrow can only follow such a byte
        long control = word - ' ' * EACH_BYTE;
        long quote = (word ^ '"' * EACH_BYTE) - EACH_BYTE;
        long backslash = (word ^ '\\' * EACH_BYTE) - EACH_BYTE;
        return ((word | control | quote | backslash) & TOP_BITS) == 0;
    }
}
