package io.github.pgwatchrpc.sink.azure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.testkit.FaultAnswer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What only this service does. */
class AzureSinkTest {

    private static final Batch ROWS = Sent.numbered(5, 10);

    @TempDir
    Path directory;

    private AzureStub stub;

    @BeforeEach
    void start() throws IOException {
        stub = new AzureStub(directory);
    }

    @AfterEach
    void stop() {
        stub.close();
    }

    private Sink ready(String options) throws Exception {
        Sink sink = Sent.sink(stub.uri() + options);
        assertEquals(Readiness.ready(), sink.open());
        return sink;
    }

    /** That the service has so many rows, each once. */
    private void assertNumbers(int count) {
        Set<Integer> numbers = new HashSet<>();
        stub.rows().forEach(row -> numbers.add(row.at("/Fields/n").intValue()));
        assertEquals(count, numbers.size(), "different rows");
        assertEquals(count, stub.rows().size(), "rows");
    }

    // ---- chunks ----

    @Test
    void tenMegabytesGoInFullChunksThatTheServiceTakes() throws Exception {
        try (Sink sink = ready("")) {
            Batch batch = Sent.numbered(26_000, 250);
            assertEquals(Outcome.written(), sink.write(batch));
            assertEquals(26_000, stub.rows().size());
            double fill =
                    stub.bodyBytes().stream().mapToInt(each -> each).average().orElse(0) / (900 << 10);
            assertTrue(fill >= 0.9 && fill <= 1, () -> "mean fill: " + fill + " of " + stub.bodyBytes());
        }
    }

    @Test
    void aProxyThatTakesLessIsGivenLess() throws Exception {
        try (Sink sink = ready("")) {
            stub.fault = request ->
                    request.text().length() > 100_000 ? FaultAnswer.status(413).body("<html>too large</html>") : null;
            assertEquals(Outcome.written(), sink.write(Sent.numbered(1_000, 800)));
            assertEquals(1_000, stub.rows().size());
        }
    }

    // ---- answers ----

    @Test
    void aBusyServiceIsAskedOnceAndSaysWhenToComeAgain() throws Exception {
        try (Sink sink = ready("")) {
            int before = stub.uploads().size();
            stub.fault = request -> AzureStub.error(429, "TooManyRequests", "12,000 requests a minute")
                    .with("Retry-After", "37");
            Outcome.Retry retry = assertInstanceOf(Outcome.Retry.class, sink.write(ROWS));
            assertEquals(Duration.ofSeconds(37), retry.after());
            assertTrue(retry.why().contains("429 TooManyRequests: 12,000 requests"), retry.why());
            stub.fault = request -> FaultAnswer.status(503);
            assertEquals(
                    Duration.ZERO,
                    assertInstanceOf(Outcome.Retry.class, sink.write(ROWS)).after());
            assertEquals(before + 2, stub.uploads().size(), "requests: the client's own retries are off");
        }
    }

    /** Every write of minutes that are told to be spent waiting: one request each, and no row twice or never. */
    @Test
    void throttlingForLongCostsARequestAWriteAndNoRow() throws Exception {
        try (Sink sink = ready("")) {
            Batch batch = Sent.numbered(100, 60_000);
            Batch rest = batch;
            int before = stub.uploads().size();
            int chunks = 0;
            boolean done = false;
            for (int write = 1; !done; write++) {
                // each tenth write gets one chunk through
                boolean one = write % 10 == 0;
                int taken = stub.bodyBytes().size();
                stub.fault = request ->
                        one && stub.bodyBytes().size() == taken ? null : FaultAnswer.busy(Duration.ofSeconds(60));
                Outcome outcome = sink.write(rest);
                if (outcome instanceof Outcome.Retry retry) {
                    assertFalse(one);
                    assertEquals(Duration.ofSeconds(60), retry.after());
                } else if (outcome instanceof Outcome.Partly partly) {
                    assertEquals(Duration.ofSeconds(60), partly.after());
                    assertEquals(List.of(), partly.refused());
                    rest = rest.select(partly.retry());
                } else {
                    assertEquals(Outcome.written(), outcome);
                    done = true;
                }
                before += one && !done ? 2 : 1;
                chunks += one ? 1 : 0;
                assertEquals(before, stub.uploads().size(), "requests after write " + write);
            }
            assertEquals(chunks, stub.bodyBytes().size());
            assertNumbers(100);
        }
    }

    @Test
    void aDateInRetryAfterIsReadByTheServicesClock() throws Exception {
        try (Sink sink = ready("")) {
            stub.fault = request -> FaultAnswer.status(503)
                    .with("Date", "Mon, 23 Nov 2015 10:00:00 GMT")
                    .with("Retry-After", "Mon, 23 Nov 2015 10:01:30 GMT");
            assertEquals(
                    Duration.ofSeconds(90),
                    assertInstanceOf(Outcome.Retry.class, sink.write(ROWS)).after());
        }
    }

    @Test
    void partOfABatchIsWrittenAndTheRestComesAgain() throws Exception {
        try (Sink sink = ready("")) {
            stub.fault = request -> stub.bodyBytes().size() >= 2 ? FaultAnswer.busy(Duration.ofSeconds(3)) : null;
            Batch batch = Sent.numbered(100, 60_000);
            Outcome.Partly partly = assertInstanceOf(Outcome.Partly.class, sink.write(batch));
            assertEquals(100, stub.rows().size() + partly.retry().size());
            assertEquals(Duration.ofSeconds(3), partly.after());
            stub.fault = request -> null;
            assertEquals(Outcome.written(), sink.write(batch.select(partly.retry())));
            assertNumbers(100);
        }
    }

    @Test
    void aMissingRoleIsExplained() throws Exception {
        try (Sink sink = ready("")) {
            stub.fault = request -> AzureStub.error(
                    403,
                    "OperationFailed",
                    "The authentication token provided does not have access to ingest data for the data collection rule "
                            + "with immutable Id '" + AzureStub.RULE
                            + "' PipelineAccessResult: AccessGranted: False, IsRbacPresent: False, IsDcrDceBindingValid: , "
                            + "DcrArmId: /subscriptions/s,\r\n Message: Required authorization action was not found");
            Outcome.Paused paused = assertInstanceOf(Outcome.Paused.class, sink.write(ROWS));
            assertTrue(paused.why().contains("403 OperationFailed: The authentication token"), paused.why());
            assertTrue(
                    paused.mend().contains("Monitoring Metrics Publisher")
                            && paused.mend().contains("30 minutes")
                            && paused.mend().contains(AzureStub.RULE),
                    paused.mend());
            assertEquals(paused, sink.open());
            stub.fault = request -> null;
            assertEquals(Readiness.ready(), sink.open());
            assertEquals(Outcome.written(), sink.write(ROWS));
        }
    }

    @Test
    void anEndpointOfAnotherRuleIsExplained() throws Exception {
        try (Sink sink = ready("")) {
            stub.fault = request -> AzureStub.error(
                    403, "OperationFailed", "AccessGranted: False, IsRbacPresent: True, IsDcrDceBindingValid: False");
            Outcome.Paused paused = assertInstanceOf(Outcome.Paused.class, sink.write(ROWS));
            assertTrue(paused.mend().contains("another data collection endpoint"), paused.mend());
        }
    }

    @Test
    void aWrongRuleOrStreamPausesAndLosesNothing() throws Exception {
        try (Sink sink = Sent.sink(stub.uri().replace(AzureStub.RULE, "dcr-ffffffffffffffffffffffffffffffff"))) {
            Outcome.Paused paused = assertInstanceOf(Outcome.Paused.class, sink.open());
            assertTrue(paused.mend().contains("immutable id, not name"), paused.mend());
            assertEquals(paused, sink.write(ROWS));
            Outcome.Paused provision = assertInstanceOf(Outcome.Paused.class, sink.provision());
            assertTrue(provision.mend().contains("provision --dry-run"), provision.mend());
        }
        try (Sink sink = Sent.sink(stub.uri().replace(AzureStub.STREAM, "Custom-Other"))) {
            Outcome.Paused paused = assertInstanceOf(Outcome.Paused.class, sink.write(ROWS));
            assertTrue(paused.mend().contains("declare stream Custom-Other"), paused.mend());
        }
    }

    @Test
    void answersThatAreNoJsonAreTold() throws Exception {
        try (Sink sink = ready("")) {
            stub.fault = request -> FaultAnswer.status(502).body("<html>\n<b>bad gateway</b>");
            Outcome.Retry retry = assertInstanceOf(Outcome.Retry.class, sink.write(ROWS));
            assertTrue(retry.why().contains("502 <html> <b>bad gateway</b>"), retry.why());
        }
    }

    // ---- credentials ----

    @Test
    void credentialsThatExpireInTheMiddleAreGotAnew() throws Exception {
        try (Sink sink = ready("")) {
            assertEquals(Outcome.written(), sink.write(ROWS));
            stub.forgetTokens();
            assertInstanceOf(Outcome.Paused.class, sink.write(ROWS));
            assertEquals(Readiness.ready(), sink.open(), "with a new token");
            assertEquals(Outcome.written(), sink.write(ROWS));
            assertEquals(10, stub.rows().size());
        }
    }

    @Test
    void aTokenThatEndsIsGotAnewInTheMiddleOfABatchAndNobodyNotices() throws Exception {
        stub.tokenSeconds = 0;
        try (Sink sink = ready("")) {
            int before = stub.tokensGiven();
            // only the newest is good
            stub.tokenFault = request -> {
                stub.forgetTokens();
                return null;
            };
            assertEquals(Outcome.written(), sink.write(Sent.numbered(100, 60_000)));
            assertEquals(100, stub.rows().size());
            assertTrue(stub.tokensGiven() > before + 2, () -> "tokens: " + stub.tokensGiven());
        }
    }

    @Test
    void credentialsThatExpireInTheMiddleOfABatchPauseTheRestOfIt() throws Exception {
        stub.tokenSeconds = 0;
        try (Sink sink = ready("")) {
            int before = stub.tokensGiven();
            stub.tokenFault = request -> stub.tokensGiven() < before + 2
                    ? null
                    : FaultAnswer.status(401)
                            .with("Content-Type", "application/json")
                            .body("{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000222: expired\"}");
            Batch batch = Sent.numbered(100, 60_000);
            Outcome.Partly partly = assertInstanceOf(Outcome.Partly.class, sink.write(batch));
            assertEquals(2, stub.bodyBytes().size());
            assertEquals(100, stub.rows().size() + partly.retry().size());
            assertEquals(List.of(), partly.refused());
            assertTrue(partly.why().contains("AADSTS7000222"), partly.why());
            Batch rest = batch.select(partly.retry());
            assertInstanceOf(Outcome.Paused.class, sink.write(rest));
            assertInstanceOf(Outcome.Paused.class, sink.open());
            stub.tokenFault = request -> null;
            assertEquals(Readiness.ready(), sink.open());
            assertEquals(Outcome.written(), sink.write(rest));
            assertNumbers(100);
        }
    }

    @Test
    void aClockThatIsWrongIsSaidToBeSo() throws Exception {
        try (Sink sink = ready("")) {
            stub.fault = request -> AzureStub.error(401, "InvalidToken", "Lifetime validation failed: not yet valid")
                    .with("Date", "Mon, 23 Nov 2015 10:00:00 GMT");
            Outcome.Paused paused = assertInstanceOf(Outcome.Paused.class, sink.write(ROWS));
            assertTrue(
                    paused.why().matches(".*Lifetime validation failed.* \\d+ s ahead of the service's .*300\\)"),
                    paused.why());
            assertEquals("set the clock of this machine", paused.mend());
            stub.fault = request -> FaultAnswer.status(401).with("Date", "Tue, 23 Nov 2100 10:00:00 GMT");
            paused = assertInstanceOf(Outcome.Paused.class, sink.write(ROWS));
            assertTrue(paused.why().contains(" s behind the service's"), paused.why());
            stub.fault = request -> FaultAnswer.status(401).with("Date", "yesterday");
            paused = assertInstanceOf(Outcome.Paused.class, sink.write(ROWS));
            assertTrue(paused.mend().contains("the clock of this machine, and that cloud"), paused.mend());
        }
        // Entra, of an assertion that is signed by the same clock
        try (Sink sink = Sent.sink(stub.uri())) {
            stub.tokenFault = request -> FaultAnswer.status(401)
                    .with("Content-Type", "application/json")
                    .body("{\"error\":\"invalid_client\",\"error_description\":\"AADSTS700024: Client assertion is not"
                            + " within its valid time range.\"}");
            Outcome.Paused paused = assertInstanceOf(Outcome.Paused.class, sink.open());
            assertTrue(paused.why().contains("AADSTS700024"), paused.why());
            assertTrue(paused.mend().contains("clock"), paused.mend());
        }
    }

    @Test
    void aSecretThatHasExpiredIsToldAndABusyEntraIsWaitedFor() throws Exception {
        try (Sink sink = Sent.sink(stub.uri())) {
            stub.tokenFault = request -> FaultAnswer.status(401)
                    .with("Content-Type", "application/json")
                    .body("{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000222: expired: "
                            + AzureStub.SECRET + "\"}");
            Outcome.Paused paused = assertInstanceOf(Outcome.Paused.class, sink.open());
            assertTrue(
                    paused.why().contains("AADSTS7000222") && !paused.why().contains(AzureStub.SECRET), paused.why());
            for (FaultAnswer busy : List.of(
                    FaultAnswer.status(503),
                    FaultAnswer.status(502).body("<html>bad gateway</html>"),
                    FaultAnswer.busy(Duration.ZERO))) {
                int before = stub.server().requests().size();
                stub.tokenFault = request -> busy;
                Outcome.Retry retry = assertInstanceOf(Outcome.Retry.class, sink.open());
                assertTrue(retry.why().matches("no token from https://[^ ]+: (503|502|429)"), retry.why());
                assertEquals(before + 1, stub.server().requests().size(), "requests: Entra is asked once");
            }
            stub.tokenFault = request -> FaultAnswer.busy(Duration.ofSeconds(41));
            assertEquals(
                    new Outcome.Retry(Duration.ofSeconds(41), "no token from https://" + stub.host() + ": 429"),
                    sink.open());
            stub.tokenFault = request -> null;
            assertEquals(Readiness.ready(), sink.open());
        }
    }

    @Test
    void aSecretMayComeFromAFile() throws Exception {
        Path file = directory.resolve("secret");
        String uri = stub.uri().replace("client-secret=" + AzureStub.SECRET, "client-secret-file=" + file);
        try (Sink sink = Sent.sink(uri)) {
            Outcome.Paused paused = assertInstanceOf(Outcome.Paused.class, sink.open());
            assertTrue(paused.why().contains(file.toString()), paused.why());
            java.nio.file.Files.writeString(file, "from-the-file\n");
            assertEquals(Readiness.ready(), sink.open());
            assertTrue(stub.server().requests().stream()
                    .anyMatch(each ->
                            each.path().endsWith("/token") && each.text().contains("from-the-file")));
        }
    }

    @Test
    void tokensAreAskedForInTheNameOfTheCloud() throws Exception {
        ready("&cloud=us-government").close();
        assertTrue(
                stub.server().requests().stream()
                        .anyMatch(each -> each.path().endsWith("/token")
                                && each.text().contains("https%3A%2F%2Fmonitor.azure.us%2F%2F.default")),
                () -> stub.server().requests().get(0).text());
    }

    @Test
    void aCertificateThatNobodyTrustsIsToBeMended() throws Exception {
        try (Sink sink = Sent.sink(stub.uriWithoutCa())) {
            Outcome.Paused paused = assertInstanceOf(Outcome.Paused.class, sink.open());
            assertTrue(paused.mend().contains("option ca"), paused.toString());
        }
    }

    // ---- columns ----

    @Test
    void aColumnThatTheRuleDoesNotDeclareIsDroppedByTheServiceAndTheTemplateDeclaresEach() throws Exception {
        Batch batch = Sent.batch(Sent.row(Map.of("env", "prod"), Map.of("tps", 5.5, "other", 1L)));
        try (Sink sink = ready("&columns=tps:real,tag_env:string")) {
            assertEquals(Outcome.written(), sink.write(batch));
            assertFalse(stub.rows().get(0).has("tps"), "as the service does");
            JsonNode template = AzureStub.JSON.readTree(sink.plan().get(0));
            for (String place : List.of(
                    "/resources/0/properties/schema/columns",
                    "/resources/1/properties/streamDeclarations/Custom-Pgwatch/columns")) {
                Set<String> names = new HashSet<>();
                template.at(place).forEach(each -> names.add(each.get("name").textValue()));
                assertEquals(
                        Set.of(
                                "TimeGenerated",
                                "EpochNs",
                                "Database",
                                "Metric",
                                "RowId",
                                "Tags",
                                "Fields",
                                "tps",
                                "tag_env"),
                        names);
                names.forEach(stub::declare);
            }
            assertEquals(Outcome.written(), sink.write(batch));
            JsonNode row = stub.rows().get(1);
            assertEquals(5.5, row.get("tps").doubleValue());
            assertEquals("prod", row.get("tag_env").textValue());
            assertEquals("test-0-0", row.get("RowId").textValue());
        }
    }
}
