package io.github.pgwatchrpc.rpc;

import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongPredicate;

/**
 * What one connection makes this process hold, at what it costs here and not at what it took on the wire: unfinished
 * messages, definitions of types, header blocks, decoded calls that are not answered yet, answers that the peer does not
 * read. It is charged to the strangers' budget until a call has been let in, and to the callers' from then on. Not
 * thread-safe, one event loop, but for {@link #used} and {@link #condemn}.
 */
public final class MemoryAccount implements AutoCloseable {

    private final MemoryBudgets budgets;
    private final LongPredicate makeRoom;

    /** Written by one thread only, and read by who looks for the connection that makes room. */
    private final AtomicLong used = new AtomicLong();

    private boolean admitted;
    private boolean closed;
    private volatile boolean condemned;

    MemoryAccount(MemoryBudgets budgets, LongPredicate makeRoom) {
        this.budgets = budgets;
        this.makeRoom = makeRoom;
    }

    /**
     * An account for a peer that this process has called itself.
     *
     * @return an account without a bound
     */
    public static MemoryAccount unlimited() {
        MemoryBudget all = new MemoryBudget(Long.MAX_VALUE);
        return new MemoryBudgets(all, all, Long.MAX_VALUE).open();
    }

    /**
     * Takes bytes, or nothing.
     *
     * @param bytes how many
     * @return whether they were there; see {@link #noRoomFor}
     */
    public boolean take(long bytes) {
        if (closed || (!admitted && (condemned || bytes > budgets.strangerBytes() - used()))) {
            return false;
        }
        if (!budget().take(bytes)) {
            if (admitted || !makeRoom.test(bytes)) {
                return false;
            }
            // others are about to give back as much
            budgets.strangers().charge(bytes);
        }
        used.setOpaque(used() + bytes);
        return true;
    }

    /**
     * Takes bytes that are held already, whether or not they were there: for what cannot be refused any more. Behind {@link
     * #close} it does nothing.
     *
     * @param bytes how many
     */
    public void charge(long bytes) {
        if (!closed) {
            used.setOpaque(used() + bytes);
            budget().charge(bytes);
        }
    }

    /**
     * Gives back what has been taken. Behind {@link #close} it does nothing.
     *
     * @param bytes how many
     */
    public void giveBack(long bytes) {
        if (!closed) {
            used.setOpaque(used() - bytes);
            budget().giveBack(bytes);
        }
    }

    /** A call has been let in: from now on the callers' budget bears what the connection holds. */
    public void admit() {
        if (!admitted && !closed) {
            budgets.strangers().giveBack(used());
            // never refused: it is small, and what is held is held
            budgets.callers().charge(used());
            admitted = true;
        }
    }

    /** The connection is about to be closed to make room: as long as it is a stranger's, it takes no more. Thread-safe. */
    public void condemn() {
        condemned = true;
    }

    /**
     * What is taken now. Thread-safe.
     *
     * @return bytes
     */
    public long used() {
        return used.getOpaque();
    }

    /**
     * Why {@link #take} has given nothing.
     *
     * @param bytes how many were wanted
     * @return names the value and the bound
     */
    public String noRoomFor(long bytes) {
        if (!admitted && bytes > budgets.strangerBytes() - used()) {
            return "bytes held for this connection: " + (used() + bytes) + " (expected: <= " + budgets.strangerBytes()
                    + " until a call of it has been let in; a shorter one that shows the key lifts this bound)";
        }
        return budget().noRoomFor(bytes);
    }

    private MemoryBudget budget() {
        return admitted ? budgets.callers() : budgets.strangers();
    }

    /** Gives everything back. */
    @Override
    public void close() {
        giveBack(used());
        closed = true;
    }
}
