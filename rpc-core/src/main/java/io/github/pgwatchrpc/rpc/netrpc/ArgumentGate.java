package io.github.pgwatchrpc.rpc.netrpc;

import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcPeer;
import io.github.pgwatchrpc.rpc.gob.GobException;
import io.github.pgwatchrpc.rpc.gob.GobReader;
import io.github.pgwatchrpc.rpc.gob.GobTypes;

/**
 * Decides from the bytes of an argument, before anything of it is decoded, whether its call may go on: net/rpc has nothing
 * else that could carry a key. Each connection has its own, used by one thread at a time, so that it may remember what
 * the connection has proved. It is asked for every call, be there such a method or not.
 */
public interface ArgumentGate {

    /**
     * Lets a call go on by returning. It may be called again for the same call if it wanted more than was there (see {@link
     * io.github.pgwatchrpc.rpc.gob.GobIncompleteException}): a stranger's argument is shown as soon as something of it has
     * come, so that one with a key in front may be a long one.
     *
     * @param reader stands behind the number of the argument's type; where it is left does not matter
     * @param types what the peer has defined; what is learnt on the way is forgotten again
     * @param type number of the argument's type
     * @return who calls, with what it may do
     * @throws RpcException to refuse: the call is answered with its text, the argument is gone past, the connection lives on
     * @throws GobException if the argument cannot be looked through: likewise
     */
    RpcPeer admit(GobReader reader, GobTypes types, int type) throws GobException, RpcException;

    /**
     * Whether a call has been let in. Until then the peer is a stranger: what it makes the process hold has small bounds,
     * it has to end what it begins, and it makes room for others.
     *
     * @return true from the first call on that was let in
     */
    boolean isOpen();

    /**
     * Lets nobody in.
     *
     * @param reason what each call is answered with
     * @return a gate that is never open
     */
    static ArgumentGate closed(String reason) {
        return new ArgumentGate() {
            @Override
            public RpcPeer admit(GobReader reader, GobTypes types, int type) throws RpcException {
                throw new RpcException(reason);
            }

            @Override
            public boolean isOpen() {
                return false;
            }
        };
    }

    /**
     * Lets everybody in.
     *
     * @param peer who calls
     * @return a gate that is open from the beginning
     */
    static ArgumentGate open(RpcPeer peer) {
        return new ArgumentGate() {
            @Override
            public RpcPeer admit(GobReader reader, GobTypes types, int type) {
                return peer;
            }

            @Override
            public boolean isOpen() {
                return true;
            }
        };
    }
}
