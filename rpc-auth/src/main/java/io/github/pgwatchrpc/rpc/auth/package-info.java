/**
 * Who may call: keys, the files that hold them, and the {@link io.github.pgwatchrpc.rpc.auth.KeyAuthenticator} that decides.
 *
 * <p>Protocols know this room only by rpc-core's {@link io.github.pgwatchrpc.rpc.Authenticator}; whoever assembles a server
 * puts the two together. Files are read at the start and from then on by {@link
 * io.github.pgwatchrpc.rpc.auth.ReloadingKeys#check()}, on a thread that may block; a decision looks at what is in memory
 * and takes about a microsecond. No key is ever written to a log, nor returned by a {@code toString}.
 */
@NullMarked
package io.github.pgwatchrpc.rpc.auth;

import org.jspecify.annotations.NullMarked;
