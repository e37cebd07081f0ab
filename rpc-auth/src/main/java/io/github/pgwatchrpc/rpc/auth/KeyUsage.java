package io.github.pgwatchrpc.rpc.auth;

import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcException.Kind;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * How much came in by one key, and whether that is more than its {@link Rates} allow. There is one for each name, whatever
 * becomes of the key behind it, for as long as the name is known. Counting takes no lock and allocates nothing. Thread-safe.
 */
public final class KeyUsage {

    private record Paces(
            Rates rates,
            @Nullable Pace calls,
            @Nullable Pace rows,
            @Nullable Pace bytes) {
        static Paces of(Rates rates) {
            return new Paces(rates, pace(rates.calls()), pace(rates.rows()), pace(rates.bytes()));
        }

        private static @Nullable Pace pace(long rate) {
            return rate == 0 ? null : new Pace(rate);
        }
    }

    private final String name;
    private final LongAdder calls = new LongAdder();
    private final LongAdder rows = new LongAdder();
    private final LongAdder bytes = new LongAdder();
    private final LongAdder limited = new LongAdder();
    private final LongAdder connections = new LongAdder();
    private volatile Paces paces = Paces.of(Rates.NONE);

    KeyUsage(String name) {
        this.name = name;
    }

    /** Sets what is allowed from now on; what has been used stays used where that is not new. */
    void allow(Rates rates) {
        if (!rates.equals(paces.rates())) {
            paces = Paces.of(rates);
        }
    }

    void call(long size, long now) throws RpcException {
        Paces current = paces;
        require(current.calls(), "calls", 1, now);
        require(current.bytes(), "bytes", size, now);
        calls.increment();
        bytes.add(size);
    }

    void rows(long count, long now) throws RpcException {
        require(paces.rows(), "rows", count, now);
        rows.add(count);
    }

    private void require(@Nullable Pace pace, String what, long count, long now) throws RpcException {
        if (pace != null && !pace.take(count, now)) {
            limited.increment();
            // clients tell by the first word that another try is worth it
            throw new RpcException(
                    Kind.RESOURCE_EXHAUSTED,
                    "receiver limits the key " + name + ": " + what + " beyond its rate: " + pace.waiting(now)
                            + " (expected: < " + pace.bound() + ", " + Pace.SECONDS + " s of " + what + "="
                            + pace.rate() + "/s)");
        }
    }

    void connected() {
        connections.increment();
    }

    void disconnected() {
        connections.decrement();
    }

    /**
     * What the key is called.
     *
     * @return {@link io.github.pgwatchrpc.rpc.Permit#name()} of those who use it
     */
    public String name() {
        return name;
    }

    /**
     * Calls that reached their method.
     *
     * @return number of calls
     */
    public long calls() {
        return calls.sum();
    }

    /**
     * Rows that were handed on to be stored.
     *
     * @return number of rows
     */
    public long rows() {
        return rows.sum();
    }

    /**
     * Size of the messages of those calls.
     *
     * @return bytes
     */
    public long bytes() {
        return bytes.sum();
    }

    /**
     * Calls that were refused because of the key's rates.
     *
     * @return number of calls
     */
    public long limited() {
        return limited.sum();
    }

    /**
     * Open connections on which the key has been shown.
     *
     * @return number of connections
     */
    public long connections() {
        return connections.sum();
    }

    /**
     * Whether anybody has ever come in by it.
     *
     * @return true from the first connection or call on
     */
    public boolean isUsed() {
        return calls() > 0 || limited() > 0 || connections() > 0;
    }
}
