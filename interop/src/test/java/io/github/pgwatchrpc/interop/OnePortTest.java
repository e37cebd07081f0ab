package io.github.pgwatchrpc.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** One running receiver takes every pgwatch at once on one port, and stores each row once, with the right types. */
@ExtendWith(GoPrograms.Resolver.class)
class OnePortTest {

    private static final String OF_GRPC = "interop";

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path directory;

    /** A program that calls as some version of pgwatch does. */
    private record Client(String program, int rows, List<String> arguments) {

        static Client of(String program, int rows, String... arguments) {
            return new Client(program, rows, List.of(arguments));
        }
    }

    @Test
    void everyVersionAtOnce(GoPrograms go) throws Exception {
        try (ServerProcess server = ServerProcess.start(directory)) {
            String ca = server.authority().toString();
            play(
                    go,
                    server,
                    Client.of("pgwatch", 61, "-shape", "v3.0", "-calls", "6"),
                    Client.of("pgwatch", 61, "-shape", "v3.7", "-calls", "6", "-transport", "raw", "-ca", ca),
                    Client.of("grpc-pgwatch", 60, "-scenario", "v5", "-calls", "6", "-ca", ca));
            server.terminate();
        }
    }

    /** 10, 30, 10, 20 and 30 connections; each program has rows of its own. */
    @Test
    @Tag("process")
    void aHundredConnections(GoPrograms go) throws Exception {
        try (ServerProcess server = ServerProcess.start(directory)) {
            String ca = server.authority().toString();
            play(
                    go,
                    server,
                    many("pgwatch", 10, "-shape", "v3.0"),
                    many("pgwatch", 30, "-shape", "v3.5"),
                    many("pgwatch", 10, "-shape", "v3.6", "-transport", "http", "-ca", ca),
                    many("pgwatch", 20, "-shape", "v3.7", "-transport", "raw", "-ca", ca),
                    many("grpc-pgwatch", 30, "-scenario", "v5", "-definitions", "20000", "-ca", ca));
            assertEquals(60, server.metric("pgwatch_rpc_tls_handshakes_total{result=\"full\"}"));
            assertEquals(0, server.metric("pgwatch_rpc_tls_handshakes_total{result=\"failed\"}"));
            server.terminate();
        }
    }

    @Test
    @Tag("process")
    void currentVersionsWithoutTls(GoPrograms go) throws Exception {
        try (ServerProcess server = ServerProcess.start(directory)) {
            play(
                    go,
                    server,
                    Client.of("grpc-pgwatch", 60, "-scenario", "v5", "-calls", "6"),
                    Client.of("pgwatch", 61, "-shape", "v3.7", "-calls", "6"));
            server.terminate();
        }
    }

    private static Client many(String program, int connections, String... more) {
        List<String> arguments =
                new ArrayList<>(List.of("-connections", String.valueOf(connections), "-calls", "4", "-rows", "5"));
        arguments.addAll(List.of(more));
        // net/rpc begins each connection with a row about its configuration
        return new Client(program, connections * (program.equals("pgwatch") ? 21 : 20), arguments);
    }

    private void play(GoPrograms go, ServerProcess server, Client... clients) throws Exception {
        List<GoPrograms.Running> running = new ArrayList<>();
        List<Path> sent = new ArrayList<>();
        Set<Long> ofGrpc = new HashSet<>();
        int first = 1;
        for (Client client : clients) {
            List<String> arguments = new ArrayList<>(List.of("-addr", server.address()));
            arguments.addAll(client.arguments());
            if (client.program().equals("pgwatch")) {
                sent.add(directory.resolve("sent-" + running.size() + ".jsonl"));
                arguments.addAll(List.of("-sent", sent.get(sent.size() - 1).toString(), "-first-seq", "" + first));
                first += client.rows();
            }
            running.add(go.start(directory, client.program(), arguments.toArray(String[]::new)));
        }
        for (int i = 0; i < clients.length; i++) {
            Map<String, Object> summary = go.await(running.get(i)).mustSucceed().summary();
            if (clients[i].program().equals("pgwatch")) {
                assertEquals(List.of(), summary.get("failures"));
                assertEquals(clients[i].rows(), Json.integer(summary.get("rows_ok")));
            } else {
                Json.list(summary.get("accepted")).forEach(each -> ofGrpc.add(Json.integer(each)));
                assertEquals(clients[i].rows(), ofGrpc.size());
            }
        }
        List<Rows.Sent> ofNetRpc = new ArrayList<>();
        for (Path each : sent) {
            ofNetRpc.addAll(Rows.sent(each));
        }
        List<String> lines = server.lines();
        Rows.assertStored(
                ofNetRpc, lines.stream().filter(line -> !isOfGrpc(line)).toList());
        lines.stream().filter(OnePortTest::isOfGrpc).forEach(line -> assertStored(ofGrpc, Json.object(line)));
        assertEquals(Set.of(), ofGrpc, "acknowledged rows that were not stored");
    }

    private static boolean isOfGrpc(String line) {
        return OF_GRPC.equals(Json.object(line).get("metric"));
    }

    private static void assertStored(Set<Long> open, Map<String, Object> line) {
        assertEquals(Map.of("env", "test", "empty", ""), line.get("custom_tags"));
        assertTrue(String.valueOf(line.get("dbname")).matches("db[0-9]+"), line::toString);
        for (Object each : Json.list(line.get("data"))) {
            Map<String, Object> row = Json.map(each);
            long number = Json.integer(row.get("i0"));
            assertTrue(open.remove(number), () -> "stored twice, or never accepted: " + row);
            assertEquals(String.valueOf(number), row.get("tag_number"));
            // the only number that is an integer by what it means; its last digits were lost on the way, in the client
            assertEquals(new Json.Numeral("1763839200123456768"), row.get("epoch_ns"));
            assertEquals(2.0, number(row.get("whole")));
            assertEquals(0.25, number(row.get("fraction")));
            assertEquals(true, row.get("yes"));
            assertEquals("grün", row.get("text"));
            assertTrue(row.containsKey("null") && row.get("null") == null, row::toString);
            assertEquals("NaN", row.get("nan"));
            assertEquals("Infinity", row.get("infinity"));
            assertEquals("-Infinity", row.get("minus"));
            assertEquals(Arrays.asList(new Json.Numeral("1"), "two", null, List.of()), row.get("list"));
            assertEquals(Map.of("a", Map.of("b", false)), row.get("object"));
            assertEquals("AQID", row.get("bytes"));
            assertEquals("", row.get("empty_thing"));
            assertEquals(15, row.size());
        }
    }

    private static double number(Object value) {
        return Double.parseDouble(((Json.Numeral) value).text());
    }
}
