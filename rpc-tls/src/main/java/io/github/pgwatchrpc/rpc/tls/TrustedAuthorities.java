package io.github.pgwatchrpc.rpc.tls;

import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.util.List;

/**
 * A file of the authorities whose certificates one end accepts from the other.
 *
 * @param file PEM, one certificate or more
 * @param clock tells which of them are good now
 */
record TrustedAuthorities(Path file, Clock clock) {
    /**
     * Those that are valid now: Java does not look at the end of a trusted certificate itself, and a bundle may hold the
     * old authority beside the new one.
     *
     * @throws TlsException when the file cannot be used, or all in it have ended or not begun
     */
    List<X509Certificate> load() throws TlsException {
        List<X509Certificate> all = Certificates.parse(file, FileRule.GIVEN_CERTIFICATE.read(file));
        Instant now = clock.instant();
        List<X509Certificate> valid = all.stream()
                .filter(certificate -> Certificates.validAt(certificate, now))
                .toList();
        if (valid.isEmpty()) {
            Identity.requireValid(file, all.get(0), now);
        }
        return valid;
    }
}
