package io.github.pgwatchrpc.rpc.tls;

import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.List;
import java.util.Optional;

/** A certificate and a key that somebody else looks after: read anew at each load, never written. */
final class CertificateFiles implements CertificateSource {
    private final Path certificate;
    private final Path key;
    private final Clock clock;

    CertificateFiles(Path certificate, Path key, Clock clock) {
        this.certificate = certificate;
        this.key = key;
        this.clock = clock;
    }

    @Override
    public Identity load() throws TlsException {
        // no time stamp is trusted to tell a change: these files are small, and links swap behind the same path
        PrivateKey privateKey = PrivateKeys.parse(key, FileRule.GIVEN_KEY.read(key));
        List<X509Certificate> certificates =
                Certificates.parse(certificate, FileRule.GIVEN_CERTIFICATE.read(certificate));
        return Identity.of(certificate, certificates, key, privateKey, Identity.Purpose.SERVER, clock.instant());
    }

    @Override
    public Optional<AuthorityCertificate> authority() {
        return Optional.empty();
    }
}
