package io.github.pgwatchrpc.rpc.grpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.rpc.Authenticator;
import io.github.pgwatchrpc.rpc.Credentials;
import io.github.pgwatchrpc.rpc.Credentials.Source;
import io.github.pgwatchrpc.rpc.DeniedException;
import io.github.pgwatchrpc.rpc.Permit;
import io.github.pgwatchrpc.rpc.Permit.Scope;
import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcException.Kind;
import io.github.pgwatchrpc.rpc.RpcPeer;
import io.github.pgwatchrpc.rpc.grpc.pgwatch.MetadataGate;
import io.github.pgwatchrpc.rpc.grpc.pgwatch.ReceiverService;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoWriter;
import io.github.pgwatchrpc.rpc.listen.RpcListener;
import io.github.pgwatchrpc.rpc.pgwatch.ModelLimits;
import io.github.pgwatchrpc.rpc.pgwatch.Receiver;
import io.github.pgwatchrpc.rpc.pgwatch.SyncMetric;
import io.netty.handler.codec.http2.Http2Headers;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Keys in the metadata of calls, over a socket. */
class MetadataGateTest {

    private static final String UPDATE = "/Receiver/UpdateMeasurements";
    private static final String SYNC = "/Receiver/SyncMetric";
    private static final int UNAUTHENTICATED = 16;
    private static final int PERMISSION_DENIED = 7;

    private final List<Object> received = Collections.synchronizedList(new ArrayList<>());
    private final List<Credentials> shown = Collections.synchronizedList(new ArrayList<>());
    private final List<Boolean> proved = Collections.synchronizedList(new ArrayList<>());
    private volatile long delay;
    private volatile @Nullable Scope lacking;
    private volatile boolean tooMuch;
    private RpcListener listener;
    private TestClient client;

    private final class OneKey implements Authenticator, Permit {
        @Override
        public Permit admit(Credentials credentials, RpcPeer peer, @Nullable Permit before) throws DeniedException {
            shown.add(credentials);
            proved.add(before != null);
            if (!credentials.keys().equals(List.of("good"))) {
                throw new DeniedException(Kind.UNAUTHENTICATED, "denied", delay);
            }
            return this;
        }

        @Override
        public void requireDatabase(String database) throws DeniedException {
            if (database.equals("forbidden")) {
                throw new DeniedException(Kind.PERMISSION_DENIED, "not that database", 0);
            }
        }

        @Override
        public void requireScope(Scope scope) throws DeniedException {
            if (scope == lacking) {
                throw new DeniedException(Kind.PERMISSION_DENIED, "not that", 0);
            }
        }

        @Override
        public void countCall(long bytes) throws RpcException {
            if (tooMuch) {
                throw new RpcException(Kind.RESOURCE_EXHAUSTED, "bytes: " + bytes);
            }
        }
    }

    private final class Recording implements Receiver {
        @Override
        public CompletionStage<String> updateMeasurements(MeasurementEnvelope envelope, RpcPeer peer) {
            received.add(envelope);
            return CompletableFuture.completedFuture("");
        }

        @Override
        public CompletionStage<String> syncMetric(SyncMetric sync, RpcPeer peer) {
            received.add(sync);
            return CompletableFuture.completedFuture("");
        }
    }

    @BeforeEach
    void open() throws Exception {
        listener = ReceiverService.add(GrpcServer.builder(), new Recording(), () -> 1, ModelLimits.DEFAULT)
                .gate(new MetadataGate(new OneKey()))
                .build()
                .listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        client = new TestClient(listener.address());
    }

    @AfterEach
    void close() {
        client.close();
        listener.stop(Duration.ofSeconds(1));
    }

    private static byte[] envelope(String database, String tag) {
        ProtoWriter row =
                new ProtoWriter().message(1, new ProtoWriter().text(1, "c").message(2, new ProtoWriter().text(3, "x")));
        return new ProtoWriter()
                .text(1, database)
                .text(2, "m")
                .message(3, new ProtoWriter().text(1, tag).text(2, "good"))
                .message(4, row)
                .toBytes();
    }

    private TestClient.Answer call(String path, byte[] message, String... metadata) {
        Http2Headers headers = TestClient.headers(path);
        headers.remove("username");
        headers.remove("password");
        for (int i = 0; i < metadata.length; i += 2) {
            headers.add(metadata[i], metadata[i + 1]);
        }
        return client.call(headers, TestClient.framed(message));
    }

    private void denied(String path, String... metadata) {
        TestClient.Answer answer = call(path, envelope("d", "t"), metadata);
        assertEquals(UNAUTHENTICATED, answer.status(), answer::toString);
        assertEquals("denied", answer.message());
        assertEquals(List.of(), received);
    }

    @Test
    void aKeyLetsInByEachWay() {
        assertEquals(0, call(UPDATE, envelope("d", "t"), "password", "good").status());
        assertEquals(
                0,
                call(UPDATE, envelope("d", "t"), "username", "", "password", "good")
                        .status());
        assertEquals(
                0,
                call(UPDATE, envelope("d", "t"), "username", "joe", "password", "good")
                        .status());
        assertEquals(
                0,
                call(UPDATE, envelope("d", "t"), "authorization", "Bearer good").status());
        assertEquals(
                0,
                call(UPDATE, envelope("d", "t"), "authorization", "bearer  good")
                        .status());
        assertEquals(0, call(SYNC, new byte[0], "password", "good").status());
        assertEquals(5, received.size());
        assertEquals("joe", shown.get(2).user());
        assertEquals(
                List.of(Source.PASSWORD, Source.BEARER),
                List.of(shown.get(0).source(), shown.get(3).source()));
        assertEquals(List.of(false, true, true, true, true, true), proved);
    }

    @Test
    void everythingElseIsRefused() {
        denied(UPDATE);
        denied(SYNC);
        denied("/Receiver/DefineMetrics");
        denied("/No/Such");
        denied("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo");
        denied(UPDATE, "password", "");
        denied(UPDATE, "password", "wrong");
        denied(UPDATE, "authorization", "Basic good");
        denied(UPDATE, "authorization", "Bearer");
        denied(UPDATE, "password", "good", "password", "good");
        denied(UPDATE, "password", "good", "authorization", "Bearer good");
        denied(UPDATE, "password", "good", "username", "a", "username", "b");
        denied(UPDATE, "password", "x".repeat(7 << 10));
    }

    /** The one control character that a header may hold; others are refused by HTTP/2, by the client already. */
    @Test
    void whatNoKeyHoldsHasNoEffect() {
        denied(UPDATE, "password", "good\tgood");
        denied(UPDATE, "authorization", "Bearer good\tgood");
        assertEquals(0, call(UPDATE, envelope("d", "t"), "password", "good").status());
    }

    /** The server says at the start how long headers may be. Who sends far more all the same loses its connection only. */
    @Test
    void hugeKeysEndInHttp2() throws Exception {
        assertEquals(
                "431",
                call(UPDATE, envelope("d", "t"), "password", "x".repeat(9 << 10))
                        .http());
        assertEquals(0, call(UPDATE, envelope("d", "t"), "password", "good").status());
        assertEquals(
                -1,
                call(UPDATE, envelope("d", "t"), "password", "x".repeat(20 << 10))
                        .status());
        assertEquals(1, received.size());
        assertEquals(1, shown.size(), "nobody has looked at them");
        try (TestClient other = new TestClient(listener.address())) {
            TestClient.Stream call = other.open(TestClient.headers(UPDATE).set("password", "good"), false);
            call.send(TestClient.framed(envelope("d", "t")), true);
            assertEquals(0, call.answer().status());
        }
    }

    /** pgwatch pings with an empty message before anything else, and is told at once that its key is wrong. */
    @Test
    void thePingIsRefusedToo() {
        TestClient.Answer answer = call(SYNC, new byte[0], "username", "", "password", "wrong");
        assertEquals(UNAUTHENTICATED, answer.status());
    }

    @Test
    void healthNeedsNoKey() {
        assertEquals(0, call("/grpc.health.v1.Health/Check", new byte[0]).status());
        assertEquals(List.of(), shown);
        denied("/grpc.health.v1.Health/Check", "password", "wrong");
    }

    @Test
    void aCallWithoutAKeyIsRefusedOnAProvedConnectionToo() {
        assertEquals(0, call(SYNC, new byte[0], "password", "good").status());
        denied(UPDATE);
        assertEquals(List.of(false, false), proved);
    }

    @Test
    void theDatabaseIsAskedForBeforeTheReceiver() {
        TestClient.Answer answer = call(UPDATE, envelope("forbidden", "t"), "password", "good");
        assertEquals(PERMISSION_DENIED, answer.status());
        assertEquals("not that database", answer.message());
        byte[] sync =
                new ProtoWriter().text(1, "forbidden").text(2, "m").varint(3, 1).toBytes();
        assertEquals(PERMISSION_DENIED, call(SYNC, sync, "password", "good").status());
        assertEquals(List.of(), received);
    }

    @Test
    void theTagOfOtherProtocolsIsTakenOut() {
        call(UPDATE, envelope("d", "pgwatch_rpc_key"), "password", "good");
        call(UPDATE, envelope("d", "env"), "password", "good");
        assertFalse(((MeasurementEnvelope) received.get(0)).customTags().containsKey("pgwatch_rpc_key"));
        assertEquals(Map.of("env", "good"), ((MeasurementEnvelope) received.get(1)).customTags());
    }

    /** While the one waits, the other is answered. */
    @Test
    void aSlowedAnswerHoldsNoOtherBack() {
        delay = Duration.ofMillis(300).toNanos();
        Http2Headers wrong = TestClient.headers(UPDATE).set("password", "wrong");
        TestClient.Stream slow = client.open(wrong, false);
        slow.send(TestClient.framed(envelope("d", "t")), true);
        TestClient.Stream cancelled = client.open(wrong, false);
        assertEquals(0, call(UPDATE, envelope("d", "t"), "password", "good").status());
        cancelled.reset();
        assertEquals(UNAUTHENTICATED, slow.answer().status());
        assertTrue(client.isOpen());
        assertNull(listener.connections() == 1 ? null : listener.connections());
    }

    /** Behind a proxy, callers share a connection: those whose refusals wait must leave some of its streams to the others. */
    @Test
    void refusalsThatWaitLeaveStreamsForOthers() throws Exception {
        delay = Duration.ofHours(1).toNanos();
        try (RpcListener narrow = ReceiverService.add(
                                GrpcServer.builder(), new Recording(), () -> 1, ModelLimits.DEFAULT)
                        .limits(GrpcLimits.DEFAULT.toBuilder().callsInFlight(4).build())
                        .gate(new MetadataGate(new OneKey()))
                        .build()
                        .listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
                TestClient proxy = new TestClient(narrow.address())) {
            Http2Headers wrong = TestClient.headers(UPDATE).set("password", "wrong");
            for (int i = 0; i < 2; i++) {
                proxy.open(wrong, false).send(TestClient.framed(envelope("d", "t")), true);
            }
            for (int i = 0; i < 20; i++) {
                TestClient.Answer refused = proxy.call(wrong, TestClient.framed(envelope("d", "t")));
                assertEquals(UNAUTHENTICATED, refused.status(), refused::toString);
                TestClient.Answer answer = proxy.call(
                        TestClient.headers(UPDATE).set("password", "good"), TestClient.framed(envelope("d", "t")));
                assertEquals(0, answer.status(), answer::toString);
            }
        }
    }

    @Test
    void theScopeIsAskedForBeforeTheReceiver() {
        String[] paths = {UPDATE, SYNC, "/Receiver/DefineMetrics"};
        byte[] sync = new ProtoWriter().text(1, "d").text(2, "m").varint(3, 1).toBytes();
        byte[][] messages = {envelope("d", "t"), sync, new byte[0]};
        for (int i = 0; i < paths.length; i++) {
            for (Scope each : Scope.values()) {
                lacking = each;
                received.clear();
                int status = call(paths[i], messages[i], "password", "good").status();
                assertEquals(each.ordinal() == i ? PERMISSION_DENIED : 0, status, paths[i] + " without " + each);
                assertTrue(status == 0 || received.isEmpty(), paths[i]);
            }
            // the ping asks for nothing
            assertEquals(0, call(SYNC, new byte[0], "password", "good").status());
        }
    }

    @Test
    void whatACallerHasTooMuchOfIsToldToIt() {
        tooMuch = true;
        TestClient.Answer answer = call(UPDATE, envelope("d", "t"), "password", "good");
        assertEquals(8, answer.status());
        assertEquals("bytes: " + envelope("d", "t").length, answer.message());
        assertEquals(List.of(), received);
    }
}
