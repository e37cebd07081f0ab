package io.github.pgwatchrpc.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrafficCommandsTest {

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path directory;

    private long rowsOfFile() throws Exception {
        long rows = 0;
        for (String line : Files.readAllLines(directory.resolve("data").resolve("measurements.jsonl"))) {
            rows += new ObjectMapper().readTree(line).path("data").size();
        }
        return rows;
    }

    @Test
    void theDemoLeavesWhatItSent() throws Exception {
        Path data = directory.resolve("data");
        Ran ran = Ran.command(
                "demo", "--seconds=1", "--listen=127.0.0.1:0", "--web-addr=127.0.0.1:0", "--data-dir=" + data);
        assertEquals(ExitCode.FINE, ran.code(), () -> ran.out() + ran.err());
        Matcher counts = Pattern.compile("([0-9,]+) rows were acknowledged, ([0-9,]+) rows were stored")
                .matcher(ran.out());
        assertTrue(counts.find(), ran::out);
        assertEquals(counts.group(1), counts.group(2));
        assertEquals(Long.parseLong(counts.group(1).replace(",", "")), rowsOfFile());
        Set<String> databases = new HashSet<>();
        for (String line : Files.readAllLines(data.resolve("measurements.jsonl"))) {
            JsonNode each = new ObjectMapper().readTree(line);
            databases.add(each.path("dbname").asText());
            assertTrue(SampleTraffic.metrics().contains(each.path("metric").asText()), line);
            assertEquals("demo", each.path("custom_tags").path("env").asText());
            assertTrue(each.path("data").path(0).path("epoch_ns").isLong(), line);
        }
        assertEquals(10, databases.size());
        assertTrue(ran.out().contains("half of them over gRPC, half over net/rpc, inside TLS for 1 s"), ran::out);
    }

    @Test
    void theDemoSpeaksTlsOnlyWhereItCan() throws Exception {
        Ran ran = Ran.command(
                "demo", "--seconds=1", "--tls-cert=x", "--tls-key=y", "--plaintext=never", "--data-dir=" + directory);
        assertEquals(ExitCode.CONFIG, ran.code());
        assertTrue(
                ran.errLines().get(0).startsWith("pgwatch-rpc: --plaintext never: the demo's own clients"), ran::err);
    }

    @ParameterizedTest
    @CsvSource({"rpc, false", "rpc, true", "grpc, false", "grpc, true"})
    void loadCountsWhatTheReceiverStored(String scheme, boolean tls) throws Exception {
        ServeOptions options = new ServeOptions();
        options.listen = "127.0.0.1:0";
        options.webAddress = "off";
        options.auth = Auth.NONE;
        options.dataDir = directory.resolve("data");
        options.plaintext = tls ? Plaintext.NEVER : Plaintext.LOOPBACK;
        try (Server server = Server.start(options)) {
            String ca =
                    directory.resolve("data").resolve("tls").resolve("ca.crt").toString();
            Ran ran = Ran.command(
                    "load",
                    "--to=" + scheme + "://" + Addresses.print(server.address()) + (tls ? "/?sslrootca=" + ca : ""),
                    "--seconds=1",
                    "--connections=3",
                    "--rows=7");
            assertEquals(ExitCode.FINE, ran.code(), () -> ran.out() + ran.err());
            assertTrue(ran.out().contains("total  "), ran::out);
            assertTrue(ran.out().contains("errors 0"), ran::out);
            assertTrue(server.metrics().storedRows() > 0);
            assertEquals(0, server.metrics().storedRows() % 7);
            assertTrue(server.awaitDelivered(Duration.ofSeconds(20)));
            assertEquals(server.metrics().storedRows(), rowsOfFile());
        }
    }

    @Test
    void loadKeepsToItsRate() throws Exception {
        ServeOptions options = new ServeOptions();
        options.listen = "127.0.0.1:0";
        options.webAddress = "off";
        options.auth = Auth.NONE;
        options.dataDir = directory.resolve("data");
        try (Server server = Server.start(options)) {
            String to = "--to=rpc://" + Addresses.print(server.address());
            Ran ran = Ran.command("load", to, "--seconds=1", "--connections=2", "--rows=1", "--rate=10");
            assertEquals(ExitCode.FINE, ran.code(), ran::err);
            long rows = server.metrics().storedRows();
            assertTrue(rows >= 2 && rows <= 12, () -> rows + " calls");
            ran = Ran.command("load", to, "--rate=-1");
            assertTrue(ran.err().contains("--rate: -1 (expected: 0 to 1000000)"), ran::err);
        }
    }

    @Test
    void loadShowsErrorsAndFails() throws Exception {
        ServeOptions options = new ServeOptions();
        options.listen = "127.0.0.1:0";
        options.webAddress = "off";
        options.auth = Auth.NONE;
        options.dataDir = directory.resolve("data");
        options.sinks = java.util.List.of("outcome:retry");
        options.spoolMaxBytes = 64 << 10;
        try (Server server = Server.start(options)) {
            Ran ran = Ran.command("load", "--to=rpc://" + Addresses.print(server.address()), "--seconds=1");
            assertEquals(ExitCode.FAILED, ran.code(), ran::out);
            assertTrue(
                    ran.out().contains(" times: receiver could not store the rows: spool is full: bytes of the log: "),
                    ran::out);
        }
    }

    @Test
    void loadSaysWhatTheReceiverSaid() throws Exception {
        ServeOptions options = new ServeOptions();
        options.listen = "127.0.0.1:0";
        options.webAddress = "off";
        options.dataDir = directory.resolve("data");
        options.plaintext = Plaintext.NEVER;
        try (Server server = Server.start(options)) {
            String to = "://" + Addresses.print(server.address());
            Ran ran = Ran.command("load", "--to=grpc" + to, "--seconds=1");
            assertEquals(ExitCode.FAILED, ran.code());
            assertTrue(
                    ran.errLines().get(0).startsWith("pgwatch-rpc: grpc" + to + ": this receiver wants TLS"), ran::err);
            ran = Ran.command("load", "--to=rpc" + to, "--seconds=1");
            assertEquals(ExitCode.FAILED, ran.code());
            assertTrue(ran.err().contains("403 this receiver wants TLS"), ran::err);
        }
    }

    @Test
    void loadSaysThatNobodyListens() throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        Ran ran = Ran.command("load", "--to=rpc://127.0.0.1:" + port, "--seconds=1");
        assertEquals(ExitCode.FAILED, ran.code());
        assertEquals(2, ran.errLines().size(), ran::err);
        assertTrue(ran.errLines().get(0).startsWith("pgwatch-rpc: rpc://127.0.0.1:" + port), ran::err);
    }
}
