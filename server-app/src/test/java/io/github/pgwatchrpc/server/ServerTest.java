package io.github.pgwatchrpc.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.pgwatchrpc.delivery.worker.SinkTarget;
import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.netrpc.NetRpcClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

class ServerTest {

    private static final Pattern SAMPLE =
            Pattern.compile("[a-zA-Z_:][a-zA-Z0-9_:]*(\\{([a-z_A-Z]+=\"[^\"]*\",?)+})? (NaN|[+-]?Inf|[-+0-9.eE]+)");

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private static final String PROXY_2 = "\r\n\r\n\0\r\nQUIT\n!\u0011\0\f";

    private final HttpClient http = HttpClient.newHttpClient();

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path directory;

    private ServeOptions options() {
        ServeOptions options = new ServeOptions();
        options.listen = "127.0.0.1:0";
        options.webAddress = "127.0.0.1:0";
        options.dataDir = directory.resolve("data");
        options.auth = Auth.NONE;
        return options;
    }

    private HttpResponse<String> request(Server server, String method, String path) throws Exception {
        InetSocketAddress web = server.webAddress();
        if (web == null) {
            throw new AssertionError("no web address");
        }
        URI uri = URI.create("http://" + Addresses.print(web) + path);
        return http.send(
                HttpRequest.newBuilder(uri)
                        .method(method, HttpRequest.BodyPublishers.noBody())
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private static NetRpcTraffic connect(Server server) throws IOException {
        return NetRpcTraffic.connect(Target.of(Target.Protocol.NET_RPC, server.address(), null), null);
    }

    private List<String> lines() throws IOException {
        return Files.readAllLines(directory.resolve("data").resolve("measurements.jsonl"));
    }

    @Test
    void aDiskWithoutRoomIsToldAtTheStart() throws Exception {
        ServeOptions options = options();
        options.spoolMinFree = Long.MAX_VALUE;
        Logger log = (Logger) LoggerFactory.getLogger(Server.class);
        ListAppender<ILoggingEvent> lines = new ListAppender<>();
        lines.start();
        log.addAppender(lines);
        try {
            Server.start(options).close();
        } finally {
            log.detachAppender(lines);
        }
        assertTrue(
                lines.list.stream()
                        .anyMatch(each -> each.getFormattedMessage()
                                .contains("(expected: >= " + Long.MAX_VALUE + ", --spool-min-free)")),
                lines.list::toString);
    }

    @Test
    void storesWhatItAnsweredAndShowsHowMuch() throws Exception {
        try (Server server = Server.start(options());
                NetRpcTraffic client = connect(server)) {
            for (int i = 0; i < 10; i++) {
                client.send(Envelopes.rows(3, i * 3L));
            }
            assertTrue(server.awaitDelivered(PATIENCE));
            assertEquals(10, lines().size());
            JsonNode status = new ObjectMapper()
                    .readTree(request(server, "GET", "/api/status").body());
            assertEquals(10, status.path("calls").asInt());
            assertEquals(1, status.path("connections").asInt());
            assertEquals(30, status.path("rows").path("received").asInt());
            assertEquals(30, status.path("rows").path("stored").asInt());
            assertEquals(0, status.path("rows").path("refused").asInt());
            assertTrue(status.path("ready").asBoolean());
            assertEquals(
                    Addresses.print(server.address()), status.path("listen").asText());
            assertEquals(1, status.path("sinks").size());
            JsonNode sink = status.path("sinks").path(0);
            assertEquals("default", sink.path("name").asText());
            assertEquals("running", sink.path("state").asText());
            assertEquals(
                    "{\"received\":30,\"delivered\":30,\"waiting\":0,\"dead\":0,\"dropped\":0,\"lost\":0}",
                    sink.path("rows").toString());
            assertTrue(status.path("spool").path("bytes").asLong() > 0, status::toString);
            assertTrue(status.path("acknowledgement_ms").path("p99").asDouble() > 0, status::toString);
            String metrics = request(server, "GET", "/metrics").body();
            assertTrue(metrics.contains("pgwatch_rpc_rows_received_total 30.0"), metrics);
            assertTrue(metrics.contains("pgwatch_rpc_sink_rows_delivered{sink=\"default\"} 30.0"), metrics);
            assertTrue(metrics.contains("pgwatch_rpc_sink_state{sink=\"default\",state=\"running\"} 1.0"), metrics);
            assertTrue(
                    metrics.contains("pgwatch_rpc_calls_total{method=\"Receiver.UpdateMeasurements\"} 10.0"), metrics);
        }
    }

    @Test
    void webPages() throws Exception {
        Server server = Server.start(options());
        try (server) {
            assertEquals(200, request(server, "GET", "/").statusCode());
            assertEquals("alive\n", request(server, "GET", "/liveness").body());
            assertEquals("ready\n", request(server, "GET", "/readiness").body());
            assertEquals("", request(server, "HEAD", "/readiness").body());
            HttpResponse<String> metrics = request(server, "GET", "/metrics");
            assertTrue(metrics.headers().firstValue("Content-Type").orElse("").startsWith("text/plain; version=0.0.4"));
            metrics.body()
                    .lines()
                    .filter(line -> !line.startsWith("# HELP ") && !line.startsWith("# TYPE "))
                    .forEach(line -> assertTrue(SAMPLE.matcher(line).matches(), line));
            for (String path : List.of("/nosuch", "/liveness/x", "/metricsx", "/api", "/api/status/")) {
                HttpResponse<String> answer = request(server, "GET", path);
                assertEquals(404, answer.statusCode(), path);
                assertTrue(answer.body().startsWith("no such page"), answer::body);
            }
            for (String method : List.of("POST", "PUT", "DELETE")) {
                HttpResponse<String> answer = request(server, method, "/api/status");
                assertEquals(405, answer.statusCode());
                assertEquals("GET, HEAD", answer.headers().firstValue("Allow").orElse(""));
                assertEquals("method: " + method + " (expected: GET)\n", answer.body());
            }
        }
    }

    /** What a call of pgwatch becomes behind a proxy that does not know gRPC: only as 503 it keeps pgwatch from starting. */
    @Test
    void aCallThatAProxyHasTurnedIntoAnotherRequestFails() throws Exception {
        Logger log = (Logger) LoggerFactory.getLogger("io.github.pgwatchrpc.server.Connections");
        ListAppender<ILoggingEvent> lines = new ListAppender<>();
        lines.start();
        log.addAppender(lines);
        // another test may have asked for less
        Level before = log.getLevel();
        log.setLevel(Level.WARN);
        try (Server server = Server.start(options())) {
            // first, since what repeats of a kind is only counted
            for (String header : List.of("PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\nGET / HTTP/1.1\r\n\r\n", PROXY_2)) {
                assertEquals("", raw(server, header));
            }
            for (String method : List.of("POST", "PUT", "OPTIONS")) {
                String answer = raw(server, method + " /pgwatch.Receiver/SyncMetric HTTP/1.0\r\nHost: x\r\n\r\n");
                assertTrue(answer.startsWith("HTTP/1.0 503 Service Unavailable\r\n"), answer);
                assertTrue(answer.contains("grpc_pass"), answer);
            }
            for (String method : List.of("GET", "HEAD")) {
                assertTrue(
                        raw(server, method + " / HTTP/1.1\r\nHost: x\r\n\r\n").startsWith("HTTP/1.0 200 OK\r\n"));
            }
        } finally {
            log.detachAppender(lines);
            log.setLevel(before);
        }
        assertTrue(
                lines.list.stream()
                        .anyMatch(
                                each -> each.getFormattedMessage().contains("PROXY protocol, which is not supported")),
                lines.list::toString);
    }

    /** All that is answered to some bytes. */
    private static String raw(Server server, String text) throws IOException {
        try (Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), server.address().getPort())) {
            socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** In this process nobody ends it at once: the thread of the delivery is gone, and only a restart brings it back. */
    @Test
    void aThreadThatHasEndedIsNamedAtLiveness() throws Exception {
        ServeOptions options = options();
        options.sinks = List.of("hungry=outcome:no-memory", "jsonfile:" + directory.resolve("m"));
        try (Server server = Server.start(options);
                NetRpcTraffic client = connect(server)) {
            assertEquals("alive\n", request(server, "GET", "/liveness").body());
            client.send(Envelopes.rows(1, 0));
            HttpResponse<String> answer = request(server, "GET", "/liveness");
            for (long end = System.nanoTime() + PATIENCE.toNanos(); answer.statusCode() == 200; ) {
                assertTrue(System.nanoTime() < end, "still alive");
                answer = request(server, "GET", "/liveness");
            }
            assertEquals(503, answer.statusCode());
            assertEquals("threads: sink-hungry has ended (only a restart mends that)\n", answer.body());
        }
    }

    @Test
    void isNotReadyWhileNothingCanBeStored() throws Exception {
        ServeOptions options = options();
        options.sinks = List.of("outcome:retry");
        options.spoolMaxBytes = 64 << 10;
        try (Server server = Server.start(options);
                NetRpcTraffic client = connect(server)) {
            assertTrue(server.isReady());
            RpcException refused = assertThrows(RpcException.class, () -> client.send(Envelopes.ofBytes(65 << 10)));
            assertTrue(
                    String.valueOf(refused.getMessage())
                            .startsWith("receiver could not store the rows: spool is full: "),
                    refused::getMessage);
            assertEquals(1, server.metrics().refusedRows());
            // what finds room is stored, and then it is ready again
            client.send(Envelopes.rows(2, 0));
            assertEquals(200, request(server, "GET", "/readiness").statusCode());
            assertEquals(2, server.waitingRows());
        }
    }

    @Test
    void aSinkThatIsAwayIsShownAndNoReasonNotToStart() throws Exception {
        ServeOptions options = options();
        options.sinks = List.of("outcome:open-paused", "outcome:open-retry", "away=outcome:open-fails");
        try (Server server = Server.start(options);
                NetRpcTraffic client = connect(server)) {
            client.send(Envelopes.rows(2, 0));
            assertEquals(200, request(server, "GET", "/readiness").statusCode());
            JsonNode sinks = new ObjectMapper().createArrayNode();
            long end = System.nanoTime() + PATIENCE.toNanos();
            while (!sinks.path(2).has("why")
                    || !sinks.path(1).has("why")
                    || !sinks.path(0).has("why")) {
                assertTrue(System.nanoTime() < end, sinks::toString);
                sinks = new ObjectMapper()
                        .readTree(request(server, "GET", "/api/status").body())
                        .path("sinks");
            }
            assertEquals("no permission", sinks.path(0).path("why").asText());
            assertEquals("give it some", sinks.path(0).path("mend").asText());
            assertEquals("not there yet", sinks.path(1).path("why").asText());
            assertTrue(sinks.path(2).path("why").asText().contains("no route"), sinks::toString);
            for (JsonNode each : sinks) {
                assertEquals("opening", each.path("state").asText());
                assertEquals(2, each.path("rows").path("waiting").asInt());
            }
        }
    }

    /** Calls are answered while one sink is away and another does not come back from its first write at all. */
    @Test
    void noSinkDelaysAnAcknowledgementOrAnotherSink() throws Exception {
        Path gate = directory.resolve("gate");
        ServeOptions options = options();
        options.sinks = List.of(
                "dead=outcome:retry", "slow=outcome:after:" + gate, "healthy=jsonfile:" + directory.resolve("healthy"));
        try (Server server = Server.start(options);
                NetRpcTraffic client = connect(server)) {
            for (int i = 0; i < 200; i++) {
                client.send(Envelopes.rows(5, i * 5L));
            }
            assertEquals(1000, server.metrics().storedRows());
            awaitDelivered(server, "healthy");
            assertEquals(0, rows(server, "slow", "delivered"));
            assertEquals(1000, rows(server, "slow", "waiting"));
            assertEquals(0, rows(server, "dead", "delivered"));
            assertEquals(1000, rows(server, "dead", "waiting"));
            Files.createFile(gate);
            awaitDelivered(server, "slow");
            assertEquals(1000, rows(server, "dead", "waiting"));
        }
        assertEquals(200, Files.readAllLines(directory.resolve("healthy")).size());
    }

    private long rows(Server server, String sink, String which) throws Exception {
        JsonNode sinks = new ObjectMapper()
                .readTree(request(server, "GET", "/api/status").body())
                .path("sinks");
        for (JsonNode each : sinks) {
            if (each.path("name").asText().equals(sink)) {
                JsonNode rows = each.path("rows");
                assertEquals(
                        rows.path("received").asLong(),
                        rows.path("delivered").asLong()
                                + rows.path("waiting").asLong()
                                + rows.path("dead").asLong()
                                + rows.path("dropped").asLong()
                                + rows.path("lost").asLong());
                return rows.path(which).asLong();
            }
        }
        throw new AssertionError(sink + " is not in " + sinks);
    }

    private void awaitDelivered(Server server, String sink) throws Exception {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (rows(server, sink, "waiting") > 0) {
            assertTrue(System.nanoTime() < end, "not delivered: " + sink);
        }
        assertEquals(1000, rows(server, sink, "delivered"));
    }

    @Test
    void whatWasNotDeliveredComesAtTheNextStart() throws Exception {
        Path gate = directory.resolve("gate");
        ServeOptions options = options();
        options.sinks = List.of("slow=outcome:after:" + gate);
        try (Server server = Server.start(options);
                NetRpcTraffic client = connect(server)) {
            client.send(Envelopes.rows(5, 0));
        }
        Files.createFile(gate);
        try (Server server = Server.start(options)) {
            assertTrue(server.awaitDelivered(PATIENCE));
            assertEquals(5, rows(server, "slow", "delivered"));
        }
    }

    @Test
    void aNewSinkBeginsWhereItIsTold() throws Exception {
        ServeOptions options = options();
        options.sinks = List.of("old=outcome:retry");
        try (Server server = Server.start(options);
                NetRpcTraffic client = connect(server)) {
            client.send(Envelopes.rows(5, 0));
        }
        options.sinks = List.of("now=outcome:written");
        try (Server server = Server.start(options)) {
            assertEquals(0, rows(server, "now", "received"));
            assertEquals(
                    "[\"old\"]",
                    new ObjectMapper()
                            .readTree(request(server, "GET", "/api/status").body())
                            .path("removed_sinks")
                            .toString());
        }
        options.sinks = List.of("all=outcome:written");
        options.newSink = SinkTarget.Start.BEGINNING;
        try (Server server = Server.start(options)) {
            assertTrue(server.awaitDelivered(PATIENCE));
            assertEquals(5, rows(server, "all", "delivered"));
        }
    }

    @Test
    void anotherMethodIsAnErrorAndNoMore() throws Exception {
        try (Server server = Server.start(options());
                NetRpcClient client = NetRpcClient.connect(server.address())) {
            RpcException unknown = assertThrows(RpcException.class, () -> client.call("Foo.Bar", "text", String.class));
            assertEquals("rpc: can't find service Foo.Bar", unknown.getMessage());
            assertEquals(0, server.metrics().receivedRows());
            assertEquals(1, server.metrics().openConnections());
        }
    }

    @Test
    void theDataDirectoryIsTheOwnersAloneAndOfOneReceiver() throws Exception {
        try (Server server = Server.start(options())) {
            assertEquals(
                    "rwx------",
                    PosixFilePermissions.toString(
                            Files.getPosixFilePermissions(server.data().path())));
            ConfigException second = assertThrows(ConfigException.class, () -> Server.start(options()));
            assertEquals(server.data().path() + ": another receiver uses this data directory", second.getMessage());
        }
        Server.start(options()).close();
    }

    @Test
    void aFailedStartLeavesNothingBehind() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            ServeOptions options = options();
            options.listen = "127.0.0.1:" + taken.getLocalPort();
            ConfigException error = assertThrows(ConfigException.class, () -> Server.start(options));
            assertTrue(String.valueOf(error.getMessage()).startsWith("--listen: "), error::getMessage);
            options.listen = "127.0.0.1:0";
            options.webAddress = "127.0.0.1:" + taken.getLocalPort();
            error = assertThrows(ConfigException.class, () -> Server.start(options));
            assertTrue(String.valueOf(error.getMessage()).startsWith("--web-addr: "), error::getMessage);
        }
        try (Server server = Server.start(options());
                NetRpcTraffic client = connect(server)) {
            client.send(Envelopes.rows(1, 0));
        }
        assertEquals(1, lines().size());
    }

    @Test
    void closingEndsEverythingAndCanBeRepeated() throws Exception {
        Server server = Server.start(options());
        List<NetRpcTraffic> clients = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            clients.add(connect(server));
            clients.get(i).send(Envelopes.rows(1, i));
        }
        server.close();
        server.close();
        assertEquals(5, lines().size());
        for (NetRpcTraffic client : clients) {
            assertThrows(IOException.class, () -> client.send(Envelopes.rows(1, 0)));
            client.close();
        }
        assertThrows(IOException.class, () -> connect(server).close());
    }

    @Test
    void doesWithoutAWebAddress() throws Exception {
        ServeOptions options = options();
        options.webAddress = "off";
        try (Server server = Server.start(options)) {
            assertNull(server.webAddress());
        }
    }
}
