package io.github.pgwatchrpc.rpc.netrpc;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.listen.RpcListener;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The client with real sockets and threads, against servers that do as they are told and one that is right. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class NetRpcClientTest {

    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
    private static final InetSocketAddress ANY = new InetSocketAddress(LOOPBACK, 0);

    private static NetRpcClient.Builder raw(InetSocketAddress address) {
        return NetRpcClient.builder(address).raw().longestBackOff(Duration.ZERO);
    }

    private static NetRpcClient.Builder http(InetSocketAddress address) {
        return NetRpcClient.builder(address).longestBackOff(Duration.ZERO);
    }

    private static Throwable failure(CompletableFuture<?> call) {
        return assertThrows(ExecutionException.class, call::get).getCause();
    }

    private static RpcListener server() throws IOException {
        return new TestService().addTo(NetRpcServer.builder()).build().listen(ANY);
    }

    // ---- answers ----

    @Test
    void everyByteMayComeByItself() throws Exception {
        try (ScriptedServer server = new ScriptedServer(peer -> {
                    peer.connected();
                    peer.call();
                    peer.call();
                    for (byte each :
                            Streams.join(Responses.definition(), Responses.text(1, "b"), Responses.text(0, "a"))) {
                        peer.send(new byte[] {each});
                    }
                    peer.awaitEnd();
                });
                NetRpcClient client = http(server.address()).connect()) {
            CompletableFuture<String> first = client.callAsync("A.B", "x", String.class);
            CompletableFuture<String> second = client.callAsync("A.B", "y", String.class);
            assertEquals("b", second.get());
            assertEquals("a", first.get());
        }
    }

    @Test
    void wrongAnswersHarmNobody() throws Exception {
        try (ScriptedServer server = new ScriptedServer(peer -> {
                    peer.call();
                    peer.call();
                    peer.call();
                    peer.send(
                            Responses.definition(),
                            Responses.text(99, "unknown"),
                            Responses.text(0, "not a number"),
                            Responses.text(0, "twice"),
                            Responses.error(1, "no"),
                            Responses.text(2, "c"));
                    peer.awaitEnd();
                });
                NetRpcClient client = raw(server.address()).connect()) {
            CompletableFuture<Long> first = client.callAsync("A.B", "x", Long.class);
            CompletableFuture<String> second = client.callAsync("A.B", "x", String.class);
            assertEquals("c", client.call("A.B", "x", String.class));
            assertInstanceOf(RpcException.class, failure(second));
            assertEquals(
                    "gob: decoding into local type int64, received remote type string",
                    failure(first).getMessage());
        }
    }

    @Test
    void aLateAnswerConfusesNobody() throws Exception {
        CountDownLatch timedOut = new CountDownLatch(1);
        try (ScriptedServer server = new ScriptedServer(peer -> {
                    peer.call();
                    timedOut.await();
                    ScriptedServer.Peer.Call next = peer.call();
                    peer.send(Responses.definition(), Responses.text(0, "late"), Responses.text(next.seq(), "right"));
                    peer.awaitEnd();
                });
                NetRpcClient client = raw(server.address())
                        .callTimeout(Duration.ofMillis(500))
                        .connect()) {
            CallTimeoutException late =
                    assertThrows(CallTimeoutException.class, () -> client.call("A.Slow", "x", String.class));
            assertEquals("rpc: A.Slow was not answered within PT0.5S", late.getMessage());
            timedOut.countDown();
            assertEquals("right", client.callAsync("A.Fast", "x", String.class).get());
        }
    }

    // ---- ends ----

    /** In the middle of an answer, and by garbage: the calls in flight fail, the next one connects anew. */
    @ParameterizedTest
    @CsvSource({"cut,connection lost: closed by the server", "reset,connection lost", "garbage,connection lost: gob: "})
    void aLostConnectionIsMadeAnew(String how, String reason) throws Exception {
        try (ScriptedServer server = new ScriptedServer(
                        peer -> {
                            peer.connected();
                            peer.call();
                            peer.call();
                            byte[] answer = Streams.join(Responses.definition(), Responses.text(0, "a"));
                            switch (how) {
                                case "cut" -> peer.send(Arrays.copyOf(answer, answer.length - 1));
                                case "reset" -> peer.reset();
                                default -> {
                                    peer.send(new byte[] {(byte) 0x80, 1, 2, 3});
                                    peer.awaitEnd();
                                }
                            }
                        },
                        peer -> {
                            peer.connected();
                            peer.send(
                                    Responses.definition(),
                                    Responses.text(peer.call().seq(), "again"));
                            peer.awaitEnd();
                        });
                NetRpcClient client = http(server.address()).connect()) {
            CompletableFuture<String> first = client.callAsync("A.B", "x", String.class);
            CompletableFuture<String> second = client.callAsync("A.B", "x", String.class);
            Throwable one = failure(first);
            assertTrue(String.valueOf(one.getMessage()).startsWith("rpc: " + reason), one.getMessage());
            assertEquals(one.getMessage(), failure(second).getMessage());
            assertEquals("again", client.call("A.B", "x", String.class));
        }
    }

    @Test
    void aRestartedServerIsFoundAgain() throws Exception {
        RpcListener first = server();
        InetSocketAddress address = first.address();
        try (NetRpcClient client = http(address).connect()) {
            assertEquals("re: a", client.call("Echo.Text", "a", String.class));
            CompletableFuture<String> inFlight = client.callAsync("Echo.Later", "a", String.class);
            // the server has taken it when it answers what was sent behind
            client.call("Echo.Text", "a", String.class);
            first.stop(Duration.ofMillis(1));
            assertEquals(
                    "rpc: connection lost: closed by the server",
                    failure(inFlight).getMessage());
            IOException absent = assertThrows(IOException.class, () -> client.call("Echo.Text", "b", String.class));
            assertTrue(String.valueOf(absent.getMessage()).startsWith("rpc: cannot connect to "), absent.getMessage());
            try (RpcListener second =
                    new TestService().addTo(NetRpcServer.builder()).build().listen(address)) {
                assertEquals("re: c", client.call("Echo.Text", "c", String.class));
                assertEquals(1, second.connections());
            }
        }
    }

    @Test
    void closingFailsWhatIsInFlight() throws Exception {
        CountDownLatch called = new CountDownLatch(1);
        try (ScriptedServer server = new ScriptedServer(peer -> {
            peer.call();
            called.countDown();
            peer.awaitEnd();
        })) {
            NetRpcClient client = raw(server.address()).connect();
            CompletableFuture<String> call = client.callAsync("A.B", "x", String.class);
            called.await();
            client.close();
            assertEquals("rpc: client is closed", failure(call).getMessage());
            assertEquals(
                    "rpc: client is closed",
                    assertThrows(IOException.class, () -> client.call("A.B", "x", String.class))
                            .getMessage());
            server.finished();
        }
    }

    /** Every call has an outcome, whatever comes between. */
    @Test
    void closingWhileManyCall() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try (RpcListener listener = server()) {
            for (int round = 0; round < 20; round++) {
                NetRpcClient client = http(listener.address()).build();
                CountDownLatch begun = new CountDownLatch(8);
                List<Future<Integer>> callers = new ArrayList<>();
                for (int i = 0; i < 8; i++) {
                    callers.add(threads.submit(() -> {
                        int answered = 0;
                        try {
                            while (true) {
                                assertEquals("re: x", client.call("Echo.Text", "x", String.class));
                                answered++;
                                begun.countDown();
                            }
                        } catch (IOException e) {
                            assertTrue(String.valueOf(e.getMessage()).contains("closed"), e.getMessage());
                        }
                        return answered;
                    }));
                }
                begun.await();
                client.close();
                for (Future<Integer> each : callers) {
                    each.get();
                }
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void manyThreadsShareAConnection() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(16);
        try (RpcListener listener = server();
                NetRpcClient client = http(listener.address()).connect()) {
            List<Callable<Integer>> callers = new ArrayList<>();
            for (int caller = 0; caller < 16; caller++) {
                int number = caller;
                callers.add(() -> {
                    for (int i = 0; i < 200; i++) {
                        String text = number + "/" + i;
                        if (i % 7 == 6) {
                            RpcException error = assertThrows(
                                    RpcException.class, () -> client.call("Echo.Fail", text, String.class));
                            assertEquals(text, error.getMessage());
                        } else if (i % 11 == 10) {
                            assertThrows(IOException.class, () -> client.call("Echo.Text", text, Long.class));
                        } else {
                            assertEquals("re: " + text, client.call("Echo.Text", text, String.class));
                        }
                    }
                    return 200;
                });
            }
            for (Future<Integer> each : threads.invokeAll(callers)) {
                assertEquals(200, each.get());
            }
            assertEquals(1, listener.connections());
        } finally {
            threads.shutdownNow();
        }
    }

    // ---- the client's own thread ----

    @Test
    void aBlockingCallOnTheEventLoopIsRefused() throws Exception {
        try (RpcListener listener = server();
                NetRpcClient client = http(listener.address()).connect()) {
            NetRpcClient.Method<String, String> method =
                    client.method("Echo.Text", TypeOf.of(String.class), TypeOf.of(String.class));
            CompletableFuture<String> first = client.callAsync("Echo.Later", "a", String.class);
            CompletableFuture<Object> nested = first.handle((reply, why) -> {
                List<String> errors = new ArrayList<>();
                for (Callable<?> blocking : List.<Callable<?>>of(
                        () -> client.call("Echo.Text", "b", String.class),
                        () -> client.call("Echo.Text", "b"),
                        () -> method.call("b"))) {
                    errors.add(String.valueOf(assertThrows(IllegalStateException.class, blocking::call)
                            .getMessage()));
                }
                return errors;
            });
            // fails the call above on the event loop
            listener.stop(Duration.ofMillis(1));
            String error = "rpc: a blocking call on the client's event loop rpc-client-";
            for (Object each : (List<?>) nested.get()) {
                assertTrue(each.toString().startsWith(error), each.toString());
            }
        }
    }

    @Test
    void closingOnTheEventLoopDoesNotWaitForItself() throws Exception {
        try (ScriptedServer server = new ScriptedServer(peer -> {
            peer.call();
            peer.send(Responses.definition(), Responses.text(0, "a"));
            peer.awaitEnd();
        })) {
            NetRpcClient client = raw(server.address()).connect();
            CompletableFuture<String> closed =
                    client.callAsync("A.B", "x", String.class).whenComplete((reply, why) -> client.close());
            assertEquals("a", closed.get());
            server.finished();
        }
    }

    // ---- types ----

    @Test
    void aMapIsSentAsTheTypeThatIsDeclared() throws Exception {
        try (ScriptedServer server = new ScriptedServer(peer -> {
                    byte[] argument = peer.call().argument();
                    // number of the type, zero, one pair of texts
                    assertEquals("000101610162", hex(argument, 2));
                    peer.send(
                            Responses.definition(),
                            Responses.header(0, ""),
                            Requests.message(Streams.join(
                                    Requests.integer(-90), Requests.bytes(4, 1, 0, 1, 6 << 1, 1, 2 << 1, 0, 0))),
                            Requests.message(Streams.join(
                                    Requests.integer(90),
                                    Requests.bytes(0, 1),
                                    Requests.string("k"),
                                    Requests.integer(-3))));
                    peer.awaitEnd();
                });
                NetRpcClient client = raw(server.address()).connect()) {
            NetRpcClient.Method<Map<String, String>, Map<String, Integer>> method = client.method(
                    "Dict.Put", new TypeOf<Map<String, String>>() {}, new TypeOf<Map<String, Integer>>() {});
            assertEquals(Map.of("k", -3), method.call(Map.of("a", "b")));
        }
        TypeOf<Map<String, String>> type = new TypeOf<>() {};
        assertEquals("java.util.Map<java.lang.String, java.lang.String>", type.toString());
    }

    private static String hex(byte[] bytes, int from) {
        return HexFormat.of().formatHex(bytes, from, bytes.length);
    }

    // ---- connecting ----

    /** Neither other callers nor close() wait for a name that is being looked up. */
    @Test
    void lookingANameUpBlocksNobody() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch answer = new CountDownLatch(1);
        NetRpcClient client = raw(InetSocketAddress.createUnresolved("slow.example", 1))
                .resolver(host -> {
                    asked.countDown();
                    try {
                        answer.await();
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                    throw new UnknownHostException(host);
                })
                .build();
        CompletableFuture<String> first = client.callAsync("A.B", "x", String.class);
        asked.await();
        CompletableFuture<String> second = client.callAsync("A.B", "x", String.class);
        assertFalse(second.isDone());
        client.close();
        assertEquals("rpc: client is closed", failure(first).getMessage());
        assertEquals("rpc: client is closed", failure(second).getMessage());
        answer.countDown();
    }

    @Test
    void aNameThatTakesTooLongEndsTheAttempt() throws Exception {
        CountDownLatch answer = new CountDownLatch(1);
        try (NetRpcClient client = raw(InetSocketAddress.createUnresolved("slow.example", 1))
                .connectTimeout(Duration.ofMillis(100))
                .resolver(host -> {
                    try {
                        answer.await();
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                    return new InetAddress[] {LOOPBACK};
                })
                .build()) {
            assertTrue(String.valueOf(assertThrows(IOException.class, () -> client.call("A.B", "x", String.class))
                            .getMessage())
                    .endsWith(" within PT0.1S"));
            answer.countDown();
        }
    }

    @Test
    void aNameThatIsUnknownIsNamed() {
        try (NetRpcClient client = raw(InetSocketAddress.createUnresolved("no.example", 1))
                .resolver(host -> {
                    throw new UnknownHostException(host);
                })
                .build()) {
            assertEquals(
                    "rpc: host no.example cannot be found",
                    assertThrows(IOException.class, () -> client.call("A.B", "x", String.class))
                            .getMessage());
        }
    }

    /** The first is not there, the second says nothing, the third is the server. */
    @Test
    void everyAddressOfANameIsTried() throws Exception {
        try (RpcListener listener = server();
                ServerSocket silent = new ServerSocket()) {
            int port = listener.address().getPort();
            silent.bind(new InetSocketAddress("127.0.0.3", port));
            InetAddress[] addresses = {InetAddress.getByName("127.0.0.2"), InetAddress.getByName("127.0.0.3"), LOOPBACK
            };
            try (NetRpcClient client = http(InetSocketAddress.createUnresolved("three.example", port))
                    .connectTimeout(Duration.ofSeconds(3))
                    .resolver(host -> addresses)
                    .connect()) {
                assertEquals("re: x", client.call("Echo.Text", "x", String.class));
            }
            IOException none = assertThrows(
                    IOException.class,
                    () -> http(InetSocketAddress.createUnresolved("two.example", port))
                            .connectTimeout(Duration.ofMillis(200))
                            .resolver(host -> new InetAddress[] {addresses[0], addresses[1]})
                            .connect());
            assertTrue(String.valueOf(none.getMessage()).contains("within"), none.getMessage());
        }
    }

    @Test
    void whatIsNoServerIsNamed() throws Exception {
        try (ScriptedServer server =
                new ScriptedServer(peer -> peer.send("HTTP/1.0 404 Not Found\r\n\r\n".getBytes(US_ASCII)))) {
            assertEquals(
                    "rpc: unexpected HTTP response: HTTP/1.0 404 Not Found",
                    assertThrows(IOException.class, () -> http(server.address()).connect())
                            .getMessage());
        }
    }

    @Test
    void threadsOfOthersMayEndFirst() throws Exception {
        MultiThreadIoEventLoopGroup shared = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        try (RpcListener listener = server();
                NetRpcClient client =
                        http(listener.address()).eventLoops(shared).connect()) {
            shared.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
            assertThrows(IOException.class, () -> client.call("Echo.Text", "x", String.class));
            assertThrows(IOException.class, () -> client.call("Echo.Text", "x", String.class));
        }
    }

    @Test
    void timesAreInRange() {
        NetRpcClient.Builder builder = NetRpcClient.builder(ANY);
        assertEquals(
                "connectTimeout: PT0S (expected: PT0.001S to PT8760H)",
                assertThrows(IllegalArgumentException.class, () -> builder.connectTimeout(Duration.ZERO))
                        .getMessage());
        assertThrows(IllegalArgumentException.class, () -> builder.callTimeout(Duration.ofMillis(-1)));
        assertThrows(IllegalArgumentException.class, () -> builder.longestBackOff(Duration.ofDays(366)));
    }
}
