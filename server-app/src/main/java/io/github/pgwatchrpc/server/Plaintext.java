package io.github.pgwatchrpc.server;

import io.github.pgwatchrpc.rpc.listen.ProtocolHandler;
import java.net.InetSocketAddress;
import java.net.SocketAddress;

/** From where connections without TLS are taken. */
enum Plaintext {
    /** From this machine only. */
    LOOPBACK,
    /** From everywhere. */
    ALWAYS,
    /** From nowhere. */
    NEVER;

    boolean allows(SocketAddress peer) {
        return switch (this) {
            case ALWAYS -> true;
            case NEVER -> false;
            case LOOPBACK ->
                peer instanceof InetSocketAddress inet && inet.getAddress().isLoopbackAddress();
        };
    }

    /** Hands a connection to one protocol or, if it may not come without TLS, to the one that says so. */
    ProtocolHandler choose(ProtocolHandler allowed, ProtocolHandler refused) {
        return (pipeline, connection) -> (allows(connection.address()) ? allowed : refused).begin(pipeline, connection);
    }
}
