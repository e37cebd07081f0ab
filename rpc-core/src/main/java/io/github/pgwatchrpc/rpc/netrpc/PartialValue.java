package io.github.pgwatchrpc.rpc.netrpc;

import io.github.pgwatchrpc.rpc.MemoryBudget;
import io.github.pgwatchrpc.rpc.gob.GobReader;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The messages so far of a value that goes on in the next one, kept until they can be read together. Not thread-safe. */
final class PartialValue {

    private static final byte[] NOTHING = {};
    private static final int[] NO_LENGTHS = {};

    /** Where the room for the messages was taken from. */
    private MemoryBudget budget;

    private byte[] bytes = NOTHING;
    private int size;
    private int[] lengths = NO_LENGTHS;
    private int messages;

    PartialValue(MemoryBudget budget) {
        this.budget = budget;
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
     * @param room where to take the room from; the first message's counts for all
     * @return null, or why there is no room for it
     */
    @Nullable
    String add(byte[] from, int offset, int length, int limit, MemoryBudget room) {
        if (messages == 0) {
            budget = room;
        }
        if (length > limit - size) {
            return "gob: bytes of a value in several messages: " + ((long) size + length) + " (expected: <= " + limit
                    + ")";
        }
        if (!budget.take(length)) {
            return "gob: " + budget.noRoomFor(length);
        }
        if (length > bytes.length - size) {
            bytes = Arrays.copyOf(bytes, (int) Math.min(limit, Math.max((long) size + length, 2L * size)));
        }
        System.arraycopy(from, offset, bytes, size, length);
        size += length;
        if (messages == lengths.length) {
            lengths = Arrays.copyOf(lengths, Math.max(4, messages * 2));
        }
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
        budget.giveBack(size);
        bytes = NOTHING;
        size = 0;
        lengths = NO_LENGTHS;
        messages = 0;
    }
}
