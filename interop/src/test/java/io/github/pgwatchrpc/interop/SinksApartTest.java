package io.github.pgwatchrpc.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Sinks that are away, slow or hang cost those who call, and the healthy one, nothing; nor do they keep the process alive. */
@Tag("process")
@ExtendWith(GoPrograms.Resolver.class)
class SinksApartTest {

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path directory;

    /**
     * One sink is away for the whole run, one takes ten rows a second, one never answers, one is healthy. Counts calls without
     * success (none), rows of the healthy sink (all that were acknowledged, each once), and for each of the others received =
     * delivered + waiting. Then SIGTERM in the middle of the load: the process ends within ten seconds, although two sinks
     * hang in a write. When the sinks are well at the next start, each gets all rows.
     */
    @Test
    void theHealthyOneGetsAllAndTheOthersLater(GoPrograms go) throws Exception {
        Path file = directory.resolve("m.jsonl");
        List<Rows.Sent> sent;
        try (NumberedRows.Target slow = new NumberedRows.Target(10);
                NumberedRows.Target hangs = new NumberedRows.Target(0)) {
            ServerProcess.Launch launch = ServerProcess.launch(directory)
                    .sinks(
                            ServerProcess.file(file),
                            "dead=rpc://127.0.0.1:1",
                            slow.sink("slow") + "?calls=1",
                            hangs.sink("hangs"));
            try (ServerProcess server = launch.start()) {
                GoLoad load = new GoLoad(go, directory, server, 0, 200);
                server.awaitAtLeast("pgwatch_rpc_rows_stored_total", 15_000);
                server.awaitAtLeast("pgwatch_rpc_sink_rows_delivered{sink=\"slow\"}", 5);
                assertEquals(0, server.metric("pgwatch_rpc_rows_refused_total"));
                assertEquals(0, server.metric("pgwatch_rpc_rows_timeout_total"));
                server.terminate();
                sent = load.end();
            }
            assertTrue(slow.rows() > 0 && hangs.rows() > 0, "they were never called");
        }
        Rows.Counted healthy = Rows.assertStored(sent, ServerProcess.lines(file), 0);
        try (NumberedRows.Target dead = new NumberedRows.Target();
                NumberedRows.Target slow = new NumberedRows.Target();
                NumberedRows.Target hangs = new NumberedRows.Target();
                ServerProcess server = ServerProcess.launch(directory)
                        .sinks(ServerProcess.file(file), dead.sink("dead"), slow.sink("slow"), hangs.sink("hangs"))
                        .start()) {
            for (String sink : List.of("dead", "slow", "hangs", "file")) {
                server.awaitDelivered(sink);
                assertEquals(server.rows(sink, "received"), server.rows(sink, "delivered"), sink);
            }
            Rows.Counted all = Rows.assertStored(sent, ServerProcess.lines(file), 0);
            assertEquals(all.stored(), server.rows("file", "received"));
            // those to which nothing had ever been delivered get each row now, and once
            assertEquals(all.stored(), dead.rows());
            assertEquals(0, dead.again());
            assertEquals(all.stored(), hangs.rows());
            assertEquals(0, hangs.again());
            server.terminate();
            Figures.show(
                    "%,d rows acknowledged, %,d in the healthy sink before the end",
                    all.acknowledged(), healthy.stored());
        }
    }
}
