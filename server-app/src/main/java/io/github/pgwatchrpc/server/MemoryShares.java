package io.github.pgwatchrpc.server;

import io.github.pgwatchrpc.delivery.DeliveryConfig;
import io.github.pgwatchrpc.delivery.worker.SinkTarget;
import io.github.pgwatchrpc.rpc.MemoryBudget;
import io.github.pgwatchrpc.rpc.MemoryBudgets;
import io.github.pgwatchrpc.sink.Limits;
import io.netty.util.internal.PlatformDependent;
import java.util.List;

/**
 * Who may use how much of the JVM's memory. All shares are worked out here, so that their sum fits: what strangers and callers
 * make connections hold, what waits to be stored, the newest records, and the batches that sinks work on. What is left is for
 * what lives shortly, and a fifth of it is never given out.
 *
 * @param heap the heap at its largest, in bytes
 * @param program what the program needs itself
 * @param slots what connections take that hold nothing
 * @param strangers what strangers may make the receiver hold
 * @param callers what callers may make it hold
 * @param waiting envelopes that wait to be stored
 * @param recent newest records in memory
 * @param sinks batches that sinks work on, with what they are encoded to
 */
record MemoryShares(
        long heap, long program, long slots, long strangers, long callers, long waiting, long recent, long sinks) {

    /** With one connection's handlers, session and first bytes; measured. */
    private static final long SLOT_BYTES = 6 << 10;

    private static final long PROGRAM_BYTES = 64L << 20;

    /** A batch is there as rows, as the body that a sink makes of it, and compressed. */
    private static final int COPIES_OF_BATCH = 3;

    private static final int STRANGERS_PART = 16;
    private static final int RECENT_PART = 24;
    private static final int SINKS_PART = 3;
    private static final int CONNECTIONS_PART = 8;
    private static final int STRANGER_BYTES = 128 << 10;

    /** So that a call of some hundred rows passes whatever else is there. */
    private static final long LEAST_CALLERS = 4L << 20;

    /**
     * How many connections a heap is enough for: an eighth of it may be theirs before they hold anything.
     *
     * @param heap its size at most, in bytes
     * @param wanted how many there may be in a large one
     */
    static int connections(long heap, int wanted) {
        return (int) Math.min(wanted, heap / CONNECTIONS_PART / SLOT_BYTES);
    }

    /**
     * The shares of this JVM.
     *
     * @param connections most connections at a time
     * @param sinks what is delivered to
     * @throws ConfigException if the heap is too small for that
     */
    static MemoryShares of(int connections, List<SinkTarget> sinks) throws ConfigException {
        return of(
                Runtime.getRuntime().maxMemory(),
                PlatformDependent.maxDirectMemory(),
                connections,
                sinks.stream().map(SinkTarget::limits).toList());
    }

    /**
     * The shares of a heap.
     *
     * @param heap its size at most, in bytes
     * @param direct how much memory there is outside of it for what sockets read and write, in bytes
     * @param connections most connections at a time
     * @param sinks how much each takes at once
     */
    static MemoryShares of(long heap, long direct, int connections, List<Limits> sinks) throws ConfigException {
        long program = Math.min(PROGRAM_BYTES, heap / 4);
        long slots = connections * SLOT_BYTES;
        // what connections hold may be in either memory
        long strangers = Math.min(heap, direct) / STRANGERS_PART;
        long recent = Math.min(DeliveryConfig.DEFAULT_RECENT_BYTES, heap / RECENT_PART);
        long batches = Math.min(sinks.stream().mapToLong(MemoryShares::bytesOf).sum(), heap / SINKS_PART);
        long left = heap - program - slots - strangers - recent - batches;
        long callers = Math.min(left / 2, direct - strangers);
        long waiting = Math.min(DeliveryConfig.DEFAULT_WAITING_BYTES, left * 3 / 10);
        if (callers < LEAST_CALLERS) {
            throw new ConfigException(
                    "heap: " + heap + " bytes, of which callers would get " + Math.max(0, callers) + " (expected: >= "
                            + LEAST_CALLERS + ") with " + connections + " connections and " + sinks.size() + " sinks",
                    "give the JVM more, for example PGWATCH_RPC_JAVA_OPTS=-Xmx768m, or fewer connections (ulimit -n)");
        }
        return new MemoryShares(heap, program, slots, strangers, callers, waiting, recent, batches);
    }

    private static long bytesOf(Limits limits) {
        return COPIES_OF_BATCH * limits.bytes() * limits.concurrency();
    }

    /** For the connections of all protocols. */
    MemoryBudgets budgets() {
        return new MemoryBudgets(
                new MemoryBudget(strangers), new MemoryBudget(callers), Math.min(STRANGER_BYTES, strangers / 4));
    }

    /**
     * The sinks as they fit: with fewer writes at a time where all of them together would take more than their share, and at
     * last with smaller batches.
     */
    List<SinkTarget> fit(List<SinkTarget> targets) {
        long wanted = targets.stream().mapToLong(each -> bytesOf(each.limits())).sum();
        if (wanted <= sinks) {
            return targets;
        }
        return targets.stream()
                .map(each -> new SinkTarget(
                        each.name(),
                        each.sink(),
                        fit(each.limits(), (double) sinks / wanted),
                        each.capabilities(),
                        each.start()))
                .toList();
    }

    private static Limits fit(Limits limits, double part) {
        int concurrency = (int) Math.max(1, limits.concurrency() * part);
        long bytes = (long) Math.max(1, (double) limits.bytes() * Math.min(1, limits.concurrency() * part));
        return new Limits(limits.rows(), bytes, concurrency);
    }

    /** Their sum, which the heap has. */
    long sum() {
        return program + slots + strangers + callers + waiting + recent + sinks;
    }

    @Override
    public String toString() {
        return "heap " + mebi(heap) + ": program " + mebi(program) + ", connections " + mebi(slots) + ", strangers "
                + mebi(strangers) + ", callers " + mebi(callers) + ", waiting to be stored " + mebi(waiting)
                + ", newest records " + mebi(recent) + ", sinks " + mebi(sinks) + ", left " + mebi(heap - sum());
    }

    private static String mebi(long bytes) {
        return (bytes >> 20) + " MiB";
    }
}
