package io.github.pgwatchrpc.rpc.netrpc;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.gob.GobConfig;
import io.github.pgwatchrpc.rpc.gob.GobDecoder;
import io.github.pgwatchrpc.rpc.gob.GobLimits;
import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A server's answers on one connection, without sockets and without a real clock. */
class ClientConnectionTest {

    private static final GobLimits SMALL = GobLimits.DEFAULT.toBuilder()
            .messageBytes(200)
            .stringBytes(100)
            .elements(10)
            .typeBytes(150)
            .build();

    /** The names of the golden vector's types are of no interest. */
    private static final byte[] INTERFACES = Streams.golden("interface-deep-definitions");

    private static String failure(CompletableFuture<?> call) {
        assertTrue(call.isDone(), "no outcome");
        Throwable cause = assertThrows(ExecutionException.class, call::get).getCause();
        return cause.getClass().getSimpleName() + " " + cause.getMessage();
    }

    private static Object reply(CompletableFuture<?> call) throws Exception {
        assertTrue(call.isDone(), "no outcome");
        return call.get();
    }

    private static EmbeddedClient client() {
        return new EmbeddedClient(false, SMALL);
    }

    // ---- what costs one call ----

    /** Each of these replies fails its own call and no other. */
    @Test
    void aReplyThatCannotBeMadeFailsItsCallAlone() throws Exception {
        byte[] text = Requests.text("x");
        byte[] longText = Requests.text("x".repeat(101));
        byte[] manyFalse = Streams.join(
                Requests.message(Streams.join(Requests.integer(-90), Requests.bytes(2, 1, 0, 1, 1 << 1, 0, 0))),
                Requests.message(Streams.join(Requests.integer(90), Requests.bytes(0, 11), new byte[11])));
        byte[] unknown = Requests.message(Streams.join(Requests.integer(99), Requests.bytes(0, 1)));
        byte[] cut = Requests.message(Requests.bytes(6 << 1, 0, 5, 'a'));
        byte[] noNumber = Requests.message(Requests.bytes(0x80, 1));
        byte[] tooLong = Requests.text("x".repeat(300));
        record Case(byte[] reply, Class<?> as, String error) {}
        List<Case> cases = List.of(
                new Case(
                        text,
                        Thread.State.class,
                        "GobException gob: reply of Any.Method: java.lang.IllegalArgumentException: "
                                + "gob: no encoding for the Java type java.lang.Thread$State"),
                new Case(
                        text,
                        BigInteger.class,
                        "GobException gob: reply of Any.Method: java.lang.IllegalArgumentException: "
                                + "gob: no encoding for the Java type java.math.BigInteger"),
                new Case(
                        text,
                        Long.class,
                        "GobMismatchException gob: decoding into local type int64, received remote type string"),
                new Case(longText, String.class, "GobException gob: length of a string: 101 (expected: <= 100)"),
                new Case(manyFalse, Object.class, "GobException gob: number of elements: 11 (expected: <= 10)"),
                new Case(unknown, Object.class, "GobException gob: unknown type id 99"),
                new Case(
                        cut,
                        String.class,
                        "GobException gob: length of a string: 5 (expected: <= 1, what is left of the message)"),
                new Case(
                        noNumber, String.class, "GobException gob: bytes of an unsigned integer: 128 (expected: <= 8)"),
                new Case(tooLong, String.class, "GobException gob: bytes of a message: 305 (expected: <= 200)"));
        for (Case each : cases) {
            try (EmbeddedClient client = client()) {
                CompletableFuture<Object> before = client.call(String.class);
                CompletableFuture<Object> bad = client.call(each.as());
                CompletableFuture<Object> after = client.call(String.class);
                client.receive(Streams.join(Responses.definition(), Responses.header(1, ""), each.reply()));
                client.receive(Responses.text(0, "a"));
                client.receive(Responses.text(2, "c"));
                assertEquals(each.error(), failure(bad));
                assertEquals("a", reply(before));
                assertEquals("c", reply(after));
                assertTrue(client.connection.isOpen());
            }
        }
    }

    /** A class of the caller's whose own code fails. */
    record Failing(String A) {
        Failing {
            throw new StackOverflowError("on purpose");
        }
    }

    @Test
    void anErrorOfTheRepliesClassCostsItsCall() throws Exception {
        try (EmbeddedClient client = client()) {
            CompletableFuture<Object> bad = client.call(Failing.class);
            CompletableFuture<Object> good = client.call(String.class);
            client.receive(Streams.join(
                    Responses.definition(),
                    Responses.header(0, ""),
                    Requests.message(Streams.join(
                            Requests.integer(-80),
                            Requests.bytes(3, 1, 1),
                            Requests.string("F"),
                            Requests.bytes(0, 1, 1, 1),
                            Requests.string("A"),
                            Requests.bytes(1, 6 << 1, 0, 0, 0))),
                    Requests.message(
                            Streams.join(Requests.integer(80), Requests.bytes(1), Requests.string("a"), new byte[1])),
                    Responses.text(1, "b")));
            assertTrue(failure(bad).contains("on purpose"), failure(bad));
            assertEquals("b", reply(good));
        }
    }

    @Test
    void aTypeThatCannotBeUsedIsNamedWhereItIsWanted() throws Exception {
        try (EmbeddedClient client = client()) {
            CompletableFuture<Object> bad = client.call(null);
            CompletableFuture<Object> good = client.call(String.class);
            byte[] definition = Requests.message(Streams.join(
                    Requests.integer(-80),
                    Requests.bytes(3, 1, 1),
                    Requests.string("x".repeat(151)),
                    Requests.bytes(0, 0, 0)));
            client.receive(Streams.join(
                    Responses.definition(),
                    Responses.header(0, ""),
                    definition,
                    Requests.message(Streams.join(Requests.integer(80), Requests.bytes(0))),
                    Responses.text(1, "b")));
            assertEquals("GobException gob: length of a string: 151 (expected: <= 100)", failure(bad));
            assertEquals("b", reply(good));
        }
    }

    @Test
    void aReplyWithoutItsEndFailsItsCall() throws Exception {
        try (EmbeddedClient client = new EmbeddedClient(false, GobLimits.DEFAULT)) {
            CompletableFuture<Object> bad = client.call(null);
            CompletableFuture<Object> missing = client.call(String.class);
            CompletableFuture<Object> good = client.call(String.class);
            List<byte[]> messages = Streams.messages(INTERFACES);
            client.receive(Streams.join(
                    Responses.definition(),
                    Responses.header(0, ""),
                    Streams.stream(messages.subList(0, 2)),
                    Responses.header(1, ""),
                    Responses.text(2, "c")));
            assertEquals("GobException gob: reply of Any.Method: missing or not ended", failure(bad));
            assertEquals("GobException gob: reply of Any.Method: missing or not ended", failure(missing));
            assertEquals("c", reply(good));
        }
    }

    @Test
    void errorsOfTheServerAreTheirCallsOwn() throws Exception {
        try (EmbeddedClient client = client()) {
            CompletableFuture<Object> first = client.call(String.class);
            CompletableFuture<Object> second = client.call(Long.class);
            CompletableFuture<Object> third = client.call(String.class);
            client.receive(Streams.join(Responses.definition(), Responses.error(1, "divide by zero")));
            client.receive(Streams.join(Responses.error(0, "rpc: can't find service A.B"), Responses.text(2, "c")));
            assertEquals("RpcException rpc: can't find service A.B", failure(first));
            assertInstanceOf(
                    RpcException.class,
                    assertThrows(ExecutionException.class, second::get).getCause());
            assertEquals("RpcException divide by zero", failure(second));
            assertEquals("c", reply(third));
        }
    }

    @Test
    void answersThatNobodyWaitsForAreGonePast() throws Exception {
        try (EmbeddedClient client = client()) {
            CompletableFuture<Object> call = client.call(String.class);
            CompletableFuture<Object> next = client.call(String.class);
            client.receive(Streams.join(
                    Responses.definition(),
                    Responses.text(77, "never asked"),
                    Responses.error(-1, "never asked"),
                    Responses.text(0, "a"),
                    Responses.text(0, "again"),
                    Responses.error(0, "and again"),
                    Responses.text(1, "b")));
            assertEquals("a", reply(call));
            assertEquals("b", reply(next));
            assertTrue(client.connection.isOpen());
        }
    }

    @Test
    void aLateAnswerDoesNotReachAnotherCall() throws Exception {
        try (EmbeddedClient client = client()) {
            CompletableFuture<Object> slow = client.call(String.class);
            client.channel.advanceTimeBy(61, java.util.concurrent.TimeUnit.SECONDS);
            client.channel.runScheduledPendingTasks();
            assertEquals("CallTimeoutException rpc: Any.Method was not answered within PT1M", failure(slow));
            CompletableFuture<Object> next = client.call(String.class);
            client.receive(Streams.join(Responses.definition(), Responses.text(0, "late")));
            assertFalse(next.isDone());
            client.receive(Responses.text(1, "b"));
            assertEquals("b", reply(next));
        }
    }

    // ---- what breaks the stream ----

    @ParameterizedTest
    @ValueSource(
            strings = {
                "80 | gob: bytes of a message's length: 128 (expected: <= 8)",
                "fa 01 00 00 00 00 00 | gob: bytes of a message: 1099511627776 (expected: < 8589934592, Go's own bound)",
                "03 04 00 02 | rpc: client cannot decode response: type of a header: 2 (expected: 7000)",
                "02 80 01 | rpc: client cannot decode response: gob: bytes of an unsigned integer: 128 (expected: <= 8)"
            })
    void aBrokenStreamFailsAllCallsWithOneCause(String text) throws Exception {
        String[] parts = text.split(" \\| ", -1);
        try (EmbeddedClient client = client()) {
            CompletableFuture<Object> answered = client.call(String.class);
            CompletableFuture<Object> first = client.call(String.class);
            CompletableFuture<Object> second = client.call(Long.class);
            client.receive(Streams.join(Responses.definition(), Responses.text(0, "a")));
            client.receive(java.util.HexFormat.ofDelimiter(" ").parseHex(parts[0]));
            assertEquals("a", reply(answered));
            assertEquals("IOException rpc: connection lost: " + parts[1], failure(first));
            assertEquals(failure(first), failure(second));
            Throwable one = assertThrows(ExecutionException.class, first::get).getCause();
            Throwable two = assertThrows(ExecutionException.class, second::get).getCause();
            assertNotSame(one, two);
            assertSame(one.getCause(), two.getCause());
            assertFalse(client.connection.isOpen());
            assertFalse(client.channel.isOpen());
            assertEquals(failure(first), failure(client.call(String.class)));
        }
    }

    @Test
    void theFirstHeaderMustBeOne() {
        try (EmbeddedClient client = client()) {
            CompletableFuture<Object> call = client.call(String.class);
            client.receive(Requests.text("no header"));
            assertTrue(
                    failure(call).startsWith("IOException rpc: connection lost: rpc: client cannot decode response: "));
        }
    }

    // ---- pieces ----

    @Test
    void theStreamMayBeCutAnywhere() throws Exception {
        Object expected = new GobDecoder(new ByteArrayInputStream(INTERFACES), GobConfig.DEFAULT).decode();
        byte[] preamble = "HTTP/1.0 200 Connected to Go RPC\n\n".getBytes(US_ASCII);
        byte[] stream = Streams.join(
                preamble,
                Responses.definition(),
                Responses.text(2, "c"),
                Responses.header(1, ""),
                Streams.stream(Streams.messages(INTERFACES)),
                Responses.error(0, "no"),
                Responses.text(3, "d".repeat(300)));
        for (int cut = 0; cut <= stream.length; cut++) {
            for (int step : new int[] {stream.length, 1}) {
                if (step == 1 && cut > 0) {
                    break;
                }
                try (EmbeddedClient client = new EmbeddedClient(true, GobLimits.DEFAULT)) {
                    List<CompletableFuture<Object>> calls = List.of(
                            client.call(String.class),
                            client.call(null),
                            client.call(String.class),
                            client.call(String.class));
                    client.receive(stream, 0, cut);
                    for (int at = cut; at < stream.length; at += step) {
                        client.receive(stream, at, Math.min(step, stream.length - at));
                    }
                    assertTrue(client.ready.isDone());
                    assertEquals("RpcException no", failure(calls.get(0)), "cut at " + cut);
                    assertEquals(expected.toString(), reply(calls.get(1)).toString(), "cut at " + cut);
                    assertEquals("c", reply(calls.get(2)), "cut at " + cut);
                    assertEquals("d".repeat(300), reply(calls.get(3)), "cut at " + cut);
                }
            }
        }
    }

    /** However it ends, every call has an outcome, and one that was answered keeps its answer. */
    @Test
    void theStreamMayEndAnywhere() throws Exception {
        byte[] stream = Streams.join(
                "HTTP/1.0 200 Connected to Go RPC\n\n".getBytes(US_ASCII),
                Responses.definition(),
                Responses.text(0, "a"),
                Responses.text(1, "b"));
        for (int length = 0; length < stream.length; length++) {
            try (EmbeddedClient client = new EmbeddedClient(true, GobLimits.DEFAULT)) {
                CompletableFuture<Object> first = client.call(String.class);
                CompletableFuture<Object> second = client.call(String.class);
                client.receive(Arrays.copyOf(stream, length));
                client.channel.close();
                assertEquals("IOException rpc: connection lost: closed by the server", failure(second));
                if (!first.isCompletedExceptionally()) {
                    assertEquals("a", reply(first));
                }
            }
        }
    }

    // ---- what is sent ----

    @Test
    void whatCannotBeEncodedFailsItsCallAlone() throws Exception {
        try (EmbeddedClient client = client()) {
            CompletableFuture<String> bad = new CompletableFuture<>();
            client.connection.send(new PendingCall<>("A.B", String.class, bad), Thread.State.NEW);
            assertTrue(failure(bad).startsWith("IllegalArgumentException gob: no encoding"), failure(bad));
            CompletableFuture<String> failing = new CompletableFuture<>();
            client.connection.send(new PendingCall<>("A.B", String.class, failing), "x", () -> (argument, writer) -> {
                throw new StackOverflowError("on purpose");
            });
            assertEquals("StackOverflowError on purpose", failure(failing));
            CompletableFuture<Object> good = client.call(String.class);
            client.receive(Streams.join(Responses.definition(), Responses.text(0, "first number")));
            assertEquals("first number", reply(good));
        }
    }
}
