package io.github.pgwatchrpc.rpc.detect;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Rules protocols out byte by byte until one is left, or none. Never needs more than {@value #MAX_BYTES} bytes.
 *
 * <p>No two of the protocols can be confused. TLS begins with record type 0x16 and major version 3. HTTP begins with an
 * upper-case method and a blank, of which the PROXY protocol's first version looks like one; its second begins with an empty
 * line. A gob stream begins with a type definition: the length of a message, then the negative
 * number of a type, whose first byte is 0x7f (type 64) or 0xfd to 0xff (numbers of more than one byte), neither of which
 * HTTP nor TLS has in that place.
 */
public final class ProtocolDetector {

    /** A longest method (PROPPATCH, UNSUBSCRIBE …) and its blank fit; so does gob's longest length and a byte. */
    public static final int MAX_BYTES = 24;

    private static final byte[] CONNECT = "CONNECT ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] PROXY = "PROXY ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] PROXY_2 = "\r\n\r\n\0\r\nQUIT\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] HTTP2_PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    private ProtocolDetector() {}

    /**
     * One of three outcomes: a protocol, not enough bytes yet, or none.
     *
     * @param protocol the protocol, or null
     * @param complete whether more bytes cannot change the answer
     */
    public record Outcome(@Nullable Protocol protocol, boolean complete) {
        static final Outcome MORE = new Outcome(null, false);
        static final Outcome NONE = new Outcome(null, true);
    }

    /**
     * Looks at the first bytes of a connection.
     *
     * @param bytes holds them; not changed
     * @param offset where they begin
     * @param length how many there are so far
     * @return the outcome; complete at {@value #MAX_BYTES} bytes at the latest
     */
    public static Outcome detect(byte[] bytes, int offset, int length) {
        if (length == 0) {
            return Outcome.MORE;
        }
        int first = bytes[offset] & 0xff;
        if (first >= 'A' && first <= 'Z' && (length == 1 || !isGobAfterLength(bytes[offset + 1]))) {
            return detectHttp(bytes, offset, length);
        }
        if (first == 0x16 && (length == 1 || bytes[offset + 1] == 3)) {
            // 0x16 could also be the length of a gob message, whose next byte is never 3
            return length == 1 ? Outcome.MORE : found(Protocol.TLS);
        }
        if (length > 1 && matches(PROXY_2, bytes, offset, length)) {
            return length >= PROXY_2.length ? found(Protocol.PROXY) : Outcome.MORE;
        }
        return detectGob(bytes, offset, length, first);
    }

    private static Outcome detectHttp(byte[] bytes, int offset, int length) {
        if (matches(HTTP2_PREFACE, bytes, offset, length)) {
            return length >= HTTP2_PREFACE.length ? found(Protocol.HTTP2) : Outcome.MORE;
        }
        if (matches(CONNECT, bytes, offset, length)) {
            return length >= CONNECT.length ? found(Protocol.HTTP_CONNECT) : Outcome.MORE;
        }
        if (matches(PROXY, bytes, offset, length)) {
            return length >= PROXY.length ? found(Protocol.PROXY) : Outcome.MORE;
        }
        for (int i = 0; i < Math.min(length, MAX_BYTES); i++) {
            byte each = bytes[offset + i];
            if (each == ' ') {
                return found(Protocol.HTTP);
            }
            if (each < 'A' || each > 'Z') {
                return Outcome.NONE;
            }
        }
        return length >= MAX_BYTES ? Outcome.NONE : Outcome.MORE;
    }

    private static Outcome detectGob(byte[] bytes, int offset, int length, int first) {
        int lengthBytes = 1;
        if (first >= 0x80) {
            lengthBytes += 256 - first;
            if (lengthBytes > 9) {
                return Outcome.NONE;
            }
        } else if (first == 0) {
            return Outcome.NONE;
        }
        if (length <= lengthBytes) {
            return Outcome.MORE;
        }
        return isGobAfterLength(bytes[offset + lengthBytes]) ? found(Protocol.GOB) : Outcome.NONE;
    }

    /** Whether a negative type number of a stream's first definition can begin so. */
    private static boolean isGobAfterLength(byte value) {
        return value == 0x7f || value == (byte) 0xff || value == (byte) 0xfe || value == (byte) 0xfd;
    }

    private static boolean matches(byte[] expected, byte[] bytes, int offset, int length) {
        for (int i = 0; i < Math.min(length, expected.length); i++) {
            if (bytes[offset + i] != expected[i]) {
                return false;
            }
        }
        return true;
    }

    private static Outcome found(Protocol protocol) {
        return new Outcome(protocol, true);
    }
}
