package io.github.pgwatchrpc.rpc;

import org.jspecify.annotations.Nullable;

/**
 * Decides who may call. Protocols ask it for each call, before anything of the call is decoded, stored or answered; what
 * a key is and where keys come from is the business of who implements it. Called on event loops: it must be quick, must
 * not block, and must be thread-safe.
 */
@FunctionalInterface
public interface Authenticator {

    /**
     * Lets a call in by returning.
     *
     * @param shown what the call shows, which may be nothing
     * @param peer who calls; its address and its certificate may be enough
     * @param before what this method returned last for the same connection, or null. A protocol whose calls cannot all
     *     show a key gives it so that a connection which has proved one stays proved, for as long as the key is good
     * @return what the caller may do
     * @throws DeniedException with {@link RpcException.Kind#UNAUTHENTICATED}; its text never holds anything that was shown
     */
    Permit admit(Credentials shown, RpcPeer peer, @Nullable Permit before) throws DeniedException;
}
