package io.github.pgwatchrpc.sink.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A process that writes as fast as it can, with rotation and compression, is killed (SIGKILL) again and again. What it had
 * been told was written must be there once, and nothing may be torn.
 */
@NullMarked
class KillTest {

    private static final long SEED = 20261122;
    private static final int KILLS = 10;
    private static final int MOST_ACKNOWLEDGED = 400;

    @TempDir
    private Path directory = Path.of("");

    private static FileSink sink(Path path) {
        return new FileSink(
                new FileSink.Settings(path, 50_000, true, true, null, null, false), Clock.systemUTC(), Disk.REAL);
    }

    /** The process that is killed: tells each row's number when it is written. */
    public static final class Writer {
        private Writer() {}

        /**
         * Writes until killed.
         *
         * @param args path, and name of the run
         * @throws Exception if a write fails
         */
        @SuppressWarnings("SystemOut") // the test reads it
        public static void main(String[] args) throws Exception {
            try (FileSink sink = sink(Path.of(args[0]))) {
                for (int n = 0; ; n += 5) {
                    Outcome outcome = sink.write(Lines.batch(args[1], n, n + 5));
                    if (!outcome.equals(Outcome.written())) {
                        throw new IllegalStateException(outcome.toString());
                    }
                    System.out.println(n + 4);
                }
            }
        }
    }

    @Test
    void whatWasAcknowledgedIsThereOnceAndNothingIsTorn() throws Exception {
        Path path = directory.resolve("m.jsonl");
        SplittableRandom random = new SplittableRandom(SEED);
        List<Integer> acknowledged = new ArrayList<>();
        for (int run = 0; run < KILLS; run++) {
            acknowledged.add(killAfter(1 + random.nextInt(MOST_ACKNOWLEDGED), path, "run" + run));
        }
        try (FileSink sink = sink(path)) {
            assertEquals(Readiness.ready(), sink.open());
            sink.awaitArchive();
        }
        for (Path file : Lines.files(directory)) {
            assertTrue(file.equals(path) || file.toString().endsWith(".gz"), "seed " + SEED + ", left behind: " + file);
        }
        for (int run = 0; run < KILLS; run++) {
            List<Integer> found = Lines.numbers(path, "run" + run);
            String message = "seed " + SEED + ", run " + run + ": " + acknowledged.get(run) + " acknowledged";
            // in order, without gaps and without repetition, as far as acknowledged or a little further
            Lines.assertRange(0, found.size(), found, message);
            assertTrue(found.size() > acknowledged.get(run), message + ", " + found.size() + " rows found");
        }
    }

    @Test
    void aSecondProcessHasToWait() throws Exception {
        Path path = directory.resolve("m.jsonl");
        Process process = start(path, "first");
        try (BufferedReader out = process.inputReader()) {
            assertEquals("4", out.readLine());
            try (FileSink sink = sink(path)) {
                Outcome.Paused paused = assertInstanceOf(Outcome.Paused.class, sink.open());
                assertEquals(
                        "file " + path + ": in use by another process, which holds "
                                + directory.resolve(".m.jsonl.lock"),
                        paused.why());
                process.destroyForcibly().waitFor();
                assertEquals(Readiness.ready(), sink.open());
            }
        } finally {
            process.destroyForcibly();
        }
    }

    /** Runs a writer, kills it after so many acknowledgements, and tells the last number that was acknowledged. */
    private static int killAfter(int acknowledgements, Path path, String run) throws Exception {
        Process process = start(path, run);
        try (BufferedReader out = process.inputReader()) {
            int last = -1;
            for (int i = 0; i < acknowledgements; i++) {
                last = number(out.readLine());
            }
            // not through the process itself: that would throw away what it has said
            process.toHandle().destroyForcibly();
            // what it said before it died counts too
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                last = number(line);
            }
            process.waitFor();
            return last;
        }
    }

    private static int number(@Nullable String line) {
        if (line == null) {
            throw new IllegalStateException("the writer has ended by itself");
        }
        return Integer.parseInt(line);
    }

    private static Process start(Path path, String run) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Writer.class.getName(),
                        path.toString(),
                        run)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }
}
