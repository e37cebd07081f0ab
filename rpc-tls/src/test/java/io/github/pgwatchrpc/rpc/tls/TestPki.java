package io.github.pgwatchrpc.rpc.tls;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.jspecify.annotations.Nullable;

/** Certificates as somebody else would issue them, good and bad. */
final class TestPki {
    private TestPki() {}

    /** A certificate with its key. */
    record Issued(PrivateKey key, X509Certificate certificate) {
        /** A certificate of this one's. */
        Template issue(String name) {
            return new Template(name).issuer(this);
        }

        Identity identity() {
            return new Identity(key, List.of(certificate));
        }
    }

    static KeyPair keyPair(String algorithm) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
            if (algorithm.equals("EC")) {
                generator.initialize(256);
            } else if (algorithm.equals("RSA")) {
                generator.initialize(2048);
            }
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    static Template template(String name) {
        return new Template(name);
    }

    static Issued authority(String name) {
        return template(name).authority().make();
    }

    /** What a certificate is to be. */
    static final class Template {
        private static final Duration HOUR = Duration.ofHours(1);

        private final String name;
        private @Nullable Issued issuer;
        private KeyPair keys = keyPair("EC");
        private Instant notBefore = Instant.now().minus(HOUR);
        private Instant notAfter = Instant.now().plus(HOUR.multipliedBy(24 * 60));
        private boolean authority;
        private List<String> hosts = List.of("localhost");
        private @Nullable KeyPurposeId purpose;

        private Template(String name) {
            this.name = name;
        }

        Template issuer(Issued value) {
            issuer = value;
            return this;
        }

        Template keys(KeyPair value) {
            keys = value;
            return this;
        }

        Template valid(Instant from, Instant until) {
            notBefore = from;
            notAfter = until;
            return this;
        }

        Template authority() {
            authority = true;
            hosts = List.of();
            return this;
        }

        Template hosts(String... values) {
            hosts = List.of(values);
            return this;
        }

        Template purpose(KeyPurposeId value) {
            purpose = value;
            return this;
        }

        Issued make() {
            try {
                X500Name subject = new X500Name("CN=" + name);
                JcaX509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                        issuer == null
                                ? subject
                                : X500Name.getInstance(issuer.certificate()
                                        .getSubjectX500Principal()
                                        .getEncoded()),
                        BigInteger.valueOf(System.nanoTime()),
                        Date.from(notBefore),
                        Date.from(notAfter),
                        subject,
                        keys.getPublic());
                if (authority) {
                    builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(true));
                }
                if (!hosts.isEmpty()) {
                    GeneralName[] names = hosts.stream()
                            .map(host -> new GeneralName(
                                    HostNames.address(host) == null ? GeneralName.dNSName : GeneralName.iPAddress,
                                    host))
                            .toArray(GeneralName[]::new);
                    builder.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(names));
                }
                if (purpose != null) {
                    builder.addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(purpose));
                }
                PrivateKey signer = issuer == null ? keys.getPrivate() : issuer.key();
                String algorithm = switch (signer.getAlgorithm()) {
                    case "EC" -> "SHA256withECDSA";
                    case "RSA" -> "SHA256withRSA";
                    default -> "Ed25519";
                };
                X509Certificate certificate = new JcaX509CertificateConverter()
                        .getCertificate(builder.build(new JcaContentSignerBuilder(algorithm).build(signer)));
                return new Issued(keys.getPrivate(), certificate);
            } catch (GeneralSecurityException | IOException | OperatorCreationException e) {
                throw new AssertionError(e);
            }
        }
    }

    static Path writeCertificates(Path file, X509Certificate... certificates) throws IOException {
        return Files.write(file, Certificates.encode(List.of(certificates)));
    }

    static Path writeKey(Path file, PrivateKey key) throws IOException {
        return writeKey(file, Pem.encode(Pem.PRIVATE_KEY, List.of(key.getEncoded())));
    }

    static Path writeKey(Path file, byte[] pem) throws IOException {
        Files.write(file, pem);
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    }
}
