package io.github.pgwatchrpc.sink.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * A certificate that nobody has signed but itself: an authority that no client
 * knows unless it is told. Made by the JDK's {@code keytool}, so that no key lies in a repository. Immutable.
 */
public final class TestCertificate {

    private static final String ALIAS = "test";

    /** Keeps nothing secret: the store is a temporary file. */
    private static final String PASSWORD = "changeit";

    private final KeyStore store;

    private TestCertificate(KeyStore store) {
        this.store = store;
    }

    /**
     * Makes a key and its certificate for this machine.
     *
     * @param name the common name
     * @return the certificate, valid for a month
     * @throws IOException if there is no keytool, or it fails
     * @throws InterruptedException if the thread was interrupted
     */
    public static TestCertificate make(String name) throws IOException, InterruptedException {
        return make(name, "dns:localhost,ip:127.0.0.1");
    }

    /**
     * Makes a key and its certificate.
     *
     * @param name the common name
     * @param hosts what it is for, such as {@code dns:localhost,ip:127.0.0.1}
     * @return the certificate, valid for a month
     * @throws IOException if there is no keytool, or it fails
     * @throws InterruptedException if the thread was interrupted
     */
    public static TestCertificate make(String name, String hosts) throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory("certificate");
        Path file = directory.resolve("store.p12");
        Path log = directory.resolve("log");
        try {
            Path keytool = Path.of(System.getProperty("java.home"), "bin", "keytool");
            Process process = new ProcessBuilder(List.of(
                            keytool.toString(),
                            "-genkeypair",
                            "-alias",
                            ALIAS,
                            "-keyalg",
                            "EC",
                            "-groupname",
                            "secp256r1",
                            "-dname",
                            "CN=" + name,
                            "-validity",
                            "30",
                            "-ext",
                            "san=" + hosts,
                            "-storetype",
                            "PKCS12",
                            "-keystore",
                            file.toString(),
                            "-storepass",
                            PASSWORD))
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            int code = process.waitFor();
            if (code != 0) {
                throw new IOException("keytool: exit code " + code + " (expected: 0): " + Files.readString(log));
            }
            KeyStore store = KeyStore.getInstance("PKCS12");
            try (InputStream in = Files.newInputStream(file)) {
                store.load(in, PASSWORD.toCharArray());
            }
            return new TestCertificate(store);
        } catch (GeneralSecurityException e) {
            throw new IOException(e);
        } finally {
            Files.deleteIfExists(file);
            Files.deleteIfExists(log);
            Files.deleteIfExists(directory);
        }
    }

    /**
     * The certificate, which is its own authority.
     *
     * @return PEM
     */
    public String certificatePem() {
        try {
            return pem("CERTIFICATE", store.getCertificate(ALIAS).getEncoded());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * The private key.
     *
     * @return PEM (PKCS #8, without passphrase)
     */
    public String privateKeyPem() {
        try {
            return pem(
                    "PRIVATE KEY", store.getKey(ALIAS, PASSWORD.toCharArray()).getEncoded());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A context that shows this certificate; it trusts the other one, if there is one. */
    SSLContext context(@Nullable TestCertificate trusted) {
        try {
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(store, PASSWORD.toCharArray());
            KeyManager[] shown = keys.getKeyManagers();
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(shown, trusted == null ? null : trusted.trust(), null);
            return context;
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private TrustManager[] trust() throws GeneralSecurityException, IOException {
        KeyStore anchors = KeyStore.getInstance("PKCS12");
        anchors.load(null, null);
        anchors.setCertificateEntry(ALIAS, store.getCertificate(ALIAS));
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(anchors);
        return trust.getTrustManagers();
    }

    private static String pem(String type, byte[] der) {
        return "-----BEGIN " + type + "-----\n"
                + Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII))
                        .encodeToString(der)
                + "\n-----END " + type + "-----\n";
    }
}
