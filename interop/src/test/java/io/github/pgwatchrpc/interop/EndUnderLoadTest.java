package io.github.pgwatchrpc.interop;

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

/** What was answered with success is in the file, whatever becomes of the process. */
@ExtendWith(GoPrograms.Resolver.class)
class EndUnderLoadTest {

    private static final int ROUNDS = 5;
    private static final long SEED = 20_261_101;

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
                server.kill();
                sent.addAll(load.end());
            }
        }
        // the next start cuts off what the last kill has torn
        try (ServerProcess server = ServerProcess.start(directory)) {
            Rows.assertStored(sent, server.lines());
            server.terminate();
        }
    }

    @Test
    void drainsOnSigterm(GoPrograms go) throws Exception {
        try (ServerProcess server = ServerProcess.start(directory)) {
            Load load = new Load(go, server, 0);
            load.awaitBytes(200_000);
            server.terminate();
            Rows.assertStored(load.end(), server.lines());
        }
    }

    /** Go programs that send without end. */
    private final class Load {
        private final GoPrograms go;
        private final GoPrograms.Running program;
        private final Path file;
        private final Path sentFile;
        private final long before;

        Load(GoPrograms go, ServerProcess server, int round) throws IOException {
            this.go = go;
            this.file = server.file();
            this.before = Files.exists(file) ? Files.size(file) : 0;
            this.sentFile = directory.resolve("sent-" + round + ".jsonl");
            this.program = go.start(
                    directory,
                    "pgwatch",
                    "-addr",
                    server.address(),
                    "-scenario",
                    "soak",
                    "-duration",
                    "2m",
                    "-connections",
                    "4",
                    "-rows",
                    "5",
                    "-first-seq",
                    Long.toString(1 + round * 1_000_000_000L),
                    "-sent",
                    sentFile.toString());
        }

        /** Waits until the file has grown by so much: then the load is on. */
        void awaitBytes(long bytes) throws IOException {
            long patience = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
            while (!Files.exists(file) || Files.size(file) - before < bytes) {
                assertTrue(program.process().isAlive(), () -> "the load ended by itself: " + program);
                assertTrue(System.nanoTime() < patience, () -> "no load came: " + program);
                LockSupport.parkNanos(1_000_000);
            }
        }

        /** What it sent; it ends by itself, since its connections are gone. */
        List<Rows.Sent> end() throws IOException, InterruptedException {
            go.await(program);
            List<Rows.Sent> sent = Rows.sent(sentFile);
            assertTrue(sent.stream().anyMatch(Rows.Sent::ok), "nothing was acknowledged");
            return sent;
        }
    }
}
