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
     * The same peer once it has been let in.
     *
     * @param permit what it may do
     * @return a peer with this permit
     */
    default RpcPeer with(Permit permit) {
        return new AdmittedPeer(this, permit);
    }
}
