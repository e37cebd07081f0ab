package io.github.pgwatchrpc.rpc;

/**
 * What a caller may do once it has been let in, and who it is. Whoever makes a call of a message asks it in this order: {@link
 * #countCall}, {@link #requireScope}, {@link #requireDatabase}, {@link #countRows}, all before anything is stored.
 * Thread-safe.
 */
@FunctionalInterface
public interface Permit {

    /** Everything: what a server without an {@link Authenticator} gives to everybody. */
    Permit EVERYTHING = database -> {};

    /** What a caller can want. */
    enum Scope {
        /** To send measurements. */
        WRITE,
        /** To tell that a source begins or ends to send a metric. */
        SYNC,
        /** To tell how metrics are defined. */
        DEFINE
    }

    /**
     * Lets a call about a database go on by returning. To be asked when the name is known, before anything is stored.
     *
     * @param database its name
     * @throws DeniedException with {@link RpcException.Kind#PERMISSION_DENIED} if the caller may not send its measurements
     */
    void requireDatabase(String database) throws DeniedException;

    /**
     * Lets a call that wants something go on by returning, as it does unless it is overridden.
     *
     * @param scope what the call wants
     * @throws DeniedException with {@link RpcException.Kind#PERMISSION_DENIED} if the caller may not do that
     */
    default void requireScope(Scope scope) throws DeniedException {}

    /**
     * Counts a call that is about to reach its method, and lets it go on by returning, as it does unless it is overridden.
     *
     * @param bytes size of its message
     * @throws RpcException with {@link RpcException.Kind#RESOURCE_EXHAUSTED} if the caller has made too many
     */
    default void countCall(long bytes) throws RpcException {}

    /**
     * Counts rows that are about to be stored, and lets them go on by returning, as it does unless it is overridden.
     *
     * @param rows how many
     * @throws RpcException with {@link RpcException.Kind#RESOURCE_EXHAUSTED} if the caller has sent too many
     */
    default void countRows(long rows) throws RpcException {}

    /**
     * Under which name the caller is known here, so that what it leaves behind can be kept apart from what others do.
     *
     * @return the name of its key (letters, digits, dots, dashes and underscores, at most 64); in parentheses, which no key
     *     has in its name, the way by which it came in without one; empty if nobody has looked. One of at most so many as
     *     there are keys
     */
    default String name() {
        return "";
    }
}
