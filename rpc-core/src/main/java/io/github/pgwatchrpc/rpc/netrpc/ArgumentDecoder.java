package io.github.pgwatchrpc.rpc.netrpc;

import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcPeer;
import io.github.pgwatchrpc.rpc.gob.GobException;
import io.github.pgwatchrpc.rpc.gob.GobReader;
import io.github.pgwatchrpc.rpc.gob.GobTypes;

/**
 * Turns the argument of a call from gob into an object. Each connection has its own, used by one thread at a time, so that
 * it may remember what it has worked out for the stream's types.
 *
 * @param <A> what it makes
 */
@FunctionalInterface
public interface ArgumentDecoder<A> {

    /**
     * Reads the argument. It may be called again for the same bytes when the value goes on in another message (see {@link
     * io.github.pgwatchrpc.rpc.gob.GobIncompleteException}), so nothing may happen but decoding.
     *
     * @param reader stands behind the number of the value's type; what it gives by offset is valid only during the call
     * @param types what the peer has defined
     * @param type number of the value's type
     * @return the argument
     * @throws GobException if the bytes do not hold one: the call is answered with its message, the connection lives on
     * @throws RpcException if the argument is refused: likewise
     */
    A decode(GobReader reader, GobTypes types, int type) throws GobException, RpcException;

    /**
     * Reads the argument of a caller. Without more said, it does not matter who calls.
     *
     * @param reader stands behind the number of the value's type
     * @param types what the peer has defined
     * @param type number of the value's type
     * @param caller who calls, with what it may do
     * @return the argument
     * @throws GobException if the bytes do not hold one
     * @throws RpcException if the argument is refused
     */
    default A decode(GobReader reader, GobTypes types, int type, RpcPeer caller) throws GobException, RpcException {
        return decode(reader, types, type);
    }
}
