package io.github.pgwatchrpc.rpc.tls;

import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.SupportedCipherSuiteFilter;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.List;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * The client's side of TLS: trusts the authorities of one file and nobody else, as pgwatch does with {@code sslrootca},
 * and always compares the server's certificate with the host name that was dialled. Immutable.
 *
 * <p>The host has to be told when a connection is made: {@code context.newHandler(allocator, host, port)}.
 */
public final class ClientTls {
    private static final Clock CLOCK = Clock.systemUTC();

    private final Path authorities;
    private final List<String> offered;
    private final @Nullable Path certificate;
    private final @Nullable Path key;

    private ClientTls(Path authorities, List<String> offered, @Nullable Path certificate, @Nullable Path key) {
        this.authorities = authorities;
        this.offered = offered;
        this.certificate = certificate;
        this.key = key;
    }

    /**
     * A client of servers whose certificates these authorities issue. It offers no protocol (ALPN) and shows no
     * certificate.
     *
     * @param authorities PEM, one certificate or more
     * @return a client's settings
     */
    public static ClientTls trusting(Path authorities) {
        return new ClientTls(authorities, List.of(), null, null);
    }

    /**
     * With these protocols offered to the server (ALPN), the best one first: {@code h2} for gRPC, nothing for net/rpc.
     *
     * @param protocols their registered names
     * @return other settings
     */
    public ClientTls offering(String... protocols) {
        return new ClientTls(authorities, List.of(protocols), certificate, key);
    }

    /**
     * With a certificate for servers that ask for one.
     *
     * @param certificate PEM: the client's certificate and those of its issuers, in any order
     * @param key PEM: its private key, PKCS#8, PKCS#1 or SEC 1, without a passphrase, not readable for every user
     * @return other settings
     */
    public ClientTls presenting(Path certificate, Path key) {
        return new ClientTls(authorities, offered, certificate, key);
    }

    /**
     * Reads the files. The first context of a process takes most of a second: Netty looks at what Java can do.
     *
     * @return for any number of connections
     * @throws TlsException when something is wrong with a file
     */
    public SslContext context() throws TlsException {
        SslContextBuilder builder = SslContextBuilder.forClient()
                .sslProvider(SslProvider.JDK)
                .trustManager(new TrustedAuthorities(authorities, CLOCK).load())
                .endpointIdentificationAlgorithm("HTTPS")
                .protocols(TlsPolicy.PROTOCOLS)
                .ciphers(TlsPolicy.CIPHER_SUITES, SupportedCipherSuiteFilter.INSTANCE);
        if (!offered.isEmpty()) {
            builder.applicationProtocolConfig(new ApplicationProtocolConfig(
                    ApplicationProtocolConfig.Protocol.ALPN,
                    ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                    ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
                    offered));
        }
        if (certificate != null && key != null) {
            PrivateKey privateKey = PrivateKeys.parse(key, FileRule.GIVEN_KEY.read(key));
            List<X509Certificate> certificates =
                    Certificates.parse(certificate, FileRule.GIVEN_CERTIFICATE.read(certificate));
            Identity identity =
                    Identity.of(certificate, certificates, key, privateKey, Identity.Purpose.CLIENT, CLOCK.instant());
            builder.keyManager(identity.key(), identity.chain());
        }
        try {
            return builder.build();
        } catch (SSLException e) {
            throw TlsPolicy.refused(e);
        }
    }
}
