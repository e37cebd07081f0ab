/**
 * The receiver as a program: reads the command line, assembles protocols, acceptance and sinks, and shows on a web address
 * how they fare. Everything of substance lives in the libraries; this is wiring, and nothing depends on it.
 *
 * <p>Begin at {@link io.github.pgwatchrpc.server.Main} for the commands, at {@code Server} for how the parts hang together.
 */
@NullMarked
package io.github.pgwatchrpc.server;

import org.jspecify.annotations.NullMarked;
