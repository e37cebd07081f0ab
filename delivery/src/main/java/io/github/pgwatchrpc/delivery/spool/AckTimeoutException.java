package io.github.pgwatchrpc.delivery.spool;

import java.io.IOException;
import java.time.Duration;

/** Storing took too long. Whether the rows will be stored all the same is not known. */
public final class AckTimeoutException extends IOException {

    private static final long serialVersionUID = 1;

    AckTimeoutException(Duration timeout) {
        super("not stored within " + timeout.toMillis() + " ms");
    }
}
