package io.github.pgwatchrpc.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The receiver starts with a damaged spool, says what is damaged, keeps a copy, and delivers the rest. What is lost and what
 * not, at hundreds of places, is counted by the tests of the delivery itself; these look at the whole receiver.
 */
@Tag("process")
class DamagedSpoolTest {

    private static final long SEED = 20_261_123;
    private static final int CALLS = 300;
    private static final int ROWS = 100;

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path directory;

    private Path spool = Path.of("");

    /** A spool with rows that no sink has got yet, as a kill leaves it. */
    @BeforeEach
    void fill() throws Exception {
        try (ServerProcess server = ServerProcess.launch(directory)
                        .sinks("away=rpc://127.0.0.1:1")
                        .start();
                NumberedRows.Sender sender = new NumberedRows.Sender(server)) {
            for (int i = 0; i < CALLS; i++) {
                sender.send(NumberedRows.envelope((long) i * ROWS, ROWS, "padding"));
            }
            server.kill();
        }
        spool = directory.resolve("data").resolve("spool");
    }

    private List<Path> segments() throws IOException {
        try (Stream<Path> files = Files.list(spool)) {
            return files.filter(file -> file.getFileName().toString().startsWith("segment"))
                    .sorted()
                    .toList();
        }
    }

    /** Starts it; rows that arrive and rows that are accounted as lost must be all rows. Gives how many are lost. */
    private long rowsLost(boolean copied) throws Exception {
        try (NumberedRows.Target target = new NumberedRows.Target();
                ServerProcess server = ServerProcess.launch(directory)
                        .sinks(target.sink("away"))
                        .start()) {
            server.awaitDelivered("away");
            long lost = server.rows("away", "lost");
            assertEquals(CALLS * ROWS, server.rows("away", "received"));
            assertEquals(CALLS * ROWS - lost, server.rows("away", "delivered"));
            assertEquals(CALLS * ROWS - lost, target.rows());
            assertEquals(0, target.again());
            assertEquals(200, server.page("/readiness").statusCode());
            // and it takes what comes
            try (NumberedRows.Sender sender = new NumberedRows.Sender(server)) {
                sender.send(NumberedRows.envelope(CALLS * ROWS, ROWS, ""));
            }
            server.awaitDelivered("away");
            assertEquals(CALLS * ROWS - lost + ROWS, target.rows());
            String log = server.log();
            assertEquals(copied, Files.exists(spool.resolve("damaged")), log);
            assertEquals(copied, log.contains("damaged"), log);
            server.terminate();
            return lost;
        }
    }

    /** Counts rows lost: none, for a kill damages nothing. */
    @Test
    void aKillIsNoDamage() throws Exception {
        assertEquals(0, rowsLost(false));
    }

    /** Twenty pieces of up to 600 bytes become noise. Counts rows lost: some, and no more than the calls that were hit. */
    @Test
    void noiseInTheLog() throws Exception {
        SplittableRandom random = new SplittableRandom(SEED);
        Path segment = segments().get(0);
        byte[] bytes = Files.readAllBytes(segment);
        int end = bytes.length;
        while (bytes[end - 1] == 0) {
            end--;
        }
        int pieces = 20;
        for (int i = 0; i < pieces; i++) {
            byte[] noise = new byte[1 + random.nextInt(600)];
            random.nextBytes(noise);
            // the last call stays whole: with it, that nothing is missing behind can be told
            System.arraycopy(noise, 0, bytes, random.nextInt(end - 20_000), noise.length);
        }
        Files.write(segment, bytes);
        long lost = rowsLost(true);
        // a piece may reach from one call into the next
        assertTrue(lost > 0 && lost <= 2L * pieces * ROWS, "seed " + SEED + ": lost: " + lost);
        Figures.show("%d pieces of noise: %,d of %,d rows lost", pieces, lost, CALLS * ROWS);
    }

    /** The file of cursors is noise. Counts rows lost: none; they may come again, and here none had been delivered. */
    @Test
    void noCursors() throws Exception {
        byte[] noise = new byte[(int) Files.size(spool.resolve("state"))];
        new SplittableRandom(SEED).nextBytes(noise);
        Files.write(spool.resolve("state"), noise);
        assertEquals(0, rowsLost(true));
    }

    /** The header of the log's file is zero. Counts rows lost: none, for the first record tells what stood there. */
    @Test
    void noHeader() throws Exception {
        Path segment = segments().get(0);
        byte[] bytes = Files.readAllBytes(segment);
        Arrays.fill(bytes, 0, 64, (byte) 0);
        Files.write(segment, bytes);
        assertEquals(0, rowsLost(true));
    }
}
