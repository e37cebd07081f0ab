package io.github.pgwatchrpc.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A sink that was away for long: its backlog costs disk and nothing else. */
@Tag("process")
class BacklogTest {

    private static final long BYTES = Long.getLong("interop.backlog", 500L << 20);

    private static final String SMALL_HEAP = "-Xmx64m";

    /** With a heap of 64 MiB: code, stacks, buffers outside of the heap. */
    private static final long MOST_RESIDENT_KIB = 400 << 10;

    private static final int ROWS_A_CALL = 1_000;

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path directory;

    /**
     * In a heap of 64 MiB, eight times smaller than the backlog. Counts rows that arrive in the end: each once, in this order
     * of magnitude of resident memory; and new calls that are answered while it drains: all.
     */
    @Test
    void aBacklogLargerThanTheHeapDrainsExactly() throws Exception {
        ServerProcess.Launch launch =
                ServerProcess.launch(directory).jvm(SMALL_HEAP).options("--durability", "flush");
        String padding = "p".repeat(60);
        long rows = 0;
        try (ServerProcess server = launch.sinks("away=rpc://127.0.0.1:1").start();
                NumberedRows.Sender sender = new NumberedRows.Sender(server)) {
            while (server.metric("pgwatch_rpc_spool_bytes") < BYTES) {
                for (int i = 0; i < 100; i++) {
                    sender.send(NumberedRows.envelope(rows, ROWS_A_CALL, padding));
                    rows += ROWS_A_CALL;
                }
            }
            assertEquals(rows, server.rows("away", "waiting"));
            server.terminate();
        }
        try (NumberedRows.Target target = new NumberedRows.Target();
                ServerProcess server = launch.sinks(target.sink("away")).start()) {
            long begin = System.nanoTime();
            try (NumberedRows.Sender sender = new NumberedRows.Sender(server)) {
                for (int i = 0; i < 20; i++) {
                    sender.send(NumberedRows.envelope(rows, ROWS_A_CALL, padding));
                    rows += ROWS_A_CALL;
                }
            }
            server.awaitDelivered("away");
            double seconds = (System.nanoTime() - begin) / 1e9;
            assertEquals(rows, target.rows());
            assertEquals(rows, target.firstMissing());
            assertEquals(0, target.again());
            assertEquals(rows, server.rows("away", "delivered"));
            long resident = residentKib(server);
            assertTrue(resident <= MOST_RESIDENT_KIB, () -> resident + " KiB (expected: <= " + MOST_RESIDENT_KIB + ")");
            Figures.show("backlog of %,d rows: drained in %.1f s, at most %,d KiB resident", rows, seconds, resident);
            server.terminate();
        }
    }

    /** The most that the process has had in memory; 0 where the system does not tell. */
    private static long residentKib(ServerProcess server) throws IOException {
        Path status = Path.of("/proc", Long.toString(server.pid()), "status");
        return Files.exists(status)
                ? Files.readAllLines(status).stream()
                        .filter(line -> line.startsWith("VmHWM:"))
                        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                        .findFirst()
                        .orElse(0)
                : 0;
    }
}
