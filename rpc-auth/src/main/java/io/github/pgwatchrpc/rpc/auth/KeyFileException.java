package io.github.pgwatchrpc.rpc.auth;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A file of keys that cannot be used. The message is one line and begins with the file; the {@linkplain #hint() hint} says
 * what an operator can do about it. Neither ever holds a part of a key.
 */
public final class KeyFileException extends IOException {

    private static final long serialVersionUID = 1;

    /** What to do about it, one line. */
    private final String hint;

    KeyFileException(String message, String hint) {
        this(message, hint, null);
    }

    KeyFileException(String message, String hint, @Nullable Throwable cause) {
        super(message, cause);
        this.hint = hint;
    }

    /**
     * What to do about it.
     *
     * @return one line, without a full stop
     */
    public String hint() {
        return hint;
    }
}
