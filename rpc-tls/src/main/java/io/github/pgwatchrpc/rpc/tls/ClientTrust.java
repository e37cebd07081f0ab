package io.github.pgwatchrpc.rpc.tls;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/** What is trusted of clients as long as the authorities stay the same. Safe for use by several threads. */
final class ClientTrust {

    /** As many clients as there may be connections. Beyond that each is looked at again. */
    private static final int MOST_KNOWN = 10_000;

    private final List<X509Certificate> authorities;
    private final TrustManager[] managers;

    /** A call must not cost a check of signatures. Only who was let in by one set of authorities or another gets here. */
    private final Map<List<X509Certificate>, Boolean> known = new ConcurrentHashMap<>();

    ClientTrust(List<X509Certificate> authorities) throws GeneralSecurityException {
        this.authorities = authorities;
        // none at all rather than null, which would stand for the machine's public authorities
        this.managers = authorities.isEmpty() ? new TrustManager[0] : managers(authorities);
    }

    private static TrustManager[] managers(List<X509Certificate> authorities) throws GeneralSecurityException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        try {
            store.load(null, null);
        } catch (IOException e) {
            throw new GeneralSecurityException(e);
        }
        for (int i = 0; i < authorities.size(); i++) {
            store.setCertificateEntry(Integer.toString(i), authorities.get(i));
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        return factory.getTrustManagers();
    }

    List<X509Certificate> authorities() {
        return authorities;
    }

    TrustManager[] managers() {
        return managers;
    }

    /** Whether a handshake with this chain would succeed, a client's own certificate first. */
    boolean covers(List<X509Certificate> chain) {
        Boolean before = known.get(chain);
        if (before != null) {
            return before;
        }
        boolean good = check(chain);
        if (known.size() >= MOST_KNOWN) {
            known.clear();
        }
        known.put(chain, good);
        return good;
    }

    private boolean check(List<X509Certificate> chain) {
        for (TrustManager each : managers) {
            if (each instanceof X509TrustManager manager) {
                try {
                    manager.checkClientTrusted(
                            chain.toArray(X509Certificate[]::new),
                            chain.get(0).getPublicKey().getAlgorithm());
                    return true;
                } catch (CertificateException e) {
                    // the next one, if there is any
                }
            }
        }
        return false;
    }
}
