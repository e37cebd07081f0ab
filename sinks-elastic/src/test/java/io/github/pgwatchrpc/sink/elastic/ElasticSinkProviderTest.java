package io.github.pgwatchrpc.sink.elastic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.SinkConfig;
import io.github.pgwatchrpc.sink.SinkConfigException;
import io.github.pgwatchrpc.sink.testkit.FaultAnswer;
import io.github.pgwatchrpc.sink.testkit.FaultServer;
import io.github.pgwatchrpc.sink.testkit.TestCertificate;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ElasticSinkProviderTest {

    private static List<String> problems(String uri) {
        return assertThrows(SinkConfigException.class, () -> Sent.sink(uri), uri).problems();
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void credentialsAreSentAsElasticsearchReadsThem() throws Exception {
        try (FaultServer server = FaultServer.start()) {
            String uri = "elasticsearch://127.0.0.1:" + server.uri().getPort() + "?manage-template=false&";
            for (String[] each : new String[][] {
                {"api-key=id:secret", "ApiKey " + base64("id:secret")},
                {"api-key=aWQ6c2VjcmV0", "ApiKey aWQ6c2VjcmV0"},
                {"user=elastic&password=changeme", "Basic " + base64("elastic:changeme")},
                {"token=AAEAAWVs", "Bearer AAEAAWVs"}
            }) {
                try (Sink sink = Sent.sink(uri + each[0])) {
                    assertEquals(Readiness.ready(), sink.open());
                    assertEquals(each[1], server.await().header("Authorization"), each[0]);
                }
            }
        }
    }

    @Test
    void anExpiredTokenPausesTheSink() throws Exception {
        try (FaultServer server = FaultServer.start();
                Sink sink = Sent.sink("elasticsearch://127.0.0.1:" + server.uri().getPort()
                        + "?manage-template=false&token=s3cr3t-token")) {
            server.otherwise(
                    FaultAnswer.status(401)
                            .body("{\"error\":{\"type\":\"security_exception\",\"reason\":\"token expired: s3cr3t-token\"}}"));
            Outcome.Paused paused = assertInstanceOf(Outcome.Paused.class, sink.write(Sent.numbered("m", 0, 1)));
            assertTrue(paused.why().contains("token expired") && !paused.why().contains("s3cr3t"), paused.why());
            assertInstanceOf(Outcome.Paused.class, sink.open());
        }
    }

    @Test
    void theNextHostIsTakenIfOneIsAway() throws Exception {
        try (FaultServer first = FaultServer.start();
                FaultServer second = FaultServer.start();
                Sink sink = Sent.sink("elasticsearch://127.0.0.1:" + first.uri().getPort() + ",127.0.0.1:"
                        + second.uri().getPort() + "/path?manage-template=false")) {
            first.down();
            second.otherwise(FaultAnswer.ok().body("{\"errors\":false}"));
            assertEquals(Outcome.written(), sink.write(Sent.numbered("m", 0, 1)));
            assertTrue(
                    second.requests().get(0).path().startsWith("/path/_bulk?filter_path="),
                    second.requests().get(0).path());
        }
    }

    @Test
    void tlsWithAnAuthorityAndAClientCertificateOfOnesOwn(@TempDir Path directory) throws Exception {
        TestCertificate own = TestCertificate.make("localhost");
        TestCertificate client = TestCertificate.make("client");
        try (FaultServer server = FaultServer.startTls(own, client)) {
            server.otherwise(FaultAnswer.ok().body("{\"errors\":false}"));
            String uri = "elasticsearch+https://localhost:" + server.uri().getPort() + "?manage-template=false";
            try (Sink untrusting = Sent.sink(uri)) {
                assertInstanceOf(Outcome.Paused.class, untrusting.write(Sent.numbered("m", 0, 1)));
            }
            try (Sink sink = Sent.sink(uri + "&ca=" + file(directory, "ca.pem", own.certificatePem()) + "&client-cert="
                    + file(directory, "client.pem", client.certificatePem()) + "&client-key="
                    + file(directory, "client.key", client.privateKeyPem()))) {
                assertEquals(Outcome.written(), sink.write(Sent.numbered("m", 0, 1)));
            }
        }
    }

    private static String file(Path directory, String name, String pem) throws IOException {
        return SinkConfig.encode(
                Files.writeString(directory.resolve(name), pem).toString());
    }

    @Test
    void hostsAndCloudIds() {
        assertTrue(Sent.sink("elasticsearch://es1,es2:9201,[::1]").toString().contains(
                "http://es1:9200, http://es2:9201, http://[::1]:9200"));
        assertTrue(Sent.sink("elasticsearch+https://es/prefix").toString().contains("https://es:9200/prefix"));
        String cloud = "name:" + base64("eu.example.com$abc123$kibana");
        assertTrue(Sent.sink("elasticsearch+https:?cloud-id=" + cloud)
                .toString()
                .contains("https://abc123.eu.example.com:443"));
        String port = "name:" + base64("eu.example.com:9243$abc123$kibana");
        assertTrue(Sent.sink("elasticsearch+https:?cloud-id=" + port)
                .toString()
                .contains("https://abc123.eu.example.com:9243"));
    }

    @Test
    void everythingThatIsWrongIsSaidAtOnce() {
        List<String> problems = problems("elasticsearch://user:pass@es:9200?api-key=a&token=b&password=p&namespace=A-b"
                + "&index=Up/{what}&retention=1h&time-series=true&field-limit=5&cloud-id=x&ca=/no/such/file");
        for (String part : List.of(
                "target of sink elasticsearch: given beside cloud-id",
                "option cloud-id",
                "option namespace",
                "option index",
                "option retention",
                "option field-limit",
                "option password of sink elasticsearch: alone",
                "credentials of sink elasticsearch: several",
                "option time-series",
                "TLS")) {
            assertTrue(problems.stream().anyMatch(each -> each.contains(part)), part + " in " + problems);
        }
        assertTrue(problems("elasticsearch://user:pass@es:9200").toString().contains("has a user"));
        assertTrue(problems("elasticsearch://es?retention=7d&ilm-policy=p").toString().contains("beside ilm-policy"));
        assertTrue(problems("elasticsearch://es?index=a&retention=7d").toString().contains("beside index"));
        assertTrue(problems("elasticsearch:es").toString().contains("target"));
    }
}
