package io.github.pgwatchrpc.delivery.worker;

import io.github.pgwatchrpc.delivery.deadletter.DeadLetterCounts;
import io.github.pgwatchrpc.delivery.deadletter.DeadLetters;
import io.github.pgwatchrpc.delivery.spool.Cursor;
import io.github.pgwatchrpc.delivery.spool.Spool;
import io.github.pgwatchrpc.log.PeerText;
import io.github.pgwatchrpc.log.Repeated;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Calls one sink, on as many threads as it may be called on at once. Thread-safe. */
public final class SinkWorker {

    private static final Logger LOG = LoggerFactory.getLogger(SinkWorker.class);

    /** After an error of our own; a sink's errors have a back-off. */
    private static final long OWN_ERROR_NANOS = Duration.ofSeconds(1).toNanos();

    /** A chain of causes that is longer is a circle. */
    private static final int MOST_CAUSES = 10;

    private final SinkTarget target;
    private final Spool spool;
    private final Repeated repeated = new Repeated();

    /** Guarded by itself, as is what follows. */
    private final SinkQueue queue;

    private Cursor saved;
    private boolean closed;
    private boolean begun;

    /** The same as closed, for who must not wait for the queue. */
    private volatile boolean stopped;

    private final List<Hand> hands = new ArrayList<>();
    private final AtomicInteger running = new AtomicInteger();

    /** What the appending thread wakes us for: so many records, or so many rows. */
    private volatile long wakeNumber = Long.MAX_VALUE;

    private volatile long wakeRows = Long.MAX_VALUE;

    /**
     * A worker that has not begun.
     *
     * @param target the sink
     * @param spool where its rows are
     * @param cursor where it begins
     * @param letters its dead letters; the caller's to close
     * @param settings how sinks are treated
     * @param random for pauses
     */
    public SinkWorker(
            SinkTarget target,
            Spool spool,
            Cursor cursor,
            DeadLetters letters,
            WorkerSettings settings,
            RandomGenerator random) {
        this.target = target;
        this.spool = spool;
        this.saved = cursor;
        this.queue = new SinkQueue(target, spool, cursor, letters, settings, random, System.nanoTime());
    }

    /** Starts the threads, which do nothing yet. */
    public void start() {
        int count = target.limits().concurrency();
        running.set(count);
        for (int i = 0; i < count; i++) {
            hands.add(new Hand("sink-" + target.name() + (count == 1 ? "" : "-" + (i + 1))));
        }
        hands.forEach(hand -> hand.thread.start());
    }

    /** Begins to deliver. */
    public void begin() {
        synchronized (queue) {
            begun = true;
        }
        wake();
    }

    /**
     * The sink is to get definitions.
     *
     * @param source where they come from
     * @param definitions as in {@link io.github.pgwatchrpc.sink.Sink#define}
     */
    public void define(String source, Map<String, @Nullable Object> definitions) {
        synchronized (queue) {
            queue.define(source, definitions);
        }
        wake();
    }

    /** Dead letters have been queued for another try. */
    public void replay() {
        synchronized (queue) {
            queue.replay();
        }
        wake();
    }

    /** The log has become longer. Does not block. */
    public void appended() {
        if (hasNews()) {
            wakeNumber = Long.MAX_VALUE;
            wakeRows = Long.MAX_VALUE;
            wake();
        }
    }

    private boolean hasNews() {
        return spool.headNumber() >= wakeNumber || spool.headRows() >= wakeRows;
    }

    private void wake() {
        for (Hand hand : hands) {
            LockSupport.unpark(hand.thread);
        }
    }

    /**
     * How the sink fares.
     *
     * @return figures of this moment
     */
    public SinkStatus status() {
        synchronized (queue) {
            return queue.status(System.nanoTime(), closed);
        }
    }

    /**
     * The account of a sink that is not there: nothing behind its cursor is done.
     *
     * @param spool where its rows are
     * @param cursor how far it came
     * @param letters what has become of its dead letters
     * @return where its rows are
     */
    public static Account account(Spool spool, Cursor cursor, DeadLetterCounts letters) {
        return SinkQueue.account(spool, cursor, cursor.rows(), 0, letters);
    }

    /**
     * Which of its threads have ended though they should not have. Does not wait.
     *
     * @return their names; empty: all is well
     */
    public List<String> deadThreads() {
        return stopped
                ? List.of()
                : hands.stream()
                        .map(hand -> hand.thread)
                        .filter(each -> !each.isAlive())
                        .map(Thread::getName)
                        .toList();
    }

    /** Rows are not to wait for others any more. */
    public void hurry() {
        synchronized (queue) {
            queue.hurry();
        }
        wake();
    }

    /**
     * Waits until everything that was accepted has been dealt with, or the sink is in trouble.
     *
     * @param patience how long at most
     * @throws InterruptedException if this thread was interrupted
     */
    public void drain(Duration patience) throws InterruptedException {
        long end = System.nanoTime() + patience.toNanos();
        synchronized (queue) {
            for (long left = end - System.nanoTime();
                    left > 0 && queue.isWell() && !queue.isDrained();
                    left = end - System.nanoTime()) {
                TimeUnit.NANOSECONDS.timedWait(queue, left);
            }
        }
    }

    /** Gives out nothing more. What is under way may come to its end. */
    public void stop() {
        stopped = true;
        synchronized (queue) {
            closed = true;
            queue.notifyAll();
        }
        wake();
    }

    /**
     * Waits until the sink is closed; interrupts what is under way when half of the time is over.
     *
     * @param patience how long at most
     * @return whether it is; if not, a thread hangs in the sink and is left behind
     * @throws InterruptedException if this thread was interrupted
     */
    public boolean await(Duration patience) throws InterruptedException {
        long half = patience.toNanos() / 2;
        if (!join(half)) {
            hands.forEach(Hand::interrupt);
            return join(half);
        }
        return true;
    }

    private boolean join(long nanos) throws InterruptedException {
        long end = System.nanoTime() + nanos;
        for (Hand hand : hands) {
            TimeUnit.NANOSECONDS.timedJoin(hand.thread, Math.max(1, end - System.nanoTime()));
        }
        return hands.stream().noneMatch(hand -> hand.thread.isAlive());
    }

    /** A thread, and whether it is in the sink: only then may it be interrupted. */
    private final class Hand implements Runnable {
        final Thread thread;
        private boolean inSink;
        private boolean interrupted;

        Hand(String name) {
            thread = new Thread(this, name);
            thread.setDaemon(true);
        }

        @Override
        public void run() {
            try {
                boolean more = true;
                while (more) {
                    try {
                        more = step();
                    } catch (RuntimeException e) {
                        repeated.tell(
                                "own error " + e.getClass().getName(),
                                "",
                                others -> LOG.error("sink {}: error of the delivery{}", target.name(), others, e));
                        LockSupport.parkNanos(OWN_ERROR_NANOS);
                    }
                }
            } finally {
                if (running.decrementAndGet() == 0) {
                    end(this);
                }
            }
        }

        private boolean step() {
            Work work;
            long wait;
            synchronized (queue) {
                if (closed) {
                    return false;
                }
                long now = System.nanoTime();
                work = begun ? queue.poll(now) : null;
                save();
                wait = queue.dueAt() == Long.MAX_VALUE ? Long.MAX_VALUE : queue.dueAt() - now;
                if (work == null) {
                    wakeNumber = queue.wakeNumber();
                    wakeRows = queue.wakeRows();
                    queue.notifyAll();
                }
            }
            if (work == null) {
                // what was appended before we said what to be woken for has woken nobody
                if (!hasNews()) {
                    LockSupport.parkNanos(this, wait);
                }
                return true;
            }
            if (hands.size() > 1) {
                // there may be work for another one
                LockSupport.unpark(hands.get((hands.indexOf(this) + 1) % hands.size()).thread);
            }
            execute(work);
            return true;
        }

        private void execute(Work work) {
            if (work instanceof Work.Piece piece) {
                Outcome outcome = write(piece);
                synchronized (queue) {
                    queue.settle(piece, outcome, System.nanoTime());
                    save();
                    queue.notifyAll();
                }
            } else if (work instanceof Work.Task task) {
                Readiness readiness = call(task);
                synchronized (queue) {
                    queue.settle(task, readiness, System.nanoTime());
                    save();
                    queue.notifyAll();
                }
            }
            if (hands.size() > 1) {
                wake();
            }
        }

        // what a sink throws, an Error of a missing class as well, is its own affair and no reason to end, unless
        // memory is out
        @SuppressWarnings("CatchingUnchecked")
        private @Nullable Outcome write(Work.Piece piece) {
            try {
                enter();
                return target.sink().write(piece.batch);
            } catch (Throwable e) {
                return retry(e);
            } finally {
                leave();
            }
        }

        private @Nullable Readiness call(Work.Task task) {
            try {
                enter();
                return task.call.on(target.sink());
            } catch (UnsupportedOperationException e) {
                repeated.tell(
                        "unsupported",
                        "",
                        more -> LOG.error("sink {}: {}: {}{}", target.name(), task.name, e.getMessage(), more));
                // it will never be able to; waiting for it would hold up everything behind
                return Readiness.ready();
            } catch (Throwable e) {
                return retry(e);
            } finally {
                leave();
            }
        }

        private Outcome.Retry retry(Throwable e) {
            rethrowOutOfMemory(e);
            if (e instanceof InterruptedException) {
                return Outcome.retry("interrupted");
            }
            if (!(e instanceof IOException)) {
                repeated.tell(
                        "thrown " + e.getClass().getName(),
                        "",
                        more -> LOG.warn("sink {}: {}{}", target.name(), PeerText.printable(e.toString()), more, e));
            }
            String message = e.getMessage();
            return Outcome.retry(message == null || !(e instanceof IOException) ? e.toString() : message);
        }

        private synchronized void enter() throws InterruptedException {
            if (interrupted) {
                throw new InterruptedException("closing");
            }
            inSink = true;
        }

        /** To close the sink, which is done also when writes have been interrupted. */
        private synchronized void enterForGood() {
            inSink = true;
        }

        private synchronized void leave() {
            inSink = false;
            // an interruption that came too late for the sink would close our own files
            Thread.interrupted();
        }

        synchronized void interrupt() {
            interrupted = true;
            if (inSink) {
                thread.interrupt();
            }
        }
    }

    /** That is no affair of the sink alone, however it is wrapped: nobody knows what has been left half done, and by whom. */
    private static void rethrowOutOfMemory(Throwable fault) {
        Throwable each = fault;
        for (int i = 0; i < MOST_CAUSES && each != null; i++) {
            if (each instanceof OutOfMemoryError fatal) {
                throw fatal;
            }
            each = each.getCause();
        }
    }

    /** Writes down how far the sink has come. */
    private void save() {
        Cursor cursor = queue.cursor();
        if (!cursor.equals(saved)) {
            saved = cursor;
            try {
                spool.move(target.name(), cursor);
            } catch (IOException e) {
                // the next checkpoint tries again; after a crash before that, some rows come again
                repeated.tell(
                        "cursor",
                        "",
                        more -> LOG.error(
                                "sink {}: cursor could not be written: {}{}", target.name(), e.toString(), more));
            }
        }
    }

    /** The last thread closes the sink. */
    private void end(Hand last) {
        synchronized (queue) {
            queue.close();
        }
        try {
            last.enterForGood();
            target.sink().close();
        } catch (RuntimeException | LinkageError e) {
            LOG.warn("sink {}: closing: {}", target.name(), e.toString());
        } finally {
            last.leave();
        }
    }
}
