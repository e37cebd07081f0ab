package io.github.pgwatchrpc.sink.azure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.SinkConfig;
import io.github.pgwatchrpc.sink.testkit.FaultRequest;
import java.io.File;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every kind of credentials, from what Azure's own client reads to a token that the service takes. */
class CredentialsTest {

    private static final String APPLICATION = "&tenant-id=" + AzureStub.TENANT + "&client-id=" + AzureStub.CLIENT;
    private static final String PASSWORD = "changeit";

    @TempDir
    Path directory;

    private AzureStub stub;

    @BeforeEach
    void start() throws Exception {
        stub = new AzureStub(directory);
    }

    @AfterEach
    void stop() {
        stub.close();
    }

    private void assertOpens(String credentials) throws Exception {
        try (Sink sink = Sent.sink(stub.uri(credentials))) {
            assertEquals(Readiness.ready(), sink.open());
        }
        assertEquals(List.of(), stub.rows());
    }

    /** The same in a process with these variables, and none of Azure's but them. */
    private void assertOpens(String credentials, Map<String, String> environment, String... properties)
            throws Exception {
        Path output = directory.resolve("output");
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(properties));
        command.addAll(
                List.of("-cp", System.getProperty("java.class.path"), Opened.class.getName(), stub.uri(credentials)));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().keySet().removeIf(name -> name.matches("(AZURE|IDENTITY|MSI|IMDS)_.*"));
        builder.environment().putAll(environment);
        int code = builder.redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start()
                .waitFor();
        List<String> lines = Files.readAllLines(output);
        assertEquals(0, code, lines::toString);
        assertEquals(Opened.READY, lines.get(lines.size() - 1), lines::toString);
    }

    private void assertAsked(Predicate<FaultRequest> how) {
        assertTrue(
                stub.server().requests().stream().anyMatch(how),
                () -> stub.server().requests().stream()
                        .map(each -> each + " " + each.text())
                        .toList()
                        .toString());
    }

    @Test
    void theDefaultTakesAnApplicationFromTheEnvironment() throws Exception {
        assertOpens(
                "credential=default",
                Map.of(
                        "AZURE_TENANT_ID", AzureStub.TENANT,
                        "AZURE_CLIENT_ID", AzureStub.CLIENT,
                        "AZURE_CLIENT_SECRET", "of-the-environment"));
        assertAsked(request ->
                request.path().endsWith("/token") && request.text().contains("client_secret=of-the-environment"));
    }

    @Test
    void theDefaultTakesAWorkloadFromTheEnvironment() throws Exception {
        Path token = Files.writeString(directory.resolve("workload"), "token-of-the-workload");
        Map<String, String> environment = Map.of(
                "AZURE_TENANT_ID", AzureStub.TENANT,
                "AZURE_CLIENT_ID", AzureStub.CLIENT,
                "AZURE_FEDERATED_TOKEN_FILE", token.toString());
        // for this, Azure's chain has an HTTP client that trusts whom the JVM trusts
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        try (InputStream in = Files.newInputStream(stub.ca())) {
            trusted.setCertificateEntry(
                    "stub", CertificateFactory.getInstance("X.509").generateCertificate(in));
        }
        Path store = directory.resolve("trusted");
        try (OutputStream out = Files.newOutputStream(store)) {
            trusted.store(out, PASSWORD.toCharArray());
        }
        assertOpens(
                "credential=default",
                environment,
                "-Djavax.net.ssl.trustStore=" + store,
                "-Djavax.net.ssl.trustStorePassword=" + PASSWORD);
        assertAsked(request -> request.text().contains("client_assertion=token-of-the-workload"));
        // and asked for by name, one that trusts whom it is told to
        assertOpens("credential=workload-identity", environment);
    }

    @Test
    void aWorkloadsTokenMayComeFromAFileThatIsNamed() throws Exception {
        Path token = Files.writeString(directory.resolve("workload"), "token-of-the-workload");
        String options = "credential=workload-identity" + APPLICATION + "&federated-token-file="
                + SinkConfig.encode(token.toString());
        assertOpens(options);
        assertAsked(request -> request.text().contains("client_assertion=token-of-the-workload"));
        try (Sink sink = Sent.sink(stub.uri(options))) {
            stub.tokenSeconds = 0;
            assertEquals(Readiness.ready(), sink.open());
            Files.writeString(token, "token-that-the-platform-has-renewed");
            assertEquals(Outcome.written(), sink.write(Sent.numbered(1, 10)));
            assertAsked(request -> request.text().contains("client_assertion=token-that-the-platform-has-renewed"));
            Files.delete(token);
            assertInstanceOf(Outcome.Paused.class, sink.write(Sent.numbered(1, 10)));
            assertPaused(sink, token.toString());
        }
        assertEquals(1, stub.rows().size());
    }

    @Test
    void aMachineHasAnIdentity() throws Exception {
        Map<String, String> machine = Map.of(
                "IDENTITY_ENDPOINT",
                "https://" + stub.host() + AzureStub.IDENTITY_PATH,
                "IDENTITY_HEADER",
                AzureStub.IDENTITY_HEADER);
        assertOpens("credential=managed-identity", machine);
        assertAsked(request -> request.path().startsWith(AzureStub.IDENTITY_PATH)
                && request.path().contains("resource=https%3A%2F%2Fmonitor.azure.com"));
        assertOpens("credential=managed-identity&client-id=" + AzureStub.CLIENT, machine);
        assertAsked(request -> request.path().startsWith(AzureStub.IDENTITY_PATH)
                && request.path().contains("client_id=" + AzureStub.CLIENT));
    }

    @Test
    void whoeverIsSignedInLendsTheTokenOfTheCommandLine() throws Exception {
        Path az = Files.writeString(
                Files.createDirectory(directory.resolve("bin")).resolve("az"),
                "#!/bin/sh\necho '{\"accessToken\":\"token-of-az\",\"expiresOn\":\"2100-01-01 00:00:00.000000\","
                        + "\"tokenType\":\"Bearer\"}'\n");
        Files.setPosixFilePermissions(az, PosixFilePermissions.fromString("rwxr-xr-x"));
        stub.know("token-of-az");
        assertOpens(
                "credential=azure-cli", Map.of("PATH", az.getParent() + File.pathSeparator + System.getenv("PATH")));
        assertEquals(0, stub.tokensGiven());
    }

    @Test
    void anApplicationMayHaveACertificate() throws Exception {
        Path pfx = directory.resolve("application.pfx");
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "application",
                        "-keyalg",
                        "RSA",
                        "-dname",
                        "CN=application",
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        pfx.toString(),
                        "-storepass",
                        PASSWORD)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("keytool").toFile())
                .start();
        assertEquals(0, keytool.waitFor(), () -> directory.resolve("keytool").toString());
        String options = "credential=client-certificate" + APPLICATION + "&client-certificate=";
        assertOpens(options + SinkConfig.encode(pfx.toString()) + "&client-certificate-password=" + PASSWORD);
        assertAsked(request -> request.text().contains("client_assertion=ey"));
        try (Sink sink = Sent.sink(
                stub.uri(options + SinkConfig.encode(pfx.toString()) + "&client-certificate-password=wrong"))) {
            assertPaused(sink, pfx + ": neither PEM nor PFX with this password");
        }

        Path pem = directory.resolve("application.pem");
        try (Sink sink = Sent.sink(stub.uri(options + SinkConfig.encode(pem.toString())))) {
            assertPaused(sink, pem.toString());
            KeyStore store = KeyStore.getInstance("PKCS12");
            try (InputStream in = Files.newInputStream(pfx)) {
                store.load(in, PASSWORD.toCharArray());
            }
            Files.writeString(
                    pem,
                    pem(
                                    "PRIVATE KEY",
                                    store.getKey("application", PASSWORD.toCharArray())
                                            .getEncoded())
                            + pem(
                                    "CERTIFICATE",
                                    store.getCertificate("application").getEncoded()));
            assertEquals(Readiness.ready(), sink.open(), "once it is there");
            Files.writeString(pem, "-----BEGIN CERTIFICATE-----");
            assertPaused(sink, pem + ": no PRIVATE KEY");
            Files.writeString(pem, "no certificate");
            assertPaused(sink, pem + ": neither PEM nor PFX");
        }
    }

    private static void assertPaused(Sink sink, String why) throws Exception {
        Readiness readiness = sink.open();
        assertTrue(
                readiness instanceof Outcome.Paused paused && paused.why().contains(why),
                () -> readiness + ", not " + why);
    }

    private static String pem(String type, byte[] bytes) {
        return "-----BEGIN " + type + "-----\n"
                + Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII))
                        .encodeToString(bytes)
                + "\n-----END " + type + "-----\n";
    }
}
