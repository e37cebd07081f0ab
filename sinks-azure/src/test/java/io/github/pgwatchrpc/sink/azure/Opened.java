package io.github.pgwatchrpc.sink.azure;

import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.Sink;

/** Opens a sink in a process, and so in an environment, of its own. */
final class Opened {

    static final String READY = "ready";

    private Opened() {}

    public static void main(String[] args) throws Exception {
        try (Sink sink = Sent.sink(args[0])) {
            Readiness readiness = sink.open();
            System.out.println(readiness instanceof Readiness.Ready ? READY : readiness);
        }
    }
}
