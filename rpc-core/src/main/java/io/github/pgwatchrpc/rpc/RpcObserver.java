package io.github.pgwatchrpc.rpc;

import io.github.pgwatchrpc.rpc.detect.Protocol;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Is told what happens on a server's connections, for metrics and logs. Called on event loops: it must be quick, must not
 * throw, and must be thread-safe. Every method does nothing unless it is overridden. What a peer has sent reaches it as {@link
 * io.github.pgwatchrpc.log.PeerText printable} lines.
 */
public interface RpcObserver {

    /** Looks away. */
    RpcObserver NONE = new RpcObserver() {};

    /** Why a connection ended. */
    enum End {
        /** The peer closed it between two messages. */
        PEER,
        /** The peer closed it in the middle of a message, or the network broke it. */
        CUT,
        /** Its stream could not be understood any more. */
        BROKEN_STREAM,
        /** Its TLS handshake failed, or a record could not be read. */
        TLS,
        /** It spoke no protocol that this server knows. */
        UNKNOWN_PROTOCOL,
        /** Its preamble or first request did not come in time. */
        TIMEOUT,
        /** There were too many. */
        TOO_MANY,
        /** The server is stopping. */
        SHUTDOWN
    }

    /** How a TLS handshake ended. */
    enum Handshake {
        /** A session was begun. */
        FULL,
        /** An earlier session was taken up again. */
        RESUMED,
        /** It ended in an error, or one side left. */
        FAILED
    }

    /** Why an argument was not handed to its method. */
    enum Refusal {
        /** No such service or method, or an ill-formed name. */
        NO_METHOD,
        /** The caller was not let in. */
        DENIED,
        /** The argument could not be decoded or was refused by its decoder. */
        BAD_ARGUMENT,
        /** The argument was longer than the limit, or there was no room for it. */
        TOO_LARGE
    }

    /**
     * A connection was accepted.
     *
     * @param peer its other end
     */
    default void opened(SocketAddress peer) {}

    /**
     * A connection ended.
     *
     * @param peer its other end
     * @param protocol what it spoke, inside TLS if there was any; null if it ended before that was known
     * @param end why
     * @param calls how many calls it made
     * @param reason says more
     */
    default void closed(SocketAddress peer, @Nullable Protocol protocol, End end, long calls, String reason) {}

    /**
     * A TLS handshake ended.
     *
     * @param peer the other end
     * @param result how
     */
    default void handshake(SocketAddress peer, Handshake result) {}

    /**
     * A call is about to be made.
     *
     * @param method its name, {@code Service.Method}
     * @param bytes size of its argument's last message
     */
    default void called(String method, int bytes) {}

    /**
     * A call was answered.
     *
     * @param method its name, {@code Service.Method}
     * @param nanos from the argument's last byte to the answer
     * @param failed whether the answer is an error
     */
    default void answered(String method, long nanos, boolean failed) {}

    /**
     * A call was answered with an error before it reached its method.
     *
     * @param peer who called
     * @param method the name as it was called
     * @param refusal why
     * @param reason what the peer was told
     */
    default void refused(SocketAddress peer, String method, Refusal refusal, String reason) {}

    /**
     * A header came whose argument the peer could not encode. It was dropped and the stream goes on; Go's own server would
     * have closed the connection here.
     *
     * @param peer who sent it
     * @param method the method that it named
     */
    default void headerWithoutBody(SocketAddress peer, String method) {}

    /**
     * A type definition could not be used; calls that need it will be refused.
     *
     * @param peer who sent it
     * @param reason what is wrong with it
     */
    default void badTypeDefinition(SocketAddress peer, String reason) {}
}
