package io.github.pgwatchrpc.rpc.tls;

import static io.github.pgwatchrpc.rpc.tls.Errors.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CertificateFilesTest {
    private static final Duration DAY = Duration.ofDays(1);

    @TempDir
    Path directory;

    private final TestPki.Issued root = TestPki.authority("root");
    private final TestPki.Issued upper = root.issue("upper").authority().make();
    private final TestPki.Issued lower = upper.issue("lower").authority().make();
    private final TestPki.Issued leaf = lower.issue("leaf").make();
    private Path certificate;
    private Path key;

    @BeforeEach
    void setUp() throws IOException {
        certificate = directory.resolve("tls.crt");
        key = TestPki.writeKey(directory.resolve("tls.key"), leaf.key());
    }

    private Identity load() throws TlsException {
        return new CertificateFiles(certificate, key, Clock.systemUTC()).load();
    }

    private void write(X509Certificate... certificates) throws IOException {
        TestPki.writeCertificates(certificate, certificates);
    }

    @Test
    void putsTheChainInOrderWhateverTheOrder() throws IOException {
        List<X509Certificate> chain =
                List.of(leaf.certificate(), lower.certificate(), upper.certificate(), root.certificate());
        List<X509Certificate> shuffled = new ArrayList<>(chain);
        shuffled.add(TestPki.authority("stranger").certificate());
        // an authority of the same name and another key is no issuer
        shuffled.add(TestPki.authority("upper").certificate());
        long seed = 42;
        Random random = new Random(seed);
        for (int i = 0; i < 30; i++) {
            Collections.shuffle(shuffled, random);
            write(shuffled.toArray(new X509Certificate[0]));
            assertEquals(chain, load().chain(), "seed " + seed);
        }
    }

    @Test
    void takesAChainWithoutItsRoot() throws IOException {
        write(lower.certificate(), leaf.certificate());
        assertEquals(List.of(leaf.certificate(), lower.certificate()), load().chain());
    }

    @Test
    void takesBothFromOneFile() throws IOException {
        ByteArrayOutputStream both = new ByteArrayOutputStream();
        both.write(Files.readAllBytes(key));
        both.write(Certificates.encode(List.of(leaf.certificate(), lower.certificate())));
        TestPki.writeKey(key, both.toByteArray());
        Identity identity = new CertificateFiles(key, key, Clock.systemUTC()).load();
        assertEquals(List.of(leaf.certificate(), lower.certificate()), identity.chain());
        assertEquals(leaf.key(), identity.key());
    }

    @Test
    void takesTheRenewedOneOfTwoForTheSameKey() throws IOException {
        KeyPair keys = new KeyPair(leaf.certificate().getPublicKey(), leaf.key());
        Instant now = Instant.now();
        TestPki.Issued renewed = lower.issue("leaf")
                .keys(keys)
                .valid(now.minus(DAY), now.plus(DAY.multipliedBy(365)))
                .make();
        TestPki.Issued future = lower.issue("leaf")
                .keys(keys)
                .valid(now.plus(DAY), now.plus(DAY.multipliedBy(999)))
                .make();
        write(leaf.certificate(), future.certificate(), renewed.certificate());
        assertEquals(renewed.certificate(), load().certificate());
    }

    @Test
    void refusesAKeyOfAnotherCertificate() throws IOException {
        write(lower.issue("leaf").make().certificate(), lower.certificate());
        TlsException e =
                refused(this::load, certificate + ": none of its certificates (2) belongs to the key in " + key);
        assertTrue(e.hint().contains("wait"), e.hint());
    }

    @Test
    void refusesWhatIsNotValidNow() throws IOException {
        Instant now = Instant.now();
        TestPki.Issued ended = lower.issue("ended")
                .valid(now.minus(DAY.multipliedBy(2)), now.minus(DAY))
                .make();
        key = TestPki.writeKey(key, ended.key());
        write(ended.certificate());
        refused(this::load, certificate.toString(), "expired at " + Certificates.notAfter(ended.certificate()));

        TestPki.Issued future = lower.issue("future")
                .valid(now.plus(DAY), now.plus(DAY.multipliedBy(2)))
                .make();
        key = TestPki.writeKey(key, future.key());
        write(future.certificate());
        refused(this::load, certificate.toString(), "not valid before " + Certificates.notBefore(future.certificate()));
    }

    @Test
    void refusesACertificateThatIsNotForServers() throws IOException {
        TestPki.Issued client =
                lower.issue("client").purpose(KeyPurposeId.id_kp_clientAuth).make();
        key = TestPki.writeKey(key, client.key());
        write(client.certificate());
        refused(this::load, certificate + ": the certificate is not for serverAuth");

        for (KeyPurposeId good : List.of(KeyPurposeId.id_kp_serverAuth, KeyPurposeId.anyExtendedKeyUsage)) {
            TestPki.Issued server = lower.issue("server").purpose(good).make();
            key = TestPki.writeKey(key, server.key());
            write(server.certificate());
            assertEquals(server.certificate(), load().certificate());
        }
    }

    @Test
    void refusesDamage() throws IOException {
        Files.write(certificate, Pem.encode(Pem.CERTIFICATE, List.of(new byte[100])));
        refused(this::load, certificate + ": certificate 1 is damaged");
        Files.write(certificate, Pem.encode("CERTIFICATE REQUEST", List.of(new byte[100])));
        refused(this::load, certificate + ": no certificate in it");
        Files.write(certificate, leaf.certificate().getSignature());
        refused(this::load, certificate + ": no PEM block");
        Files.delete(certificate);
        refused(this::load, certificate + ": there is no such file");
        Files.delete(key);
        refused(this::load, key + ": there is no such file");
    }

    @Test
    void identitiesDoNotPrintTheirKeys() throws IOException {
        write(leaf.certificate());
        assertEquals("Identity[CN=leaf, " + Certificates.sha256(leaf.certificate()) + "]", load().toString());
    }
}
