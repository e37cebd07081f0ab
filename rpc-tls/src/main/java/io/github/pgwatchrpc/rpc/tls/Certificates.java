package io.github.pgwatchrpc.rpc.tls;

import java.io.ByteArrayInputStream;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Certificates out of PEM files, and the questions that this package asks them. */
final class Certificates {
    // RFC 5280, section 4.2.1.6: the kinds of general names
    private static final int DNS_NAME = 2;
    private static final int IP_ADDRESS = 7;

    private Certificates() {}

    /** All certificates of a PEM file, in its order; at least one. Other blocks, such as a key, may stand beside them. */
    static List<X509Certificate> parse(Path file, byte[] content) throws TlsException {
        List<X509Certificate> certificates = new ArrayList<>();
        for (Pem.Block block : Pem.parse(file, content)) {
            // OpenSSL's older label
            if (block.label().equals(Pem.CERTIFICATE) || block.label().equals("X509 " + Pem.CERTIFICATE)) {
                certificates.add(decode(file, certificates.size() + 1, block.der()));
            }
        }
        if (certificates.isEmpty()) {
            throw new TlsException(
                    file + ": no certificate in it", "give the file with the -----BEGIN CERTIFICATE----- lines");
        }
        return certificates;
    }

    static byte[] encode(List<X509Certificate> certificates) {
        List<byte[]> ders = new ArrayList<>();
        for (X509Certificate certificate : certificates) {
            ders.add(der(certificate));
        }
        return Pem.encode(Pem.CERTIFICATE, ders);
    }

    /** As {@code openssl x509 -fingerprint -sha256} prints it. */
    static String sha256(X509Certificate certificate) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(der(certificate));
            return HexFormat.ofDelimiter(":").withUpperCase().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    static Instant notBefore(X509Certificate certificate) {
        return certificate.getNotBefore().toInstant();
    }

    static Instant notAfter(X509Certificate certificate) {
        return certificate.getNotAfter().toInstant();
    }

    static boolean validAt(X509Certificate certificate, Instant now) {
        return !now.isBefore(notBefore(certificate)) && !now.isAfter(notAfter(certificate));
    }

    static boolean signedBy(X509Certificate certificate, X509Certificate issuer) {
        if (!certificate.getIssuerX500Principal().equals(issuer.getSubjectX500Principal())) {
            return false;
        }
        try {
            certificate.verify(issuer.getPublicKey());
            return true;
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    static boolean selfIssued(X509Certificate certificate) {
        return certificate.getIssuerX500Principal().equals(certificate.getSubjectX500Principal());
    }

    /** The names and addresses that the certificate is for, in the spelling of {@link HostNames}. */
    static Set<String> names(X509Certificate certificate) {
        Set<String> names = new LinkedHashSet<>();
        try {
            Collection<List<?>> alternatives = certificate.getSubjectAlternativeNames();
            if (alternatives == null) {
                return names;
            }
            for (List<?> alternative : alternatives) {
                if (alternative.get(0) instanceof Integer kind
                        && (kind == DNS_NAME || kind == IP_ADDRESS)
                        && alternative.get(1) instanceof String name) {
                    names.add(spelled(name));
                }
            }
        } catch (CertificateParsingException e) {
            // clients cannot read them either, so the certificate is for no name at all
            return Set.of();
        }
        return names;
    }

    private static String spelled(String name) {
        try {
            return HostNames.canonical(name);
        } catch (IllegalArgumentException e) {
            return name;
        }
    }

    private static X509Certificate decode(Path file, int number, byte[] der) throws TlsException {
        try {
            return (X509Certificate)
                    CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der));
        } catch (CertificateException e) {
            throw new TlsException(
                    file + ": certificate " + number + " is damaged: " + e.getMessage(), "copy the file again", e);
        }
    }

    private static byte[] der(X509Certificate certificate) {
        try {
            return certificate.getEncoded();
        } catch (CertificateEncodingException e) {
            throw new IllegalStateException("a certificate that was parsed or made here has an encoding", e);
        }
    }
}
