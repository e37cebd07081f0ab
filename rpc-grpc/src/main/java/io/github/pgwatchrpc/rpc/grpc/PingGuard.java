package io.github.pgwatchrpc.rpc.grpc;

/**
 * Tells keep-alive pings from a flood of them, as grpc-java's and Go's servers do: a ping that comes too soon after the one
 * before is a strike, the third strike is one too many, and whatever is sent to the peer wipes the slate clean. (Go's client
 * pings to measure a connection whenever data comes in.) Not thread-safe.
 */
final class PingGuard {

    private static final int FORGIVEN = 2;

    private final long intervalNanos;
    private boolean pinged;
    private long last;
    private int strikes;

    PingGuard(long intervalNanos) {
        this.intervalNanos = intervalNanos;
    }

    /** Whether a ping at this time is one too many. */
    boolean isTooMany(long nanoTime) {
        if (pinged && nanoTime - last < intervalNanos) {
            strikes++;
        }
        pinged = true;
        last = nanoTime;
        return strikes > FORGIVEN;
    }

    void sent() {
        pinged = false;
        strikes = 0;
    }
}
