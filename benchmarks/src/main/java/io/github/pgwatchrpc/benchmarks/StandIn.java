package io.github.pgwatchrpc.benchmarks;

/** A service that takes everything, keeps nothing, and counts what came. Thread-safe. */
interface StandIn extends AutoCloseable {

    /** The URI of a sink that writes to it. */
    String uri();

    /** What came since the last question, in a line; empty if nothing did. */
    String came();

    @Override
    void close();
}
