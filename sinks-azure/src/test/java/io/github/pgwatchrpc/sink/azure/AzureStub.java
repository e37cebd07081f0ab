package io.github.pgwatchrpc.sink.azure;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.pgwatchrpc.sink.SinkConfig;
import io.github.pgwatchrpc.sink.testkit.FaultAnswer;
import io.github.pgwatchrpc.sink.testkit.FaultRequest;
import io.github.pgwatchrpc.sink.testkit.FaultServer;
import io.github.pgwatchrpc.sink.testkit.TestCertificate;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/**
 * Entra's token endpoint and a logs ingestion endpoint with one rule and one stream, over HTTPS. It keeps the service's
 * limits, answers with its texts, and drops columns that the stream does not declare without a word, as the service does.
 */
final class AzureStub implements AutoCloseable {

    static final ObjectMapper JSON = new ObjectMapper();
    static final String RULE = "dcr-0123456789abcdef0123456789abcdef";
    static final String STREAM = "Custom-Pgwatch";
    static final String SECRET = "s3cr3t-of-the-uri";
    static final int LIMIT = 1 << 20;

    /** Where a machine of App Service gets tokens, and what it shows for that. */
    static final String IDENTITY_PATH = "/msi/token";

    static final String IDENTITY_HEADER = "of-this-machine";

    static final String CLIENT = "66666666-7777-8888-9999-000000000000";
    static final String TENANT = "11111111-2222-3333-4444-555555555555";
    private static final TestCertificate CERTIFICATE = certificate();

    private final FaultServer server;
    private final Path ca;
    private final List<JsonNode> rows = new ArrayList<>();
    private final List<Integer> bodyBytes = new ArrayList<>();
    private final Set<String> tokens = new HashSet<>();
    private final Set<String> declared = new HashSet<>();
    private int tokenNumber;

    /** What a token is said to be good for. */
    volatile int tokenSeconds = 3599;

    /** What becomes of an upload in place of being taken; null to take it. */
    volatile Function<FaultRequest, FaultAnswer> fault = request -> null;

    /** What becomes of a request for a token; null to give one. */
    volatile Function<FaultRequest, FaultAnswer> tokenFault = request -> null;

    AzureStub(Path directory) throws IOException {
        ca = Files.writeString(directory.resolve("ca.pem"), CERTIFICATE.certificatePem());
        Columns.EVERY_ROW.forEach(each -> declared.add(each.name()));
        server = FaultServer.startTls(CERTIFICATE, null).otherwise(this::answer);
    }

    private static TestCertificate certificate() {
        try {
            return TestCertificate.make("azure");
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    void declare(String column) {
        declared.add(column);
    }

    FaultServer server() {
        return server;
    }

    Path ca() {
        return ca;
    }

    String host() {
        return "127.0.0.1:" + server.uri().getPort();
    }

    /** The URI of a sink that writes here, as an application with a secret. */
    String uri() {
        return uriWithoutCa() + "&ca=" + SinkConfig.encode(ca.toString());
    }

    String uriWithoutCa() {
        return target() + "&credential=client-secret&tenant-id=" + TENANT + "&client-id=" + CLIENT + "&client-secret="
                + SECRET;
    }

    /** The URI of a sink that writes here, with these options for credentials. */
    String uri(String credentials) {
        return target() + "&ca=" + SinkConfig.encode(ca.toString()) + "&" + credentials;
    }

    private String target() {
        return "azure://" + host() + "/" + RULE + "/" + STREAM + "?timeout=5s&authority=https://" + host();
    }

    synchronized List<JsonNode> rows() {
        return List.copyOf(rows);
    }

    /** Bytes of JSON of each upload that was taken. */
    synchronized List<Integer> bodyBytes() {
        return List.copyOf(bodyBytes);
    }

    List<FaultRequest> uploads() {
        return server.requests().stream().filter(AzureStub::isUpload).toList();
    }

    /** A token that was not given here. */
    synchronized void know(String token) {
        tokens.add(token);
    }

    int tokensGiven() {
        return tokenNumber;
    }

    /** As when an administrator takes the permission back. */
    synchronized void forgetTokens() {
        tokens.clear();
    }

    private static boolean isUpload(FaultRequest request) {
        return request.path().startsWith("/dataCollectionRules/");
    }

    static FaultAnswer error(int status, String code, String message) {
        ObjectNode error = JSON.createObjectNode();
        error.putObject("error").put("code", code).put("message", message);
        return FaultAnswer.status(status)
                .with("Content-Type", "application/json; charset=utf-8")
                .body(error.toString());
    }

    private synchronized FaultAnswer answer(FaultRequest request) {
        if (request.path().contains("/.well-known/openid-configuration")) {
            return json("{\"token_endpoint\":\"https://HOST/TENANT/oauth2/v2.0/token\","
                    + "\"authorization_endpoint\":\"https://HOST/TENANT/oauth2/v2.0/authorize\","
                    + "\"device_authorization_endpoint\":\"https://HOST/TENANT/oauth2/v2.0/devicecode\","
                    + "\"issuer\":\"https://HOST/TENANT/v2.0\"}");
        } else if (request.path().endsWith("/oauth2/v2.0/token")) {
            FaultAnswer failure = tokenFault.apply(request);
            if (failure != null) {
                return failure;
            }
            String token = newToken();
            return json("{\"token_type\":\"Bearer\",\"expires_in\":" + tokenSeconds + ",\"ext_expires_in\":"
                    + tokenSeconds + ",\"access_token\":\"" + token + "\"}");
        } else if (request.path().startsWith(IDENTITY_PATH + "?")) {
            boolean known = IDENTITY_HEADER.equals(request.header("X-IDENTITY-HEADER"));
            return known
                    ? json(
                            "{\"token_type\":\"Bearer\",\"expires_on\":\"4102444800\",\"resource\":\"\",\"access_token\":\""
                                    + newToken() + "\"}")
                    : FaultAnswer.status(401);
        } else if (isUpload(request)) {
            FaultAnswer failure = fault.apply(request);
            return failure == null ? take(request) : failure;
        }
        return error(404, "NotFound", "no such path: " + request.path());
    }

    private String newToken() {
        String token = "token-" + ++tokenNumber;
        tokens.add(token);
        return token;
    }

    private FaultAnswer json(String text) {
        return FaultAnswer.ok()
                .with("Content-Type", "application/json")
                .body(text.replace("HOST", host()).replace("TENANT", TENANT));
    }

    FaultAnswer take(FaultRequest request) {
        String token = String.valueOf(request.header("Authorization"));
        if (!token.startsWith("Bearer ") || !tokens.contains(token.substring(7))) {
            return FaultAnswer.status(401).body("");
        } else if (!request.path().startsWith("/dataCollectionRules/" + RULE + "/streams/")) {
            return error(404, "NotFound", "Data collection rule with immutable Id '?' not found.");
        } else if (!request.path().contains("/streams/" + STREAM + "?api-version=")) {
            return error(400, "InvalidStream", "The stream was not configured in Data Collection Rule");
        } else if (!"application/json".equals(request.header("Content-Type"))) {
            return error(400, "InvalidContentType", String.valueOf(request.header("Content-Type")));
        }
        String text = request.text();
        int length = Math.max(request.body().length, text.getBytes(StandardCharsets.UTF_8).length);
        if (length > LIMIT) {
            return error(
                    413,
                    "ContentLengthLimitExceeded",
                    "Maximum allowed content length: 1048576 bytes (1 MB). Provided content length: " + length
                            + " bytes.");
        }
        try {
            JsonNode body = JSON.readTree(text);
            if (!body.isArray()) {
                return error(400, "InvalidPayload", "not an array");
            }
            body.forEach(row -> ((ObjectNode) row).retain(declared));
            body.forEach(rows::add);
            if (!body.isEmpty()) {
                bodyBytes.add(length);
            }
        } catch (IOException e) {
            return error(400, "InvalidPayload", String.valueOf(e.getMessage()));
        }
        return FaultAnswer.status(204);
    }

    @Override
    public void close() {
        server.close();
    }
}
