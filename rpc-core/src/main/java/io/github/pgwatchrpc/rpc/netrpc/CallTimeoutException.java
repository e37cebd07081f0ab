package io.github.pgwatchrpc.rpc.netrpc;

import java.io.IOException;

/** A call was not answered in time. Whether it was carried out is not known. */
public final class CallTimeoutException extends IOException {

    private static final long serialVersionUID = 1;

    /**
     * A call without an answer.
     *
     * @param message names the call and the time
     */
    public CallTimeoutException(String message) {
        super(message);
    }
}
