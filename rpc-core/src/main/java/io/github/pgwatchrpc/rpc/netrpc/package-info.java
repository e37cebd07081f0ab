/**
 * Go's {@code net/rpc} for Java: a server and a client for any service and method, on Netty.
 *
 * <p>Bytes become gob messages ({@code MessageFraming}), messages become calls ({@code ServerSession}), a call is
 * decoded by its method and answered when the method's future ends, in whatever order that is. Only the
 * connections and the public server and client know Netty; framing and sessions are plain state machines.
 *
 * <p>The client goes the same way back: {@code ConnectAttempt} finds a server, {@code ClientConnection} sends calls, {@code
 * ClientSession} makes answers of messages, and what can be survived costs one call.
 *
 * <p>What sets this server apart from Go's: it gives up a connection only when its stream cannot be understood any more.
 * An oversize argument, an argument of an unknown type and a header that lost its body cost one call. The protocol is
 * described in docs/protocol/net-rpc.md.
 */
@NullMarked
package io.github.pgwatchrpc.rpc.netrpc;

import org.jspecify.annotations.NullMarked;
