package io.github.pgwatchrpc.delivery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.delivery.deadletter.DeadLetter;
import io.github.pgwatchrpc.delivery.deadletter.DeadLetterFilter;
import io.github.pgwatchrpc.delivery.disk.FaultyDisk;
import io.github.pgwatchrpc.delivery.spool.AckTimeoutException;
import io.github.pgwatchrpc.delivery.spool.SpoolFullException;
import io.github.pgwatchrpc.delivery.worker.Account;
import io.github.pgwatchrpc.delivery.worker.SinkStatus;
import io.github.pgwatchrpc.delivery.worker.SinkTarget;
import io.github.pgwatchrpc.delivery.worker.WorkerSettings;
import io.github.pgwatchrpc.sink.Capability;
import io.github.pgwatchrpc.sink.Limits;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.SyncEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@NullMarked
class DeliveryTest {

    private static final long SEED = 20261122;
    private static final Instant NOW = Instant.parse("2026-11-22T12:00:00Z");

    @TempDir
    private Path temp = Path.of("");

    private final FaultyDisk disk = new FaultyDisk();
    private final FakeSink sink = new FakeSink();
    private final List<Delivery> opened = new ArrayList<>();

    @AfterEach
    void close() throws IOException {
        for (Delivery each : opened) {
            each.close(Duration.ofSeconds(4));
        }
    }

    private DeliveryConfig.Builder config() {
        return DeliveryConfig.builder(temp)
                .disk(disk)
                .clock(Clock.fixed(NOW, ZoneOffset.UTC))
                .segmentBytes(8 << 10)
                .worker(new WorkerSettings(
                        Duration.ofMillis(1), Duration.ofMillis(1), Duration.ofMillis(20), Duration.ofMillis(20)));
    }

    private Delivery open(SinkTarget... sinks) throws IOException {
        return open(config(), sinks);
    }

    private Delivery open(DeliveryConfig.Builder config, SinkTarget... sinks) throws IOException {
        Delivery delivery = Delivery.open(config.build(), List.of(sinks));
        opened.add(delivery);
        return delivery;
    }

    private static SinkTarget target(String name, FakeSink sink) {
        return target(name, sink, 1, Set.of());
    }

    private static SinkTarget target(String name, FakeSink sink, int concurrency, Set<Capability> capabilities) {
        return new SinkTarget(name, sink, new Limits(10, 1 << 20, concurrency), capabilities, SinkTarget.Start.NOW);
    }

    private static void append(Delivery delivery, long from, int count) throws Exception {
        List<CompletableFuture<Void>> all = new ArrayList<>();
        for (long n = from; n < from + count; n++) {
            all.add(delivery.append(Samples.envelope(n, 1)).toCompletableFuture());
        }
        for (CompletableFuture<Void> each : all) {
            each.get();
        }
    }

    private static List<Object> range(long from, long to) {
        return LongStream.range(from, to).boxed().map(n -> (Object) n).toList();
    }

    private static void awaitDone(Delivery delivery, String name) throws Exception {
        Await.until(
                "delivered to " + name,
                () -> delivery.accounts().get(name).waiting() == 0
                        && delivery.accounts().get(name).recordsWaiting() == 0);
    }

    private static Account account(Delivery delivery, String name) throws IOException {
        Account account = delivery.accounts().get(name);
        if (account == null) {
            throw new AssertionError("no account of " + name);
        }
        assertEquals(
                account.received(),
                account.delivered() + account.waiting() + account.dead() + account.dropped() + account.lost());
        return account;
    }

    /** Nobody knows what it has left half done; a program that ends then is told, as here the handler of the test. */
    @Test
    void withoutMemoryTheThreadEndsAndItsCallsAreAnswered() throws Exception {
        BlockingQueue<String> told = new LinkedBlockingQueue<>();
        Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
        Thread.setDefaultUncaughtExceptionHandler((thread, fault) -> told.add(thread.getName() + ": " + fault));
        try {
            Delivery delivery = open(target("a", sink));
            append(delivery, 0, 10);
            assertEquals(List.of(), delivery.deadThreads());
            disk.outOfMemory = true;
            ExecutionException refused = assertThrows(ExecutionException.class, () -> append(delivery, 10, 1));
            assertEquals(
                    "could not be stored: java.lang.OutOfMemoryError: on purpose",
                    Objects.requireNonNull(refused.getCause()).getMessage());
            assertEquals("spool: java.lang.OutOfMemoryError: on purpose", told.poll(1, TimeUnit.MINUTES));
            Await.until("dead", () -> delivery.deadThreads().equals(List.of("spool")));
            assertFalse(delivery.isHealthy());
        } finally {
            disk.outOfMemory = false;
            Thread.setDefaultUncaughtExceptionHandler(before);
        }
    }

    @Test
    void whatIsAcceptedArrivesInOrder() throws Exception {
        Delivery delivery = open(target("a", sink));
        append(delivery, 0, 1_000);
        awaitDone(delivery, "a");
        assertEquals(range(0, 1_000), sink.log());
        assertEquals(new Account(1_000, 1_000, 0, 0, 0, 0, 1_000, 0), account(delivery, "a"));
        assertEquals(SinkStatus.State.RUNNING, delivery.sinks().get("a").state());
        assertTrue(delivery.isHealthy());
        assertEquals(1_000, new HashSet<>(sink.ids()).size());
    }

    /** Closing gives a sink that is well time for what waits, so that one that had begun would be opened. */
    @Test
    void beforeTheBeginRowsAreStoredOnly() throws Exception {
        Delivery held = Delivery.openHeld(config().build(), List.of(target("a", sink, 2, Set.of())));
        opened.add(held);
        append(held, 0, 100);
        assertTrue(held.close(Duration.ofSeconds(4)));
        assertEquals(0, sink.closed.getCount());
        assertEquals(0, sink.opens);

        FakeSink next = new FakeSink();
        Delivery again = Delivery.openHeld(config().build(), List.of(target("a", next)));
        opened.add(again);
        assertEquals(100, account(again, "a").waiting());
        again.begin();
        awaitDone(again, "a");
        assertEquals(range(0, 100), next.log());
    }

    @Test
    void largeEnvelopesAreCutToTheLimits() throws Exception {
        List<Integer> sizes = Collections.synchronizedList(new ArrayList<>());
        sink.answer = batch -> {
            sizes.add(batch.size());
            return Outcome.written();
        };
        Delivery delivery = open(target("a", sink));
        delivery.append(Samples.envelope(0, 95)).toCompletableFuture().get();
        delivery.append(Samples.envelope(95, 0)).toCompletableFuture().get();
        delivery.append(Samples.envelope(95, 5)).toCompletableFuture().get();
        awaitDone(delivery, "a");
        assertEquals(range(0, 100), sink.log());
        assertTrue(sizes.stream().allMatch(size -> size <= 10), sizes.toString());
        assertTrue(account(delivery, "a").recordsReceived() == 3);
    }

    @Test
    void poisonRowsAreIsolatedAndEverythingElseArrives() throws Exception {
        Set<Object> poison = Set.of(3L, 4L, 57L, 99L);
        sink.answer = batch -> batch.rows().stream().anyMatch(row -> poison.contains(Samples.number(row)))
                ? new Outcome.Refused("400 bad row")
                : Outcome.written();
        Delivery delivery = open(target("a", sink));
        append(delivery, 0, 100);
        awaitDone(delivery, "a");
        List<Object> expected = new ArrayList<>(range(0, 100));
        expected.removeAll(poison);
        assertEquals(expected, sink.log());
        assertEquals(new Account(100, 96, 0, 4, 0, 0, 100, 0), account(delivery, "a"));
        List<DeadLetter> letters = delivery.deadLetters("a", DeadLetterFilter.ALL, 100);
        assertEquals(
                List.of(3L, 4L, 57L, 99L),
                letters.stream().map(each -> Samples.number(each.measurement())).toList());
        assertEquals("400 bad row", letters.get(0).reason());
        assertEquals(NOW, letters.get(0).time());
        assertTrue(letters.get(0).attempts() >= 1);
        assertEquals("db", letters.get(0).envelope().database());
    }

    @Test
    void partlyWrittenBatchesAreSortedOut() throws Exception {
        Set<Long> tried = Collections.synchronizedSet(new HashSet<>());
        sink.answer = batch -> {
            List<Outcome.RefusedRow> refused = new ArrayList<>();
            List<Integer> retry = new ArrayList<>();
            for (int i = 0; i < batch.size(); i++) {
                long n = Samples.number(batch.row(i));
                if (n % 10 == 7) {
                    refused.add(new Outcome.RefusedRow(i, "mapping"));
                } else if (n % 10 == 2 && tried.add(n)) {
                    retry.add(i);
                }
            }
            return Outcome.of(refused, retry, Duration.ZERO, "429");
        };
        Delivery delivery = open(target("a", sink));
        delivery.append(Samples.envelope(0, 100)).toCompletableFuture().get();
        awaitDone(delivery, "a");
        assertEquals(90, sink.size());
        assertEquals(90, new HashSet<>(sink.log()).size());
        assertEquals(new Account(100, 90, 0, 10, 0, 0, 1, 0), account(delivery, "a"));
    }

    @Test
    void replayedAndDroppedLettersKeepTheirIdAndTheAccountsExact() throws Exception {
        sink.answer = batch -> new Outcome.Refused("no");
        Delivery delivery = open(target("a", sink));
        delivery.append(Samples.envelope(0, 6)).toCompletableFuture().get();
        awaitDone(delivery, "a");
        assertEquals(new Account(6, 0, 0, 6, 0, 0, 1, 0), account(delivery, "a"));
        assertEquals(2, delivery.drop("a", letter -> letter.row() < 2));
        assertEquals(new Account(6, 0, 0, 4, 2, 0, 1, 0), account(delivery, "a"));
        sink.answer = batch -> Outcome.of(List.of(new Outcome.RefusedRow(0, "still no")), List.of(), Duration.ZERO, "");
        assertEquals(4, delivery.replay("a", DeadLetterFilter.ALL));
        awaitDone(delivery, "a");
        assertEquals(List.of(3L, 4L, 5L), sink.log());
        assertTrue(sink.ids().get(0).endsWith("-1-0-3"), sink.ids().get(0));
        assertEquals(new Account(6, 3, 0, 1, 2, 0, 1, 0), account(delivery, "a"));
        DeadLetter left = delivery.deadLetters("a", DeadLetterFilter.ALL, 10).get(0);
        assertEquals("still no", left.reason());
        close();
        sink.answer = batch -> Outcome.written();
        Delivery again = open(target("a", sink));
        assertEquals(new Account(6, 3, 0, 1, 2, 0, 1, 0), account(again, "a"));
        assertEquals(1, again.replay("a", new DeadLetterFilter("db", "metric", "still", NOW, null)));
        awaitDone(again, "a");
        assertEquals(new Account(6, 4, 0, 0, 2, 0, 1, 0), account(again, "a"));
    }

    /** Who asks whether it is ready before they send anything must not have to send something first. */
    @Test
    void isReadyAgainWhenTheDiskIs() throws Exception {
        Delivery delivery = open(target("a", sink));
        append(delivery, 0, 1);
        disk.failSync = "segment";
        assertThrows(ExecutionException.class, () -> append(delivery, 1, 1));
        assertFalse(delivery.isHealthy());
        disk.failSync = "";
        Await.until("ready", delivery::isHealthy);
        append(delivery, 2, 1);
        awaitDone(delivery, "a");
        assertEquals(List.of(0L, 2L), sink.log());
    }

    /** A clock that is set by up to a year, back or forth, each time that somebody looks at it. */
    private static final class JumpingClock extends Clock {
        private final SplittableRandom random = new SplittableRandom(SEED);

        @Override
        public synchronized Instant instant() {
            return NOW.plusSeconds(random.nextLong(-31_536_000, 31_536_000));
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }

    /** No wait, no order and no account hangs on the time of day: only what a dead letter tells of its time does. */
    @Test
    void aClockThatJumpsBackAndForthChangesNothing() throws Exception {
        Set<Long> tried = Collections.synchronizedSet(new HashSet<>());
        sink.answer = batch -> {
            List<Outcome.RefusedRow> refused = new ArrayList<>();
            List<Integer> retry = new ArrayList<>();
            for (int i = 0; i < batch.size(); i++) {
                long n = Samples.number(batch.row(i));
                if (n % 10 == 7) {
                    refused.add(new Outcome.RefusedRow(i, "mapping"));
                } else if (n % 10 == 2 && tried.add(n)) {
                    retry.add(i);
                }
            }
            return Outcome.of(refused, retry, Duration.ofMillis(1), "429");
        };
        DeliveryConfig.Builder jumping = config().clock(new JumpingClock());
        Delivery delivery = open(jumping, target("a", sink));
        append(delivery, 0, 500);
        awaitDone(delivery, "a");
        assertEquals(new Account(500, 450, 0, 50, 0, 0, 500, 0), account(delivery, "a"));
        close();
        Delivery again = open(jumping, target("a", sink));
        assertEquals(new Account(500, 450, 0, 50, 0, 0, 500, 0), account(again, "a"));
        List<DeadLetter> letters = again.deadLetters("a", DeadLetterFilter.ALL, 100);
        assertEquals(
                LongStream.range(0, 50).mapToObj(n -> n * 10 + 7).toList(),
                letters.stream().map(each -> Samples.number(each.measurement())).toList());
        long late = letters.stream().filter(each -> each.time().isAfter(NOW)).count();
        assertTrue(late > 0 && late < 50, "the clock has jumped");
        sink.answer = batch -> Outcome.written();
        assertEquals(50, again.replay("a", DeadLetterFilter.ALL));
        awaitDone(again, "a");
        assertEquals(new Account(500, 500, 0, 0, 0, 0, 500, 0), account(again, "a"));
        assertEquals(500, new HashSet<>(sink.log()).size());
        assertEquals(500, sink.size());
    }

    @Test
    void aTargetThatIsAwayIsTriedWithoutEnd() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        sink.answer = batch -> {
            switch (calls.incrementAndGet() % 5) {
                case 0:
                    return Outcome.written();
                case 1:
                    return new Outcome.Retry(Duration.ofMillis(1), "503");
                case 2:
                    throw new IOException("connection reset");
                case 3:
                    return null;
                default:
                    throw new NoClassDefFoundError("some/Missing");
            }
        };
        Delivery delivery = open(target("a", sink, 1, Set.of(Capability.ORDERED)));
        append(delivery, 0, 50);
        awaitDone(delivery, "a");
        assertEquals(range(0, 50), sink.log());
    }

    @Test
    void aSinkThatNamesRowsThatAreNotThereIsNotBelieved() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        sink.answer = batch -> calls.incrementAndGet() == 1
                ? Outcome.of(List.of(new Outcome.RefusedRow(batch.size(), "?")), List.of(), Duration.ZERO, "")
                : Outcome.written();
        Delivery delivery = open(target("a", sink));
        append(delivery, 0, 1);
        awaitDone(delivery, "a");
        assertEquals(0, account(delivery, "a").dead());
        assertEquals(2, calls.get());
    }

    @Test
    void aPausedSinkShowsWhyAndResumesByItself() throws Exception {
        Outcome.Paused paused = new Outcome.Paused("401", "give it a key");
        sink.answer = batch -> paused;
        Delivery delivery = open(target("a", sink));
        sink.ready = Readiness.ready();
        append(delivery, 0, 1);
        sink.ready = paused;
        Await.until("paused", () -> delivery.sinks().get("a").state() == SinkStatus.State.PAUSED);
        assertEquals("401", delivery.sinks().get("a").why());
        Await.until("probes", () -> sink.opens > 3);
        append(delivery, 1, 5);
        assertEquals(6, account(delivery, "a").waiting());
        sink.answer = batch -> Outcome.written();
        sink.ready = Readiness.ready();
        awaitDone(delivery, "a");
        assertEquals(range(0, 6), sink.log());
        assertEquals(SinkStatus.State.RUNNING, delivery.sinks().get("a").state());
    }

    @Test
    void aSinkThatHangsHarmsNobodyAndIsInterruptedAtTheEnd() throws Exception {
        FakeSink hanging = new FakeSink();
        CountDownLatch inWrite = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        hanging.answer = batch -> {
            inWrite.countDown();
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                interrupted.countDown();
                throw e;
            }
            return Outcome.written();
        };
        Delivery delivery = open(target("a", sink), target("hanging", hanging));
        append(delivery, 0, 100);
        inWrite.await();
        awaitDone(delivery, "a");
        append(delivery, 100, 100);
        awaitDone(delivery, "a");
        assertEquals(range(0, 200), sink.log());
        assertEquals(200, account(delivery, "hanging").waiting());
        assertTrue(delivery.close(Duration.ofSeconds(2)));
        interrupted.await();
        hanging.closed.await();
        hanging.answer = batch -> Outcome.written();
        Delivery again = open(target("a", sink), target("hanging", hanging));
        awaitDone(again, "hanging");
        assertEquals(range(0, 200), hanging.log());
        assertEquals(range(0, 200), sink.log());
    }

    @Test
    void closingDeliversWhatWaitsWhenTheSinkIsWell() throws Exception {
        Delivery delivery = open(
                config().worker(new WorkerSettings(
                        Duration.ofHours(1), Duration.ofMillis(1), Duration.ofMillis(1), Duration.ofMillis(1))),
                target("a", sink));
        append(delivery, 0, 5);
        assertTrue(delivery.close(Duration.ofSeconds(20)));
        assertEquals(range(0, 5), sink.log());
        ExecutionException e = assertThrows(
                ExecutionException.class,
                () -> delivery.append(Samples.envelope(5, 1))
                        .toCompletableFuture()
                        .get());
        assertEquals("stopping: nothing is stored any more", e.getCause().getMessage());
    }

    @Test
    void manyAtOnceKeepTheOrderOfEachMetricWhereTheSinkAsksForIt() throws Exception {
        Map<String, List<Long>> byMetric = Collections.synchronizedMap(new HashMap<>());
        Map<String, Integer> writing = new HashMap<>();
        List<String> twice = Collections.synchronizedList(new ArrayList<>());
        SplittableRandom random = new SplittableRandom(SEED);
        AtomicInteger calls = new AtomicInteger();
        sink.answer = batch -> {
            Set<String> metrics = new HashSet<>();
            batch.slices().forEach(slice -> metrics.add(slice.envelope().metric()));
            synchronized (writing) {
                metrics.forEach(metric -> {
                    if (writing.merge(metric, 1, Integer::sum) > 1) {
                        twice.add(metric);
                    }
                });
            }
            boolean fails;
            synchronized (random) {
                fails = random.nextInt(4) == 0;
            }
            calls.incrementAndGet();
            if (!fails) {
                for (int i = 0; i < batch.size(); i++) {
                    byMetric.computeIfAbsent(
                                    batch.row(i).envelope().metric(),
                                    key -> Collections.synchronizedList(new ArrayList<>()))
                            .add(Samples.number(batch.row(i)));
                }
            }
            synchronized (writing) {
                metrics.forEach(metric -> writing.merge(metric, -1, Integer::sum));
            }
            return fails ? Outcome.retry("busy") : Outcome.written();
        };
        Delivery delivery = open(target("a", sink, 4, Set.of(Capability.ORDERED)));
        List<CompletableFuture<Void>> all = new ArrayList<>();
        for (int n = 0; n < 2_000; n++) {
            all.add(delivery.append(Samples.envelope("db", "m" + n % 13, n, 1, ""))
                    .toCompletableFuture());
        }
        for (CompletableFuture<Void> each : all) {
            each.get();
        }
        awaitDone(delivery, "a");
        assertEquals(List.of(), twice, "seed " + SEED);
        for (List<Long> each : byMetric.values()) {
            assertEquals(each.stream().sorted().toList(), each, "seed " + SEED);
        }
        assertEquals(2_000, byMetric.values().stream().mapToInt(List::size).sum());
    }

    @Test
    void withoutOrderSeveralWritesRunAtOnce() throws Exception {
        CountDownLatch together = new CountDownLatch(2);
        sink.ready = Outcome.retry("not yet");
        Delivery delivery = open(target("a", sink, 8, Set.of()));
        sink.answer = batch -> {
            if (delivery.sinks().get("a").window() >= 2) {
                together.countDown();
                together.await();
            }
            return Outcome.written();
        };
        append(delivery, 0, 2_000);
        sink.ready = Readiness.ready();
        awaitDone(delivery, "a");
        assertEquals(0, together.getCount());
        assertEquals(new HashSet<>(range(0, 2_000)), new HashSet<>(sink.log()));
        assertEquals(2_000, sink.size());
    }

    @Test
    void eventsComeBetweenTheRowsTheyCameBetween() throws Exception {
        SyncEvent added = new SyncEvent("db", "metric", SyncEvent.Kind.ADDED);
        SyncEvent removed = new SyncEvent("db", "", SyncEvent.Kind.REMOVED);
        FakeSink deaf = new FakeSink();
        Delivery delivery = open(target("a", sink, 3, Set.of(Capability.SYNC)), target("deaf", deaf));
        append(delivery, 0, 35);
        delivery.append(added).toCompletableFuture().get();
        append(delivery, 35, 35);
        delivery.append(removed).toCompletableFuture().get();
        awaitDone(delivery, "a");
        awaitDone(delivery, "deaf");
        assertEquals(new HashSet<>(range(0, 35)), new HashSet<>(sink.log().subList(0, 35)));
        assertEquals(added, sink.log().get(35));
        assertEquals(new HashSet<>(range(35, 70)), new HashSet<>(sink.log().subList(36, 71)));
        assertEquals(removed, sink.log().get(71));
        assertEquals(range(0, 70), deaf.log());
        assertEquals(new Account(70, 70, 0, 0, 0, 0, 72, 0), account(delivery, "a"));
    }

    @Test
    void definitionsAreHandedOverWhenTheyChangeAndAfterEachStart() throws Exception {
        Map<String, Object> one = Map.of("MetricDefs", Map.of("cpu", Map.of("sql", "select 1")));
        Map<String, Object> two = Map.of("MetricDefs", Map.of("cpu", Map.of("sql", "select 2")));
        Delivery delivery = open(target("a", sink, 1, Set.of(Capability.DEFINITIONS)));
        delivery.define("pgwatch-1", new HashMap<>(one));
        Await.until("defined", () -> sink.size() == 1);
        delivery.define("pgwatch-1", new HashMap<>(one));
        delivery.define("pgwatch-1", new HashMap<>(two));
        Await.until("defined again", () -> sink.size() == 2);
        assertEquals(List.of(one, two), sink.log());
        close();
        open(target("a", sink, 1, Set.of(Capability.DEFINITIONS)));
        Await.until("defined after start", () -> sink.size() == 4);
        assertEquals(List.of(one, two), sink.log().subList(2, 4));
    }

    /** 24 calls of 12 MB with other names made 288 MB and an OutOfMemoryError. */
    @Test
    void definitionsOfOneSourceDoNotGrow() throws Exception {
        Delivery delivery = open(target("a", sink, 1, Set.of(Capability.DEFINITIONS)));
        for (int i = 0; i < 24; i++) {
            delivery.define("10.0.0.1", Map.of("MetricDefs", Map.of("m" + i, "x".repeat(1 << 20))));
        }
        try (Stream<Path> files = Files.walk(temp)) {
            for (Path each : files.filter(file -> file.getFileName().toString().equals("definitions"))
                    .toList()) {
                assertTrue(Files.size(each) <= (4 << 20) + 1000, each + ": " + Files.size(each));
            }
        }
    }

    @Test
    void theSinkGetsTheLatestDefinitionsLast() throws Exception {
        Delivery delivery = open(target("a", sink, 1, Set.of(Capability.DEFINITIONS)));
        delivery.define("10.0.0.1", Map.of("MetricDefs", Map.of("cpu", "old", "wal", "one")));
        delivery.define("10.0.0.1", Map.of("MetricDefs", Map.of("cpu", "new"), "PresetDefs", Map.of("full", 60L)));
        close();
        FakeSink later = new FakeSink();
        open(target("a", later, 1, Set.of(Capability.DEFINITIONS)));
        Await.until("defined after start", () -> later.size() == 2);
        // rows of what only the older ones name may still be on their way
        assertEquals(
                List.of(
                        Map.of("MetricDefs", Map.of("cpu", "old", "wal", "one")),
                        Map.of("MetricDefs", Map.of("cpu", "new"), "PresetDefs", Map.of("full", 60L))),
                later.log());
    }

    @Test
    void sinksAreAddedAndRemoved() throws Exception {
        Delivery first = open(target("a", sink));
        append(first, 0, 10);
        close();
        FakeSink now = new FakeSink();
        FakeSink beginning = new FakeSink();
        FakeSink away = new FakeSink();
        away.ready = Outcome.retry("away");
        Delivery second = open(
                target("now", now),
                new SinkTarget("beginning", beginning, Limits.DEFAULT, Set.of(), SinkTarget.Start.BEGINNING),
                target("away", away));
        append(second, 10, 10);
        awaitDone(second, "now");
        awaitDone(second, "beginning");
        assertEquals(range(10, 20), now.log());
        // the segment of the first ten is there as long as a sink may need it, and none did
        assertTrue(beginning.log().containsAll(range(10, 20)));
        // removed and kept
        assertEquals(new Account(20, 10, 10, 0, 0, 0, 20, 10), account(second, "a"));
        assertThrows(IllegalArgumentException.class, () -> second.forget("now"));
        assertTrue(second.forget("a"));
        assertFalse(second.forget("a"));
        assertFalse(second.accounts().containsKey("a"));
        assertEquals(new Account(10, 0, 10, 0, 0, 0, 10, 10), account(second, "away"));
    }

    @Test
    void twoSinksOfOneNameAreRefused() {
        IllegalArgumentException e =
                assertThrows(IllegalArgumentException.class, () -> open(target("a", sink), target("a", sink)));
        assertEquals("sinks named a: 2 (expected: 1)", e.getMessage());
    }

    @Test
    void deadLettersThatCannotBeWrittenKeepTheRowInTheSpool() throws Exception {
        disk.failSync = "letters";
        sink.answer = batch -> new Outcome.Refused("no");
        Delivery delivery = open(target("a", sink));
        append(delivery, 0, 3);
        Await.until("reported", () -> delivery.sinks().get("a").why().contains("Input/output error"));
        assertEquals(new Account(3, 0, 3, 0, 0, 0, 3, 3), account(delivery, "a"));
        disk.failSync = "";
        awaitDone(delivery, "a");
        assertEquals(new Account(3, 0, 0, 3, 0, 0, 3, 0), account(delivery, "a"));
        assertEquals(3, delivery.deadLetters("a", DeadLetterFilter.ALL, 10).size());
    }

    @Test
    void fullDeadLettersKeepTheRowInTheSpool() throws Exception {
        sink.answer = batch -> new Outcome.Refused("no");
        Delivery delivery = open(config().maxDeadLetterBytes(1_000), target("a", sink));
        append(delivery, 0, 100);
        Await.until("reported", () -> delivery.sinks().get("a").why().contains("replay or drop some"));
        assertTrue(account(delivery, "a").waiting() > 0);
    }

    @Test
    void aCrashBetweenTheDeadLetterAndTheCursorMakesNoSecondLetter() throws Exception {
        // another sink that keeps the log
        FakeSink away = new FakeSink();
        away.ready = Outcome.retry("away");
        Delivery delivery = open(target("a", sink), target("away", away));
        byte[] cursorAtZero = Files.readAllBytes(temp.resolve("state"));
        sink.answer = batch -> Outcome.of(List.of(new Outcome.RefusedRow(1, "no")), List.of(), Duration.ZERO, "");
        delivery.append(Samples.envelope(0, 3)).toCompletableFuture().get();
        awaitDone(delivery, "a");
        close();
        assertEquals(List.of(0L, 2L), sink.log());
        Files.write(temp.resolve("state"), cursorAtZero);
        FakeSink second = new FakeSink();
        Delivery again = open(target("a", second), target("away", away));
        awaitDone(again, "a");
        assertEquals(List.of(0L, 2L), second.log());
        assertEquals(sink.ids(), second.ids());
        assertEquals(1, again.deadLetters("a", DeadLetterFilter.ALL, 10).size());
        assertEquals(new Account(3, 2, 0, 1, 0, 0, 1, 0), account(again, "a"));
    }

    @Test
    void aDiskThatHangsLetsTheCallGoInTime() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        CountDownLatch first = new CountDownLatch(1);
        Delivery delivery = open(
                config().ackTimeout(Duration.ofMillis(60)).disk(new HangingDisk(disk, first, release)),
                target("a", sink));
        CompletableFuture<Void> waiting =
                delivery.append(Samples.envelope(0, 1)).toCompletableFuture();
        first.await();
        CompletableFuture<Void> behind = delivery.append(Samples.envelope(1, 1)).toCompletableFuture();
        for (CompletableFuture<Void> each : List.of(waiting, behind)) {
            ExecutionException e = assertThrows(ExecutionException.class, each::get);
            assertInstanceOf(AckTimeoutException.class, e.getCause());
            assertEquals("not stored within 60 ms", e.getCause().getMessage());
        }
        release.countDown();
        // the one that waited was never stored; what was under way may have been
        Await.until("stored", () -> delivery.spool().records() == 1);
    }

    @Test
    void whatWaitsIsBounded() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        CountDownLatch first = new CountDownLatch(1);
        Delivery delivery =
                open(config().waitingBytes(2_000).disk(new HangingDisk(disk, first, release)), target("a", sink));
        CompletableFuture<Void> one = delivery.append(Samples.envelope(0, 1)).toCompletableFuture();
        first.await();
        ExecutionException e = assertThrows(
                ExecutionException.class,
                () -> delivery.append(Samples.envelope(1, 100))
                        .toCompletableFuture()
                        .get());
        assertInstanceOf(SpoolFullException.class, e.getCause());
        assertTrue(e.getCause().getMessage().startsWith("overloaded: bytes waiting to be stored: "));
        release.countDown();
        one.get();
    }

    @Test
    void sizesOfBatchesNeverExceedTheBytes() throws Exception {
        List<Long> sizes = Collections.synchronizedList(new ArrayList<>());
        sink.answer = batch -> {
            if (batch.size() > 1) {
                sizes.add(batch.sizeInBytes());
            }
            return Outcome.written();
        };
        Delivery delivery =
                open(config(), new SinkTarget("a", sink, new Limits(1_000, 2_000, 1), Set.of(), SinkTarget.Start.NOW));
        SplittableRandom random = new SplittableRandom(SEED);
        for (int n = 0; n < 200; n++) {
            delivery.append(Samples.envelope("db", "m", n, 1, "x".repeat(random.nextInt(3_000))));
        }
        delivery.append(Samples.envelope(200, 1)).toCompletableFuture().get();
        awaitDone(delivery, "a");
        assertEquals(range(0, 201), sink.log());
        assertTrue(sizes.stream().allMatch(size -> size <= 2_000), "seed " + SEED + ": " + sizes);
    }
}
