package io.github.pgwatchrpc.rpc.detect;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProtocolDetectorTest {

    private static final String HTTP2 = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

    private static byte[] hex(String hex) {
        return HexFormat.of().parseHex(hex);
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static ProtocolDetector.Outcome detect(byte[] bytes) {
        // with something on both sides that must not be looked at
        byte[] inside = new byte[bytes.length + 10];
        Arrays.fill(inside, (byte) ' ');
        System.arraycopy(bytes, 0, inside, 5, bytes.length);
        return ProtocolDetector.detect(inside, 5, bytes.length);
    }

    /** Bytes, the protocol, and how many of them it takes to tell. */
    static Stream<Arguments> beginnings() {
        return Stream.of(
                Arguments.of(text("CONNECT /_goRPC_ HTTP/1.0\n\n"), Protocol.HTTP_CONNECT, 8),
                Arguments.of(text("CONNECT x"), Protocol.HTTP_CONNECT, 8),
                Arguments.of(text(HTTP2), Protocol.HTTP2, 24),
                Arguments.of(text("GET / HTTP/1.1\r\n\r\n"), Protocol.HTTP, 4),
                Arguments.of(text("POST /x HTTP/1.1\r\n"), Protocol.HTTP, 5),
                Arguments.of(text("OPTIONS * HTTP/1.1\r\n"), Protocol.HTTP, 8),
                Arguments.of(text("PRI * HTTP/1.0\r\n"), Protocol.HTTP, 12),
                Arguments.of(text("PRINT x"), Protocol.HTTP, 6),
                Arguments.of(text("CONNECTED x"), Protocol.HTTP, 10),
                Arguments.of(text("ABCDEFGHIJKLMNOPQRSTUVW x"), Protocol.HTTP, 24),
                Arguments.of(text("PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n"), Protocol.PROXY, 6),
                Arguments.of(text("PROXY UNKNOWN\r\n"), Protocol.PROXY, 6),
                Arguments.of(text("PROXYING x"), Protocol.HTTP, 9),
                Arguments.of(hex("0d0a0d0a000d0a515549540a2111000c"), Protocol.PROXY, 12),
                Arguments.of(hex("0d0a0d0a000d0a5155495400"), null, 12),
                Arguments.of(hex("0d0a47455420"), null, 3),
                Arguments.of(hex("0d7f0301"), Protocol.GOB, 2),
                Arguments.of(hex("1603010200010001fc0303"), Protocol.TLS, 2),
                Arguments.of(hex("16030300f8"), Protocol.TLS, 2),
                // Request of a fresh Go process: length, -64
                Arguments.of(hex("317f0301010752657175657374"), Protocol.GOB, 2),
                // of a process that used gob before: -65, -128, -40000
                Arguments.of(hex("32ff81030101"), Protocol.GOB, 2),
                Arguments.of(hex("32ffff030101"), Protocol.GOB, 2),
                Arguments.of(hex("34fe01387f"), Protocol.GOB, 2),
                Arguments.of(hex("34fd01387f"), Protocol.GOB, 2),
                // lengths that look like the beginning of something else
                Arguments.of(hex("167f0301"), Protocol.GOB, 2),
                Arguments.of(hex("16ff8103"), Protocol.GOB, 2),
                Arguments.of(hex("437f0301"), Protocol.GOB, 2),
                Arguments.of(hex("50ff8103"), Protocol.GOB, 2),
                // lengths of more bytes
                Arguments.of(hex("ff807f0301"), Protocol.GOB, 3),
                Arguments.of(hex("fe01007f0301"), Protocol.GOB, 4),
                Arguments.of(hex("f800000000000000317f"), Protocol.GOB, 10),
                // nothing
                Arguments.of(hex("00"), null, 1),
                Arguments.of(hex("80"), null, 1),
                Arguments.of(hex("f7"), null, 1),
                Arguments.of(hex("1604"), null, 2),
                Arguments.of(hex("1500"), null, 2),
                Arguments.of(hex("ff8003"), null, 3),
                Arguments.of(text("get / HTTP/1.1"), null, 2),
                Arguments.of(text("SSH-2.0-OpenSSH"), null, 4),
                Arguments.of(text("Get /"), null, 2),
                Arguments.of(text("GET\r\n"), null, 4),
                Arguments.of(text("ABCDEFGHIJKLMNOPQRSTUVWX"), null, 24));
    }

    @ParameterizedTest
    @MethodSource("beginnings")
    void everyPrefixIsUndecidedUntilItIsDecidedForGood(byte[] bytes, Protocol expected, int needed) {
        for (int length = 0; length <= bytes.length; length++) {
            ProtocolDetector.Outcome outcome = detect(Arrays.copyOf(bytes, length));
            String what = length + " bytes of " + HexFormat.of().formatHex(bytes);
            if (length < needed) {
                assertFalse(outcome.complete(), what);
                assertNull(outcome.protocol(), what);
            } else {
                assertTrue(outcome.complete(), what);
                assertEquals(expected, outcome.protocol(), what);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "pgwatch-v3.0-connection",
                "pgwatch-v3.5-connection",
                "pgwatch-v3.7-connection",
                "pgwatch-v3.7-orphan-first",
                "pgwatch-v3.7-orphan-middle",
                "rpc-calls",
                "rpc-answers"
            })
    void goldenStreamsAreGob(String name) throws Exception {
        try (InputStream in = getClass().getResourceAsStream("/gob/" + name + ".gob")) {
            byte[] first = Objects.requireNonNull(in).readNBytes(ProtocolDetector.MAX_BYTES);
            assertEquals(Protocol.GOB, detect(first).protocol());
        }
    }

    /** An outcome, once complete, never changes, and comes in time. */
    @Test
    void anyBytesAreDecidedWithinTheBoundAndStayDecided() {
        Random random = new Random(42);
        byte[] alphabet = text("CONECTPRI* HTTP/2.0\r\nSM");
        for (int round = 0; round < 200_000; round++) {
            byte[] bytes = new byte[ProtocolDetector.MAX_BYTES + 4];
            random.nextBytes(bytes);
            for (int i = 0; i < bytes.length && round % 2 == 0; i++) {
                bytes[i] = alphabet[(bytes[i] & 0xff) % alphabet.length];
            }
            ProtocolDetector.Outcome last = null;
            for (int length = 0; length <= bytes.length; length++) {
                ProtocolDetector.Outcome outcome = detect(Arrays.copyOf(bytes, length));
                if (last != null && last.complete()) {
                    assertEquals(last, outcome, HexFormat.of().formatHex(bytes));
                }
                last = outcome;
                assertTrue(
                        outcome.complete() || length < ProtocolDetector.MAX_BYTES,
                        () -> HexFormat.of().formatHex(bytes));
            }
        }
    }

    @Test
    void everyOtherBytePairIsDecidedOneWay() {
        for (int first = 0; first < 256; first++) {
            for (int second = 0; second < 256; second++) {
                ProtocolDetector.Outcome one = detect(new byte[] {(byte) first});
                ProtocolDetector.Outcome two = detect(new byte[] {(byte) first, (byte) second});
                if (one.complete()) {
                    assertEquals(one, two);
                }
            }
        }
    }
}
