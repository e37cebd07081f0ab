package io.github.pgwatchrpc.rpc.grpc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.rpc.Permit;
import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcException.Kind;
import io.github.pgwatchrpc.rpc.RpcPeer;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoReader;
import io.github.pgwatchrpc.rpc.listen.RpcListener;
import io.github.pgwatchrpc.rpc.netrpc.CallTimeoutException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Our client calls our server. */
final class GrpcClientTest {

    private static final Map<String, String> NONE = Map.of();

    /** Calls that wait for their answer until the test gives it. */
    private final BlockingQueue<CompletableFuture<byte[]>> held = new LinkedBlockingQueue<>();

    private final BlockingQueue<String> secrets = new LinkedBlockingQueue<>();

    private final GrpcServer server = GrpcServer.builder()
            .limits(GrpcLimits.DEFAULT.toBuilder().callsInFlight(8).build())
            .gate((call, peer, before) -> {
                secrets.add(call.get("username") + ":" + call.get("password"));
                return Permit.EVERYTHING;
            })
            .method("Test", "Echo", GrpcClientTest::bytes, GrpcClientTest::echo, GrpcClientTest::same)
            .method("Test", "Hold", GrpcClientTest::bytes, this::hold, GrpcClientTest::same)
            .method("Test", "Fail", GrpcClientTest::bytes, GrpcClientTest::fail, GrpcClientTest::same)
            .build();
    private RpcListener listener = server.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    private final GrpcClient client =
            GrpcClient.builder(listener.address()).longestBackOff(Duration.ZERO).build();

    GrpcClientTest() throws IOException {}

    private static byte[] bytes(ProtoReader in) {
        return Arrays.copyOfRange(in.array(), in.position(), in.limit());
    }

    private static byte[] same(byte[] message) {
        return message;
    }

    private static CompletionStage<byte[]> echo(byte[] message, RpcPeer peer) {
        return CompletableFuture.completedFuture(message);
    }

    private CompletionStage<byte[]> hold(byte[] message, RpcPeer peer) {
        CompletableFuture<byte[]> answer = new CompletableFuture<>();
        held.add(answer);
        return answer;
    }

    /** The message is a kind, a blank and the text. */
    private static CompletionStage<byte[]> fail(byte[] message, RpcPeer peer) throws RpcException {
        String[] what = new String(message, StandardCharsets.UTF_8).split(" ", 2);
        throw new RpcException(Kind.valueOf(what[0]), what[1]);
    }

    private CompletableFuture<byte[]> nextHeld() throws InterruptedException {
        CompletableFuture<byte[]> next = held.poll(20, TimeUnit.SECONDS);
        if (next == null) {
            throw new AssertionError("no call came");
        }
        return next;
    }

    @AfterEach
    void stop() {
        client.close();
        listener.stop(Duration.ZERO);
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 100, 16_383, 16_384, 70_000, 3_000_000})
    void whatGoesOutComesBack(int size) throws Exception {
        byte[] message = new byte[size];
        for (int i = 0; i < size; i++) {
            message[i] = (byte) (i * 31);
        }
        assertArrayEquals(message, client.call("/Test/Echo", message, NONE));
    }

    @Test
    void manyCallsInFlightBeyondWhatTheServerTakes() throws Exception {
        List<CompletableFuture<byte[]>> answers = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            answers.add(client.callAsync("/Test/Echo", text("call " + i), NONE));
        }
        for (int i = 0; i < 1000; i++) {
            assertEquals("call " + i, new String(answers.get(i).get(20, TimeUnit.SECONDS), StandardCharsets.UTF_8));
        }
    }

    @Test
    void answersComeInAnyOrder() throws Exception {
        CompletableFuture<byte[]> first = client.callAsync("/Test/Hold", text("1"), NONE);
        CompletableFuture<byte[]> heldFirst = nextHeld();
        CompletableFuture<byte[]> second = client.callAsync("/Test/Hold", text("2"), NONE);
        nextHeld().complete(text("second"));
        assertArrayEquals(text("second"), second.get(20, TimeUnit.SECONDS));
        assertFalse(first.isDone());
        heldFirst.complete(text("first"));
        assertArrayEquals(text("first"), first.get(20, TimeUnit.SECONDS));
    }

    @ParameterizedTest
    @EnumSource
    void kindsComeBack(Kind kind) throws Exception {
        RpcException refused = assertThrows(
                RpcException.class, () -> client.call("/Test/Fail", text(kind + " 100 % grün\nand more"), NONE));
        assertEquals(kind, refused.kind());
        assertEquals("100 % grün\nand more", refused.getMessage());
        client.call("/Test/Echo", text("the connection lives"), NONE);
    }

    @Test
    void anUnknownMethod() {
        RpcException refused = assertThrows(RpcException.class, () -> client.call("/Test/Other", text(""), NONE));
        assertEquals(Kind.UNKNOWN, refused.kind());
        assertEquals("unknown method Other for service Test", refused.getMessage());
    }

    @Test
    void metadataGoesWithTheCall() throws Exception {
        client.call("/Test/Echo", text(""), Map.of("username", "joe", "password", "a b~!"));
        client.call("/Test/Echo", text(""), Map.of("username", "", "password", ""));
        assertEquals(List.of("joe:a b~!", ":"), List.copyOf(secrets));
    }

    @ParameterizedTest
    @CsvSource({"Password", "grpc-timeout", "key-bin", "'a b'", "''", ":path"})
    void badNamesOfMetadata(String name) {
        IllegalArgumentException bad = assertThrows(
                IllegalArgumentException.class, () -> client.callAsync("/Test/Echo", text(""), Map.of(name, "secret")));
        assertTrue(bad.getMessage().startsWith("name of metadata: " + name + " (expected"), bad::getMessage);
    }

    @Test
    void badValuesOfMetadataAreNotRepeated() {
        for (String value : List.of("geheim\n", "schlüssel", "\u007f")) {
            IllegalArgumentException bad = assertThrows(
                    IllegalArgumentException.class,
                    () -> client.callAsync("/Test/Echo", text(""), Map.of("password", value)));
            assertTrue(bad.getMessage().startsWith("metadata password: character "), bad::getMessage);
            assertFalse(bad.getMessage().contains(value), bad::getMessage);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/", "Test/Echo", "/Test", "/Test/", "//Echo"})
    void badPaths(String path) {
        assertThrows(IllegalArgumentException.class, () -> client.callAsync(path, text(""), NONE));
    }

    @Test
    void longMessagesCostOnlyTheirCall() throws Exception {
        try (GrpcClient small =
                GrpcClient.builder(listener.address()).messageBytes(100).build()) {
            IOException out = assertThrows(IOException.class, () -> small.call("/Test/Echo", new byte[101], NONE));
            assertEquals("rpc: bytes of a message: 101 (expected: <= 100)", out.getMessage());
            CompletableFuture<byte[]> long1 = small.callAsync("/Test/Hold", new byte[1], NONE);
            nextHeld().complete(new byte[101]);
            RpcException in = assertThrows(RpcException.class, () -> GrpcFaultTest.join(long1));
            assertEquals(Kind.RESOURCE_EXHAUSTED, in.kind());
            assertEquals("bytes of a message: 101 (expected: <= 100)", in.getMessage());
            assertEquals(100, small.call("/Test/Echo", new byte[100], NONE).length);
        }
    }

    @Test
    void aCallThatIsNotAnsweredTimesOut() throws Exception {
        try (GrpcClient hasty = GrpcClient.builder(listener.address())
                .callTimeout(Duration.ofMillis(50))
                .build()) {
            CallTimeoutException late =
                    assertThrows(CallTimeoutException.class, () -> hasty.call("/Test/Hold", text(""), NONE));
            assertTrue(late.getMessage().startsWith("rpc: Test.Hold"), late::getMessage);
            hasty.call("/Test/Echo", text("the connection lives"), NONE);
        }
    }

    /** A server that stops answers what it has begun, and what comes later finds the next one. */
    @RepeatedTest(30) // the end comes at another point of the calls each time
    void overARestartNoAnswerIsLost() throws Exception {
        InetSocketAddress address = listener.address();
        CompletableFuture<byte[]> inFlight = client.callAsync("/Test/Hold", text(""), NONE);
        CompletableFuture<byte[]> answer = nextHeld();
        CompletableFuture<Void> stopped = CompletableFuture.runAsync(() -> listener.stop(Duration.ofSeconds(20)));
        // until the GOAWAY has come calls are answered, from then on there is nobody to connect to
        IOException gone = assertThrows(IOException.class, () -> {
            while (true) {
                client.call("/Test/Echo", text(""), NONE);
            }
        });
        assertTrue(
                gone.getMessage().contains("cannot connect to") || gone instanceof RpcException,
                () -> String.valueOf(gone.getMessage()));
        answer.complete(text("answered"));
        assertArrayEquals(text("answered"), inFlight.get(20, TimeUnit.SECONDS));
        stopped.get(20, TimeUnit.SECONDS);
        listener = server.listen(address);
        assertArrayEquals(text("again"), client.call("/Test/Echo", text("again"), NONE));
    }

    @Test
    void nobodyThere() throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        IOException refused = assertThrows(
                IOException.class, () -> GrpcClient.builder(address).connect().close());
        assertTrue(refused.getMessage().startsWith("rpc: cannot connect to "), refused::getMessage);
        try (GrpcClient patient =
                GrpcClient.builder(address).longestBackOff(Duration.ofHours(1)).build()) {
            List<String> texts = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                texts.add(assertThrows(IOException.class, () -> patient.call("/Test/Echo", text(""), NONE))
                        .getMessage());
            }
            assertTrue(texts.get(19).contains("next attempt in "), texts::toString);
            assertTrue(texts.get(19).contains("cannot connect to"), texts::toString);
        }
        IOException unknown = assertThrows(
                IOException.class,
                () -> GrpcClient.builder(InetSocketAddress.createUnresolved("no.such.host.invalid", 1))
                        .connect()
                        .close());
        assertEquals("rpc: host no.such.host.invalid cannot be found", unknown.getMessage());
    }

    @Test
    void closingFailsWhatIsInFlight() throws Exception {
        CompletableFuture<byte[]> inFlight = client.callAsync("/Test/Hold", text(""), NONE);
        nextHeld();
        client.close();
        IOException closed = assertThrows(IOException.class, () -> GrpcFaultTest.join(inFlight));
        assertEquals("rpc: client is closed", closed.getMessage());
        closed = assertThrows(IOException.class, () -> client.call("/Test/Echo", text(""), NONE));
        assertEquals("rpc: client is closed", closed.getMessage());
    }

    @ParameterizedTest
    @CsvSource({
        "PT0.00000005S, 50n",
        "PT0.099999999S, 99999999n",
        "PT0.1S, 100m",
        "PT0.1000001S, 101m",
        "PT60S, 60000m",
        "PT50H, 180000S",
        "P9999999D, 99999999S"
    })
    void timeoutsAsTheWireHasThem(Duration time, String text) throws Exception {
        assertEquals(text, GrpcClientConnection.grpcTimeout(time));
        if (time.toHours() < 1_000_000) {
            assertTrue(Call.nanos(text) >= time.toNanos(), "never shorter");
        }
    }
}
