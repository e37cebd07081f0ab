package io.github.pgwatchrpc.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A receiver beside an old pgwatch, which sends in the clear over loopback, forwards with key and TLS to a central one. */
@Tag("process")
@ExtendWith(GoPrograms.Resolver.class)
class RelayTest {

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path directory;

    /** Over net/rpc nothing is lost on the way, not even a type: what is stored is held against what Go sent. */
    @ParameterizedTest
    @ValueSource(strings = {"v3.0", "v3.5", "v3.7"})
    void whatAnOldPgwatchSendsArrivesExactly(String shape, GoPrograms go) throws Exception {
        Path there = Files.createDirectories(directory.resolve("central"));
        Path here = Files.createDirectories(directory.resolve("edge"));
        try (ServerProcess central =
                ServerProcess.start(there, "127.0.0.1:0", "--auth", "key", "--plaintext", "never")) {
            Path key = there.resolve("data").resolve("api-key");
            String sink = "rpc://" + central.address() + "?token-file=" + key + "&sslrootca=" + central.authority();
            try (ServerProcess edge = ServerProcess.start(here, "127.0.0.1:0", "--sink", sink)) {
                Path sent = directory.resolve("sent.jsonl");
                Map<String, Object> summary = go.run(
                                directory,
                                "pgwatch",
                                "-addr",
                                edge.address(),
                                "-shape",
                                shape,
                                "-calls",
                                "6",
                                "-sent",
                                sent.toString())
                        .mustSucceed()
                        .summary();
                long rows = Json.integer(summary.get("rows_ok"));
                assertEquals(61, rows);
                central.awaitMetric("pgwatch_rpc_rows_received_total", rows);
                edge.terminate();
                central.terminate();
                Rows.assertForwarded(Rows.sent(sent), central.lines());
                String secret = Files.readString(key).strip().substring(7);
                assertFalse(edge.log().contains(secret), "the key is in the log");
            }
            assertTrue(Files.readString(central.file()).contains("\n"));
        }
    }
}
