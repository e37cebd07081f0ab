package io.github.pgwatchrpc.rpc.grpc;

import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoException;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoReader;

/** What a method does in one call. Called on the connection's event loop only. */
interface Handler {

    /**
     * A message came.
     *
     * @param in the whole message; valid only during the call
     * @throws ProtoException to end the call with InvalidArgument
     * @throws RpcException to end the call
     */
    void message(ProtoReader in) throws ProtoException, RpcException;

    /**
     * No more messages will come.
     *
     * @throws ProtoException to end the call with InvalidArgument
     * @throws RpcException to end the call
     */
    void halfClosed() throws ProtoException, RpcException;

    /** The call has ended, whoever ended it: nothing can be sent any more. */
    default void ended() {}

    /** Whether the call may stay open for ever, so that it must be ended when the server stops. */
    default boolean isOpenEnded() {
        return false;
    }
}
