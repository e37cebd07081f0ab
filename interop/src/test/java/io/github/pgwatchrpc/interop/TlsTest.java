package io.github.pgwatchrpc.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Go's clients refuse the wrong server and are refused by it, and the receiver lives on for those that come in rightly. */
@Tag("process")
@ExtendWith(GoPrograms.Resolver.class)
class TlsTest {

    private static final String FAILED = "pgwatch_rpc_tls_handshakes_total{result=\"failed\"}";

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path directory;

    /** What speaks TLS. */
    enum Version {
        V3_7("pgwatch", "-shape", "v3.7", "-transport", "raw", "-calls", "2"),
        V5("grpc-pgwatch", "-scenario", "v5", "-calls", "2", "-definitions", "2000");

        private final String program;
        private final List<String> arguments;

        Version(String program, String... arguments) {
            this.program = program;
            this.arguments = List.of(arguments);
        }

        GoPrograms.Ended call(GoPrograms go, Path directory, String address, Object... more) throws Exception {
            List<String> all = new ArrayList<>(List.of("-addr", address));
            all.addAll(arguments);
            Stream.of(more).map(String::valueOf).forEach(all::add);
            return go.run(directory, program, all.toArray(String[]::new));
        }
    }

    @ParameterizedTest
    @EnumSource
    void goRefusesAServerThatIsNotTheRightOne(Version version, GoPrograms go) throws Exception {
        go.run(directory, "certificates", "-dir", directory.toString(), "-name", "other")
                .mustSucceed();
        Path stranger = directory.resolve("other-ca.crt");
        // every address 127.x is this machine, and only the first one is in the certificate
        try (ServerProcess server = ServerProcess.start(directory, "0.0.0.0:0")) {
            String good = server.address("127.0.0.1");
            Path ca = server.authority();
            version.call(go, directory, good, "-ca", stranger)
                    .mustFail("x509: certificate signed by unknown authority");
            version.call(go, directory, server.address("127.0.0.2"), "-ca", ca).mustFail("not 127.0.0.2");
            version.call(go, directory, good, "-ca", ca, "-later", "87600h").mustFail("x509: certificate has expired");
            server.awaitMetric(FAILED, 3);
            assertTrue(server.log().contains(" refused: TLS: "), server::toString);
            version.call(go, directory, good, "-ca", ca).mustSucceed();
            assertTrue(!server.lines().isEmpty());
            server.terminate();
        }
    }

    @ParameterizedTest
    @EnumSource
    void certificatesOfYourOwn(Version version, GoPrograms go) throws Exception {
        go.run(directory, "certificates", "-dir", directory.toString(), "-name", "own")
                .mustSucceed();
        try (ServerProcess server = ServerProcess.start(
                directory,
                "127.0.0.1:0",
                "--tls-cert",
                directory.resolve("own-server.crt").toString(),
                "--tls-key",
                directory.resolve("own-server.key").toString())) {
            version.call(go, directory, server.address(), "-ca", directory.resolve("own-ca.crt"))
                    .mustSucceed();
            assertEquals(0, server.metric("pgwatch_rpc_tls_problem"));
            assertEquals(0, server.metric("pgwatch_rpc_tls_checks_failed"));
            server.terminate();
        }
    }

    @ParameterizedTest
    @EnumSource
    void clientCertificates(Version version, GoPrograms go) throws Exception {
        for (String name : List.of("ours", "strange")) {
            go.run(directory, "certificates", "-dir", directory.toString(), "-name", name)
                    .mustSucceed();
        }
        Path clients = directory.resolve("ours-ca.crt");
        try (ServerProcess server =
                ServerProcess.start(directory, "127.0.0.1:0", "--tls-client-ca", clients.toString())) {
            String ca = server.authority().toString();
            version.call(go, directory, server.address(), "-ca", ca).mustFail("remote error: tls: bad certificate");
            // Go does not show a certificate that none of the authorities that are asked for has issued
            version.call(go, directory, server.address(), with(ca, "strange"))
                    .mustFail("remote error: tls: bad certificate");
            version.call(go, directory, server.address(), with(ca, "ours")).mustSucceed();
            server.awaitMetric(FAILED, 2);
            server.terminate();
        }
        try (ServerProcess server = ServerProcess.start(
                directory, "127.0.0.1:0", "--tls-client-ca", clients.toString(), "--tls-client-auth", "optional")) {
            String ca = server.authority().toString();
            version.call(go, directory, server.address(), "-ca", ca).mustSucceed();
            version.call(go, directory, server.address(), with(ca, "ours")).mustSucceed();
            assertEquals(0, server.metric(FAILED), server.log());
            server.terminate();
        }
    }

    @Test
    void sessionsAreResumed(GoPrograms go) throws Exception {
        try (ServerProcess server = ServerProcess.start(directory, "127.0.0.1:0")) {
            String ca = server.authority().toString();
            go.run(
                            directory,
                            "handshakes",
                            "-addr",
                            server.address(),
                            "-ca",
                            ca,
                            "-what",
                            "resumed",
                            "-d",
                            "1s",
                            "-c",
                            "1")
                    .mustSucceed();
            assertEquals(1, server.metric("pgwatch_rpc_tls_handshakes_total{result=\"full\"}"));
            assertTrue(server.metric("pgwatch_rpc_tls_handshakes_total{result=\"resumed\"}") > 0);
            server.terminate();
        }
    }

    private Object[] with(String ca, String name) {
        return new Object[] {
            "-ca", ca, "-cert", directory.resolve(name + "-client.crt"), "-key", directory.resolve(name + "-client.key")
        };
    }
}
