package io.github.pgwatchrpc.rpc.tls;

import static io.github.pgwatchrpc.rpc.tls.Errors.refused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.LeakPresenceDetector;
import java.io.DataInputStream;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ServerTlsTest {
    private static final Duration DAY = Duration.ofDays(1);

    @TempDir
    Path directory;

    @AfterEach
    void noBufferIsLeft() {
        LeakPresenceDetector.check();
    }

    private static void echo(SSLSocket socket) throws IOException {
        byte[] sent = {1, 2, 3, 4, 5};
        socket.getOutputStream().write(sent);
        assertArrayEquals(sent, socket.getInputStream().readNBytes(sent.length));
    }

    private static X509Certificate shown(SSLSocket socket) throws SSLException {
        return (X509Certificate) socket.getSession().getPeerCertificates()[0];
    }

    private static UnaryOperator<SSLParameters> with(Consumer<SSLParameters> change) {
        return parameters -> {
            change.accept(parameters);
            return parameters;
        };
    }

    @Nested
    class WithItsOwnAuthority {
        private static final Set<String> NAMES = Set.of("localhost", "127.0.0.1", "0:0:0:0:0:0:0:1");

        private final Instant now = Instant.now();
        private Path path;
        private Path authority;

        @BeforeEach
        void setUp() {
            path = directory.resolve("tls");
            authority = path.resolve("ca.crt");
        }

        private ServerTls open() throws TlsException {
            return ServerTls.withAuthority(path, patience -> NAMES).open();
        }

        @ParameterizedTest
        @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
        void speaksWithClientsThatTrustTheAuthority(String version) throws Exception {
            ServerTls tls = open();
            try (TestServer server = new TestServer(tls.context());
                    SSLSocket socket = JdkClient.trusting(authority)
                            .connect(
                                    server.address(),
                                    "localhost",
                                    with(parameters -> parameters.setProtocols(new String[] {version})))) {
                echo(socket);
                assertEquals(version, socket.getSession().getProtocol());
                assertEquals(2, socket.getSession().getPeerCertificates().length, "chain with the authority");
                assertEquals(tls.status().sha256(), Certificates.sha256(shown(socket)));
            }
        }

        @Test
        void showsACertificateForTheAddressesOfThisMachine() throws Exception {
            ServerTls tls = ServerTls.withAuthority(path, List.of("metrics.example.org"))
                    .open();
            try (TestServer server = new TestServer(tls.context())) {
                JdkClient client = JdkClient.trusting(authority);
                for (String name : List.of("127.0.0.1", "localhost", "metrics.example.org", "::1")) {
                    client.connect(server.address(), name).close();
                }
            }
        }

        @Test
        void isReachedOverIpv6() throws Exception {
            InetAddress loopback = InetAddress.getAllByName("::1")[0];
            try (ServerSocket probe = new ServerSocket(0, 1, loopback)) {
                assertTrue(probe.isBound());
            } catch (SocketException e) {
                assumeTrue(false, "no IPv6 here: " + e);
            }
            try (TestServer server = new TestServer(open().context(), loopback);
                    SSLSocket socket = JdkClient.trusting(authority).connect(server.address(), "::1")) {
                echo(socket);
            }
        }

        @Test
        void clientsRefuseOtherNamesAndOtherAuthorities() throws Exception {
            Path stranger = TestPki.writeCertificates(
                    directory.resolve("stranger.crt"),
                    TestPki.authority("stranger").certificate());
            try (TestServer server = new TestServer(open().context())) {
                assertThrows(
                        SSLHandshakeException.class,
                        () -> JdkClient.trusting(authority).connect(server.address(), "elsewhere.example.org"));
                assertThrows(
                        SSLHandshakeException.class,
                        () -> JdkClient.trusting(stranger).connect(server.address(), "localhost"));
                // and it goes on
                JdkClient.trusting(authority)
                        .connect(server.address(), "localhost")
                        .close();
            }
        }

        @Test
        void agreesOnHttp2OnlyWithClientsThatOfferIt() throws Exception {
            try (TestServer server = new TestServer(open().context())) {
                JdkClient client = JdkClient.trusting(authority);
                for (String[] offered : new String[][] {{}, {"h2"}, {"http/1.1", "h2"}, {"http/1.1"}, {"grpc-exp"}}) {
                    try (SSLSocket socket = client.connect(
                            server.address(),
                            "localhost",
                            with(parameters -> parameters.setApplicationProtocols(offered)))) {
                        echo(socket);
                        boolean http2 = List.of(offered).contains("h2");
                        assertEquals(http2 ? "h2" : "", socket.getApplicationProtocol());
                        SslHandler handler = server.nextHandler();
                        assertEquals(http2 ? "h2" : null, handler.applicationProtocol());
                    }
                }
            }
        }

        @Test
        void takesAnyServerName() throws Exception {
            try (TestServer server = new TestServer(open().context());
                    SSLSocket socket = JdkClient.trusting(authority)
                            .connect(
                                    server.address(),
                                    "localhost",
                                    with(parameters ->
                                            parameters.setServerNames(List.of(new SNIHostName("who.is.this")))))) {
                echo(socket);
            }
        }

        @ParameterizedTest
        @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
        void resumesSessions(String version) throws Exception {
            ServerTls tls = open();
            JdkClient client = JdkClient.trusting(authority);
            UnaryOperator<SSLParameters> settings = with(parameters -> parameters.setProtocols(new String[] {version}));
            try (TestServer server = new TestServer(tls.context())) {
                try (SSLSocket first = client.connect(server.address(), "localhost", settings)) {
                    // TLS 1.3 sends its tickets after the handshake
                    echo(first);
                    first.getSession().putValue("mark", "first");
                }
                try (SSLSocket second = client.connect(server.address(), "localhost", settings)) {
                    echo(second);
                    assertEquals("first", second.getSession().getValue("mark"));
                }
            }
        }

        @Test
        void offersForwardSecrecyAndAuthenticatedEncryptionOnly() throws Exception {
            ServerTls tls = open();
            String[] suites =
                    tls.context().newEngine(UnpooledByteBufAllocator.DEFAULT).getEnabledCipherSuites();
            assertEquals(tls.context().cipherSuites(), List.of(suites));
            for (String suite : suites) {
                assertTrue(suite.matches("TLS_(ECDHE_(ECDSA|RSA)_WITH_)?(AES|CHACHA20).*(GCM|POLY1305)_SHA.*"), suite);
            }
            assertFalse(tls.context().isClient());
            assertEquals(
                    List.of("h2"), tls.context().applicationProtocolNegotiator().protocols());
        }

        @Test
        void refusesTls11WithTheAlertForIt() throws Exception {
            // record: handshake; hello: TLS 1.1, random, no session, two suites, no compression, no extensions
            byte[] hello = HexFormat.of()
                    .parseHex("160301002f" + "0100002b" + "0302" + "00".repeat(32) + "00" + "0004c009002f" + "0100");
            try (TestServer server = new TestServer(open().context());
                    Socket socket = new Socket(
                            server.address().getAddress(), server.address().getPort())) {
                // lengths follow from what stands above
                hello[4] = (byte) (hello.length - 5);
                hello[8] = (byte) (hello.length - 9);
                socket.getOutputStream().write(hello);
                DataInputStream in = new DataInputStream(socket.getInputStream());
                assertEquals(21, in.readUnsignedByte(), "alert");
                in.readUnsignedShort();
                assertEquals(2, in.readUnsignedShort());
                assertEquals(2, in.readUnsignedByte(), "fatal");
                assertEquals(70, in.readUnsignedByte(), "protocol_version");
                assertEquals(-1, in.read());
            }
        }

        @Test
        void renewsWithoutDroppingAConnection() throws Exception {
            TestClock clock = new TestClock(now.minus(DAY.multipliedBy(300)));
            ServerTls tls = ServerTls.withAuthority(path, patience -> NAMES)
                    .clock(clock)
                    .open();
            JdkClient client = JdkClient.trusting(authority);
            try (TestServer server = new TestServer(tls.context());
                    SSLSocket before = client.connect(server.address(), "localhost")) {
                echo(before);
                before.getSession().putValue("mark", "before");
                assertFalse(tls.check());
                TlsStatus old = tls.status();

                clock.set(now);
                assertTrue(tls.check());
                assertFalse(tls.check());

                echo(before);
                try (SSLSocket after = client.connect(server.address(), "localhost")) {
                    echo(after);
                    echo(before);
                    assertNotEquals(shown(before), shown(after));
                    assertNull(after.getSession().getValue("mark"), "old sessions end with the old certificate");
                    assertEquals(tls.status().sha256(), Certificates.sha256(shown(after)));
                }
                assertEquals(old.authority(), tls.status().authority());
                assertEquals(1, tls.status().changes());
                assertEquals(now, tls.status().inUseSince());
                assertTrue(tls.status().notAfter().isAfter(old.notAfter()));
            }
        }

        @Test
        void staysOverARestartForClientsThatHaveTheAuthority() throws Exception {
            ServerTls first = open();
            JdkClient client = JdkClient.trusting(authority);
            ServerTls second = open();
            assertEquals(first.status().sha256(), second.status().sha256());
            try (TestServer server = new TestServer(second.context())) {
                client.connect(server.address(), "localhost").close();
            }
        }

        @Test
        void clientsWithTheOldCertificateOfTheAuthorityNeedNotHurry() throws Exception {
            AuthorityCertificate old = open().status().authority().orElseThrow();
            JdkClient client = JdkClient.trusting(authority);
            Files.delete(authority);
            ServerTls again = open();
            assertNotEquals(old, again.status().authority().orElseThrow());
            try (TestServer server = new TestServer(again.context())) {
                client.connect(server.address(), "localhost").close();
                JdkClient.trusting(authority)
                        .connect(server.address(), "localhost")
                        .close();
            }
        }

        @Test
        void handsOutHandlersInEveryWay() throws Exception {
            ServerTls tls = open();
            UnpooledByteBufAllocator allocator = UnpooledByteBufAllocator.DEFAULT;
            for (SslHandler handler : List.of(
                    tls.context().newHandler(allocator),
                    tls.context().newHandler(allocator, Runnable::run),
                    tls.context().newHandler(allocator, "localhost", 1),
                    tls.context().newHandler(allocator, "localhost", 1, Runnable::run))) {
                assertFalse(handler.engine().getUseClientMode());
                assertEquals(TlsPolicy.PROTOCOLS, List.of(handler.engine().getEnabledProtocols()));
                assertNull(handler.applicationProtocol());
            }
            assertFalse(tls.context().newEngine(allocator, "localhost", 1).getUseClientMode());
        }

        @Test
        void tellsWhatIsInUse() throws Exception {
            TestClock clock = new TestClock(now);
            TlsStatus status = ServerTls.withAuthority(path, patience -> NAMES)
                    .clock(clock)
                    .open()
                    .status();
            assertEquals("CN=pgwatch-rpc server", status.subject());
            assertEquals(NAMES, Set.copyOf(status.names()));
            assertEquals(now, status.inUseSince());
            assertEquals(List.of(), status.warnings());
            assertTrue(status.problem().isEmpty());
            AuthorityCertificate shown = status.authority().orElseThrow();
            assertEquals(authority, shown.file());
            assertTrue(shown.subject().startsWith("CN=pgwatch-rpc CA "), shown.subject());
            assertTrue(shown.sha256().matches("([0-9A-F]{2}:){31}[0-9A-F]{2}"), shown.sha256());
        }

        @Test
        void warnsLongBeforeTheAuthorityEnds() throws Exception {
            TestClock clock = new TestClock(now);
            ServerTls tls = ServerTls.withAuthority(path, patience -> NAMES)
                    .clock(clock)
                    .open();
            Instant end = tls.status().authority().orElseThrow().notAfter();
            clock.set(end.minus(ServerTls.AUTHORITY_WARNING));
            tls.check();
            assertEquals(List.of(), tls.status().warnings());
            clock.advance(Duration.ofSeconds(1));
            tls.check();
            assertEquals(1, tls.status().warnings().size());
            assertTrue(tls.status().warnings().get(0).contains(authority + " ends at " + end));

            // doing what it says helps
            Files.delete(authority);
            Files.delete(path.resolve("server.crt"));
            ServerTls again = ServerTls.withAuthority(path, patience -> NAMES)
                    .clock(clock)
                    .open();
            assertEquals(List.of(), again.status().warnings());
        }

        @Test
        void aProblemKeepsTheLastGoodAndIsToldUntilItIsGone() throws Exception {
            ServerTls tls = open();
            TlsStatus good = tls.status();
            Path key = path.resolve("server.key");
            Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r--r--"));

            assertFalse(tls.check());
            assertFalse(tls.check());
            String problem = tls.status().problem().orElseThrow();
            assertTrue(problem.startsWith(key + ": mode rw-r--r--"), problem);
            assertTrue(problem.contains("; chmod 600 " + key), problem);
            assertEquals(2, tls.status().failedChecks());
            assertEquals(good.sha256(), tls.status().sha256());
            try (TestServer server = new TestServer(tls.context())) {
                JdkClient.trusting(authority)
                        .connect(server.address(), "localhost")
                        .close();
            }
            refused(this::open, key.toString());

            Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
            assertFalse(tls.check());
            assertTrue(tls.status().problem().isEmpty());
            assertEquals(0, tls.status().changes());
        }

        @Test
        void anUnexpectedErrorIsAProblemToo() throws Exception {
            CountDownLatch healthy = new CountDownLatch(1);
            ServerTls tls = ServerTls.withAuthority(path, patience -> {
                        if (healthy.getCount() == 0) {
                            throw new IllegalStateException("no names today");
                        }
                        return NAMES;
                    })
                    .open();
            healthy.countDown();
            assertFalse(tls.check());
            assertTrue(tls.status().problem().orElseThrow().contains("no names today"));
        }

        @Test
        void watchesUntilTheSchedulerEnds() throws Exception {
            CountDownLatch looked = new CountDownLatch(4);
            ServerTls tls = ServerTls.withAuthority(path, patience -> {
                        looked.countDown();
                        return NAMES;
                    })
                    .open();
            ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();
            try {
                tls.watch(scheduler, Duration.ofNanos(1));
                assertTrue(looked.await(1, TimeUnit.MINUTES));
            } finally {
                scheduler.shutdown();
                assertTrue(scheduler.awaitTermination(1, TimeUnit.MINUTES));
            }
        }

        @Test
        void nothingKeepsWhatIsNoLongerInUse() throws Exception {
            TestClock clock = new TestClock(now);
            ServerTls tls = ServerTls.withAuthority(path, patience -> NAMES)
                    .clock(clock)
                    .open();
            WeakReference<SSLSessionContext> old =
                    new WeakReference<>(tls.context().sessionContext());
            clock.advance(DAY.multipliedBy(300));
            assertTrue(tls.check());
            long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
            while (old.get() != null && System.nanoTime() < deadline) {
                System.gc();
            }
            assertNull(old.get());
        }

        @Test
        void refusesNamesThatAreNone() {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> ServerTls.withAuthority(path, List.of("https://example.org")));
        }
    }

    @Nested
    class WithFiles {
        private final TestPki.Issued root = TestPki.authority("root");
        private Path trusted;
        private Path certificate;
        private Path key;

        @BeforeEach
        void setUp() throws IOException {
            trusted = TestPki.writeCertificates(directory.resolve("root.crt"), root.certificate());
            certificate = directory.resolve("tls.crt");
            key = directory.resolve("tls.key");
        }

        private TestPki.Issued replace(TestPki.Issued issued) throws IOException {
            TestPki.writeKey(key, issued.key());
            TestPki.writeCertificates(certificate, issued.certificate());
            return issued;
        }

        private ServerTls open() throws TlsException {
            return ServerTls.withFiles(certificate, key).open();
        }

        private X509Certificate shownBy(TestServer server) throws Exception {
            try (SSLSocket socket = JdkClient.trusting(trusted).connect(server.address(), "localhost")) {
                echo(socket);
                return shown(socket);
            }
        }

        @ParameterizedTest
        @ValueSource(strings = {"EC", "RSA", "Ed25519"})
        void speaksWithEveryKindOfKey(String algorithm) throws Exception {
            TestPki.Issued issued = replace(
                    root.issue("server").keys(TestPki.keyPair(algorithm)).make());
            try (TestServer server = new TestServer(open().context())) {
                for (String version : TlsPolicy.PROTOCOLS) {
                    try (SSLSocket socket = JdkClient.trusting(trusted)
                            .connect(
                                    server.address(),
                                    "localhost",
                                    with(parameters -> parameters.setProtocols(new String[] {version})))) {
                        echo(socket);
                        assertEquals(issued.certificate(), shown(socket), version);
                    }
                }
            }
        }

        @Test
        void takesUpAnotherCertificateWithoutDroppingAConnection() throws Exception {
            TestPki.Issued first = replace(root.issue("first").make());
            ServerTls tls = open();
            assertTrue(tls.status().authority().isEmpty());
            try (TestServer server = new TestServer(tls.context());
                    SSLSocket open = JdkClient.trusting(trusted).connect(server.address(), "localhost")) {
                echo(open);
                assertFalse(tls.check());
                TestPki.Issued second = replace(root.issue("second").make());
                assertTrue(tls.check());
                assertEquals(second.certificate(), shownBy(server));
                echo(open);
                assertEquals(first.certificate(), shown(open));
                assertEquals("CN=second", tls.status().subject());
            }
        }

        @Test
        void takesUpWhatHasTheSameSizeAndTime() throws Exception {
            replace(root.issue("server").make());
            ServerTls tls = open();
            FileTime time = Files.getLastModifiedTime(certificate);
            TestPki.Issued second = replace(root.issue("server").make());
            Files.setLastModifiedTime(certificate, time);
            Files.setLastModifiedTime(key, time);
            assertTrue(tls.check());
            assertEquals(Certificates.sha256(second.certificate()), tls.status().sha256());
        }

        @Test
        void followsTheLinksOfASecretMount() throws Exception {
            // as Kubernetes does it: the names link into ..data, which is swapped from one version to the next
            TestPki.Issued[] issued = {root.issue("v0").make(), root.issue("v1").make()};
            for (int version = 0; version < 2; version++) {
                Path where = Files.createDirectory(directory.resolve("..v" + version));
                TestPki.writeCertificates(where.resolve("tls.crt"), issued[version].certificate());
                TestPki.writeKey(where.resolve("tls.key"), issued[version].key());
            }
            Path data = Files.createSymbolicLink(directory.resolve("..data"), Path.of("..v0"));
            Files.createSymbolicLink(certificate, Path.of("..data", "tls.crt"));
            Files.createSymbolicLink(key, Path.of("..data", "tls.key"));
            ServerTls tls = open();
            try (TestServer server = new TestServer(tls.context())) {
                assertEquals(issued[0].certificate(), shownBy(server));
                Files.move(
                        Files.createSymbolicLink(directory.resolve("..next"), Path.of("..v1")),
                        data,
                        StandardCopyOption.ATOMIC_MOVE);
                assertTrue(tls.check());
                assertEquals(issued[1].certificate(), shownBy(server));
            }
        }

        @Test
        void goesThroughEveryStepOfACarelessReplacement() throws Exception {
            TestPki.Issued first = replace(root.issue("first").make());
            ServerTls tls = open();
            TestPki.Issued second = root.issue("second").make();
            byte[] whole = Certificates.encode(List.of(second.certificate()));
            try (TestServer server = new TestServer(tls.context())) {
                TestPki.writeKey(key, new byte[0]);
                assertProblem(tls, key + ": empty");
                TestPki.writeKey(key, second.key());
                assertProblem(tls, certificate + ": none of its certificates (1) belongs to the key in " + key);
                for (int length = 0; length < whole.length - 1; length += 50) {
                    Files.write(certificate, Arrays.copyOf(whole, length));
                    assertProblem(tls, certificate.toString());
                }
                Files.delete(certificate);
                assertProblem(tls, certificate + ": there is no such file");
                assertEquals(first.certificate(), shownBy(server));

                Files.write(certificate, whole);
                assertTrue(tls.check());
                assertTrue(tls.status().problem().isEmpty());
                assertEquals(second.certificate(), shownBy(server));
            }
        }

        private void assertProblem(ServerTls tls, String beginning) {
            assertFalse(tls.check());
            String problem = tls.status().problem().orElseThrow();
            assertTrue(problem.startsWith(beginning), problem);
        }

        @Test
        void anExpiredReplacementIsNotTaken() throws Exception {
            replace(root.issue("first").make());
            ServerTls tls = open();
            Instant now = Instant.now();
            replace(root.issue("expired")
                    .valid(now.minus(DAY.multipliedBy(2)), now.minus(DAY))
                    .make());
            assertProblem(tls, certificate + ": the certificate expired at");
            assertEquals("CN=first", tls.status().subject());
            refused(this::open, certificate + ": the certificate expired at");
        }

        @Test
        void warnsOfWhatClientsWillRefuse() throws Exception {
            Instant now = Instant.now();
            TestClock clock = new TestClock(now);
            TestPki.Issued middle = root.issue("middle")
                    .authority()
                    .valid(now.minus(DAY), now.plus(DAY))
                    .make();
            TestPki.Issued leaf = middle.issue("leaf")
                    .hosts()
                    .valid(now.minus(DAY), now.plus(DAY.multipliedBy(30)))
                    .make();
            TestPki.writeKey(key, leaf.key());
            TestPki.writeCertificates(certificate, leaf.certificate(), middle.certificate());
            ServerTls tls = ServerTls.withFiles(certificate, key).clock(clock).open();
            assertWarnings(tls, "no subject alternative name");
            clock.advance(DAY.multipliedBy(10));
            assertWarnings(tls, "has not been replaced", "no subject alternative name", "issuer CN=middle");
            clock.advance(DAY.multipliedBy(21));
            assertWarnings(tls, "expired at", "no subject alternative name", "issuer CN=middle");
            assertTrue(tls.status().problem().orElseThrow().contains("expired"));
        }

        private void assertWarnings(ServerTls tls, String... parts) {
            tls.check();
            List<String> warnings = tls.status().warnings();
            assertEquals(parts.length, warnings.size(), warnings::toString);
            for (int i = 0; i < parts.length; i++) {
                assertTrue(warnings.get(i).contains(parts[i]), warnings.get(i));
            }
        }

        @Test
        void theContextStaysTheSame() throws Exception {
            replace(root.issue("first").make());
            ServerTls tls = open();
            SslContext context = tls.context();
            replace(root.issue("second").make());
            tls.check();
            assertSame(context, tls.context());
        }
    }

    @Nested
    class WithClientCertificates {
        private final TestPki.Issued root = TestPki.authority("root");
        private final TestPki.Issued clients = TestPki.authority("clients");
        private final Identity good = clients.issue("client").make().identity();
        private Path trusted;
        private Path certificate;
        private Path key;
        private Path authorities;

        @BeforeEach
        void setUp() throws IOException {
            TestPki.Issued server = root.issue("server").make();
            trusted = TestPki.writeCertificates(directory.resolve("root.crt"), root.certificate());
            certificate = TestPki.writeCertificates(directory.resolve("tls.crt"), server.certificate());
            key = TestPki.writeKey(directory.resolve("tls.key"), server.key());
            authorities = TestPki.writeCertificates(directory.resolve("clients.crt"), clients.certificate());
        }

        private ServerTls open(ClientCertificates demand, Clock clock) throws TlsException {
            return ServerTls.withFiles(certificate, key)
                    .clientCertificates(authorities, demand)
                    .clock(clock)
                    .open();
        }

        private void talk(TestServer server, JdkClient client, String version) throws IOException {
            try (SSLSocket socket = client.connect(
                    server.address(),
                    "localhost",
                    with(parameters -> parameters.setProtocols(new String[] {version})))) {
                // in TLS 1.3 a client hears of its refusal only now
                echo(socket);
            }
        }

        @ParameterizedTest
        @EnumSource
        void takesGoodCertificatesAndRefusesOthers(ClientCertificates demand) throws Exception {
            JdkClient without = JdkClient.trusting(trusted);
            JdkClient with = JdkClient.trusting(trusted, good);
            JdkClient stranger = JdkClient.trusting(
                    trusted,
                    TestPki.authority("strangers").issue("client").make().identity());
            try (TestServer server =
                    new TestServer(open(demand, Clock.systemUTC()).context())) {
                for (String version : TlsPolicy.PROTOCOLS) {
                    talk(server, with, version);
                    SslHandler handler = server.nextHandler();
                    assertEquals(
                            good.certificate(), handler.engine().getSession().getPeerCertificates()[0], version);
                    if (demand == ClientCertificates.REQUIRED) {
                        assertThrows(IOException.class, () -> talk(server, without, version), version);
                    } else {
                        talk(server, without, version);
                    }
                    server.nextHandler();
                    assertRefusedOrAnonymous(server, stranger, version, demand);
                }
            }
        }

        /** Java's client keeps a certificate to itself that the server has not asked for by its issuer's name. */
        private void assertRefusedOrAnonymous(
                TestServer server, JdkClient client, String version, ClientCertificates demand) throws Exception {
            if (demand == ClientCertificates.REQUIRED) {
                assertThrows(IOException.class, () -> talk(server, client, version), version);
                server.nextHandler();
            } else {
                talk(server, client, version);
                SslHandler handler = server.nextHandler();
                assertThrows(
                        SSLException.class, () -> handler.engine().getSession().getPeerCertificates());
            }
        }

        @ParameterizedTest
        @EnumSource
        void refusesACertificateOfAnAuthorityOfTheSameName(ClientCertificates demand) throws Exception {
            JdkClient impostor = JdkClient.trusting(
                    trusted, TestPki.authority("clients").issue("client").make().identity());
            try (TestServer server =
                    new TestServer(open(demand, Clock.systemUTC()).context())) {
                for (String version : TlsPolicy.PROTOCOLS) {
                    assertThrows(IOException.class, () -> talk(server, impostor, version), version);
                }
            }
        }

        @Test
        void takesUpOtherAuthoritiesAndForgetsResumableSessions() throws Exception {
            ServerTls tls = open(ClientCertificates.REQUIRED, Clock.systemUTC());
            JdkClient client = JdkClient.trusting(trusted, good);
            try (TestServer server = new TestServer(tls.context())) {
                for (String version : TlsPolicy.PROTOCOLS) {
                    talk(server, client, version);
                }
                TestPki.Issued others = TestPki.authority("others");
                TestPki.writeCertificates(authorities, others.certificate());
                assertTrue(tls.check());
                for (String version : TlsPolicy.PROTOCOLS) {
                    assertThrows(IOException.class, () -> talk(server, client, version), version);
                }
                Files.writeString(authorities, "");
                assertFalse(tls.check());
                assertTrue(tls.status().problem().orElseThrow().startsWith(authorities + ": empty"));
                JdkClient other = JdkClient.trusting(
                        trusted, others.issue("client").make().identity());
                talk(server, other, "TLSv1.3");
            }
        }

        @Test
        void knowsWhomItWouldTrustNow() throws Exception {
            TestPki.Issued between =
                    TestPki.template("between").issuer(clients).authority().make();
            X509Certificate own = between.issue("client").make().certificate();
            List<X509Certificate> chain = List.of(own, between.certificate());
            ServerTls tls = open(ClientCertificates.OPTIONAL, Clock.systemUTC());
            assertTrue(tls.wouldTrust(List.of()), "nothing shown is nothing to judge");
            assertTrue(tls.wouldTrust(good.chain()));
            assertTrue(tls.wouldTrust(chain));
            assertFalse(tls.wouldTrust(List.of(own)), "what leads to the authority came with the handshake");
            assertFalse(tls.wouldTrust(List.of(root.issue("client").make().certificate())));
            TestPki.writeCertificates(authorities, TestPki.authority("clients").certificate());
            assertTrue(tls.check());
            assertFalse(tls.wouldTrust(good.chain()), "another authority of that name");
            assertFalse(tls.wouldTrust(chain));
            TestPki.writeCertificates(authorities, between.certificate());
            assertTrue(tls.check());
            assertTrue(tls.wouldTrust(chain));
            assertFalse(tls.wouldTrust(good.chain()));
        }

        @Test
        void forgetsAnAuthorityThatHasEnded() throws Exception {
            TestClock clock = new TestClock(Instant.now());
            TestPki.Issued ending = TestPki.template("ending")
                    .authority()
                    .valid(clock.instant().minus(DAY), clock.instant().plus(DAY))
                    .make();
            TestPki.writeCertificates(authorities, ending.certificate(), clients.certificate());
            ServerTls tls = open(ClientCertificates.REQUIRED, clock);
            JdkClient old =
                    JdkClient.trusting(trusted, ending.issue("client").make().identity());
            try (TestServer server = new TestServer(tls.context())) {
                talk(server, old, "TLSv1.3");
                clock.advance(DAY.multipliedBy(2));
                assertTrue(tls.check());
                assertThrows(IOException.class, () -> talk(server, old, "TLSv1.3"));
                talk(server, JdkClient.trusting(trusted, good), "TLSv1.3");
            }
        }

        @Test
        void refusesAFileWithoutAnAuthorityThatIsGoodNow() throws Exception {
            Files.delete(authorities);
            refused(
                    () -> open(ClientCertificates.OPTIONAL, Clock.systemUTC()),
                    authorities + ": there is no such file");
            Instant now = Instant.now();
            TestPki.writeCertificates(
                    authorities,
                    TestPki.template("ended")
                            .authority()
                            .valid(now.minus(DAY.multipliedBy(2)), now.minus(DAY))
                            .make()
                            .certificate());
            refused(
                    () -> open(ClientCertificates.OPTIONAL, Clock.systemUTC()),
                    authorities + ": the certificate expired");
        }
    }
}
