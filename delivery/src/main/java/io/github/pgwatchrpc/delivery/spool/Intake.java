package io.github.pgwatchrpc.delivery.spool;

import io.github.pgwatchrpc.log.Repeated;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.sink.SyncEvent;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes what is to be stored and answers when it is. One thread appends; whatever arrives while it is at it goes into the
 * next turn together, so that many calls share one sync of the disk.
 *
 * <p>pgwatch waits for each answer, for ever if need be, and everything behind a slow call waits too. So a call that has
 * not been stored in time is answered with an error, and what waits is bounded in bytes. Thread-safe.
 */
public final class Intake {

    private static final Logger LOG = LoggerFactory.getLogger(Intake.class);

    private static final long TICK_NANOS = Duration.ofMillis(50).toNanos();

    /** A turn that takes less than this is over before anybody has been waited for. */
    private static final long WORTH_GATHERING_NANOS = 100_000;

    /** After a disk that hung nobody is made to wait any longer. */
    private static final long MOST_GATHERING_NANOS = 10_000_000;

    /** What an event takes of memory, about. */
    private static final long EVENT_BYTES = 200;

    private static final class Waiting extends CompletableFuture<Void> {
        /** Null: nothing, to see whether it could be stored. */
        final SpoolRecord.@Nullable Content content;

        final long bytes;
        final long since = System.nanoTime();

        Waiting(SpoolRecord.@Nullable Content content, long bytes) {
            this.content = content;
            this.bytes = bytes;
        }
    }

    private final Spool spool;
    private final long maxWaitingBytes;
    private final Duration ackTimeout;
    private final Runnable appended;
    private final Repeated repeated = new Repeated();
    private final ConcurrentLinkedQueue<Waiting> queue = new ConcurrentLinkedQueue<>();
    private final AtomicLong waitingBytes = new AtomicLong();
    private final Thread appending;
    private final Thread watching;

    /** How many are in the queue. */
    private final AtomicInteger queued = new AtomicInteger();

    /** Tells those who add to the queue at how many the appending thread is to be woken. */
    private volatile int wakeAt = Integer.MAX_VALUE;

    private volatile boolean closed;

    /** What is being stored right now, for the watching thread. */
    private volatile List<Waiting> turn = List.of();

    /**
     * Begins to take.
     *
     * @param spool where to append; nobody else does
     * @param settings how much may wait, and how long
     * @param appended told after each turn, on the appending thread; must not block
     */
    public Intake(Spool spool, SpoolSettings settings, Runnable appended) {
        this.spool = spool;
        this.maxWaitingBytes = settings.waitingBytes();
        this.ackTimeout = settings.ackTimeout();
        this.appended = appended;
        this.appending = new Thread(this::appendAll, "spool");
        this.watching = new Thread(this::watchAll, "ack-timeout");
        appending.setDaemon(true);
        watching.setDaemon(true);
        appending.start();
        watching.start();
    }

    /**
     * Stores an envelope.
     *
     * @param envelope the rows
     * @return done when they are as safe as was promised; failed with an {@link IOException} if they were not stored, or
     *     an {@link AckTimeoutException} if that is not known in time
     */
    public CompletionStage<Void> append(MeasurementEnvelope envelope) {
        return append(new SpoolRecord.Rows(envelope), envelope.sizeInBytes());
    }

    /**
     * Stores an event.
     *
     * @param event what began or ceased
     * @return as with {@link #append(MeasurementEnvelope)}
     */
    public CompletionStage<Void> append(SyncEvent event) {
        return append(new SpoolRecord.Event(event), EVENT_BYTES);
    }

    /**
     * Stores nothing, to see whether storing works again after it has failed: whoever waits for that before they send
     * anything would wait for ever.
     */
    public void probe() {
        if (queue.isEmpty()) {
            append(null, 0);
        }
    }

    private CompletionStage<Void> append(SpoolRecord.@Nullable Content content, long bytes) {
        if (closed) {
            return CompletableFuture.failedStage(new IOException("stopping: nothing is stored any more"));
        }
        long waitingNow = waitingBytes.addAndGet(bytes);
        if (waitingNow > maxWaitingBytes) {
            waitingBytes.addAndGet(-bytes);
            IOException overloaded = new SpoolFullException("overloaded: bytes waiting to be stored: " + waitingNow
                    + " (expected: <= " + maxWaitingBytes + ")");
            tell(overloaded);
            return CompletableFuture.failedStage(overloaded);
        }
        Waiting waiting = new Waiting(content, bytes);
        queue.add(waiting);
        if (queued.incrementAndGet() >= wakeAt) {
            LockSupport.unpark(appending);
        }
        if (closed && !appending.isAlive()) {
            // the thread may have looked for the last time before this came
            fail(waiting, new IOException("stopping: nothing is stored any more"));
        }
        return waiting;
    }

    /**
     * Memory of what waits to be stored.
     *
     * @return bytes
     */
    public long waitingBytes() {
        return waitingBytes.get();
    }

    /**
     * Whether it takes anything at all.
     *
     * @return false when it is closed
     */
    public boolean isOpen() {
        return !closed && appending.isAlive();
    }

    /**
     * Which of its threads have ended though it is open. Does not wait.
     *
     * @return their names; empty: all is well
     */
    public List<String> deadThreads() {
        return closed
                ? List.of()
                : Stream.of(appending, watching)
                        .filter(each -> !each.isAlive())
                        .map(Thread::getName)
                        .toList();
    }

    private void appendAll() {
        int calls = 0;
        long answered = System.nanoTime();
        long took = 0;
        while (true) {
            if (took >= WORTH_GATHERING_NANOS) {
                await(calls, answered + Math.min(took / 2, MOST_GATHERING_NANOS));
            }
            List<Waiting> next = takeTurn();
            if (!next.isEmpty()) {
                long begin = System.nanoTime();
                append(next);
                calls = next.size();
                answered = System.nanoTime();
                took = answered - begin;
            } else if (closed) {
                return;
            } else {
                await(1, Long.MAX_VALUE);
            }
        }
    }

    /**
     * Waits until so many are in the queue. After a turn that took long, those who were answered are about to call again:
     * half of that time is little to wait for them, when who comes too late for a turn waits for all of the next one.
     */
    private void await(int calls, long until) {
        wakeAt = calls;
        // look after saying so: who adds in between sees that, or we see what was added
        while (queued.get() < calls && !closed) {
            if (until == Long.MAX_VALUE) {
                LockSupport.park(this);
            } else {
                long left = until - System.nanoTime();
                if (left <= 0) {
                    break;
                }
                LockSupport.parkNanos(this, left);
            }
        }
        wakeAt = Integer.MAX_VALUE;
    }

    private List<Waiting> takeTurn() {
        List<Waiting> next = new ArrayList<>();
        long bytes = 0;
        while (bytes < Spool.TURN_BYTES) {
            Waiting waiting = queue.poll();
            if (waiting == null) {
                break;
            }
            queued.decrementAndGet();
            if (waiting.isDone()) {
                // answered with an error while it waited: its sender has forgotten it, so do we
                waitingBytes.addAndGet(-waiting.bytes);
            } else {
                bytes += waiting.bytes;
                next.add(waiting);
            }
        }
        return next;
    }

    private void append(List<Waiting> next) {
        List<SpoolRecord.Content> contents = new ArrayList<>(next.size());
        long bytes = 0;
        for (Waiting each : next) {
            if (each.content != null) {
                contents.add(each.content);
            }
            bytes += each.bytes;
        }
        turn = next;
        try {
            spool.append(contents);
            for (Waiting each : next) {
                each.complete(null);
            }
            appended.run();
        } catch (IOException e) {
            refuse(next, e);
        } catch (OutOfMemoryError e) {
            // this thread ends, and its calls are not to wait for it
            refuse(next, new IOException("could not be stored: " + e, e));
            throw e;
        } catch (RuntimeException | StackOverflowError e) {
            // one of them cannot be put into bytes: too deep, or too large
            if (next.size() > 1) {
                next.forEach(each -> append(List.of(each)));
                bytes = 0;
            } else {
                refuse(next, new IOException("could not be stored: " + e, e));
            }
        } finally {
            turn = List.of();
            waitingBytes.addAndGet(-bytes);
        }
    }

    private void refuse(List<Waiting> calls, IOException why) {
        for (Waiting each : calls) {
            if (each.content != null) {
                tell(why);
            }
            each.completeExceptionally(why);
        }
    }

    /** A spool or a disk that is full refuses thousands of calls a minute, and says something else each time. */
    private void tell(IOException why) {
        repeated.tell(
                why.getClass().getName(), "", more -> LOG.error("a call was not stored: {}{}", why.getMessage(), more));
    }

    private void watchAll() {
        while (!closed) {
            LockSupport.parkNanos(TICK_NANOS);
            long latest = System.nanoTime() - ackTimeout.toNanos();
            expire(turn.iterator(), latest);
            expire(queue.iterator(), latest);
        }
    }

    /** Both lists are in the order of arrival, so the first that is young enough ends the search. */
    private void expire(Iterator<Waiting> waiting, long latest) {
        while (waiting.hasNext()) {
            Waiting each = waiting.next();
            if (each.since - latest > 0) {
                return;
            }
            AckTimeoutException late = new AckTimeoutException(ackTimeout);
            if (each.completeExceptionally(late) && each.content != null) {
                tell(late);
            }
        }
    }

    private void fail(Waiting waiting, IOException why) {
        if (queue.remove(waiting)) {
            queued.decrementAndGet();
            waitingBytes.addAndGet(-waiting.bytes);
            waiting.completeExceptionally(why);
        }
    }

    /**
     * Stores what it has taken, then ends.
     *
     * @param patience how long to wait for that
     * @return whether it has ended; if not, the disk hangs, and the spool cannot be closed either
     * @throws InterruptedException if this thread was interrupted
     */
    public boolean close(Duration patience) throws InterruptedException {
        closed = true;
        LockSupport.unpark(appending);
        LockSupport.unpark(watching);
        TimeUnit.NANOSECONDS.timedJoin(appending, Math.max(1, patience.toNanos()));
        if (appending.isAlive()) {
            return false;
        }
        for (Waiting each : queue) {
            fail(each, new IOException("stopping: nothing is stored any more"));
        }
        return true;
    }
}
