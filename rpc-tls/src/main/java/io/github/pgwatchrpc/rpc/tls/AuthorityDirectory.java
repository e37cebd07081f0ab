package io.github.pgwatchrpc.rpc.tls;

import java.nio.file.Path;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPrivateKey;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An authority of our own and the server's certificate that it issues, in one directory. What is missing is made, what
 * is old is renewed, and whatever a crash may have left is mended, as long as the authority's key is there. The key
 * itself is made once and never replaced: clients all over the fleet trust it.
 *
 * <p>Not safe for use by several threads.
 */
final class AuthorityDirectory implements CertificateSource {
    static final String AUTHORITY_CERTIFICATE = "ca.crt";
    static final String AUTHORITY_KEY = "ca.key";
    static final String SERVER_CERTIFICATE = "server.crt";
    static final String SERVER_KEY = "server.key";

    /** A certificate is renewed when less than this part of its life is left. */
    static final int RENEWAL_PART = 3;
    /** How long making a certificate waits for the machine's full name; one that comes later causes another certificate. */
    static final Duration NAME_PATIENCE = Duration.ofMillis(200);

    private static final Logger LOG = LoggerFactory.getLogger(AuthorityDirectory.class);

    private final KeyDirectory directory;
    private final NameSource names;
    private final Clock clock;
    private @Nullable X509Certificate trusted;

    AuthorityDirectory(Path directory, NameSource names, Clock clock) {
        this.directory = new KeyDirectory(directory);
        this.names = names;
        this.clock = clock;
    }

    private record Authority(PrivateKey key, X509Certificate certificate) {}

    /** The server's certificate, or why another one has to be made. */
    private record Found(@Nullable Identity identity, String whyNot) {}

    @Override
    public Identity load() throws TlsException {
        Instant now = clock.instant();
        directory.check();
        Optional<Authority> authority = readAuthority(now);
        if (authority.isPresent()) {
            Found found = readServer(authority.get(), names.names(Duration.ZERO), now);
            if (found.identity() != null) {
                return trusting(authority.get(), found.identity());
            }
        }
        return directory.exclusively(() -> make(now));
    }

    @Override
    public Optional<AuthorityCertificate> authority() {
        return Optional.ofNullable(trusted)
                .map(certificate -> AuthorityCertificate.of(directory.file(AUTHORITY_CERTIFICATE), certificate));
    }

    private Identity trusting(Authority authority, Identity identity) {
        trusted = authority.certificate();
        return identity;
    }

    private Identity make(Instant now) throws TlsException {
        // while this one waited for the lock, another process may have made everything
        Optional<Authority> present = readAuthority(now);
        Set<String> wanted = names.names(NAME_PATIENCE);
        CertificateIssuer issuer = new CertificateIssuer();
        Authority authority = present.isPresent() ? present.get() : makeAuthority(issuer, now);
        Found found = readServer(authority, wanted, now);
        if (found.identity() != null) {
            return trusting(authority, found.identity());
        }
        Identity made = makeServer(issuer, authority, wanted, now);
        LOG.info("made {} for {}: {}", directory.file(SERVER_CERTIFICATE), wanted, found.whyNot());
        return trusting(authority, made);
    }

    private Authority makeAuthority(CertificateIssuer issuer, Instant now) throws TlsException {
        KeyPair pair;
        if (directory.has(AUTHORITY_KEY)) {
            PrivateKey key = readKey(AUTHORITY_KEY);
            if (!(key instanceof ECPrivateKey ec)) {
                throw new TlsException(
                        directory.file(AUTHORITY_CERTIFICATE) + ": there is no such file, and "
                                + directory.file(AUTHORITY_KEY) + " is not an EC key",
                        "put the certificate of this key back");
            }
            pair = new KeyPair(CertificateIssuer.publicKeyOf(ec), key);
        } else {
            // the key first: while it is there, its certificate can be made again
            pair = issuer.newKeyPair();
            writeKey(AUTHORITY_KEY, pair.getPrivate());
        }
        X509Certificate known = trusted;
        boolean goodStill =
                known != null && known.getPublicKey().equals(pair.getPublic()) && Certificates.validAt(known, now);
        X509Certificate certificate =
                known != null && goodStill ? known : issuer.authority(pair.getPublic(), pair.getPrivate(), now);
        writeCertificates(AUTHORITY_CERTIFICATE, List.of(certificate));
        LOG.info("made {}, SHA-256 {}", directory.file(AUTHORITY_CERTIFICATE), Certificates.sha256(certificate));
        return new Authority(pair.getPrivate(), certificate);
    }

    private Identity makeServer(CertificateIssuer issuer, Authority authority, Set<String> wanted, Instant now)
            throws TlsException {
        KeyPair pair = issuer.newKeyPair();
        X509Certificate certificate =
                issuer.server(authority.certificate(), authority.key(), pair.getPublic(), wanted, now);
        // with the authority, so that a chain is sent by which clients find the one they trust
        List<X509Certificate> chain = List.of(certificate, authority.certificate());
        writeKey(SERVER_KEY, pair.getPrivate());
        writeCertificates(SERVER_CERTIFICATE, chain);
        return new Identity(pair.getPrivate(), chain);
    }

    /** The authority, if there is a whole one; empty when one can be made without harm. */
    private Optional<Authority> readAuthority(Instant now) throws TlsException {
        Path keyFile = directory.file(AUTHORITY_KEY);
        Path certificateFile = directory.file(AUTHORITY_CERTIFICATE);
        if (!directory.has(AUTHORITY_KEY)) {
            if (directory.has(AUTHORITY_CERTIFICATE) || trusted != null) {
                throw new TlsException(
                        keyFile + ": there is no such file, so no certificate can be issued that clients trust",
                        "put it back from a backup; or stop the server, remove " + directory.file("")
                                + ", start it, and give the new ca.crt to every client");
            }
            return Optional.empty();
        }
        if (!directory.has(AUTHORITY_CERTIFICATE)) {
            return Optional.empty();
        }
        PrivateKey key = readKey(AUTHORITY_KEY);
        X509Certificate certificate = Certificates.parse(
                        certificateFile, directory.read(AUTHORITY_CERTIFICATE, FileRule.OWN_CERTIFICATE))
                .get(0);
        if (!PrivateKeys.match(key, certificate.getPublicKey())) {
            throw new TlsException(
                    certificateFile + ": does not belong to the key in " + keyFile,
                    "put both files back from the same backup");
        }
        if (certificate.getBasicConstraints() < 0) {
            throw new TlsException(
                    certificateFile + ": not the certificate of an authority (basic constraints)",
                    "put the authority's own certificate there");
        }
        if (now.isAfter(Certificates.notAfter(certificate))) {
            throw new TlsException(
                    certificateFile + ": the authority's certificate expired at " + Certificates.notAfter(certificate)
                            + " (now: " + now + ")",
                    "remove it (not its key): another one is made for the same key; give that to every client");
        }
        Identity.requireValid(certificateFile, certificate, now);
        return Optional.of(new Authority(key, certificate));
    }

    private Found readServer(Authority authority, Set<String> wanted, Instant now) throws TlsException {
        if (!directory.has(SERVER_KEY) || !directory.has(SERVER_CERTIFICATE)) {
            return new Found(null, "there was none");
        }
        // who else could read or write the files matters more than what is in them
        byte[] key = directory.read(SERVER_KEY, FileRule.OWN_KEY);
        byte[] certificates = directory.read(SERVER_CERTIFICATE, FileRule.OWN_CERTIFICATE);
        Path keyFile = directory.file(SERVER_KEY);
        Path certificateFile = directory.file(SERVER_CERTIFICATE);
        try {
            Identity identity = Identity.of(
                    certificateFile,
                    Certificates.parse(certificateFile, certificates),
                    keyFile,
                    PrivateKeys.parse(keyFile, key),
                    Identity.Purpose.SERVER,
                    now);
            String whyNot = whyRenew(identity, authority.certificate(), wanted, now);
            return new Found(whyNot == null ? identity : null, whyNot == null ? "" : whyNot);
        } catch (TlsException e) {
            // a crash between the two files, a restored half, a clock that jumped: another one costs nothing
            return new Found(null, String.valueOf(e.getMessage()));
        }
    }

    private static @Nullable String whyRenew(
            Identity identity, X509Certificate authority, Set<String> wanted, Instant now) {
        X509Certificate certificate = identity.certificate();
        if (!identity.chain().equals(List.of(certificate, authority))) {
            return "another authority issued it";
        }
        // names that the machine no longer has are no reason: a client may still use them, and interfaces come and go
        Set<String> missing = new LinkedHashSet<>(wanted);
        missing.removeAll(Certificates.names(certificate));
        if (!missing.isEmpty()) {
            return "it lacks " + missing;
        }
        Instant end = Certificates.notAfter(certificate);
        Duration life = Duration.between(Certificates.notBefore(certificate), end);
        boolean longerPossible = end.isBefore(Certificates.notAfter(authority));
        if (longerPossible && now.isAfter(end.minus(life.dividedBy(RENEWAL_PART)))) {
            return "it ends at " + end;
        }
        return null;
    }

    private PrivateKey readKey(String name) throws TlsException {
        return PrivateKeys.parse(directory.file(name), directory.read(name, FileRule.OWN_KEY));
    }

    private void writeKey(String name, PrivateKey key) throws TlsException {
        directory.write(name, FileRule.OWN_KEY, Pem.encode(Pem.PRIVATE_KEY, List.of(key.getEncoded())));
    }

    private void writeCertificates(String name, List<X509Certificate> certificates) throws TlsException {
        directory.write(name, FileRule.OWN_CERTIFICATE, Certificates.encode(certificates));
    }
}
