package io.github.pgwatchrpc.server;

/** A setting that cannot work. The message is one line that names it; the hint says what to do. */
final class ConfigException extends Exception {

    private static final long serialVersionUID = 1;

    private final String hint;

    ConfigException(String message, String hint) {
        super(message);
        this.hint = hint;
    }

    ConfigException(String message, String hint, Throwable cause) {
        super(message, cause);
        this.hint = hint;
    }

    String hint() {
        return hint;
    }
}
