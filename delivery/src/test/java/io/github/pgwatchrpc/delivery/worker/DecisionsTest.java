package io.github.pgwatchrpc.delivery.worker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.delivery.spool.Cursor;
import io.github.pgwatchrpc.sink.Outcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.function.LongSupplier;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/** {@link Verdict}, {@link Backoff}, {@link Window} and {@link Progress}: what a worker decides with. */
@NullMarked
class DecisionsTest {

    private static final long SEED = 20261122;

    // ---- verdict ----

    @Test
    void eachRowIsDoneDeadOrComesAgain() {
        assertEquals(List.of(), Verdict.of(3, Outcome.written()).again());
        Verdict partly = Verdict.of(
                4, Outcome.of(List.of(new Outcome.RefusedRow(1, "bad")), List.of(3, 2), Duration.ofSeconds(7), "429"));
        assertEquals(List.of(List.of(2, 3)), partly.again());
        assertEquals(1, partly.dead().size());
        assertEquals(Duration.ofSeconds(7), partly.after());
        assertTrue(partly.failed());
        assertEquals(
                List.of(List.of(0, 1, 2)), Verdict.of(3, Outcome.retry("503")).again());
        assertEquals(
                List.of(List.of(0, 1)),
                Verdict.of(2, new Outcome.Paused("401", "key")).again());
    }

    @Test
    void aRefusedBatchIsHalvedAndARefusedRowIsDead() {
        Verdict halves = Verdict.of(5, new Outcome.Refused("413"));
        assertEquals(List.of(List.of(0, 1), List.of(2, 3, 4)), halves.again());
        assertEquals(false, halves.failed());
        Verdict single = Verdict.of(1, new Outcome.Refused("400"));
        assertEquals(List.of(), single.again());
        assertEquals("400", single.dead().get(0).why());
    }

    @Test
    void whatBreaksTheContractComesAgain() {
        Verdict unknown = Verdict.of(2, Outcome.of(List.of(), List.of(2), Duration.ZERO, ""));
        assertEquals(List.of(List.of(0, 1)), unknown.again());
        assertEquals("the sink breaks its contract: it names row 2 (expected: <= 1)", unknown.why());
        assertEquals(List.of(List.of(0, 1)), Verdict.of(2, (Outcome) null).again());
        assertNull(unknown.paused());
    }

    // ---- back-off ----

    @Test
    void pausesGrowToTheirBoundAndAreSpreadFromZero() {
        WorkerSettings settings = new WorkerSettings(
                Duration.ZERO, Duration.ofMillis(100), Duration.ofSeconds(2), Duration.ofSeconds(10));
        Backoff backoff = new Backoff(settings, new Random(SEED));
        for (int failures = 1; failures < 100; failures++) {
            int count = failures;
            long doubled = 100L << Math.min(failures - 1, 20);
            assertSpread(Math.min(10_000L, doubled), () -> backoff.nanos(count, Duration.ZERO));
            assertSpread(Math.min(2_000L, doubled), () -> backoff.nanosAway(count, Duration.ZERO));
        }
    }

    private static void assertSpread(long boundMillis, LongSupplier pauses) {
        long bound = boundMillis * 1_000_000;
        long least = Long.MAX_VALUE;
        long most = 0;
        for (int i = 0; i < 200; i++) {
            long pause = pauses.getAsLong();
            least = Math.min(least, pause);
            most = Math.max(most, pause);
        }
        assertTrue(least >= 0 && least < bound / 4, "seed " + SEED + ": " + least);
        assertTrue(most <= bound && most > bound * 3 / 4, "seed " + SEED + ": " + most);
    }

    @Test
    void whatTheTargetAsksForWins() {
        Backoff backoff = new Backoff(WorkerSettings.DEFAULT, new Random(SEED));
        assertEquals(Duration.ofMinutes(5).toNanos(), backoff.nanos(1, Duration.ofMinutes(5)));
        assertEquals(Backoff.MAX_ASKED.toNanos(), backoff.nanos(1, Duration.ofDays(300)));
        assertEquals(Duration.ofMinutes(5).toNanos(), backoff.nanosAway(1, Duration.ofMinutes(5)));
    }

    // ---- window ----

    @Test
    void theWindowGrowsWhenFullAndShrinksWhenItFailsOrSlowsDown() {
        Window window = new Window(8);
        assertEquals(1, window.size());
        for (int i = 0; i < 100; i++) {
            window.succeeded(20_000_000, true);
        }
        assertEquals(8, window.size());
        window.failed();
        assertEquals(4, window.size());
        window.succeeded(20_000_000, false);
        assertEquals(4, window.size());
        window.succeeded(200_000_000, true);
        assertEquals(3, window.size());
        for (int i = 0; i < 20; i++) {
            window.failed();
        }
        assertEquals(1, window.size());
    }

    // ---- progress ----

    @Test
    void theCursorMovesOverWhatIsDoneInWhateverOrder() {
        for (int run = 0; run < 100; run++) {
            SplittableRandom random = new SplittableRandom(SEED + run);
            Progress progress = new Progress(Cursor.at(5, 50));
            List<long[]> open = new ArrayList<>();
            long next = 5;
            long rows = 50;
            for (int i = 0; i < 3_000; i++) {
                if (open.isEmpty() || random.nextInt(3) > 0) {
                    int count = random.nextInt(4);
                    progress.read(count, count);
                    for (int row = 0; row < count; row++) {
                        open.add(new long[] {next, rows + row});
                    }
                    next++;
                    rows += count;
                } else {
                    progress.done(open.remove(random.nextInt(open.size()))[0], 1);
                }
                long first = open.stream().mapToLong(each -> each[0]).min().orElse(next);
                assertEquals(first, progress.cursor().number(), "seed " + (SEED + run));
                assertEquals(open.size(), progress.rowsLeft(), "seed " + (SEED + run));
                if (open.isEmpty()) {
                    assertEquals(rows, progress.cursor().rows(), "seed " + (SEED + run));
                    assertTrue(progress.isDone());
                }
            }
        }
    }

    @Test
    void nothingIsDoneTwice() {
        Progress progress = new Progress(Cursor.at(0, 0));
        progress.read(2, 2);
        progress.done(0, 1);
        IllegalStateException e = assertThrows(IllegalStateException.class, () -> progress.done(0, 2));
        assertEquals("record 0: 2 rows done of 1 (expected: no more than that)", e.getMessage());
        assertThrows(IllegalStateException.class, () -> progress.lost(1, 1));
        progress.done(0, 1);
        progress.lost(3, 30);
        assertEquals(new Cursor(4, 32, 0, 0, 3, 30), progress.cursor());
    }
}
