package io.github.pgwatchrpc.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What was answered with success gets into the file, whatever becomes of the process. */
@Tag("process")
@ExtendWith(GoPrograms.Resolver.class)
class EndUnderLoadTest {

    private static final int KILLS = Integer.getInteger("interop.kills", 100);

    /** So often the rows are counted, lest all of them be held in memory. */
    private static final int KILLS_A_COUNT = 10;

    /** So often there is one kill more, at some point of the start. */
    private static final int KILLS_A_START = 5;

    private static final long SEED = 20_261_101;

    /** Rows of a batch of the file sink: so many may be on their way when the process dies, and come again. */
    private static final long BATCH_ROWS = 5_000;

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path directory;

    /**
     * Counts acknowledged rows that are not in the file (none), rows that are there twice (no more than a batch for each kill),
     * rows that are there and were never sent or are another than was sent (none), and holds the receiver's own account,
     * which has gone through all the kills, against the different rows of all files. All with one data directory.
     */
    @Test
    @Timeout(value = 15, unit = TimeUnit.MINUTES) // the usual five would be enough on an idle machine
    void survivesKillMinusNine(GoPrograms go) throws Exception {
        SplittableRandom random = new SplittableRandom(SEED);
        Rows.Counted all = new Rows.Counted(0, 0, 0);
        List<Rows.Sent> sent = new ArrayList<>();
        long killsSince = 0;
        for (int kill = 1; kill <= KILLS; kill++) {
            String durability = random.nextBoolean() ? "fsync" : "flush";
            ServerProcess.Launch launch = ServerProcess.launch(directory).options("--durability", durability);
            if (kill % KILLS_A_START == 0) {
                launch.startAndKill(random.nextLong(TimeUnit.MILLISECONDS.toNanos(1_500)));
                killsSince++;
            }
            try (ServerProcess server = launch.start()) {
                GoLoad load = new GoLoad(go, directory, server, kill, 0);
                load.awaitBytes(20_000 + random.nextInt(500_000));
                LockSupport.parkNanos(random.nextLong(TimeUnit.MILLISECONDS.toNanos(50)));
                server.kill();
                sent.addAll(load.end());
            }
            killsSince++;
            if (kill % KILLS_A_COUNT == 0 || kill == KILLS) {
                all = all.plus(count(sent, killsSince, "seed " + SEED + ", kill " + kill));
                sent.clear();
                killsSince = 0;
            }
        }
        try (ServerProcess server = ServerProcess.start(directory)) {
            assertEquals(all.stored(), server.rows("file", "received"));
            assertEquals(all.stored(), server.rows("file", "delivered"));
            assertEquals(0, server.rows("file", "lost"));
            server.terminate();
        }
        Figures.show(
                "%d kills and %d during starts: %,d rows acknowledged and delivered, %,d delivered without an answer, %,d twice",
                KILLS, KILLS / KILLS_A_START, all.acknowledged(), all.stored() - all.acknowledged(), all.again());
    }

    /** The next start cuts off what the last kill has torn, and delivers what it left; then the file makes room. */
    private Rows.Counted count(List<Rows.Sent> sent, long kills, String message) throws Exception {
        try (ServerProcess server = ServerProcess.start(directory)) {
            Rows.Counted counted = Rows.assertStored(sent, server.lines(), kills * BATCH_ROWS);
            server.terminate();
            Files.delete(server.file());
            return counted;
        } catch (AssertionError e) {
            throw new AssertionError(message + ": " + e.getMessage(), e);
        }
    }

    /** Counts the same after SIGTERM: the process ends within ten seconds, and nothing comes twice. */
    @Test
    void drainsOnSigterm(GoPrograms go) throws Exception {
        List<Rows.Sent> sent;
        try (ServerProcess server = ServerProcess.start(directory)) {
            GoLoad load = new GoLoad(go, directory, server, 0, 0);
            load.awaitBytes(2_000_000);
            server.terminate();
            sent = load.end();
        }
        // what there was no time for is on disk
        try (ServerProcess server = ServerProcess.start(directory)) {
            Rows.assertStored(sent, server.lines());
            server.terminate();
        }
    }
}
