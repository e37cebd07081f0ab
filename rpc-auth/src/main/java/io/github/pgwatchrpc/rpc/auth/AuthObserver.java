package io.github.pgwatchrpc.rpc.auth;

/** Is told of every decision, for metrics. Called on event loops: it must be quick, must not throw, and must be thread-safe. */
@FunctionalInterface
public interface AuthObserver {

    /** Looks away. */
    AuthObserver NONE = outcome -> {};

    /**
     * A decision was made.
     *
     * @param outcome how it came out
     */
    void decided(Outcome outcome);
}
