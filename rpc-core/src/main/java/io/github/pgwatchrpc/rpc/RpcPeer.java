package io.github.pgwatchrpc.rpc;

import java.net.SocketAddress;

/** Who makes a call. One object a connection. Thread-safe. */
public interface RpcPeer {

    /**
     * Where the peer is.
     *
     * @return its address
     */
    SocketAddress address();
}
