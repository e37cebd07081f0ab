package io.github.pgwatchrpc.rpc.tls;

/** What the server asks of its clients once it has been given authorities that issue their certificates. */
public enum ClientCertificates {
    /** A client may come without a certificate; one that it shows has to be good. */
    OPTIONAL,
    /** A client without a good certificate is refused. */
    REQUIRED
}
