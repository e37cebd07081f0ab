package io.github.pgwatchrpc.rpc.tls;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What the server shows to new connections, and how well it is looked after.
 *
 * @param subject whose certificate it is
 * @param names the host names and addresses that it is for
 * @param sha256 its fingerprint, as {@code openssl x509 -fingerprint -sha256} prints it
 * @param notBefore when it begins
 * @param notAfter when it ends
 * @param inUseSince when new connections began to get it
 * @param authority the authority that clients have to trust, when it is one of our own
 * @param warnings what an operator should know, one sentence each; empty: nothing
 * @param problem why the latest check could not take what it found, so that an earlier certificate is still in use;
 *     empty: the latest check was fine
 * @param changes how often the certificate, its key or the clients' authorities changed since the start
 * @param failedChecks how many checks ended with a problem since the start
 */
public record TlsStatus(
        String subject,
        List<String> names,
        String sha256,
        Instant notBefore,
        Instant notAfter,
        Instant inUseSince,
        Optional<AuthorityCertificate> authority,
        List<String> warnings,
        Optional<String> problem,
        long changes,
        long failedChecks) {}
