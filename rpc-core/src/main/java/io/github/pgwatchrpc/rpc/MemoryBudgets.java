package io.github.pgwatchrpc.rpc;

import java.util.Objects;
import java.util.function.LongPredicate;

/**
 * The memory that all connections of a port may make this process hold, in two parts: one for those whose calls are let in,
 * and a small one for strangers, so that who has no key cannot use up the room of those who have. All protocols of a port
 * share them. Thread-safe.
 *
 * <pre>{@code
 * MemoryBudgets memory = MemoryBudgets.ofHeap(Runtime.getRuntime().maxMemory());
 * MemoryAccount account = memory.open(); // one a connection
 * }</pre>
 *
 * @param strangers what connections hold from which no call has been let in yet, refused ones included
 * @param callers what all others hold
 * @param strangerBytes most bytes that one stranger may make this process hold
 */
public record MemoryBudgets(MemoryBudget strangers, MemoryBudget callers, long strangerBytes) {

    private static final long STRANGERS_SHARE = 16;
    private static final long CALLERS_SHARE = 3;
    private static final long STRANGER_BYTES = 128 << 10;

    /**
     * Both parts are there, and a stranger may hold something.
     *
     * @param strangers what connections hold from which no call has been let in yet
     * @param callers what all others hold
     * @param strangerBytes most bytes that one stranger may make this process hold
     */
    public MemoryBudgets {
        Objects.requireNonNull(strangers, "strangers");
        Objects.requireNonNull(callers, "callers");
        if (strangerBytes < 1) {
            throw new IllegalArgumentException("strangerBytes: " + strangerBytes + " (expected: >= 1)");
        }
    }

    /**
     * Shares of a heap: a sixteenth for strangers, 128 KiB at most for each, and a third for callers. The rest is for what
     * is done with their calls.
     *
     * @param heapBytes the heap's size at most, at least 1 MiB
     * @return the budgets
     */
    public static MemoryBudgets ofHeap(long heapBytes) {
        if (heapBytes < 1 << 20) {
            throw new IllegalArgumentException("heapBytes: " + heapBytes + " (expected: >= " + (1 << 20) + ")");
        }
        return new MemoryBudgets(
                new MemoryBudget(heapBytes / STRANGERS_SHARE),
                new MemoryBudget(heapBytes / CALLERS_SHARE),
                STRANGER_BYTES);
    }

    /**
     * Opens the account of a connection, which is a stranger's at first.
     *
     * @return the account, to be closed
     */
    public MemoryAccount open() {
        return open(bytes -> false);
    }

    /**
     * Opens the account of a connection among others that can make room for it.
     *
     * @param makeRoom is asked when the strangers' budget has not so many bytes; true promises that they are about to be given
     *     back
     * @return the account, to be closed
     */
    public MemoryAccount open(LongPredicate makeRoom) {
        return new MemoryAccount(this, makeRoom);
    }
}
