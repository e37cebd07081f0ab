package io.github.pgwatchrpc.rpc.netrpc;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Writes the answers of one connection: {@code Response{ServiceMethod string, Seq uint64, Error string}} and the reply
 * behind it. The header's type has the number {@value #RESPONSE_ID}, which leaves 65 and up to the encoder of the replies.
 *
 * <p>An error is followed by an empty text as its reply, which every client throws away (Go's server sends an empty
 * struct there; the text needs no type definition). Not thread-safe.
 */
final class ResponseEncoder {

    static final int RESPONSE_ID = 64;

    private static final byte[] EMPTY = {};
    private static final byte[] DEFINITION = definition();

    /** An int is written shifted by one, so that its sign fits into the lowest bit. */
    private static final int STRING_ID = 6 << 1;

    private byte[] buffer = EMPTY;
    private int size;
    private boolean defined;

    /**
     * Begins an answer.
     *
     * @param method UTF-8 of the method's name
     * @param error the error's text, or empty
     */
    void header(byte[] method, long seq, String error) {
        if (!defined) {
            bytes(DEFINITION, 0, DEFINITION.length);
            defined = true;
        }
        byte[] text = error.isEmpty() ? EMPTY : error.getBytes(StandardCharsets.UTF_8);
        int content = 2 + 1;
        if (method.length > 0) {
            content += 1 + uintSize(method.length) + method.length;
        }
        if (seq != 0) {
            content += 1 + uintSize(seq);
        }
        if (text.length > 0) {
            content += 1 + uintSize(text.length) + text.length;
        }
        uint(content);
        uint(RESPONSE_ID << 1);
        int last = -1;
        if (method.length > 0) {
            uint(0 - last);
            last = 0;
            uint(method.length);
            bytes(method, 0, method.length);
        }
        if (seq != 0) {
            uint(1 - last);
            last = 1;
            uint(seq);
        }
        if (text.length > 0) {
            uint(2 - last);
            uint(text.length);
            bytes(text, 0, text.length);
        }
        uint(0);
    }

    /** Ends an answer with a text. */
    void text(String reply) {
        byte[] text = reply.isEmpty() ? EMPTY : reply.getBytes(StandardCharsets.UTF_8);
        uint(2 + uintSize(text.length) + text.length);
        uint(STRING_ID);
        uint(0);
        uint(text.length);
        bytes(text, 0, text.length);
    }

    /** Ends an answer with messages that are encoded already. */
    void encoded(byte[] messages, int offset, int length) {
        bytes(messages, offset, length);
    }

    byte[] buffer() {
        return buffer;
    }

    int size() {
        return size;
    }

    /** Forgets what has been written; large buffers are let go. */
    void clear() {
        size = 0;
        if (buffer.length > 4096) {
            buffer = EMPTY;
        }
    }

    private void bytes(byte[] bytes, int offset, int length) {
        room(length);
        System.arraycopy(bytes, offset, buffer, size, length);
        size += length;
    }

    private void uint(long value) {
        room(9);
        if (value >= 0 && value < 0x80) {
            buffer[size++] = (byte) value;
            return;
        }
        int count = uintSize(value) - 1;
        buffer[size++] = (byte) -count;
        for (int shift = (count - 1) * 8; shift >= 0; shift -= 8) {
            buffer[size++] = (byte) (value >>> shift);
        }
    }

    /** How many bytes an unsigned integer takes. */
    static int uintSize(long value) {
        return value >= 0 && value < 0x80 ? 1 : 1 + (71 - Long.numberOfLeadingZeros(value)) / 8;
    }

    private void room(int count) {
        if (size + count > buffer.length) {
            buffer = Arrays.copyOf(buffer, Math.max(128, Math.max(size + count, buffer.length * 2)));
        }
    }

    /** The description of the header's type as a message: see docs/protocol/gob.md. */
    private static byte[] definition() {
        ResponseEncoder content = new ResponseEncoder();
        content.defined = true;
        content.uint((RESPONSE_ID << 1) - 1); // the number, negative: it is being defined
        content.uint(3); // wireType.StructT
        content.uint(1); // structType.CommonType
        content.uint(1);
        content.name("Response");
        content.uint(1);
        content.uint(RESPONSE_ID << 1);
        content.uint(0);
        content.uint(1); // structType.Field
        content.uint(3);
        content.field("ServiceMethod", STRING_ID);
        content.field("Seq", 3 << 1);
        content.field("Error", STRING_ID);
        content.uint(0);
        content.uint(0);
        ResponseEncoder message = new ResponseEncoder();
        message.uint(content.size);
        message.bytes(content.buffer, 0, content.size);
        return Arrays.copyOf(message.buffer, message.size);
    }

    private void name(String name) {
        byte[] ascii = name.getBytes(StandardCharsets.US_ASCII);
        uint(ascii.length);
        bytes(ascii, 0, ascii.length);
    }

    private void field(String name, int type) {
        uint(1);
        name(name);
        uint(1);
        uint(type);
        uint(0);
    }
}
