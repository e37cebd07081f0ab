package io.github.pgwatchrpc.rpc.tls;

import java.util.List;

/** What both ends are ready to speak. */
final class TlsPolicy {
    static final List<String> PROTOCOLS = List.of("TLSv1.3", "TLSv1.2");

    /** HTTP/2 as ALPN names it (RFC 9113, section 3.1). */
    static final String HTTP_2 = "h2";

    /**
     * Forward secrecy and authenticated encryption only (RFC 9325, section 4.2; RFC 9113, section 9.2.2), the server's
     * order: AES with 128 bits first, because every processor of a server has instructions for it.
     */
    static final List<String> CIPHER_SUITES = List.of(
            "TLS_AES_128_GCM_SHA256",
            "TLS_AES_256_GCM_SHA384",
            "TLS_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256");

    private TlsPolicy() {}

    /** Java refuses good files: by its security settings, or for want of an algorithm. */
    static TlsException refused(Exception cause) {
        return new TlsException(
                "TLS cannot be set up with these certificates: " + cause.getMessage(),
                "check which TLS versions, algorithms and providers this Java is set up for",
                cause);
    }
}
