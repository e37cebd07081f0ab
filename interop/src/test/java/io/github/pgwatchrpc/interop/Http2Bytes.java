package io.github.pgwatchrpc.interop;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Writes HTTP/2 by hand (RFC 9113, RFC 7541), also such as no client would. */
final class Http2Bytes {

    static final int DATA = 0;
    static final int HEADERS = 1;
    static final int RST_STREAM = 3;
    static final int SETTINGS = 4;
    static final int PING = 6;
    static final int WINDOW_UPDATE = 8;
    static final int CONTINUATION = 9;

    static final int END_STREAM = 1;
    static final int ACK = 1;
    static final int END_HEADERS = 4;

    static final String HEALTH = "/grpc.health.v1.Health/";

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    /** The preface and empty settings. */
    Http2Bytes begin() {
        return raw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII))
                .frame(SETTINGS, 0, 0);
    }

    Http2Bytes raw(byte... bytes) {
        out.writeBytes(bytes);
        return this;
    }

    Http2Bytes frame(int type, int flags, int stream, byte... payload) {
        return frameHeader(payload.length, type, flags, stream).raw(payload);
    }

    /** A frame's first nine bytes. */
    Http2Bytes frameHeader(int length, int type, int flags, int stream) {
        return raw(ByteBuffer.allocate(9)
                .put((byte) (length >> 16))
                .putShort((short) length)
                .put((byte) type)
                .put((byte) flags)
                .putInt(stream)
                .array());
    }

    /** A header block of a call, whose names and values the peer is asked to remember: {@link #again} repeats them. */
    static byte[] call(String path, String... more) {
        Http2Bytes block = new Http2Bytes()
                .raw((byte) 0x83, (byte) 0x86) // :method POST, :scheme http
                .raw((byte) 0x44)
                .text(path)
                .raw((byte) 0x5f)
                .text("application/grpc");
        for (int i = 0; i < more.length; i += 2) {
            block.raw((byte) 0x00).text(more[i]).text(more[i + 1]);
        }
        return block.toBytes();
    }

    /** The block of {@link #call} once more: four bytes, since what was remembered last has the lowest numbers. */
    static byte[] again(String... more) {
        Http2Bytes block = new Http2Bytes().raw((byte) 0x83, (byte) 0x86, (byte) 0xbf, (byte) 0xbe);
        for (int i = 0; i < more.length; i += 2) {
            block.raw((byte) 0x00).text(more[i]).text(more[i + 1]);
        }
        return block.toBytes();
    }

    /** A text as HPACK has it, without Huffman's code. */
    Http2Bytes text(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        if (bytes.length < 127) {
            raw((byte) bytes.length);
        } else {
            raw((byte) 127);
            int rest = bytes.length - 127;
            for (; rest >= 128; rest >>>= 7) {
                raw((byte) (rest % 128 + 128));
            }
            raw((byte) rest);
        }
        return raw(bytes);
    }

    /** A message of gRPC. */
    static byte[] message(boolean packed, byte... message) {
        return ByteBuffer.allocate(5 + message.length)
                .put((byte) (packed ? 1 : 0))
                .putInt(message.length)
                .put(message)
                .array();
    }

    /** What a message of gRPC begins with that need not come. */
    static byte[] promise(int length) {
        return ByteBuffer.allocate(5).put((byte) 0).putInt(length).array();
    }

    byte[] toBytes() {
        return out.toByteArray();
    }
}
