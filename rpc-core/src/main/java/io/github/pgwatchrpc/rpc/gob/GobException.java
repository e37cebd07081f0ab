package io.github.pgwatchrpc.rpc.gob;

import java.io.IOException;

/** Bytes that are not gob, or that go beyond a {@linkplain GobLimits limit}. The message names what, value and bound. */
public class GobException extends IOException {

    private static final long serialVersionUID = 1;

    /**
     * Says what is wrong.
     *
     * @param message begins with {@code gob:}, as Go's own do
     */
    public GobException(String message) {
        super(message);
    }
}
