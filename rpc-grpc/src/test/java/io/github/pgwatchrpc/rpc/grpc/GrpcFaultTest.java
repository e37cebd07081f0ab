package io.github.pgwatchrpc.rpc.grpc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcException.Kind;
import io.github.pgwatchrpc.rpc.netrpc.CallTimeoutException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the client makes of servers that do wrong, byte by byte. */
final class GrpcFaultTest {

    private static final byte[] MESSAGE = {1, 2, 3};
    private static final String OK_HEADERS = ":status=200 content-type=application/grpc";
    private static final String OK_TRAILERS = "grpc-status=0";

    private final ScriptedServer server = new ScriptedServer();
    private final GrpcClient client = client(Duration.ofSeconds(20));

    GrpcFaultTest() throws IOException {}

    private GrpcClient client(Duration callTimeout) {
        return GrpcClient.builder(server.address())
                .longestBackOff(Duration.ZERO)
                .connectTimeout(Duration.ofSeconds(5))
                .callTimeout(callTimeout)
                .build();
    }

    @AfterEach
    void stop() throws IOException {
        client.close();
        server.close();
    }

    /** The answer, or why there is none. */
    static byte[] join(CompletableFuture<byte[]> answer) throws Exception {
        try {
            return answer.get(20, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Exception cause) {
                throw cause;
            }
            throw e;
        } catch (TimeoutException e) {
            throw new AssertionError("no answer and no failure", e);
        }
    }

    private CompletableFuture<byte[]> call() {
        return client.callAsync("/Test/Method", MESSAGE, Map.of());
    }

    private static RpcException refusal(CompletableFuture<byte[]> call, Kind kind, String text) {
        RpcException refusal = assertThrows(RpcException.class, () -> join(call));
        assertTrue(String.valueOf(refusal.getMessage()).contains(text), refusal::getMessage);
        assertEquals(kind, refusal.kind(), refusal::getMessage);
        return refusal;
    }

    private static void lost(CompletableFuture<byte[]> call, String text) {
        IOException lost = assertThrows(IOException.class, () -> join(call));
        assertTrue(String.valueOf(lost.getMessage()).contains(text), lost::getMessage);
        assertTrue(!(lost instanceof RpcException), "no answer of the server's");
    }

    /** The connection must have lived through what was done to the call before. */
    private void assertGoesOn(ScriptedServer.Peer peer) throws Exception {
        CompletableFuture<byte[]> next = call();
        answer(peer, peer.nextCall());
        assertArrayEquals(MESSAGE, join(next));
    }

    private static void answer(ScriptedServer.Peer peer, int stream) throws IOException {
        peer.headers(stream, OK_HEADERS, false);
        peer.data(stream, TestClient.framed(MESSAGE), false);
        peer.headers(stream, OK_TRAILERS, true);
    }

    @Test
    void aGoodAnswerByteByByte() throws Exception {
        CompletableFuture<byte[]> call = call();
        ScriptedServer.Peer peer = server.accept();
        int stream = peer.nextCall();
        peer.headers(stream, ":status=103", false);
        peer.headers(stream, OK_HEADERS, false);
        for (byte each : TestClient.framed(MESSAGE)) {
            peer.data(stream, new byte[] {each}, false);
        }
        peer.headers(stream, OK_TRAILERS, true);
        assertArrayEquals(MESSAGE, join(call));
        assertGoesOn(peer);
    }

    @ParameterizedTest
    @CsvSource({
        "0, UNKNOWN, 'OK, but has no message'",
        "1, UNKNOWN, why",
        "2, UNKNOWN, why",
        "3, INVALID_ARGUMENT, why",
        "5, UNKNOWN, why",
        "6, UNKNOWN, why",
        "7, PERMISSION_DENIED, why",
        "8, RESOURCE_EXHAUSTED, why",
        "9, UNKNOWN, why",
        "10, UNAVAILABLE, why",
        "11, INVALID_ARGUMENT, why",
        "12, UNKNOWN, why",
        "13, INTERNAL, why",
        "14, UNAVAILABLE, why",
        "15, INTERNAL, why",
        "16, UNAUTHENTICATED, why",
        "17, UNKNOWN, why",
        "-1, UNKNOWN, 'grpc-status: -1 (expected: a number)'",
        "1e3, UNKNOWN, 'grpc-status: 1e3 (expected: a number)'",
        "99999999999, UNKNOWN, 'grpc-status: 99999999999 (expected: a number)'"
    })
    void statusesOfTrailersOnly(String status, Kind kind, String text) throws Exception {
        CompletableFuture<byte[]> call = call();
        ScriptedServer.Peer peer = server.accept();
        peer.headers(peer.nextCall(), OK_HEADERS + " grpc-status=" + status + " grpc-message=w%68y", true);
        refusal(call, status.equals("0") ? Kind.INTERNAL : kind, text);
        assertGoesOn(peer);
    }

    @Test
    void theServersOwnDeadline() throws Exception {
        CompletableFuture<byte[]> call = call();
        ScriptedServer.Peer peer = server.accept();
        peer.headers(peer.nextCall(), OK_HEADERS + " grpc-status=4", true);
        CallTimeoutException late = assertThrows(CallTimeoutException.class, () -> join(call));
        assertEquals("rpc: Test.Method: grpc-status 4, without a text", late.getMessage());
        assertGoesOn(peer);
    }

    @ParameterizedTest
    @CsvSource({
        "200, text/html, UNKNOWN",
        "404, text/html, UNKNOWN",
        "401, text/html, UNAUTHENTICATED",
        "403, application/grpc, PERMISSION_DENIED",
        "429, text/plain, UNAVAILABLE",
        "502, text/html, UNAVAILABLE",
        "503, text/html, UNAVAILABLE",
        "400, text/html, INTERNAL"
    })
    void whatIsNoGrpc(String status, String type, Kind kind) throws Exception {
        CompletableFuture<byte[]> call = call();
        ScriptedServer.Peer peer = server.accept();
        int stream = peer.nextCall();
        peer.headers(stream, ":status=" + status + " content-type=" + type, false);
        refusal(call, kind, "HTTP status " + status + ", content-type " + type);
        assertEquals(8, peer.nextReset(stream), "the rest is not wanted: CANCEL");
        assertGoesOn(peer);
    }

    @Test
    void noStatusAtAll() throws Exception {
        CompletableFuture<byte[]> trailers = call();
        ScriptedServer.Peer peer = server.accept();
        int stream = peer.nextCall();
        peer.headers(stream, OK_HEADERS, false);
        peer.data(stream, TestClient.framed(MESSAGE), false);
        peer.headers(stream, "other=x", true);
        refusal(trailers, Kind.UNKNOWN, "the answer ends without grpc-status");
        CompletableFuture<byte[]> data = call();
        stream = peer.nextCall();
        peer.headers(stream, OK_HEADERS, false);
        peer.data(stream, TestClient.framed(MESSAGE), true);
        refusal(data, Kind.UNKNOWN, "the answer ends without grpc-status");
        assertGoesOn(peer);
    }

    @Test
    void brokenMessages() throws Exception {
        Map<String, byte[]> wrong = Map.of(
                "middle of a message", new byte[] {0, 0, 0, 0, 9, 1},
                "first byte of a message: 7", new byte[] {7, 0, 0, 0, 1, 1},
                "packed, which was not offered", new byte[] {1, 0, 0, 0, 1, 1},
                "second message", new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
                "bytes of a message: 2147483647", new byte[] {0, 127, -1, -1, -1});
        client.callAsync("/Test/Method", MESSAGE, Map.of());
        ScriptedServer.Peer peer = server.accept();
        answer(peer, peer.nextCall());
        for (Map.Entry<String, byte[]> each : wrong.entrySet()) {
            CompletableFuture<byte[]> call = call();
            int stream = peer.nextCall();
            peer.headers(stream, OK_HEADERS, false);
            peer.data(stream, each.getValue(), false);
            peer.headers(stream, OK_TRAILERS, true);
            RpcException failure = assertThrows(RpcException.class, () -> join(call));
            assertTrue(String.valueOf(failure.getMessage()).contains(each.getKey()), failure::getMessage);
        }
        assertGoesOn(peer);
    }

    @ParameterizedTest
    @CsvSource({
        "7, UNAVAILABLE, REFUSED_STREAM",
        "8, INTERNAL, CANCEL",
        "11, RESOURCE_EXHAUSTED, ENHANCE_YOUR_CALM",
        "2, INTERNAL, INTERNAL_ERROR",
        "999, INTERNAL, 999"
    })
    void resets(int code, Kind kind, String text) throws Exception {
        CompletableFuture<byte[]> call = call();
        ScriptedServer.Peer peer = server.accept();
        peer.reset(peer.nextCall(), code);
        refusal(call, kind, "the server reset the call: " + text);
        assertGoesOn(peer);
    }

    @ParameterizedTest
    @ValueSource(ints = {9_000, 12_000, 200_000})
    void hugeTrailersCostAtMostTheConnection(int size) throws Exception {
        CompletableFuture<byte[]> call = call();
        ScriptedServer.Peer peer = server.accept();
        int stream = peer.nextCall();
        peer.headers(stream, OK_HEADERS, false);
        peer.data(stream, TestClient.framed(MESSAGE), false);
        try {
            peer.headers(stream, "grpc-status=2 grpc-message=" + "x".repeat(size), true);
        } catch (SocketException e) {
            // the client has read enough, and has closed
        }
        IOException failure = assertThrows(IOException.class, () -> join(call));
        assertTrue(String.valueOf(failure.getMessage()).contains("eader"), failure::getMessage);
        // on this connection or on another one
        CompletableFuture<byte[]> next = call();
        ScriptedServer.Peer goesOn = failure instanceof RpcException ? peer : server.accept();
        answer(goesOn, goesOn.nextCall());
        assertArrayEquals(MESSAGE, join(next));
    }

    @Test
    void goAwayInTheMiddleOfCalls() throws Exception {
        CompletableFuture<byte[]> begun = call();
        ScriptedServer.Peer peer = server.accept();
        int first = peer.nextCall();
        CompletableFuture<byte[]> notBegun = call();
        peer.nextCall();
        peer.goAway(first, 0, "restarting");
        refusal(notBegun, Kind.UNAVAILABLE, "has not begun the call: NO_ERROR restarting");
        CompletableFuture<byte[]> next = call();
        ScriptedServer.Peer other = server.accept();
        answer(other, other.nextCall());
        assertArrayEquals(MESSAGE, join(next));
        answer(peer, first);
        assertArrayEquals(MESSAGE, join(begun));
        peer.awaitClosed();
        assertGoesOn(other);
    }

    @Test
    void aConnectionThatBreaksFailsWhatIsInFlight() throws Exception {
        CompletableFuture<byte[]> call = call();
        ScriptedServer.Peer peer = server.accept();
        peer.nextCall();
        peer.cut();
        lost(call, "rpc: connection lost: ");
        CompletableFuture<byte[]> next = call();
        ScriptedServer.Peer other = server.accept();
        other.nextCall();
        other.resetConnection();
        lost(next, "rpc: connection lost: ");
        CompletableFuture<byte[]> last = call();
        ScriptedServer.Peer good = server.accept();
        answer(good, good.nextCall());
        assertArrayEquals(MESSAGE, join(last));
    }

    @Test
    void halfAFrameAndThenNothing() throws Exception {
        CompletableFuture<byte[]> call = call();
        ScriptedServer.Peer peer = server.accept();
        int stream = peer.nextCall();
        peer.headers(stream, OK_HEADERS, false);
        peer.raw(0, 0, 100, 0, 0, 0, 0, 0, stream, 1, 2, 3);
        peer.cut();
        lost(call, "rpc: connection lost: ");
    }

    @Test
    void framesOfNonsense() throws Exception {
        CompletableFuture<byte[]> call = call();
        ScriptedServer.Peer peer = server.accept();
        peer.nextCall();
        peer.raw(255, 255, 255, 0, 0, 0, 0, 0, 1);
        lost(call, "rpc: connection lost: ");
    }

    @Test
    void whatSpeaksAnotherProtocol() throws Exception {
        CompletableFuture<byte[]> call = call();
        ScriptedServer.Peer peer = server.acceptWithoutSettings();
        peer.raw("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        lost(call, "rpc: connection lost: ");
    }

    @Test
    void aServerThatSaysNothing() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 5);
                GrpcClient hasty = GrpcClient.builder(
                                new InetSocketAddress(silent.getInetAddress(), silent.getLocalPort()))
                        .connectTimeout(Duration.ofMillis(50))
                        .build()) {
            lost(hasty.callAsync("/Test/Method", MESSAGE, Map.of()), "did not begin HTTP/2 within PT0.05S");
        }
    }

    /** A slow server costs time-outs; one that does not even answer a ping costs the connection. */
    @Test
    void slowIsNotDead() throws Exception {
        try (GrpcClient hasty = GrpcClient.builder(server.address())
                .longestBackOff(Duration.ZERO)
                .connectTimeout(Duration.ofMillis(300))
                .callTimeout(Duration.ofMillis(50))
                .build()) {
            CompletableFuture<byte[]> call = hasty.callAsync("/Test/Method", MESSAGE, Map.of());
            ScriptedServer.Peer peer = server.accept();
            int stream = peer.nextCall();
            CallTimeoutException late = assertThrows(CallTimeoutException.class, () -> join(call));
            assertEquals("rpc: Test.Method was not answered within PT0.05S", late.getMessage());
            assertEquals(8, peer.nextReset(stream));
            peer.nextPing(); // and no answer to it
            peer.awaitClosed();
        }
    }

    @Test
    void aPingThatIsAnsweredKeepsTheConnection() throws Exception {
        try (GrpcClient hasty = GrpcClient.builder(server.address())
                .longestBackOff(Duration.ZERO)
                .connectTimeout(Duration.ofSeconds(1))
                .callTimeout(Duration.ofMillis(300))
                .build()) {
            CompletableFuture<byte[]> call = hasty.callAsync("/Test/Method", MESSAGE, Map.of());
            ScriptedServer.Peer peer = server.accept();
            int stream = peer.nextCall();
            assertThrows(CallTimeoutException.class, () -> join(call));
            assertEquals(8, peer.nextReset(stream));
            peer.pong(peer.nextPing());
            // more calls than fit into the time in which the ping had to be answered
            for (int i = 0; i < 4; i++) {
                CompletableFuture<byte[]> late = hasty.callAsync("/Test/Method", MESSAGE, Map.of());
                peer.nextCall();
                assertThrows(CallTimeoutException.class, () -> join(late));
            }
            // on the same connection; how fast this test can answer is of no interest
            hasty.callAsync("/Test/Method", MESSAGE, Map.of());
            peer.nextCall();
        }
    }

    @Test
    void anAnswerThatComesTooLateHurtsNobody() throws Exception {
        try (GrpcClient hasty = client(Duration.ofMillis(100))) {
            CompletableFuture<byte[]> call = hasty.callAsync("/Test/Method", MESSAGE, Map.of());
            ScriptedServer.Peer peer = server.accept();
            int stream = peer.nextCall();
            assertThrows(CallTimeoutException.class, () -> join(call));
            answer(peer, stream);
            peer.pong(peer.nextPing());
            // on the same connection; how fast this test can answer is of no interest
            hasty.callAsync("/Test/Method", MESSAGE, Map.of());
            peer.nextCall();
        }
    }
}
