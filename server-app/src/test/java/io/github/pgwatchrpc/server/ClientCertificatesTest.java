package io.github.pgwatchrpc.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.tls.ClientTls;
import io.github.pgwatchrpc.sink.testkit.TestCertificate;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Taking an authority away is how a client certificate is revoked, for connections that are open as well. */
class ClientCertificatesTest {

    private static final String REFUSED = "authentication failed: the client certificate's authority is no longer";
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @SuppressWarnings("NullAway.Init")
    private static TestCertificate old;

    @SuppressWarnings("NullAway.Init")
    private static TestCertificate other;

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path directory;

    @BeforeAll
    static void makeCertificates() throws Exception {
        old = TestCertificate.make("old");
        other = TestCertificate.make("other");
    }

    private ServeOptions options(Auth auth) throws Exception {
        ServeOptions options = new ServeOptions();
        options.listen = "127.0.0.1:0";
        options.webAddress = "off";
        options.dataDir = directory.resolve("data");
        options.auth = auth;
        options.tlsClientCa = directory.resolve("clients.crt");
        trust(old);
        return options;
    }

    private void trust(TestCertificate authority) throws Exception {
        Files.writeString(directory.resolve("clients.crt"), authority.certificatePem());
    }

    private Target target(Server server, Target.Protocol protocol, Auth auth) throws Exception {
        Path certificate = Files.writeString(directory.resolve("client.crt"), old.certificatePem());
        Path key = directory.resolve("client.key");
        Files.deleteIfExists(key);
        Files.createFile(
                key,
                java.nio.file.attribute.PosixFilePermissions.asFileAttribute(
                        java.nio.file.attribute.PosixFilePermissions.fromString("rw-------")));
        Files.writeString(key, old.privateKeyPem());
        ClientTls tls = ClientTls.trusting(
                        directory.resolve("data").resolve("tls").resolve("ca.crt"))
                .presenting(certificate, key);
        Target target = Target.of(
                protocol, server.address(), (protocol == Target.Protocol.GRPC ? tls.offering("h2") : tls).context());
        return auth == Auth.KEY
                ? target.withKey(Files.readString(directory.resolve("data").resolve("api-key"))
                        .strip())
                : target;
    }

    private static double count(Server server, String sample) {
        return server.metrics()
                .scrape()
                .lines()
                .filter(line -> line.startsWith(sample + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(sample.length() + 1)))
                .sum();
    }

    @ParameterizedTest
    @EnumSource(Auth.class)
    void aConnectionOfNetRpcIsRefusedAndLivesOn(Auth auth) throws Exception {
        try (Server server = Server.start(options(auth));
                NetRpcTraffic client = NetRpcTraffic.connect(target(server, Target.Protocol.NET_RPC, auth), null)) {
            client.send(Envelopes.rows(1, 0));
            trust(other);
            server.reloadTls();
            for (int i = 0; i < 2; i++) {
                RpcException refused = assertThrows(RpcException.class, () -> client.send(Envelopes.rows(1, 1)));
                assertTrue(String.valueOf(refused.getMessage()).startsWith(REFUSED), refused::getMessage);
            }
            assertEquals(1, server.metrics().storedRows());
            assertEquals(2, count(server, "pgwatch_rpc_auth_decisions_total{outcome=\"revoked\"}"));
            trust(old);
            server.reloadTls();
            client.send(Envelopes.rows(1, 2));
            assertEquals(1, count(server, "pgwatch_rpc_tls_handshakes_total{result=\"full\"}"), "the same connection");
        }
    }

    @Test
    void aConnectionOfGrpcIsRefusedAndEnds() throws Exception {
        try (Server server = Server.start(options(Auth.KEY));
                Traffic.Client client = GrpcTraffic.connect(target(server, Target.Protocol.GRPC, Auth.KEY), null)) {
            client.send(Envelopes.rows(1, 0));
            trust(other);
            server.reloadTls();
            RpcException refused = assertThrows(RpcException.class, () -> client.send(Envelopes.rows(1, 1)));
            assertTrue(String.valueOf(refused.getMessage()).startsWith(REFUSED), refused::getMessage);
            long end = System.nanoTime() + PATIENCE.toNanos();
            while (count(server, "pgwatch_rpc_connections_closed_total{reason=\"tls\"}") == 0) {
                assertTrue(System.nanoTime() < end, () -> server.metrics().scrape());
                Thread.sleep(20);
            }
            assertEquals(1, server.metrics().storedRows());
        }
    }
}
