package io.github.pgwatchrpc.rpc.netrpc;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.rpc.RpcObserver.End;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The HTTP preamble, from the first byte of a connection to the first call behind it. */
class ConnectHandlerTest {

    private static final String CONNECTED = "HTTP/1.0 200 Connected to Go RPC\n\n";

    private final TestService service = new TestService();

    private NetRpcServer server(int preambleBytes) {
        return service.addTo(NetRpcServer.builder())
                .limits(NetRpcLimits.DEFAULT.toBuilder()
                        .preambleBytes(preambleBytes)
                        .build())
                .build();
    }

    private static byte[] text(String text) {
        return text.getBytes(ISO_8859_1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "CONNECT /_goRPC_ HTTP/1.0\n\n",
                "CONNECT /_goRPC_ HTTP/1.0\r\n\r\n",
                "CONNECT /_goRPC_ HTTP/1.1\n\n",
                "CONNECT /_goRPC_ HTTP/1.1\r\n\r\n",
                "CONNECT /_goRPC_ HTTP/1.1\r\nHost: x:1\r\nUser-Agent: y\r\n\r\n",
                "CONNECT /_goRPC_ HTTP/1.0\nHost: x\n\n",
                "CONNECT /_goRPC_ HTTP/1.0\nHost: x\r\n\n",
                "CONNECT /_goRPC_ HTTP/1.0\r\n\n",
            })
    void isAnsweredAndTheCallBehindItToo(String preamble) {
        byte[] all = Streams.join(
                text(preamble),
                new Requests().define().call("Echo.Text", 1, "x").take());
        NetRpcServer server = server(4096);
        for (int split = 0; split <= all.length; split++) {
            try (EmbeddedServer peer = EmbeddedServer.detecting(server)) {
                peer.send(all, 0, split);
                peer.send(all, split, all.length - split);
                assertConnectedAndAnswered(peer);
            }
        }
        try (EmbeddedServer peer = EmbeddedServer.detecting(server)) {
            for (byte each : all) {
                peer.send(new byte[] {each});
            }
            assertConnectedAndAnswered(peer);
        }
    }

    private static void assertConnectedAndAnswered(EmbeddedServer peer) {
        byte[] output = peer.output();
        assertEquals(CONNECTED, new String(output, 0, CONNECTED.length(), ISO_8859_1));
        byte[] rest = java.util.Arrays.copyOfRange(output, CONNECTED.length(), output.length);
        assertEquals("[Echo.Text 1 ok re: x]", Answers.read(rest).toString());
        assertNull(peer.end());
    }

    @Test
    void isAnsweredBeforeAnythingElseComes() {
        try (EmbeddedServer peer = EmbeddedServer.detecting(server(4096))) {
            peer.send(text("CONNECT /_goRPC_ HTTP/1.0\n"));
            assertEquals("", peer.outputText());
            peer.send(text("\n"));
            assertEquals(CONNECTED, peer.outputText());
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "CONNECT /other HTTP/1.0    | 404 | path: /other (expected: /_goRPC_)",
                "CONNECT example.com:443 HTTP/1.1 | 404 | path: example.com:443 (expected: /_goRPC_)",
                "GET / HTTP/1.1             | 404 | path: / (expected: /_goRPC_)",
                "GET /_goRPC_ HTTP/1.1      | 405 | 405 must CONNECT",
                "POST /_goRPC_ HTTP/1.0     | 405 | 405 must CONNECT",
                "CONNECT /_goRPC_           | 400 | request: CONNECT /_goRPC_ (expected: CONNECT /_goRPC_ HTTP/1.0)",
                "CONNECT /_goRPC_ HTTP/2.0  | 400 | request: CONNECT /_goRPC_ HTTP/2.0 (expected: CONNECT /_goRPC_ HTTP/1.0)",
                "CONNECT  /_goRPC_ HTTP/1.0 | 400 | request: CONNECT  /_goRPC_ HTTP/1.0 (expected: CONNECT /_goRPC_ HTTP/1.0)",
                "CONNECT /\u0007 HTTP/1.0   | 404 | path: /? (expected: /_goRPC_)",
            })
    void otherRequestsAreAnsweredAndClosed(String request, String status, String reason) {
        try (EmbeddedServer peer = EmbeddedServer.detecting(server(4096))) {
            peer.send(text(request + "\r\nHost: x\r\n\r\n"));
            String answer = peer.outputText();
            assertTrue(answer.startsWith("HTTP/1.0 " + status + " "), answer);
            assertTrue(answer.endsWith("\r\n\r\n" + reason + "\n"), answer);
            assertEquals(End.UNKNOWN_PROTOCOL, peer.end());
            assertEquals(reason, peer.endReason());
            assertFalse(peer.channel.isOpen());
        }
    }

    @Test
    void aLongRequestIsNotEchoedInFull() {
        try (EmbeddedServer peer = EmbeddedServer.detecting(server(4096))) {
            peer.send(text("GET /" + "x".repeat(1000) + " HTTP/1.1\n\n"));
            assertEquals("path: /" + "x".repeat(99) + "… (expected: /_goRPC_)", peer.endReason());
        }
    }

    @Test
    void aPreambleIsAsLongAsItMayBe() {
        String preamble = "CONNECT /_goRPC_ HTTP/1.0\nA: " + "x".repeat(67) + "\n\n";
        assertEquals(98, preamble.length());
        for (int limit = 95; limit <= 100; limit++) {
            for (int step : List.of(1, 10, preamble.length())) {
                try (EmbeddedServer peer = EmbeddedServer.detecting(server(limit))) {
                    for (int at = 0; at < preamble.length(); at += step) {
                        peer.send(text(preamble.substring(at, Math.min(preamble.length(), at + step))));
                    }
                    if (limit < 98) {
                        assertEquals(End.UNKNOWN_PROTOCOL, peer.end(), "limit " + limit + ", step " + step);
                        assertEquals("bytes of the preamble: more than " + limit, peer.endReason());
                        assertTrue(peer.outputText().startsWith("HTTP/1.0 431 "));
                    } else {
                        assertEquals(CONNECTED, peer.outputText());
                    }
                }
            }
        }
    }

    /** The bound is on the preamble, not on what comes with it. */
    @Test
    void callsMayComeInThePacketOfThePreamble() {
        byte[] all = Streams.join(
                text("CONNECT /_goRPC_ HTTP/1.0\n\n"),
                new Requests().define().call("Echo.Text", 1, "x".repeat(5000)).take());
        try (EmbeddedServer peer = EmbeddedServer.detecting(server(40))) {
            peer.send(all);
            assertTrue(peer.outputText().startsWith(CONNECTED));
            assertEquals(1, peer.connection.calls());
        }
    }

    @Test
    void whoEndsInTheMiddleOfThePreambleLeavesNothingBehind() {
        for (String begun : List.of("C", "CONNECT /", "CONNECT /_goRPC_ HTTP/1.0\n", "PRI", "\u0016")) {
            EmbeddedServer peer = EmbeddedServer.detecting(server(4096));
            peer.send(text(begun));
            peer.close();
        }
    }

    @Test
    void noProtocolIsNoConnection() {
        try (EmbeddedServer peer = EmbeddedServer.detecting(server(4096))) {
            peer.send(text("SSH-2.0-OpenSSH\r\n"));
            assertEquals(End.UNKNOWN_PROTOCOL, peer.end());
            assertEquals("first bytes of no known protocol: 5353482d322e302d4f70656e5353480d0a", peer.endReason());
        }
        try (EmbeddedServer peer = EmbeddedServer.detecting(server(4096))) {
            peer.send(text("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
            assertEquals("protocol HTTP2 is not served here", peer.endReason());
        }
    }
}
