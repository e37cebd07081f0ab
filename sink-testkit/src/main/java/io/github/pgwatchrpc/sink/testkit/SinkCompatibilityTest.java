package io.github.pgwatchrpc.sink.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.github.pgwatchrpc.measurement.Measurement;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Capability;
import io.github.pgwatchrpc.sink.Limits;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.SinkConfigException;
import io.github.pgwatchrpc.sink.SinkOption;
import io.github.pgwatchrpc.sink.SinkProvider;
import io.github.pgwatchrpc.sink.Sinks;
import io.github.pgwatchrpc.sink.SyncEvent;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * What every sink must do. A sink's test extends this class and says three things: its {@link #provider}, a {@link #uri}
 * of a sink with an empty target, and what has {@link #arrived} there. If the target cannot keep everything, it also says
 * what becomes of a row ({@link #asStored}); and it says how the backend can be broken ({@link #faults}, {@link
 * #inflict}, {@link #mend}).
 *
 * <pre>{@code
 * class TableSinkTest extends SinkCompatibilityTest {
 *     @TempDir Path directory;
 *
 *     protected SinkProvider provider() { return new TableSinkProvider(); }
 *     protected String uri() { return "table:" + directory.resolve("rows.txt"); }
 *     protected List<Arrived> arrived() throws IOException { ... }
 *     protected Set<Fault> faults() { return Set.of(Fault.UNUSABLE); }
 *     protected void inflict(Fault fault) throws IOException { ... }
 *     protected void mend(Fault fault) throws IOException { ... }
 * }
 * }</pre>
 *
 * <p>Nothing is skipped: of a fault that cannot be brought about, and of a capability that is not there, the opposite is
 * asserted, as {@link Fault} and {@link Capability} document it. Each test has an instance and so a target of its own.
 */
@TestInstance(TestInstance.Lifecycle.PER_METHOD)
public abstract class SinkCompatibilityTest {

    /** How long a backend with {@link Fault#BUSY} says it will be busy. */
    public static final Duration BUSY_FOR = Duration.ofSeconds(7);

    /** How many rows of a request a backend with {@link Fault#TOO_LARGE} takes. */
    public static final int FEW = 3;

    /** The column that makes a row bad, unless {@link #badRow} says otherwise. */
    public static final String BAD_COLUMN = "kit_bad";

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** Closing is to take seconds; this is a lot of them. */
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(10);

    private static final String ORIGIN = "kit";

    /** Above this, filling a sink's limit shows nothing more, and costs memory. */
    private static final long MOST_BYTES = 64L << 20;

    private static final int MOST_ROWS = 20_000;

    private final KitRows rows = new KitRows();
    private final List<Sink> made = new ArrayList<>();
    private @Nullable String target;
    private boolean closed;

    /** For subclasses. */
    protected SinkCompatibilityTest() {}

    // ---- what a subclass says ----

    /**
     * The provider under test.
     *
     * @return a new one, of the class that the service loader finds
     */
    protected abstract SinkProvider provider();

    /**
     * Names a target that is empty. Where there are options for it, give short time-outs and good credentials.
     *
     * @return the URI of a sink; called once in a test
     * @throws Exception if the target cannot be prepared
     */
    protected abstract String uri() throws Exception;

    /**
     * Reads back what the target holds.
     *
     * @return all rows, in the order in which the target has them if it has one; none if the target is not there yet
     * @throws Exception if it cannot be read
     */
    protected abstract List<Arrived> arrived() throws Exception;

    /**
     * What the target makes of a row, for instance {@link Arrived#of} it {@link Arrived#asJson}, or with a coarser time.
     *
     * @param row a row that is written
     * @return what is to be read back; null if the target cannot hold such a row, so that the sink must refuse it by name
     */
    protected @Nullable Arrived asStored(Measurement row) {
        return Arrived.of(row);
    }

    /**
     * How the backend can be broken.
     *
     * @return faults that {@link #inflict} knows; {@link Fault#AWAY} or {@link Fault#UNUSABLE} is among them
     */
    protected abstract Set<Fault> faults();

    /**
     * Breaks the backend.
     *
     * @param fault one of {@link #faults}
     * @throws Exception if that fails
     */
    protected abstract void inflict(Fault fault) throws Exception;

    /**
     * Makes the backend whole again; what it held before is still there.
     *
     * @param fault what was inflicted
     * @throws Exception if that fails
     */
    protected abstract void mend(Fault fault) throws Exception;

    /**
     * A row that the backend refuses under {@link Fault#BAD_ROW}, and takes without it.
     *
     * @return columns of the row, to which the kit adds time and number
     */
    protected Map<String, Object> badRow() {
        return Map.of(BAD_COLUMN, true);
    }

    /**
     * How long a call of the sink may take, its own time-outs included, before it counts as hanging.
     *
     * @return 30 seconds unless overridden
     */
    protected Duration patience() {
        return PATIENCE;
    }

    // ---- the provider ----

    @Test
    final void describesItself() {
        SinkProvider provider = provider();
        assertFalse(provider.schemes().isEmpty(), "schemes: none (expected: at least one)");
        for (String scheme : provider.schemes()) {
            assertTrue(
                    scheme.matches("[a-z][a-z0-9+.-]*"),
                    () -> "scheme: \"" + scheme + "\" (expected: lower case, as RFC 3986 has it)");
        }
        assertLine("description", provider.description());
        assertTrue(
                provider.schemes().stream().anyMatch(scheme -> provider.syntax().startsWith(scheme + ":")),
                () -> "syntax: \"" + provider.syntax() + "\" (expected: begins with a scheme of " + provider.schemes()
                        + ")");
        Set<String> names = new HashSet<>();
        for (SinkOption<?> option : provider.options()) {
            assertTrue(names.add(option.name()), () -> "option " + option.name() + ": listed twice (expected: once)");
            assertLine("meaning of option " + option.name(), option.meaning());
        }
        assertNotNull(provider.limits(), "limits");
        assertNotNull(provider.capabilities(), "capabilities");
    }

    @Test
    final void isFoundByTheServiceLoader() {
        SinkProvider provider = provider();
        ClassLoader loader = provider.getClass().getClassLoader();
        Sinks found = Sinks.load(loader);
        for (String scheme : provider.schemes()) {
            SinkProvider first = found.find(scheme);
            assertTrue(
                    first != null && first.getClass() == provider.getClass(),
                    () -> "scheme " + scheme + ": " + (first == null ? "not found" : first.getClass())
                            + " (expected: a line \"" + provider.getClass().getName()
                            + "\" in META-INF/services/" + SinkProvider.class.getName() + ")");
        }
    }

    // ---- configuration ----

    @Test
    final void saysEverythingThatIsWrongAtOnce() throws Exception {
        SinkProvider provider = provider();
        Map<String, String> wrong = new LinkedHashMap<>();
        wrong.put("no-such-option", "1");
        Set<String> expected = new HashSet<>(wrong.keySet());
        for (SinkOption<?> option : provider.options()) {
            // text of any kind is fine for some options, and nobody but they can tell
            if (!option.type().equals("text") && !given(option.name())) {
                wrong.put(option.name(), "?!");
                if (List.of("integer", "bytes", "time", "flag").contains(option.type())) {
                    expected.add(option.name());
                }
            }
        }
        SinkConfigException error =
                assertThrows(SinkConfigException.class, () -> create(targetUri(), wrong), "with " + wrong.keySet());
        for (String name : expected) {
            assertTrue(
                    error.problems().stream().anyMatch(problem -> problem.contains("option " + name + " ")),
                    () -> "option " + name + ": not told to be wrong together with the others, only "
                            + error.problems());
        }
        assertProblems(error);
    }

    @Test
    final void noTextIsWorseThanAWrongConfiguration() throws Exception {
        String scheme = provider().schemes().iterator().next() + ":";
        List<String> texts = new ArrayList<>(List.of(
                "",
                "/",
                "//",
                "///",
                "?",
                "?=",
                "?&&",
                "%zz",
                "%00",
                "\u0000",
                "\\\\",
                "//:::",
                "//[::1",
                "//user@",
                " ",
                "//x:99999/",
                "//x:-1",
                "#",
                "a b",
                "ž",
                "😀",
                "?a=b=c",
                "x".repeat(5_000)));
        String good = targetUri();
        for (int end = scheme.length(); end < Math.min(good.length(), scheme.length() + 12); end++) {
            texts.add(good.substring(scheme.length(), end));
        }
        for (String text : texts) {
            try {
                call("create", () -> create(scheme + text, Map.of()));
            } catch (SinkConfigException e) {
                assertProblems(e);
            } catch (AssertionError | Exception e) {
                throw new AssertionError(
                        "sink " + scheme + Arrived.abbreviated(text) + ": " + e
                                + " (expected: a sink, or a SinkConfigException)",
                        e);
            }
        }
    }

    @Test
    final void neverPrintsSecrets() throws Exception {
        for (SinkOption<?> option : provider().options()) {
            if (!option.isSecret() || given(option.name())) {
                continue;
            }
            for (String secret : List.of("s3cr3t-" + option.name(), "s3cr3t \u0001\r\n" + option.name())) {
                StringBuilder texts = new StringBuilder();
                try {
                    Sink sink = create(targetUri(), Map.of(option.name(), secret));
                    texts.append(sink);
                    texts.append(callAny("open", sink::open));
                    texts.append(callAny("write", () -> sink.write(KitRows.batch(ORIGIN, rows.numbered("db", 0, 1)))));
                    texts.append(sink);
                } catch (SinkConfigException e) {
                    texts.append(e);
                } catch (RuntimeException e) {
                    texts.append(withCauses(e));
                }
                assertNoSecret("s3cr3t", texts.toString());
            }
        }
        assertNoSecrets(open().toString());
    }

    @Test
    final void creatingAndOpeningWriteNothing() throws Exception {
        Sink sink = open();
        assertEquals(Readiness.ready(), call("open again", sink::open), "open, a second time");
        sink.close();
        assertArrived(List.of());
    }

    @Test
    final void isMadeWhileTheBackendIsBroken() throws Exception {
        Fault fault = breaking();
        String uri = targetUri();
        inflict(fault);
        try {
            Sink sink = call("create", () -> create(uri, Map.of()));
            assertFalse(
                    callAny("open", sink::open) instanceof Readiness.Ready,
                    "open: ready (expected: what stands in the way, since the backend is broken)");
        } catch (SinkConfigException e) {
            // what can be seen without a network, such as a directory in place of a file, may be told at once
            assertProblems(e);
        } finally {
            mend(fault);
        }
    }

    // ---- rows ----

    @Test
    final void oneRowArrives() throws Exception {
        assertDelivers(rows.numbered("db", 0, 1));
    }

    @Test
    final void manyRowsOfManyDatabasesArrive() throws Exception {
        List<MeasurementEnvelope> envelopes = new ArrayList<>();
        for (int n = 0; n < 10; n++) {
            envelopes.add(rows.numbered("db" + n % 3, n * 10, n * 10 + 1 + n));
        }
        assertDelivers(envelopes.toArray(MeasurementEnvelope[]::new));
    }

    @Test
    final void everyTypeArrives() throws Exception {
        List<MeasurementEnvelope> envelopes = new ArrayList<>();
        KitRows.values().forEach((kind, value) -> {
            Map<String, @Nullable Object> columns = new LinkedHashMap<>();
            columns.put("kind", kind);
            columns.put("v " + kind, value);
            envelopes.add(rows.row("types", columns));
        });
        assertDelivers(envelopes.toArray(MeasurementEnvelope[]::new));
    }

    @Test
    final void oneColumnOfManyTypesArrives() throws Exception {
        Map<String, @Nullable Object> nothing = new LinkedHashMap<>();
        nothing.put("v", null);
        assertDelivers(
                rows.row("changing", Map.of("v", 5L)),
                rows.row("changing", Map.of("v", 5.5)),
                rows.row("changing", nothing),
                rows.row("changing", Map.of()));
    }

    @Test
    final void emptyAndHugeRowsArrive() throws Exception {
        Map<String, Object> wide = new LinkedHashMap<>();
        for (int i = 0; i < 200; i++) {
            wide.put("column_" + i, (long) i);
        }
        assertDelivers(
                rows.bare(Map.of()),
                rows.row("", "", Map.of(), Map.of()),
                rows.row("wide", wide),
                rows.row("huge", Map.of("text", "ž😀".repeat(KitRows.HUGE_CHARACTERS / 3))),
                rows.row("huge", Map.of("bytes", new byte[KitRows.HUGE_CHARACTERS])));
    }

    @Test
    final void namesOfAnyKindArrive() throws Exception {
        assertDelivers(
                rows.row(
                        KitRows.UNICODE, KitRows.UNICODE, Map.of("größe", KitRows.UNICODE), Map.of("Übersicht 日本", 1L)),
                rows.row("a/b\\c..d", "x y\"z'", Map.of("a.b c", "\"'\\"), Map.of("a.b", 1L, "$c", 2L, "_id", 3L)));
    }

    @Test
    final void timesArrive() throws Exception {
        long time = rows.time();
        Map<String, @Nullable Object> none = new LinkedHashMap<>();
        none.put("epoch_ns", null);
        none.put("n", 5L);
        assertDelivers(
                rows.bare(Map.of("epoch_ns", time, "n", 1L)),
                rows.bare(Map.of("epoch_ns", time + 1, "n", 2L)),
                rows.bare(Map.of("epoch_ns", (double) (time + 2_000_000), "n", 3L)),
                rows.bare(Map.of("n", 4L)),
                rows.bare(none),
                rows.bare(Map.of("epoch_ns", 0L, "n", 6L)));
    }

    @Test
    final void tagsArrive() throws Exception {
        Map<String, @Nullable Object> columns = new LinkedHashMap<>();
        columns.put("tag_table", "public.accounts");
        columns.put("tag_none", null);
        columns.put("tag_number", 7L);
        columns.put("tag_empty", "");
        columns.put("tag_env", "from the row");
        columns.put("value", 1L);
        assertDelivers(
                rows.row("db", "tagged", Map.of("env", "from the source", "region", "eu"), columns),
                rows.row("db", "tagged", Map.of("env", "test"), Map.of("value", 2L)),
                rows.row("db", "tagged", Map.of(), Map.of("tag_only", "x")));
    }

    @Test
    final void onlyTheRowsOfTheBatchArrive() throws Exception {
        Batch whole = KitRows.batch(ORIGIN, rows.numbered("db", 0, 10), rows.numbered("db", 10, 20));
        Batch part = whole.select(List.of(3, 4, 9, 10, 19));
        assertDelivers(open(), part);
    }

    @Test
    final void equalRowsAllArrive() throws Exception {
        Map<String, Object> columns = Map.of("epoch_ns", rows.time(), "n", 1L);
        assertDelivers(rows.bare(columns), rows.bare(columns));
    }

    // ---- limits ----

    @Test
    final void batchesOfAsManyRowsAsItTakesArrive() throws Exception {
        int most = Math.min(provider().limits().rows(), MOST_ROWS);
        Sink sink = open();
        List<Measurement> sent = new ArrayList<>();
        int from = 0;
        for (int count : new int[] {Math.max(1, most - 1), most, most + 1}) {
            MeasurementEnvelope envelope = rows.numbered("db", from, from + count);
            Batch all = new Batch(ORIGIN, List.of(new Batch.Slice(envelope, from, 0, count)));
            // whoever calls a sink keeps to its limits
            for (int row = 0; row < count; row += most) {
                deliverWhole(sink, all.part(row, Math.min(count, row + most)));
            }
            sent.addAll(all.rows());
            from += count;
        }
        assertArrived(sent);
    }

    @Test
    final void batchesOfAsManyBytesAsItTakesArrive() throws Exception {
        Limits limits = provider().limits();
        long most = Math.min(limits.bytes(), MOST_BYTES);
        // what the target cannot hold of them is refused by name, as ever
        assertDelivers(open(), rows.filling(ORIGIN, most, limits.rows()));
    }

    @Test
    final void aRowAboveTheLimitIsWrittenOrRefused() throws Exception {
        long most = Math.min(provider().limits().bytes(), MOST_BYTES);
        Batch batch = KitRows.batch(ORIGIN, rows.numbered("db", 0, 1, "x".repeat((int) most + 1)));
        Sink sink = open();
        List<String> refused = deliver(sink, batch);
        assertArrived(refused.isEmpty() ? batch.rows() : List.of());
        // and it takes others after that
        Batch next = new Batch(ORIGIN, List.of(new Batch.Slice(rows.numbered("db", 1, 2), 99, 0, 1)));
        deliverWhole(sink, next);
    }

    @Test
    final void writesAtTheSameTimeAllArrive() throws Exception {
        int writers = Math.min(provider().limits().concurrency(), 16);
        Sink sink = open();
        CountDownLatch together = new CountDownLatch(writers);
        List<FutureTask<@Nullable Void>> tasks = new ArrayList<>();
        List<Measurement> sent = new ArrayList<>();
        for (int writer = 0; writer < writers; writer++) {
            MeasurementEnvelope envelope = rows.numbered("db" + writer, 0, 20);
            Batch batch = new Batch(ORIGIN, List.of(new Batch.Slice(envelope, writer, 0, 20)));
            sent.addAll(batch.rows());
            tasks.add(start("write", () -> {
                together.countDown();
                together.await();
                for (int row = 0; row < 20; row++) {
                    assertEquals(Outcome.written(), sink.write(batch.part(row, row + 1)));
                }
                return null;
            }));
        }
        for (FutureTask<@Nullable Void> task : tasks) {
            await("write", task, patience());
        }
        assertArrived(sent);
    }

    // ---- the same again ----

    @Test
    final void theSameBatchAgainIsOneCopyOrTwo() throws Exception {
        Batch batch = KitRows.batch(ORIGIN, rows.numbered("db", 0, 5), rows.numbered("db", 5, 10));
        Sink sink = open();
        deliverWhole(sink, batch);
        deliverWhole(sink, batch);
        // cut differently, as after a restart
        deliverWhole(sink, batch.part(0, 7));
        deliverWhole(sink, batch.part(7, 10));
        List<Measurement> expected = new ArrayList<>(batch.rows());
        if (!can(Capability.IDEMPOTENT)) {
            expected.addAll(batch.rows());
            expected.addAll(batch.rows());
        }
        assertArrived(
                expected,
                can(Capability.IDEMPOTENT)
                        ? "written three times by a sink with the capability IDEMPOTENT, so each row is there once"
                        : "written three times by a sink without the capability IDEMPOTENT, so each row is there three times");
    }

    @Test
    final void whatWasWrittenStaysAndMoreComes() throws Exception {
        Batch all = KitRows.batch(ORIGIN, rows.numbered("db", 0, 4));
        Sink first = open();
        deliverWhole(first, all.part(0, 2));
        first.close();
        Sink second = open();
        deliverWhole(second, all.part(2, 4));
        second.close();
        assertArrived(all.rows());
    }

    // ---- capabilities ----

    @Test
    final void provisionsOrSaysThatItCannot() throws Exception {
        Sink sink = create(targetUri(), Map.of());
        capability(Capability.PROVISION, sink::provision);
        assertEquals(Readiness.ready(), call("open", sink::open), "open");
    }

    @Test
    final void takesDefinitionsOrSaysThatItCannot() throws Exception {
        Sink sink = open();
        Map<String, @Nullable Object> definitions = Map.of(
                "MetricDefs", Map.of("numbers", Map.of("SQLs", Map.of("11", "select 1"))), "PresetDefs", Map.of());
        capability(Capability.DEFINITIONS, () -> sink.define(definitions));
    }

    @Test
    final void takesSyncEventsOrSaysThatItCannot() throws Exception {
        Sink sink = open();
        for (SyncEvent.Kind kind : SyncEvent.Kind.values()) {
            capability(Capability.SYNC, () -> sink.sync(new SyncEvent("db", "numbers", kind)));
            capability(Capability.SYNC, () -> sink.sync(new SyncEvent("db", "", kind)));
        }
    }

    private void capability(Capability capability, Callable<Readiness> use) throws Exception {
        if (can(capability)) {
            for (String time : List.of("the first time", "again")) {
                Object answer;
                try {
                    answer = call(capability.name(), use);
                } catch (UnsupportedOperationException e) {
                    answer = e;
                }
                assertEquals(Readiness.ready(), answer, capability + ", which the provider lists, " + time);
            }
            return;
        }
        UnsupportedOperationException error = assertThrows(
                UnsupportedOperationException.class,
                () -> call(capability.name(), use),
                capability + " is not among the provider's capabilities");
        assertEquals(capability.missing().getMessage(), error.getMessage(), capability + " that is missing");
    }

    // ---- the end ----

    @Test
    final void closesTwiceAndUnopened() throws Exception {
        Sink unopened = create(targetUri(), Map.of());
        close(unopened);
        close(unopened);
        Sink used = open();
        deliverWhole(used, KitRows.batch(ORIGIN, rows.numbered("db", 0, 1)));
        close(used);
        close(used);
    }

    @Test
    final void closesWhenItsThreadIsInterrupted() throws Exception {
        Sink sink = open();
        Batch batch = KitRows.batch(ORIGIN, rows.numbered("db", 0, 1));
        deliverWhole(sink, batch);
        FutureTask<Boolean> task = start("close", () -> {
            Thread.currentThread().interrupt();
            sink.close();
            return Thread.interrupted();
        });
        assertTrue(await("close", task, CLOSE_PATIENCE), "close: took away the thread's interruption");
        assertArrived(batch.rows());
    }

    @Test
    final void leavesNoThreadBehind() throws Exception {
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        Sink sink = open();
        deliverWhole(sink, KitRows.batch(ORIGIN, rows.numbered("db", 0, 1)));
        close(sink);
        List<Thread> left = new ArrayList<>(Thread.getAllStackTraces().keySet());
        left.removeAll(before);
        left.removeIf(Thread::isDaemon);
        for (Thread thread : left) {
            thread.join(CLOSE_PATIENCE.toMillis());
            assertFalse(thread.isAlive(), () -> thread + ": still there after close (expected: ended, or a daemon)");
        }
    }

    @Test
    final void anInterruptedWriteComesBack() throws Exception {
        Sink sink = open();
        Batch batch = KitRows.batch(ORIGIN, rows.numbered("db", 0, 3));
        FutureTask<@Nullable Object> task = start("write", () -> {
            Thread.currentThread().interrupt();
            try {
                return sink.write(batch);
            } catch (IOException | InterruptedException e) {
                return e;
            }
        });
        Object outcome = await("write by an interrupted thread", task, patience());
        assertFalse(
                outcome instanceof Outcome.Refused || outcome instanceof Outcome.Paused,
                () -> "write: " + outcome
                        + " (expected: anything but refused or paused, since nothing is wrong but the interruption)");
        if (outcome instanceof Outcome.Written) {
            assertArrived(batch.rows());
        }
        Batch next = new Batch(ORIGIN, List.of(new Batch.Slice(rows.numbered("other", 3, 4), 9, 0, 1)));
        deliverWhole(sink, next);
    }

    // ---- faults ----

    @Test
    final void aBackendThatIsAwayComesBack() throws Exception {
        assertTrue(
                faults().contains(Fault.AWAY) || faults().contains(Fault.UNUSABLE),
                "faults: " + faults()
                        + " (expected: AWAY or UNUSABLE among them; a sink that nothing can break is not known)");
        if (!faults().contains(Fault.AWAY)) {
            return; // then UNUSABLE, which aBackendToBeMendedPausesTheSink looks at
        }
        Broken broken = broken(Fault.AWAY);
        assertFalse(
                broken.answer() instanceof Outcome.Refused, () -> "write: " + broken.answer() + " (expected: Retry)");
        if (!faults().contains(Fault.UNUSABLE)) {
            assertFalse(
                    broken.answer() instanceof Outcome.Paused || broken.opened() instanceof Outcome.Paused,
                    () -> "write: " + broken.answer() + ", open: " + broken.opened()
                            + " (expected: no Paused, since the fault UNUSABLE is not among the faults)");
        }
        assertTrue(
                isRetry(broken.answer()),
                () -> "write: " + broken.answer() + " (expected: Retry or an IOException while the backend is away)");
        assertTrue(
                isRetry(broken.opened()),
                () -> "open: " + broken.opened() + " (expected: Retry or an IOException while the backend is away)");
        assertNothingOfIt(broken);
        assertRecovers(broken);
    }

    @Test
    final void aBackendToBeMendedPausesTheSink() throws Exception {
        if (!faults().contains(Fault.UNUSABLE)) {
            assertTrue(
                    faults().contains(Fault.AWAY), "faults: " + faults() + " (expected: AWAY or UNUSABLE among them)");
            return; // that AWAY never pauses is seen there
        }
        Broken broken = broken(Fault.UNUSABLE);
        assertPaused(broken);
        assertNothingOfIt(broken);
        assertRecovers(broken);
    }

    @Test
    final void wrongCredentialsPauseTheSink() throws Exception {
        if (!faults().contains(Fault.DENIED)) {
            for (SinkOption<?> option : provider().options()) {
                assertFalse(
                        option.isSecret(),
                        () -> "option " + option.name()
                                + ": secret (expected: the fault DENIED among the faults, to see wrong ones refused)");
            }
            return;
        }
        Broken broken = broken(Fault.DENIED);
        assertPaused(broken);
        assertNoSecrets(broken.answer() + " " + broken.opened() + " " + broken.sink());
        assertNothingOfIt(broken);
        assertRecovers(broken);
    }

    @Test
    final void aBusyBackendSaysWhenToComeAgain() throws Exception {
        if (!faults().contains(Fault.BUSY)) {
            Broken broken = broken(breaking());
            assertEquals(
                    Duration.ZERO, after(broken.answer()), "time after which to come again, which nobody has said");
            return;
        }
        Broken broken = broken(Fault.BUSY);
        assertTrue(isRetry(broken.answer()), () -> "write: " + broken.answer() + " (expected: Retry)");
        assertEquals(BUSY_FOR, after(broken.answer()), "time after which to come again, as the backend said it");
        assertNothingOfIt(broken);
        assertRecovers(broken);
    }

    @Test
    final void aHangingBackendIsGivenUp() throws Exception {
        if (!faults().contains(Fault.HANGING)) {
            for (SinkOption<?> option : provider().options()) {
                assertFalse(
                        option.name().contains("timeout"),
                        () -> "option " + option.name()
                                + ": a time-out (expected: the fault HANGING among the faults, to see it end)");
            }
            return;
        }
        Broken broken = broken(Fault.HANGING);
        assertTrue(
                isRetry(broken.answer()),
                () -> "write: " + broken.answer() + " (expected: Retry or an IOException once its time is over)");
        assertRecovers(broken);
    }

    @Test
    final void aHangingWriteIsInterrupted() throws Exception {
        if (!faults().contains(Fault.HANGING)) {
            return; // aHangingBackendIsGivenUp asserts that there is nothing to hang on
        }
        Sink sink = open();
        inflict(Fault.HANGING);
        try {
            CountDownLatch ended = new CountDownLatch(1);
            Thread[] writer = new Thread[1];
            CountDownLatch begun = new CountDownLatch(1);
            FutureTask<@Nullable Object> task = start("write", () -> {
                writer[0] = Thread.currentThread();
                begun.countDown();
                try {
                    return sink.write(KitRows.batch(ORIGIN, rows.numbered("db", 0, 3)));
                } catch (IOException | InterruptedException e) {
                    return e;
                } finally {
                    ended.countDown();
                }
            });
            begun.await();
            awaitBlocked(Objects.requireNonNull(writer[0]), ended);
            Objects.requireNonNull(writer[0]).interrupt();
            Object answer = await("write that is interrupted", task, patience());
            assertFalse(
                    answer instanceof Outcome.Written,
                    "write: written (expected: not, since the backend never answered)");
            close(sink);
        } finally {
            mend(Fault.HANGING);
        }
    }

    /** Until a thread waits for something; one that reads a socket never looks so, and gets a while for it. */
    private static void awaitBlocked(Thread thread, CountDownLatch ended) throws InterruptedException {
        for (int i = 0; i < 100 && thread.getState() == Thread.State.RUNNABLE; i++) {
            if (ended.await(10, TimeUnit.MILLISECONDS)) {
                return;
            }
        }
    }

    @Test
    final void aBadRowIsRefusedAndTheOthersArrive() throws Exception {
        Batch batch = KitRows.batch(
                ORIGIN,
                rows.numbered("db", 0, 3),
                rows.row("numbers", badRow()),
                rows.numbered("db", 4, 6),
                rows.row("numbers", badRow()),
                rows.numbered("db", 7, 8));
        Sink sink = open();
        if (!faults().contains(Fault.BAD_ROW)) {
            deliverWhole(sink, batch);
            assertArrived(batch.rows(), "rows that another backend might find bad");
            return;
        }
        inflict(Fault.BAD_ROW);
        List<String> refused;
        try {
            refused = deliver(sink, batch);
        } finally {
            mend(Fault.BAD_ROW);
        }
        assertEquals(
                List.of(batch.id(3), batch.id(6)), refused.stream().sorted().toList(), "rows that are refused");
        assertArrived(batch.select(List.of(0, 1, 2, 4, 5, 7)).rows());
        // one alone is refused as well, and without the fault it is taken
        inflict(Fault.BAD_ROW);
        try {
            assertEquals(
                    List.of(batch.id(3)), deliver(sink, batch.part(3, 4)), "rows of a batch of one that are refused");
        } finally {
            mend(Fault.BAD_ROW);
        }
    }

    @Test
    final void whatIsTooLargeForTheBackendIsHalved() throws Exception {
        Batch batch = KitRows.batch(ORIGIN, rows.numbered("db", 0, 8 * FEW));
        if (!faults().contains(Fault.TOO_LARGE)) {
            return; // aRowAboveTheLimitIsWrittenOrRefused asserts what is promised without it
        }
        Sink sink = open();
        inflict(Fault.TOO_LARGE);
        try {
            Object answer = callAny("write", () -> sink.write(batch));
            assertTrue(
                    answer instanceof Outcome.Refused
                            || answer instanceof Outcome.Written
                            || answer instanceof Outcome.Partly,
                    () -> "write of " + batch + ": " + answer + " (expected: Refused, or split by the sink)");
            if (answer instanceof Outcome.Refused) {
                assertEquals(List.of(), deliver(sink, batch), "rows that are refused");
            } else {
                assertEquals(List.of(), follow(sink, batch, (Outcome) answer), "rows that are refused");
            }
        } finally {
            mend(Fault.TOO_LARGE);
        }
        assertArrived(batch.rows());
    }

    @Test
    final void rowsThatMustWaitAreNamed() throws Exception {
        Batch batch = KitRows.batch(ORIGIN, rows.numbered("db", 0, 10));
        if (!faults().contains(Fault.PARTLY_BUSY)) {
            Broken broken = broken(breaking());
            assertNothingOfIt(broken);
            return;
        }
        Sink sink = open();
        inflict(Fault.PARTLY_BUSY);
        Outcome.Partly partly;
        try {
            Object answer = callAny("write", () -> sink.write(batch));
            partly = assertInstanceOf(Outcome.Partly.class, answer, "write to a backend that takes some of the rows");
        } finally {
            mend(Fault.PARTLY_BUSY);
        }
        assertFalse(partly.retry().isEmpty(), "rows to be tried again: none (expected: some)");
        assertEquals(List.of(), partly.refused(), "rows that are refused");
        assertEquals(List.of(), follow(sink, batch, partly), "rows that are refused");
        assertArrived(batch.rows());
    }

    @Test
    final void aLostAnswerMeansThatTheRowsComeAgain() throws Exception {
        if (!faults().contains(Fault.ANSWER_LOST)) {
            Broken broken = broken(breaking());
            assertArrived(List.of(), "after a write that failed");
            close(broken.sink());
            return;
        }
        Sink sink = open();
        Batch batch = KitRows.batch(ORIGIN, rows.numbered("db", 0, 5));
        inflict(Fault.ANSWER_LOST);
        Object answer;
        try {
            answer = callAny("write", () -> sink.write(batch));
        } finally {
            mend(Fault.ANSWER_LOST);
        }
        assertTrue(isRetry(answer), () -> "write: " + answer + " (expected: Retry or an IOException)");
        deliverWhole(sink, batch);
        List<Measurement> expected = new ArrayList<>(batch.rows());
        if (!can(Capability.IDEMPOTENT)) {
            expected.addAll(batch.rows());
        }
        assertArrived(expected, "written, the answer lost, and written again");
    }

    // ---- what tests are made of ----

    /**
     * What a sink said while its backend was broken.
     *
     * @param answer an Outcome or an IOException
     * @param opened a Readiness or an IOException
     */
    private record Broken(Sink sink, Fault fault, Batch batch, Object answer, Object opened) {}

    /** Writes while the backend is broken, and mends it. */
    private Broken broken(Fault fault) throws Exception {
        Sink sink = open();
        Batch batch = KitRows.batch(ORIGIN, rows.numbered("db", 0, 5));
        inflict(fault);
        Object answer;
        Object opened;
        try {
            answer = callAny("write under " + fault, () -> sink.write(batch));
            opened = callAny("open under " + fault, sink::open);
        } finally {
            mend(fault);
        }
        assertFalse(answer instanceof Outcome.Written, () -> "write under " + fault + ": written (expected: not)");
        assertTexts("write under " + fault, answer);
        assertTexts("open under " + fault, opened);
        return new Broken(sink, fault, batch, answer, opened);
    }

    private void assertNothingOfIt(Broken broken) throws Exception {
        int count = arrived().size();
        boolean whole =
                faults().contains(Fault.ANSWER_LOST) && count == broken.batch().size();
        assertTrue(
                count == 0 || whole,
                () -> "rows at the target: " + count + " after " + broken.answer() + " (expected: none)");
    }

    private void assertRecovers(Broken broken) throws Exception {
        assertEquals(Readiness.ready(), call("open", broken.sink()::open), "open after the end of " + broken.fault());
        int before = arrived().size();
        deliverWhole(broken.sink(), broken.batch());
        if (before == 0 || can(Capability.IDEMPOTENT)) {
            assertArrived(broken.batch().rows(), "after the end of " + broken.fault());
        }
    }

    private static void assertPaused(Broken broken) {
        Outcome.Paused write = assertInstanceOf(
                Outcome.Paused.class, broken.answer(), "write under " + broken.fault() + ", which a person must mend");
        assertLine("what to mend", write.mend());
        Outcome.Paused open = assertInstanceOf(
                Outcome.Paused.class, broken.opened(), "open under " + broken.fault() + ", which a person must mend");
        assertLine("what to mend", open.mend());
    }

    private void assertTexts(String what, Object answer) throws Exception {
        String why = null;
        if (answer instanceof Outcome.Retry retry) {
            why = retry.why();
        } else if (answer instanceof Outcome.Paused paused) {
            why = paused.why();
        } else if (answer instanceof Outcome.Refused refused) {
            why = refused.why();
        } else if (answer instanceof Exception e) {
            why = e.getMessage();
        }
        if (!(answer instanceof Outcome.Partly) && !(answer instanceof Readiness.Ready)) {
            assertTrue(why != null && !why.isBlank(), () -> what + ": " + answer + " (expected: with a reason)");
            assertNoSecrets(String.valueOf(why));
        }
    }

    private Fault breaking() {
        return faults().contains(Fault.AWAY) ? Fault.AWAY : Fault.UNUSABLE;
    }

    private boolean can(Capability capability) {
        return provider().capabilities().contains(capability);
    }

    private String targetUri() throws Exception {
        String uri = target;
        if (uri == null) {
            uri = uri();
            target = uri;
        }
        return uri;
    }

    private boolean given(String option) throws Exception {
        return targetUri().contains("?" + option + "=") || targetUri().contains("&" + option + "=");
    }

    private Sink create(String uri, Map<String, String> options) {
        Sink sink = new Sinks(List.of(provider())).create(uri, options);
        made.add(sink);
        return sink;
    }

    private Sink open() throws Exception {
        Sink sink = create(targetUri(), Map.of());
        if (can(Capability.PROVISION)) {
            assertEquals(Readiness.ready(), call("provision", sink::provision), "provision");
        }
        assertEquals(Readiness.ready(), call("open", sink::open), "open");
        return sink;
    }

    private void close(Sink sink) throws Exception {
        await(
                "close",
                start("close", () -> {
                    sink.close();
                    return true;
                }),
                CLOSE_PATIENCE.compareTo(patience()) < 0 ? CLOSE_PATIENCE : patience());
    }

    @AfterEach
    final void closeAll() throws Exception {
        if (!closed) {
            closed = true;
            for (Sink sink : made) {
                close(sink);
            }
        }
    }

    private void assertDelivers(MeasurementEnvelope... envelopes) throws Exception {
        assertDelivers(open(), KitRows.batch(ORIGIN, envelopes));
    }

    /** Writes a batch, and asserts that exactly what the target cannot hold is refused and all else arrives. */
    private void assertDelivers(Sink sink, Batch batch) throws Exception {
        List<String> refused = new ArrayList<>(deliver(sink, batch));
        List<String> expected = new ArrayList<>();
        List<Measurement> kept = new ArrayList<>();
        for (int row = 0; row < batch.size(); row++) {
            if (asStored(batch.row(row)) == null) {
                expected.add(batch.id(row));
            } else {
                kept.add(batch.row(row));
            }
        }
        refused.sort(null);
        expected.sort(null);
        assertEquals(named(batch, expected), named(batch, refused), "rows that are refused");
        assertArrived(kept);
    }

    private static List<String> named(Batch batch, List<String> ids) {
        List<String> names = new ArrayList<>();
        for (int row = 0; row < batch.size(); row++) {
            if (ids.contains(batch.id(row))) {
                names.add("row " + row + ": "
                        + Arrived.abbreviated(Arrived.of(batch.row(row)).canonical()));
            }
        }
        return names;
    }

    /** Writes a batch of which nothing may be refused. */
    private void deliverWhole(Sink sink, Batch batch) throws Exception {
        assertEquals(List.of(), deliver(sink, batch), "rows that are refused");
    }

    /** Writes a batch as a delivery does, and tells the ids of the rows that are refused. */
    private List<String> deliver(Sink sink, Batch batch) throws Exception {
        return follow(sink, batch, call("write", () -> sink.write(batch)));
    }

    private List<String> follow(Sink sink, Batch batch, Outcome outcome) throws Exception {
        List<String> refused = new ArrayList<>();
        if (outcome instanceof Outcome.Written) {
            return refused;
        } else if (outcome instanceof Outcome.Partly partly) {
            for (Outcome.RefusedRow row : partly.refused()) {
                assertRow(batch, row.row());
                assertTrue(!row.why().isBlank(), "reason of a refused row: blank (expected: what the target said)");
                refused.add(batch.id(row.row()));
            }
            partly.retry().forEach(row -> assertRow(batch, row));
            if (!partly.retry().isEmpty()) {
                assertTrue(
                        partly.retry().size() < batch.size() || !refused.isEmpty(),
                        "rows to be tried again: all (expected: fewer, or Retry)");
                assertLine("reason of rows to be tried again", partly.why());
                Batch again = batch.select(partly.retry().stream().sorted().toList());
                refused.addAll(deliver(sink, again));
            }
            return refused;
        } else if (outcome instanceof Outcome.Refused whole) {
            assertTrue(!whole.why().isBlank(), "reason of a refused batch: blank (expected: what the target said)");
            if (batch.size() == 1) {
                return List.of(batch.id(0));
            }
            int half = batch.size() / 2;
            refused.addAll(deliver(sink, batch.part(0, half)));
            refused.addAll(deliver(sink, batch.part(half, batch.size())));
            return refused;
        }
        return fail("write of " + batch + ": " + outcome
                + " (expected: Written, Partly or Refused, for nothing is broken)");
    }

    private static void assertRow(Batch batch, int row) {
        assertTrue(row < batch.size(), () -> "row " + row + ": named (expected: 0 to " + (batch.size() - 1) + ")");
    }

    private void assertArrived(List<Measurement> sent) throws Exception {
        assertArrived(sent, "what was written");
    }

    /** Asserts that the target holds these rows and nothing else, in this order if the sink keeps one. */
    private void assertArrived(List<Measurement> sent, String what) throws Exception {
        List<Arrived> expected = new ArrayList<>();
        for (Measurement row : sent) {
            Arrived kept = asStored(row);
            assertNotNull(kept, () -> "row that the target cannot hold: " + Arrived.of(row) + " (expected: refused)");
            expected.add(kept);
        }
        List<Arrived> found = arrived();
        Map<String, Integer> balance = new TreeMap<>();
        expected.forEach(row -> balance.merge(row.canonical(), 1, Integer::sum));
        found.forEach(row -> balance.merge(row.canonical(), -1, Integer::sum));
        List<String> differences = balance.entrySet().stream()
                .filter(each -> each.getValue() != 0)
                .limit(10)
                .map(each -> (each.getValue() > 0 ? "missing" : "too many") + " (" + Math.abs(each.getValue()) + "): "
                        + Arrived.abbreviated(each.getKey()))
                .toList();
        assertTrue(
                differences.isEmpty(),
                () -> what + ": " + found.size() + " rows arrived (expected: " + expected.size() + ")\n  "
                        + String.join("\n  ", differences));
        if (can(Capability.ORDERED)) {
            Function<Arrived, String> series = row -> row.database() + "/" + row.metric();
            assertEquals(
                    bySeries(expected, series),
                    bySeries(found, series),
                    what + ": the order of rows within a database and metric, since the provider lists ORDERED");
        }
    }

    private static Map<String, List<String>> bySeries(List<Arrived> rows, Function<Arrived, String> series) {
        return rows.stream()
                .collect(Collectors.groupingBy(
                        series, TreeMap::new, Collectors.mapping(Arrived::canonical, Collectors.toList())));
    }

    private static boolean isRetry(Object answer) {
        return answer instanceof Outcome.Retry || answer instanceof IOException;
    }

    private static Duration after(Object answer) {
        return answer instanceof Outcome.Retry retry ? retry.after() : Duration.ZERO;
    }

    private static void assertLine(String what, String text) {
        assertTrue(
                !text.isBlank() && text.lines().count() == 1,
                () -> what + ": \"" + text + "\" (expected: one line that is not blank)");
    }

    private static void assertProblems(SinkConfigException error) {
        assertFalse(error.problems().isEmpty(), "problems: none (expected: at least one)");
        for (String problem : error.problems()) {
            assertTrue(
                    problem.contains("(expected: "),
                    () -> "problem: \"" + problem
                            + "\" (expected: names thing, value and bound, as SinkConfig.problem does)");
        }
    }

    /** Asserts that a text has none of the secrets that the URI has. */
    private void assertNoSecrets(String text) throws Exception {
        String uri = targetUri();
        for (SinkOption<?> option : provider().options()) {
            int at = Math.max(uri.indexOf("?" + option.name() + "="), uri.indexOf("&" + option.name() + "="));
            if (option.isSecret() && at >= 0) {
                int begin = at + option.name().length() + 2;
                int end = uri.indexOf('&', begin);
                assertNoSecret(end < 0 ? uri.substring(begin) : uri.substring(begin, end), text);
            }
        }
    }

    private static void assertNoSecret(String secret, String text) {
        assertFalse(
                text.contains(secret),
                () -> "text with a secret in it: " + Arrived.abbreviated(text.replace(secret, "<THE SECRET>"))
                        + " (expected: without)");
    }

    private static String withCauses(Throwable failure) {
        StringBuilder texts = new StringBuilder();
        for (Throwable each = failure; each != null; each = each.getCause()) {
            texts.append(each).append('\n');
        }
        return texts.toString();
    }

    // ---- calls that end ----

    /** Calls the sink; an IOException is an answer as well. */
    private Object callAny(String what, Callable<?> call) throws Exception {
        try {
            Object answer = call(what, call::call);
            return assertNonNull(what, answer);
        } catch (IOException e) {
            return e;
        }
    }

    private static Object assertNonNull(String what, @Nullable Object answer) {
        assertNotNull(answer, what + ": null (expected: an answer)");
        return answer;
    }

    private <T> T call(String what, Callable<T> call) throws Exception {
        T answer = await(what, start(what, call), patience());
        assertNonNull(what, answer);
        return answer;
    }

    private static <T extends @Nullable Object> FutureTask<T> start(String what, Callable<T> call) {
        FutureTask<T> task = new FutureTask<>(call);
        Thread thread = new Thread(task, "kit-" + what.toLowerCase(Locale.ROOT).replace(' ', '-'));
        thread.setDaemon(true);
        thread.start();
        return task;
    }

    private static <T extends @Nullable Object> T await(String what, FutureTask<T> task, Duration limit)
            throws Exception {
        try {
            return task.get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            task.cancel(true);
            throw new AssertionError(what + ": still running after " + limit + " (expected: an end)", e);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            boolean contract = cause instanceof SinkConfigException || cause instanceof UnsupportedOperationException;
            if (cause instanceof Exception checked && (contract || !(cause instanceof RuntimeException))) {
                throw checked;
            } else if (cause instanceof AssertionError assertion) {
                throw assertion;
            }
            throw new AssertionError(what + ": threw " + cause + " (expected: an answer)", cause);
        }
    }
}
