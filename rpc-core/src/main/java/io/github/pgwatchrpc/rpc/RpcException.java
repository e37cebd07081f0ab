package io.github.pgwatchrpc.rpc;

import java.io.IOException;

/**
 * An error whose text crosses the wire: thrown by a server's method to answer with it, thrown by a client when the server
 * answered so (Go: {@code rpc.ServerError}). The connection lives on.
 */
public class RpcException extends IOException {

    private static final long serialVersionUID = 1;

    /**
     * An answer.
     *
     * @param message the text as the peer will read it, or as it came
     */
    public RpcException(String message) {
        super(message);
    }

    /** Where it was thrown is of no interest: it is an answer. */
    @Override
    public synchronized Throwable fillInStackTrace() {
        return this;
    }
}
