package io.github.pgwatchrpc.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What pgwatch sends reaches Google's own test server and its subscribers, through the whole receiver. */
@Tag("process")
@ExtendWith(GoPrograms.Resolver.class)
class PubSubTest {

    private static final String SINK = "subscribers";
    private static final String NUMBER = "seq_no";

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path directory;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "message=row",
                "message=envelope",
                "message=row&ordering-key=metric",
                "message=envelope&compression=transport"
            })
    void everyRowReachesASubscriberOnce(String options, GoPrograms go) throws Exception {
        Path sent = directory.resolve("sent.jsonl");
        try (Service service = new Service(go.pubsub());
                ServerProcess server = server(service, options)) {
            send(go, server, sent, 20, 1);
            server.awaitDelivered(SINK);
            server.terminate();
            assertEquals(acknowledged(Rows.sent(sent)), counted(received(service)), "how often each row came");
        }
    }

    /** The receiver's own load generator, whose rows have no numbers: their ids are counted. */
    @ParameterizedTest
    @ValueSource(strings = {"message=row", "message=envelope"})
    void everyRowOfTheLoadReachesASubscriberOnceById(String options, GoPrograms go) throws Exception {
        try (Service service = new Service(go.pubsub());
                ServerProcess server = server(service, options)) {
            command("load", "--to", "rpc://" + server.address(), "--seconds", "2", "--rate", "50", "--rows", "10");
            server.awaitDelivered(SINK);
            long accepted = server.rows(SINK, "received");
            assertEquals(accepted, server.rows(SINK, "delivered"));
            server.terminate();
            List<Row> rows = received(service);
            assertTrue(accepted >= 100, () -> "rows accepted: " + accepted);
            assertEquals(accepted, rows.size());
            assertEquals(accepted, rows.stream().map(Row::id).distinct().count());
            Figures.show("Pub/Sub, %s: %,d rows of the load, each with a subscriber once", options, accepted);
        }
    }

    /**
     * Google's server is killed while rows come, and started again at the same address with an empty memory. What it took is
     * told by the file that it writes to before it answers. Neither server took a row twice; the only rows that both took are
     * those whose answer died with the first, and they have the same id. A subscriber of the second gets all that it took.
     */
    @ParameterizedTest
    @ValueSource(strings = {"message=row", "message=envelope&ordering-key=metric"})
    void noAcknowledgedRowIsMissingWhenTheServiceIsKilledInTheMiddle(String options, GoPrograms go) throws Exception {
        Path sentFile = directory.resolve("sent.jsonl");
        Path taken = directory.resolve("taken.jsonl");
        Path takenLater = directory.resolve("taken-later.jsonl");
        try (Service first = new Service(go.pubsub("-taken", taken.toString()));
                ServerProcess server = server(first, options)) {
            GoPrograms.Running load = soak(go, server, sentFile);
            awaitBytes(taken, 200_000);
            first.kill();
            List<Row> before = rows(wholeLines(taken));
            server.awaitAtLeast("pgwatch_rpc_sink_failures{sink=\"" + SINK + "\"}", 1);
            try (Service second = new Service(go.pubsub("-listen", first.address, "-taken", takenLater.toString()))) {
                go.await(load).mustSucceed();
                server.awaitDelivered(SINK);
                assertEquals(server.rows(SINK, "received"), server.rows(SINK, "delivered"));
                server.terminate();

                List<Row> after = rows(Files.readAllLines(takenLater));
                List<Row> all = new ArrayList<>(before);
                all.addAll(after);
                assertEquals(before.size(), numbers(before).size(), "rows that the first server took twice");
                assertEquals(after.size(), numbers(after).size(), "rows that the second server took twice");
                List<Rows.Sent> sent = Rows.sent(sentFile);
                assertEquals(acknowledged(sent).keySet(), numbers(all), "rows");
                assertEquals(
                        numbers(all).size(),
                        all.stream().map(Row::id).distinct().count(),
                        "ids");
                assertEquals(counted(after), counted(received(second)), "what a subscriber of the second server got");
                if (options.contains("ordering-key")) {
                    assertOrder(all);
                }
                Figures.show(
                        "Pub/Sub, %s: killed after %,d rows, %,d after that, of which %,d again",
                        options,
                        before.size(),
                        after.size(),
                        all.size() - numbers(all).size());
            }
        }
    }

    /** Every seventh request fails and is sent again, and nothing of its ordering key overtakes it. */
    @ParameterizedTest
    @ValueSource(strings = {"message=row&ordering-key=metric", "message=envelope&ordering-key=metric"})
    void refusedRequestsAreSentAgainInTheirOrder(String options, GoPrograms go) throws Exception {
        Path sent = directory.resolve("sent.jsonl");
        Path taken = directory.resolve("taken.jsonl");
        try (Service service = new Service(go.pubsub("-refuse-every", "7", "-taken", taken.toString()));
                ServerProcess server = server(service, options + "&batch-messages=20")) {
            send(go, server, sent, 200, 1);
            server.awaitDelivered(SINK);
            server.terminate();
            List<Row> rows = rows(Files.readAllLines(taken));
            assertEquals(acknowledged(Rows.sent(sent)), counted(rows), "how often each row was taken");
            assertOrder(rows);
            assertEquals(counted(rows), counted(received(service)), "what a subscriber got");
        }
    }

    @Test
    void aTopicThatIsDeletedWhileRunningPausesTheSinkUntilItIsProvisioned(GoPrograms go) throws Exception {
        Path early = directory.resolve("early.jsonl");
        Path late = directory.resolve("late.jsonl");
        Path taken = directory.resolve("taken.jsonl");
        try (Service service = new Service(go.pubsub("-taken", taken.toString()));
                ServerProcess server = server(service, "message=row")) {
            send(go, server, early, 20, 1);
            server.awaitDelivered(SINK);
            service.deleteTopic();
            send(go, server, late, 20, 1_000_001);
            server.awaitMetric("pgwatch_rpc_sink_state{sink=\"" + SINK + "\",state=\"paused\"}", 1);
            assertEquals(
                    acknowledged(Rows.sent(late)).size(), server.rows(SINK, "waiting"), "rows that wait for the topic");
            command("provision", "--sink", service.sink("message=row"));
            server.awaitDelivered(SINK);
            assertEquals(0, server.rows(SINK, "dead"));
            server.terminate();
            List<Rows.Sent> sent = new ArrayList<>(Rows.sent(early));
            sent.addAll(Rows.sent(late));
            assertEquals(acknowledged(sent), counted(rows(Files.readAllLines(taken))), "how often each row was taken");
        }
    }

    /** Those who do not use the sink do not pay for it. */
    @Test
    void googlesClassesAreLoadedWithSuchASinkOnly(GoPrograms go) throws Exception {
        Path log = directory.resolve("classes.log");
        ServerProcess.Launch launch = ServerProcess.launch(directory).jvm("-Xlog:class+load:file=" + log);
        try (ServerProcess server = launch.start()) {
            server.terminate();
        }
        assertEquals(List.of(), googles(log));
        try (Service service = new Service(go.pubsub());
                ServerProcess server = launch.sinks(service.sink("message=row")).start()) {
            server.awaitMetric("pgwatch_rpc_sink_state{sink=\"" + SINK + "\",state=\"running\"}", 1);
            server.terminate();
        }
        assertNotEquals(List.of(), googles(log));
    }

    private static List<String> googles(Path log) throws IOException {
        try (Stream<String> lines = Files.lines(log)) {
            List<String> loaded = lines.toList();
            assertTrue(loaded.stream().anyMatch(line -> line.contains("io.github.pgwatchrpc.sink.pubsub.")));
            return loaded.stream()
                    .filter(line -> line.contains(" com.google.") || line.contains(" io.grpc."))
                    .toList();
        }
    }

    // ---- programs ----

    /** Google's server, as a process. */
    private static final class Service implements AutoCloseable {
        private final Process process;
        private final BufferedReader out;
        private final String address;

        Service(Process process) throws IOException {
            this.process = process;
            out = process.inputReader(StandardCharsets.UTF_8);
            String line = String.valueOf(out.readLine());
            assertTrue(line.startsWith("listening "), line);
            address = line.substring("listening ".length());
        }

        String sink(String options) {
            return SINK + "=pubsub://interop/pgwatch?emulator=" + address + "&" + options;
        }

        void deleteTopic() throws IOException {
            process.getOutputStream().write("delete\n".getBytes(StandardCharsets.UTF_8));
            process.getOutputStream().flush();
            assertEquals("deleted", out.readLine());
        }

        /** Ends it, and gives what a subscriber received. */
        List<String> received() throws IOException, InterruptedException {
            process.getOutputStream().close();
            List<String> lines = out.lines().toList();
            assertTrue(process.waitFor(1, TimeUnit.MINUTES));
            assertEquals(0, process.exitValue());
            return lines;
        }

        void kill() {
            process.destroyForcibly().onExit().join();
        }

        @Override
        public void close() {
            kill();
        }
    }

    private ServerProcess server(Service service, String options) throws IOException {
        return ServerProcess.launch(directory).sinks(service.sink(options)).start();
    }

    private void send(GoPrograms go, ServerProcess server, Path sent, int calls, int firstNumber) throws Exception {
        go.run(
                        directory,
                        "pgwatch",
                        "-addr",
                        server.address(),
                        "-calls",
                        "" + calls,
                        "-first-seq",
                        "" + firstNumber,
                        "-sent",
                        sent.toString())
                .mustSucceed();
    }

    /** Not much of it: Google's test server takes minutes to hand out ten thousand messages. */
    private GoPrograms.Running soak(GoPrograms go, ServerProcess server, Path sent) throws IOException {
        return go.start(
                directory,
                "pgwatch",
                "-addr",
                server.address(),
                "-scenario",
                "soak",
                "-duration",
                "12s",
                "-rate",
                "20",
                "-sent",
                sent.toString());
    }

    /** Runs a command of the receiver to its end. */
    private void command(String... words) throws Exception {
        List<String> command = new ArrayList<>(
                List.of(ProcessHandle.current().info().command().orElse("java"), "-jar", ServerProcess.JAR.toString()));
        command.addAll(List.of(words));
        Path log = Files.createTempFile(directory, words[0], ".log");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            assertTrue(process.waitFor(2, TimeUnit.MINUTES), () -> "still running: " + command);
            String says = Files.readString(log);
            assertEquals(0, process.exitValue(), says);
        } finally {
            process.destroyForcibly();
        }
    }

    /** Without the line in which a process was killed: what it was about was not answered. */
    private static List<String> wholeLines(Path file) throws IOException {
        String text = Files.readString(file);
        return text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
    }

    private static void awaitBytes(Path file, long bytes) throws IOException {
        long patience = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
        while (Files.notExists(file) || Files.size(file) < bytes) {
            assertTrue(System.nanoTime() < patience, () -> "nothing came: " + file);
            LockSupport.parkNanos(1_000_000);
        }
    }

    // ---- rows ----

    /**
     * A row as Google's server had it.
     *
     * @param key the ordering key of its message
     * @param id its id
     * @param number its number; 0 if it has none
     */
    private record Row(String key, String id, long number) {}

    private static List<Row> received(Service service) throws IOException, InterruptedException {
        return rows(service.received());
    }

    private static List<Row> rows(List<String> lines) {
        List<Row> rows = new ArrayList<>();
        for (String line : lines) {
            Map<String, Object> message = Json.object(line);
            Map<String, Object> data = Json.object(String.valueOf(message.get("data")));
            List<?> several = data.get("rows") instanceof List<?> list ? list : List.of(data);
            for (Object row : several) {
                Map<String, Object> fields = Json.map(Json.map(row).get("fields"));
                rows.add(new Row(
                        String.valueOf(message.get("ordering_key")),
                        String.valueOf(Json.map(row).get("id")),
                        fields.containsKey(NUMBER) ? Json.integer(fields.get(NUMBER)) : 0));
            }
        }
        return rows;
    }

    private static Set<Long> numbers(List<Row> rows) {
        return counted(rows).keySet();
    }

    private static Map<Long, Integer> counted(List<Row> rows) {
        Map<Long, Integer> counts = new HashMap<>();
        rows.forEach(row -> counts.merge(row.number(), 1, Integer::sum));
        return counts;
    }

    private static Map<Long, Integer> acknowledged(List<Rows.Sent> sent) {
        Map<Long, Integer> counts = new HashMap<>();
        sent.stream()
                .filter(Rows.Sent::ok)
                .forEach(each -> each.numbers().forEach(n -> counts.merge(n, 1, Integer::sum)));
        return counts;
    }

    /** Rows of a key come in the order of their numbers; one that comes again stands where it first came. */
    private static void assertOrder(List<Row> rows) {
        Map<String, Long> last = new HashMap<>();
        Set<Long> seen = new HashSet<>();
        for (Row row : rows) {
            if (seen.add(row.number())) {
                long before = last.getOrDefault(row.key(), 0L);
                assertTrue(before < row.number(), () -> row + " after " + before);
                last.put(row.key(), row.number());
            }
        }
        assertTrue(last.size() > 1, () -> "keys: " + last);
    }
}
