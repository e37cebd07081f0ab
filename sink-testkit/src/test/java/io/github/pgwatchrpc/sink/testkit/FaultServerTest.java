package io.github.pgwatchrpc.sink.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FaultServerTest {

    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private FaultServer server;

    @BeforeEach
    void start() throws IOException {
        server = FaultServer.start();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private HttpResponse<String> post(URI base, byte[] body, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(base.resolve("/in?x=1"))
                .timeout(Duration.ofSeconds(20))
                .POST(BodyPublishers.ofByteArray(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return client.send(request.build(), BodyHandlers.ofString());
    }

    private HttpResponse<String> post(String body) throws Exception {
        return post(server.uri(), body.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void followsItsScriptAndRecords() throws Exception {
        server.then(
                        FaultAnswer.busy(Duration.ofSeconds(9)),
                        FaultAnswer.status(400).body("{\"why\":1}"))
                .otherwise(request -> FaultAnswer.ok().body(request.text()));
        HttpResponse<String> busy = post("a");
        assertEquals(429, busy.statusCode());
        assertEquals("9", busy.headers().firstValue("Retry-After").orElseThrow());
        assertEquals("{\"why\":1}", post("b").body());
        assertEquals("ž", post("ž").body());
        assertEquals("/in?x=1", server.await().path());
        assertEquals("POST", server.await().method());
        assertEquals(
                List.of("a", "b", "ž"),
                server.requests().stream().map(FaultRequest::text).toList());
        assertEquals("1", server.await().header("content-length").replace("2", "1"));
    }

    @Test
    void readsChunksAndGzip() throws Exception {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
            out.write("one\n\ntwo\n".getBytes(StandardCharsets.UTF_8));
        }
        HttpRequest request = HttpRequest.newBuilder(server.uri())
                .header("Content-Encoding", "gzip")
                .POST(BodyPublishers.ofByteArrays(List.of(packed.toByteArray())))
                .build();
        assertEquals(200, client.send(request, BodyHandlers.discarding()).statusCode());
        assertEquals(List.of("one", "two"), server.await().lines());
    }

    @ParameterizedTest
    @ValueSource(strings = {"reset", "half", "garbage"})
    void breaksOff(String how) {
        server.otherwise(
                switch (how) {
                    case "reset" -> FaultAnswer.reset();
                    case "half" -> FaultAnswer.ok().body("0123456789").half();
                    default -> FaultAnswer.garbage();
                });
        assertThrows(IOException.class, () -> post("x"));
        assertEquals("x", server.requests().get(0).text());
    }

    @Test
    void hangsUntilItIsDownAndComesBackOnItsPort() throws Exception {
        server.otherwise(FaultAnswer.hang());
        var answer = client.sendAsync(HttpRequest.newBuilder(server.uri()).build(), BodyHandlers.discarding());
        server.await();
        URI before = server.uri();
        server.down();
        assertThrows(Exception.class, answer::get);
        assertThrows(IOException.class, () -> post("x"));
        server.up();
        assertEquals(before, server.uri());
        server.otherwise(FaultAnswer.ok());
        assertEquals(200, post("x").statusCode());
    }

    @Test
    void answersBeforeTheBodyIsThere() throws Exception {
        server.then(FaultAnswer.status(413).body("too large").early());
        assertEquals(413, post("x").statusCode());
        assertEquals("", server.requests().get(0).text());
    }

    @Test
    void itsCertificateIsUnknown() throws Exception {
        TestCertificate certificate = TestCertificate.make("localhost");
        assertTrue(certificate.certificatePem().startsWith("-----BEGIN CERTIFICATE-----\n"));
        assertTrue(certificate.privateKeyPem().startsWith("-----BEGIN PRIVATE KEY-----\n"));
        try (FaultServer secured = FaultServer.startTls(certificate, null)) {
            assertThrows(SSLHandshakeException.class, () -> post(secured.uri(), new byte[1]));
            HttpClient knowing = HttpClient.newBuilder()
                    .sslContext(certificate.context(certificate))
                    .build();
            HttpRequest request = HttpRequest.newBuilder(secured.uri()).build();
            assertEquals(200, knowing.send(request, BodyHandlers.discarding()).statusCode());
        }
    }

    /** A thread that waits for a request may wake only when that is there, and must do nothing with it any more. */
    @Test
    void whatComesAfterItHasGoneIsNotTaken() throws Exception {
        byte[] request = "POST /in HTTP/1.1\r\nContent-Length: 1\r\n\r\na".getBytes(StandardCharsets.US_ASCII);
        int rounds = 500;
        for (int i = 0; i < rounds; i++) {
            try (Socket peer =
                    new Socket(InetAddress.getLoopbackAddress(), server.uri().getPort())) {
                peer.getOutputStream().write(request);
                server.await();
                assertEquals('H', peer.getInputStream().read());
                server.down();
                try {
                    peer.getOutputStream().write(request);
                } catch (IOException e) {
                    // reset, and known already
                }
            }
            server.up();
        }
        assertEquals(rounds, server.requests().size());
    }
}
