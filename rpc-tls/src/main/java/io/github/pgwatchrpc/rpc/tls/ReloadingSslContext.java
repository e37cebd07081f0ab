package io.github.pgwatchrpc.rpc.tls;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ApplicationProtocolNegotiator;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.ImmediateExecutor;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Executor;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSessionContext;
import org.jspecify.annotations.Nullable;

/**
 * The server's context: every new connection begins with what was {@linkplain #use put into use} last, and one that is
 * open goes on with what it began with. Safe for use by several threads.
 *
 * <p>It stands directly on Java's own TLS. Netty's context for it reads the machine's hundred and more public
 * authorities when its class is loaded, which a server has no use for and which takes longer than all the rest of the
 * start.
 */
final class ReloadingSslContext extends SslContext {
    /**
     * Resumable sessions that are kept for clients that cannot keep a ticket themselves; those that can (all of TLS 1.3)
     * cost the server nothing.
     */
    static final int SESSION_CACHE_SIZE = 1024;
    /** Seconds. A client that comes back later does a full handshake. */
    static final int SESSION_TIMEOUT = 2 * 60 * 60;

    private volatile State state;

    private record State(SSLContext context, SSLParameters parameters, ClientTrust trust) {}

    ReloadingSslContext(Identity identity, List<X509Certificate> clientAuthorities, @Nullable ClientCertificates demand)
            throws GeneralSecurityException {
        this.state = state(identity, new ClientTrust(clientAuthorities), demand);
    }

    /** Takes these for all connections from now on. Sessions of before cannot be resumed, so that no old trust lives on. */
    void use(Identity identity, List<X509Certificate> clientAuthorities, @Nullable ClientCertificates demand)
            throws GeneralSecurityException {
        ClientTrust before = state.trust();
        state = state(
                identity,
                before.authorities().equals(clientAuthorities) ? before : new ClientTrust(clientAuthorities),
                demand);
    }

    /** Whether a client that has shown these, or none, would be let in by a handshake now. */
    boolean wouldTrust(List<X509Certificate> shown) {
        return shown.isEmpty() || state.trust().covers(shown);
    }

    private static State state(Identity identity, ClientTrust trust, @Nullable ClientCertificates demand)
            throws GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(new KeyManager[] {new IdentityKeyManager(identity)}, trust.managers(), null);
        context.getServerSessionContext().setSessionCacheSize(SESSION_CACHE_SIZE);
        context.getServerSessionContext().setSessionTimeout(SESSION_TIMEOUT);
        return new State(context, parameters(context, demand), trust);
    }

    private static SSLParameters parameters(SSLContext context, @Nullable ClientCertificates demand) {
        // a Java that is set up more strictly than this may lack some
        List<String> supported =
                Arrays.asList(context.getSupportedSSLParameters().getCipherSuites());
        SSLParameters parameters = new SSLParameters(
                TlsPolicy.CIPHER_SUITES.stream().filter(supported::contains).toArray(String[]::new),
                TlsPolicy.PROTOCOLS.toArray(String[]::new));
        parameters.setUseCipherSuitesOrder(true);
        if (demand == ClientCertificates.REQUIRED) {
            parameters.setNeedClientAuth(true);
        } else if (demand == ClientCertificates.OPTIONAL) {
            parameters.setWantClientAuth(true);
        }
        return parameters;
    }

    @Override
    public SSLEngine newEngine(ByteBufAllocator allocator) {
        State current = state;
        SSLEngine engine = current.context().createSSLEngine();
        engine.setUseClientMode(false);
        engine.setSSLParameters(current.parameters());
        // the empty text is "none of these, and go on": pgwatch 3.6 and 3.7 offer nothing, browsers offer HTTP/1.1 too
        engine.setHandshakeApplicationProtocolSelector(
                (ignored, offered) -> offered.contains(TlsPolicy.HTTP_2) ? TlsPolicy.HTTP_2 : "");
        return engine;
    }

    @Override
    public SSLEngine newEngine(ByteBufAllocator allocator, String peerHost, int peerPort) {
        return newEngine(allocator);
    }

    @Override
    protected SslHandler newHandler(ByteBufAllocator allocator, boolean startTls) {
        // the one executor that the handler knows to run on the event loop
        return new Handler(newEngine(allocator), startTls, ImmediateExecutor.INSTANCE);
    }

    @Override
    protected SslHandler newHandler(ByteBufAllocator allocator, boolean startTls, Executor executor) {
        return new Handler(newEngine(allocator), startTls, executor);
    }

    @Override
    protected SslHandler newHandler(ByteBufAllocator allocator, String peerHost, int peerPort, boolean startTls) {
        return newHandler(allocator, startTls);
    }

    @Override
    protected SslHandler newHandler(
            ByteBufAllocator allocator, String peerHost, int peerPort, boolean startTls, Executor executor) {
        return newHandler(allocator, startTls, executor);
    }

    @Override
    public boolean isClient() {
        return false;
    }

    @Override
    public List<String> cipherSuites() {
        return List.of(state.parameters().getCipherSuites());
    }

    @Override
    @SuppressWarnings("deprecation") // what the super class asks for
    public ApplicationProtocolNegotiator applicationProtocolNegotiator() {
        return () -> List.of(TlsPolicy.HTTP_2);
    }

    @Override
    public SSLSessionContext sessionContext() {
        return state.context().getServerSessionContext();
    }

    /** Netty's handler knows the protocol that was agreed on only from Netty's own engines. */
    private static final class Handler extends SslHandler {
        Handler(SSLEngine engine, boolean startTls, Executor executor) {
            super(engine, startTls, executor);
        }

        @Override
        public @Nullable String applicationProtocol() {
            String agreed = engine().getApplicationProtocol();
            return agreed == null || agreed.isEmpty() ? null : agreed;
        }
    }
}
