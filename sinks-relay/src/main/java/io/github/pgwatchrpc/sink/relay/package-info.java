/**
 * The sinks {@code rpc} and {@code grpc}: measurements go on to another receiver, with a key and inside TLS. So a receiver
 * beside an old pgwatch, which knows of neither, can take its measurements over the loopback address and send them to a
 * central one.
 *
 * <p>The rooms: {@link io.github.pgwatchrpc.sink.relay.NetRpcRelayProvider} and {@link
 * io.github.pgwatchrpc.sink.relay.GrpcRelayProvider} name the two schemes, which are able to do different things; {@code
 * RelayOptions} reads the configuration into a {@code Destination}; a {@code Link} is a connection to one, in either
 * protocol; {@code RelaySink} holds the link, {@code Forwarding} is one write over it, and {@code Answer} says what an
 * answer means. Only the providers are public, and they are found by the service loader: nobody calls into this package by
 * name.
 *
 * <p>This is the one sink that knows our protocols, as their client (ADR 6).
 */
@NullMarked
package io.github.pgwatchrpc.sink.relay;

import org.jspecify.annotations.NullMarked;
