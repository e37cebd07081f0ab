package io.github.pgwatchrpc.delivery.spool;

import java.io.IOException;

/** Another has the spool open. */
public final class SpoolInUseException extends IOException {

    private static final long serialVersionUID = 1;

    SpoolInUseException(String message) {
        super(message);
    }
}
