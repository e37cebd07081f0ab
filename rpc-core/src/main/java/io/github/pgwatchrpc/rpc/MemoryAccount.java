package io.github.pgwatchrpc.rpc;

/**
 * What one connection makes this process hold, at what it costs here and not at what it took on the wire: unfinished
 * messages, definitions of types, header blocks, answers that the peer does not read. It is charged to the strangers' budget
 * until a call has been let in, and to the callers' from then on. Not thread-safe: one event loop.
 */
public final class MemoryAccount implements AutoCloseable {

    private final MemoryBudgets budgets;
    private boolean admitted;
    private boolean closed;
    private long used;

    MemoryAccount(MemoryBudgets budgets) {
        this.budgets = budgets;
    }

    /**
     * An account for a peer that this process has called itself.
     *
     * @return an account without a bound
     */
    public static MemoryAccount unlimited() {
        MemoryBudget all = new MemoryBudget(Long.MAX_VALUE);
        return new MemoryAccount(new MemoryBudgets(all, all, Long.MAX_VALUE));
    }

    /**
     * Takes bytes, or nothing.
     *
     * @param bytes how many
     * @return whether they were there; see {@link #noRoomFor}
     */
    public boolean take(long bytes) {
        if (!admitted && bytes > budgets.strangerBytes() - used) {
            return false;
        }
        if (!budget().take(bytes)) {
            return false;
        }
        used += bytes;
        return true;
    }

    /**
     * Gives back what has been taken. Behind {@link #close} it does nothing.
     *
     * @param bytes how many
     */
    public void giveBack(long bytes) {
        if (!closed) {
            used -= bytes;
            budget().giveBack(bytes);
        }
    }

    /** A call has been let in: from now on the callers' budget bears what the connection holds. */
    public void admit() {
        if (!admitted && !closed) {
            budgets.strangers().giveBack(used);
            // never refused: it is small, and what is held is held
            budgets.callers().charge(used);
            admitted = true;
        }
    }

    /**
     * What is taken now.
     *
     * @return bytes
     */
    public long used() {
        return used;
    }

    /**
     * Why {@link #take} has given nothing.
     *
     * @param bytes how many were wanted
     * @return names the value and the bound
     */
    public String noRoomFor(long bytes) {
        if (!admitted && bytes > budgets.strangerBytes() - used) {
            return "bytes held for this connection: " + (used + bytes) + " (expected: <= " + budgets.strangerBytes()
                    + " until a call has been let in)";
        }
        return budget().noRoomFor(bytes);
    }

    private MemoryBudget budget() {
        return admitted ? budgets.callers() : budgets.strangers();
    }

    /** Gives everything back. */
    @Override
    public void close() {
        giveBack(used);
        closed = true;
    }
}
