package io.github.pgwatchrpc.rpc;

import java.net.SocketAddress;
import java.security.cert.X509Certificate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Who makes a call, and what it may do. Thread-safe. */
public interface RpcPeer {

    /**
     * Where the peer is.
     *
     * @return its address
     */
    SocketAddress address();

    /**
     * The certificate that the peer has shown, which TLS has found good.
     *
     * @return the certificate, or null without TLS and if the peer has shown none
     */
    default @Nullable X509Certificate certificate() {
        return null;
    }

    /**
     * That certificate and those of its issuers that came with it.
     *
     * @return its own first; empty without TLS and if the peer has shown none
     */
    default List<X509Certificate> certificates() {
        X509Certificate own = certificate();
        return own == null ? List.of() : List.of(own);
    }

    /**
     * What the peer may do.
     *
     * @return its permit
     */
    default Permit permit() {
        return Permit.EVERYTHING;
    }

    /**
     * Runs something when the connection ends: once for each thing that it is about, however often it is asked for. To be
     * called on the connection's event loop.
     *
     * @param about what it is about, told from others by {@code equals}
     * @param action what to run, on the event loop; at once if the connection has ended
     * @return whether it will be run: false if there is an action about that already, and of a peer that does not tell its
     *     end, as none does unless this is overridden
     */
    default boolean atEnd(Object about, Runnable action) {
        return false;
    }

    /**
     * The same peer once it has been let in.
     *
     * @param permit what it may do
     * @return a peer with this permit
     */
    default RpcPeer with(Permit permit) {
        return new AdmittedPeer(this, permit);
    }
}
