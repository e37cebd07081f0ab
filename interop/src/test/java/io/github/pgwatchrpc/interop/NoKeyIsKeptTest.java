package io.github.pgwatchrpc.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.measurement.EnvelopeBuilder;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.rpc.grpc.GrpcClient;
import io.github.pgwatchrpc.rpc.grpc.pgwatch.ReceiverClient;
import io.github.pgwatchrpc.rpc.netrpc.NetRpcClient;
import io.github.pgwatchrpc.rpc.pgwatch.EnvelopeEncoder;
import io.github.pgwatchrpc.rpc.pgwatch.ReceiverMethods;
import io.github.pgwatchrpc.rpc.pgwatch.SyncMetric;
import io.github.pgwatchrpc.rpc.pgwatch.SyncMetricEncoder;
import io.github.pgwatchrpc.sink.splunk.HecStub;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients put a key wherever it can stand, and then it is looked for in all that the receiver has written. */
@Tag("process")
class NoKeyIsKeptTest {

    /** By name it is known for what it is, whatever it looks like. */
    private static final String PASSWORD = "hunter2-hunter2";

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path directory;

    @Test
    void aKeyIsNowhereOnDiskAndInNoLog() throws Exception {
        Path data = directory.resolve("data");
        String key;
        try (HecStub splunk = HecStub.start()) {
            splunk.refuses(event -> true);
            ServerProcess.Launch launch = ServerProcess.launch(directory)
                    .sinks(
                            "file=jsonfile:" + data.resolve("measurements.jsonl"),
                            "splunk=" + splunk.sinkUri(),
                            // keeps everything in the spool
                            "away=rpc://127.0.0.1:1")
                    .options("--auth", "key", "--api-key", "keep", "--log-level", "debug");
            try (ServerProcess server = launch.start()) {
                key = Files.readString(data.resolve("api-key")).strip();
                int rows = overNetRpc(server.address(), key) + overGrpc(server.address(), key);
                server.awaitDelivered("file");
                server.awaitMetric("pgwatch_rpc_sink_rows_dead{sink=\"splunk\"}", rows);
                assertEquals(rows, server.rows("away", "waiting"));
                for (String page : List.of("/metrics", "/api/status")) {
                    assertNoKey(page, server.page(page).body().getBytes(StandardCharsets.UTF_8), key);
                }
                assertNowhere(data, key);
                // each envelope, two events, the definitions
                assertEquals(rows + 3, server.metric("pgwatch_rpc_keys_removed_total"));
                server.terminate();
                assertNoKey("log", server.log().getBytes(StandardCharsets.UTF_8), key);
                assertEquals(
                        1,
                        server.log()
                                .lines()
                                .filter(line ->
                                        line.contains("a key of this receiver stood in") && line.contains(" of shop"))
                                .count(),
                        server.log());
            }
            // what a start reads and hands over again
            try (ServerProcess server = launch.start()) {
                assertNowhere(data, key);
                server.terminate();
                assertNoKey("log", server.log().getBytes(StandardCharsets.UTF_8), key);
            }
            assertTrue(
                    splunk.posts().stream()
                            .noneMatch(post -> new String(post.body(), StandardCharsets.UTF_8).contains(key)),
                    "Splunk got the key");
        }
    }

    /** Every place that an envelope has, one an envelope and all at once. */
    private static List<MeasurementEnvelope> envelopes(String key, boolean netRpc) {
        Map<String, @Nullable Object> row = new LinkedHashMap<>();
        row.put("tag_pgwatch_rpc_key", PASSWORD);
        row.put("TAG_Pgwatch_rpc_KEY", key);
        row.put("pgwatch_rpc_key", key);
        row.put("tag_env", key);
        row.put("query", "select '" + key + "'");
        row.put("name " + key, 1L);
        row.put("list", Arrays.asList(1L, key, List.of(key)));
        // an object goes over net/rpc as text, in which only a key is known
        row.put("object", Map.of("deep", Map.of(key, List.of(Map.of("pgwatch_rpc_key", netRpc ? key : PASSWORD)))));
        if (netRpc) {
            row.put("bytes", ("\0" + key).getBytes(StandardCharsets.US_ASCII));
        }
        List<EnvelopeBuilder> all = new ArrayList<>();
        row.forEach((name, value) -> {
            EnvelopeBuilder one =
                    new EnvelopeBuilder().database("shop").metric("m").beginRow();
            all.add(one.put("plain", 1L).put(name, value).endRow());
        });
        all.add(new EnvelopeBuilder()
                .database("shop")
                .metric("m")
                .customTag("Pgwatch_rpc_key", PASSWORD)
                .row(Map.of("x", 1L)));
        all.add(new EnvelopeBuilder()
                .database("shop")
                .metric("m")
                .customTag("env", key)
                .row(Map.of("x", 1L)));
        all.add(new EnvelopeBuilder()
                .database("shop")
                .metric("m")
                .customTag(key, "env")
                .row(Map.of("x", 1L)));
        all.add(new EnvelopeBuilder().database("shop").metric(key).row(Map.of("x", 1L)));
        all.add(new EnvelopeBuilder().database("db " + key).metric("m").row(Map.of("x", 1L)));
        all.add(new EnvelopeBuilder().database("db " + key).metric("m " + key).row(row));
        return all.stream()
                .map(each -> each.customTag("pgwatch_rpc_key", key).build())
                .toList();
    }

    private static int overNetRpc(String address, String key) throws IOException {
        try (NetRpcClient client = NetRpcClient.builder(address(address)).connect()) {
            EnvelopeEncoder[] envelopes = new EnvelopeEncoder[1];
            SyncMetricEncoder[] events = new SyncMetricEncoder[1];
            NetRpcClient.Method<MeasurementEnvelope, String> update = client.method(
                    "Receiver.UpdateMeasurements",
                    () -> (envelope, writer) -> {
                        if (envelopes[0] == null) {
                            envelopes[0] = new EnvelopeEncoder(writer, null);
                        }
                        envelopes[0].encode(envelope);
                    },
                    String.class);
            NetRpcClient.Method<SyncMetric, String> sync = client.method(
                    "Receiver.SyncMetric",
                    () -> (event, writer) -> {
                        if (events[0] == null) {
                            events[0] = new SyncMetricEncoder(writer, null);
                        }
                        events[0].encode(event);
                    },
                    String.class);
            List<MeasurementEnvelope> all = envelopes(key, true);
            for (MeasurementEnvelope each : all) {
                update.call(each);
            }
            sync.call(new SyncMetric("db " + key, "m " + key, SyncMetric.Operation.ADD));
            // what is no method is told to the log
            NetRpcClient.Method<SyncMetric, String> none =
                    client.method(key + ".None", () -> (event, writer) -> events[0].encode(event), String.class);
            assertThrows(IOException.class, () -> none.call(ReceiverMethods.PING));
            return all.size();
        }
    }

    private static int overGrpc(String address, String key) throws IOException {
        try (GrpcClient client = GrpcClient.builder(address(address)).connect()) {
            ReceiverClient receiver = new ReceiverClient(client, "pgwatch", key);
            receiver.ping();
            // pgwatch's own library makes base64 of bytes, which nobody takes for a key
            List<MeasurementEnvelope> all = envelopes(key, false);
            for (MeasurementEnvelope each : all) {
                receiver.update(each);
            }
            receiver.syncAsync(new SyncMetric("db " + key, "m " + key, SyncMetric.Operation.ADD))
                    .join();
            receiver.defineAsync(Map.of(
                            "MetricDefs",
                            Map.of(
                                    key,
                                    Map.of(
                                            "Description",
                                            key,
                                            "SQLs",
                                            Map.of("14", "select '" + key + "'"),
                                            "InitSQL",
                                            "-- " + key,
                                            "NodeStatus",
                                            key,
                                            "Gauges",
                                            List.of(key),
                                            "StorageName",
                                            key)),
                            "PresetDefs",
                            Map.of("p " + key, Map.of("Description", key, "Metrics", Map.of(key, 60.0)))))
                    .join();
            return all.size();
        }
    }

    private static InetSocketAddress address(String text) {
        int colon = text.lastIndexOf(':');
        return new InetSocketAddress(text.substring(0, colon), Integer.parseInt(text.substring(colon + 1)));
    }

    private static void assertNowhere(Path data, String key) throws IOException {
        try (Stream<Path> all = Files.walk(data)) {
            List<Path> files = all.filter(Files::isRegularFile)
                    .filter(file -> !file.getFileName().toString().equals("api-key"))
                    .toList();
            for (String part : List.of("spool", "deadletters", "definitions", "measurements.jsonl")) {
                Predicate<Path> there = file -> data.relativize(file).toString().contains(part);
                assertTrue(files.stream().anyMatch(there), () -> part + " is not among " + files);
            }
            for (Path each : files) {
                assertNoKey(each.toString(), Files.readAllBytes(each), key);
            }
        }
    }

    /** As it is, and as bytes are written in texts. */
    private static void assertNoKey(String where, byte[] bytes, String key) {
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        byte[] secret = ("\0" + key).getBytes(StandardCharsets.US_ASCII);
        List<String> forms = List.of(
                key.substring("pgwrpc_".length()),
                PASSWORD,
                java.util.Base64.getEncoder().encodeToString(secret).substring(4, 60),
                HexFormat.of().formatHex(secret));
        for (String each : forms) {
            int at = text.indexOf(each);
            assertTrue(
                    at < 0,
                    () -> where + ": a key after "
                            + text.substring(Math.max(0, at - 60), at).replaceAll("\\P{Print}", "."));
        }
    }
}
