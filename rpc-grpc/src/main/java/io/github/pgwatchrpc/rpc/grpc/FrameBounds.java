package io.github.pgwatchrpc.rpc.grpc;

import io.netty.buffer.ByteBuf;

/**
 * Follows the bytes of an HTTP/2 connection from frame to frame, beside Netty, which does not tell what has begun and not
 * ended: half a frame, and a header block whose last CONTINUATION has not come. Not thread-safe.
 */
final class FrameBounds {

    private static final int PREFACE = 24;
    private static final int HEADER = 9;
    private static final int TYPE = 3;
    private static final int FLAGS = 4;
    private static final int HEADERS = 1;
    private static final int CONTINUATION = 9;
    private static final int END_HEADERS = 4;

    /** Bytes until the next frame's header. */
    private int left = PREFACE;

    /** How much of a frame's header has come. */
    private int headerAt;

    private int length;
    private byte type;
    private byte flags;
    private boolean blockEnds = true;
    private int block;
    private long blocks;
    private long ended;

    /** Takes the next bytes, which stay unread. */
    void follow(ByteBuf bytes) {
        int at = bytes.readerIndex();
        int end = bytes.writerIndex();
        while (at < end) {
            if (left > 0) {
                int count = Math.min(left, end - at);
                left -= count;
                at += count;
            } else if (headerAt == 0 && end - at >= HEADER) {
                length = bytes.getUnsignedMedium(at);
                begin(bytes.getByte(at + TYPE), bytes.getByte(at + FLAGS));
                at += HEADER;
            } else {
                readHeader(bytes.getByte(at++));
            }
            if (left == 0 && headerAt == 0) {
                end();
            }
        }
    }

    private void readHeader(byte next) {
        switch (headerAt++) {
            case 0 -> length = next & 0xff;
            case 1, 2 -> length = (length << Byte.SIZE) | (next & 0xff);
            case TYPE -> type = next;
            case FLAGS -> flags = next;
            case HEADER - 1 -> {
                headerAt = 0;
                begin(type, flags);
            }
            default -> {} // the stream's number
        }
    }

    private void begin(byte frameType, byte frameFlags) {
        type = frameType;
        left = length;
        if (frameType == HEADERS || frameType == CONTINUATION) {
            blockEnds = (frameFlags & END_HEADERS) != 0;
        }
    }

    private void end() {
        if (type == HEADERS || type == CONTINUATION) {
            block += length;
        }
        type = -1;
        if (blockEnds) {
            blocks += block;
            block = 0;
            ended++;
        }
    }

    /** Whether a frame or a header block has begun and has not ended. */
    boolean isUnfinished() {
        return left > 0 || headerAt > 0 || !blockEnds;
    }

    /** How many frames have ended; a header block counts as one. */
    long ended() {
        return ended;
    }

    /** Bytes of the header block that has not ended, as far as its frames have come. */
    int unfinishedBlock() {
        return block;
    }

    /** Bytes of all header blocks that have ended. */
    long blocks() {
        return blocks;
    }
}
