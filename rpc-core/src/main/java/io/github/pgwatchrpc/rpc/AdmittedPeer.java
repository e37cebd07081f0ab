package io.github.pgwatchrpc.rpc;

import java.net.SocketAddress;
import java.security.cert.X509Certificate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A peer that has been let in. */
record AdmittedPeer(RpcPeer connection, Permit permit) implements RpcPeer {

    @Override
    public SocketAddress address() {
        return connection.address();
    }

    @Override
    public @Nullable X509Certificate certificate() {
        return connection.certificate();
    }

    @Override
    public List<X509Certificate> certificates() {
        return connection.certificates();
    }

    @Override
    public boolean atEnd(Object about, Runnable action) {
        return connection.atEnd(about, action);
    }

    @Override
    public String toString() {
        return connection.toString();
    }
}
