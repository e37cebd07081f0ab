package io.github.pgwatchrpc.delivery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.delivery.deadletter.DeadLetter;
import io.github.pgwatchrpc.delivery.spool.Durability;
import io.github.pgwatchrpc.delivery.spool.SpoolInUseException;
import io.github.pgwatchrpc.delivery.worker.Account;
import io.github.pgwatchrpc.delivery.worker.SinkTarget;
import io.github.pgwatchrpc.delivery.worker.WorkerSettings;
import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Limits;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Sink;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A process that accepts from several threads and delivers into a file is killed (SIGKILL) again and again. Whatever it had
 * acknowledged must be delivered in the end; only what was under way at a kill may come twice; the accounts must be those
 * of a process that never died. {@code -Ddelivery.kills=100} kills more often.
 */
@Tag("process")
@NullMarked
class KillTest {

    private static final long SEED = 20261122;
    private static final int KILLS = Integer.getInteger("delivery.kills", 20);
    private static final int MOST_ACKNOWLEDGED = 3_000;
    private static final int THREADS = 4;
    private static final int BATCH = 50;

    /** Every seventh row is refused, so that dead letters are written as well. */
    private static final int POISON = 7;

    @TempDir
    private Path temp = Path.of("");

    /** Appends a line for each row, and refuses some. */
    private record LineSink(Path file) implements Sink {
        @Override
        public Outcome write(Batch batch) throws IOException {
            StringBuilder lines = new StringBuilder();
            List<Outcome.RefusedRow> refused = new ArrayList<>();
            for (int i = 0; i < batch.size(); i++) {
                long number = Samples.number(batch.row(i));
                if (number % POISON == 0) {
                    refused.add(new Outcome.RefusedRow(i, "seven"));
                } else {
                    lines.append(number).append(' ').append(batch.id(i)).append('\n');
                }
            }
            Files.writeString(file, lines, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            return Outcome.of(refused, List.of(), Duration.ZERO, "");
        }
    }

    private static Delivery open(Path directory, Durability durability) throws IOException {
        return Delivery.open(
                DeliveryConfig.builder(directory.resolve("spool"))
                        .durability(durability)
                        .segmentBytes(64 << 10)
                        .worker(new WorkerSettings(
                                Duration.ofMillis(2), Duration.ofMillis(1), Duration.ofMillis(5), Duration.ofMillis(5)))
                        .build(),
                List.of(new SinkTarget(
                        "lines",
                        new LineSink(directory.resolve("lines")),
                        new Limits(BATCH, 1 << 20, 1),
                        Set.of(),
                        SinkTarget.Start.NOW)));
    }

    /** The process that is killed: tells each row's number when it is acknowledged. */
    public static final class Receiver {
        private Receiver() {}

        /**
         * Accepts until killed.
         *
         * @param args directory, first number, durability
         * @throws Exception if anything fails
         */
        @SuppressWarnings("SystemOut") // the test reads it
        public static void main(String[] args) throws Exception {
            Delivery delivery = open(Path.of(args[0]), Durability.valueOf(args[2]));
            List<Thread> threads = new ArrayList<>();
            for (int t = 0; t < THREADS; t++) {
                long first = Long.parseLong(args[1]) + t;
                Thread thread = new Thread(() -> {
                    for (long n = first; ; n += THREADS) {
                        delivery.append(Samples.envelope(n, 1))
                                .toCompletableFuture()
                                .join();
                        System.out.println(n);
                    }
                });
                threads.add(thread);
                thread.start();
            }
            for (Thread each : threads) {
                each.join();
            }
        }
    }

    private static Process start(Path directory, long first, Durability durability) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Receiver.class.getName(),
                        directory.toString(),
                        Long.toString(first),
                        durability.name())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    @Test
    void whatWasAcknowledgedIsDelivered() throws Exception {
        SplittableRandom random = new SplittableRandom(SEED);
        Set<Long> acknowledged = new HashSet<>();
        long first = 0;
        for (int kill = 0; kill < KILLS; kill++) {
            Durability durability = random.nextBoolean() ? Durability.FSYNC : Durability.FLUSH;
            Process process = start(temp, first, durability);
            try (BufferedReader out = process.inputReader(StandardCharsets.US_ASCII)) {
                int count = 0;
                int most = 1 + random.nextInt(MOST_ACKNOWLEDGED);
                for (String line = out.readLine(); line != null; line = out.readLine()) {
                    // the last line may have been cut by the kill: each but the last is followed by another
                    acknowledged.add(Long.parseLong(line));
                    first = Math.max(first, Long.parseLong(line) + 1_000_000);
                    if (++count == most) {
                        process.toHandle().destroyForcibly();
                    }
                }
                assertTrue(count >= most, "seed " + SEED + ", kill " + kill + ": the process ended by itself");
                process.waitFor();
            }
        }
        try (Delivery delivery = open(temp, Durability.FSYNC)) {
            Await.until("delivered", () -> delivery.accounts().get("lines").waiting() == 0);
            Account account = delivery.accounts().get("lines");
            Set<Long> found = new HashSet<>();
            Set<String> ids = new HashSet<>();
            int twice = 0;
            for (String line : Files.readAllLines(temp.resolve("lines"))) {
                found.add(Long.parseLong(line.substring(0, line.indexOf(' '))));
                twice += ids.add(line) ? 0 : 1;
            }
            assertEquals(found.size(), ids.size(), "a row with two ids");
            List<DeadLetter> letters = delivery.deadLetters("lines", letter -> true, Integer.MAX_VALUE);
            letters.forEach(letter -> found.add(Samples.number(letter.measurement())));
            long dead = letters.size();
            long lost = acknowledged.stream().filter(n -> !found.contains(n)).count();
            assertEquals(0, lost, "seed " + SEED + ", acknowledged: " + acknowledged.size());
            assertTrue(twice <= KILLS * BATCH, "seed " + SEED + ": twice: " + twice);
            assertEquals(
                    new Account(found.size(), found.size() - dead, 0, dead, 0, 0, found.size(), 0),
                    account,
                    "seed " + SEED);
            assertEquals(found.stream().filter(n -> n % POISON == 0).count(), dead, "seed " + SEED);
        }
    }

    @Test
    void anotherProcessIsNamed() throws Exception {
        Process process = start(temp, 0, Durability.FLUSH);
        try (BufferedReader out = process.inputReader(StandardCharsets.US_ASCII)) {
            out.readLine();
            SpoolInUseException e =
                    Assertions.assertThrows(SpoolInUseException.class, () -> open(temp, Durability.FLUSH));
            assertEquals("spool " + temp.resolve("spool") + ": in use by process " + process.pid(), e.getMessage());
        } finally {
            process.destroyForcibly().waitFor();
        }
        open(temp, Durability.FLUSH).close();
    }
}
