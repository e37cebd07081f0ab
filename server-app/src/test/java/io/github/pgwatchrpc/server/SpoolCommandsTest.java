package io.github.pgwatchrpc.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpoolCommandsTest {

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path directory;

    private Server start(String sink) throws ConfigException {
        ServeOptions options = new ServeOptions();
        options.listen = "127.0.0.1:0";
        options.webAddress = "off";
        options.auth = Auth.NONE;
        options.dataDir = directory;
        options.sinks = List.of(sink);
        return Server.start(options);
    }

    /** Three rows in the dead letters of the sink {@code s}. */
    private void refuseThree() throws Exception {
        try (Server server = start("s=outcome:refused");
                NetRpcTraffic client =
                        NetRpcTraffic.connect(Target.of(Target.Protocol.NET_RPC, server.address(), null), null)) {
            client.send(Envelopes.rows(3, 7));
            assertTrue(server.awaitDelivered(Duration.ofSeconds(20)));
        }
    }

    private Ran command(String... args) {
        List<String> all = new ArrayList<>(List.of(args));
        all.add("--data-dir=" + directory);
        return Ran.command(all.toArray(String[]::new));
    }

    private Ran fine(String... args) {
        Ran ran = command(args);
        assertEquals(ExitCode.FINE, ran.code(), ran::err);
        return ran;
    }

    /** What {@code spool status} shows of the sink. */
    private String account() {
        return fine("spool", "status")
                .out()
                .lines()
                .filter(line -> line.endsWith(" s"))
                .findFirst()
                .orElse("none")
                .strip()
                .replaceAll(" +", " ");
    }

    @Test
    void deadLettersAreListedShownTriedAgainAndDropped() throws Exception {
        refuseThree();
        assertEquals("3 0 0 3 0 0 s", account());
        List<String> lines = fine("deadletters", "list").out().lines().toList();
        assertEquals(4, lines.size(), lines::toString);
        assertTrue(lines.get(1).matches(" +0 .* dead +db +m +too old \\(s\\)"), lines::toString);
        List<String> shown =
                fine("deadletters", "show", "--id=1", "--sink=s").out().lines().toList();
        assertEquals(1, shown.size(), shown::toString);
        JsonNode letter = new ObjectMapper().readTree(shown.get(0));
        assertEquals("too old", letter.path("reason").asText());
        assertEquals(8, letter.path("envelope").path("data").path(0).path("v").asInt(), letter::toString);

        assertEquals(
                "1 letters dropped (s)\n", fine("deadletters", "drop", "--id=1").out());
        assertEquals(
                "0 letters queued (s)\n",
                fine("deadletters", "replay", "--metric=other").out());
        assertEquals(
                "2 letters queued (s)\n",
                fine("deadletters", "replay", "--reason=old").out());
        assertEquals("3 0 2 0 1 0 s", account());
        try (Server server = start("s=outcome:written")) {
            assertTrue(server.awaitDelivered(Duration.ofSeconds(20)));
        }
        assertEquals("3 2 0 0 1 0 s", account());
    }

    @Test
    void whatIsKeptForARemovedSinkGoesWhenToldTo() throws Exception {
        refuseThree();
        Ran wrong = command("spool", "forget", "t");
        assertEquals(ExitCode.CONFIG, wrong.code());
        assertTrue(wrong.errLines().get(0).endsWith("sink t: unknown (expected: s)"), wrong::err);
        assertEquals(
                "forgotten: s, 0 waiting rows, 3 dead letters\n",
                fine("spool", "forget", "s").out());
        assertEquals("none", account());
    }

    @Test
    void aReceiverThatRunsIsTold() throws Exception {
        Server server = start("s=outcome:written");
        try (server) {
            for (String[] each : new String[][] {{"spool", "status"}, {"deadletters", "list"}}) {
                Ran ran = command(each);
                assertEquals(ExitCode.CONFIG, ran.code());
                assertEquals(2, ran.errLines().size(), ran::err);
                assertTrue(ran.errLines().get(0).contains(": in use by "), ran::err);
                assertTrue(ran.errLines().get(1).contains("stop the receiver first"), ran::err);
            }
        }
        assertFalse(server.isReady());
    }
}
