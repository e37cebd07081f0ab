package io.github.pgwatchrpc.sink;

/** Whether a sink can take rows. Two of the answers are outcomes of a write as well. */
public sealed interface Readiness permits Readiness.Ready, Outcome.Retry, Outcome.Paused {

    /**
     * The sink can take rows.
     *
     * @return the answer
     */
    static Readiness ready() {
        return Ready.YES;
    }

    /** The sink can take rows. */
    record Ready() implements Readiness {
        private static final Ready YES = new Ready();
    }
}
