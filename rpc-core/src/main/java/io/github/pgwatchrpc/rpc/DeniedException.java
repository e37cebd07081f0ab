package io.github.pgwatchrpc.rpc;

/** A caller was not let in, or not to what it wanted. The text is for the caller, and holds no secret. */
public final class DeniedException extends RpcException {

    private static final long serialVersionUID = 1;

    /** How long the answer is to wait. */
    private final long delayNanos;

    /**
     * A refusal.
     *
     * @param kind {@link RpcException.Kind#UNAUTHENTICATED} or {@link RpcException.Kind#PERMISSION_DENIED}
     * @param message the text as the peer will read it
     * @param delayNanos how long the answer is to wait, so that guessing takes its time; 0 and up
     */
    public DeniedException(Kind kind, String message, long delayNanos) {
        super(kind, message);
        this.delayNanos = delayNanos;
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
