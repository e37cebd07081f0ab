package io.github.pgwatchrpc.rpc.tls;

import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * What one end of a connection proves itself with. Equal when key and chain are.
 *
 * @param key the private key of the first certificate
 * @param chain the certificate of this end, then each one's issuer as far as it is known
 */
record Identity(PrivateKey key, List<X509Certificate> chain) {
    Identity {
        chain = List.copyOf(chain);
    }

    /**
     * What the certificate is to be good for, by its extended key usage (RFC 5280, section 4.2.1.12). One without any is
     * good for all.
     */
    enum Purpose {
        SERVER("1.3.6.1.5.5.7.3.1", "serverAuth"),
        CLIENT("1.3.6.1.5.5.7.3.2", "clientAuth");

        private static final String ANY = "2.5.29.37.0";

        private final String oid;
        private final String label;

        Purpose(String oid, String label) {
            this.oid = oid;
            this.label = label;
        }

        private boolean covers(X509Certificate certificate) {
            try {
                List<String> usages = certificate.getExtendedKeyUsage();
                return usages == null || usages.contains(oid) || usages.contains(ANY);
            } catch (CertificateParsingException e) {
                return false;
            }
        }
    }

    /**
     * Puts a key and the certificates of a file together, in whatever order they stand there.
     *
     * @param certificateFile only named in errors
     * @param keyFile only named in errors
     * @throws TlsException when no certificate belongs to the key, or the one that does is not good now
     */
    static Identity of(
            Path certificateFile,
            List<X509Certificate> certificates,
            Path keyFile,
            PrivateKey key,
            Purpose purpose,
            Instant now)
            throws TlsException {
        // a renewed certificate may have been put beside the old one: the one that ends last is the one to use
        X509Certificate leaf = certificates.stream()
                .filter(certificate -> PrivateKeys.match(key, certificate.getPublicKey()))
                .max(Comparator.comparing((X509Certificate certificate) -> Certificates.validAt(certificate, now))
                        .thenComparing(X509Certificate::getNotAfter))
                .orElseThrow(
                        () -> new TlsException(
                                certificateFile + ": none of its certificates (" + certificates.size()
                                        + ") belongs to the key in " + keyFile,
                                "give the certificate that was issued for this key; if both are being replaced just now, wait for the other one"));
        requireValid(certificateFile, leaf, now);
        if (!purpose.covers(leaf)) {
            throw new TlsException(
                    certificateFile + ": the certificate is not for " + purpose.label + " by its extended key usage",
                    "have one issued with " + purpose.label + "; the other end refuses this one");
        }
        return new Identity(key, chain(leaf, certificates));
    }

    X509Certificate certificate() {
        return chain.get(0);
    }

    static void requireValid(Path file, X509Certificate certificate, Instant now) throws TlsException {
        if (now.isAfter(Certificates.notAfter(certificate))) {
            throw new TlsException(
                    file + ": the certificate expired at " + Certificates.notAfter(certificate) + " (now: " + now + ")",
                    "replace it by a renewed one, or set the clock right");
        }
        if (now.isBefore(Certificates.notBefore(certificate))) {
            throw new TlsException(
                    file + ": the certificate is not valid before " + Certificates.notBefore(certificate) + " (now: "
                            + now + ")",
                    "set the clock right, or wait");
        }
    }

    private static List<X509Certificate> chain(X509Certificate leaf, List<X509Certificate> certificates) {
        List<X509Certificate> chain = new ArrayList<>(List.of(leaf));
        X509Certificate last = leaf;
        while (!Certificates.selfIssued(last)) {
            X509Certificate current = last;
            X509Certificate issuer = certificates.stream()
                    .filter(candidate -> !chain.contains(candidate) && Certificates.signedBy(current, candidate))
                    .max(Comparator.comparing(X509Certificate::getNotAfter))
                    .orElse(null);
            if (issuer == null) {
                break;
            }
            chain.add(issuer);
            last = issuer;
        }
        return chain;
    }

    /** Without the key. */
    @Override
    public String toString() {
        return "Identity[" + certificate().getSubjectX500Principal() + ", " + Certificates.sha256(certificate()) + "]";
    }
}
