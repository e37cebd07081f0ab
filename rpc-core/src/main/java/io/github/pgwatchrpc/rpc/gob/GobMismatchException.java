package io.github.pgwatchrpc.rpc.gob;

/**
 * A value that is good gob but does not fit the Java type it was to become, or the other way round: another kind of
 * type, a number out of range, no field in common, a constructor that refused it.
 *
 * <p>The value has been read to its end, so the stream goes on: only this value is lost. Where Go has a text for the
 * case, the message begins with it, since net/rpc sends it to the caller.
 */
public final class GobMismatchException extends GobException {

    private static final long serialVersionUID = 1;

    /**
     * Says what does not fit.
     *
     * @param message names the field or type, and the value and its bound where there is one
     */
    public GobMismatchException(String message) {
        super(message);
    }

    GobMismatchException(String message, Throwable cause) {
        super(message);
        initCause(cause);
    }
}
