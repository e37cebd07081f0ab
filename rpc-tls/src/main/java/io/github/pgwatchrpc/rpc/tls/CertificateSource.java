package io.github.pgwatchrpc.rpc.tls;

import java.util.Optional;

/** Where the server's certificate comes from. */
interface CertificateSource {
    /**
     * What the server is to prove itself with from now on. Called at start and then again and again; a source that makes
     * its certificates itself renews them here. Blocks on the disk, and may ask a name service.
     *
     * @throws TlsException when there is nothing good; what was loaded before stays in use
     */
    Identity load() throws TlsException;

    /** The authority that clients have to trust, when it is one of our own. */
    Optional<AuthorityCertificate> authority();
}
