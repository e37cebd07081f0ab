package io.github.pgwatchrpc.rpc.netrpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.rpc.SelfSigned;
import io.github.pgwatchrpc.rpc.detect.Protocol;
import io.github.pgwatchrpc.rpc.listen.RpcListener;
import io.github.pgwatchrpc.rpc.listen.TlsProtocol;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** net/rpc inside TLS, from both ends. */
class TlsTest {

    private final Events events = new Events();
    private final NetRpcServer server =
            new TestService().addTo(NetRpcServer.builder()).build();

    @SuppressWarnings("NullAway.Init") // JUnit calls makeCertificate
    private static SelfSigned certificate;

    @SuppressWarnings("NullAway.Init") // JUnit calls setUp
    private RpcListener listener;

    @BeforeAll
    static void makeCertificate(@TempDir Path directory) throws Exception {
        certificate = new SelfSigned(directory);
    }

    @BeforeEach
    void setUp() throws Exception {
        listener = listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    private RpcListener listen(InetSocketAddress address) throws Exception {
        return RpcListener.builder()
                .protocol(
                        Protocol.TLS,
                        new TlsProtocol(
                                certificate.server(),
                                Map.of(Protocol.GOB, server.raw(), Protocol.HTTP_CONNECT, server.overHttp()),
                                events))
                .observer(events)
                .bind(address);
    }

    @AfterEach
    void tearDown() {
        listener.close();
    }

    private NetRpcClient.Builder client() throws Exception {
        return NetRpcClient.builder(
                        new InetSocketAddress("localhost", listener.address().getPort()))
                .longestBackOff(Duration.ZERO)
                .tls(certificate.client());
    }

    // ---- the client ----

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aClientCallsAndConnectsAgain(boolean raw) throws Exception {
        NetRpcClient.Builder builder = raw ? client().raw() : client();
        try (NetRpcClient client = builder.connect()) {
            assertEquals("re: a", client.call("Echo.Text", "a", String.class));
            assertEquals("re: " + "b".repeat(100_000), client.call("Echo.Text", "b".repeat(100_000), String.class));
            CompletableFuture<String> inFlight = client.callAsync("Echo.Later", "a", String.class);
            assertEquals("re: a", client.call("Echo.Text", "a", String.class));
            InetSocketAddress address = listener.address();
            listener.stop(Duration.ofMillis(1));
            Throwable lost =
                    assertThrows(ExecutionException.class, inFlight::get).getCause();
            assertEquals("rpc: connection lost: closed by the server", lost.getMessage());
            listener = listen(address);
            assertEquals("re: c", client.call("Echo.Text", "c", String.class));
        }
    }

    @Test
    void aServerThatIsNotTrustedIsNotCalled() throws Exception {
        IOException refused = assertThrows(
                IOException.class,
                () -> NetRpcClient.builder(new InetSocketAddress(
                                "localhost", listener.address().getPort()))
                        .tls(SslContextBuilder.forClient().build())
                        .connect());
        assertTrue(String.valueOf(refused.getMessage()).contains("PKIX path building failed"), refused.getMessage());
        assertTrue(events.await("closed").startsWith("closed TLS 0 TLS: "));
    }

    @Test
    void aCertificateForAnotherNameIsRefused() throws Exception {
        IOException refused = assertThrows(
                IOException.class,
                () -> NetRpcClient.builder(listener.address())
                        .tls(certificate.client())
                        .connect());
        assertTrue(String.valueOf(refused.getMessage()).contains("subject alternative"), refused.getMessage());
    }

    // ---- the server's word for the end ----

    private Socket plain() throws IOException {
        Socket socket =
                new Socket(listener.address().getAddress(), listener.address().getPort());
        socket.setSoTimeout(60_000);
        return socket;
    }

    /** An end that RST brings: nothing is said before it. */
    private static void reset(Socket socket) throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aResetAfterTheHandshakeIsNoFaultOfTls(boolean called) throws Exception {
        Socket under = plain();
        SSLSocket socket = (SSLSocket) certificate
                .sockets()
                .getSocketFactory()
                .createSocket(under, "localhost", listener.address().getPort(), false);
        OutputStream out = socket.getOutputStream();
        out.write(new Requests().define().call("Echo.Text", 1, "a").take());
        // the answer says that the handshake is done at the other end too
        InputStream in = socket.getInputStream();
        assertTrue(in.read() >= 0);
        if (called) {
            out.write(new byte[] {100, 1});
        }
        reset(under);
        String end = events.await("closed");
        assertTrue(end.startsWith("closed CUT 1 "), end);
    }

    @Test
    void aBrokenRecordIsOneOfTls() throws Exception {
        Socket under = plain();
        SSLSocket socket = (SSLSocket) certificate
                .sockets()
                .getSocketFactory()
                .createSocket(under, "localhost", listener.address().getPort(), false);
        socket.getOutputStream()
                .write(new Requests().define().call("Echo.Text", 1, "a").take());
        assertTrue(socket.getInputStream().read() >= 0);
        under.getOutputStream()
                .write(new byte[] {23, 3, 3, 0, 20, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0});
        String end = events.await("closed");
        assertTrue(end.startsWith("closed TLS 1 TLS: "), end);
        under.close();
    }
}
