package io.github.pgwatchrpc.rpc.grpc;

import io.github.pgwatchrpc.rpc.Permit;
import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcPeer;
import org.jspecify.annotations.Nullable;

/**
 * Decides from a call's headers whether it may go on, before a byte of its message is kept: the place for authentication.
 * It sees every call, those of health and reflection too. Called on event loops: it must be quick and thread-safe.
 */
@FunctionalInterface
public interface CallGate {

    /** Lets everybody in. */
    CallGate OPEN = (call, peer, before) -> Permit.EVERYTHING;

    /**
     * Lets a call go on by returning.
     *
     * @param call its method and headers
     * @param peer who calls
     * @param before what this method returned last for the same connection, or null
     * @return what the caller may do
     * @throws RpcException to refuse it, with {@link RpcException.Kind#UNAUTHENTICATED} for instance; after a while, if it is a
     *     {@link io.github.pgwatchrpc.rpc.DeniedException} that says so
     */
    Permit admit(CallHeaders call, RpcPeer peer, @Nullable Permit before) throws RpcException;
}
