package io.github.pgwatchrpc.sink.pubsub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.pgwatchrpc.sink.testkit.FaultAnswer;
import io.github.pgwatchrpc.sink.testkit.FaultRequest;
import io.github.pgwatchrpc.sink.testkit.FaultServer;
import io.github.pgwatchrpc.sink.testkit.TestCertificate;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Over TLS, with credentials of each kind that Google's default ones may be. Google's client finds them in the environment of
 * a process, asks a stub of Google's for tokens, and shows those to the fake.
 */
class CredentialsTest {

    private static final String TOPIC = "projects/my-project/topics/pgwatch";
    private static final String ACCOUNT = "sink@my-project.iam.gserviceaccount.com";
    private static final String PASSWORD = "changeit";

    @TempDir
    private Path directory;

    private final TestCertificate certificate = TestCertificate.make("Google");
    private final FakePubSub fake = FakePubSub.overTls(certificate);
    private final FaultServer google = FaultServer.startTls(certificate, null);
    private final AtomicInteger issued = new AtomicInteger();
    private volatile Duration lifetime = Duration.ofHours(1);

    CredentialsTest() throws IOException, InterruptedException {}

    @BeforeEach
    void start() {
        fake.createTopic(TOPIC);
        fake.tokens = token -> token.equals("token-" + issued.get());
        google.otherwise(this::token);
    }

    @AfterEach
    void stop() {
        google.close();
        fake.close();
    }

    /** As all of Google's token endpoints answer, which differ in names alone. */
    private FaultAnswer token(FaultRequest request) {
        String token = "token-" + issued.incrementAndGet();
        return json(FakePubSub.JSON
                .createObjectNode()
                .put("access_token", token)
                .put("token_type", "Bearer")
                .put("issued_token_type", "urn:ietf:params:oauth:token-type:access_token")
                .put("expires_in", lifetime.toSeconds())
                .put("accessToken", token)
                .put(
                        "expireTime",
                        Instant.ofEpochSecond(Instant.now().getEpochSecond())
                                .plus(lifetime)
                                .toString()));
    }

    private static FaultAnswer json(JsonNode body) {
        return FaultAnswer.ok().with("Content-Type", "application/json").body(body.toString());
    }

    // ---- kinds ----

    @ParameterizedTest
    @ValueSource(
            strings = {
                "authorized_user",
                "external_account",
                "external_account_authorized_user",
                "impersonated_service_account"
            })
    void aTokenIsFetchedForEachKindOfFile(String kind) throws Exception {
        try (Child child = new Child(Map.of("GOOGLE_APPLICATION_CREDENTIALS", file(kind)), true)) {
            assertEquals("Ready[]", child.does("open"));
            assertEquals("Written[]", child.does("write"));
            child.end();
        }
        assertEquals(List.of("t-0-0"), ids());
        assertTrue(issued.get() > 0, "no token was fetched");
    }

    /** Google's client makes its tokens itself and needs no endpoint for them. */
    @Test
    void aServiceAccountsKeySignsTokens() throws Exception {
        fake.tokens = token -> {
            String[] parts = token.split("\\.", -1);
            return parts.length == 3
                    && new String(Base64.getUrlDecoder().decode(parts[1]), StandardCharsets.UTF_8).contains(ACCOUNT);
        };
        try (Child child = new Child(Map.of("GOOGLE_APPLICATION_CREDENTIALS", file("service_account")), true)) {
            assertEquals("Ready[]", child.does("open"));
            assertEquals("Written[]", child.does("write"));
            child.end();
        }
        assertEquals(List.of("t-0-0"), ids());
        assertEquals(List.of(), google.requests());
    }

    @Test
    void theMachinesServiceAccountIsFound() throws Exception {
        try (FaultServer metadata = FaultServer.start()) {
            metadata.otherwise(request -> {
                FaultAnswer answer = request.path().contains("/token")
                        ? token(request)
                        : request.path().equals("/") ? FaultAnswer.ok() : FaultAnswer.status(404);
                return answer.with("Metadata-Flavor", "Google");
            });
            try (Child child =
                    new Child(Map.of("GCE_METADATA_HOST", metadata.uri().getAuthority()), true)) {
                assertEquals("Ready[]", child.does("open"));
                assertEquals("Written[]", child.does("write"));
                child.end();
            }
        }
        assertEquals(List.of("t-0-0"), ids());
    }

    private String file(String kind) throws Exception {
        ObjectNode user = FakePubSub.JSON
                .createObjectNode()
                .put("type", "authorized_user")
                .put("client_id", "id")
                .put("client_secret", "secret")
                .put("refresh_token", "refresh")
                .put("token_uri", google.uri() + "/token");
        ObjectNode json = FakePubSub.JSON.createObjectNode().put("type", kind);
        switch (kind) {
            case "authorized_user" -> json.setAll(user);
            case "service_account" -> {
                KeyPairGenerator keys = KeyPairGenerator.getInstance("RSA");
                keys.initialize(2_048);
                String key = Base64.getMimeEncoder()
                        .encodeToString(keys.generateKeyPair().getPrivate().getEncoded());
                json.put("project_id", "my-project")
                        .put("client_id", "1")
                        .put("client_email", ACCOUNT)
                        .put("private_key_id", "key")
                        .put("private_key", "-----BEGIN PRIVATE KEY-----\n" + key + "\n-----END PRIVATE KEY-----\n")
                        .put("token_uri", google.uri() + "/token");
            }
            case "external_account" -> {
                Path subject = Files.writeString(directory.resolve("subject"), "subject");
                json.put(
                                "audience",
                                "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q")
                        .put("subject_token_type", "urn:ietf:params:oauth:token-type:jwt")
                        .put("token_url", google.uri() + "/token")
                        .putObject("credential_source")
                        .put("file", subject.toString());
            }
            case "external_account_authorized_user" ->
                json.put("audience", "//iam.googleapis.com/locations/global/workforcePools/p/providers/q")
                        .put("client_id", "id")
                        .put("client_secret", "secret")
                        .put("refresh_token", "refresh")
                        .put("token_url", google.uri() + "/token")
                        .put("token_info_url", google.uri() + "/info");
            case "impersonated_service_account" ->
                json.put(
                                "service_account_impersonation_url",
                                google.uri() + "/v1/projects/-/serviceAccounts/" + ACCOUNT + ":generateAccessToken")
                        .set("source_credentials", user);
            default -> throw new IllegalArgumentException(kind);
        }
        return Files.writeString(directory.resolve(kind + ".json"), json.toString())
                .toString();
    }

    // ---- when they go wrong ----

    @Test
    void tokensAreRenewedBeforeTheyExpire() throws Exception {
        // less than the margin that Google's client keeps, so that each call needs a new one
        lifetime = Duration.ofSeconds(1);
        try (Child child = new Child(Map.of("GOOGLE_APPLICATION_CREDENTIALS", file("authorized_user")), true)) {
            assertEquals("Ready[]", child.does("open"));
            for (int i = 0; i < 5; i++) {
                assertEquals("Written[]", child.does("write"));
            }
            child.end();
        }
        assertTrue(issued.get() >= 6, () -> "tokens: " + issued);
        assertEquals(ids(0, 5), ids());
    }

    @Test
    void credentialsThatAreRevokedInTheMiddlePauseAndNothingIsLost() throws Exception {
        try (Child child = new Child(Map.of("GOOGLE_APPLICATION_CREDENTIALS", file("authorized_user")), true)) {
            assertEquals("Ready[]", child.does("open"));
            assertEquals("Written[]", child.does("write"));
            fake.tokens = token -> false;
            assertPaused(child.does("write"), "UNAUTHENTICATED: Request had invalid authentication credentials.");
            assertPaused(child.does("open"), "UNAUTHENTICATED");
            google.otherwise(FaultAnswer.status(400)
                    .with("Content-Type", "application/json")
                    .body("{\"error\":\"invalid_grant\",\"error_description\":\"Token has been expired or"
                            + " revoked.\"}"));
            assertPaused(child.does("open"), "invalid_grant");
            // mended: what opens the sink reads the file again
            google.otherwise(this::token);
            fake.tokens = token -> token.equals("token-" + issued.get());
            assertEquals("Ready[]", child.does("open"));
            assertEquals("Written[]", child.does("write"));
            child.end();
        }
        assertEquals(List.of("t-0-0", "t-2-0"), ids());
    }

    @Test
    void aTokenEndpointThatIsAwayIsWaitedFor() throws Exception {
        google.otherwise(FaultAnswer.status(503));
        try (Child child = new Child(Map.of("GOOGLE_APPLICATION_CREDENTIALS", file("authorized_user")), true)) {
            String opened = child.does("open");
            assertTrue(opened.startsWith("Retry["), opened);
            String written = child.does("write");
            assertTrue(written.startsWith("Retry["), written);
            google.otherwise(this::token);
            assertEquals("Written[]", child.does("write"));
            child.end();
        }
        assertEquals(List.of("t-1-0"), ids());
    }

    @Test
    void withoutCredentialsTheSinkSaysWhereTheyAreLookedFor() throws Exception {
        try (Child child = new Child(Map.of("NO_GCE_CHECK", "true"), true)) {
            assertPaused(child.does("open"), "credentials of Google Cloud: Your default credentials were not found.");
            child.end();
        }
    }

    @Test
    void anAuthorityThatIsNotTrustedIsNotTalkedTo() throws Exception {
        try (Child child = new Child(Map.of("GOOGLE_APPLICATION_CREDENTIALS", file("service_account")), false)) {
            String opened = child.does("open");
            assertTrue(opened.startsWith("Retry[") && opened.contains("UNAVAILABLE"), opened);
            assertTrue(child.does("write").startsWith("Retry["));
            child.end();
        }
        assertEquals(List.of(), fake.requests());
    }

    private static void assertPaused(String outcome, String why) {
        assertTrue(outcome.startsWith("Paused[") && outcome.contains(why), outcome);
    }

    private static List<String> ids(int from, int to) {
        return IntStream.range(from, to).mapToObj(n -> "t-" + n + "-0").toList();
    }

    private List<String> ids() throws IOException {
        return Received.of(fake.messages()).stream().map(Received::id).toList();
    }

    // ---- the process ----

    /** A {@link SinkProcess} with an environment. */
    private final class Child implements AutoCloseable {
        private final Process process;
        private final BufferedReader out;
        private final Path log;

        Child(Map<String, String> environment, boolean trusting) throws Exception {
            List<String> command = new ArrayList<>(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString()));
            if (trusting) {
                command.add("-Djavax.net.ssl.trustStore=" + trusted());
                command.add("-Djavax.net.ssl.trustStorePassword=" + PASSWORD);
            }
            command.addAll(List.of(
                    "-cp",
                    System.getProperty("java.class.path"),
                    SinkProcess.class.getName(),
                    "pubsub://my-project/pgwatch?timeout=30s&endpoint=localhost:" + fake.port()));
            log = Files.createTempFile(directory, "child", ".log");
            ProcessBuilder builder = new ProcessBuilder(command).redirectError(log.toFile());
            // the machine's own credentials are not for this
            new HashMap<>(builder.environment())
                    .keySet().stream()
                            .filter(name -> name.matches("(GOOGLE|GCE|CLOUDSDK|PUBSUB|NO_GCE).*"))
                            .forEach(builder.environment()::remove);
            builder.environment().put("CLOUDSDK_CONFIG", directory.toString());
            builder.environment().putAll(environment);
            process = builder.start();
            out = process.inputReader(StandardCharsets.UTF_8);
        }

        private Path trusted() throws Exception {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            store.setCertificateEntry(
                    "google",
                    CertificateFactory.getInstance("X.509")
                            .generateCertificate(new ByteArrayInputStream(
                                    certificate.certificatePem().getBytes(StandardCharsets.US_ASCII))));
            Path file = directory.resolve("trusted.p12");
            try (OutputStream to = Files.newOutputStream(file)) {
                store.store(to, PASSWORD.toCharArray());
            }
            return file;
        }

        /** Tells it to do something, and gives what came of it. */
        String does(String line) throws IOException {
            process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
            process.getOutputStream().flush();
            String answer = out.readLine();
            assertTrue(answer != null, () -> line + ": " + said());
            return answer;
        }

        /** Ends it, and looks whether it missed any of the libraries that are left out. */
        void end() throws IOException, InterruptedException {
            process.getOutputStream().close();
            assertTrue(process.waitFor(1, TimeUnit.MINUTES), "still running");
            assertEquals(0, process.exitValue(), this::said);
            assertFalse(said().contains("NoClassDefFound") || said().contains("ClassNotFound"), this::said);
        }

        private String said() {
            try {
                return Files.readString(log);
            } catch (IOException e) {
                return e.toString();
            }
        }

        @Override
        public void close() {
            process.destroyForcibly();
        }
    }
}
