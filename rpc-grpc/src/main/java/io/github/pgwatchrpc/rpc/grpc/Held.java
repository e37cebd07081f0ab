package io.github.pgwatchrpc.rpc.grpc;

import io.github.pgwatchrpc.rpc.MemoryAccount;
import io.github.pgwatchrpc.rpc.listen.Connection;

/**
 * What a connection holds besides its messages, charged to its account: calls, half a frame, an unfinished header block, the
 * table of headers that it may refer to, answers that were not read. Of who has been let in, what becomes less is given back in
 * larger pieces, so that a call that comes and goes takes nothing from what all connections share. Not thread-safe.
 */
final class Held {

    /**
     * A stream in Netty's books with its state for flow control both ways, the call and its handler, and an answer of up to
     * {@value GrpcConnection#TEXT} characters: some 900 bytes measured without the answer.
     */
    private static final int STREAM = 2 << 10;

    /** HPACK counts 32 bytes an entry besides its text (RFC 7541, 4.1); it is three objects and two arrays here. */
    private static final int ENTRY = 136;

    /** 4,096 bytes by HPACK's count are 128 entries at most. */
    private static final int TABLE = 128 * ENTRY;

    /** Each entry of what waits to be written is more than its bytes, which Netty counts with 96 besides. */
    private static final int UNWRITTEN = 2;

    private static final int SLACK = 8 << 10;

    private final Connection peer;
    private final MemoryAccount account;
    private long charged;

    private int streams;
    private int buffer;
    private int block;
    private int table;
    private long unread;
    private long unwritten;

    /** Bytes of header blocks and number of headers, as far as the table knows them. */
    private long blocks;

    Held(Connection peer) {
        this.peer = peer;
        this.account = peer.memory();
    }

    void streams(int count) {
        streams = count;
    }

    /** The buffer that holds half a frame, and the unfinished header block. */
    void unfinished(int bufferBytes, int blockBytes) {
        buffer = bufferBytes;
        block = blockBytes;
    }

    /** Answers that wait until the peer has room for them. */
    void unread(long change) {
        unread += change;
    }

    /** What waits to be written to the socket. */
    void unwritten(long bytes) {
        unwritten = UNWRITTEN * bytes;
    }

    /**
     * Header blocks have come. What they may have added to the table: a header that is in it already takes one byte, any other
     * one more than that.
     *
     * @param allBlocks bytes of all header blocks of the connection
     * @param headers how many headers came of those that are new
     */
    void blocks(long allBlocks, int headers) {
        long more = allBlocks - blocks - headers;
        blocks = allBlocks;
        if (more > 0 && table < TABLE) {
            table = (int) Math.min(TABLE, table + Math.min(headers, more) * ENTRY + 2 * more);
        }
    }

    /** Headers have come of which nobody knows how many they were. */
    void unknownHeaders() {
        table = TABLE;
    }

    /**
     * Charges what is held now.
     *
     * @return whether there was room; see {@link #noRoom}
     */
    boolean charge() {
        long now = (long) streams * STREAM + buffer + block + table + unread + unwritten;
        if (now > charged) {
            if (!account.take(now - charged)) {
                return false;
            }
            charged = now;
        } else if (charged - now > (peer.isAdmitted() ? SLACK : 0)) {
            account.giveBack(charged - now);
            charged = now;
        }
        return true;
    }

    /** Why there was no room. */
    String noRoom() {
        return account.noRoomFor(STREAM);
    }
}
