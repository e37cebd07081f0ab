package io.github.pgwatchrpc.rpc.tls;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.function.UnaryOperator;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/** A client that knows nothing of this module: Java's own sockets, with host name verification. */
final class JdkClient {
    private final SSLContext context;

    private JdkClient(SSLContext context) {
        this.context = context;
    }

    static JdkClient trusting(Path authorities) throws GeneralSecurityException, IOException {
        return trusting(authorities, null);
    }

    static JdkClient trusting(Path authorities, @Nullable Identity identity)
            throws GeneralSecurityException, IOException {
        KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
        trusted.load(null, null);
        int count = 0;
        for (X509Certificate certificate : Certificates.parse(authorities, Files.readAllBytes(authorities))) {
            trusted.setCertificateEntry("trusted" + count++, certificate);
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(identity == null ? null : keys(identity), trust.getTrustManagers(), null);
        return new JdkClient(context);
    }

    private static KeyManager[] keys(Identity identity) throws GeneralSecurityException, IOException {
        char[] password = "client".toCharArray();
        KeyStore keys = KeyStore.getInstance(KeyStore.getDefaultType());
        keys.load(null, null);
        keys.setKeyEntry("client", identity.key(), password, identity.chain().toArray(new X509Certificate[0]));
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(keys, password);
        return factory.getKeyManagers();
    }

    /** Connected, with the handshake done; the certificate has to be for this name. */
    SSLSocket connect(InetSocketAddress address, String name) throws IOException {
        return connect(address, name, UnaryOperator.identity());
    }

    SSLSocket connect(InetSocketAddress address, String name, UnaryOperator<SSLParameters> settings)
            throws IOException {
        Socket plain = new Socket();
        try {
            plain.connect(address);
            SSLSocket socket =
                    (SSLSocket) context.getSocketFactory().createSocket(plain, name, address.getPort(), true);
            SSLParameters parameters = socket.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            socket.setSSLParameters(settings.apply(parameters));
            socket.startHandshake();
            return socket;
        } catch (IOException | RuntimeException e) {
            plain.close();
            throw e;
        }
    }
}
