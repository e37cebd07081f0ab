package io.github.pgwatchrpc.rpc.netrpc;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Writes a client's half of a connection byte by byte, so that it can also be wrong. */
public final class Requests {

    /** Far from the numbers of the golden vectors' types. */
    public static final int TYPE = 5000;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    /** Nothing so far. */
    public Requests() {}

    /** The definition of the headers' type. */
    public static byte[] definition() {
        return message(Streams.join(
                integer(-TYPE),
                bytes(3, 1, 1),
                string("Request"),
                bytes(1),
                integer(TYPE),
                bytes(0, 1, 2, 1),
                string("ServiceMethod"),
                bytes(1, 6 << 1, 0, 1),
                string("Seq"),
                bytes(1, 3 << 1, 0, 0, 0)));
    }

    public static byte[] header(String method, long seq) {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        content.writeBytes(integer(TYPE));
        int step = 1;
        if (!method.isEmpty()) {
            content.write(step);
            content.writeBytes(string(method));
        } else {
            step = 2;
        }
        if (seq != 0) {
            content.write(step);
            content.writeBytes(Streams.uint(seq));
        }
        content.write(0);
        return message(content.toByteArray());
    }

    /** A text as an argument. */
    public static byte[] text(String text) {
        return message(Streams.join(bytes(6 << 1, 0), string(text)));
    }

    public static byte[] message(byte[] content) {
        return Streams.join(Streams.uint(content.length), content);
    }

    /** As gob writes a signed number. */
    public static byte[] integer(long value) {
        return Streams.uint(value < 0 ? ~value << 1 | 1 : value << 1);
    }

    public static byte[] string(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        return Streams.join(Streams.uint(utf8.length), utf8);
    }

    public static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    public Requests define() {
        out.writeBytes(definition());
        return this;
    }

    public Requests call(String method, long seq, String argument) {
        out.writeBytes(header(method, seq));
        out.writeBytes(text(argument));
        return this;
    }

    public Requests headerOnly(String method, long seq) {
        out.writeBytes(header(method, seq));
        return this;
    }

    public Requests raw(byte[] bytes) {
        out.writeBytes(bytes);
        return this;
    }

    public byte[] take() {
        byte[] bytes = out.toByteArray();
        out.reset();
        return bytes;
    }
}
