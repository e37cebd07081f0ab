package io.github.pgwatchrpc.sink.testkit;

/**
 * How a backend can fail. A sink's test says which of these it can bring about; for each, the kit asserts what the sink
 * must answer, and for each that it cannot, the opposite that is told here.
 */
public enum Fault {
    /**
     * Nobody answers: no connection, no disk. The sink answers {@code Retry} or throws an {@code IOException}, and writes
     * again once the backend is back. Without this fault, {@link #UNUSABLE} must be there: a sink that nothing can break
     * does not exist.
     */
    AWAY,
    /**
     * The backend is there, and a person must mend it: no such index, a directory in place of the file. The sink answers
     * {@code Paused} with what to mend. Without it, the sink never answers {@code Paused} while the backend is away.
     */
    UNUSABLE,
    /**
     * The backend takes the credentials no more. The sink answers {@code Paused}, and none of its texts has the secret.
     * Without it, none of the provider's options is secret.
     */
    DENIED,
    /**
     * The backend is busy and says to come again in {@link SinkCompatibilityTest#BUSY_FOR}, as HTTP does with 429 and
     * {@code Retry-After}. The sink answers {@code Retry} with that time. Without it, the sink makes up no time.
     */
    BUSY,
    /**
     * The backend takes the connection and never answers. The sink comes back with {@code Retry} or an {@code IOException}
     * by itself, within {@link SinkCompatibilityTest#patience}, and at once when its thread is interrupted. Without it,
     * the provider has no option whose name has the word timeout.
     */
    HANGING,
    /**
     * The backend refuses the row {@link SinkCompatibilityTest#badRow} and takes the others. The sink names it, or refuses
     * the batch until it is halved down to it; all others arrive. Without it, that row is written like any other.
     */
    BAD_ROW,
    /**
     * The backend refuses requests of more than {@link SinkCompatibilityTest#FEW} rows as too large. The sink refuses the
     * batch, or splits it; halved, everything arrives. Without it, a single row above the sink's limit of bytes is
     * written, or refused by name, as well.
     */
    TOO_LARGE,
    /**
     * The backend takes some rows of a request and asks for the others later. The sink answers {@code Partly} with those.
     * Without it, a write that failed has written all of its rows or none.
     */
    PARTLY_BUSY,
    /**
     * The backend takes the rows, and its answer is lost. The sink answers {@code Retry} or throws an {@code IOException}.
     * Without it, a write that failed has written nothing.
     */
    ANSWER_LOST
}
