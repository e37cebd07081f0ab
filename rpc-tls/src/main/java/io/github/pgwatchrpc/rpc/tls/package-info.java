/**
 * Everything about certificates: where the server's own come from, how they are renewed and reloaded while it runs, and
 * the contexts that Netty makes TLS connections of.
 *
 * <p>Start at {@link io.github.pgwatchrpc.rpc.tls.ServerTls}: it takes its certificate either from an authority of its
 * own in the data directory or from files that somebody else looks after, hands out one {@code SslContext} that always
 * uses the latest good certificate, and tells in a {@link io.github.pgwatchrpc.rpc.tls.TlsStatus} what is in use and
 * what went wrong. {@link io.github.pgwatchrpc.rpc.tls.ClientTls} is the other end of the wire. Whatever is wrong with
 * a file arrives as a {@link io.github.pgwatchrpc.rpc.tls.TlsException} that names it and says what to do.
 *
 * <p>The server and the load generator call this room; it knows none of the protocols that run inside TLS and none of
 * the product's other modules.
 */
@NullMarked
package io.github.pgwatchrpc.rpc.tls;

import org.jspecify.annotations.NullMarked;
