package io.github.pgwatchrpc.rpc.auth;

import java.net.SocketAddress;
import java.util.function.LongSupplier;

/**
 * Tells which addresses have shown wrong keys, and how slow the answers to more of them are to be. Keys of 256 bits cannot be
 * guessed anyway; this keeps the guessing from costing much, and passwords from being guessed fast. Thread-safe.
 */
final class FailureGate {

    private static final class Failures {
        double count;
        long last;
        boolean refused;
        long refusedUntil;
    }

    private final FailureLimits limits;
    private final LongSupplier nanoTime;
    private final AddressTable<Failures> addresses;
    private final Object lock = new Object();

    FailureGate(FailureLimits limits, LongSupplier nanoTime) {
        this.limits = limits;
        this.nanoTime = nanoTime;
        this.addresses = new AddressTable<>(limits.addresses());
    }

    /** For how many nanoseconds an address is still refused; 0 if it is not. */
    long refusedFor(SocketAddress peer) {
        synchronized (lock) {
            Failures failures = addresses.find(peer);
            return failures == null ? 0 : left(failures, nanoTime.getAsLong());
        }
    }

    private static long left(Failures failures, long now) {
        if (failures.refused && failures.refusedUntil - now <= 0) {
            failures.refused = false;
        }
        return failures.refused ? failures.refusedUntil - now : 0;
    }

    /**
     * Notes a wrong key.
     *
     * @return how many nanoseconds the answer is to wait
     */
    long failed(SocketAddress peer) {
        long now = nanoTime.getAsLong();
        synchronized (lock) {
            Failures failures = addresses.findOrAdd(peer, Failures::new);
            double forgotten = failures.count == 0
                    ? 0
                    : (double) (now - failures.last) / limits.forgetting().toNanos();
            failures.count = Math.max(0, failures.count - forgotten) + 1;
            failures.last = now;
            if (failures.count > limits.most()) {
                failures.refused = true;
                failures.refusedUntil = now + limits.refusal().toNanos();
                // who goes on as before is soon refused again, who has mended it has some room
                failures.count = limits.most() / 2.0;
                return 0;
            }
            long steps = Math.max(0, (long) Math.ceil(failures.count) - limits.free());
            return Math.min(limits.longest().toNanos(), steps * limits.step().toNanos());
        }
    }

    /** How many addresses are refused now. */
    int refused() {
        long now = nanoTime.getAsLong();
        int refused = 0;
        synchronized (lock) {
            for (Failures each : addresses.all()) {
                refused += left(each, now) > 0 ? 1 : 0;
            }
        }
        return refused;
    }

    /** How many addresses are remembered. */
    int size() {
        synchronized (lock) {
            return addresses.size();
        }
    }
}
