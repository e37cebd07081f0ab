package io.github.pgwatchrpc.rpc.tls;

import static io.github.pgwatchrpc.rpc.tls.Errors.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.util.Base64;
import java.util.List;
import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.sec.ECPrivateKey;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PrivateKeysTest {
    private static final Path FILE = Path.of("some.key");

    private static byte[] pem(String label, byte[] der) {
        return Pem.encode(label, List.of(der));
    }

    private static String text(byte[] pem) {
        return new String(pem, StandardCharsets.US_ASCII);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static byte[] sec1(KeyPair pair) throws IOException {
        org.bouncycastle.asn1.sec.ECPrivateKey bare = ECPrivateKey.getInstance(
                PrivateKeyInfo.getInstance(pair.getPrivate().getEncoded()).parsePrivateKey());
        return new ECPrivateKey(256, bare.getKey(), SECObjectIdentifiers.secp256r1).getEncoded();
    }

    private static void assertPair(KeyPair pair, byte[] pem) throws TlsException {
        assertTrue(PrivateKeys.match(PrivateKeys.parse(FILE, pem), pair.getPublic()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"EC", "RSA", "Ed25519"})
    void readsPkcs8(String algorithm) throws TlsException {
        KeyPair pair = TestPki.keyPair(algorithm);
        assertPair(pair, pem("PRIVATE KEY", pair.getPrivate().getEncoded()));
    }

    @ParameterizedTest
    @ValueSource(ints = {256, 384, 521})
    void readsEveryCurveThatTlsHas(int bits) throws GeneralSecurityException, TlsException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(bits);
        KeyPair pair = generator.generateKeyPair();
        assertPair(pair, pem("PRIVATE KEY", pair.getPrivate().getEncoded()));
    }

    @Test
    void readsPkcs1() throws IOException {
        KeyPair pair = TestPki.keyPair("RSA");
        byte[] pkcs1 = PrivateKeyInfo.getInstance(pair.getPrivate().getEncoded())
                .parsePrivateKey()
                .toASN1Primitive()
                .getEncoded();
        assertPair(pair, pem("RSA PRIVATE KEY", pkcs1));
    }

    @Test
    void readsSec1AsOpensslEcparamWritesIt() throws IOException {
        KeyPair pair = TestPki.keyPair("EC");
        String parameters = text(pem("EC PARAMETERS", SECObjectIdentifiers.secp256r1.getEncoded()));
        assertPair(pair, bytes(parameters + text(pem("EC PRIVATE KEY", sec1(pair)))));
    }

    @Test
    void findsTheKeyBetweenCertificates() throws TlsException {
        TestPki.Issued issued = TestPki.authority("any");
        byte[] key = pem("PRIVATE KEY", issued.key().getEncoded());
        byte[] certificate = Certificates.encode(List.of(issued.certificate()));
        assertEquals(issued.key(), PrivateKeys.parse(FILE, bytes(text(certificate) + text(key) + text(certificate))));
    }

    @Test
    void refusesEncryptedKeysAndSaysHowToDecryptThem() {
        TlsException pkcs8 = refused(
                () -> PrivateKeys.parse(FILE, pem("ENCRYPTED PRIVATE KEY", new byte[9])), "some.key", "encrypted");
        assertTrue(pkcs8.hint().contains("openssl pkey -in some.key"), pkcs8.hint());
        refused(() -> PrivateKeys.parse(FILE, bytes("""
                        -----BEGIN EC PRIVATE KEY-----
                        Proc-Type: 4,ENCRYPTED
                        DEK-Info: AES-128-CBC,00

                        AAAA
                        -----END EC PRIVATE KEY-----
                        """)), "encrypted");
    }

    @Test
    void refusesNoneAndTwo() {
        byte[] key = pem("PRIVATE KEY", TestPki.keyPair("EC").getPrivate().getEncoded());
        refused(() -> PrivateKeys.parse(FILE, pem("CERTIFICATE", new byte[9])), "private keys: 0 (expected: 1)");
        refused(() -> PrivateKeys.parse(FILE, bytes(text(key) + text(key))), "private keys: 2 (expected: 1)");
    }

    @Test
    void refusesShortRsa() throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(1024);
        byte[] pem = pem("PRIVATE KEY", generator.generateKeyPair().getPrivate().getEncoded());
        refused(() -> PrivateKeys.parse(FILE, pem), "RSA key length: 1024 bits (expected: >= 2048)");
    }

    @Test
    void refusesWhatItDoesNotKnow() throws IOException, GeneralSecurityException {
        byte[] dsa = pem(
                "PRIVATE KEY",
                KeyPairGenerator.getInstance("DSA")
                        .generateKeyPair()
                        .getPrivate()
                        .getEncoded());
        refused(() -> PrivateKeys.parse(FILE, dsa), "damaged or of an unknown kind (expected: EC");
        refused(() -> PrivateKeys.parse(FILE, pem("DSA PRIVATE KEY", new byte[9])), "unknown kind");
        refused(() -> PrivateKeys.parse(FILE, pem("RSA PRIVATE KEY", new byte[9])), "unknown kind");
        refused(() -> PrivateKeys.parse(FILE, pem("EC PRIVATE KEY", new byte[9])), "unknown kind");

        ASN1EncodableVector noCurve = new ASN1EncodableVector();
        noCurve.add(new ASN1Integer(1));
        noCurve.add(new DEROctetString(new byte[32]));
        byte[] der = new DERSequence(noCurve).getEncoded();
        refused(() -> PrivateKeys.parse(FILE, pem("EC PRIVATE KEY", der)), "unknown kind");
    }

    @Test
    void noDamageBringsAnyOtherErrorAndNoErrorQuotesTheKey() throws IOException {
        KeyPair pair = TestPki.keyPair("EC");
        for (String label : List.of("PRIVATE KEY", "EC PRIVATE KEY")) {
            byte[] whole = label.equals("PRIVATE KEY") ? pair.getPrivate().getEncoded() : sec1(pair);
            for (int at = 0; at < whole.length; at++) {
                for (int value = 0; value < 256; value++) {
                    byte[] damaged = whole.clone();
                    damaged[at] = (byte) value;
                    String encoded = Base64.getEncoder().encodeToString(damaged).substring(0, 16);
                    try {
                        PrivateKeys.parse(FILE, pem(label, damaged));
                    } catch (TlsException e) {
                        assertFalse(String.valueOf(e.getMessage()).contains(encoded), e.getMessage());
                    }
                }
            }
        }
    }

    @Test
    void matchesItsOwnPublicKeyOnly() {
        KeyPair ec = TestPki.keyPair("EC");
        KeyPair rsa = TestPki.keyPair("RSA");
        KeyPair ed = TestPki.keyPair("Ed25519");
        for (KeyPair one : List.of(ec, rsa, ed)) {
            for (KeyPair other : List.of(ec, rsa, ed, TestPki.keyPair("EC"))) {
                assertEquals(one == other, PrivateKeys.match(one.getPrivate(), other.getPublic()));
            }
        }
    }
}
