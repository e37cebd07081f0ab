package io.github.pgwatchrpc.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * What was answered with success gets into the file, whatever becomes of the process; {@code -Dinterop.kills=100} for more
 * rounds.
 */
@ExtendWith(GoPrograms.Resolver.class)
class EndUnderLoadTest {

    private static final int ROUNDS = Integer.getInteger("interop.kills", 10);
    private static final long SEED = 20_261_101;

    /** Rows of a batch of the file sink: so many may be on their way when the process dies, and come again. */
    private static final long BATCH_ROWS = 5_000;

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path directory;

    @Test
    void survivesKillMinusNine(GoPrograms go) throws Exception {
        List<Rows.Sent> sent = new ArrayList<>();
        SplittableRandom random = new SplittableRandom(SEED);
        for (int round = 0; round < ROUNDS; round++) {
            try (ServerProcess server = ServerProcess.start(directory)) {
                Load load = new Load(go, server, round);
                load.awaitBytes(20_000 + random.nextInt(200_000));
                // at some point between two batches, as chance has it
                LockSupport.parkNanos(random.nextLong(TimeUnit.MILLISECONDS.toNanos(200)));
                server.kill();
                sent.addAll(load.end());
            }
        }
        // the next start cuts off what the last kill has torn, and delivers what it left
        try (ServerProcess server = ServerProcess.start(directory)) {
            Rows.assertStored(sent, server.lines(), ROUNDS * BATCH_ROWS);
            double received = server.metric("pgwatch_rpc_sink_rows_received{sink=\"file\"}");
            assertEquals(received, server.metric("pgwatch_rpc_sink_rows_delivered{sink=\"file\"}"));
            server.terminate();
        }
    }

    @Test
    void drainsOnSigterm(GoPrograms go) throws Exception {
        List<Rows.Sent> sent;
        try (ServerProcess server = ServerProcess.start(directory)) {
            Load load = new Load(go, server, 0);
            load.awaitBytes(200_000);
            server.terminate();
            sent = load.end();
        }
        // what there was no time for is on disk, and nothing comes twice
        try (ServerProcess server = ServerProcess.start(directory)) {
            Rows.assertStored(sent, server.lines());
            server.terminate();
        }
    }

    /** Two Go programs that send without end, one for each way into net/rpc. */
    private final class Load {
        private static final long NUMBERS_A_PROGRAM = 1_000_000_000L;

        private final GoPrograms go;
        private final List<GoPrograms.Running> programs = new ArrayList<>();
        private final List<Path> sentFiles = new ArrayList<>();
        private final Path file;
        private final long before;

        Load(GoPrograms go, ServerProcess server, int round) throws IOException {
            this.go = go;
            this.file = server.file();
            this.before = Files.exists(file) ? Files.size(file) : 0;
            for (String transport : List.of("http", "raw")) {
                long number = round * 2L + programs.size();
                Path sentFile = directory.resolve("sent-" + number + ".jsonl");
                sentFiles.add(sentFile);
                programs.add(go.start(
                        directory,
                        "pgwatch",
                        "-addr",
                        server.address(),
                        "-transport",
                        transport,
                        "-scenario",
                        "soak",
                        "-duration",
                        "2m",
                        "-connections",
                        "2",
                        "-rows",
                        "5",
                        "-first-seq",
                        Long.toString(1 + number * NUMBERS_A_PROGRAM),
                        "-sent",
                        sentFile.toString()));
            }
        }

        /** Waits until the file has grown by so much: then the load is on. */
        void awaitBytes(long bytes) throws IOException {
            long patience = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
            while (!Files.exists(file) || Files.size(file) - before < bytes) {
                assertTrue(
                        programs.stream().allMatch(each -> each.process().isAlive()),
                        () -> "the load ended by itself: " + programs);
                assertTrue(System.nanoTime() < patience, () -> "no load came: " + programs);
                LockSupport.parkNanos(1_000_000);
            }
        }

        /** What they sent; they end by themselves, since their connections are gone. */
        List<Rows.Sent> end() throws IOException, InterruptedException {
            List<Rows.Sent> sent = new ArrayList<>();
            for (int i = 0; i < programs.size(); i++) {
                go.await(programs.get(i));
                sent.addAll(Rows.sent(sentFiles.get(i)));
            }
            assertTrue(sent.stream().anyMatch(Rows.Sent::ok), "nothing was acknowledged");
            return sent;
        }
    }
}
