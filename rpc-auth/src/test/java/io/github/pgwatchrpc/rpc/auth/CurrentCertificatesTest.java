package io.github.pgwatchrpc.rpc.auth;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.rpc.Credentials;
import io.github.pgwatchrpc.rpc.DeniedException;
import io.github.pgwatchrpc.rpc.Permit;
import io.github.pgwatchrpc.rpc.RpcException.Kind;
import io.github.pgwatchrpc.rpc.RpcPeer;
import java.io.ByteArrayInputStream;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CurrentCertificatesTest {

    private static final Credentials NOTHING = Credentials.none("net/rpc");

    /** Any will do; nobody has its key. */
    private static final String PEM = """
            -----BEGIN CERTIFICATE-----
            MIIBeDCCAR+gAwIBAgIUIVXtmNgbhCPWy5330JYh7+8TdDEwCgYIKoZIzj0EAwIw
            ETEPMA0GA1UEAwwGY2xpZW50MCAXDTI2MTEzMDIzMjUzNFoYDzIxMjYxMTA2MjMy
            NTM0WjARMQ8wDQYDVQQDDAZjbGllbnQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
            AARXH0Gfwx7Y1EO1oFh1gnue9dqimz+FP+1DjZymQ9VjihLugAOb4uRGpn+v4FGc
            qn//gatRJn4JPyAkRLQQMicfo1MwUTAdBgNVHQ4EFgQURc6d/LehOxpCEeF1d7Ry
            1T15DCowHwYDVR0jBBgwFoAURc6d/LehOxpCEeF1d7Ry1T15DCowDwYDVR0TAQH/
            BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiAtPIsCDXcngRvSOHZzCmlQoxo0Ht0l
            7in5QyK+U15NdAIgF0LfAAY6eRlf/pHXaNiCIN+gCgtUG/ZG0rcfSMqhJr0=
            -----END CERTIFICATE-----
            """;

    private final List<Outcome> outcomes = new ArrayList<>();
    private boolean trusted = true;
    private final CurrentCertificates authenticator =
            new CurrentCertificates(shown -> trusted, outcomes::add, (shown, peer, before) -> Permit.EVERYTHING);

    private static X509Certificate certificate() throws CertificateException {
        return (X509Certificate) CertificateFactory.getInstance("X.509")
                .generateCertificate(new ByteArrayInputStream(PEM.getBytes(US_ASCII)));
    }

    private record Peer(List<X509Certificate> certificates) implements RpcPeer {
        @Override
        public SocketAddress address() {
            return new InetSocketAddress("10.0.0.1", 5);
        }
    }

    @Test
    void whoHasShownNoneOrAGoodOneIsTheNextOnes() throws Exception {
        assertSame(Permit.EVERYTHING, authenticator.admit(NOTHING, new Peer(List.of(certificate())), null));
        trusted = false;
        assertSame(Permit.EVERYTHING, authenticator.admit(NOTHING, new Peer(List.of()), null));
        assertEquals(List.of(), outcomes, "the next one tells");
    }

    @Test
    void whoseAuthorityIsGoneIsRefusedWithItsConnection() throws Exception {
        trusted = false;
        RpcPeer peer = new Peer(List.of(certificate()));
        DeniedException denied =
                assertThrows(DeniedException.class, () -> authenticator.admit(NOTHING, peer, Permit.EVERYTHING));
        assertEquals(Kind.UNAUTHENTICATED, denied.kind());
        assertTrue(denied.isOfConnection());
        assertTrue(denied.delayNanos() > 0, "so that such calls take turns with others");
        assertEquals(List.of(Outcome.REVOKED), outcomes);
        assertFalse(new DeniedException(Kind.UNAUTHENTICATED, "a key", 0).isOfConnection());
    }
}
