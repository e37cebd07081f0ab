package io.github.pgwatchrpc.sink.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.testkit.FaultAnswer;
import io.github.pgwatchrpc.sink.testkit.FaultRequest;
import io.github.pgwatchrpc.sink.testkit.FaultServer;
import io.github.pgwatchrpc.sink.testkit.TestCertificate;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HttpTransportTest {

    private static final Instant NOW = Instant.parse("2026-11-22T18:30:00Z");

    @TempDir
    private Path directory;

    private final List<FaultServer> servers = new ArrayList<>();
    private final AtomicLong nanos = new AtomicLong();

    @AfterEach
    void stop() {
        servers.forEach(FaultServer::close);
    }

    private FaultServer server() throws IOException {
        FaultServer server = FaultServer.start();
        servers.add(server);
        return server;
    }

    private HttpTransport.Builder to(FaultServer... to) {
        return HttpTransport.builder(Arrays.stream(to).map(FaultServer::uri).toList())
                .timeout(Duration.ofSeconds(20))
                .clocks(Clock.fixed(NOW, ZoneOffset.UTC), nanos::get);
    }

    private static HttpCall text(String body) {
        return HttpCall.post("/in?key=hidden", "text/plain", body.getBytes(StandardCharsets.UTF_8));
    }

    private static Outcome write(HttpTransport transport) throws InterruptedException {
        return transport.write(text("rows"), reply -> Outcome.written());
    }

    // ---- what is sent ----

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void sendsWhatItIsGiven(boolean gzip) throws Exception {
        FaultServer server = server();
        HttpTransport transport =
                to(server).gzip(gzip).auth(HttpAuth.basic("ann", "pässword")).build();
        Outcome outcome = transport.write(
                text("žluť").with("X-Channel", "7"), reply -> new Outcome.Refused("read " + reply.status()));
        assertEquals(new Outcome.Refused("read 200"), outcome);
        FaultRequest request = server.await();
        assertEquals("POST", request.method());
        assertEquals("/in?key=hidden", request.path());
        assertEquals("žluť", request.text());
        assertEquals("text/plain", request.header("content-type"));
        assertEquals("7", request.header("x-channel"));
        assertEquals(gzip ? "gzip" : null, request.header("content-encoding"));
        assertEquals(String.valueOf(request.body().length), request.header("content-length"));
        assertEquals("Basic YW5uOnDDpHNzd29yZA==", request.header("authorization"));
        assertEquals(null, request.header("upgrade"));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void streamsABodyAgainToTheNextEndpoint(boolean gzip) throws Exception {
        FaultServer first = server().otherwise(FaultAnswer.status(503));
        FaultServer second = server();
        Random random = new Random(42);
        List<byte[]> chunks = new ArrayList<>();
        StringBuilder all = new StringBuilder();
        for (int i = 0; i < 200; i++) {
            String chunk = Long.toHexString(random.nextLong()).repeat(random.nextInt(200));
            chunks.add(chunk.getBytes(StandardCharsets.UTF_8));
            all.append(chunk);
        }
        HttpTransport transport = to(first, second).gzip(gzip).build();
        HttpCall call = HttpCall.stream("/bulk", "application/x-ndjson", chunks);
        assertEquals(Outcome.written(), transport.write(call, reply -> Outcome.written()));
        for (FaultServer each : List.of(first, second)) {
            assertEquals(all.toString(), each.await().text(), "seed 42");
            assertEquals("chunked", each.requests().get(0).header("transfer-encoding"));
        }
    }

    @Test
    void putsTheEndpointsPathBeforeTheCalls() throws Exception {
        FaultServer server = server();
        HttpTransport transport =
                HttpTransport.builder(List.of(server.uri().resolve("/base/"))).build();
        assertEquals(Readiness.ready(), transport.probe(HttpCall.get("/health"), reply -> Readiness.ready()));
        assertEquals("GET /base/health (0 bytes)", server.await().toString());
    }

    // ---- what an answer means ----

    @ParameterizedTest
    @CsvSource({
        "200, Written", "204, Written", "301, Paused", "308, Paused", "400, Refused", "401, Paused", "403, Paused",
        "404, Paused", "405, Paused", "407, Paused", "408, Retry", "409, Refused", "410, Paused", "411, Refused",
        "413, Refused", "415, Refused", "422, Refused", "425, Retry", "429, Retry", "431, Refused", "500, Retry",
        "501, Retry", "502, Retry", "503, Retry", "504, Retry", "507, Retry"
    })
    void eachStatusHasAnOutcome(int status, String outcome) throws Exception {
        FaultServer server = server().otherwise(FaultAnswer.status(status).body("{\"error\":\n \"why\"}"));
        if (status == 204) {
            server.otherwise(FaultAnswer.status(204));
        }
        Outcome found = write(to(server).build());
        assertEquals(outcome, found.getClass().getSimpleName());
        if (status >= 300) {
            String text = found.toString();
            assertTrue(text.contains("POST /in at " + server.uri() + ": " + status + ": {\"error\": \"why\"}"), text);
            assertFalse(text.contains("hidden"), text);
        }
        Readiness readiness = to(server).build().probe(HttpCall.get("/"), reply -> Readiness.ready());
        assertEquals(
                status < 300 ? "Ready" : outcome.equals("Refused") ? "Paused" : outcome,
                readiness.getClass().getSimpleName());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "7|7",
                "0|0",
                "3600|3600",
                "3601|3600",
                "999999999|3600",
                "99999999999999999999|0",
                "-5|0",
                "1.5|0",
                "soon|0",
                "''|0",
                "Sun, 22 Nov 2026 18:30:09 GMT|9",
                "Sun, 22 Nov 2026 18:29:00 GMT|0",
                "Sat, 22 Nov 2036 18:29:00 GMT|3600",
                "Mon, 22 Nov 2026 18:30:09 GMT|0"
            })
    void retryAfterWinsInBothForms(String header, long seconds) throws Exception {
        for (int status : new int[] {429, 503}) {
            FaultServer server = server().otherwise(FaultAnswer.status(status).with("Retry-After", header));
            Outcome.Retry retry =
                    assertInstanceOf(Outcome.Retry.class, write(to(server).build()));
            assertEquals(Duration.ofSeconds(seconds), retry.after());
        }
    }

    @Test
    void aDateIsReadByTheServicesOwnClock() throws Exception {
        FaultServer server = server().otherwise(FaultAnswer.status(429)
                .with("Retry-After", "Thu, 01 Jan 2026 00:00:10 GMT")
                .with("Date", "Thu, 01 Jan 2026 00:00:00 GMT"));
        assertEquals(
                Duration.ofSeconds(10),
                assertInstanceOf(Outcome.Retry.class, write(to(server).build())).after());
    }

    @Test
    void aLongAnswerIsNotRead() throws Exception {
        FaultServer server = server();
        HttpTransport transport = to(server).maxReplyBytes(1000).build();
        server.then(FaultAnswer.ok().body("x".repeat(1000)));
        assertEquals(Outcome.written(), write(transport));
        server.then(FaultAnswer.ok().body("x".repeat(1001)));
        assertTrue(assertInstanceOf(Outcome.Retry.class, write(transport)).why().contains("expected: <= 1000"));
        server.then(FaultAnswer.status(400).body("x".repeat(1_000_000)));
        assertTrue(
                assertInstanceOf(Outcome.Refused.class, write(transport)).why().length() < 500);
        // and the next request finds a connection that works
        assertEquals(Outcome.written(), write(transport));
    }

    @ParameterizedTest
    @CsvSource({"true, 4000000", "false, 4000000", "false, 100"})
    void tooLargeIsRefusedAlsoWhenTheBodyIsNotRead(boolean gzip, int bytes) throws Exception {
        byte[] body = new byte[bytes];
        new Random(1).nextBytes(body);
        FaultServer server = server().then(FaultAnswer.status(413).early());
        HttpCall call = HttpCall.post("/", "application/octet-stream", body);
        Outcome outcome = to(server).gzip(gzip).build().write(call, reply -> Outcome.written());
        assertTrue(assertInstanceOf(Outcome.Refused.class, outcome).why().contains("too large"));
    }

    // ---- no answers ----

    @ParameterizedTest
    @ValueSource(strings = {"reset", "half", "garbage", "down", "trickle", "hang"})
    void withoutAnAnswerTheRowsComeAgain(String how) throws Exception {
        FaultServer server = server();
        switch (how) {
            case "reset" -> server.otherwise(FaultAnswer.reset());
            case "half" -> server.otherwise(FaultAnswer.ok().body("0123456789").half());
            case "garbage" -> server.otherwise(FaultAnswer.garbage());
            case "trickle" -> server.otherwise(FaultAnswer.ok().trickle());
            case "hang" -> server.otherwise(FaultAnswer.hang());
            default -> server.down();
        }
        boolean slow = how.equals("trickle") || how.equals("hang");
        HttpTransport transport = to(server)
                .timeout(slow ? Duration.ofMillis(300) : Duration.ofSeconds(20))
                .build();
        Outcome.Retry retry = assertInstanceOf(Outcome.Retry.class, write(transport));
        assertTrue(retry.why().startsWith("POST /in at " + server.uri() + ": "), retry.why());
        assertEquals(slow, retry.why().endsWith("no answer within 300 ms"), retry.why());
        // and it comes back
        server.up();
        server.otherwise(FaultAnswer.ok());
        assertEquals(Outcome.written(), write(to(server).build()));
    }

    @Test
    void anInterruptedCallComesBack() throws Exception {
        FaultServer server = server().otherwise(FaultAnswer.hang());
        HttpTransport transport = to(server).timeout(Duration.ofMinutes(5)).build();
        FutureTask<Outcome> task = new FutureTask<>(() -> write(transport));
        Thread thread = new Thread(task);
        thread.start();
        server.await();
        thread.interrupt();
        Exception failure = assertThrows(Exception.class, () -> task.get(30, TimeUnit.SECONDS));
        assertInstanceOf(InterruptedException.class, failure.getCause());
    }

    // ---- several endpoints ----

    @Test
    void failsOverAndReturns() throws Exception {
        FaultServer first = server();
        FaultServer second = server();
        HttpTransport transport = to(first, second).rest(Duration.ofSeconds(30)).build();
        first.down();
        assertEquals(Outcome.written(), write(transport));
        first.up();
        // the first rests still
        assertEquals(Outcome.written(), write(transport));
        assertEquals(0, first.requests().size());
        assertEquals(2, second.requests().size());
        nanos.addAndGet(Duration.ofSeconds(30).toNanos());
        assertEquals(Outcome.written(), write(transport));
        assertEquals(1, first.requests().size());
        // one that rests is better than none
        first.then(FaultAnswer.status(502));
        second.down();
        assertInstanceOf(Outcome.Retry.class, write(transport));
        assertEquals(Outcome.written(), write(transport));
        assertEquals(3, first.requests().size());
    }

    @ParameterizedTest
    @CsvSource({"502, true", "503, true", "504, true", "429, false", "500, false", "401, false", "413, false"})
    void onlyWhatAnotherEndpointMayDoBetterIsSentThere(int status, boolean elsewhere) throws Exception {
        FaultServer first = server().otherwise(FaultAnswer.status(status));
        FaultServer second = server();
        Outcome outcome = write(to(first, second).build());
        assertEquals(elsewhere, outcome.equals(Outcome.written()));
        assertEquals(elsewhere ? 1 : 0, second.requests().size());
    }

    // ---- TLS ----

    private Path file(String name, String text) throws IOException {
        return Files.writeString(directory.resolve(name), text);
    }

    @Test
    void trustsWhomItIsTold() throws Exception {
        TestCertificate own = TestCertificate.make("service");
        TestCertificate client = TestCertificate.make("client");
        Path ca = file("ca.pem", own.certificatePem());
        Path certificate = file("client.pem", client.certificatePem());
        Path key = file("client.key", client.privateKeyPem());
        FaultServer open = FaultServer.startTls(own, null);
        FaultServer asking = FaultServer.startTls(own, client);
        servers.addAll(List.of(open, asking));

        Outcome.Paused unknown = assertInstanceOf(Outcome.Paused.class, write(to(open).build()));
        assertTrue(unknown.why().contains("not trusted") && unknown.mend().contains("ca"), unknown.toString());
        assertEquals(0, open.requests().size());
        assertEquals(
                Outcome.written(),
                write(to(open).tls(new HttpTls(ca, null, null, false)).build()));
        assertEquals(
                Outcome.written(),
                write(to(open).tls(new HttpTls(null, null, null, true)).build()));

        assertFalse(write(to(asking).tls(new HttpTls(ca, null, null, false)).build()) instanceof Outcome.Written);
        assertEquals(
                Outcome.written(),
                write(to(asking).tls(new HttpTls(ca, certificate, key, false)).build()));
    }

    @Test
    void aCertificateForAnotherHostIsNotTrusted() throws Exception {
        TestCertificate own = TestCertificate.make("service", "dns:elsewhere.example.com");
        FaultServer server = FaultServer.startTls(own, null);
        servers.add(server);
        HttpTls knowing = new HttpTls(file("ca.pem", own.certificatePem()), null, null, false);
        Outcome.Paused outcome = assertInstanceOf(
                Outcome.Paused.class, write(to(server).tls(knowing).build()));
        assertTrue(outcome.why().contains("127.0.0.1"), outcome.why());
        assertEquals(
                Outcome.written(),
                write(to(server).tls(new HttpTls(null, null, null, true)).build()));
    }

    @Test
    void filesThatAreNoneAreNamedAndNotShown() throws Exception {
        Path junk = file("junk.pem", "-----BEGIN PRIVATE KEY-----\nQUJDREVGR0g=\n-----END PRIVATE KEY-----\n");
        TestCertificate client = TestCertificate.make("client");
        Path certificate = file("client.pem", client.certificatePem());
        for (HttpTls tls : List.of(
                new HttpTls(directory.resolve("missing"), null, null, false),
                new HttpTls(junk, null, null, false),
                new HttpTls(null, certificate, junk, false),
                new HttpTls(null, junk, junk, false),
                new HttpTls(null, certificate, null, false))) {
            String message =
                    String.valueOf(assertThrows(IOException.class, tls::context).getMessage());
            assertFalse(message.contains("QUJD"), message);
            assertTrue(message.contains("missing") || message.contains("expected"), message);
        }
    }

    // ---- secrets ----

    @Test
    void secretsAreNeverShown() throws Exception {
        for (HttpAuth auth : List.of(
                HttpAuth.basic("ann", "s3cr3t-1"),
                HttpAuth.bearer("s3cr3t-2"),
                HttpAuth.scheme("Splunk", "s3cr3t-3"),
                HttpAuth.apiKey("X-Api-Key", "s3cr3t-4"))) {
            FaultServer server =
                    server().otherwise(request -> FaultAnswer.status(401).body("no such token: " + request.headers()));
            HttpTransport transport = to(server).auth(auth).build();
            Outcome outcome = write(transport);
            assertInstanceOf(Outcome.Paused.class, outcome);
            String sent = server.await().headers().toString();
            assertTrue(sent.contains("s3cr3t") || sent.contains("Basic YW5uOnMzY3Izd"), sent);
            for (String shown : List.of(outcome.toString(), transport.toString(), auth.toString())) {
                assertFalse(shown.contains("s3cr3t") || shown.contains("YW5uOnM"), shown);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"s3cr3t\r\nX-Evil: 1", "s3cr3t\u0000", "s3cr3t ž"})
    void credentialsThatCannotBeAHeaderAreRefusedUnseen(String secret) {
        String message = assertThrows(IllegalArgumentException.class, () -> HttpAuth.bearer(secret))
                .getMessage();
        assertFalse(message.contains("s3cr3t"), message);
        assertThrows(IllegalArgumentException.class, () -> HttpAuth.basic("a:b", "x"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"ftp://h", "http:/x", "https://ann:s3cr3t@h:1", "http://h?x=s3cr3t", "http://h#f", "http://h:0"})
    void endpointsThatAreNoneAreRefusedUnseen(String uri) {
        String message = assertThrows(
                        IllegalArgumentException.class, () -> HttpTransport.builder(List.of(URI.create(uri))))
                .getMessage();
        assertTrue(message.contains("endpoint 1: "), message);
        assertFalse(message.contains("s3cr3t"), message);
    }
}
