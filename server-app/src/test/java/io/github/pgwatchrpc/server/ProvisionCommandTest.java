package io.github.pgwatchrpc.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.sink.testkit.FaultAnswer;
import io.github.pgwatchrpc.sink.testkit.FaultServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProvisionCommandTest {

    @TempDir
    Path directory;

    private Ran run(String... args) {
        return Ran.of(Map.of("PGWATCH_RPC_DATA_DIR", directory.toString()), args);
    }

    @Test
    void aDryRunPrintsRequestsAndSendsNone() throws IOException {
        try (FaultServer server = FaultServer.start()) {
            Ran ran = run("provision", "--dry-run", "--sink", uri(server));
            assertEquals(0, ran.exitCode(), ran.err());
            assertTrue(ran.out().contains("PUT /_index_template/metrics-pgwatch-default\n{"), ran.out());
            assertEquals(List.of(), server.requests());
        }
    }

    @Test
    void whatIsMissingIsMade() throws Exception {
        try (FaultServer server = FaultServer.start()) {
            server.otherwise(FaultAnswer.ok().body("{}"));
            Ran ran = run("provision", "--sink", uri(server), "--sink", "jsonfile:" + directory.resolve("m.jsonl"));
            assertEquals(0, ran.exitCode(), ran.err());
            assertEquals("GET", server.await().method());
            assertEquals("PUT", server.await().method());
            assertTrue(ran.out().contains("has what it needs") && ran.out().contains("needs nothing"), ran.out());
        }
    }

    @Test
    void whatStandsInTheWayIsSaid() throws IOException {
        try (FaultServer server = FaultServer.start()) {
            server.otherwise(FaultAnswer.status(403).body("no"));
            Ran denied = run("provision", "--sink", uri(server));
            assertEquals(1, denied.exitCode());
            assertTrue(denied.err().contains("403"), denied.err());
            assertEquals(78, run("provision", "--sink", "elasticsearch:nowhere").exitCode());
        }
    }

    private static String uri(FaultServer server) {
        return "elasticsearch://127.0.0.1:" + server.uri().getPort();
    }
}
