package io.github.pgwatchrpc.sink.cloudwatch;

/** A row that CloudWatch would refuse; the message names thing, value and bound. */
final class UnfitRow extends Exception {

    private static final long serialVersionUID = 1;

    UnfitRow(String why) {
        // there may be one for each row: its place in the program tells nobody anything
        super(why, null, false, false);
    }

    String why() {
        return String.valueOf(getMessage());
    }
}
