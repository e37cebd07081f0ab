package io.github.pgwatchrpc.rpc.grpc.protobuf;

import java.io.IOException;

/** Bytes that are no protobuf message, or one that goes beyond a bound. Its text names the value and the bound. */
public final class ProtoException extends IOException {

    private static final long serialVersionUID = 1;

    /**
     * What is wrong.
     *
     * @param message names the thing, the value and the bound
     */
    public ProtoException(String message) {
        super(message);
    }

    /** Where it was thrown is of no interest: it speaks of bytes, and peers can make it at will. */
    @Override
    public synchronized Throwable fillInStackTrace() {
        return this;
    }
}
