package io.github.pgwatchrpc.rpc.tls;

import java.io.IOException;
import java.util.Optional;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.pkcs.RSAPrivateKey;
import org.bouncycastle.asn1.sec.ECPrivateKey;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;

/**
 * Puts the key formats from before PKCS#8 into PKCS#8, the only one that Java reads. A class of its own, because loading
 * it loads Bouncy Castle, which most starts have no need of.
 */
final class TraditionalKeys {
    private TraditionalKeys() {}

    /** From PKCS#1 (RFC 8017, appendix A.1.2); empty when it is not that. */
    static Optional<byte[]> rsa(byte[] der) {
        try {
            AlgorithmIdentifier algorithm =
                    new AlgorithmIdentifier(PKCSObjectIdentifiers.rsaEncryption, DERNull.INSTANCE);
            return Optional.of(new PrivateKeyInfo(algorithm, RSAPrivateKey.getInstance(der)).getEncoded());
        } catch (IOException | RuntimeException e) {
            return Optional.empty();
        }
    }

    /** From SEC 1 (RFC 5915); empty when it is not that, or does not say by name which curve it is on. */
    static Optional<byte[]> ec(byte[] der) {
        try {
            ECPrivateKey key = ECPrivateKey.getInstance(der);
            if (!(key.getParametersObject() instanceof ASN1ObjectIdentifier curve)) {
                return Optional.empty();
            }
            AlgorithmIdentifier algorithm = new AlgorithmIdentifier(X9ObjectIdentifiers.id_ecPublicKey, curve);
            return Optional.of(new PrivateKeyInfo(algorithm, key).getEncoded());
        } catch (IOException | RuntimeException e) {
            return Optional.empty();
        }
    }
}
