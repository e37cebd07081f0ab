package io.github.pgwatchrpc.rpc.netrpc;

import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcPeer;
import java.util.concurrent.CompletionStage;

/**
 * A method that peers can call. It is called on a connection's event loop, must not block, and may be called again before
 * an earlier call has been answered.
 *
 * @param <A> its argument
 * @param <R> its reply: text, or anything that {@link io.github.pgwatchrpc.rpc.gob.GobEncoder} can write
 */
@FunctionalInterface
public interface RpcMethod<A, R> {

    /**
     * Begins a call.
     *
     * @param argument the argument
     * @param peer who calls
     * @return the reply, now or later, on any thread. If it ends with an {@link RpcException}, the peer gets its text; if
     *     it ends with anything else, the peer gets {@code rpc: internal error} and the log the whole; see {@link
     *     io.github.pgwatchrpc.rpc.Faults} for errors
     * @throws RpcException to refuse at once
     */
    CompletionStage<R> call(A argument, RpcPeer peer) throws RpcException;
}
