package io.github.pgwatchrpc.rpc.auth;

import io.github.pgwatchrpc.rpc.Authenticator;
import io.github.pgwatchrpc.rpc.Credentials;
import io.github.pgwatchrpc.rpc.DeniedException;
import io.github.pgwatchrpc.rpc.Permit;
import io.github.pgwatchrpc.rpc.RpcPeer;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Refuses the calls of connections that TLS has let in by a client certificate and would not let in now, since an authority
 * was taken away: whatever else they show. All others are the next authenticator's. Thread-safe.
 */
public final class CurrentCertificates implements Authenticator {

    private final Predicate<List<X509Certificate>> good;
    private final AuthObserver observer;
    private final Authenticator next;
    private final AuditLog audit = new AuditLog(System::nanoTime);

    /**
     * In front of another authenticator.
     *
     * @param good is given the certificates that a peer has shown, its own first, at each of its calls
     * @param observer is told of refusals; what is let in is the next one's to tell
     * @param next decides about the others
     */
    public CurrentCertificates(Predicate<List<X509Certificate>> good, AuthObserver observer, Authenticator next) {
        this.good = Objects.requireNonNull(good, "good");
        this.observer = Objects.requireNonNull(observer, "observer");
        this.next = Objects.requireNonNull(next, "next");
    }

    @Override
    public Permit admit(Credentials shown, RpcPeer peer, @Nullable Permit before) throws DeniedException {
        List<X509Certificate> certificates = peer.certificates();
        if (certificates.isEmpty() || good.test(certificates)) {
            return next.admit(shown, peer, before);
        }
        observer.decided(Outcome.REVOKED);
        audit.refused(Outcome.REVOKED, peer.address(), shown.protocol(), "certificate", "");
        throw DeniedException.ofConnection(
                "authentication failed: the client certificate's authority is no longer one of this receiver's; connect "
                        + "again with another certificate (pgwatch 3: restart it)",
                FailureLimits.DEFAULT.least().toNanos());
    }
}
