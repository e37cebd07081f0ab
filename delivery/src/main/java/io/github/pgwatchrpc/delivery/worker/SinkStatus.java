package io.github.pgwatchrpc.delivery.worker;

import java.time.Duration;

/**
 * How a sink fares.
 *
 * @param state what it is doing
 * @param why what is the matter; empty if nothing is
 * @param mend what to do about it; empty if there is nothing to do
 * @param failures failures since the last success
 * @param nextAttempt how long it waits before it tries again; zero if it does not wait
 * @param writing how many writes are under way
 * @param window how many may be
 * @param account where its rows are
 */
public record SinkStatus(
        State state,
        String why,
        String mend,
        int failures,
        Duration nextAttempt,
        int writing,
        int window,
        Account account) {

    /** What a sink is doing. */
    public enum State {
        /** It has not been ready yet. */
        OPENING,
        /** It takes rows. */
        RUNNING,
        /** Its last write failed; it is tried again. */
        RETRYING,
        /** A person must mend something; it is looked at from time to time. */
        PAUSED,
        /** It gets nothing any more. */
        CLOSED
    }
}
