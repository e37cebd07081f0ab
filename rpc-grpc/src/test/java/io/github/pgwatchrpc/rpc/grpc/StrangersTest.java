package io.github.pgwatchrpc.rpc.grpc;

import static java.util.concurrent.CompletableFuture.completedFuture;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.rpc.MemoryBudget;
import io.github.pgwatchrpc.rpc.MemoryBudgets;
import io.github.pgwatchrpc.rpc.Permit;
import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcException.Kind;
import io.github.pgwatchrpc.rpc.detect.Protocol;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoReader;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoWriter;
import io.github.pgwatchrpc.rpc.listen.RpcListener;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What peers can make a server hold over HTTP/2, with a key and without: frames that no client of gRPC sends. */
final class StrangersTest {

    private static final String ECHO = "/Test/Echo";
    private static final String WAIT = "/Test/Wait";
    private static final String CHECK = "/grpc.health.v1.Health/Check";
    private static final String WATCH = "/grpc.health.v1.Health/Watch";
    private static final String REFLECTION = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    private static final byte[] NOTHING = {};
    private static final int ENHANCE_YOUR_CALM = 11;
    private static final int REFUSED_STREAM = 7;

    private final Observed observed = new Observed();
    private final List<AutoCloseable> open = new ArrayList<>();
    private final AtomicInteger decoded = new AtomicInteger();

    private MemoryBudget strangers = new MemoryBudget(1 << 20);
    private MemoryBudget callers = new MemoryBudget(4 << 20);
    private Duration firstCall = Duration.ofSeconds(30);
    private GrpcLimits limits = GrpcLimits.DEFAULT;
    private InetSocketAddress address = new InetSocketAddress(0);

    private final GrpcServer.Builder builder = GrpcServer.builder()
            .observer(observed)
            .gate((call, peer, before) -> {
                if (!"good".equals(call.get("password")) && !call.method().startsWith("grpc.health")) {
                    throw new RpcException(Kind.UNAUTHENTICATED, "no");
                }
                return Permit.EVERYTHING;
            })
            .method(
                    "Test",
                    "Echo",
                    in -> {
                        decoded.incrementAndGet();
                        return Arrays.copyOfRange(in.array(), in.position(), in.limit());
                    },
                    (bytes, peer) -> completedFuture(NOTHING),
                    bytes -> bytes)
            .method(
                    "Test",
                    "Wait",
                    ProtoReader::array,
                    (bytes, peer) -> new CompletableFuture<byte[]>(),
                    bytes -> bytes);

    private void listen() throws IOException {
        RpcListener listener = RpcListener.builder()
                .protocol(Protocol.HTTP2, builder.limits(limits).build().protocol())
                .observer(observed)
                .memory(new MemoryBudgets(strangers, callers, 64 << 10))
                .firstRequest(firstCall)
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        address = listener.address();
        open.add(() -> listener.stop(Duration.ofSeconds(1)));
    }

    private <T extends AutoCloseable> T keep(T client) {
        open.add(0, client);
        return client;
    }

    private RawClient begun(int... settings) throws IOException {
        return keep(RawClient.begun(address, settings));
    }

    /** A connection of which a call has been let in; the next free stream is 3. */
    private RawClient letIn(int... settings) throws IOException {
        RawClient client = begun(settings);
        client.call(1, client.headers(ECHO, "good"), false);
        client.frame(RawClient.DATA, RawClient.END_STREAM, 1, TestClient.framed(NOTHING));
        if (settings.length == 0) {
            assertEquals("0", client.end(1));
        }
        return client;
    }

    private void assertCallersAreServed() throws IOException {
        RawClient client = letIn();
        client.close();
    }

    private String closed() throws InterruptedException {
        String event = observed.next();
        while (!event.startsWith("closed") && !event.equals("null")) {
            event = observed.next();
        }
        return event;
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : open) {
            each.close();
        }
        // after the listener's end nothing is held any more
        assertEquals(0, strangers.used(), "strangers");
        assertEquals(0, callers.used(), "callers");
    }

    // ---- headers and frames that do not end ----

    @Test
    void headersThatDoNotEndAreChargedAndBounded() throws Exception {
        listen();
        RawClient client = begun();
        byte[] block = RawClient.longBlock(12_000);
        client.frame(RawClient.HEADERS, 0, 1, Arrays.copyOf(block, 4_000));
        Awaited.until(() -> strangers.used() >= 4_000);
        client.frame(RawClient.CONTINUATION, 0, 1, Arrays.copyOfRange(block, 4_000, 8_000));
        Awaited.until(() -> strangers.used() >= 8_000);
        assertTrue(strangers.used() < 20_000, "no more than it costs: " + strangers.used());
        client.frame(RawClient.CONTINUATION, 0, 1, Arrays.copyOfRange(block, 8_000, 12_000));
        String end = client.closed();
        assertTrue(end.startsWith("1 Header size exceeded"), end);
        Awaited.until(() -> strangers.used() == 0);
    }

    @Test
    void whoHasNoKeyUsesUpNobodyElsesRoom() throws Exception {
        strangers = new MemoryBudget(40_000);
        listen();
        byte[] block = RawClient.longBlock(3_000);
        for (int i = 0; i < 12; i++) {
            begun().frame(RawClient.HEADERS, 0, 1, block);
        }
        Awaited.until(() -> strangers.used() >= 36_000);
        // all that strangers may hold is held; who shows a key with its first call takes nothing of it
        assertCallersAreServed();
        begun().frame(RawClient.HEADERS, 0, 1, block);
        Awaited.until(() -> strangers.used() <= 40_000);
        assertCallersAreServed();
    }

    @Test
    void halfAFrameIsChargedWhatHasComeAndNotWhatItClaims() throws Exception {
        listen();
        RawClient client = begun();
        client.raw(RawClient.frameOf(16_000, RawClient.HEADERS, 4, 1, NOTHING));
        client.raw(new byte[1_000]);
        Awaited.until(() -> strangers.used() >= 1_000);
        assertTrue(strangers.used() < 9_000, "used: " + strangers.used());
        client.raw(new byte[10_000]);
        Awaited.until(() -> strangers.used() >= 11_000);
    }

    enum Loitering {
        PREFACE,
        HALF_A_FRAMES_HEADER,
        HALF_OF_HEADERS,
        HEADERS_WITHOUT_END,
        SETTINGS_AND_SILENCE,
        REFUSED_CALL,
        HEALTH,
        HEALTH_WITHOUT_MESSAGE,
        WATCH
    }

    @ParameterizedTest
    @EnumSource
    void whateverAPeerBeginsItsFirstCallMustCome(Loitering state) throws Exception {
        firstCall = Duration.ofMillis(300);
        listen();
        RawClient client = keep(new RawClient(address));
        client.preface();
        if (state != Loitering.PREFACE) {
            client.frame(RawClient.SETTINGS, 0, 0, NOTHING);
        }
        switch (state) {
            case HALF_A_FRAMES_HEADER -> client.raw(new byte[] {0, 0, 9, 1});
            case HALF_OF_HEADERS -> client.raw(RawClient.frameOf(100, RawClient.HEADERS, 4, 1, new byte[50]));
            case HEADERS_WITHOUT_END -> client.frame(RawClient.HEADERS, 0, 1, RawClient.longBlock(100));
            case REFUSED_CALL -> client.call(1, client.headers(ECHO, "bad"), true);
            case HEALTH_WITHOUT_MESSAGE -> client.call(1, client.headers(CHECK, ""), false);
            case HEALTH, WATCH -> {
                client.call(1, client.headers(state == Loitering.HEALTH ? CHECK : WATCH, ""), false);
                client.frame(RawClient.DATA, RawClient.END_STREAM, 1, TestClient.framed(NOTHING));
            }
            default -> {}
        }
        client.closed();
        assertTrue(closed().startsWith("closed TIMEOUT 0 the first call that is let in did not end within"));
    }

    @Test
    void whoHasBeenLetInMayBeSilentButNotInTheMiddle() throws Exception {
        firstCall = Duration.ofMillis(300);
        limits = GrpcLimits.DEFAULT.toBuilder()
                .messageTime(Duration.ofMillis(300))
                .build();
        listen();
        RawClient silent = letIn();
        RawClient half = letIn();
        half.raw(RawClient.frameOf(100, RawClient.HEADERS, 4, 3, new byte[50]));
        half.closed();
        assertTrue(closed().startsWith("closed TIMEOUT 1 a frame or its headers did not end within"));
        RawClient block = letIn();
        block.frame(RawClient.HEADERS, 0, 3, RawClient.longBlock(100));
        block.closed();
        assertTrue(closed().startsWith("closed TIMEOUT 1 a frame or its headers did not end within"));
        silent.call(3, silent.headers(ECHO, "good"), false);
        silent.frame(RawClient.DATA, RawClient.END_STREAM, 3, TestClient.framed(NOTHING));
        assertEquals("0", silent.end(3));
    }

    // ---- streams ----

    @Test
    void theBoundsAreNarrowUntilACallIsLetIn() throws Exception {
        listen();
        RawClient client = begun();
        RawClient.Frame before = client.next(RawClient.SETTINGS);
        assertEquals(8, before.setting(3), "streams");
        assertEquals(-1, before.setting(4), "the window is as HTTP/2 has it");
        client.call(1, client.headers(WATCH, ""), false);
        client.call(3, client.headers(ECHO, "good"), false);
        client.frame(RawClient.DATA, RawClient.END_STREAM, 3, TestClient.framed(NOTHING));
        RawClient.Frame after = client.next(RawClient.SETTINGS);
        while ((after.flags() & RawClient.ACK) != 0) {
            after = client.next(RawClient.SETTINGS);
        }
        assertEquals(256, after.setting(3), "streams");
        assertEquals(512 << 10, after.setting(4), "window");
        assertEquals((1 << 20) - 65_535, client.next(RawClient.WINDOW_UPDATE).code(), "window of the connection");
        assertEquals("0", client.end(3));
    }

    @Test
    void watchersAreFewAndCharged() throws Exception {
        listen();
        RawClient client = begun();
        for (int i = 0; i < 8; i++) {
            client.call(1 + 2 * i, client.headers(WATCH, ""), false);
            client.frame(RawClient.DATA, RawClient.END_STREAM, 1 + 2 * i, TestClient.framed(NOTHING));
        }
        // without its message, which Netty takes for one of a stream that never was, and ends the connection
        client.call(17, client.headers(WATCH, ""), false);
        assertEquals("reset " + REFUSED_STREAM, client.end(17));
        Awaited.until(() -> strangers.used() >= 8 * 1_500);
    }

    @Test
    void watchersTakeNoMoreThanStrangersMay() throws Exception {
        strangers = new MemoryBudget(10_000);
        listen();
        RawClient client = begun();
        for (int stream = 1; stream < 9; stream += 2) {
            client.call(stream, client.headers(WATCH, ""), false);
            client.frame(RawClient.DATA, RawClient.END_STREAM, stream, TestClient.framed(NOTHING));
            assertEquals(stream, client.next(RawClient.DATA).stream());
        }
        client.call(9, client.headers(WATCH, ""), true);
        String end = client.end(9);
        assertTrue(end.startsWith("8 bytes held for connections: "), end);
        assertCallersAreServed();
    }

    @Test
    void watchersThatAreStrangersAreCounted() {
        GrpcHealth health = GrpcServer.builder().build().health();
        List<Runnable> watchers = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            int number = i;
            Runnable each = () -> watchers.add(() -> decoded.addAndGet(number));
            watchers.add(each);
            assertTrue(health.watch(each, true));
        }
        Runnable another = decoded::incrementAndGet;
        assertFalse(health.watch(another, true));
        assertTrue(health.watch(another, false), "not who has a key");
        health.forget(watchers.get(0), true);
        assertTrue(health.watch(() -> {}, true));
    }

    // ---- messages ----

    @Test
    void aQuestionAboutHealthIsShortWhateverItClaims() throws Exception {
        listen();
        RawClient client = begun();
        for (int i = 0; i < 16; i++) {
            int stream = 1 + 2 * i;
            client.call(stream, client.headers(CHECK, ""), false);
            byte[] prefix =
                    ByteBuffer.allocate(6).put((byte) 0).putInt(16 << 20).array();
            client.frame(RawClient.DATA, 0, stream, prefix);
            assertEquals("8 bytes of a message: 16777216 (expected: <= 4096)", client.end(stream));
        }
        assertTrue(strangers.used() < 20_000, "used: " + strangers.used());
        assertEquals(0, callers.used());
    }

    @Test
    void aMessageThatHasNotEndedTakesFromItsConnection() throws Exception {
        callers = new MemoryBudget(300_000);
        listen();
        RawClient client = letIn();
        client.call(3, client.headers(ECHO, "good"), false);
        byte[] message = TestClient.framed(new byte[100_000]);
        for (int at = 0; at < 60_000; at += 10_000) {
            client.frame(RawClient.DATA, 0, 3, Arrays.copyOfRange(message, at, at + 10_000));
        }
        Awaited.until(() -> callers.used() >= 60_000);
        assertEquals(0, strangers.used());
        client.frame(RawClient.RESET, 0, 3, new byte[4]);
        Awaited.until(() -> callers.used() < 30_000);
    }

    /** What is made of a message is larger than the message; a peer that does not end its call must not make us keep it. */
    @Test
    void aMessageIsDecodedWhenItsCallCanBeMade() throws Exception {
        listen();
        RawClient client = letIn();
        assertEquals(1, decoded.get());
        client.call(3, client.headers(ECHO, "good"), false);
        client.frame(RawClient.DATA, 0, 3, TestClient.framed(new byte[10_000]));
        Awaited.until(() -> callers.used() >= 10_000);
        client.call(5, client.headers(ECHO, "good"), false);
        client.frame(RawClient.DATA, RawClient.END_STREAM, 5, TestClient.framed(NOTHING));
        assertEquals("0", client.end(5));
        assertEquals(2, decoded.get());
        client.frame(RawClient.DATA, RawClient.END_STREAM, 3, NOTHING);
        assertEquals("0", client.end(3));
        assertEquals(3, decoded.get());
    }

    private static byte[] packed(byte[] message) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(message);
        }
        byte[] framed = TestClient.framed(out.toByteArray());
        framed[0] = 1;
        return framed;
    }

    /** As alike as rows of measurements are. */
    private static byte[] rows(int count) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < count; i++) {
            text.append("numbackends=")
                    .append(i % 17)
                    .append(" xact_commit=")
                    .append(i * 7_919L)
                    .append(" blks_read=")
                    .append(i * i);
        }
        return text.toString().getBytes(java.nio.charset.StandardCharsets.UTF_8);
    }

    @Test
    void nothingIsUnpackedForStrangers() throws Exception {
        listen();
        RawClient client = begun();
        client.call(1, client.headers(CHECK, "").add("grpc-encoding", "gzip"), false);
        client.frame(RawClient.DATA, RawClient.END_STREAM, 1, packed(new byte[100]));
        assertEquals("16 a packed message is only unpacked for who has been let in", client.end(1));
    }

    @Test
    void whatUnpacksToFarMoreThanMeasurementsDoIsRefused() throws Exception {
        listen();
        RawClient client = letIn();
        byte[] bomb = packed(new byte[8 << 20]);
        assertTrue(bomb.length < 12_000, "bytes: " + bomb.length);
        client.call(3, client.headers(ECHO, "good").add("grpc-encoding", "gzip"), false);
        client.frame(RawClient.DATA, RawClient.END_STREAM, 3, bomb);
        String end = client.end(3);
        assertTrue(end.startsWith("8 bytes of a message, unpacked: more than "), end);
        client.call(5, client.headers(ECHO, "good").add("grpc-encoding", "gzip"), false);
        client.data(5, packed(rows(2_000)));
        assertEquals("0", client.end(5));
    }

    @Test
    void whatIsUnpackedIsChargedWhileItIs() throws Exception {
        callers = new MemoryBudget(150_000);
        listen();
        RawClient client = letIn();
        long before = callers.used();
        client.call(3, client.headers(ECHO, "good").add("grpc-encoding", "gzip"), false);
        client.data(3, packed(rows(5_000)));
        String end = client.end(3);
        assertTrue(end.contains("(expected: <= 150000 of all connections together)"), end);
        Awaited.until(() -> callers.used() < before + 20_000);
    }

    // ---- answers that are not read ----

    @Test
    void whoAsksWithoutReadingIsNotAnswered() throws Exception {
        listen();
        RawClient client = letIn(4, 0); // a window of nothing for each stream
        byte[] question = TestClient.framed(new ProtoWriter().text(7, "").toBytes());
        client.call(3, client.headers(REFLECTION, "good"), false);
        client.frame(RawClient.DATA, 0, 3, question);
        client.frame(RawClient.DATA, 0, 3, question);
        assertEquals("reset " + ENHANCE_YOUR_CALM, client.end(3));
        // one that waits for its answers may have it all the time
        client.call(5, client.headers(REFLECTION, "good"), false);
        client.frame(
                RawClient.WINDOW_UPDATE,
                0,
                5,
                ByteBuffer.allocate(4).putInt(60_000).array());
        for (int i = 0; i < 50; i++) {
            client.frame(RawClient.DATA, 0, 5, question);
        }
        for (int i = 0; i < 50; i++) {
            client.next(RawClient.DATA);
        }
        client.frame(RawClient.DATA, RawClient.END_STREAM, 5, NOTHING);
        assertEquals("0", client.end(5));
    }

    @Test
    void anAnswerIsChargedUntilThereIsRoomForIt() throws Exception {
        listen();
        RawClient client = letIn(4, 0);
        byte[] file = TestClient.framed(
                new ProtoWriter().text(3, "grpc/health/v1/health.proto").toBytes());
        for (int stream = 3; stream < 21; stream += 2) {
            client.call(stream, client.headers(REFLECTION, "good"), false);
            client.frame(RawClient.DATA, 0, stream, file);
        }
        Awaited.until(() -> callers.used() >= 9 * 3_500);
        client.frame(
                RawClient.WINDOW_UPDATE,
                0,
                0,
                ByteBuffer.allocate(4).putInt(60_000).array());
        for (int stream = 3; stream < 21; stream += 2) {
            client.frame(
                    RawClient.WINDOW_UPDATE,
                    0,
                    stream,
                    ByteBuffer.allocate(4).putInt(60_000).array());
            client.frame(RawClient.DATA, RawClient.END_STREAM, stream, NOTHING);
        }
        assertEquals("0", client.end(19));
        Awaited.until(() -> callers.used() < 24_000);
    }

    // ---- peers that all are refused ----

    @Test
    void whoIsRefusedWhateverItCallsIsAStrangerAndIsClosed() throws Exception {
        builder.refuseAll("wants TLS");
        listen();
        RawClient client = begun();
        client.call(1, client.headers(ECHO, "good"), false);
        client.frame(RawClient.DATA, RawClient.END_STREAM, 1, TestClient.framed(NOTHING));
        assertEquals("14 wants TLS", client.end(1));
        RawClient.Frame goAway = client.next(RawClient.GO_AWAY);
        assertEquals("0 wants TLS", goAway.code() + " " + goAway.text());
        client.frame(
                RawClient.PING, RawClient.ACK, 0, client.next(RawClient.PING).payload());
        client.closed();
        assertEquals("closed UNKNOWN_PROTOCOL 0 wants TLS", closed());
        assertEquals(0, callers.used());
    }

    // ---- floods ----

    @Test
    void settingsWithoutCallsAreFew() throws Exception {
        listen();
        RawClient client = begun();
        client.flood(1_000, RawClient.SETTINGS, 0, 0, new byte[] {0, 1, 0, 0, 0, 0});
        String end = client.closed();
        assertTrue(end.isEmpty() || end.equals(ENHANCE_YOUR_CALM + " too_many_settings"), end);
        assertEquals("closed BROKEN_STREAM 0 too_many_settings", closed());
    }

    /** Frames that do no harm by themselves, and that nobody needs. */
    @ParameterizedTest
    @ValueSource(ints = {RawClient.PRIORITY, RawClient.WINDOW_UPDATE, 0x77, RawClient.PING})
    void strangersDoNotKeepUsBusyForLong(int type) throws Exception {
        listen();
        RawClient client = begun();
        byte[] payload = switch (type) {
            case RawClient.PRIORITY -> new byte[] {0, 0, 0, 9, 1};
            case RawClient.WINDOW_UPDATE -> new byte[] {0, 0, 0, 1};
            case RawClient.PING -> new byte[8];
            default -> NOTHING;
        };
        client.flood(1_000_000, type, 0, type == RawClient.PRIORITY ? 1 : 0, payload);
        client.closed();
        assertTrue(closed().startsWith("closed BROKEN_STREAM 0 "));
        assertCallersAreServed();
    }

    @Test
    void emptyContinuationsEndTheConnection() throws Exception {
        listen();
        RawClient client = letIn();
        client.frame(RawClient.HEADERS, 0, 3, NOTHING);
        client.flood(10_000, RawClient.CONTINUATION, 0, 3, NOTHING);
        client.closed();
        assertTrue(closed().startsWith("closed BROKEN_STREAM 1 "));
    }

    @Test
    void emptyDataEndsTheConnection() throws Exception {
        listen();
        RawClient client = letIn();
        client.call(3, client.headers(ECHO, "good"), false);
        client.flood(10_000, RawClient.DATA, 0, 3, NOTHING);
        client.closed();
        assertTrue(closed().startsWith("closed BROKEN_STREAM 2 "));
    }

    @Test
    void rapidResetsEndTheConnection() throws Exception {
        listen();
        RawClient client = letIn();
        byte[] block = client.block(client.headers(WAIT, "good"));
        try {
            for (int stream = 3; stream < 2_000; stream += 2) {
                client.frame(RawClient.HEADERS, RawClient.END_HEADERS, stream, block);
                client.frame(RawClient.RESET, 0, stream, new byte[4]);
                block = client.block(client.headers(WAIT, "good"));
            }
        } catch (IOException e) {
            // had enough
        }
        client.closed();
        assertTrue(closed().startsWith("closed BROKEN_STREAM "));
    }

    /** A header of 3.9 kB in the table, and a block that names it again and again. */
    @Test
    void headersFromTheTableAreBounded() throws Exception {
        listen();
        RawClient client = begun();
        byte[] first = client.block(client.headers(ECHO, "bad").add("x", "y".repeat(3_000)));
        client.frame(RawClient.HEADERS, RawClient.END_HEADERS | RawClient.END_STREAM, 1, first);
        assertEquals("16 no", client.end(1));
        byte[] many = new byte[9_000];
        Arrays.fill(many, (byte) (0x80 | 62));
        client.frame(RawClient.HEADERS, RawClient.END_HEADERS | RawClient.END_STREAM, 3, many);
        assertEquals("8 bytes of the headers of a call: more than 8192", client.end(3));
        client.frame(RawClient.HEADERS, RawClient.END_HEADERS | RawClient.END_STREAM, 5, new byte[11_000]);
        String end = client.closed();
        assertTrue(end.startsWith("1 Header size exceeded"), end);
    }
}
