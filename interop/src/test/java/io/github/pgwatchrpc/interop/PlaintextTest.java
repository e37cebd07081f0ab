package io.github.pgwatchrpc.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Who may not come without TLS is told so, in a way that its operator gets to see. */
@Tag("process")
@ExtendWith(GoPrograms.Resolver.class)
class PlaintextTest {

    private static final String WANTED = "this receiver wants TLS";

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path directory;

    private GoPrograms.Ended netRpc(GoPrograms programs, String address, String transport) throws Exception {
        return programs.run(directory, "pgwatch", "-addr", address, "-transport", transport, "-calls", "2");
    }

    private GoPrograms.Ended grpc(GoPrograms programs, String address) throws Exception {
        return programs.run(directory, "grpc-pgwatch", "-addr", address, "-scenario", "v5", "-calls", "2");
    }

    private static HttpResponse<String> browse(String address) throws Exception {
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://" + address + "/"))
                                .version(HttpClient.Version.HTTP_1_1)
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
    }

    private void assertRefused(GoPrograms programs, String address) throws Exception {
        netRpc(programs, address, "http").mustFail("unexpected HTTP response: 403 " + WANTED + ", see sslrootca");
        netRpc(programs, address, "raw").mustFail(WANTED + ": copy tls/ca.crt");
        grpc(programs, address).mustFail("code = Unavailable desc = " + WANTED + ": copy tls/ca.crt");
        HttpResponse<String> page = browse(address);
        assertEquals(403, page.statusCode());
        assertTrue(page.body().startsWith(WANTED), page::body);
    }

    private void assertTaken(GoPrograms programs, String address) throws Exception {
        netRpc(programs, address, "http").mustSucceed();
        netRpc(programs, address, "raw").mustSucceed();
        grpc(programs, address).mustSucceed();
        HttpResponse<String> page = browse(address);
        assertEquals(200, page.statusCode());
        assertTrue(page.body().startsWith("This is the port of pgwatch-rpc"), page::body);
    }

    @Test
    void never(GoPrograms programs) throws Exception {
        try (ServerProcess server = ServerProcess.start(directory, "127.0.0.1:0", "--plaintext", "never")) {
            assertRefused(programs, server.address());
            assertEquals(List.of(), server.lines());
            grpcInTls(programs, server).mustSucceed();
            server.terminate();
        }
    }

    private GoPrograms.Ended grpcInTls(GoPrograms programs, ServerProcess server) throws Exception {
        return programs.run(
                directory,
                "grpc-pgwatch",
                "-addr",
                server.address(),
                "-scenario",
                "v5",
                "-ca",
                server.authority().toString());
    }

    @Test
    void loopback(GoPrograms programs) throws Exception {
        String other = otherAddress();
        try (ServerProcess server = ServerProcess.start(directory, "0.0.0.0:0")) {
            assertTaken(programs, server.address("127.0.0.1"));
            assertRefused(programs, server.address(other));
            server.terminate();
        }
    }

    @Test
    void always(GoPrograms programs) throws Exception {
        String other = otherAddress();
        try (ServerProcess server = ServerProcess.start(directory, "0.0.0.0:0", "--plaintext", "always")) {
            assertTaken(programs, server.address("127.0.0.1"));
            assertTaken(programs, server.address(other));
            server.terminate();
        }
    }

    /** An address by which this machine reaches itself as another one would. */
    private static String otherAddress() throws Exception {
        Optional<InetAddress> other = NetworkInterface.networkInterfaces()
                .flatMap(NetworkInterface::inetAddresses)
                .filter(each -> each instanceof Inet4Address && !each.isLoopbackAddress())
                .findFirst();
        assumeTrue(other.isPresent(), "skipped: this machine has the loopback address alone");
        return other.orElseThrow().getHostAddress();
    }
}
