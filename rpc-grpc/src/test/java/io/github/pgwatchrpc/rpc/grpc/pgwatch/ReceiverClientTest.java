package io.github.pgwatchrpc.rpc.grpc.pgwatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.pgwatchrpc.measurement.EnvelopeBuilder;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.rpc.Permit;
import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.grpc.GrpcClient;
import io.github.pgwatchrpc.rpc.grpc.GrpcServer;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoReader;
import io.github.pgwatchrpc.rpc.listen.RpcListener;
import io.github.pgwatchrpc.rpc.pgwatch.MetricDefinitions;
import io.github.pgwatchrpc.rpc.pgwatch.ModelLimits;
import io.github.pgwatchrpc.rpc.pgwatch.SyncMetric;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What the client writes, the server's decoders read, byte for byte and over a socket. */
final class ReceiverClientTest {

    private static MeasurementEnvelope decoded(byte[] message) throws Exception {
        return new EnvelopeDecoder(EnvelopeBuilder::new, () -> 1, ModelLimits.DEFAULT).decode(new ProtoReader(message));
    }

    @Test
    void everyTypeOfTheModel() throws Exception {
        Map<String, @Nullable Object> row = new LinkedHashMap<>();
        row.put("epoch_ns", 1_763_839_200_123_456_768L);
        row.put("null", null);
        row.put("yes", true);
        row.put("no", false);
        row.put("long", -5L);
        row.put("large", Long.MAX_VALUE);
        row.put("double", 0.25);
        row.put("nan", Double.NaN);
        row.put("infinity", Double.NEGATIVE_INFINITY);
        row.put("minus zero", -0.0);
        row.put("float", 0.1f);
        row.put("unsigned", new java.math.BigInteger("18446744073709551615"));
        row.put("text", "grün " + "x".repeat(200));
        row.put("", "");
        row.put("bytes", new byte[] {1, 2, 3});
        row.put("list", Arrays.asList(1L, "two", null, List.of()));
        row.put("object", Map.of("a", Map.of("b", false)));
        MeasurementEnvelope envelope = new EnvelopeBuilder()
                .database("db")
                .metric("m")
                .customTag("env", "test")
                .customTag("empty", "")
                .row(row)
                .row(Map.of())
                .build();
        Map<String, @Nullable Object> wanted = new LinkedHashMap<>(row);
        wanted.put("long", -5.0);
        wanted.put("large", 0x1p63);
        wanted.put("float", (double) 0.1f);
        wanted.put("unsigned", 0x1p64);
        wanted.put("bytes", "AQID");
        wanted.put("list", Arrays.asList(1.0, "two", null, List.of()));
        MeasurementEnvelope back = decoded(new EnvelopeEncoder().encode(envelope));
        assertEquals("db", back.database());
        assertEquals("m", back.metric());
        assertEquals(Map.of("env", "test", "empty", ""), back.customTags());
        assertEquals(2, back.size());
        assertEquals(wanted, back.get(0).columns());
        assertEquals(0, back.get(1).size());
    }

    @Test
    void anEmptyEnvelopeIsNoBytes() {
        assertEquals(0, new EnvelopeEncoder().encode(new EnvelopeBuilder().build()).length);
    }

    /** Lengths of one to three bytes on every level. */
    @Test
    void anyRowsComeBack() throws Exception {
        long seed = 20_261_122;
        Random random = new Random(seed);
        EnvelopeEncoder encoder = new EnvelopeEncoder();
        for (int round = 0; round < 300; round++) {
            EnvelopeBuilder builder = new EnvelopeBuilder()
                    .database("d".repeat(random.nextInt(300)))
                    .metric("m");
            for (int rows = random.nextInt(5); rows > 0; rows--) {
                Map<String, Object> row = new LinkedHashMap<>();
                for (int columns = random.nextInt(10); columns > 0; columns--) {
                    Object value = switch (random.nextInt(4)) {
                        case 0 -> random.nextDouble();
                        case 1 -> "v".repeat(1 << random.nextInt(16));
                        case 2 -> List.of("x".repeat(random.nextInt(200)), random.nextBoolean());
                        default -> random.nextBoolean();
                    };
                    row.put("c" + "n".repeat(random.nextInt(3) * 70) + columns, value);
                }
                builder.row(row);
            }
            MeasurementEnvelope envelope = builder.build();
            int at = round;
            MeasurementEnvelope back = decoded(encoder.encode(envelope));
            assertEquals(envelope.database(), back.database(), () -> "seed " + seed + ", round " + at);
            assertEquals(envelope.rows(), back.rows(), () -> "seed " + seed + ", round " + at);
        }
    }

    @Test
    void syncsAndDefinitionsComeBack() throws Exception {
        for (SyncMetric.Operation operation : SyncMetric.Operation.values()) {
            SyncMetric sync = new SyncMetric("db", "metric", operation);
            assertEquals(sync, new SyncMetricDecoder().decode(new ProtoReader(ReceiverClient.encode(sync))));
        }
        assertEquals(0, ReceiverClient.encode(SyncMetricDecoder.PING).length);
        MetricDefinitions definitions = definitions();
        assertEquals(
                definitions,
                new DefinitionsDecoder(ModelLimits.DEFAULT)
                        .decode(new ProtoReader(ReceiverClient.encode(definitions))));
    }

    private static MetricDefinitions definitions() {
        return new MetricDefinitions(
                Map.of(
                        "wal",
                        new MetricDefinitions.Metric(
                                "what was written",
                                Map.of("11", "select 1", "14", "select " + "x".repeat(20_000)),
                                "init",
                                "primary",
                                List.of("*"),
                                true,
                                "other")),
                Map.of("all", new MetricDefinitions.Preset("everything", Map.of("wal", 60.0))));
    }

    @Test
    void callsTheReceiver() throws Exception {
        Received received = new Received();
        GrpcServer server = ReceiverService.add(GrpcServer.builder(), received, () -> 1, ModelLimits.DEFAULT)
                .gate((call, peer, before) -> {
                    if (!"joe".equals(call.get("username")) || !"secret".equals(call.get("password"))) {
                        throw new RpcException(RpcException.Kind.UNAUTHENTICATED, "unauthenticated");
                    }
                    return Permit.EVERYTHING;
                })
                .build();
        RpcListener listener = server.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        try (listener;
                GrpcClient client = GrpcClient.builder(listener.address()).connect()) {
            ReceiverClient receiver = new ReceiverClient(client, "joe", "secret");
            assertEquals("", receiver.pingAsync().get(20, TimeUnit.SECONDS));
            SyncMetric sync = new SyncMetric("db", "wal", SyncMetric.Operation.ADD);
            receiver.syncAsync(sync).get(20, TimeUnit.SECONDS);
            assertEquals(List.of(sync), received.syncs);
            receiver.defineAsync(definitions()).get(20, TimeUnit.SECONDS);
            assertEquals(List.of(definitions()), received.definitions);
            MeasurementEnvelope envelope = new EnvelopeBuilder()
                    .database("db")
                    .metric("wal")
                    .customTag("env", "test")
                    .row(Map.of("x", 1.5))
                    .build();
            assertEquals("", receiver.update(envelope));
            assertEquals(envelope, received.next());
            receiver.updateAsync(envelope).get(20, TimeUnit.SECONDS);
            assertEquals(envelope, received.next());
            assertEquals(
                    "no data provided; nothing to store",
                    receiver.update(
                            new EnvelopeBuilder().database("db").metric("wal").build()));
            RpcException nameless = assertThrows(
                    RpcException.class,
                    () -> receiver.update(
                            new EnvelopeBuilder().row(Map.of("x", 1.5)).build()));
            assertEquals("empty database name", nameless.getMessage());
            RpcException refused =
                    assertThrows(RpcException.class, () -> new ReceiverClient(client, "joe", "wrong").update(envelope));
            assertEquals(RpcException.Kind.UNAUTHENTICATED, refused.kind());
        }
    }
}
