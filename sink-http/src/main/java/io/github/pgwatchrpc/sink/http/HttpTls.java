package io.github.pgwatchrpc.sink.http;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Whom to trust and what to show. Files are PEM and read when a context is made, so that what is wrong with them is known
 * before anything is sent. Immutable.
 *
 * @param ca authorities to trust instead of the JDK's; null for those
 * @param clientCertificate the own certificate with its chain; null for none
 * @param clientKey its private key (PKCS #8, no passphrase); null for none
 * @param insecure true to take any certificate of any host: whoever is in between can then read and change everything
 */
public record HttpTls(
        @Nullable Path ca,
        @Nullable Path clientCertificate,
        @Nullable Path clientKey,
        boolean insecure) {

    /** The JDK's authorities, no certificate. */
    public static final HttpTls DEFAULT = new HttpTls(null, null, null, false);

    /** RFC 7468; OpenSSL's own forms of keys have other labels. */
    private static final Pattern KEY =
            Pattern.compile("-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END PRIVATE KEY-----");

    private static final List<String> KEY_ALGORITHMS = List.of("RSA", "EC", "Ed25519");

    /**
     * Reads the files.
     *
     * @return a context for clients
     * @throws IOException if a file cannot be read or holds something else; the message names it
     */
    public SSLContext context() throws IOException {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys(), insecure ? new TrustManager[] {new TrustsAnybody()} : trust(), null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IOException("TLS: " + e.getMessage(), e);
        }
    }

    private TrustManager @Nullable [] trust() throws IOException, GeneralSecurityException {
        if (ca == null) {
            return null;
        }
        KeyStore anchors = empty();
        int number = 0;
        for (Certificate each : certificates(ca)) {
            anchors.setCertificateEntry("ca-" + number++, each);
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(anchors);
        return factory.getTrustManagers();
    }

    private KeyManager @Nullable [] keys() throws IOException, GeneralSecurityException {
        if (clientCertificate == null && clientKey == null) {
            return null;
        } else if (clientCertificate == null || clientKey == null) {
            throw new IOException("client certificate and key: one of them (expected: both or none)");
        }
        KeyStore store = empty();
        char[] none = new char[0];
        store.setKeyEntry(
                "client",
                privateKey(clientKey),
                none,
                certificates(clientCertificate).toArray(new Certificate[0]));
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, none);
        return factory.getKeyManagers();
    }

    private static KeyStore empty() throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }

    private static Collection<? extends Certificate> certificates(Path file) throws IOException {
        try {
            Collection<? extends Certificate> all = CertificateFactory.getInstance("X.509")
                    .generateCertificates(new ByteArrayInputStream(Files.readAllBytes(file)));
            if (!all.isEmpty()) {
                return all;
            }
        } catch (GeneralSecurityException e) {
            throw new IOException(file + ": " + e.getMessage() + " (expected: certificates in PEM)", e);
        }
        throw new IOException(file + ": no certificate (expected: certificates in PEM)");
    }

    /** Nothing of the file stands in a message. */
    private static PrivateKey privateKey(Path file) throws IOException, GeneralSecurityException {
        Matcher matcher = KEY.matcher(Files.readString(file, StandardCharsets.ISO_8859_1));
        if (matcher.find()) {
            PKCS8EncodedKeySpec spec =
                    new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(matcher.group(1)));
            for (String algorithm : KEY_ALGORITHMS) {
                try {
                    return KeyFactory.getInstance(algorithm).generatePrivate(spec);
                } catch (InvalidKeySpecException e) {
                    // of another kind
                }
            }
        }
        throw new IOException(file
                + ": no private key (expected: PEM, BEGIN PRIVATE KEY, without passphrase; of RSA, EC or Ed25519)");
    }

    /** Extended, so that the JDK leaves the comparison of names to it, and there is none. */
    private static final class TrustsAnybody extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
