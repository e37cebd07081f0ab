package io.github.pgwatchrpc.rpc.grpc;

import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcPeer;

/**
 * Decides from a call's headers whether it may go on, before a byte of its message is kept: the place for authentication.
 * It sees every call, those of health and reflection too. Called on event loops: it must be quick and thread-safe.
 */
@FunctionalInterface
public interface CallGate {

    /** Lets everybody in. */
    CallGate OPEN = (call, peer) -> {};

    /**
     * Lets a call go on by returning.
     *
     * @param call its method and headers
     * @param peer who calls
     * @throws RpcException to refuse it, with {@link RpcException.Kind#UNAUTHENTICATED} for instance
     */
    void admit(CallHeaders call, RpcPeer peer) throws RpcException;
}
