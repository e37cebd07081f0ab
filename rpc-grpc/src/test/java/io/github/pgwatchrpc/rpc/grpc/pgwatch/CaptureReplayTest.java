package io.github.pgwatchrpc.rpc.grpc.pgwatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.pgwatchrpc.measurement.Measurement;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.rpc.Permit;
import io.github.pgwatchrpc.rpc.RpcObserver;
import io.github.pgwatchrpc.rpc.detect.Protocol;
import io.github.pgwatchrpc.rpc.grpc.GrpcServer;
import io.github.pgwatchrpc.rpc.listen.RpcListener;
import io.github.pgwatchrpc.rpc.pgwatch.MetricDefinitions;
import io.github.pgwatchrpc.rpc.pgwatch.ModelLimits;
import io.github.pgwatchrpc.rpc.pgwatch.SyncMetric;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What released versions of pgwatch have sent, byte for byte, must arrive as what a Go program has read from the same bytes.
 * The recordings are not part of this project: {@code -Dcaptures.dir=DIR} says where they are; without them this is skipped.
 */
final class CaptureReplayTest {

    private static final String NONE = "no recordings";
    private static final String BYTES = "-plain.c2s.bin.gz";
    private static final ObjectMapper JSON = new ObjectMapper();

    private static Path folder() {
        return Path.of(System.getProperty("captures.dir", "../../shared/captures"));
    }

    static List<String> recordings() throws IOException {
        if (!Files.isDirectory(folder())) {
            return List.of(NONE);
        }
        try (Stream<Path> files = Files.list(folder())) {
            List<String> names = files.map(each -> each.getFileName().toString())
                    .filter(each -> each.endsWith(BYTES))
                    .map(each -> each.substring(0, each.length() - BYTES.length()))
                    .sorted()
                    .toList();
            return names.isEmpty() ? List.of(NONE) : names;
        }
    }

    @ParameterizedTest
    @MethodSource("recordings")
    void arrivesAsItWasSent(String name) throws Exception {
        assumeTrue(!name.equals(NONE), () -> "skipped: no recordings in " + folder().toAbsolutePath());
        Received received = new Received();
        AtomicInteger answered = new AtomicInteger();
        List<String> troubles = new ArrayList<>();
        CountDownLatch closed = new CountDownLatch(1);
        RpcObserver observer = new RpcObserver() {
            @Override
            public void answered(String method, long nanos, boolean failed) {
                answered.incrementAndGet();
                if (failed) {
                    troubles.add(method + " failed");
                }
            }

            @Override
            public void refused(SocketAddress peer, String method, Refusal refusal, String reason) {
                troubles.add(method + ": " + reason);
            }

            @Override
            public void closed(SocketAddress peer, @Nullable Protocol protocol, End end, long calls, String reason) {
                if (end != End.PEER) {
                    troubles.add(end + ": " + reason);
                }
                closed.countDown();
            }
        };
        RpcListener listener = ReceiverService.add(
                        GrpcServer.builder().observer(observer), received, () -> 1, ModelLimits.DEFAULT)
                .gate((call, peer, before) -> {
                    if (call.get("username") == null || call.get("password") == null) {
                        troubles.add(call.method() + " without user name or password");
                    }
                    return Permit.EVERYTHING;
                })
                .build()
                .listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        try {
            send(listener.address(), bytes(name + BYTES));
            assertTrue(closed.await(20, TimeUnit.SECONDS), "the server has read it all");
        } finally {
            listener.stop(Duration.ofSeconds(1));
        }
        assertEquals(List.of(), troubles);
        compare(name, received, answered.get());
    }

    /** In pieces as a network might make them, and without waiting for answers. */
    private static void send(InetSocketAddress address, byte[] bytes) throws IOException {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
            InputStream in = socket.getInputStream();
            CompletableFuture<Void> answers = CompletableFuture.runAsync(() -> {
                try {
                    in.transferTo(java.io.OutputStream.nullOutputStream());
                } catch (IOException e) {
                    // closed: the observer tells why
                }
            });
            for (int at = 0; at < bytes.length; ) {
                int count = Math.min(bytes.length - at, 1 + random.nextInt(40_000));
                socket.getOutputStream().write(bytes, at, count);
                at += count;
            }
            socket.shutdownOutput();
            answers.join();
        }
    }

    private static void compare(String name, Received received, int answered) throws Exception {
        List<SyncMetric> syncs = new ArrayList<>();
        int lines = 0;
        int definitions = 0;
        try (BufferedReader truth =
                new BufferedReader(new InputStreamReader(open(name + "-plain.jsonl.gz"), StandardCharsets.UTF_8))) {
            for (String line = truth.readLine(); line != null; line = truth.readLine()) {
                lines++;
                JsonNode call = JSON.readTree(line);
                JsonNode args = call.get("args");
                switch (call.get("method").asText()) {
                    case "/Receiver/UpdateMeasurements" -> {
                        if (args.get("Data").size() > 0) {
                            assertEnvelope(args, received.next(), name + ", line " + lines);
                        }
                    }
                    case "/Receiver/SyncMetric" -> {
                        if (call.get("bytes").asInt() > 0) {
                            syncs.add(sync(args));
                        }
                    }
                    default -> assertDefinitions(args, received.definitions.get(definitions++));
                }
            }
        }
        assertEquals(lines, answered);
        assertEquals(syncs, received.syncs);
        assertEquals(definitions, received.definitions.size());
        assertTrue(received.envelopes.isEmpty());
    }

    private static SyncMetric sync(JsonNode args) {
        SyncMetric.Operation operation = switch (args.get("Operation").asText()) {
            case "AddOp" -> SyncMetric.Operation.ADD;
            case "DeleteOp" -> SyncMetric.Operation.DELETE;
            case "DefineOp" -> SyncMetric.Operation.DEFINE;
            default -> SyncMetric.Operation.INVALID;
        };
        return new SyncMetric(
                args.get("DBName").asText(), args.get("MetricName").asText(), operation);
    }

    private static void assertEnvelope(JsonNode args, MeasurementEnvelope envelope, String where) {
        assertEquals(args.get("DBName").asText(), envelope.database(), where);
        assertEquals(args.get("MetricName").asText(), envelope.metric(), where);
        Map<String, String> tags = new LinkedHashMap<>();
        args.path("CustomTags")
                .properties()
                .forEach(each -> tags.put(each.getKey(), each.getValue().asText()));
        assertEquals(tags, envelope.customTags(), where);
        JsonNode rows = args.get("Data");
        assertEquals(rows.size(), envelope.size(), where);
        for (int i = 0; i < rows.size(); i++) {
            Map<String, @Nullable Object> expected = object(rows.get(i));
            if (expected.get("epoch_ns") instanceof Double time) {
                expected.put("epoch_ns", Math.round(time));
            }
            Measurement row = envelope.get(i);
            assertEquals(expected, row.columns(), where + ", row " + i);
        }
    }

    private static void assertDefinitions(JsonNode args, MetricDefinitions definitions) {
        Map<String, @Nullable Object> expected = object(args);
        Map<?, ?> metrics = (Map<?, ?>) expected.get("MetricDefs");
        assertEquals(metrics.keySet(), definitions.metrics().keySet());
        metrics.forEach((name, value) -> {
            Map<?, ?> metric = (Map<?, ?>) value;
            MetricDefinitions.Metric read = definitions.metrics().get(name);
            assertEquals(metric.get("Description"), read.description());
            assertEquals(metric.get("SQLs"), read.sqls());
            assertEquals(metric.get("InitSQL"), read.initSql());
            assertEquals(metric.get("NodeStatus"), read.nodeStatus());
            assertEquals(metric.get("Gauges") == null ? List.of() : metric.get("Gauges"), read.gauges());
            assertEquals(metric.get("IsInstanceLevel"), read.instanceLevel());
            assertEquals(metric.get("StorageName"), read.storageName());
        });
        Map<?, ?> presets = (Map<?, ?>) expected.get("PresetDefs");
        assertEquals(presets.keySet(), definitions.presets().keySet());
        presets.forEach((name, value) -> {
            Map<?, ?> preset = (Map<?, ?>) value;
            MetricDefinitions.Preset read = definitions.presets().get(name);
            assertEquals(preset.get("Description"), read.description());
            assertEquals(preset.get("Metrics"), read.intervals());
        });
    }

    private static Map<String, @Nullable Object> object(JsonNode fields) {
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        fields.properties().forEach(each -> object.put(each.getKey(), value(each.getValue())));
        return object;
    }

    private static @Nullable Object value(JsonNode node) {
        JsonNode value = node.get("v");
        return switch (node.get("t").asText()) {
            case "number" -> number(value.asText());
            case "string" -> value.asText();
            case "bool" -> value.asBoolean();
            case "struct" -> object(value);
            case "list" -> {
                List<@Nullable Object> list = new ArrayList<>();
                value.forEach(each -> list.add(value(each)));
                yield list;
            }
            default -> null;
        };
    }

    private static double number(String text) {
        return switch (text) {
            case "+Inf" -> Double.POSITIVE_INFINITY;
            case "-Inf" -> Double.NEGATIVE_INFINITY;
            default -> Double.parseDouble(text);
        };
    }

    private static byte[] bytes(String file) throws IOException {
        try (InputStream in = open(file)) {
            return in.readAllBytes();
        }
    }

    private static InputStream open(String file) throws IOException {
        return new GZIPInputStream(Files.newInputStream(folder().resolve(file)));
    }
}
