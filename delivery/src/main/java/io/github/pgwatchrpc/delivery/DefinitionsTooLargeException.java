package io.github.pgwatchrpc.delivery;

import java.io.IOException;

/** Definitions of metrics are more than is kept; nothing was stored. */
public final class DefinitionsTooLargeException extends IOException {

    private static final long serialVersionUID = 1;

    DefinitionsTooLargeException(String message) {
        super(message);
    }
}
