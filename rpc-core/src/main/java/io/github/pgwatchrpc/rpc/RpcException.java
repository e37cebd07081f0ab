package io.github.pgwatchrpc.rpc;

import java.io.IOException;

/**
 * An error whose text crosses the wire: thrown by a server's method to answer with it, thrown by a client when the server
 * answered so (Go: {@code rpc.ServerError}). The connection lives on.
 */
public class RpcException extends IOException {

    private static final long serialVersionUID = 1;

    /** What went wrong, for protocols that tell more than a text: gRPC makes a status code of it, net/rpc nothing. */
    public enum Kind {
        /** Not said. */
        UNKNOWN,
        /** The argument is wrong, and will be wrong again. */
        INVALID_ARGUMENT,
        /** The caller has not shown that it may call. */
        UNAUTHENTICATED,
        /** The caller is known and may not do this. */
        PERMISSION_DENIED,
        /** Something of which there is only so much is used up. */
        RESOURCE_EXHAUSTED,
        /** Not now; later perhaps. */
        UNAVAILABLE,
        /** A fault of the server. */
        INTERNAL
    }

    /** What went wrong. */
    private final Kind kind;

    /**
     * An answer of an unknown kind.
     *
     * @param message the text as the peer will read it, or as it came
     */
    public RpcException(String message) {
        this(Kind.UNKNOWN, message);
    }

    /**
     * An answer.
     *
     * @param kind what went wrong
     * @param message the text as the peer will read it, or as it came
     */
    public RpcException(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    /**
     * What went wrong.
     *
     * @return the kind
     */
    public Kind kind() {
        return kind;
    }

    /** Where it was thrown is of no interest: it is an answer. */
    @Override
    public synchronized Throwable fillInStackTrace() {
        return this;
    }
}
