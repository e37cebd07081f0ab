package io.github.pgwatchrpc.rpc.grpc;

import java.util.concurrent.atomic.AtomicLong;

/**
 * How many bytes of unfinished messages all connections may hold together. Without it, many calls that each stay below the
 * limit of a single message could still fill the memory. Thread-safe.
 */
final class MemoryBudget {

    private final long limit;
    private final AtomicLong used = new AtomicLong();

    MemoryBudget(long limit) {
        this.limit = limit;
    }

    long limit() {
        return limit;
    }

    long used() {
        return used.get();
    }

    /** Takes bytes out of the budget, or nothing and answers false. */
    boolean take(int bytes) {
        if (used.addAndGet(bytes) <= limit) {
            return true;
        }
        used.addAndGet(-bytes);
        return false;
    }

    void giveBack(int bytes) {
        used.addAndGet(-bytes);
    }
}
