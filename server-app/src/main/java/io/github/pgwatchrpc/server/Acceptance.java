package io.github.pgwatchrpc.server;

import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcPeer;
import io.github.pgwatchrpc.rpc.pgwatch.Receiver;
import io.github.pgwatchrpc.rpc.pgwatch.SyncMetric;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes measurements from the protocols and answers when the store has them. One thread stores; whatever arrives while it
 * is at it goes into the next turn together, so that many calls share one sync of the disk.
 *
 * <p>pgwatch waits for each answer, for ever if need be, and everything behind a slow call waits too. So a call that has
 * not been stored in time is answered with an error, and what waits is bounded in bytes.
 */
final class Acceptance implements Receiver, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Acceptance.class);

    /** Bytes of envelopes that may wait for the store. */
    static final long MAX_WAITING_BYTES = 128L << 20;

    /** Bytes of envelopes that are stored in one turn. */
    private static final long TURN_BYTES = 8L << 20;

    /** A store that hangs must not keep the program from ending. */
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(3);

    private static final long TICK_NANOS = Duration.ofMillis(50).toNanos();

    private static final CompletionStage<String> NOTHING_TO_SAY = CompletableFuture.completedFuture("");

    /** An envelope whose call is to be answered. */
    private static final class Waiting extends CompletableFuture<String> {
        final MeasurementEnvelope envelope;
        final long since = System.nanoTime();

        Waiting(MeasurementEnvelope envelope) {
            this.envelope = envelope;
        }
    }

    private final Store store;
    private final Duration ackTimeout;
    private final ServerMetrics metrics;
    private final ConcurrentLinkedQueue<Waiting> queue = new ConcurrentLinkedQueue<>();
    private final AtomicLong waitingBytes = new AtomicLong();
    private final Thread storing;
    private final Thread watching;

    /** Tells those who add to the queue that the storing thread must be woken. */
    private volatile boolean idle;

    private volatile boolean closed;

    /** What is being stored right now, for the watching thread. */
    private volatile List<Waiting> turn = List.of();

    Acceptance(Store store, Duration ackTimeout, ServerMetrics metrics) {
        this.store = store;
        this.ackTimeout = ackTimeout;
        this.metrics = metrics;
        this.storing = new Thread(this::storeAll, "store");
        this.watching = new Thread(this::watchAll, "ack-timeout");
        storing.setDaemon(true);
        watching.setDaemon(true);
        storing.start();
        watching.start();
    }

    @Override
    public CompletionStage<String> updateMeasurements(MeasurementEnvelope envelope, RpcPeer peer) throws RpcException {
        long bytes = envelope.sizeInBytes();
        metrics.received(envelope.size());
        if (closed) {
            metrics.refused(envelope.size());
            throw new RpcException("receiver is stopping: the rows were not stored");
        }
        long waitingNow = waitingBytes.addAndGet(bytes);
        if (waitingNow > MAX_WAITING_BYTES) {
            waitingBytes.addAndGet(-bytes);
            metrics.refused(envelope.size());
            throw new RpcException("receiver is overloaded: bytes waiting to be stored: " + waitingNow
                    + " (expected: <= " + MAX_WAITING_BYTES + "); the rows were not stored");
        }
        Waiting waiting = new Waiting(envelope);
        queue.add(waiting);
        if (idle) {
            LockSupport.unpark(storing);
        }
        return waiting;
    }

    @Override
    public CompletionStage<String> syncMetric(SyncMetric sync, RpcPeer peer) {
        metrics.synced(sync.operation());
        return NOTHING_TO_SAY;
    }

    long waitingBytes() {
        return waitingBytes.get();
    }

    boolean isHealthy() {
        return !closed && storing.isAlive() && store.isHealthy();
    }

    private void storeAll() {
        while (true) {
            List<Waiting> next = takeTurn();
            if (!next.isEmpty()) {
                store(next);
            } else if (closed) {
                return;
            } else {
                idle = true;
                // look again after saying so: who adds in between sees the flag, or we see what was added
                if (queue.isEmpty() && !closed) {
                    LockSupport.park(this);
                }
                idle = false;
            }
        }
    }

    private List<Waiting> takeTurn() {
        List<Waiting> next = new ArrayList<>();
        long bytes = 0;
        while (bytes < TURN_BYTES) {
            Waiting waiting = queue.poll();
            if (waiting == null) {
                break;
            }
            bytes += waiting.envelope.sizeInBytes();
            if (waiting.isDone()) {
                // answered with an error while it waited: its sender has forgotten it, so do we
                waitingBytes.addAndGet(-waiting.envelope.sizeInBytes());
                metrics.refused(waiting.envelope.size());
            } else {
                next.add(waiting);
            }
        }
        return next;
    }

    private void store(List<Waiting> next) {
        List<MeasurementEnvelope> envelopes = new ArrayList<>(next.size());
        long rows = 0;
        long bytes = 0;
        for (Waiting each : next) {
            envelopes.add(each.envelope);
            rows += each.envelope.size();
            bytes += each.envelope.sizeInBytes();
        }
        turn = next;
        try {
            store.write(envelopes);
            metrics.stored(rows);
            for (Waiting each : next) {
                each.complete("");
            }
        } catch (IOException | RuntimeException e) {
            String reason = "receiver could not store the rows: " + e.getMessage();
            LOG.error("{} rows of {} calls were refused: {}", rows, next.size(), e.getMessage(), e);
            metrics.refused(rows);
            for (Waiting each : next) {
                each.completeExceptionally(new RpcException(reason));
            }
        } finally {
            turn = List.of();
            waitingBytes.addAndGet(-bytes);
        }
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
            if (each.completeExceptionally(new RpcException(
                    "receiver could not store the rows within " + ackTimeout.toMillis() + " ms (--ack-timeout)"))) {
                metrics.timedOut(each.envelope.size());
            }
        }
    }

    /**
     * Stores what was accepted, then ends. To be called when the protocols have stopped.
     *
     * @throws IOException if the store does not come to an end in time, or does not close
     */
    @Override
    public void close() throws IOException {
        closed = true;
        LockSupport.unpark(storing);
        LockSupport.unpark(watching);
        boolean interrupted = false;
        long end = System.nanoTime() + CLOSE_PATIENCE.toNanos();
        while (storing.isAlive() && System.nanoTime() < end) {
            try {
                storing.join(Math.max(1, TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime())));
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (storing.isAlive()) {
            // the thread still uses the store, so that cannot be closed either
            throw new IOException("bytes that the store has not taken within " + CLOSE_PATIENCE.toMillis() + " ms: "
                    + waitingBytes.get() + "; their calls were not answered with success");
        }
        store.close();
    }
}
