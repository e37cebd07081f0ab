package io.github.pgwatchrpc.rpc.grpc;

import io.github.pgwatchrpc.rpc.MemoryAccount;
import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcException.Kind;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoException;
import java.util.Arrays;

/**
 * Cuts the bytes of a stream into gRPC's messages: a byte that says whether the message is packed, four bytes of length,
 * the message (PROTOCOL-HTTP2.md, Length-Prefixed-Message). A message that is wholly in the bytes given is handed on from
 * there without a copy; only what is unfinished is kept, and room is made as bytes come, not as they are promised.
 *
 * <p>A state machine of one call: not thread-safe, and useless after it has thrown.
 */
final class MessageAssembler {

    static final int PREFIX = 5;

    private static final int FIRST_ROOM = 512;
    private static final byte[] NOTHING = {};

    /** What becomes of the messages. */
    interface Listener {

        /**
         * A message.
         *
         * @param bytes valid only during the call
         */
        void message(byte[] bytes, int offset, int length, boolean packed) throws RpcException, ProtoException;
    }

    private final int messageBytes;
    private final MemoryAccount account;
    private final Listener listener;

    /** The unfinished message with its prefix, from index 0. */
    private byte[] kept = NOTHING;

    private int keptSize;

    MessageAssembler(int messageBytes, MemoryAccount account, Listener listener) {
        this.messageBytes = messageBytes;
        this.account = account;
        this.listener = listener;
    }

    /** Whether a message has begun and has not ended. */
    boolean isInMessage() {
        return keptSize > 0;
    }

    /**
     * Takes the next bytes.
     *
     * @param bytes valid only during the call
     * @throws RpcException if they are no messages, or one that is too long
     */
    void feed(byte[] bytes, int offset, int length) throws RpcException, ProtoException {
        int position = offset;
        int end = offset + length;
        while (position < end) {
            if (keptSize > 0) {
                position = completeKept(bytes, position, end);
                continue;
            }
            int there = end - position;
            if (there >= PREFIX) {
                int size = size(bytes, position);
                if (there - PREFIX >= size) {
                    listener.message(bytes, position + PREFIX, size, bytes[position] == 1);
                    position += PREFIX + size;
                    continue;
                }
            }
            keep(bytes, position, there);
            position = end;
        }
    }

    /** Adds to the unfinished message just as much as it lacks, and hands it on when it is whole. */
    private int completeKept(byte[] bytes, int begin, int end) throws RpcException, ProtoException {
        int position = begin;
        if (keptSize < PREFIX) {
            int count = Math.min(PREFIX - keptSize, end - position);
            keep(bytes, position, count);
            position += count;
            if (keptSize < PREFIX) {
                return position;
            }
        }
        int whole = PREFIX + size(kept, 0);
        int count = Math.min(whole - keptSize, end - position);
        keep(bytes, position, count);
        if (keptSize == whole) {
            listener.message(kept, PREFIX, whole - PREFIX, kept[0] == 1);
            close();
        }
        return position + count;
    }

    private void keep(byte[] bytes, int position, int count) throws RpcException {
        if (kept.length - keptSize < count) {
            int capacity = Math.max(FIRST_ROOM, Math.max(keptSize + count, 2 * kept.length));
            if (!account.take(capacity - kept.length)) {
                throw new RpcException(Kind.RESOURCE_EXHAUSTED, account.noRoomFor(capacity - kept.length));
            }
            kept = Arrays.copyOf(kept, capacity);
        }
        System.arraycopy(bytes, position, kept, keptSize, count);
        keptSize += count;
    }

    private int size(byte[] bytes, int at) throws RpcException {
        if (bytes[at] != 0 && bytes[at] != 1) {
            throw new RpcException(
                    Kind.INTERNAL, "first byte of a message: " + (bytes[at] & 0xff) + " (expected: 0 or 1)");
        }
        long size = (bytes[at + 1] & 0xffL) << 24
                | (bytes[at + 2] & 0xff) << 16
                | (bytes[at + 3] & 0xff) << 8
                | (bytes[at + 4] & 0xff);
        if (size > messageBytes) {
            throw new RpcException(
                    Kind.RESOURCE_EXHAUSTED, "bytes of a message: " + size + " (expected: <= " + messageBytes + ")");
        }
        return (int) size;
    }

    /** Gives the memory back. */
    void close() {
        account.giveBack(kept.length);
        kept = NOTHING;
        keptSize = 0;
    }
}
