package io.github.pgwatchrpc.rpc.tls;

import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPrivateKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECPublicKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.Date;
import java.util.HexFormat;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.jcajce.provider.asymmetric.util.EC5Util;
import org.bouncycastle.math.ec.ECPoint;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * Makes keys and certificates (ECDSA on P-256, RFC 5280). The encoding is Bouncy Castle's, the cryptography that of the
 * Java it runs on; nothing loads this class in a start that finds its files.
 */
final class CertificateIssuer {
    /** Ten years. */
    static final Duration AUTHORITY_LIFE = Duration.ofDays(3652);
    /** What public certificates were limited to for years, and the longest that some platforms accept from anybody. */
    static final Duration SERVER_LIFE = Duration.ofDays(397);
    /** Certificates begin a little in the past, for clients whose clocks are behind. */
    static final Duration AUTHORITY_HEAD_START = Duration.ofDays(1);
    /** As {@link #AUTHORITY_HEAD_START}, and a part of {@link #SERVER_LIFE}. */
    static final Duration SERVER_HEAD_START = Duration.ofHours(1);

    private static final String CURVE = "secp256r1";
    private static final int SERIAL_BITS = 128;

    private final SecureRandom random = new SecureRandom();

    KeyPair newKeyPair() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec(CURVE), random);
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java that speaks TLS has P-256", e);
        }
    }

    /**
     * A self-signed authority for this key. Its name is made of the key alone, so that clients who trust an earlier
     * certificate of the same key accept what the key signs after this one has replaced it.
     */
    X509Certificate authority(PublicKey publicKey, PrivateKey key, Instant now) {
        X500Name name = name("pgwatch-rpc CA " + idOf(publicKey));
        Instant begin = now.minus(AUTHORITY_HEAD_START).truncatedTo(ChronoUnit.SECONDS);
        try {
            JcaX509ExtensionUtils extensions = new JcaX509ExtensionUtils();
            JcaX509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                    name, serial(), Date.from(begin), Date.from(begin.plus(AUTHORITY_LIFE)), name, publicKey);
            // it issues servers' certificates and no further authorities
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
            builder.addExtension(
                    Extension.subjectKeyIdentifier, false, extensions.createSubjectKeyIdentifier(publicKey));
            return sign(builder, key);
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException("an authority's certificate cannot be encoded", e);
        }
    }

    /**
     * A certificate for a server, no longer valid than its authority.
     *
     * @param names in the spelling of {@link HostNames}
     */
    X509Certificate server(
            X509Certificate authority,
            PrivateKey authorityKey,
            PublicKey publicKey,
            Collection<String> names,
            Instant now) {
        Instant begin = latest(now.minus(SERVER_HEAD_START), Certificates.notBefore(authority))
                .truncatedTo(ChronoUnit.SECONDS);
        // the last second counts (RFC 5280, section 4.1.2.5)
        Instant end = earliest(begin.plus(SERVER_LIFE).minusSeconds(1), Certificates.notAfter(authority));
        try {
            JcaX509ExtensionUtils extensions = new JcaX509ExtensionUtils();
            JcaX509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                    authority, serial(), Date.from(begin), Date.from(end), name("pgwatch-rpc server"), publicKey);
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
            builder.addExtension(
                    Extension.extendedKeyUsage, false, new ExtendedKeyUsage(KeyPurposeId.id_kp_serverAuth));
            builder.addExtension(
                    Extension.subjectKeyIdentifier, false, extensions.createSubjectKeyIdentifier(publicKey));
            builder.addExtension(
                    Extension.authorityKeyIdentifier,
                    false,
                    extensions.createAuthorityKeyIdentifier(authority.getPublicKey()));
            builder.addExtension(
                    Extension.subjectAlternativeName,
                    false,
                    new GeneralNames(
                            names.stream().map(CertificateIssuer::generalName).toArray(GeneralName[]::new)));
            return sign(builder, authorityKey);
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException("a server's certificate cannot be encoded", e);
        }
    }

    private static GeneralName generalName(String name) {
        InetAddress address = HostNames.address(name);
        return address == null
                ? new GeneralName(GeneralName.dNSName, name)
                : new GeneralName(GeneralName.iPAddress, new DEROctetString(address.getAddress()));
    }

    private static X509Certificate sign(JcaX509v3CertificateBuilder builder, PrivateKey key)
            throws GeneralSecurityException {
        try {
            return new JcaX509CertificateConverter()
                    .getCertificate(
                            builder.build(new JcaContentSignerBuilder(PrivateKeys.signatureAlgorithm(key)).build(key)));
        } catch (OperatorCreationException e) {
            throw new GeneralSecurityException(e);
        }
    }

    /**
     * The public half of an EC key, which a PKCS#8 file need not hold: the generator of the curve, taken as often as the
     * key says.
     */
    static PublicKey publicKeyOf(ECPrivateKey key) {
        ECPoint point =
                EC5Util.convertSpec(key.getParams()).getG().multiply(key.getS()).normalize();
        try {
            return KeyFactory.getInstance("EC")
                    .generatePublic(new ECPublicKeySpec(EC5Util.convertPoint(point), key.getParams()));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("a point of the key's own curve is a key", e);
        }
    }

    private static String idOf(PublicKey key) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(key.getEncoded());
            return HexFormat.of().formatHex(digest, 0, 8);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    private static X500Name name(String commonName) {
        return new X500NameBuilder(BCStyle.INSTANCE)
                .addRDN(BCStyle.CN, commonName)
                .build();
    }

    private BigInteger serial() {
        // zero is not a serial number (RFC 5280, section 4.1.2.2)
        return new BigInteger(SERIAL_BITS, random).max(BigInteger.ONE);
    }

    private static Instant latest(Instant a, Instant b) {
        return a.isAfter(b) ? a : b;
    }

    private static Instant earliest(Instant a, Instant b) {
        return a.isBefore(b) ? a : b;
    }
}
