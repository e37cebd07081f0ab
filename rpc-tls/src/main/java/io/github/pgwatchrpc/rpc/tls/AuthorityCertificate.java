package io.github.pgwatchrpc.rpc.tls;

import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Instant;

/**
 * The certificate of the authority that clients are given as {@code sslrootca}.
 *
 * @param file where it is
 * @param subject its name
 * @param sha256 its fingerprint, as {@code openssl x509 -fingerprint -sha256} prints it
 * @param notAfter when it ends; no certificate that it issues is longer valid
 */
public record AuthorityCertificate(Path file, String subject, String sha256, Instant notAfter) {
    /**
     * Reads the certificate, makes nothing and needs no key: for showing it to whoever sets up a client.
     *
     * @param file a PEM file; of several certificates the first one counts
     * @return what is in it
     * @throws TlsException when there is no such file, or no certificate in it
     */
    public static AuthorityCertificate read(Path file) throws TlsException {
        return of(
                file,
                Certificates.parse(file, FileRule.GIVEN_CERTIFICATE.read(file)).get(0));
    }

    static AuthorityCertificate of(Path file, X509Certificate certificate) {
        return new AuthorityCertificate(
                file,
                certificate.getSubjectX500Principal().getName(),
                Certificates.sha256(certificate),
                Certificates.notAfter(certificate));
    }
}
