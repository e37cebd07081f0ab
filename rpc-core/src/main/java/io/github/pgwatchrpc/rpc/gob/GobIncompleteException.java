package io.github.pgwatchrpc.rpc.gob;

/**
 * The value goes on in a message that has not been given to the reader yet. That happens in the middle of a value only
 * where an interface holds a type that is being defined there: the sender ends the message after the definition.
 *
 * <p>It is no error of the stream: append the next message and read the value again from its beginning. It carries no
 * stack trace, since it is a signal.
 */
public final class GobIncompleteException extends GobException {

    private static final long serialVersionUID = 1;

    GobIncompleteException() {
        super("gob: the value ends in the middle: another message was expected");
    }

    @Override
    public synchronized Throwable fillInStackTrace() {
        return this;
    }
}
