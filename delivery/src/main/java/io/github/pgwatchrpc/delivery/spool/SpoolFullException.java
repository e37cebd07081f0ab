package io.github.pgwatchrpc.delivery.spool;

import java.io.IOException;

/** The spool may not grow any more; nothing was stored. */
public final class SpoolFullException extends IOException {

    private static final long serialVersionUID = 1;

    SpoolFullException(String message) {
        super(message);
    }
}
