package io.github.pgwatchrpc.rpc.tls;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Security;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.ECPublicKey;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.bouncycastle.asn1.x509.AuthorityKeyIdentifier;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.SubjectKeyIdentifier;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CertificateIssuerTest {
    private static final Instant NOW = Instant.parse("2026-02-28T12:34:56.789Z");
    private static final List<String> NAMES =
            List.of("localhost", "*.example.org", "127.0.0.1", "0:0:0:0:0:0:0:1", "2001:db8:0:0:0:0:0:7", "pg_host");

    // positions in X509Certificate.getKeyUsage (RFC 5280, section 4.2.1.3)
    private static final int DIGITAL_SIGNATURE = 0;
    private static final int KEY_CERT_SIGN = 5;
    private static final int CRL_SIGN = 6;

    private final CertificateIssuer issuer = new CertificateIssuer();
    private final KeyPair authorityKeys = issuer.newKeyPair();
    private final X509Certificate authority =
            issuer.authority(authorityKeys.getPublic(), authorityKeys.getPrivate(), NOW);

    private X509Certificate server(Instant now) {
        return issuer.server(
                authority, authorityKeys.getPrivate(), issuer.newKeyPair().getPublic(), NAMES, now);
    }

    private static Extensions extensions(X509Certificate certificate) throws GeneralSecurityException {
        return new JcaX509CertificateHolder(certificate).getExtensions();
    }

    private static Set<Integer> usages(X509Certificate certificate) {
        boolean[] bits = certificate.getKeyUsage();
        Set<Integer> usages = new HashSet<>();
        for (int i = 0; i < bits.length; i++) {
            if (bits[i]) {
                usages.add(i);
            }
        }
        return usages;
    }

    @Test
    void anAuthorityIssuesServersAndNothingElseForTenYears() throws GeneralSecurityException {
        authority.verify(authorityKeys.getPublic());
        assertEquals("SHA256withECDSA", authority.getSigAlgName());
        assertEquals(
                256,
                ((ECPublicKey) authority.getPublicKey()).getParams().getOrder().bitLength());
        assertEquals(0, authority.getBasicConstraints(), "path length");
        assertEquals(Set.of(KEY_CERT_SIGN, CRL_SIGN), usages(authority));
        assertTrue(authority.getCriticalExtensionOIDs().containsAll(List.of("2.5.29.19", "2.5.29.15")));
        Duration life = Duration.between(Certificates.notBefore(authority), Certificates.notAfter(authority));
        assertEquals(3652, life.toDays());
        assertTrue(Certificates.validAt(authority, NOW.minus(Duration.ofHours(23))), "clients' clocks may be behind");
    }

    @Test
    void aServersCertificateIsForItsNamesAndForServing() throws GeneralSecurityException, IOException {
        X509Certificate server = server(NOW);
        server.verify(authorityKeys.getPublic());
        assertEquals(-1, server.getBasicConstraints());
        assertEquals(Set.of(DIGITAL_SIGNATURE), usages(server));
        assertEquals(List.of("1.3.6.1.5.5.7.3.1"), server.getExtendedKeyUsage());
        assertEquals(new LinkedHashSet<>(NAMES), Certificates.names(server));
        assertEquals(
                List.of(2, 2, 7, 7, 7, 2),
                server.getSubjectAlternativeNames().stream()
                        .map(name -> name.get(0))
                        .toList());
        SubjectKeyIdentifier expected = SubjectKeyIdentifier.fromExtensions(extensions(authority));
        AuthorityKeyIdentifier actual = AuthorityKeyIdentifier.fromExtensions(extensions(server));
        assertArrayEquals(expected.getKeyIdentifier(), actual.getKeyIdentifierOctets());
        assertFalse(Arrays.equals(
                expected.getKeyIdentifier(),
                SubjectKeyIdentifier.fromExtensions(extensions(server)).getKeyIdentifier()));
        assertFalse(extensions(server)
                .getExtension(Extension.subjectAlternativeName)
                .isCritical());
    }

    @Test
    void aServersCertificateLastsNoLongerThanItMay() {
        X509Certificate server = server(NOW);
        Duration life = Duration.between(Certificates.notBefore(server), Certificates.notAfter(server))
                .plusSeconds(1);
        assertEquals(Duration.ofDays(397), life);
        assertTrue(Certificates.validAt(server, NOW.minus(Duration.ofMinutes(59))), "clients' clocks may be behind");

        Instant late = Certificates.notAfter(authority).minus(Duration.ofDays(10));
        assertEquals(Certificates.notAfter(authority), Certificates.notAfter(server(late)));
        Instant early = Certificates.notBefore(authority);
        assertEquals(early, Certificates.notBefore(server(early)));
    }

    @Test
    void serialNumbersAreLargeAndDoNotRepeat() {
        Set<BigInteger> serials = new HashSet<>();
        int longest = 0;
        for (int i = 0; i < 20; i++) {
            BigInteger serial = server(NOW).getSerialNumber();
            assertTrue(serial.signum() > 0);
            assertTrue(serial.bitLength() <= 128, serial::toString);
            longest = Math.max(longest, serial.bitLength());
            serials.add(serial);
        }
        assertEquals(20, serials.size());
        // all twenty have this many leading zeros once in 2^160
        assertTrue(longest > 120, "longest serial: " + longest + " bits");
    }

    @Test
    void anotherCertificateOfTheSameKeyTakesOver() {
        X509Certificate successor = issuer.authority(
                authorityKeys.getPublic(), authorityKeys.getPrivate(), NOW.plus(Duration.ofDays(3000)));
        assertNotEquals(authority, successor);
        assertEquals(authority.getSubjectX500Principal(), successor.getSubjectX500Principal());
        assertTrue(Certificates.signedBy(server(NOW), successor));
        KeyPair other = issuer.newKeyPair();
        assertNotEquals(
                authority.getSubjectX500Principal(),
                issuer.authority(other.getPublic(), other.getPrivate(), NOW).getSubjectX500Principal());
    }

    @ParameterizedTest
    @ValueSource(ints = {256, 384, 521})
    void findsThePublicHalf(int bits) throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(bits);
        KeyPair pair = generator.generateKeyPair();
        assertEquals(pair.getPublic(), CertificateIssuer.publicKeyOf((ECPrivateKey) pair.getPrivate()));
    }

    @Test
    void usesTheProvidersThatAreThere() {
        server(NOW);
        assertEquals(null, Security.getProvider("BC"), "a provider for the whole process is not ours to add");
    }

    @Test
    void survivesPem() throws TlsException {
        X509Certificate server = server(NOW);
        List<X509Certificate> chain = List.of(server, authority);
        assertEquals(chain, Certificates.parse(Path.of("x"), Certificates.encode(chain)));
    }
}
