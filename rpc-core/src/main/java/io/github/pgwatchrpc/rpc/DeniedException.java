package io.github.pgwatchrpc.rpc;

/** A caller was not let in, or not to what it wanted. The text is for the caller, and holds no secret. */
public final class DeniedException extends RpcException {

    private static final long serialVersionUID = 1;

    /** How long the answer is to wait. */
    private final long delayNanos;

    /** Whether the connection can never be let in. */
    private final boolean ofConnection;

    /**
     * A refusal.
     *
     * @param kind {@link RpcException.Kind#UNAUTHENTICATED} or {@link RpcException.Kind#PERMISSION_DENIED}
     * @param message the text as the peer will read it
     * @param delayNanos how long the answer is to wait, so that guessing takes its time; 0 and up
     */
    public DeniedException(Kind kind, String message, long delayNanos) {
        this(kind, message, delayNanos, false);
    }

    private DeniedException(Kind kind, String message, long delayNanos, boolean ofConnection) {
        super(kind, message);
        this.delayNanos = delayNanos;
        this.ofConnection = ofConnection;
    }

    /**
     * A refusal of all that a connection will ever ask for, since what it has shown at its beginning does not count any more.
     *
     * @param message the text as the peer will read it
     * @param delayNanos how long the answer is to wait; 0 and up
     * @return a refusal of kind {@link RpcException.Kind#UNAUTHENTICATED}
     */
    public static DeniedException ofConnection(String message, long delayNanos) {
        return new DeniedException(Kind.UNAUTHENTICATED, message, delayNanos, true);
    }

    /**
     * Whether no call of the same connection can be let in. A protocol whose clients connect again by themselves ends such a
     * connection behind its answer.
     *
     * @return true if only another connection can
     */
    public boolean isOfConnection() {
        return ofConnection;
    }

    /**
     * How long the answer is to wait.
     *
     * @return nanoseconds, 0 and up
     */
    public long delayNanos() {
        return delayNanos;
    }
}
