package io.github.pgwatchrpc.rpc.tls;

import static io.github.pgwatchrpc.rpc.tls.Errors.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.LeakPresenceDetector;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClientTlsTest {
    @TempDir
    Path directory;

    private final MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private Path authority;

    @BeforeEach
    void setUp() {
        authority = directory.resolve("tls").resolve("ca.crt");
    }

    @AfterEach
    void tearDown() throws InterruptedException {
        group.shutdownGracefully(0, 10, TimeUnit.SECONDS).sync();
        LeakPresenceDetector.check();
    }

    private ServerTls.Builder server() {
        return ServerTls.withAuthority(directory.resolve("tls"), patience -> Set.of("localhost", "127.0.0.1"));
    }

    /** Sends a byte, waits for its echo, and tells which protocol was agreed on. */
    private String talk(SslContext context, InetSocketAddress address, String host) throws Exception {
        CompletableFuture<String> agreed = new CompletableFuture<>();
        Channel channel = new Bootstrap()
                .group(group)
                .channel(NioSocketChannel.class)
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel child) {
                        SslHandler handler = context.newHandler(child.alloc(), host, address.getPort());
                        child.pipeline().addLast(handler, new Answer(handler, agreed));
                    }
                })
                .connect(address)
                .sync()
                .channel();
        try {
            // fails with the handshake, which the handler behind it hears of
            ChannelFuture written = channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[1]));
            written.await();
            return agreed.get(1, TimeUnit.MINUTES);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof Exception cause ? cause : e;
        } finally {
            channel.close().sync();
        }
    }

    private static final class Answer extends SimpleChannelInboundHandler<ByteBuf> {
        private final SslHandler handler;
        private final CompletableFuture<String> agreed;

        Answer(SslHandler handler, CompletableFuture<String> agreed) {
            this.handler = handler;
            this.agreed = agreed;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, ByteBuf message) {
            agreed.complete(String.valueOf(handler.applicationProtocol()));
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            agreed.completeExceptionally(cause.getCause() instanceof SSLException tls ? tls : cause);
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            agreed.completeExceptionally(new IOException("closed"));
        }
    }

    @Test
    void trustsTheAuthorityForTheNameThatWasDialled() throws Exception {
        try (TestServer server = new TestServer(server().open().context())) {
            SslContext context = ClientTls.trusting(authority).context();
            assertEquals("null", talk(context, server.address(), "localhost"));
            assertEquals("null", talk(context, server.address(), "127.0.0.1"));
            SSLException e =
                    assertThrows(SSLException.class, () -> talk(context, server.address(), "elsewhere.example.org"));
            assertTrue(e.toString().contains("elsewhere.example.org"), e::toString);
        }
    }

    @Test
    void trustsNobodyElse() throws Exception {
        Path stranger = TestPki.writeCertificates(
                directory.resolve("stranger.crt"), TestPki.authority("stranger").certificate());
        try (TestServer server = new TestServer(server().open().context())) {
            SslContext context = ClientTls.trusting(stranger).context();
            assertThrows(SSLException.class, () -> talk(context, server.address(), "localhost"));
        }
    }

    @Test
    void offersWhatItIsTold() throws Exception {
        try (TestServer server = new TestServer(server().open().context())) {
            ClientTls client = ClientTls.trusting(authority);
            assertEquals("h2", talk(client.offering("h2").context(), server.address(), "localhost"));
            assertEquals("h2", talk(client.offering("x", "h2").context(), server.address(), "localhost"));
            assertEquals("null", talk(client.offering("x").context(), server.address(), "localhost"));
        }
    }

    @Test
    void presentsItsCertificate() throws Exception {
        TestPki.Issued clients = TestPki.authority("clients");
        TestPki.Issued client =
                clients.issue("client").purpose(KeyPurposeId.id_kp_clientAuth).make();
        Path authorities = TestPki.writeCertificates(directory.resolve("clients.crt"), clients.certificate());
        Path certificate = TestPki.writeCertificates(directory.resolve("client.crt"), client.certificate());
        Path key = TestPki.writeKey(directory.resolve("client.key"), client.key());
        ServerTls tls = server().clientCertificates(authorities, ClientCertificates.REQUIRED)
                .open();
        try (TestServer server = new TestServer(tls.context())) {
            ClientTls anonymous = ClientTls.trusting(authority);
            assertThrows(IOException.class, () -> talk(anonymous.context(), server.address(), "localhost"));
            talk(anonymous.presenting(certificate, key).context(), server.address(), "localhost");
        }

        TestPki.Issued wrong =
                clients.issue("server").purpose(KeyPurposeId.id_kp_serverAuth).make();
        TestPki.writeCertificates(certificate, wrong.certificate());
        TestPki.writeKey(key, wrong.key());
        refused(
                () -> ClientTls.trusting(authority).presenting(certificate, key).context(),
                certificate + ": the certificate is not for clientAuth");
    }

    @Test
    void saysWhatIsWrongWithAFile() throws IOException {
        Path file = directory.resolve("ca.crt");
        refused(() -> ClientTls.trusting(file).context(), file + ": there is no such file");
        Files.writeString(file, "-----BEGIN CERTIFICATE-----\n");
        refused(() -> ClientTls.trusting(file).context(), file + ": the block CERTIFICATE has no END line");
        refused(() -> AuthorityCertificate.read(file), file.toString());
    }
}
