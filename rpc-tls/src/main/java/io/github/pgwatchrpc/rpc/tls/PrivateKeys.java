package io.github.pgwatchrpc.rpc.tls;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.interfaces.RSAKey;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.List;
import java.util.Optional;

/** Private keys out of PEM files, and the question to which certificate one belongs. */
final class PrivateKeys {
    /** Bits. Clients of today refuse shorter ones (NIST SP 800-131A). */
    static final int MIN_RSA_LENGTH = 2048;

    // what PKCS#8 keys are tried as: it names its algorithm inside, where only a key factory looks
    private static final List<String> ALGORITHMS = List.of("EC", "RSA", "EdDSA");

    private static final String EXPECTED = "(expected: EC P-256, P-384 or P-521, RSA or Ed25519)";
    private static final byte[] CHALLENGE =
            "does this key belong to this certificate?".getBytes(StandardCharsets.US_ASCII);

    private PrivateKeys() {}

    /**
     * The one private key of a PEM file: PKCS#8, PKCS#1 (RSA) or SEC 1 (EC), without a passphrase. Other blocks, such as
     * certificates or {@code EC PARAMETERS}, may stand beside it.
     */
    static PrivateKey parse(Path file, byte[] content) throws TlsException {
        List<Pem.Block> keys = Pem.parse(file, content).stream()
                .filter(block -> block.label().endsWith(Pem.PRIVATE_KEY))
                .toList();
        if (keys.size() != 1) {
            throw new TlsException(
                    file + ": private keys: " + keys.size() + " (expected: 1)",
                    "give the file that holds the certificate's private key, and only that one");
        }
        Pem.Block key = keys.get(0);
        if (key.encrypted()) {
            throw new TlsException(
                    file + ": the private key is encrypted (expected: one without a passphrase)",
                    "openssl pkey -in " + file + " -out server.key; chmod 600 server.key");
        }
        PrivateKey decoded = decode(file, pkcs8(file, key));
        if (decoded instanceof RSAKey rsa && rsa.getModulus().bitLength() < MIN_RSA_LENGTH) {
            throw new TlsException(
                    file + ": RSA key length: " + rsa.getModulus().bitLength() + " bits (expected: >= " + MIN_RSA_LENGTH
                            + ")",
                    "make a longer key, or an EC one, and a certificate for it");
        }
        return decoded;
    }

    /** Whether this is the private half of that public key. */
    static boolean match(PrivateKey key, PublicKey certified) {
        try {
            Signature signature = Signature.getInstance(signatureAlgorithm(key));
            signature.initSign(key);
            signature.update(CHALLENGE);
            byte[] answer = signature.sign();
            signature.initVerify(certified);
            signature.update(CHALLENGE);
            return signature.verify(answer);
        } catch (InvalidKeyException | SignatureException e) {
            // a public key of another algorithm or curve
            return false;
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java lacks a signature that TLS needs", e);
        }
    }

    static String signatureAlgorithm(PrivateKey key) {
        return switch (key.getAlgorithm()) {
            case "EC" -> "SHA256withECDSA";
            case "RSA" -> "SHA256withRSA";
            default -> key.getAlgorithm();
        };
    }

    private static byte[] pkcs8(Path file, Pem.Block key) throws TlsException {
        Optional<byte[]> encoded = switch (key.label()) {
            case Pem.PRIVATE_KEY -> Optional.of(key.der());
            case "RSA PRIVATE KEY" -> TraditionalKeys.rsa(key.der());
            case "EC PRIVATE KEY" -> TraditionalKeys.ec(key.der());
            default -> Optional.empty();
        };
        return encoded.orElseThrow(() -> unknown(file));
    }

    private static PrivateKey decode(Path file, byte[] pkcs8) throws TlsException {
        for (String algorithm : ALGORITHMS) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
            } catch (InvalidKeySpecException e) {
                // not a key of this algorithm; perhaps of the next
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("this Java lacks a key type that TLS needs", e);
            }
        }
        throw unknown(file);
    }

    // without a cause: what a parser says about a key can quote from it
    private static TlsException unknown(Path file) {
        return new TlsException(
                file + ": the private key is damaged or of an unknown kind " + EXPECTED,
                "openssl pkey -noout -text -in " + file + " shows what it is; copy it again or make another one");
    }
}
