package io.github.pgwatchrpc.rpc;

/** What a caller may do once it has been let in. Thread-safe. */
@FunctionalInterface
public interface Permit {

    /** Everything: what a server without an {@link Authenticator} gives to everybody. */
    Permit EVERYTHING = database -> {};

    /**
     * Lets a call about a database go on by returning. To be asked when the name is known, before anything is stored.
     *
     * @param database its name
     * @throws DeniedException with {@link RpcException.Kind#PERMISSION_DENIED} if the caller may not send its measurements
     */
    void requireDatabase(String database) throws DeniedException;
}
