package io.github.pgwatchrpc.delivery.worker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.delivery.FakeSink;
import io.github.pgwatchrpc.delivery.Samples;
import io.github.pgwatchrpc.delivery.deadletter.DeadLetters;
import io.github.pgwatchrpc.delivery.disk.Disk;
import io.github.pgwatchrpc.delivery.spool.Durability;
import io.github.pgwatchrpc.delivery.spool.Intake;
import io.github.pgwatchrpc.delivery.spool.Spool;
import io.github.pgwatchrpc.delivery.spool.SpoolSettings;
import io.github.pgwatchrpc.sink.Limits;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Courses of events, step by step, at times that the test says. */
@NullMarked
class SinkQueueTest {

    private static final long MAX_AGE = 1_000;
    private static final long MILLIS = 1_000_000;
    private static final long SECONDS = 1_000 * MILLIS;

    @TempDir
    private Path temp = Path.of("");

    @SuppressWarnings("NullAway.Init")
    private Spool spool;

    @SuppressWarnings("NullAway.Init")
    private Intake intake;

    @SuppressWarnings("NullAway.Init")
    private SinkQueue queue;

    @BeforeEach
    void open() throws IOException {
        SpoolSettings settings = new SpoolSettings(
                temp, Durability.FLUSH, 1 << 30, 0, 1 << 20, 1 << 20, 1 << 20, Duration.ofSeconds(60));
        spool = Spool.open(settings, Disk.real(), System::nanoTime, new Random(1));
        intake = new Intake(spool, settings, () -> {});
        queue = queue(
                1,
                new WorkerSettings(
                        Duration.ofNanos(MAX_AGE),
                        Duration.ofNanos(100),
                        Duration.ofNanos(1_000),
                        Duration.ofNanos(10_000)),
                1);
    }

    private SinkQueue queue(int concurrency, WorkerSettings settings, long seed) throws IOException {
        return new SinkQueue(
                new SinkTarget(
                        "a", new FakeSink(), new Limits(10, 1 << 20, concurrency), Set.of(), SinkTarget.Start.NOW),
                spool,
                spool.end(),
                new DeadLetters(
                        Disk.real(), temp.resolve("letters"), "a", 1 << 20, 0, Clock.systemUTC(), new Random(seed)),
                settings,
                new Random(seed),
                0);
    }

    @AfterEach
    void close() throws Exception {
        assertTrue(intake.close(Duration.ofSeconds(60)));
        queue.close();
        spool.close();
    }

    private void append(int rows) throws Exception {
        intake.append(Samples.envelope(0, rows)).toCompletableFuture().get();
    }

    private Work.Piece piece(long now) {
        return assertInstanceOf(Work.Piece.class, queue.poll(now));
    }

    private void begin() {
        queue.settle(assertInstanceOf(Work.Task.class, queue.poll(0)), Readiness.ready(), 0);
    }

    @Test
    void nothingIsWrittenBeforeTheSinkIsReady() throws Exception {
        append(10);
        Work.Task open = assertInstanceOf(Work.Task.class, queue.poll(0));
        assertNull(queue.poll(0));
        queue.settle(open, new Outcome.Retry(Duration.ofNanos(700), "away"), 10);
        assertNull(queue.poll(11));
        assertEquals(710, queue.dueAt());
        assertEquals(SinkStatus.State.OPENING, queue.status(11, false).state());
        queue.settle(assertInstanceOf(Work.Task.class, queue.poll(710)), Readiness.ready(), 720);
        assertEquals(10, piece(720).batch.size());
    }

    @Test
    void fewRowsWaitForTheirAgeAndManyDoNot() throws Exception {
        begin();
        assertNull(queue.poll(1));
        assertEquals(Long.MAX_VALUE, queue.dueAt());
        assertEquals(1, queue.wakeNumber());
        append(4);
        assertNull(queue.poll(50));
        assertEquals(50 + MAX_AGE, queue.dueAt());
        assertEquals(Long.MAX_VALUE, queue.wakeNumber());
        append(6);
        assertEquals(10, piece(60).batch.size());
    }

    @Test
    void whileItWaitsForATargetNothingThatIsAcceptedWakesIt() throws Exception {
        begin();
        append(100);
        Work.Piece first = piece(1);
        assertNull(queue.poll(2));
        assertEquals(Long.MAX_VALUE, queue.wakeRows());
        queue.settle(first, new Outcome.Retry(Duration.ofNanos(5_000), "503"), 10);
        assertNull(queue.poll(11));
        assertEquals(5_010, queue.dueAt());
        assertEquals(Long.MAX_VALUE, queue.wakeRows());
        assertEquals(Long.MAX_VALUE, queue.wakeNumber());
        assertEquals(SinkStatus.State.RETRYING, queue.status(11, false).state());
        Work.Piece again = piece(5_010);
        assertEquals(2, again.attempts);
        assertEquals(first.batch.id(0), again.batch.id(0));
    }

    @Test
    void refusedHalvesComeAtOnceAndInOrder() throws Exception {
        begin();
        append(10);
        queue.settle(piece(1), new Outcome.Refused("413"), 2);
        Work.Piece left = piece(2);
        assertEquals(5, left.batch.size());
        queue.settle(left, Outcome.written(), 3);
        Work.Piece right = piece(3);
        assertEquals(5L, Samples.number(right.batch.row(0)));
        queue.settle(right, Outcome.written(), 4);
        assertTrue(queue.isDrained());
        assertEquals(new Account(10, 10, 0, 0, 0, 0, 1, 0), queue.account());
    }

    /** By the defaults, and however often it has been tried: see docs/delivery.md. */
    @Test
    void whoWasAwayGetsItsRowsWithinFiveSecondsAndIsNotStormed() throws Exception {
        long writeTakes = MILLIS;
        for (long seed = 1; seed <= 20; seed++) {
            String message = "seed " + seed;
            long back = TimeUnit.MINUTES.toNanos(seed);
            queue.close();
            queue = queue(4, WorkerSettings.DEFAULT, seed);
            begin();
            append(500);
            int tries = 0;
            long now = 0;
            // some went well before
            for (int i = 0; i < 10; i++, now += writeTakes) {
                settleAll(now, writeTakes, piece -> Outcome.written());
            }
            assertTrue(queue.status(now, false).window() > 1, message);
            while (!queue.isDrained()) {
                boolean away = now < back;
                int asked = settleAll(now, writeTakes, piece -> away ? Outcome.retry("503") : Outcome.written());
                tries += away ? asked : 0;
                now = asked > 0 ? now + writeTakes : queue.dueAt();
                assertTrue(asked <= 1 || now < 10 * SECONDS || !away, message + ": at once " + asked);
            }
            assertTrue(now - back <= 5 * SECONDS, message + ": " + (now - back) + " ns after it was back");
            assertTrue(tries < 60 * seed, message + ": tried " + tries + " times in " + seed + " minutes");
        }
    }

    @Test
    void rowsThatFailWhileOthersPassAreTriedLessAndLess() throws Exception {
        queue.close();
        queue = queue(1, WorkerSettings.DEFAULT, 1);
        begin();
        long first = spool.end().number();
        append(10);
        List<Long> failed = new ArrayList<>();
        for (long now = 0; now < 120 * SECONDS; now += 50 * MILLIS) {
            long at = now;
            settleAll(now, MILLIS, piece -> {
                if (piece.batch.slices().get(0).position() == first) {
                    failed.add(at);
                    return Outcome.retry("this index is not there");
                }
                return Outcome.written();
            });
            if (now % (100 * MILLIS) == 0) {
                append(10);
            }
        }
        assertTrue(queue.account().waiting() < 500, () -> "others wait: " + queue.account());
        assertTrue(failed.size() > 5 && failed.size() < 25, () -> "tried at " + failed);
        assertTrue(failed.get(5) < 20 * SECONDS, () -> "tried at " + failed);
    }

    /** A batch of which each try takes a part is not punished for its size. */
    @Test
    void rowsOfABatchThatPassesPieceByPieceWaitNoLongerEachTime() throws Exception {
        queue.close();
        queue = queue(1, WorkerSettings.DEFAULT, 1);
        begin();
        append(100);
        int tries = 0;
        long now = 0;
        for (; queue.account().waiting() > 0 && now < 600 * SECONDS; now += 50 * MILLIS) {
            tries += settleAll(now, MILLIS, piece -> {
                List<Integer> rest =
                        IntStream.range(1, piece.batch.size()).boxed().toList();
                return rest.isEmpty()
                        ? Outcome.written()
                        : new Outcome.Partly(List.of(), rest, Duration.ZERO, "refused on purpose");
            });
        }
        assertEquals(0, queue.account().waiting());
        assertEquals(100, tries);
        assertTrue(now < 60 * SECONDS, "took " + now / MILLIS + " ms");
    }

    /** Takes all that may be written at once, and settles it when a write's time has passed. */
    private int settleAll(long now, long takes, Function<Work.Piece, Outcome> sink) {
        List<Work.Piece> pieces = new ArrayList<>();
        for (Work work = queue.poll(now); work != null; work = queue.poll(now)) {
            pieces.add(assertInstanceOf(Work.Piece.class, work));
        }
        pieces.forEach(piece -> queue.settle(piece, sink.apply(piece), now + takes));
        return pieces.size();
    }
}
