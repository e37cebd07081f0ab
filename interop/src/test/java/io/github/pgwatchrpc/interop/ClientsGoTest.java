package io.github.pgwatchrpc.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The Go client of {@code clients/go}, by its own tests, against the packaged receiver with keys and TLS. */
@Tag("process")
@ExtendWith(GoPrograms.Resolver.class)
class ClientsGoTest {

    /** Rows that each of the tests sends, numbered. */
    private static final List<Long> CALLS =
            IntStream.range(0, 10).mapToObj(i -> (long) i).toList();

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path directory;

    @Test
    void everyProtocolWithTheKeyAndNoneWithAnother(GoPrograms go) throws Exception {
        try (ServerProcess server = ServerProcess.start(directory, "127.0.0.1:0", "--auth", "key")) {
            String key = Files.readString(directory.resolve("data").resolve("api-key"))
                    .strip();
            String to = server.address();
            String ca = "sslrootca=" + server.authority();
            List<String> uris = List.of(
                    "rpc://" + to + "/?token=KEY",
                    "rpc://" + to + "/?token=KEY&" + ca,
                    "grpc://pgwatch:KEY@" + to + "/",
                    "grpc://" + to + "/?token=KEY&" + ca);
            go.test(
                            Path.of("..", "clients", "go"),
                            directory,
                            Map.of("PGWATCH_RPC_TEST_KEY", key, "PGWATCH_RPC_TEST_URIS", String.join("\n", uris)),
                            "TestAgainstTheReceiver")
                    .mustSucceed();
            server.terminate();
            Map<String, List<Long>> stored = server.lines().stream()
                    .map(Json::object)
                    .collect(Collectors.groupingBy(
                            line -> String.valueOf(line.get("dbname")),
                            TreeMap::new,
                            Collectors.flatMapping(
                                    line -> Json.list(line.get("data")).stream()
                                            .map(row ->
                                                    Json.integer(Json.map(row).get("call"))),
                                    Collectors.toList())));
            assertEquals(
                    Map.of("go-client-0", CALLS, "go-client-1", CALLS, "go-client-2", CALLS, "go-client-3", CALLS),
                    stored,
                    "each row once and in order, and none of the database \"never\"");
            assertFalse(server.log().contains(key.substring(7)), "the key is in the log");
            assertTrue(server.log().contains("refused outcome="), server.log());
        }
    }
}
