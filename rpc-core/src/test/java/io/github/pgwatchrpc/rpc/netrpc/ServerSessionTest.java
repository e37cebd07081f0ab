package io.github.pgwatchrpc.rpc.netrpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.rpc.MemoryBudget;
import io.github.pgwatchrpc.rpc.MemoryBudgets;
import io.github.pgwatchrpc.rpc.gob.GobLimits;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What follows a header: every golden vector as the arguments of calls, taken, refused, or cut off by the next header.
 */
class ServerSessionTest {

    private final TestService service = new TestService();
    private final Events events = new Events();
    private final NetRpcServer server =
            service.addTo(NetRpcServer.builder()).observer(events).build();

    private static void send(EmbeddedServer peer, List<byte[]> messages) {
        for (byte[] message : messages) {
            peer.send(Requests.message(message));
        }
    }

    private static void answered(EmbeddedServer peer, String expected, String what) {
        List<String> answers = peer.answerTexts();
        assertEquals(1, answers.size(), () -> what + ": " + answers);
        assertTrue(answers.get(0).startsWith(expected), () -> what + ": " + answers);
    }

    /** However many messages it has, an argument is gone past, and the types that it defines are known afterwards. */
    @ParameterizedTest
    @MethodSource("io.github.pgwatchrpc.rpc.netrpc.Vectors#names")
    void argumentsThatAreRefusedAreConsumed(String vector) {
        List<List<byte[]>> arguments = Vectors.arguments(vector);
        for (String method : List.of("Nope.Nope", "Echo.Refuse", "Echo.CrashingDecoder")) {
            try (EmbeddedServer peer = EmbeddedServer.raw(server)) {
                peer.send(Requests.definition());
                boolean refused = false;
                for (List<byte[]> argument : arguments) {
                    // every other one is wanted, and needs what those before it have defined
                    refused = !refused;
                    String called = refused ? method : "Echo.Any";
                    peer.send(Requests.header(called, 1));
                    send(peer, argument);
                    answered(peer, called + " 1 " + (refused ? "error " : "ok "), vector);
                    peer.send(new Requests().call("Echo.Text", 2, "x").take());
                    answered(peer, "Echo.Text 2 ok re: x", vector);
                }
                assertNull(peer.end(), vector);
            }
        }
        assertTrue(events.take().stream().noneMatch(each -> each.startsWith("orphan")));
    }

    /** A client that fails to encode an argument may have sent any part of it, whole messages only. */
    @ParameterizedTest
    @MethodSource("io.github.pgwatchrpc.rpc.netrpc.Vectors#names")
    void aHeaderMayComeAtAnyPlaceOfAnArgument(String vector) {
        List<List<byte[]>> arguments = Vectors.arguments(vector);
        List<byte[]> first = arguments.get(0);
        for (int sent = 0; sent < first.size(); sent++) {
            for (String method : List.of("Echo.Any", "Nope.Nope", "Echo.Refuse")) {
                String what = vector + " " + method + ", messages sent: " + sent;
                try (EmbeddedServer peer = EmbeddedServer.raw(server)) {
                    peer.send(Requests.definition());
                    peer.send(Requests.header(method, 1));
                    send(peer, first.subList(0, sent));
                    peer.send(Requests.header("Nope.Nope", 2));
                    peer.send(Requests.header("Echo.Text", 3));
                    peer.send(Requests.text("x"));
                    answered(peer, "Echo.Text 3 ok re: x", what);
                    // the types that came are not sent again
                    peer.send(Requests.header("Echo.Any", 4));
                    send(
                            peer,
                            first.subList(sent, first.size()).stream()
                                    .filter(each -> Streams.integer(each) < 0)
                                    .toList());
                    peer.send(Requests.header("Echo.Text", 5));
                    peer.send(Requests.text("y"));
                    answered(peer, "Echo.Text 5 ok re: y", what);
                    assertNull(peer.end(), what);
                }
                assertEquals(
                        List.of("orphan " + method, "orphan Nope.Nope", "orphan Echo.Any"),
                        events.take().stream()
                                .filter(each -> each.startsWith("orphan"))
                                .toList(),
                        what);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("io.github.pgwatchrpc.rpc.netrpc.Vectors#names")
    void oneByteAtATime(String vector) {
        List<List<byte[]>> arguments = Vectors.arguments(vector);
        if (Streams.golden(vector).length > 20_000) {
            return; // the pieces of large ones are another test's
        }
        try (EmbeddedServer peer = EmbeddedServer.raw(server)) {
            Requests requests = new Requests().define();
            for (List<byte[]> argument : arguments) {
                requests.headerOnly("Echo.Any", 1).raw(Streams.stream(argument));
            }
            for (byte each : requests.take()) {
                peer.send(new byte[] {each});
            }
            List<Answers.Answer> answers = peer.answers();
            assertEquals(arguments.size(), answers.size());
            for (Answers.Answer answer : answers) {
                assertEquals("", answer.error());
            }
        }
    }

    /** What has been read of a refused argument whose end is lost, and what is still to come, up to the next header. */
    @Test
    void theRestOfAnArgumentWhoseEndIsLostIsDropped() {
        List<byte[]> argument = Vectors.arguments("interface-struct").get(0);
        assertTrue(argument.size() > 2, "it goes on in several messages");
        byte[] broken = argument.get(argument.size() - 2).clone();
        broken[broken.length - 3] = (byte) 0x90;
        try (EmbeddedServer peer = EmbeddedServer.raw(server)) {
            peer.send(Requests.definition());
            peer.send(Requests.header("Echo.Any", 1));
            send(peer, argument.subList(0, argument.size() - 2));
            peer.send(Requests.message(broken));
            answered(peer, "Echo.Any 1 error gob: ", "broken");
            peer.send(Requests.message(argument.get(argument.size() - 1)));
            peer.send(Requests.message(new byte[] {(byte) 0x80}));
            assertEquals(List.of(), peer.answerTexts());
            peer.send(new Requests().call("Echo.Text", 2, "x").take());
            answered(peer, "Echo.Text 2 ok re: x", "afterwards");
            assertNull(peer.end());
        }
    }

    private static NetRpcLimits small(int messageBytes) {
        return NetRpcLimits.DEFAULT.toBuilder()
                .gob(GobLimits.DEFAULT.toBuilder().messageBytes(messageBytes).build())
                .build();
    }

    private NetRpcServer server(NetRpcLimits limits) {
        return service.addTo(NetRpcServer.builder())
                .limits(limits)
                .observer(events)
                .build();
    }

    /** interface-late-types: each element defines its type, so that the value has many messages. */
    @Test
    void theBoundOfAMessageHoldsForAValueInSeveralMessagesToo() {
        List<byte[]> argument = Vectors.arguments("interface-late-types").get(0);
        int whole = argument.stream().mapToInt(each -> each.length).sum();
        for (int limit = 150; limit < whole + 10; limit++) {
            try (EmbeddedServer peer = EmbeddedServer.raw(server(small(limit)))) {
                peer.send(Requests.definition());
                peer.send(Requests.header("Echo.Any", 1));
                send(peer, argument);
                List<Answers.Answer> answers = peer.answers();
                assertEquals(1, answers.size(), "limit " + limit);
                String error = answers.get(0).error();
                assertTrue(
                        error.isEmpty()
                                || (error.endsWith(" (expected: <= " + limit + ")")
                                        && error.startsWith("gob: bytes of a value in several messages: ")),
                        error);
                peer.send(new Requests().call("Echo.Text", 2, "x").take());
                answered(peer, "Echo.Text 2 ok re: x", "limit " + limit);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"Echo.Any", "Nope.Nope", "Echo.Refuse"})
    void anOversizeMessageInTheMiddleOfAValueCostsTheCall(String method) {
        List<byte[]> argument = Vectors.arguments("interface-late-types").get(0);
        byte[] oversize = new byte[10_000];
        for (int first : new int[] {0, 1, 0x7f}) {
            oversize[0] = (byte) first;
            for (int sent = 1; sent < argument.size(); sent++) {
                if (Streams.integer(argument.get(sent - 1)) < 0 && sent == 1) {
                    continue; // the value has not begun
                }
                try (EmbeddedServer peer = EmbeddedServer.raw(server(small(5_000)))) {
                    peer.send(Requests.definition());
                    peer.send(Requests.header(method, 1));
                    send(peer, argument.subList(0, sent));
                    peer.send(Requests.message(oversize));
                    send(peer, argument.subList(sent, argument.size()));
                    peer.send(new Requests().call("Echo.Text", 2, "x").take());
                    List<String> answers = peer.answerTexts();
                    assertEquals(2, answers.size(), () -> answers + " " + events.take());
                    assertTrue(answers.get(0).startsWith(method + " 1 error "), answers::toString);
                    assertEquals("Echo.Text 2 ok re: x", answers.get(1));
                }
            }
        }
    }

    @Test
    void whatFindsNoRoomInTheMiddleOfAValueCostsTheCall() {
        List<byte[]> argument = Vectors.arguments("interface-late-types").get(0);
        MemoryBudget little = new MemoryBudget(2_000);
        try (EmbeddedServer peer = EmbeddedServer.raw(server, new MemoryBudgets(little, little, 2_000))) {
            peer.send(Requests.definition());
            peer.send(Requests.header("Echo.Any", 1));
            send(peer, argument);
            List<String> answers = peer.answerTexts();
            assertEquals(1, answers.size(), answers::toString);
            assertTrue(answers.get(0).startsWith("Echo.Any 1 error gob: "), answers::toString);
            assertTrue(answers.get(0).contains("bytes held for "), answers::toString);
            peer.send(new Requests().call("Echo.Text", 2, "x").take());
            answered(peer, "Echo.Text 2 ok re: x", "afterwards");
        }
    }

    /** The headers' type may have other fields, in another order. */
    @Test
    void headersAreReadByTheNamesOfTheirFields() {
        byte[] definition = Requests.message(Streams.join(
                Requests.integer(-77),
                Requests.bytes(3, 1, 1),
                Requests.string("Header"),
                Requests.bytes(1),
                Requests.integer(77),
                Requests.bytes(0, 1, 5, 1),
                Requests.string("Extra"),
                Requests.bytes(1, 8 << 1, 0, 1),
                Requests.string("Seq"),
                Requests.bytes(1, 3 << 1, 0, 1),
                Requests.string("Servicemethod"),
                Requests.bytes(1, 5 << 1, 0, 1),
                Requests.string("ServiceMethod"),
                Requests.bytes(1, 6 << 1, 0, 1),
                Requests.string("Last"),
                Requests.bytes(1, 4 << 1, 0, 0, 0)));
        byte[] header = Requests.message(Streams.join(
                Requests.integer(77),
                Requests.bytes(1),
                Requests.string("int"),
                Requests.bytes(2 << 1, 2, 0, 14, 1, 5, 1),
                Requests.string("not this one"),
                Requests.bytes(1),
                Requests.string("Echo.Text"),
                Requests.bytes(1, 1, 0)));
        try (EmbeddedServer peer = EmbeddedServer.raw(server)) {
            for (int round = 0; round < 2; round++) {
                peer.send(round == 0 ? definition : new byte[] {0});
                peer.send(header);
                peer.send(Requests.text("x"));
                answered(peer, "Echo.Text 5 ok re: x", "round " + round);
            }
        }
    }

    @Test
    void aRequestWithoutItsFieldsBreaksTheStream() {
        byte[] definition = Requests.message(Streams.join(
                Requests.integer(-77),
                Requests.bytes(3, 1, 1),
                Requests.string("Point"),
                Requests.bytes(1),
                Requests.integer(77),
                Requests.bytes(0, 1, 1, 1),
                Requests.string("X"),
                Requests.bytes(1, 2 << 1, 0, 0, 0)));
        try (EmbeddedServer peer = EmbeddedServer.raw(server)) {
            peer.send(definition);
            peer.send(Requests.message(Streams.join(Requests.integer(77), Requests.bytes(1, 2, 0))));
            assertEquals(
                    "rpc: server cannot decode request: type mismatch: no fields of Point are those of a request",
                    peer.endReason());
        }
    }

    /** As Go's client leaves them in its buffer (see {@link ServerSession}), by the golden streams. */
    @ParameterizedTest
    @ValueSource(strings = {"pgwatch-v3.7-orphan-first", "pgwatch-v3.7-orphan-middle"})
    void goldenOrphansAreDroppedWithoutAnAnswer(String name) {
        NetRpcServer any = NetRpcServer.builder()
                .method("Receiver.UpdateMeasurements", () -> TestService::any, (text, peer) -> TestService.reply(""))
                .method("Receiver.SyncMetric", () -> TestService::any, (text, peer) -> TestService.reply(""))
                .observer(events)
                .build();
        byte[] stream = Streams.golden(name);
        for (int split = 0; split < stream.length; split++) {
            try (EmbeddedServer peer = EmbeddedServer.raw(any)) {
                peer.send(stream, 0, split);
                peer.send(stream, split, stream.length - split);
                List<String> told = events.take();
                long headers = told.stream()
                        .filter(each -> each.startsWith("orphan") || each.startsWith("called"))
                        .count();
                assertEquals(headers, peer.connection.calls());
                assertTrue(told.stream().anyMatch(each -> each.startsWith("orphan")), told::toString);
                List<Answers.Answer> answers = peer.answers();
                assertTrue(answers.stream().allMatch(each -> each.error().isEmpty()), answers::toString);
                assertEquals(
                        told.stream().filter(each -> each.startsWith("called")).count(), answers.size());
                assertNull(peer.end());
            }
        }
    }
}
