package io.github.pgwatchrpc.rpc.grpc;

import static java.util.concurrent.CompletableFuture.completedFuture;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoException;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoReader;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoWriter;
import io.github.pgwatchrpc.rpc.listen.RpcListener;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Health and reflection. */
final class SmallServicesTest {

    private static final byte[] SERVING = {8, 1};
    private static final byte[] NOT_SERVING = {8, 2};
    private static final byte[] SERVICE_UNKNOWN = {8, 3};
    private static final String HEALTH = "/grpc.health.v1.Health/";
    private static final String REFLECTION = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";

    private final GrpcServer server = GrpcServer.builder()
            .method("Test", "Echo", ProtoReader::array, (bytes, peer) -> completedFuture(bytes), bytes -> bytes)
            .build();
    private final RpcListener listener;
    private final TestClient client;

    SmallServicesTest() throws IOException {
        listener = server.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        client = new TestClient(listener.address());
    }

    @BeforeEach
    void connected() {
        assertTrue(client.isOpen());
    }

    @AfterEach
    void close() {
        client.close();
        listener.stop(Duration.ofSeconds(1));
    }

    private static byte[] question(String service) {
        return service.isEmpty()
                ? new byte[0]
                : new ProtoWriter().text(1, service).toBytes();
    }

    private byte[] check(String service) {
        TestClient.Answer answer = client.call(HEALTH + "Check", question(service));
        assertEquals(0, answer.status(), answer::toString);
        return answer.messages().get(0);
    }

    @Test
    void healthIsTold() {
        assertArrayEquals(SERVING, check(""));
        assertArrayEquals(SERVING, check("Test"));
        server.health().serving(false);
        assertArrayEquals(NOT_SERVING, check(""));
        assertArrayEquals(NOT_SERVING, check("Test"));
        TestClient.Answer unknown = client.call(HEALTH + "Check", question("Other"));
        assertEquals(5, unknown.status());
        assertEquals("unknown service", unknown.message());
        assertEquals(
                13,
                client.call(TestClient.headers(HEALTH + "Check"), new byte[0]).status());
        assertEquals(3, client.call(HEALTH + "Check", new byte[] {10}).status());
    }

    @Test
    void healthIsListed() {
        TestClient.Answer answer = client.call(HEALTH + "List", new byte[0]);
        assertEquals(0, answer.status());
        byte[] all = answer.messages().get(0);
        byte[] whole = {10, 4, 18, 2, 8, 1};
        assertArrayEquals(whole, java.util.Arrays.copyOf(all, 6));
        assertTrue(new String(all, java.nio.charset.StandardCharsets.UTF_8).contains("Test"));
    }

    @Test
    void healthIsWatched() throws InterruptedException {
        TestClient.Stream watch = client.open(TestClient.headers(HEALTH + "Watch"), false);
        watch.send(TestClient.framed(question("Test")), true);
        assertArrayEquals(SERVING, watch.messages(1).get(0));
        server.health().serving(true);
        server.health().serving(false);
        assertArrayEquals(NOT_SERVING, watch.messages(2).get(1), "told once, and only what changes");
        server.health().serving(true);
        assertArrayEquals(SERVING, watch.messages(3).get(2));
        watch.reset();
        assertArrayEquals(SERVING, check(""));
        TestClient.Stream unknown = client.open(TestClient.headers(HEALTH + "Watch"), false);
        unknown.send(TestClient.framed(question("Other")), true);
        assertArrayEquals(SERVICE_UNKNOWN, unknown.messages(1).get(0));
    }

    @Test
    void whoWatchesDoesNotHoldUpTheStop() throws Exception {
        TestClient.Stream watch = client.open(TestClient.headers(HEALTH + "Watch"), false);
        watch.send(TestClient.framed(question("")), true);
        watch.messages(1);
        CompletableFuture<Void> stopped = CompletableFuture.runAsync(() -> listener.stop(Duration.ofMinutes(1)));
        TestClient.Answer answer = watch.answer();
        assertEquals(14, answer.status());
        assertEquals("the server is stopping", answer.message());
        TestClient.get(stopped);
    }

    // ---- reflection ----

    /** Fields of an answer by number; those of interest are bytes. */
    private static List<byte[]> fields(byte[] message, int number) throws ProtoException {
        List<byte[]> found = new ArrayList<>();
        ProtoReader in = new ProtoReader(message);
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            if (tag == (number << 3 | 2)) {
                int begin = in.readBytes();
                found.add(java.util.Arrays.copyOfRange(message, begin, begin + in.length()));
            } else {
                in.skip(tag);
            }
        }
        return found;
    }

    private static String text(byte[] bytes) {
        return new String(bytes, java.nio.charset.StandardCharsets.UTF_8);
    }

    private byte[] ask(String path, int field, String name) throws ProtoException {
        byte[] question = new ProtoWriter().text(1, "host").text(field, name).toBytes();
        TestClient.Answer answer = client.call(path, question);
        assertEquals(0, answer.status(), answer::toString);
        byte[] message = answer.messages().get(0);
        assertEquals("host", text(fields(message, 1).get(0)));
        assertArrayEquals(question, fields(message, 2).get(0), "the question comes back");
        return message;
    }

    private List<String> files(int field, String name) throws ProtoException {
        List<String> names = new ArrayList<>();
        byte[] found = fields(ask(REFLECTION, field, name), 4).get(0);
        for (byte[] file : fields(found, 1)) {
            names.add(text(fields(file, 1).get(0)));
        }
        return names;
    }

    @Test
    void servicesAreListed() throws ProtoException {
        for (String path : List.of(REFLECTION, REFLECTION.replace("v1", "v1alpha"))) {
            List<String> names = new ArrayList<>();
            for (byte[] each : fields(fields(ask(path, 7, ""), 6).get(0), 1)) {
                names.add(text(fields(each, 1).get(0)));
            }
            assertEquals(
                    List.of(
                            "Test",
                            "grpc.health.v1.Health",
                            "grpc.reflection.v1.ServerReflection",
                            "grpc.reflection.v1alpha.ServerReflection"),
                    names);
        }
    }

    @Test
    void filesAreFoundByNameAndSymbol() throws ProtoException {
        List<String> health = List.of("grpc/health/v1/health.proto");
        assertEquals(health, files(3, "grpc/health/v1/health.proto"));
        for (String symbol : List.of(
                "grpc.health.v1.Health",
                "grpc.health.v1.Health.Check",
                "grpc.health.v1.HealthCheckRequest",
                "grpc.health.v1.HealthCheckRequest.service",
                "grpc.health.v1.HealthCheckResponse.ServingStatus")) {
            assertEquals(health, files(4, symbol), symbol);
        }
    }

    @Test
    void whatIsNotKnownIsAnAnswerToo() throws ProtoException {
        byte[] error = fields(ask(REFLECTION, 4, "no.Such"), 7).get(0);
        assertEquals("not found: no.Such", text(fields(error, 2).get(0)));
        byte[] other = fields(ask(REFLECTION, 6, "some.Type"), 7).get(0);
        assertEquals("question of field 6", text(fields(other, 2).get(0)));
    }

    @Test
    void severalQuestionsMayBeAskedInOneCall() throws Exception {
        TestClient.Stream stream = client.open(TestClient.headers(REFLECTION), false);
        for (int i = 1; i <= 3; i++) {
            stream.send(TestClient.framed(new ProtoWriter().text(7, "").toBytes()), false);
            assertEquals(i, stream.messages(i).size());
        }
        stream.send(new byte[0], true);
        assertEquals(0, stream.answer().status());
    }
}
