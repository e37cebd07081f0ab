package io.github.pgwatchrpc.measurement;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Turns the UTF-8 bytes of a column's name into one shared {@link Column}, so that a thousand rows with the same twenty
 * keys cost twenty strings, and the next envelope with the same keys costs none.
 *
 * <p>Belongs to one builder and is bounded: {@link #nextEnvelope} begins anew when more than {@value #MAX_NAMES} names,
 * or one that is too long to keep, have come, so that a peer who invents names cannot make it grow. Not thread-safe.
 */
final class ColumnNames {

    static final int MAX_NAMES = 4096;
    static final int MAX_KEPT_BYTES = 256;

    /** A known name, with the builder's own notes about it. */
    static final class Entry {
        final Column column;
        final int hash;

        /** Where the column stands in the envelope being built, or -1 if that envelope has not used it yet. */
        int index = -1;

        /** The row that last held the column: a second value in the same row replaces the first. */
        int lastRow = -1;

        /** The cell in which that row holds it. */
        int lastCell = -1;

        Entry(Column column, int hash) {
            this.column = column;
            this.hash = hash;
        }
    }

    private static final int SMALLEST_TABLE = 128;

    private static final VarHandle EIGHT = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    /** 2^64 divided by the golden ratio, the usual choice for spreading bits by multiplication. */
    private static final long MULTIPLIER = 0x9E3779B97F4A7C15L;

    private @Nullable Entry[] table = new @Nullable Entry[SMALLEST_TABLE];
    private int count;
    private boolean keepsLongName;

    Entry get(byte[] bytes, int offset, int length) {
        int hash = hash(bytes, offset, length);
        int mask = table.length - 1;
        int slot = hash & mask;
        for (Entry found = table[slot]; found != null; found = table[slot]) {
            if (found.hash == hash && found.column.hasName(bytes, offset, length)) {
                return found;
            }
            slot = (slot + 1) & mask;
        }
        Entry added = new Entry(new Column(Arrays.copyOfRange(bytes, offset, offset + length)), hash);
        table[slot] = added;
        keepsLongName |= length > MAX_KEPT_BYTES;
        count++;
        if (count * 2 > table.length) {
            grow();
        }
        return added;
    }

    Entry get(String name) {
        byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
        return get(utf8, 0, utf8.length);
    }

    /** To be called between envelopes: the names that were learnt stay, unless there are too many of them. */
    void nextEnvelope() {
        if (count > MAX_NAMES || keepsLongName) {
            table = new @Nullable Entry[SMALLEST_TABLE];
            count = 0;
            keepsLongName = false;
        }
    }

    private void grow() {
        @Nullable Entry[] old = table;
        table = new @Nullable Entry[old.length * 2];
        int mask = table.length - 1;
        for (Entry each : old) {
            if (each != null) {
                int slot = each.hash & mask;
                while (table[slot] != null) {
                    slot = (slot + 1) & mask;
                }
                table[slot] = each;
            }
        }
    }

    /** Eight bytes at a time, the last eight again for what is left over: names are short and this is the hottest loop. */
    private static int hash(byte[] bytes, int offset, int length) {
        long hash = length;
        if (length >= Long.BYTES) {
            int last = offset + length - Long.BYTES;
            for (int i = offset; i < last; i += Long.BYTES) {
                hash = (hash ^ (long) EIGHT.get(bytes, i)) * MULTIPLIER;
                hash ^= hash >>> 32;
            }
            hash = (hash ^ (long) EIGHT.get(bytes, last)) * MULTIPLIER;
        } else {
            for (int i = offset; i < offset + length; i++) {
                hash = (hash << 8) ^ bytes[i];
            }
            hash *= MULTIPLIER;
        }
        return (int) (hash ^ (hash >>> 32));
    }
}
