package io.github.pgwatchrpc.rpc.netrpc;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.rpc.listen.RpcListener;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** The server with real sockets, threads and its real clock. */
class NetRpcServerTest {

    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private final TestService service = new TestService();
    private final Events events = new Events();

    private NetRpcServer server(NetRpcLimits limits) {
        return service.addTo(NetRpcServer.builder())
                .limits(limits)
                .observer(events)
                .build();
    }

    private RpcListener listen() throws IOException {
        return server(NetRpcLimits.DEFAULT).listen(ANY);
    }

    private static byte[] call(String method, long seq, String argument) {
        return new Requests().call(method, seq, argument).take();
    }

    private static byte[] firstCall(String method, long seq, String argument) {
        return new Requests().define().call(method, seq, argument).take();
    }

    @Test
    void manyConnectionsOfBothKindsAreServedAtATime() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(16);
        try (RpcListener listener = listen()) {
            List<Callable<Integer>> clients = new ArrayList<>();
            for (int client = 0; client < 16; client++) {
                int number = client;
                clients.add(() -> {
                    try (RawClient peer =
                            number % 2 == 0 ? RawClient.http(listener.address()) : new RawClient(listener.address())) {
                        peer.send(Requests.definition());
                        int calls = 200;
                        for (int seq = 0; seq < calls; seq++) {
                            String method = seq % 10 == 9 ? "Nope.Nope" : "Echo.Text";
                            peer.send(call(method, seq, number + "/" + seq));
                        }
                        List<Answers.Answer> answers = peer.answers(calls);
                        for (int seq = 0; seq < calls; seq++) {
                            Answers.Answer answer = answers.get(seq);
                            assertEquals(seq, answer.seq());
                            if (seq % 10 == 9) {
                                assertEquals("rpc: can't find service Nope.Nope", answer.error());
                            } else {
                                assertEquals("re: " + number + "/" + seq, answer.text());
                            }
                        }
                        return calls;
                    }
                });
            }
            for (Future<Integer> each : threads.invokeAll(clients)) {
                assertEquals(200, each.get());
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void aBrokenStreamClosesOnlyItsOwnConnection() throws Exception {
        try (RpcListener listener = listen();
                RawClient good = new RawClient(listener.address());
                RawClient bad = new RawClient(listener.address())) {
            good.send(firstCall("Echo.Text", 1, "a"));
            bad.send(firstCall("Echo.Text", 1, "b"));
            bad.send(new byte[] {(byte) 0x80, 1, 2, 3});
            assertEquals("[Echo.Text 1 ok re: b]", bad.answersToTheEnd().toString());
            assertEquals(
                    "closed BROKEN_STREAM 1 gob: bytes of a message's length: 128 (expected: <= 8)",
                    events.await("closed"));
            good.send(call("Echo.Text", 2, "c"));
            assertEquals(
                    "[Echo.Text 1 ok re: a, Echo.Text 2 ok re: c]",
                    good.answers(2).toString());
        }
    }

    @Test
    void aPeerThatVanishesInTheMiddleHarmsNobody() throws Exception {
        try (RpcListener listener = listen();
                RawClient good = new RawClient(listener.address())) {
            good.send(firstCall("Echo.Text", 1, "a"));
            try (RawClient gone = new RawClient(listener.address())) {
                gone.send(firstCall("Echo.Later", 1, "b"));
                service.next();
                gone.send(new byte[] {100, 1, 2, 3});
                gone.socket.setSoLinger(true, 0); // a reset instead of a proper end
            }
            assertTrue(events.await("closed").startsWith("closed CUT 1 "));
            good.send(call("Echo.Text", 2, "c"));
            assertEquals("re: c", good.answers(2).get(1).text());
        }
    }

    @Test
    void aPeerThatHasSentEverythingGetsAllAnswersBeforeTheEnd() throws Exception {
        try (RpcListener listener = listen();
                RawClient peer = new RawClient(listener.address())) {
            peer.send(firstCall("Echo.Later", 1, "a")).send(call("Echo.Text", 2, "b"));
            peer.socket.shutdownOutput();
            TestService.Pending call = service.next();
            peer.answers(1);
            call.reply().complete("late");
            assertEquals(
                    "[Echo.Text 2 ok re: b, Echo.Later 1 ok late]",
                    peer.answersToTheEnd().toString());
            assertEquals("closed PEER 2 closed by the peer", events.await("closed"));
        }
    }

    @Test
    void stoppingAnswersWhatIsInFlight() throws Exception {
        RpcListener listener = listen();
        try (RawClient peer = RawClient.http(listener.address());
                RawClient idle = RawClient.http(listener.address())) {
            peer.send(firstCall("Echo.Later", 1, "a"));
            TestService.Pending call = service.next();
            Thread stopping = new Thread(() -> listener.stop(Duration.ofSeconds(60)));
            stopping.start();
            assertEquals("[]", idle.answersToTheEnd().toString());
            assertEquals("closed SHUTDOWN 0 the server is stopping", events.await("closed"));
            call.reply().complete("done");
            assertEquals("[Echo.Later 1 ok done]", peer.answersToTheEnd().toString());
            stopping.join();
            assertEquals("closed SHUTDOWN 1 the server is stopping", events.await("closed"));
            assertEquals(0, listener.connections());
            assertThrows(IOException.class, () -> new RawClient(listener.address()).close());
        }
        listener.close();
    }

    @Test
    void stoppingDoesNotWaitForEver() throws Exception {
        RpcListener listener = listen();
        try (RawClient peer = RawClient.http(listener.address())) {
            peer.send(firstCall("Echo.Later", 1, "a"));
            TestService.Pending call = service.next();
            listener.stop(Duration.ofMillis(1));
            assertEquals("[]", peer.answersToTheEnd().toString());
            assertEquals("closed SHUTDOWN 1 calls were still in flight after PT0.001S", events.await("closed"));
            call.reply().complete("too late");
        }
    }

    @Test
    void aPortThatIsTakenIsNamed() throws IOException {
        try (RpcListener listener = listen()) {
            IOException taken = assertThrows(
                    IOException.class, () -> server(NetRpcLimits.DEFAULT).listen(listener.address()));
            String message = String.valueOf(taken.getMessage());
            assertTrue(message.startsWith("cannot listen on "), message);
            assertTrue(message.contains(":" + listener.address().getPort()), message);
        }
    }

    // ---- too many connections ----

    private static NetRpcLimits connections(int count, Duration firstRequest) {
        return NetRpcLimits.DEFAULT.toBuilder()
                .connections(count)
                .firstRequest(firstRequest)
                .build();
    }

    @Test
    void whoIsInUseIsNotClosedToMakeRoom() throws Exception {
        try (RpcListener listener = server(connections(2, Duration.ofNanos(1))).listen(ANY);
                RawClient one = new RawClient(listener.address());
                RawClient two = new RawClient(listener.address())) {
            one.send(firstCall("Echo.Text", 1, "a")).answers(1);
            two.send(firstCall("Nope.Nope", 1, "a")).answers(1);
            try (RawClient three = new RawClient(listener.address())) {
                assertEquals("closed TOO_MANY 0 connections: 3 (expected: <= 2)", events.await("closed"));
                assertEquals(-1, three.socket.getInputStream().read());
            }
            one.send(call("Echo.Text", 2, "b")).answers(2);
            two.send(call("Echo.Text", 2, "b")).answers(2);
            assertEquals(2, listener.connections());
        }
        for (int left = 2; left > 0; left--) {
            String closed = events.await("closed");
            assertTrue(closed.matches("closed (PEER|SHUTDOWN) 2 .*"), closed);
        }
    }

    @Test
    void whoIsUnusedForLongMakesRoom() throws Exception {
        try (RpcListener listener = server(connections(2, Duration.ofMillis(1))).listen(ANY);
                RawClient used = new RawClient(listener.address());
                RawClient silent = RawClient.http(listener.address())) {
            used.send(firstCall("Echo.Text", 1, "a")).answers(1);
            // until the silent one is old enough to go, the new ones are closed
            for (int tries = 0; ; tries++) {
                try (RawClient fresh = new RawClient(listener.address())) {
                    if (events.await("closed").equals("closed TOO_MANY 0 connections: 3 (expected: <= 2)")) {
                        assertTrue(tries < 100_000);
                        continue;
                    }
                    assertEquals(-1, silent.socket.getInputStream().read());
                    fresh.send(firstCall("Echo.Text", 1, "b")).answers(1);
                    break;
                }
            }
            used.send(call("Echo.Text", 2, "c")).answers(2);
        }
    }

    // ---- the same port for everything else ----

    @Test
    void aBrowserGetsAnAnswer() throws Exception {
        try (RpcListener listener = listen()) {
            URI root = URI.create("http://127.0.0.1:" + listener.address().getPort());
            HttpClient browser =
                    HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
            HttpResponse<String> answer = browser.send(
                    HttpRequest.newBuilder(root.resolve("/_goRPC_")).build(), HttpResponse.BodyHandlers.ofString());
            assertEquals(405, answer.statusCode());
            assertEquals("405 must CONNECT\n", answer.body());
            answer = browser.send(
                    HttpRequest.newBuilder(root.resolve("/x")).build(), HttpResponse.BodyHandlers.ofString());
            assertEquals(404, answer.statusCode());
        }
    }

    /** More than the sockets between can hold, both ways: neither side may wait for the other for ever. */
    @Test
    void aPeerThatReadsOnlyWhenItHasSentEverything() throws Exception {
        String method = "Nope." + "x".repeat(1000);
        int count = 20_000;
        try (RpcListener listener = listen();
                RawClient peer = new RawClient(listener.address())) {
            Thread writing = new Thread(() -> {
                try {
                    OutputStream out = peer.socket.getOutputStream();
                    out.write(Requests.definition());
                    for (int seq = 0; seq < count; seq++) {
                        out.write(call(method, seq, ""));
                    }
                    peer.socket.shutdownOutput();
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            writing.start();
            // the writer cannot end before this one reads: 20 MB of calls, 40 MB of answers
            List<Answers.Answer> answers = peer.answersToTheEnd();
            writing.join();
            assertEquals(count, answers.size());
            for (int seq = 0; seq < count; seq++) {
                assertEquals(seq, answers.get(seq).seq());
            }
        }
    }

    @Test
    void aLargeReplyArrivesWhole() throws Exception {
        String text = "x".repeat(10_000_000);
        try (RpcListener listener = listen();
                RawClient peer = new RawClient(listener.address())) {
            peer.send(firstCall("Echo.Text", 1, text));
            peer.socket.shutdownOutput();
            byte[] reply = peer.answersToTheEnd().get(0).text().getBytes(US_ASCII);
            assertArrayEquals(("re: " + text).getBytes(US_ASCII), reply);
        }
    }
}
