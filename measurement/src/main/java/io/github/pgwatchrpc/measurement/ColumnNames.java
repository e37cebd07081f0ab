package io.github.pgwatchrpc.measurement;

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

        Entry(Column column, int hash) {
            this.column = column;
            this.hash = hash;
        }
    }

    private static final int SMALLEST_TABLE = 128;

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

    private static int hash(byte[] bytes, int offset, int length) {
        int hash = length;
        for (int i = offset; i < offset + length; i++) {
            hash = hash * 31 + bytes[i];
        }
        return hash ^ (hash >>> 15);
    }
}
