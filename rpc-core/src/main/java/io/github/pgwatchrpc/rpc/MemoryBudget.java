package io.github.pgwatchrpc.rpc;

import java.util.concurrent.atomic.AtomicLong;

/**
 * How many bytes all connections of a server may make it hold together. Without it, many peers or calls that each stay below
 * the limit of a single message could still fill the memory. Thread-safe.
 */
public final class MemoryBudget {

    private final long limit;
    private final AtomicLong used = new AtomicLong();

    /**
     * A budget of which nothing has been taken.
     *
     * @param limit most bytes that can be taken at a time
     */
    public MemoryBudget(long limit) {
        this.limit = limit;
    }

    /**
     * Takes bytes out of the budget, or nothing.
     *
     * @param bytes how many
     * @return whether they were there
     */
    public boolean take(long bytes) {
        if (used.addAndGet(bytes) <= limit) {
            return true;
        }
        used.addAndGet(-bytes);
        return false;
    }

    /** Takes bytes that are held already, whether or not they were there. */
    void charge(long bytes) {
        used.addAndGet(bytes);
    }

    /**
     * What can be taken at a time.
     *
     * @return bytes
     */
    public long limit() {
        return limit;
    }

    /**
     * Gives back what has been taken.
     *
     * @param bytes how many
     */
    public void giveBack(long bytes) {
        used.addAndGet(-bytes);
    }

    /**
     * What is taken now.
     *
     * @return bytes
     */
    public long used() {
        return used.get();
    }

    /**
     * Why {@link #take} has given nothing.
     *
     * @param bytes how many were wanted
     * @return names the value and the bound
     */
    public String noRoomFor(long bytes) {
        return "bytes held for connections: " + (used() + bytes) + " (expected: <= " + limit
                + " of all connections together)";
    }
}
