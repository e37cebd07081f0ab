package io.github.pgwatchrpc.sink.cloudwatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.testkit.FaultAnswer;
import io.github.pgwatchrpc.sink.testkit.FaultRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Credentials that end, are revoked or cannot be had in the middle: every row arrives once all the same. */
class CredentialsTest {

    private static final Pattern KEY = Pattern.compile("Credential=([^/]+)/");
    private static final String ROLE = "&role-arn=arn:aws:iam::123456789012:role/writer&external-id=x7&session-name=me";

    private final CloudWatchStub stub = new CloudWatchStub();
    private final StsStub sts = new StsStub();

    /** Keys that were called with. */
    private final List<String> keys = new ArrayList<>();

    /** Keys that AWS takes no longer. */
    private final Set<String> ended = new HashSet<>();

    private int rows;

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path directory;

    CredentialsTest() throws IOException {
        stub.server.otherwise(request -> {
            String key = key(request);
            keys.add(key);
            return ended.contains(key)
                    ? CloudWatchStub.error(
                            403, "ExpiredTokenException", "The security token included in the request is expired")
                    : stub.answer(request);
        });
    }

    @AfterEach
    void stop() {
        stub.close();
        sts.close();
    }

    private static String key(FaultRequest request) {
        Matcher matcher = KEY.matcher(String.valueOf(request.header("Authorization")));
        return matcher.find() ? matcher.group(1) : "none";
    }

    private Sink sink(String options) {
        return Rows.sink(stub.uri("&sts-endpoint=" + sts.server.uri() + options));
    }

    private Outcome write(Sink sink) throws Exception {
        return sink.write(Rows.batch(Rows.row(Rows.now(), Map.of("n", (long) rows++))));
    }

    private void assertWrittenOnce(Integer... numbers) {
        assertEquals(
                List.of(numbers),
                stub.taken.stream().map(each -> each.values().get(0).intValue()).toList());
    }

    @Test
    void aRoleIsTakenAgainBeforeItEnds() throws Exception {
        sts.goodFor = Duration.ofSeconds(30);
        try (Sink sink = sink(ROLE)) {
            assertEquals(Outcome.written(), write(sink));
            sts.goodFor = Duration.ofHours(1);
            assertEquals(Outcome.written(), write(sink));
            assertEquals(Outcome.written(), write(sink));
        }
        assertEquals(List.of(StsStub.key(1), StsStub.key(2), StsStub.key(2)), keys);
        assertWrittenOnce(0, 1, 2);
        Map<String, String> call = sts.calls.get(0);
        assertEquals("AssumeRole", call.get("Action"));
        assertEquals("arn:aws:iam::123456789012:role/writer", call.get("RoleArn"));
        assertEquals("x7", call.get("ExternalId"));
        assertEquals("me", call.get("RoleSessionName"));
    }

    /** AWS ends a session before its time when it is revoked; the SDK would go on with it for the rest of the hour. */
    @Test
    void aRoleThatWasRevokedIsTakenAgainWhenTheSinkIsOpenedAgain() throws Exception {
        try (Sink sink = sink(ROLE)) {
            assertEquals(Readiness.ready(), sink.open());
            assertEquals(Outcome.written(), write(sink));
            ended.add(StsStub.key(1));
            Outcome.Paused paused = assertInstanceOf(Outcome.Paused.class, write(sink));
            assertTrue(paused.why().contains("ExpiredTokenException"), paused.why());
            rows--;
            assertEquals(Readiness.ready(), sink.open());
            assertEquals(Outcome.written(), write(sink));
        }
        assertEquals(2, sts.calls.size());
        assertWrittenOnce(0, 1);
    }

    @Test
    void aRoleThatIsRefusedInTheMiddlePausesAndOneThatCannotBeAskedForComesAgain() throws Exception {
        sts.goodFor = Duration.ofSeconds(30);
        try (Sink sink = sink(ROLE)) {
            assertEquals(Outcome.written(), write(sink));
            sts.instead = StsStub.error(403, "AccessDenied", "not authorized to perform: sts:AssumeRole");
            // what cannot be renewed is used for as long as AWS takes it
            assertEquals(Outcome.written(), write(sink));
            ended.addAll(keys);
            assertInstanceOf(Outcome.Paused.class, write(sink));
            Outcome.Paused paused = assertInstanceOf(Outcome.Paused.class, sink.open());
            assertTrue(paused.why().contains("sts:AssumeRole"), paused.why());
            assertFalse(paused.toString().contains(Credentials.SECRET), paused.toString());
            sts.instead = FaultAnswer.status(503);
            assertInstanceOf(Outcome.Retry.class, sink.open());
            sts.instead = FaultAnswer.reset();
            assertInstanceOf(Outcome.Retry.class, sink.open());
            sts.instead = null;
            assertEquals(Readiness.ready(), sink.open());
            rows--;
            assertEquals(Outcome.written(), write(sink));
        }
        assertWrittenOnce(0, 1, 2);
    }

    @Test
    void aWebIdentityTokenIsReadAnewEachTime() throws Exception {
        Path token = Files.writeString(directory.resolve("token"), "first");
        sts.goodFor = Duration.ofSeconds(30);
        try (Sink sink = Rows.sink(stub.uri("&sts-endpoint=" + sts.server.uri()
                + "&role-arn=arn:aws:iam::123456789012:role/writer" + "&web-identity-token-file=" + token))) {
            assertEquals(Outcome.written(), write(sink));
            Files.writeString(token, "second");
            assertEquals(Outcome.written(), write(sink));
            Files.delete(token);
            ended.addAll(keys);
            assertInstanceOf(Outcome.Paused.class, write(sink));
            rows--;
            Outcome.Paused paused = assertInstanceOf(Outcome.Paused.class, sink.open());
            assertTrue(paused.why().contains(token.toString()), paused.why());
            Files.writeString(token, "third");
            assertEquals(Readiness.ready(), sink.open());
            assertEquals(Outcome.written(), write(sink));
        }
        assertEquals(
                List.of("first", "second", "third"),
                sts.calls.stream()
                        .map(each -> each.get("WebIdentityToken"))
                        .distinct()
                        .toList());
        assertTrue(sts.calls.stream().allMatch(each -> "AssumeRoleWithWebIdentity".equals(each.get("Action"))));
        assertWrittenOnce(0, 1, 2);
    }

    @Test
    void credentialsOfAFileAreReadAgainAfterAWSRefusedThem() throws Exception {
        Path file = Credentials.file();
        try (Sink sink = Rows.sink(
                "cloudwatch://us-east-1/pgwatch?endpoint=" + stub.server.uri() + "&credentials-file=" + file)) {
            assertEquals(Outcome.written(), write(sink));
            ended.add("AKIDEXAMPLE");
            assertInstanceOf(Outcome.Paused.class, write(sink));
            rows--;
            Files.writeString(file, Files.readString(file).replace("AKIDEXAMPLE", "AKIDOTHER"));
            assertEquals(Readiness.ready(), sink.open());
            assertEquals(Outcome.written(), write(sink));
        }
        assertWrittenOnce(0, 1);
    }
}
