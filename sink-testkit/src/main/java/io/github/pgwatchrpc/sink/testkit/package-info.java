/**
 * For those who write a sink: {@link io.github.pgwatchrpc.sink.testkit.SinkCompatibilityTest} holds the tests that every
 * sink must pass, to be extended by a sink's own test, and {@link io.github.pgwatchrpc.sink.testkit.FaultServer} is an HTTP
 * server that fails on demand. This room depends on the sink's contract and on JUnit; only tests use it.
 */
@NullMarked
package io.github.pgwatchrpc.sink.testkit;

import org.jspecify.annotations.NullMarked;
