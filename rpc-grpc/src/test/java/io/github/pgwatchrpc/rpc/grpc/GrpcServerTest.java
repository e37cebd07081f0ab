package io.github.pgwatchrpc.rpc.grpc;

import static java.util.concurrent.CompletableFuture.completedFuture;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.rpc.MemoryBudget;
import io.github.pgwatchrpc.rpc.MemoryBudgets;
import io.github.pgwatchrpc.rpc.Permit;
import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcException.Kind;
import io.github.pgwatchrpc.rpc.RpcPeer;
import io.github.pgwatchrpc.rpc.detect.Protocol;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoException;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoReader;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoWriter;
import io.github.pgwatchrpc.rpc.listen.RpcListener;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Calls a server over a socket. Its service: text in, text out. */
final class GrpcServerTest {

    private static final String ECHO = "/Test/Echo";
    private static final String WAIT = "/Test/Wait";
    private static final String FAIL = "/Test/Fail";

    private final Observed observed = new Observed();
    private final BlockingQueue<CompletableFuture<String>> waiting = new LinkedBlockingQueue<>();
    private final List<AutoCloseable> open = new ArrayList<>();

    private final GrpcServer.Builder builder = GrpcServer.builder()
            .observer(observed)
            .method("Test", "Echo", GrpcServerTest::text, (text, peer) -> completedFuture(text), GrpcServerTest::bytes)
            .method("Test", "Wait", GrpcServerTest::text, this::await, GrpcServerTest::bytes)
            .method("Test", "Fail", GrpcServerTest::text, GrpcServerTest::fail, GrpcServerTest::bytes);

    private static String text(ProtoReader in) throws ProtoException, RpcException {
        String text = "";
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            text = in.readString();
        }
        if (text.equals("refuse")) {
            throw new RpcException(Kind.RESOURCE_EXHAUSTED, "refused: 1 % 2 — grün\n");
        }
        return text;
    }

    private static byte[] bytes(String text) {
        return text.isEmpty() ? new byte[0] : new ProtoWriter().text(1, text).toBytes();
    }

    private CompletionStage<String> await(String text, RpcPeer peer) {
        CompletableFuture<String> answer = new CompletableFuture<>();
        waiting.add(answer);
        return answer;
    }

    private static CompletionStage<String> fail(String how, RpcPeer peer) throws RpcException {
        switch (how) {
            case "at once":
                throw new RpcException(Kind.UNAVAILABLE, "not now");
            case "later":
                return CompletableFuture.failedFuture(new RpcException(Kind.UNAUTHENTICATED, "who?"));
            case "wrapped":
                return CompletableFuture.failedFuture(new CompletionException(new RpcException("plain")));
            case "error":
                throw new NoClassDefFoundError("a fault, told to nobody outside");
            case "null":
                return completedFuture(null);
            default:
                throw new IllegalStateException("a fault, told to nobody outside");
        }
    }

    private RpcListener listener() throws IOException {
        RpcListener listener = builder.build().listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        open.add(0, () -> listener.stop(Duration.ofSeconds(1)));
        return listener;
    }

    private TestClient client() throws IOException {
        return client(listener());
    }

    private TestClient client(RpcListener listener) {
        TestClient client = new TestClient(listener.address());
        open.add(0, client);
        return client;
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : open) {
            each.close();
        }
    }

    private static void assertEnded(int status, String message, TestClient.Answer answer) {
        assertEquals("200", answer.http(), answer::toString);
        assertEquals(status, answer.status(), answer::toString);
        assertEquals(message, answer.message());
    }

    // ---- calls ----

    @Test
    void answersCallsOneAfterTheOther() throws Exception {
        TestClient client = client();
        for (String text : new String[] {"", "a", "x".repeat(100), "y".repeat(300_000)}) {
            TestClient.Answer answer = client.call(ECHO, bytes(text));
            assertEnded(0, "", answer);
            assertEquals(1, answer.messages().size());
            assertEquals(text, text(new ProtoReader(answer.messages().get(0))));
            assertEquals("called Test.Echo " + bytes(text).length, observed.next());
            assertEquals("answered Test.Echo ok", observed.next());
        }
    }

    @Test
    void answersComeInTheOrderInWhichTheyAreReady() throws Exception {
        TestClient client = client();
        List<TestClient.Stream> streams = new ArrayList<>();
        List<CompletableFuture<String>> answers = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            TestClient.Stream stream = client.open(TestClient.headers(WAIT), false);
            stream.send(TestClient.framed(bytes("" + i)), true);
            streams.add(stream);
            answers.add(waiting.take());
        }
        for (int i : new int[] {2, 0, 1}) {
            assertFalse(streams.get(i).isAnswered());
            answers.get(i).complete("answer " + i);
            assertEquals("answer " + i, streams.get(i).answer().logmsg());
        }
    }

    @Test
    void aMessageMayComeInAnyPieces() throws Exception {
        TestClient client = client();
        byte[] body = TestClient.framed(bytes("pieces"));
        for (int split = 0; split <= body.length; split++) {
            TestClient.Stream stream = client.open(TestClient.headers(ECHO), false);
            stream.send(Arrays.copyOf(body, split), false);
            stream.send(Arrays.copyOfRange(body, split, body.length), false);
            stream.send(new byte[0], true);
            TestClient.Answer answer = stream.answer();
            assertEnded(0, "", answer);
            assertEquals("pieces", answer.logmsg());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "at once,14,not now",
        "later,16,who?",
        "wrapped,2,plain",
        "other,13,internal error",
        "error,13,internal error",
        "null,13,internal error"
    })
    void failuresBecomeStatuses(String how, int status, String message) throws Exception {
        TestClient client = client();
        TestClient.Answer answer = client.call(FAIL, bytes(how));
        assertEnded(status, message, answer);
        assertEquals(0, answer.messages().size());
        assertEquals("called Test.Fail " + bytes(how).length, observed.next());
        assertEquals("answered Test.Fail failed", observed.next());
        assertEnded(0, "", client.call(ECHO, bytes("lives on")));
    }

    @Test
    void aReplyThatCannotBeWrittenIsAnsweredToo() throws Exception {
        builder.method("Test", "Unwritten", in -> "", (text, peer) -> completedFuture(text), reply -> {
            throw new IllegalStateException("a fault, told to nobody outside");
        });
        TestClient client = client();
        assertEnded(13, "internal error", client.call("/Test/Unwritten", bytes("x")));
        assertEnded(0, "", client.call(ECHO, bytes("lives on")));
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void everyKindHasAStatus(Kind kind) {
        assertEquals(kind.name(), StatusCode.of(kind).name());
    }

    @Test
    void textsOfAnyKindArriveWhole() throws Exception {
        assertEnded(8, "refused: 1 % 2 — grün\n", client().call(ECHO, bytes("refuse")));
        assertEquals("called: %25 %E2%80%94 %0A", StatusCode.percentEncode("called: % — \n"));
    }

    // ---- calls that are wrong ----

    @Test
    void aMessageThatIsNoneIsAnInvalidArgument() throws Exception {
        TestClient client = client();
        assertEnded(
                3,
                "protobuf: bytes of a field: 5 (expected: <= 0, as many as are left)",
                client.call(ECHO, new byte[] {10, 5}));
        assertEquals(
                "refused Test.Echo BAD_ARGUMENT protobuf: bytes of a field: 5 (expected: <= 0, as many as are left)",
                observed.next());
        assertEnded(0, "", client.call(ECHO, bytes("lives on")));
    }

    @Test
    void aUnaryCallHasOneMessage() throws Exception {
        TestClient client = client();
        assertEnded(
                13, "messages of a unary call: 0 (expected: 1)", client.call(TestClient.headers(ECHO), new byte[0]));
        assertEnded(
                13,
                "messages of a unary call: 0 (expected: 1)",
                client.open(TestClient.headers(ECHO), true).answer());
        byte[] two = new byte[10];
        assertEnded(13, "messages of a unary call: more than 1", client.call(TestClient.headers(ECHO), two));
        assertEnded(13, "the call ended in the middle of a message", client.call(TestClient.headers(ECHO), new byte[] {
            0, 0, 0, 0, 9, 1
        }));
        assertEnded(0, "", client.call(ECHO, bytes("lives on")));
    }

    @Test
    void unknownMethodsAreNamed() throws Exception {
        TestClient client = client();
        assertEnded(12, "unknown method Nothing for service Test", client.call("/Test/Nothing", bytes("x")));
        assertEquals("refused /Test/Nothing NO_METHOD unknown method Nothing for service Test", observed.next());
        assertEnded(12, "unknown service a.B", client.call("/a.B/C", bytes("x")));
        assertEnded(12, "malformed method name: \"/\"", client.call("/", bytes("x")));
        assertEnded(0, "", client.call(ECHO, bytes("lives on")));
    }

    @Test
    void whatIsNotGrpcIsToldSoInHttp() throws Exception {
        TestClient client = client();
        Http2Headers json = TestClient.headers(ECHO).set("content-type", "application/json");
        TestClient.Answer answer = client.call(json, new byte[0]);
        assertEquals("415", answer.http());
        assertEquals("content-type: application/json (expected: application/grpc)", answer.message());
        TestClient.Answer get =
                client.open(TestClient.headers(ECHO).method("GET"), true).answer();
        assertEquals("405", get.http());
        assertEquals("method: GET (expected: POST)", get.message());
        Http2Headers none = TestClient.headers(ECHO);
        none.remove("content-type");
        assertEquals("415", client.call(none, new byte[0]).http());
        assertEquals(
                "415",
                client.call(TestClient.headers(ECHO).set("content-type", "application/grpc-web"), new byte[0])
                        .http());
    }

    @ParameterizedTest
    @ValueSource(strings = {"application/grpc", "application/grpc+proto", "application/grpc;v=1", "Application/gRPC"})
    void contentTypesOfGrpcAreTaken(String type) throws Exception {
        assertEnded(
                0,
                "",
                client().call(TestClient.headers(ECHO).set("content-type", type), TestClient.framed(bytes("x"))));
    }

    // ---- packing ----

    private static byte[] gzip(byte[] message) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
            out.write(message);
        }
        return ByteBuffer.allocate(5 + packed.size())
                .put((byte) 1)
                .putInt(packed.size())
                .put(packed.toByteArray())
                .array();
    }

    @Test
    void packedMessagesAreTaken() throws Exception {
        TestClient client = client();
        Http2Headers gzip = TestClient.headers(ECHO).add("grpc-encoding", "gzip");
        assertEquals("packed", client.call(gzip, gzip(bytes("packed"))).logmsg());
        assertEquals(
                "plain", client.call(gzip, TestClient.framed(bytes("plain"))).logmsg(), "gzip allows both");
        Http2Headers identity = TestClient.headers(ECHO).add("grpc-encoding", "identity");
        assertEquals(
                "plain",
                client.call(identity, TestClient.framed(bytes("plain"))).logmsg());
        assertEnded(
                13,
                "a message is packed, but the call names no encoding",
                client.call(identity, gzip(bytes("packed"))));
        TestClient.Answer other =
                client.call(TestClient.headers(ECHO).add("grpc-encoding", "snappy"), gzip(bytes("packed")));
        assertEnded(12, "grpc-encoding: snappy (expected: identity or gzip)", other);
        assertEquals("identity,gzip", other.headers().get("grpc-accept-encoding"));
    }

    @Test
    void aPackedMessageIsBoundedUnpacked() throws Exception {
        builder.limits(GrpcLimits.DEFAULT.toBuilder().messageBytes(10_000).build());
        TestClient client = client();
        Http2Headers gzip = TestClient.headers(ECHO).add("grpc-encoding", "gzip");
        assertEnded(0, "", client.call(gzip, gzip(bytes("x".repeat(9_000)))));
        assertEnded(
                8,
                "bytes of a message, unpacked: more than 10000",
                client.call(gzip, gzip(bytes("x".repeat(1_000_000)))));
        byte[] broken = gzip(bytes("x".repeat(5_000)));
        broken[20] ^= 1;
        assertEquals(3, client.call(gzip, broken).status());
        byte[] none = TestClient.framed(bytes("not gzip at all"));
        none[0] = 1;
        assertEnded(3, "gzip: Not in GZIP format", client.call(gzip, none));
    }

    // ---- limits ----

    @Test
    void aMessageThatIsTooLongIsRefusedAndTheConnectionLivesOn() throws Exception {
        builder.limits(GrpcLimits.DEFAULT.toBuilder().messageBytes(10_000).build());
        TestClient client = client();
        for (int i = 0; i < 3; i++) {
            TestClient.Answer answer = client.call(ECHO, bytes("x".repeat(2_000_000)));
            assertEnded(8, "bytes of a message: 2000004 (expected: <= 10000)", answer);
            assertEquals(
                    "refused Test.Echo TOO_LARGE bytes of a message: 2000004 (expected: <= 10000)", observed.next());
        }
        assertEnded(0, "", client.call(ECHO, bytes("lives on")));
        assertTrue(client.isOpen());
    }

    @Test
    void allUnfinishedMessagesTogetherAreBounded() throws Exception {
        MemoryBudget callers = new MemoryBudget(100_000);
        RpcListener listener = RpcListener.builder()
                .protocol(Protocol.HTTP2, builder.build().protocol())
                .memory(new MemoryBudgets(new MemoryBudget(100_000), callers, 100_000))
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        open.add(() -> listener.stop(Duration.ofSeconds(1)));
        TestClient client = client(listener);
        byte[] body = TestClient.framed(bytes("x".repeat(60_000)));
        TestClient.Stream first = client.open(TestClient.headers(ECHO), false);
        first.send(Arrays.copyOf(body, 40_000), false);
        TestClient.Stream second = client.open(TestClient.headers(ECHO), false);
        second.send(Arrays.copyOf(body, 50_000), false);
        TestClient.Answer refused = second.answer();
        assertEquals(8, refused.status());
        assertTrue(refused.message().contains("(expected: <= 100000 of all connections together)"), refused.message());
        first.send(Arrays.copyOfRange(body, 40_000, body.length), true);
        assertEnded(0, "", first.answer());
        client.close();
        Awaited.until(() -> callers.used() == 0);
    }

    @Test
    void theCallsInFlightAreBounded() throws Exception {
        builder.limits(GrpcLimits.DEFAULT.toBuilder().callsInFlight(2).build());
        TestClient client = client();
        assertEnded(0, "", client.call(ECHO, bytes("now the settings are known")));
        for (int i = 0; i < 2; i++) {
            client.open(TestClient.headers(WAIT), false).send(TestClient.framed(bytes("x")), true);
            waiting.take().isDone();
        }
        TestClient.Answer third = client.open(TestClient.headers(ECHO), false).answer();
        assertEquals(-2, third.reset(), "not sent: this client keeps to the bound");
    }

    @Test
    void aCallWithoutItsMessageEndsInTime() throws Exception {
        builder.limits(GrpcLimits.DEFAULT.toBuilder()
                .messageTime(Duration.ofMillis(100))
                .build());
        TestClient client = client();
        TestClient.Stream nothing = client.open(TestClient.headers(ECHO), false);
        TestClient.Stream half = client.open(TestClient.headers(ECHO), false);
        half.send(new byte[] {0, 0, 0}, false);
        TestClient.Stream slowAnswer = client.open(TestClient.headers(WAIT), false);
        slowAnswer.send(TestClient.framed(bytes("x")), true);
        String reason = "the message of the call did not come within PT0.1S";
        assertEnded(4, reason, nothing.answer());
        assertEnded(4, reason, half.answer());
        assertFalse(slowAnswer.isAnswered(), "the answer may take as long as it likes");
        waiting.take().complete("at last");
        assertEquals("at last", slowAnswer.answer().logmsg());
    }

    @Test
    void aDeadlineEndsACall() throws Exception {
        TestClient client = client();
        TestClient.Answer answer =
                client.call(TestClient.headers(WAIT).add("grpc-timeout", "20m"), TestClient.framed(bytes("x")));
        assertEnded(4, "deadline exceeded", answer);
        waiting.take().complete("too late, which must do no harm");
        assertEnded(0, "", client.call(ECHO, bytes("lives on")));
        TestClient.Stream inTime = client.open(TestClient.headers(WAIT).add("grpc-timeout", "1H"), false);
        inTime.send(TestClient.framed(bytes("x")), true);
        waiting.take().complete("in time");
        assertEquals("in time", inTime.answer().logmsg());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "5", "S", "123456789S", "5x", "-5S", "5 S", "٥S"})
    void aDeadlineThatIsNoneIsNamed(String timeout) {
        assertEquals(
                "grpc-timeout: " + timeout + " (expected: 1 to 8 digits and one of H, M, S, m, u, n)",
                assertThrows(RpcException.class, () -> Call.nanos(timeout)).getMessage());
    }

    @ParameterizedTest
    @CsvSource({
        "1H,3600000000000",
        "2M,120000000000",
        "3S,3000000000",
        "4m,4000000",
        "5u,5000",
        "6n,6",
        "99999999n,99999999"
    })
    void deadlinesHaveUnits(String timeout, long nanos) throws Exception {
        assertEquals(nanos, Call.nanos(timeout));
    }

    @Test
    void aBadDeadlineCostsOneCall() throws Exception {
        TestClient client = client();
        TestClient.Answer answer =
                client.call(TestClient.headers(ECHO).add("grpc-timeout", "soon"), TestClient.framed(bytes("x")));
        assertEquals(13, answer.status());
        assertEnded(0, "", client.call(ECHO, bytes("lives on")));
    }

    @Test
    void headersAreBounded() throws Exception {
        TestClient client = client();
        Http2Headers large = TestClient.headers(ECHO).add("x", "y".repeat(9_000));
        assertEquals("431", client.call(large, TestClient.framed(bytes("x"))).http());
        assertEnded(0, "", client.call(ECHO, bytes("lives on")));
    }

    @Test
    void aCallThatIsCancelledIsForgotten() throws Exception {
        TestClient client = client();
        TestClient.Stream stream = client.open(TestClient.headers(WAIT), false);
        stream.send(TestClient.framed(bytes("x")), true);
        CompletableFuture<String> answer = waiting.take();
        stream.reset();
        assertEnded(0, "", client.call(ECHO, bytes("the reset has been read")));
        answer.complete("to nobody");
        assertEnded(0, "", client.call(ECHO, bytes("lives on")));
    }

    // ---- the gate ----

    @Test
    void theGateSeesMetadataBeforeTheMessage() throws Exception {
        builder.gate((call, peer, before) -> {
            if (!"secret".equals(call.get("password"))) {
                throw new RpcException(Kind.UNAUTHENTICATED, "no: " + call.method() + " " + call.get("nothing"));
            }
            return Permit.EVERYTHING;
        });
        TestClient client = client();
        TestClient.Stream stream = client.open(TestClient.headers(ECHO), false);
        assertEnded(16, "no: Test.Echo null", stream.answer());
        assertEquals("refused Test.Echo DENIED no: Test.Echo null", observed.next());
        assertEnded(16, "no: /Test/Nothing null", client.call("/Test/Nothing", bytes("x")));
        assertEnded(16, "no: Test.Echo null", client.call(ECHO, bytes("x".repeat(2_000_000))));
        Http2Headers known = TestClient.headers(ECHO).set("password", "secret");
        assertEnded(0, "", client.call(known, TestClient.framed(bytes("x"))));
    }

    @Test
    void aGateThatFailsLetsNobodyIn() throws Exception {
        builder.gate((call, peer, before) -> {
            throw new IllegalStateException("a fault, told to nobody outside");
        });
        assertEnded(13, "internal error", client().call(ECHO, bytes("x")));
    }

    // ---- building ----

    @Test
    void namesAreTakenOnce() {
        assertEquals(
                "name of a method: Test.Echo is taken",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> builder.method(
                                        "Test",
                                        "Echo",
                                        GrpcServerTest::text,
                                        GrpcServerTest::fail,
                                        text -> text.getBytes(StandardCharsets.UTF_8)))
                        .getMessage());
        assertThrows(IllegalArgumentException.class, () -> builder.describe(new byte[] {1}));
    }

    @Test
    void limitsAreChecked() {
        GrpcLimits.Builder limits = GrpcLimits.DEFAULT.toBuilder();
        assertEquals(
                "messageBytes: 0 (expected: >= 1)",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> limits.messageBytes(0).build())
                        .getMessage());
        assertEquals(
                "pingInterval: PT0S (expected: > 0)",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> limits.messageBytes(1)
                                        .pingInterval(Duration.ZERO)
                                        .build())
                        .getMessage());
    }
}
