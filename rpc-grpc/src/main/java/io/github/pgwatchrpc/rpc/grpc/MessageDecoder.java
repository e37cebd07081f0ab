package io.github.pgwatchrpc.rpc.grpc;

import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoException;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoReader;

/**
 * Turns the message of a call from protobuf into an object. Thread-safe.
 *
 * @param <A> what it makes
 */
@FunctionalInterface
public interface MessageDecoder<A> {

    /**
     * Reads the message.
     *
     * @param in the whole message; valid only during the call
     * @return the argument
     * @throws ProtoException if the bytes do not hold one: the call is answered with InvalidArgument and its text
     * @throws RpcException if the argument is refused: the call is answered with its kind and text
     */
    A decode(ProtoReader in) throws ProtoException, RpcException;
}
