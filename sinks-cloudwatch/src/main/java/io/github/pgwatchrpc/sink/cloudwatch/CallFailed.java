package io.github.pgwatchrpc.sink.cloudwatch;

import io.github.pgwatchrpc.sink.Outcome;

/** A call did not do what it was to do. Its outcome is that of the rows in it: Retry, Paused or Refused. */
final class CallFailed extends Exception {

    private static final long serialVersionUID = 1;

    private final transient Outcome outcome;

    CallFailed(Outcome outcome) {
        // its place in the program tells nobody anything
        super(outcome.toString(), null, false, false);
        this.outcome = outcome;
    }

    Outcome outcome() {
        return outcome;
    }
}
