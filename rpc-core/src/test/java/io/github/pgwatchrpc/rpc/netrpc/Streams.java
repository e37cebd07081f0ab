package io.github.pgwatchrpc.rpc.netrpc;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/** The golden streams, and a way to cut and make messages that shares nothing with the code under test. */
public final class Streams {

    /** What pgwatch's versions send, client to server, in the order of {@code gob/README.md}. */
    public static final List<String> CONNECTIONS = List.of(
            "pgwatch-v3.0-connection",
            "pgwatch-v3.5-connection",
            "pgwatch-v3.7-connection",
            "pgwatch-v3.7-orphan-first",
            "pgwatch-v3.7-orphan-middle",
            "rpc-calls");

    private Streams() {}

    public static byte[] golden(String name) {
        try (InputStream in = Streams.class.getResourceAsStream("/gob/" + name + ".gob")) {
            return Objects.requireNonNull(in, name).readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The messages of a good stream, each without its length. */
    public static List<byte[]> messages(byte[] stream) {
        List<byte[]> messages = new ArrayList<>();
        if (cut(stream, messages) < stream.length) {
            throw new AssertionError("the stream ends in the middle of a message");
        }
        return messages;
    }

    /** Those of a stream that may end in the middle of one. */
    public static List<byte[]> wholeMessages(byte[] stream) {
        List<byte[]> messages = new ArrayList<>();
        cut(stream, messages);
        return messages;
    }

    private static int cut(byte[] stream, List<byte[]> messages) {
        int begin = 0;
        while (begin < stream.length) {
            int at = begin;
            int length = stream[at++];
            if (length < 0) {
                int count = -length;
                if (at + count > stream.length) {
                    return begin;
                }
                length = 0;
                for (int i = 0; i < count; i++) {
                    length = (length << 8) | (stream[at++] & 0xff);
                }
            }
            if (length > stream.length - at) {
                return begin;
            }
            messages.add(Arrays.copyOfRange(stream, at, at + length));
            begin = at + length;
        }
        return begin;
    }

    /** Messages with their lengths. */
    public static byte[] stream(List<byte[]> messages) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] message : messages) {
            out.writeBytes(uint(message.length));
            out.writeBytes(message);
        }
        return out.toByteArray();
    }

    /** As gob writes an unsigned number. */
    public static byte[] uint(long value) {
        if (value >= 0 && value < 128) {
            return new byte[] {(byte) value};
        }
        int count = 8 - Long.numberOfLeadingZeros(value) / 8;
        byte[] bytes = new byte[1 + count];
        bytes[0] = (byte) -count;
        for (int i = count; i > 0; i--) {
            bytes[i] = (byte) value;
            value >>>= 8;
        }
        return bytes;
    }

    /** The signed number that a message begins with: that of its type, negative where it is being defined. */
    public static long integer(byte[] message) {
        long bits = message[0];
        if (bits < 0) {
            int count = (int) -bits;
            bits = 0;
            for (int i = 1; i <= count; i++) {
                bits = (bits << 8) | (message[i] & 0xff);
            }
        }
        return (bits & 1) == 1 ? ~(bits >>> 1) : bits >>> 1;
    }

    public static byte[] join(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }
}
