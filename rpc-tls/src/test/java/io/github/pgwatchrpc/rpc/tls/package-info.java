/** Tests of the certificates and contexts, with real files, sockets and handshakes. */
@NullMarked
package io.github.pgwatchrpc.rpc.tls;

import org.jspecify.annotations.NullMarked;
