package io.github.pgwatchrpc.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Go's net/rpc clients with and without a key call the packaged receiver, which wants one. */
@ExtendWith(GoPrograms.Resolver.class)
class KeysTest {

    private static final String MISSING = "authentication required: no key was shown";

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path directory;

    private Path keyFile() {
        return directory.resolve("data").resolve("api-key");
    }

    private List<?> answers(GoPrograms go, ServerProcess server, String... more) throws Exception {
        String[] arguments = new String[more.length + 2];
        arguments[0] = "-addr";
        arguments[1] = server.address();
        System.arraycopy(more, 0, arguments, 2, more.length);
        return Json.list(
                go.run(directory, "keyed", arguments).mustSucceed().summary().get("answers"));
    }

    private static void assertAnswers(List<?> answers, String... expected) {
        assertEquals(expected.length, answers.size(), answers::toString);
        for (int i = 0; i < expected.length; i++) {
            String answer = (String) answers.get(i);
            assertTrue(expected[i].isEmpty() ? answer.isEmpty() : answer.startsWith(expected[i]), answers::toString);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"v3.0", "v3.5", "v3.7"})
    void anUnmodifiedPgwatchIsLetInByACustomTag(String shape, GoPrograms go) throws Exception {
        try (ServerProcess server = ServerProcess.start(directory, "127.0.0.1:0", "--auth", "key")) {
            String key = Files.readString(keyFile()).strip();
            assertAnswers(answers(go, server, "-shape", shape, "-way", "tag", "-key", key), MISSING, "", "", "");
            assertAnswers(answers(go, server, "-shape", shape), MISSING, MISSING, MISSING, MISSING);
            String wrong = "authentication failed: what was shown is not a key";
            assertAnswers(
                    answers(go, server, "-shape", shape, "-way", "tag", "-key", "hunter2"),
                    MISSING,
                    wrong,
                    MISSING,
                    MISSING);
            assertEquals(2, server.lines().size());
            assertFalse(Files.readString(server.file()).contains("pgwatch_rpc_key"), "the tag was stored");
            assertFalse(server.log().contains(key.substring(7)), "the key is in the log");
            assertFalse(server.log().contains("hunter2"), "what was shown is in the log");
            assertTrue(server.log().contains("refused outcome=missing peer="), server.log());
        }
    }

    @Test
    void aClientThatKnowsOfKeysIsLetInByItsField(GoPrograms go) throws Exception {
        try (ServerProcess server = ServerProcess.start(directory, "127.0.0.1:0", "--auth", "key")) {
            String key = Files.readString(keyFile()).strip();
            assertAnswers(answers(go, server, "-way", "field", "-key", key), "", "", "", "");
            assertEquals(2, server.lines().size());
        }
        try (ServerProcess open = ServerProcess.start(directory, "127.0.0.1:0", "--auth", "none")) {
            assertAnswers(answers(go, open, "-way", "field", "-key", "whatever"), "", "", "", "");
        }
    }

    @ParameterizedTest
    @CsvSource({"tag, 1", "field, 0"})
    void afterARestartTheOldKeyIsRefused(String way, int first, GoPrograms go) throws Exception {
        String old;
        try (ServerProcess server = ServerProcess.start(directory, "127.0.0.1:0", "--auth", "key")) {
            old = Files.readString(keyFile()).strip();
            assertEquals("", answers(go, server, "-way", way, "-key", old).get(first));
            server.terminate();
        }
        try (ServerProcess server = ServerProcess.start(directory, "127.0.0.1:0", "--auth", "key")) {
            String answer =
                    (String) answers(go, server, "-way", way, "-key", old).get(first);
            assertTrue(answer.startsWith("authentication failed: this receiver does not know the key"), answer);
            String fresh = Files.readString(keyFile()).strip();
            assertEquals("", answers(go, server, "-way", way, "-key", fresh).get(first));
        }
    }
}
