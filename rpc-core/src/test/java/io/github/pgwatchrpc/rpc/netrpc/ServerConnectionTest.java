package io.github.pgwatchrpc.rpc.netrpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.rpc.MemoryBudget;
import io.github.pgwatchrpc.rpc.MemoryBudgets;
import io.github.pgwatchrpc.rpc.RpcObserver.End;
import io.github.pgwatchrpc.rpc.gob.GobLimits;
import io.github.pgwatchrpc.rpc.listen.TestConnections;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** net/rpc on one connection, without sockets and without a real clock. */
class ServerConnectionTest {

    private final TestService service = new TestService();
    private final Events events = new Events();

    private NetRpcServer server(NetRpcLimits limits) {
        return service.addTo(NetRpcServer.builder())
                .limits(limits)
                .observer(events)
                .build();
    }

    private NetRpcServer server() {
        return server(NetRpcLimits.DEFAULT);
    }

    private static Requests requests() {
        return new Requests().define();
    }

    // ---- calls ----

    @Test
    void callsAreAnswered() {
        try (EmbeddedServer peer = EmbeddedServer.raw(server())) {
            peer.send(requests()
                    .call("Echo.Text", 0, "a")
                    .call("Echo.Text", 1, "")
                    .take());
            assertEquals(List.of("Echo.Text 0 ok re: a", "Echo.Text 1 ok re: "), peer.answerTexts());
            assertEquals(
                    List.of("called Echo.Text 4", "answered Echo.Text", "called Echo.Text 3", "answered Echo.Text"),
                    events.take());
            assertEquals(2, peer.connection.calls());
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 127, 128, 255, 256, 65_535, 65_536, Long.MAX_VALUE, Long.MIN_VALUE, -1})
    void anySeqComesBack(long seq) {
        try (EmbeddedServer peer = EmbeddedServer.raw(server())) {
            peer.send(requests()
                    .call("Echo.Text", seq, "x")
                    .call("Nope.Nope", seq, "x")
                    .take());
            assertEquals(
                    List.of(
                            "Echo.Text " + seq + " ok re: x",
                            "Nope.Nope " + seq + " error rpc: can't find service Nope.Nope"),
                    peer.answerTexts());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 127, 128, 255, 256, 5_000, 70_000, 200_000})
    void textsOfAnyLengthComeBack(int length) {
        String text = "x".repeat(length);
        try (EmbeddedServer peer = EmbeddedServer.raw(server())) {
            peer.send(requests().call("Echo.Text", 1, text).take());
            assertEquals("re: " + text, peer.answers().get(0).text());
        }
    }

    /** The texts are Go's own (net/rpc/server.go): clients' logs and tests know them. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "Foo.Bar | rpc: can't find service Foo.Bar",
                "Echo.Nope | rpc: can't find method Echo.Nope",
                "Echo. | rpc: can't find method Echo.",
                ".Text | rpc: can't find service .Text",
                "a.b.c | rpc: can't find service a.b.c",
                "Echo.Text.x | rpc: can't find service Echo.Text.x",
                "nodot | rpc: service/method request ill-formed: nodot",
                "\"\" | \"rpc: service/method request ill-formed: \"",
                "echo.Text | rpc: can't find service echo.Text",
                "Échö.日本 | rpc: can't find service Échö.日本",
            })
    void anUnknownMethodCostsOneCall(String method, String error) {
        try (EmbeddedServer peer = EmbeddedServer.raw(server())) {
            peer.send(requests()
                    .call(method, 1, "x")
                    .call("Echo.Text", 2, "y")
                    .call(method, 3, "x")
                    .take());
            assertEquals(
                    List.of(method + " 1 error " + error, "Echo.Text 2 ok re: y", method + " 3 error " + error),
                    peer.answerTexts());
            assertNull(peer.end());
        }
        assertTrue(events.take().contains("refused " + method + " NO_METHOD " + error));
    }

    @Test
    void aMethodNameThatIsTooLongIsNotKept() {
        NetRpcLimits limits = NetRpcLimits.DEFAULT.toBuilder().methodBytes(10).build();
        try (EmbeddedServer peer = EmbeddedServer.raw(server(limits))) {
            peer.send(requests()
                    .call("Nope.45678", 1, "x")
                    .call("Nope.456789", 2, "x")
                    .call("Echo.FailLater", 3, "a method that exists may be longer")
                    .take());
            assertEquals(
                    List.of(
                            "Nope.45678 1 error rpc: can't find service Nope.45678",
                            " 2 error rpc: bytes of a method's name: 11 (expected: <= 10)",
                            " 3 error rpc: bytes of a method's name: 14 (expected: <= 10)"),
                    peer.answerTexts());
        }
    }

    @Test
    void errorsOfMethodsAreAnswersAndFaultsAreNotTold() {
        try (EmbeddedServer peer = EmbeddedServer.raw(server())) {
            peer.send(requests()
                    .call("Echo.Fail", 1, "divide by zero")
                    .call("Echo.FailLater", 2, "later: ☃")
                    .call("Echo.Fail", 3, "")
                    .call("Echo.Crash", 4, "x")
                    .call("Echo.CrashLater", 5, "x")
                    .call("Echo.Null", 6, "x")
                    .call("Echo.CrashingDecoder", 7, "x")
                    .call("Echo.Refuse", 8, "x")
                    .call("Echo.Text", 9, "x")
                    .take());
            assertEquals(
                    List.of(
                            "Echo.Fail 1 error divide by zero",
                            "Echo.FailLater 2 error later: ☃",
                            "Echo.Fail 3 error rpc: error without a text",
                            "Echo.Crash 4 error rpc: internal error",
                            "Echo.CrashLater 5 error rpc: internal error",
                            "Echo.Null 6 error rpc: internal error",
                            "Echo.CrashingDecoder 7 error rpc: internal error",
                            "Echo.Refuse 8 error not wanted",
                            "Echo.Text 9 ok re: x"),
                    peer.answerTexts());
            assertEquals(9, peer.connection.calls());
        }
    }

    /** The stack of the event loop is shared with nobody once it has been unwound, and so is a class that is missing. */
    @Test
    void anErrorCostsOneCall() {
        try (EmbeddedServer peer = EmbeddedServer.raw(server())) {
            List<String> methods = List.of("Echo.NoClass", "Echo.Deep", "Echo.DeepReply", "Echo.DeepDecoder");
            Requests requests = requests();
            for (int i = 0; i < methods.size(); i++) {
                requests.call(methods.get(i), i, "x");
            }
            peer.send(requests.call("Echo.Text", 9, "x").take());
            List<String> expected = new ArrayList<>();
            for (int i = 0; i < methods.size(); i++) {
                expected.add(methods.get(i) + " " + i + " error rpc: internal error");
            }
            expected.add("Echo.Text 9 ok re: x");
            assertEquals(expected, peer.answerTexts());
            assertNull(peer.end());
        }
    }

    /** Nobody knows what it has left half done. */
    @Test
    void aMachineWithoutMemoryEndsTheConnection() {
        try (EmbeddedServer peer = EmbeddedServer.raw(server())) {
            peer.send(requests()
                    .call("Echo.OutOfMemory", 1, "x")
                    .call("Echo.Text", 2, "x")
                    .take());
            assertEquals(List.of(), peer.answerTexts());
            assertEquals(End.CUT, peer.end());
            assertEquals("on purpose", peer.endReason());
        }
    }

    @Test
    void answersComeInTheOrderInWhichCallsEnd() throws InterruptedException {
        try (EmbeddedServer peer = EmbeddedServer.raw(server())) {
            Requests requests = requests();
            int count = 500;
            for (int i = 0; i < count; i++) {
                requests.call("Echo.Later", i, "n" + i);
            }
            peer.send(requests.take());
            assertEquals(List.of(), peer.answerTexts());
            List<TestService.Pending> pending = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                pending.add(service.next());
            }
            Collections.shuffle(pending, new Random(7));
            List<String> expected = new ArrayList<>();
            for (TestService.Pending each : pending) {
                each.reply().complete("done " + each.argument());
                expected.add("Echo.Later " + each.argument().substring(1) + " ok done " + each.argument());
            }
            assertEquals(expected, peer.answerTexts());
        }
    }

    @Test
    void anAnswerMayComeFromAnyThread() throws Exception {
        try (EmbeddedServer peer = EmbeddedServer.raw(server())) {
            peer.send(requests().call("Echo.Later", 1, "x").take());
            TestService.Pending call = service.next();
            Thread other = new Thread(() -> call.reply().complete("from elsewhere"));
            other.start();
            other.join();
            assertEquals(List.of("Echo.Later 1 ok from elsewhere"), peer.answerTexts());
        }
    }

    @Test
    void anAnswerBehindTheEndIsDropped() throws Exception {
        EmbeddedServer peer = EmbeddedServer.raw(server());
        peer.send(requests().call("Echo.Later", 1, "x").take());
        TestService.Pending call = service.next();
        peer.close();
        call.reply().complete("too late");
        assertEquals("", peer.outputText());
    }

    // ---- bad arguments ----

    @Test
    void aBadArgumentCostsOneCall() {
        byte[] anInt = Requests.message(Requests.bytes(4, 0, 14));
        byte[] unknownType = Requests.message(Requests.bytes(0xfe, 0x10, 0x00, 1, 2, 0));
        byte[] longString = Requests.message(Requests.bytes(12, 0, 100, 'x'));
        byte[] noNumber = Requests.message(Requests.bytes(0x80, 1));
        byte[] hugeType = Requests.message(Requests.bytes(0xf8, 0x7f, 1, 1, 1, 1, 1, 1, 0, 0));
        byte[] typeOnly = Requests.message(Requests.bytes(12));
        for (byte[] bad : List.of(anInt, unknownType, longString, noNumber, hugeType, typeOnly)) {
            for (String method : List.of("Echo.Text", "Nope.Nope", "Echo.Any", "Echo.Refuse")) {
                try (EmbeddedServer peer = EmbeddedServer.raw(server())) {
                    peer.send(requests()
                            .headerOnly(method, 1)
                            .raw(bad)
                            .call("Echo.Text", 2, "y")
                            .take());
                    List<Answers.Answer> answers = peer.answers();
                    assertEquals(2, answers.size(), answers::toString);
                    if (!(bad == anInt && method.equals("Echo.Any"))) {
                        assertFalse(answers.get(0).error().isEmpty(), answers::toString);
                    }
                    assertEquals("re: y", answers.get(1).text());
                    assertNull(peer.end());
                }
            }
        }
    }

    @Test
    void aRefusedArgumentSaysWhy() {
        try (EmbeddedServer peer = EmbeddedServer.raw(server())) {
            peer.send(requests()
                    .headerOnly("Echo.Text", 1)
                    .raw(Requests.message(Requests.bytes(4, 0, 14)))
                    .headerOnly("Echo.Any", 2)
                    .raw(Requests.message(Requests.bytes(0xfe, 0x10, 0x00, 1, 2, 0)))
                    .take());
            assertEquals(
                    List.of(
                            "Echo.Text 1 error gob: type of a text: 2 (expected: 6)",
                            "Echo.Any 2 error gob: unknown type id 2048"),
                    peer.answerTexts());
            assertEquals(
                    List.of(
                            "refused Echo.Text BAD_ARGUMENT gob: type of a text: 2 (expected: 6)",
                            "refused Echo.Any BAD_ARGUMENT gob: unknown type id 2048"),
                    events.take());
        }
    }

    @Test
    void aBadTypeDefinitionCostsOnlyTheCallsThatNeedIt() {
        byte[] broken = Requests.message(Streams.join(Requests.integer(-70), Requests.bytes(9, 9)));
        byte[] cut = Requests.message(Streams.join(Requests.integer(-71), Requests.bytes(2, 1, 1, 50, 'x')));
        byte[] again = Requests.definition();
        byte[] ofType70 = Requests.message(Streams.join(Requests.integer(70), Requests.bytes(0, 1, 1)));
        try (EmbeddedServer peer = EmbeddedServer.raw(server())) {
            peer.send(requests()
                    .raw(broken)
                    .call("Echo.Text", 1, "a")
                    .raw(cut)
                    .headerOnly("Echo.Any", 2)
                    .raw(again)
                    .raw(ofType70)
                    .call("Echo.Text", 3, "b")
                    .take());
            assertEquals(
                    List.of("Echo.Text 1 ok re: a", "Echo.Any 2 error gob: unknown type id 70", "Echo.Text 3 ok re: b"),
                    peer.answerTexts());
            assertEquals(
                    3,
                    events.take().stream()
                            .filter(each -> each.startsWith("bad type"))
                            .count());
        }
    }

    // ---- what is too large ----

    private static NetRpcLimits small(int messageBytes) {
        return NetRpcLimits.DEFAULT.toBuilder()
                .gob(GobLimits.DEFAULT.toBuilder().messageBytes(messageBytes).build())
                .build();
    }

    @Test
    void anOversizeArgumentIsSkippedAndRefused() {
        byte[] big = requests()
                .call("Echo.Text", 1, "x".repeat(1_000))
                .call("Echo.Text", 2, "y")
                .call("Nope.Nope", 3, "x".repeat(2_000))
                .call("Echo.Text", 4, "z")
                .take();
        for (int step : new int[] {1, 7, 100, big.length}) {
            try (EmbeddedServer peer = EmbeddedServer.raw(server(small(200)))) {
                for (int at = 0; at < big.length; at += step) {
                    peer.send(big, at, Math.min(step, big.length - at));
                }
                assertEquals(
                        List.of(
                                "Echo.Text 1 error gob: bytes of a message: 1005 (expected: <= 200)",
                                "Echo.Text 2 ok re: y",
                                "Nope.Nope 3 error gob: bytes of a message: 2005 (expected: <= 200)",
                                "Echo.Text 4 ok re: z"),
                        peer.answerTexts());
                assertNull(peer.end());
            }
        }
    }

    @Test
    void anArgumentOfExactlyTheLimitIsTaken() {
        // type, zero, two or three bytes of length, text
        String most = "x".repeat(200 - 4);
        try (EmbeddedServer peer = EmbeddedServer.raw(server(small(200)))) {
            peer.send(requests()
                    .call("Echo.Text", 1, most)
                    .call("Echo.Text", 2, most + "x")
                    .take());
            assertEquals(
                    List.of(
                            "Echo.Text 1 ok re: " + most,
                            "Echo.Text 2 error gob: bytes of a message: 201 (expected: <= 200)"),
                    peer.answerTexts());
        }
    }

    @Test
    void anOversizeDefinitionCostsOnlyTheCallsThatNeedIt() {
        byte[] huge = Requests.message(Streams.join(Requests.integer(-70), new byte[500]));
        byte[] ofType70 = Requests.message(Streams.join(Requests.integer(70), Requests.bytes(0, 1, 1)));
        try (EmbeddedServer peer = EmbeddedServer.raw(server(small(200)))) {
            peer.send(requests()
                    .headerOnly("Echo.Any", 1)
                    .raw(huge)
                    .raw(ofType70)
                    .call("Echo.Text", 2, "x")
                    .take());
            assertEquals(
                    List.of("Echo.Any 1 error gob: unknown type id 70", "Echo.Text 2 ok re: x"), peer.answerTexts());
        }
        assertTrue(events.take().contains("bad type gob: bytes of a message: 502 (expected: <= 200)"));
    }

    @Test
    void anOversizeHeaderBreaksTheStream() {
        try (EmbeddedServer peer = EmbeddedServer.raw(server(small(200)))) {
            peer.send(requests().call("Echo.Text", 1, "x").take());
            peer.send(Requests.header("x".repeat(300), 2));
            assertEquals(End.BROKEN_STREAM, peer.end());
            assertEquals(
                    "rpc: server cannot decode request: gob: bytes of a message: 310 (expected: <= 200)",
                    peer.endReason());
            assertFalse(peer.channel.isOpen());
        }
    }

    @Test
    void whatFindsNoRoomIsRefused() {
        MemoryBudget little = new MemoryBudget(3_000);
        byte[] big = requests()
                .call("Echo.Text", 1, "x".repeat(5_000))
                .call("Echo.Text", 2, "y")
                .take();
        try (EmbeddedServer peer = EmbeddedServer.raw(server(), new MemoryBudgets(little, little, 3_000))) {
            for (int at = 0; at < big.length; at += 100) {
                peer.send(big, at, Math.min(100, big.length - at));
            }
            List<String> answers = peer.answerTexts();
            assertEquals(2, answers.size());
            assertTrue(answers.get(0).startsWith("Echo.Text 1 error gob: bytes held for "), answers::toString);
            assertEquals("Echo.Text 2 ok re: y", answers.get(1));
        }
    }

    // ---- streams that end or break ----

    @Test
    void aStreamThatCannotBeUnderstoodIsClosedBehindItsAnswers() throws InterruptedException {
        try (EmbeddedServer peer = EmbeddedServer.raw(server())) {
            peer.send(requests()
                    .call("Echo.Text", 1, "a")
                    .call("Echo.Later", 2, "b")
                    .raw(Requests.bytes(0x80))
                    .take());
            assertTrue(peer.channel.isOpen(), "a call is still in flight");
            assertNull(peer.end());
            service.next().reply().complete("done");
            assertEquals(List.of("Echo.Text 1 ok re: a", "Echo.Later 2 ok done"), peer.answerTexts());
            assertEquals(End.BROKEN_STREAM, peer.end());
            assertEquals("gob: bytes of a message's length: 128 (expected: <= 8)", peer.endReason());
            assertFalse(peer.channel.isOpen());
        }
    }

    @Test
    void whatComesBehindABrokenStreamIsNotLookedAt() {
        try (EmbeddedServer peer = EmbeddedServer.raw(server())) {
            peer.send(requests()
                    .call("Echo.Later", 1, "b")
                    .raw(Requests.bytes(0x80))
                    .take());
            peer.send(new Requests().call("Echo.Text", 2, "x").take());
            assertEquals(List.of(), peer.answerTexts());
            assertEquals(1, service.pending.size());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"0c000178", "02040e", "fe100001"})
    void anythingElseThanAHeaderBreaksTheStream(String hex) {
        byte[] message = Requests.message(java.util.HexFormat.of().parseHex(hex));
        try (EmbeddedServer peer = EmbeddedServer.raw(server())) {
            peer.send(message);
            assertEquals(End.BROKEN_STREAM, peer.end(), peer::endReason);
        }
        try (EmbeddedServer peer = EmbeddedServer.raw(server())) {
            peer.send(requests().call("Echo.Text", 1, "a").raw(message).take());
            assertEquals(List.of("Echo.Text 1 ok re: a"), peer.answerTexts());
            assertEquals(End.BROKEN_STREAM, peer.end(), peer::endReason);
        }
    }

    @Test
    void aPeerThatHasSentEverythingStillGetsItsAnswers() throws InterruptedException {
        try (EmbeddedServer peer = EmbeddedServer.raw(server())) {
            peer.send(requests().call("Echo.Later", 1, "a").take());
            peer.channel.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
            assertTrue(peer.channel.isOpen());
            service.next().reply().complete("done");
            assertEquals(List.of("Echo.Later 1 ok done"), peer.answerTexts());
            assertEquals(End.PEER, peer.end());
            assertFalse(peer.channel.isOpen());
        }
    }

    @Test
    void anEndInTheMiddleIsTold() {
        byte[] stream = requests().call("Echo.Text", 1, "a").take();
        int afterDefinition = Requests.definition().length;
        for (int length = 0; length <= stream.length; length++) {
            try (EmbeddedServer peer = EmbeddedServer.raw(server())) {
                peer.send(stream, 0, length);
                peer.channel.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);
                peer.output();
                boolean between = length == 0 || length == afterDefinition || length == stream.length;
                assertEquals(between ? End.PEER : End.CUT, peer.end(), "length " + length);
                assertFalse(peer.channel.isOpen());
            }
        }
    }

    @Test
    void aServerThatStopsAnswersWhatIsInFlight() throws InterruptedException {
        try (EmbeddedServer peer = EmbeddedServer.raw(server())) {
            peer.send(requests()
                    .call("Echo.Later", 1, "a")
                    .call("Echo.Later", 2, "b")
                    .take());
            TestConnections.drain(peer.connection);
            peer.send(new Requests().call("Echo.Text", 3, "not taken any more").take());
            service.next().reply().complete("done");
            assertTrue(peer.channel.isOpen());
            service.next().reply().complete("done too");
            assertEquals(List.of("Echo.Later 1 ok done", "Echo.Later 2 ok done too"), peer.answerTexts());
            assertEquals(End.SHUTDOWN, peer.end());
            assertFalse(peer.channel.isOpen());
        }
    }

    @Test
    void aServerThatStopsClosesIdleConnectionsAtOnce() {
        try (EmbeddedServer peer = EmbeddedServer.raw(server())) {
            TestConnections.drain(peer.connection);
            assertEquals(End.SHUTDOWN, peer.end());
            peer.output();
            assertFalse(peer.channel.isOpen());
        }
    }

    // ---- backpressure ----

    @Test
    void noMoreCallsAreTakenThanMayBeInFlight() throws InterruptedException {
        NetRpcLimits limits = NetRpcLimits.DEFAULT.toBuilder().callsInFlight(3).build();
        try (EmbeddedServer peer = EmbeddedServer.raw(server(limits))) {
            Requests requests = requests();
            int count = 20;
            for (int i = 1; i <= count; i++) {
                requests.call("Echo.Later", i, "n" + i);
            }
            byte[] all = requests.take();
            peer.send(all, 0, all.length / 2);
            peer.send(all, all.length / 2, all.length - all.length / 2);
            for (int i = 1; i <= count; i++) {
                boolean more = i + 2 <= count;
                assertEquals(Math.min(3, count - i + 1), service.pending.size(), "at call " + i);
                assertEquals(!more, peer.channel.config().isAutoRead() && i > count - 3, "reading at call " + i);
                TestService.Pending call = service.next();
                assertEquals("n" + i, call.argument());
                call.reply().complete("");
                assertEquals(1, peer.answers().size());
            }
            assertTrue(peer.channel.config().isAutoRead());
        }
    }

    @Test
    void refusalsAreNotHeldUpByCallsInFlight() throws InterruptedException {
        NetRpcLimits limits = NetRpcLimits.DEFAULT.toBuilder().callsInFlight(2).build();
        try (EmbeddedServer peer = EmbeddedServer.raw(server(limits))) {
            peer.send(requests()
                    .call("Echo.Later", 1, "a")
                    .call("Nope.Nope", 2, "b")
                    .call("Echo.Text", 3, "c")
                    .take());
            assertEquals(
                    List.of("Nope.Nope 2 error rpc: can't find service Nope.Nope", "Echo.Text 3 ok re: c"),
                    peer.answerTexts());
            service.next().reply().complete("");
        }
    }

    @Test
    void aPeerThatDoesNotReadIsNotReadFrom() {
        // each answer is twice as long as its call
        String method = "Nope." + "x".repeat(500);
        int count = 1_000;
        Requests requests = requests();
        for (int i = 0; i < count; i++) {
            requests.call(method, i, "");
        }
        try (EmbeddedServer peer = EmbeddedServer.raw(server())) {
            peer.block(true);
            peer.send(requests.take());
            assertTrue(peer.unsent() < 70_000, "unsent " + peer.unsent());
            long before = peer.connection.calls();
            assertTrue(before < 100, "calls " + before);
            assertFalse(peer.channel.config().isAutoRead());
            peer.send(new Requests().call("Echo.Text", count, "last").take());
            assertEquals(before, peer.connection.calls());

            peer.block(false);
            List<Answers.Answer> answers = peer.answers();
            assertEquals(count + 1, answers.size());
            for (int i = 0; i < count; i++) {
                assertEquals(i, answers.get(i).seq());
            }
            assertEquals("re: last", answers.get(count).text());
            assertTrue(peer.channel.config().isAutoRead());
        }
    }

    @Test
    void aPeerThatDoesNotReadItsLastAnswersIsGivenUp() {
        try (EmbeddedServer peer = EmbeddedServer.raw(server())) {
            peer.block(true);
            peer.send(requests()
                    .call("Echo.Text", 1, "x")
                    .raw(Requests.bytes(0x80))
                    .take());
            assertEquals(End.BROKEN_STREAM, peer.end());
            assertTrue(peer.channel.isOpen(), "it may still read");
            pass(peer, 4, TimeUnit.SECONDS);
            assertTrue(peer.channel.isOpen());
            pass(peer, 2, TimeUnit.SECONDS);
            assertFalse(peer.channel.isOpen());
        }
    }

    @Test
    void aPeerThatReadsItsLastAnswersLateGetsThem() {
        try (EmbeddedServer peer = EmbeddedServer.raw(server())) {
            peer.block(true);
            peer.send(requests()
                    .call("Echo.Text", 1, "x")
                    .raw(Requests.bytes(0x80))
                    .take());
            pass(peer, 4, TimeUnit.SECONDS);
            peer.block(false);
            assertEquals(List.of("Echo.Text 1 ok re: x"), peer.answerTexts());
            assertFalse(peer.channel.isOpen());
            assertEquals(-1, peer.channel.runScheduledPendingTasks(), "a task is left");
        }
    }

    // ---- time ----

    private static final NetRpcLimits MINUTE =
            NetRpcLimits.DEFAULT.toBuilder().firstRequest(Duration.ofMinutes(1)).build();

    private static void pass(EmbeddedServer peer, long time, TimeUnit unit) {
        peer.channel.advanceTimeBy(time, unit);
        peer.channel.runScheduledPendingTasks();
        peer.channel.runPendingTasks();
    }

    @Test
    void aFirstRequestMustEnd() {
        byte[] stream = requests().call("Echo.Text", 1, "a").take();
        int afterDefinition = Requests.definition().length;
        for (int length = 1; length < stream.length; length++) {
            if (length == afterDefinition) {
                continue;
            }
            try (EmbeddedServer peer = EmbeddedServer.raw(server(MINUTE))) {
                peer.send(stream, 0, length);
                pass(peer, 59, TimeUnit.SECONDS);
                assertNull(peer.end(), "length " + length);
                pass(peer, 2, TimeUnit.SECONDS);
                assertEquals(End.TIMEOUT, peer.end(), "length " + length);
                assertEquals("the first request did not end within PT1M", peer.endReason());
                assertFalse(peer.channel.isOpen());
            }
        }
    }

    @Test
    void aTrickleDoesNotExtendTheTimeOfTheFirstRequest() {
        byte[] stream = requests().call("Echo.Text", 1, "a".repeat(100)).take();
        try (EmbeddedServer peer = EmbeddedServer.raw(server(MINUTE))) {
            int sent = 0;
            while (peer.end() == null) {
                peer.send(stream, sent++, 1);
                pass(peer, 1, TimeUnit.SECONDS);
                assertTrue(sent < 125, "sent " + sent);
            }
            assertEquals(End.TIMEOUT, peer.end());
        }
    }

    @Test
    void whoHasMadeACallMayBeSilentAnywhere() {
        byte[] first = requests().call("Echo.Text", 1, "a").take();
        byte[] second = new Requests().call("Echo.Text", 2, "b").take();
        for (int length = 0; length < second.length; length++) {
            try (EmbeddedServer peer = EmbeddedServer.raw(server(MINUTE))) {
                peer.send(first);
                peer.send(second, 0, length);
                pass(peer, 1000, TimeUnit.DAYS);
                assertNull(peer.end(), "length " + length);
                peer.send(second, length, second.length - length);
                assertEquals(List.of("Echo.Text 1 ok re: a", "Echo.Text 2 ok re: b"), peer.answerTexts());
            }
        }
    }

    @Test
    void aCallMayTakeForEver() throws InterruptedException {
        try (EmbeddedServer peer = EmbeddedServer.raw(server(MINUTE))) {
            peer.send(requests().call("Echo.Later", 1, "a").take());
            pass(peer, 1000, TimeUnit.DAYS);
            service.next().reply().complete("done");
            assertEquals(List.of("Echo.Later 1 ok done"), peer.answerTexts());
        }
    }

    @Test
    void aPeerWhoseCallsAllLackTheirBodiesIsInUse() {
        try (EmbeddedServer peer = EmbeddedServer.raw(server(MINUTE))) {
            // as a Go client's full buffer is sent: the last header is cut
            peer.send(requests()
                    .headerOnly("Echo.Text", 1)
                    .headerOnly("Echo.Text", 2)
                    .raw(Arrays.copyOf(Requests.header("Echo.Text", 3), 9))
                    .take());
            pass(peer, 1000, TimeUnit.DAYS);
            assertNull(peer.end());
            byte[] rest = Requests.header("Echo.Text", 3);
            peer.send(rest, 9, rest.length - 9);
            peer.send(Requests.text("x"));
            assertEquals(List.of("Echo.Text 3 ok re: x"), peer.answerTexts());
        }
    }

    @Test
    void whoIsSilentBetweenPreambleAndFirstRequestStays() {
        try (EmbeddedServer peer = EmbeddedServer.detecting(server(MINUTE))) {
            pass(peer, 1000, TimeUnit.DAYS);
            peer.send("CONNECT /_goRPC_ HTTP/1.0\n\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            assertEquals("HTTP/1.0 200 Connected to Go RPC\n\n", peer.outputText());
            pass(peer, 1000, TimeUnit.DAYS);
            peer.send(Requests.definition());
            pass(peer, 1000, TimeUnit.DAYS);
            peer.send(new Requests().call("Echo.Text", 1, "a").take());
            assertEquals(List.of("Echo.Text 1 ok re: a"), peer.answerTexts());
            assertNull(peer.end());
        }
    }

    @Test
    void aProtocolMustBeToldInTime() {
        for (String begun : List.of("C", "CONNECT", "P", "PRI * HTTP", "G", "\u0016", ".")) {
            try (EmbeddedServer peer = EmbeddedServer.detecting(server(MINUTE))) {
                peer.send(begun.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));
                pass(peer, 59, TimeUnit.SECONDS);
                assertNull(peer.end(), begun);
                pass(peer, 2, TimeUnit.SECONDS);
                assertEquals(End.TIMEOUT, peer.end(), begun);
                assertEquals("the first bytes, which tell the protocol, did not end within PT1M", peer.endReason());
            }
        }
    }

    @Test
    void aPreambleMustEndInTime() {
        String preamble = "CONNECT /_goRPC_ HTTP/1.0\nA: b\n";
        for (int length = 8; length <= preamble.length(); length++) {
            try (EmbeddedServer peer = EmbeddedServer.detecting(server(MINUTE))) {
                peer.send(preamble.substring(0, length).getBytes(java.nio.charset.StandardCharsets.US_ASCII));
                pass(peer, 59, TimeUnit.SECONDS);
                assertNull(peer.end());
                pass(peer, 2, TimeUnit.SECONDS);
                assertEquals(End.TIMEOUT, peer.end());
                assertEquals("the preamble did not end within PT1M", peer.endReason());
            }
        }
    }

    @Test
    void nothingIsScheduledForAConnectionInUse() {
        try (EmbeddedServer peer = EmbeddedServer.detecting(server(MINUTE))) {
            peer.send("CONNECT /_goRPC_ HTTP/1.0\n\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            byte[] stream = requests().call("Echo.Text", 1, "a").take();
            for (byte each : stream) {
                peer.send(new byte[] {each});
            }
            assertNotNull(peer.output());
            assertEquals(-1, peer.channel.runScheduledPendingTasks(), "a task is left");
        }
    }
}
