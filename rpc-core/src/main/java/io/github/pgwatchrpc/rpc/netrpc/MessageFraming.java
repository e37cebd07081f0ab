package io.github.pgwatchrpc.rpc.netrpc;

import io.github.pgwatchrpc.rpc.MemoryAccount;
import io.github.pgwatchrpc.rpc.gob.GobException;
import java.util.Arrays;

/**
 * Cuts a stream of bytes into gob messages. A message that is wholly in the bytes given is handed on from there without
 * a copy; only what is unfinished is kept. What is too long is skipped by its length, so that the stream goes on behind
 * it.
 *
 * <p>A state machine of one connection: not thread-safe, and after {@link #close} it may not be fed again.
 */
final class MessageFraming {

    /** Go's own bound on a message (encoding/gob/decoder.go, tooBig): whoever claims more has lost the stream. */
    static final long STREAM_IS_BROKEN = 1L << 33;

    /** Every connection may keep this much without asking for it, enough for the calls that pgwatch makes most. */
    private static final int FREE_BYTES = 512;

    /** How much of a skipped message is looked at: a number of at most nine bytes. */
    private static final int LOOK_AHEAD = 9;

    private static final byte[] NOTHING = {};

    /** What becomes of the messages. */
    interface Listener {

        /** Whether it takes another message now. While it does not, the bytes stay with the caller of {@link #feed}. */
        default boolean isReady() {
            return true;
        }

        /**
         * What there is of a message that has not come to its end, without its length; asked each time before more room is
         * taken for it.
         *
         * @param bytes valid only during the call
         */
        default void unfinished(byte[] bytes, int offset, int length) {}

        /**
         * A message without its length.
         *
         * @param bytes valid only during the call
         */
        void message(byte[] bytes, int offset, int length) throws GobException;

        /**
         * A message that will be skipped.
         *
         * @param typeDefinition whether it begins as one
         * @param reason names the value and the bound
         */
        void skipped(boolean typeDefinition, String reason) throws GobException;
    }

    private final int messageBytes;
    private final MemoryAccount account;
    private final Listener listener;

    /** The unfinished message with its length, from index 0. */
    private byte[] kept = NOTHING;

    private int keptSize;

    /** How much of the message being skipped is still to come. */
    private long toSkip;

    MessageFraming(int messageBytes, MemoryAccount account, Listener listener) {
        this.messageBytes = messageBytes;
        this.account = account;
        this.listener = listener;
    }

    /** Whether a message has begun and has not ended. */
    boolean isInMessage() {
        return keptSize > 0 || toSkip > 0;
    }

    /**
     * Takes the next bytes of the stream.
     *
     * @param bytes valid only during the call
     * @return how many bytes were taken: all, unless the listener is not ready
     * @throws GobException if the stream cannot be understood any more
     */
    int feed(byte[] bytes, int offset, int length) throws GobException {
        int position = offset;
        int end = offset + length;
        while (position < end && listener.isReady()) {
            if (toSkip > 0) {
                int skipped = (int) Math.min(toSkip, end - position);
                toSkip -= skipped;
                position += skipped;
            } else if (keptSize > 0) {
                position = completeKept(bytes, position, end);
            } else {
                int next = readMessage(bytes, position, end);
                if (next < 0) {
                    kept = new byte[FREE_BYTES];
                    next = fill(bytes, position, end);
                }
                position = next;
            }
        }
        return position - offset;
    }

    /**
     * Hands on the message that begins at a position.
     *
     * @return where the next one begins, or -1 if this one is not wholly there
     */
    private int readMessage(byte[] bytes, int position, int end) throws GobException {
        int prefix = prefixLength(bytes[position]);
        if (end - position < prefix) {
            return -1;
        }
        long length = length(bytes, position, prefix);
        int begin = position + prefix;
        int there = end - begin;
        if (length > messageBytes) {
            if (there < Math.min(length, LOOK_AHEAD)) {
                return -1;
            }
            skip(bytes, begin, length, there, "bytes of a message: " + length + " (expected: <= " + messageBytes + ")");
            return (int) (begin + Math.min(length, there));
        }
        if (there < length) {
            return -1;
        }
        listener.message(bytes, begin, (int) length);
        return begin + (int) length;
    }

    private void skip(byte[] bytes, int begin, long length, int there, String reason) throws GobException {
        toSkip = Math.max(0, length - there);
        // a type definition begins with a negative number, whose lowest bit is set; see GobReader.readInt
        int first = bytes[begin];
        int last = first >= 0 ? 0 : Math.min(8, -first);
        boolean typeDefinition = last < Math.min(length, there) && (bytes[begin + last] & 1) == 1;
        listener.skipped(typeDefinition, "gob: " + reason);
    }

    /** Adds to the unfinished message just as much as it lacks, and hands it on when it is whole. */
    private int completeKept(byte[] bytes, int position, int end) throws GobException {
        int prefix = prefixLength(kept[0]);
        long length = keptSize < prefix ? 0 : length(kept, 0, prefix);
        long wanted = prefix + (length > messageBytes ? Math.min(length, LOOK_AHEAD) : length);
        if (keptSize == kept.length) {
            listener.unfinished(kept, prefix, keptSize - prefix);
            int capacity = (int) Math.min(wanted, Math.max(2L * keptSize, (long) keptSize + end - position));
            if (!account.take(capacity - keptSize)) {
                skip(kept, prefix, length, keptSize - prefix, account.noRoomFor(capacity - keptSize));
                letGo();
                return position;
            }
            kept = Arrays.copyOf(kept, capacity);
        }
        position = fill(bytes, position, (int) Math.min(end, position + wanted - keptSize));
        if (keptSize == wanted && readMessage(kept, 0, keptSize) >= 0) {
            letGo();
        }
        return position;
    }

    /** Keeps as much as there is room for. */
    private int fill(byte[] bytes, int position, int end) {
        int count = Math.min(end - position, kept.length - keptSize);
        System.arraycopy(bytes, position, kept, keptSize, count);
        keptSize += count;
        return position + count;
    }

    private void letGo() {
        account.giveBack(Math.max(0, kept.length - FREE_BYTES));
        kept = NOTHING;
        keptSize = 0;
    }

    /** Gives the memory back. */
    void close() {
        letGo();
        toSkip = 0;
    }

    private static int prefixLength(byte first) throws GobException {
        if (first >= 0) {
            return 1;
        }
        if (first < -8) {
            throw new GobException("gob: bytes of a message's length: " + -first + " (expected: <= 8)");
        }
        return 1 - first;
    }

    private static long length(byte[] bytes, int position, int prefix) throws GobException {
        long length = prefix == 1 ? bytes[position] : 0;
        for (int i = 1; i < prefix; i++) {
            length = (length << 8) | (bytes[position + i] & 0xff);
        }
        if (length < 0 || length >= STREAM_IS_BROKEN) {
            throw new GobException("gob: bytes of a message: " + Long.toUnsignedString(length) + " (expected: < "
                    + STREAM_IS_BROKEN + ", Go's own bound)");
        }
        return length;
    }
}
