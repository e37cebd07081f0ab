package io.github.pgwatchrpc.rpc.grpc;

import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcPeer;
import java.util.concurrent.CompletionStage;

/**
 * A method with one message each way. It is called on a connection's event loop, must not block, and may be called again
 * before an earlier call has been answered.
 *
 * @param <A> its argument
 * @param <R> its reply
 */
@FunctionalInterface
public interface UnaryMethod<A, R> {

    /**
     * Begins a call.
     *
     * @param argument the argument
     * @param peer who calls
     * @return the reply, now or later, on any thread. If it ends with an {@link RpcException}, the peer gets its kind as a
     *     status and its text; if it ends with anything else, the peer gets Internal and the log the whole
     * @throws RpcException to refuse at once
     */
    CompletionStage<R> call(A argument, RpcPeer peer) throws RpcException;
}
