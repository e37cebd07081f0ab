package io.github.pgwatchrpc.rpc.netrpc;

import io.github.pgwatchrpc.rpc.MemoryAccount;
import io.github.pgwatchrpc.rpc.gob.GobReader;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The messages so far of a value that goes on in the next one, kept until they can be read together. Not thread-safe. */
final class PartialValue {

    private static final byte[] NOTHING = {};
    private static final int[] NO_LENGTHS = {};

    private final MemoryAccount account;

    private byte[] bytes = NOTHING;
    private int size;
    private int[] lengths = NO_LENGTHS;
    private int messages;
    private long charged;

    PartialValue(MemoryAccount account) {
        this.account = account;
    }

    boolean isEmpty() {
        return messages == 0;
    }

    int size() {
        return size;
    }

    /**
     * Keeps a copy of another message.
     *
     * @param limit how long all of them together may be
     * @return null, or why there is no room for it
     */
    @Nullable
    String add(byte[] from, int offset, int length, int limit) {
        if (length > limit - size) {
            return "gob: bytes of a value in several messages: " + ((long) size + length) + " (expected: <= " + limit
                    + ")";
        }
        int capacity = bytes.length;
        if (length > capacity - size) {
            capacity = (int) Math.min(limit, Math.max((long) size + length, 2L * size));
        }
        int most = messages == lengths.length ? Math.max(4, messages * 2) : lengths.length;
        long more = capacity - bytes.length + (long) Integer.BYTES * (most - lengths.length);
        if (!account.take(more)) {
            return "gob: " + account.noRoomFor(more);
        }
        charged += more;
        if (capacity > bytes.length) {
            bytes = Arrays.copyOf(bytes, capacity);
        }
        if (most > lengths.length) {
            lengths = Arrays.copyOf(lengths, most);
        }
        System.arraycopy(from, offset, bytes, size, length);
        size += length;
        lengths[messages++] = length;
        return null;
    }

    /** Makes a reader begin at the first of the messages. */
    void reset(GobReader reader) {
        reader.reset(bytes, 0, lengths[0]);
        for (int i = 1; i < messages; i++) {
            reader.append(lengths[i]);
        }
    }

    /** Gives the memory back. */
    void clear() {
        account.giveBack(charged);
        charged = 0;
        bytes = NOTHING;
        size = 0;
        lengths = NO_LENGTHS;
        messages = 0;
    }
}
