package io.github.pgwatchrpc.delivery.worker;

import io.github.pgwatchrpc.delivery.deadletter.DeadLetter;
import io.github.pgwatchrpc.delivery.deadletter.DeadLetterCounts;
import io.github.pgwatchrpc.delivery.deadletter.DeadLetters;
import io.github.pgwatchrpc.delivery.deadletter.Refusal;
import io.github.pgwatchrpc.delivery.spool.Cursor;
import io.github.pgwatchrpc.delivery.spool.Spool;
import io.github.pgwatchrpc.delivery.spool.SpoolReader;
import io.github.pgwatchrpc.delivery.spool.SpoolRecord;
import io.github.pgwatchrpc.log.PeerText;
import io.github.pgwatchrpc.log.Repeated;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Capability;
import io.github.pgwatchrpc.sink.Limits;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.SyncEvent;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides what a sink is called with next, and what follows from its answer. It is asked by {@link #poll} and told by
 * {@link #settle}; time is what the caller says. Not thread-safe.
 *
 * <p>Some things are done alone, while no write is under way: opening the sink, definitions, events, dead letters that are
 * tried again. An event waits until all rows before it are done, and no row behind it is given out before it is done
 * itself, so events and rows keep their order for every sink.
 */
final class SinkQueue {

    private static final Logger LOG = LoggerFactory.getLogger(SinkQueue.class);

    /** Whose success says nothing yet: only a write shows that a sink is well again. */
    private static final String OPEN = "open";

    /** How much of what a target says is kept, in characters. */
    private static final int MOST_OF_A_REASON = 1_000;

    private final SinkTarget target;
    private final Spool spool;
    private final Repeated repeated = new Repeated();
    private final SpoolReader reader;
    private final DeadLetters letters;
    private final Backoff backoff;
    private final Window window;
    private final Progress progress;
    private final Lane[] lanes;

    /** What is to be done alone. */
    private final Deque<Work> alone = new ArrayDeque<>();

    /** Definitions that the sink is to get, by source. */
    private final Map<String, Map<String, @Nullable Object>> definitions = new LinkedHashMap<>();

    /** A record that was read and has to wait for all before it. */
    private @Nullable SpoolRecord held;

    private boolean eventUnderWay;

    /** Whether all records have been read, and whether more of them would make a difference. */
    private boolean atEnd;

    private boolean hungry;
    private boolean isAlone;
    private boolean replays = true;
    private boolean hurry;
    private int writing;
    private int nextLane;

    private SinkStatus.State state = SinkStatus.State.OPENING;
    private String why = "";
    private String mend = "";
    private int failures;
    private long failedAt = Long.MIN_VALUE;
    private long passedAt = Long.MIN_VALUE;
    private long notBefore;
    private long dueAt = Long.MAX_VALUE;

    SinkQueue(
            SinkTarget target,
            Spool spool,
            Cursor cursor,
            DeadLetters letters,
            WorkerSettings settings,
            RandomGenerator random,
            long now) {
        this.target = target;
        this.spool = spool;
        this.reader = spool.reader(cursor);
        this.letters = letters;
        this.backoff = new Backoff(settings, random);
        this.window = new Window(target.limits().concurrency());
        this.progress = new Progress(cursor);
        this.notBefore = now;
        boolean ordered = target.capabilities().contains(Capability.ORDERED);
        lanes = new Lane[ordered ? target.limits().concurrency() : 1];
        for (int i = 0; i < lanes.length; i++) {
            lanes[i] = new Lane(target.limits(), settings.maxAge().toNanos(), ordered);
        }
        alone.add(opening(now));
    }

    private Work.Task opening(long now) {
        Work.Task task = new Work.Task(OPEN, sink -> sink.open(), this::opened);
        task.notBefore = now;
        return task;
    }

    private void opened() {
        List<Work.Task> tasks = new ArrayList<>();
        definitions.forEach((source, all) -> tasks.add(defining(source, all)));
        // in front of all else, and in their order: of two that name a metric, the sink is to have the later one last
        Collections.reverse(tasks);
        tasks.forEach(alone::addFirst);
        definitions.clear();
    }

    private static Work.Task defining(String source, Map<String, @Nullable Object> all) {
        return new Work.Task("define " + source, sink -> sink.define(all), () -> {});
    }

    // ---- what comes in from beside ----

    /** The sink is to get these definitions, in place of others from the same source that it has not got yet. */
    void define(String source, Map<String, @Nullable Object> all) {
        if (!target.capabilities().contains(Capability.DEFINITIONS)) {
            return;
        }
        if (state == SinkStatus.State.OPENING) {
            definitions.remove(source);
            definitions.put(source, all);
            return;
        }
        Work.Task task = defining(source, all);
        // one that is under way is not in the queue any more
        alone.removeIf(work -> work instanceof Work.Task old && old.name.equals(task.name));
        alone.add(task);
    }

    /** Dead letters have been queued. */
    void replay() {
        replays = true;
    }

    /** Rows are not to wait for others any more. */
    void hurry() {
        hurry = true;
    }

    // ---- what to do next ----

    /** What to do now; null if nothing: then {@link #dueAt} tells when to ask again if nothing else happens. */
    @Nullable
    Work poll(long now) {
        dueAt = Long.MAX_VALUE;
        hungry = false;
        if (isAlone) {
            return null;
        }
        loadLetters(now);
        fill(now);
        Work work = alone.isEmpty() ? pollLanes(now) : pollAlone(now);
        if (work != null) {
            work.attempts++;
            work.startedAt = now;
            writing++;
        }
        return work;
    }

    /** When to ask again. */
    long dueAt() {
        return dueAt;
    }

    private @Nullable Work pollAlone(long now) {
        Work first = alone.element();
        if (writing > 0) {
            return null;
        }
        dueAt = Math.max(first.notBefore, notBefore);
        if (dueAt > now) {
            return null;
        }
        isAlone = true;
        return alone.remove();
    }

    private @Nullable Work pollLanes(long now) {
        if (writing >= window.size()) {
            return null;
        }
        if (notBefore > now) {
            dueAt = notBefore;
            return null;
        }
        for (int i = 0; i < lanes.length; i++) {
            Lane lane = lanes[(nextLane + i) % lanes.length];
            Work piece = lane.take(now, hurry, spool::origin);
            if (piece != null) {
                nextLane = (nextLane + i + 1) % lanes.length;
                return piece;
            }
            dueAt = Math.min(dueAt, lane.dueAt(hurry));
        }
        hungry = atEnd;
        return null;
    }

    /** Reads ahead: enough for one batch more than there are lanes. */
    private void fill(long now) {
        atEnd = false;
        Limits limits = target.limits();
        long rows = 0;
        long bytes = 0;
        for (Lane lane : lanes) {
            rows += lane.rows();
            bytes += lane.bytes();
        }
        long mostRows = (lanes.length + 1L) * limits.rows();
        long mostBytes = (lanes.length + 1L) * limits.bytes();
        try {
            while (!eventUnderWay && rows < mostRows && bytes < mostBytes && progress.hasRoom()) {
                SpoolRecord record = held != null ? held : reader.next();
                held = null;
                if (record == null) {
                    atEnd = true;
                    return;
                } else if (!take(record, now)) {
                    held = record;
                    return;
                } else if (record.content() instanceof SpoolRecord.Rows content) {
                    rows += content.envelope().size();
                    bytes += content.envelope().sizeInBytes();
                }
            }
        } catch (IOException e) {
            away(now, now, Duration.ZERO, "spool: " + e.getMessage());
        }
    }

    /** Takes a record over, unless it has to wait for all before it. */
    private boolean take(SpoolRecord record, long now) {
        if (record.content() instanceof SpoolRecord.Rows rows) {
            add(record, rows.envelope(), now);
            return true;
        } else if (record.content() instanceof SpoolRecord.Event event) {
            if (!target.capabilities().contains(Capability.SYNC)) {
                progress.read(0, 0);
                return true;
            } else if (!progress.isDone()) {
                return false;
            }
            progress.read(0, 1);
            eventUnderWay = true;
            alone.add(syncing(record.number(), event.event(), now));
            return true;
        } else if (record.content() instanceof SpoolRecord.Lost lost) {
            if (!progress.isDone()) {
                return false;
            }
            progress.lost(lost.records(), lost.rows());
            return true;
        }
        throw new AssertionError(record);
    }

    private Work.Task syncing(long number, SyncEvent event, long now) {
        Work.Task task = new Work.Task("sync", sink -> sink.sync(event), () -> {
            eventUnderWay = false;
            progress.done(number, 1);
        });
        task.notBefore = now;
        return task;
    }

    /** Puts the rows into their lane, without those that have become dead letters before a crash. */
    private void add(SpoolRecord record, MeasurementEnvelope envelope, long now) {
        int lane = Math.floorMod(
                31 * envelope.database().hashCode() + envelope.metric().hashCode(), lanes.length);
        if (!letters.hasUnsettled()) {
            if (envelope.size() > 0) {
                lanes[lane].add(new Batch.Slice(envelope, record.number(), 0, envelope.size()), record.run(), now);
            }
            progress.read(envelope.size(), envelope.size());
            return;
        }
        int from = 0;
        int want = 0;
        for (int row = 0; row <= envelope.size(); row++) {
            if (row == envelope.size() || letters.isDead(record.run(), record.number(), row)) {
                if (row > from) {
                    lanes[lane].add(new Batch.Slice(envelope, record.number(), from, row), record.run(), now);
                    want += row - from;
                }
                from = row + 1;
            }
        }
        progress.read(envelope.size(), want);
    }

    /** Queues one batch of dead letters that are to be tried again. */
    private void loadLetters(long now) {
        if (!replays || alone.stream().anyMatch(Work.Piece.class::isInstance)) {
            return;
        }
        try {
            List<DeadLetter> queued = letters.queued(target.limits().rows());
            if (queued.isEmpty()) {
                replays = false;
                return;
            }
            List<Batch.Slice> slices = new ArrayList<>();
            List<Long> ids = new ArrayList<>();
            long run = queued.get(0).run();
            long bytes = 0;
            int attempts = 0;
            for (DeadLetter letter : queued) {
                bytes += letter.envelope().sizeInBytes();
                if (letter.run() != run
                        || (!ids.isEmpty() && bytes > target.limits().bytes())) {
                    break;
                }
                slices.add(new Batch.Slice(letter.envelope(), letter.number(), letter.row(), 0, 1));
                ids.add(letter.id());
                attempts = Math.max(attempts, letter.attempts());
            }
            Work.Piece piece = new Work.Piece(new Batch(spool.origin(run), slices), null, ids, attempts);
            piece.notBefore = now;
            alone.add(piece);
        } catch (IOException e) {
            away(now, now, Duration.ZERO, "dead letters: " + e.getMessage());
        }
    }

    // ---- what came of it ----

    /** A write has come to an end; null is what a sink must not answer. */
    void settle(Work.Piece piece, @Nullable Outcome outcome, long now) {
        writing--;
        isAlone = false;
        Verdict verdict = Verdict.of(piece.batch.size(), outcome);
        if (!verdict.dead().isEmpty()) {
            try {
                bury(piece, verdict.dead());
            } catch (IOException e) {
                lettersFailed(e);
                verdict = verdict.withoutDead(String.valueOf(e.getMessage()));
            }
        }
        List<Work.Piece> again = new ArrayList<>();
        boolean[] comesAgain = new boolean[piece.batch.size()];
        boolean progressed = verdict.again().stream().mapToInt(List::size).sum() < piece.batch.size();
        long next = verdict.failed() ? now + pauseOf(piece, progressed, verdict.after(), now) : now;
        for (List<Integer> rows : verdict.again()) {
            rows.forEach(row -> comesAgain[row] = true);
            Work.Piece part = piece.part(rows);
            part.notBefore = next;
            again.add(part);
        }
        Lane lane = piece.lane;
        if (lane != null) {
            finish(piece, comesAgain);
            lane.giveBack(again);
        } else {
            again.addAll(finishLetters(piece, verdict.dead(), comesAgain));
            for (int i = again.size() - 1; i >= 0; i--) {
                alone.addFirst(again.get(i));
            }
        }
        if (!verdict.failed()) {
            passedAt = now;
            succeeded(now - piece.startedAt);
            return;
        }
        if (verdict.paused() != null) {
            broken(piece.startedAt, now, verdict.why());
            pause(verdict.paused(), now);
            return;
        }
        if (progressed) {
            passedAt = now;
            failures = 0;
        }
        away(piece.startedAt, now, verdict.after(), verdict.why());
    }

    /**
     * How long rows wait that have failed. Not much longer than the target itself, unless others pass meanwhile; and rather
     * longer than shorter, so that they do not come before others each time. If some of them have passed, the rest begins
     * anew.
     */
    private long pauseOf(Work.Piece piece, boolean progressed, Duration asked, long now) {
        int failed = piece.failed(now, passedAt, progressed);
        return Math.max(backoff.nanosAway(progressed ? 1 : piece.attempts, asked), backoff.nanos(failed, asked));
    }

    private void bury(Work.Piece piece, List<Outcome.RefusedRow> dead) throws IOException {
        if (!piece.letters.isEmpty()) {
            for (Outcome.RefusedRow row : dead) {
                letters.again(piece.letters.get(row.row()), piece.attempts, reason(row));
            }
            return;
        }
        // what is said of a record must not outlive it
        spool.sync();
        long run = Long.parseLong(
                piece.batch.origin().substring(piece.batch.origin().lastIndexOf('-') + 1));
        List<Refusal> refusals = new ArrayList<>();
        for (Outcome.RefusedRow row : dead) {
            Batch.Slice slice =
                    piece.batch.part(row.row(), row.row() + 1).slices().get(0);
            refusals.add(new Refusal(
                    run,
                    slice.position(),
                    slice.offset() + slice.from(),
                    piece.attempts,
                    reason(row),
                    slice.envelope(),
                    slice.from()));
        }
        letters.add(refusals);
    }

    private static String reason(Outcome.RefusedRow row) {
        return PeerText.printable(row.why(), MOST_OF_A_REASON);
    }

    private void finish(Work.Piece piece, boolean[] comesAgain) {
        int row = 0;
        for (Batch.Slice slice : piece.batch.slices()) {
            int done = 0;
            for (int i = 0; i < slice.size(); i++) {
                if (!comesAgain[row++]) {
                    done++;
                }
            }
            if (done > 0) {
                progress.done(slice.position(), done);
            }
        }
    }

    /** Marks letters that are delivered; what comes again if that cannot be written down is returned. */
    private List<Work.Piece> finishLetters(Work.Piece piece, List<Outcome.RefusedRow> dead, boolean[] comesAgain) {
        boolean[] open = comesAgain.clone();
        dead.forEach(row -> open[row.row()] = true);
        List<Integer> rows = new ArrayList<>();
        List<Long> ids = new ArrayList<>();
        for (int row = 0; row < open.length; row++) {
            if (!open[row]) {
                rows.add(row);
                ids.add(piece.letters.get(row));
            }
        }
        try {
            letters.delivered(ids);
            return List.of();
        } catch (IOException e) {
            lettersFailed(e);
            return List.of(piece.part(rows));
        }
    }

    private void lettersFailed(IOException e) {
        repeated.tell("letters", "", more -> LOG.error("sink {}: {}{}", target.name(), e.toString(), more));
    }

    /** Something other than a write has come to an end; null is what a sink must not answer. */
    void settle(Work.Task task, @Nullable Readiness readiness, long now) {
        writing--;
        isAlone = false;
        if (readiness instanceof Readiness.Ready) {
            if (!task.name.equals(OPEN)) {
                failures = 0;
            }
            if (state == SinkStatus.State.OPENING || failures == 0) {
                state = SinkStatus.State.RUNNING;
                why = "";
                mend = "";
            }
            task.done.run();
            return;
        }
        task.notBefore = now;
        alone.addFirst(task);
        if (readiness instanceof Outcome.Paused paused) {
            broken(task.startedAt, now, paused.why());
            pause(paused, now);
        } else if (readiness instanceof Outcome.Retry retry) {
            away(task.startedAt, now, retry.after(), retry.why());
        } else {
            broken(task.startedAt, now, "the sink breaks its contract: its answer is null");
        }
    }

    private void succeeded(long nanos) {
        window.succeeded(nanos, writing + 1 >= window.size());
        failures = 0;
        state = SinkStatus.State.RUNNING;
        why = "";
        mend = "";
    }

    /** The target is away or busy, which passes: whether it has is tried often. */
    private void away(long startedAt, long now, Duration asked, String reason) {
        failed(startedAt, now, reason);
        notBefore = Math.max(notBefore, now + backoff.nanosAway(Math.max(1, failures), asked));
    }

    /** Somebody has to mend something. */
    private void broken(long startedAt, long now, String reason) {
        failed(startedAt, now, reason);
        notBefore = Math.max(notBefore, now + backoff.nanos(Math.max(1, failures), Duration.ZERO));
    }

    private void failed(long startedAt, long now, String said) {
        // a target's own words, for the log and the status
        String reason = PeerText.printable(said, MOST_OF_A_REASON);
        if (startedAt >= failedAt) {
            // of those that began before the last failure, that was to be expected
            failures++;
            window.failed();
        }
        failedAt = now;
        if (state == SinkStatus.State.RUNNING) {
            state = SinkStatus.State.RETRYING;
        }
        if (!reason.equals(why)) {
            // some targets say something else each time, a request's number for instance
            repeated.tell("failed", "", more -> LOG.warn("sink {}: {}{}", target.name(), reason, more));
        }
        why = reason;
        mend = "";
    }

    private void pause(Outcome.Paused paused, long now) {
        if (state != SinkStatus.State.OPENING) {
            state = SinkStatus.State.PAUSED;
        }
        mend = paused.mend();
        boolean opens = alone.peek() instanceof Work.Task task && task.name.equals(OPEN);
        if (!opens) {
            alone.addFirst(opening(now));
        }
    }

    // ---- how it is ----

    Cursor cursor() {
        return progress.cursor();
    }

    /** How many records the spool must have had to be worth asking again before it is due. */
    long wakeNumber() {
        return hungry && dueAt == Long.MAX_VALUE ? reader.number() + 1 : Long.MAX_VALUE;
    }

    /** How many rows the spool must have had for that: those that make a batch full. */
    long wakeRows() {
        return hungry ? progress.nextRows() + target.limits().rows() : Long.MAX_VALUE;
    }

    /** Whether everything that was accepted has been dealt with. */
    boolean isDrained() {
        return writing == 0
                && alone.isEmpty()
                && held == null
                && progress.isDone()
                && reader.number() >= spool.headNumber();
    }

    boolean isWell() {
        return state == SinkStatus.State.RUNNING;
    }

    SinkStatus status(long now, boolean closed) {
        return new SinkStatus(
                closed ? SinkStatus.State.CLOSED : state,
                why,
                mend,
                failures,
                Duration.ofNanos(Math.max(0, failures == 0 ? 0 : notBefore - now)),
                writing,
                window.size(),
                account());
    }

    Account account() {
        Cursor cursor = progress.cursor();
        return account(spool, cursor, progress.nextRows(), progress.rowsLeft(), letters.counts());
    }

    /** The account of a sink of which so many rows have been read and so many of those are not done. */
    static Account account(Spool spool, Cursor cursor, long readRows, long rowsLeft, DeadLetterCounts letters) {
        Cursor end = spool.end();
        long received = end.rows() - cursor.beginRows();
        long waiting = end.rows() - readRows + rowsLeft;
        long lost = cursor.lostRows();
        long delivered = received - waiting - lost - letters.total() + letters.delivered();
        return new Account(
                received,
                delivered,
                waiting + letters.queued(),
                letters.dead(),
                letters.dropped(),
                lost + letters.lost(),
                end.number() - cursor.beginNumber(),
                end.number() - cursor.number());
    }

    void close() {
        reader.close();
    }
}
