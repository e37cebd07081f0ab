package io.github.pgwatchrpc.rpc.grpc.pgwatch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.pgwatchrpc.measurement.Measurement;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.measurement.ValueType;
import io.github.pgwatchrpc.rpc.Permit;
import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcException.Kind;
import io.github.pgwatchrpc.rpc.RpcPeer;
import io.github.pgwatchrpc.rpc.grpc.GrpcServer;
import io.github.pgwatchrpc.rpc.listen.RpcListener;
import io.github.pgwatchrpc.rpc.pgwatch.MetricDefinitions;
import io.github.pgwatchrpc.rpc.pgwatch.ModelLimits;
import io.github.pgwatchrpc.rpc.pgwatch.SyncMetric;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** grpc-go calls our server as pgwatch 4 to 6 do. */
@Tag("process")
final class ReceiverGoInteropTest {

    private static GoPrograms programs;

    @BeforeAll
    static void build() throws IOException, InterruptedException {
        programs = GoPrograms.build();
    }

    private final Received received = new Received() {
        @Override
        public CompletionStage<String> updateMeasurements(MeasurementEnvelope envelope, RpcPeer peer)
                throws RpcException {
            return envelope.metric().equals("never answered")
                    ? new CompletableFuture<>()
                    : super.updateMeasurements(envelope, peer);
        }
    };
    private final GrpcServer server = ReceiverService.add(GrpcServer.builder(), received, () -> 1, ModelLimits.DEFAULT)
            .gate((call, peer, before) -> {
                boolean receiver = call.method().startsWith("Receiver.");
                if (receiver && !("joe".equals(call.get("username")) && "secret".equals(call.get("password")))) {
                    throw new RpcException(Kind.UNAUTHENTICATED, "unauthenticated");
                }
                return Permit.EVERYTHING;
            })
            .build();
    private RpcListener listener = server.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));

    ReceiverGoInteropTest() throws IOException {}

    @AfterEach
    void stop() {
        listener.stop(Duration.ofSeconds(1));
    }

    /** The numbers of the rows that were accepted. */
    private List<Integer> play(String scenario, String... arguments) throws IOException, InterruptedException {
        List<String> all = new ArrayList<>(List.of(
                "-addr", "127.0.0.1:" + listener.address().getPort(), "-user", "joe", "-pass", "secret", "-scenario"));
        all.add(scenario);
        all.addAll(Arrays.asList(arguments));
        String out = programs.run("pgwatch", all.toArray(String[]::new));
        List<Integer> numbers = new ArrayList<>();
        new ObjectMapper().readTree(out).get("accepted").forEach(each -> numbers.add(each.asInt()));
        return numbers.stream().sorted().toList();
    }

    private List<Integer> numbers() {
        return received.envelopes.stream()
                .flatMap(each -> each.rows().stream())
                .map(row -> ((Double) row.value("i0")).intValue())
                .sorted()
                .toList();
    }

    private static List<Integer> upTo(int count) {
        return IntStream.range(0, count).boxed().toList();
    }

    @Test
    void version5() throws Exception {
        assertEquals(upTo(100), play("v5"));
        assertEquals(upTo(100), numbers());
        assertRow(received.next().get(0));
        assertEquals(
                List.of(
                        new SyncMetric("db0", "interop", SyncMetric.Operation.ADD),
                        new SyncMetric("db0", "second", SyncMetric.Operation.ADD),
                        new SyncMetric("db0", "third", SyncMetric.Operation.ADD),
                        new SyncMetric("db0", "", SyncMetric.Operation.DELETE)),
                received.syncs);
        MetricDefinitions definitions = received.definitions.get(0);
        assertEquals(200, definitions.metrics().size());
        MetricDefinitions.Metric metric = definitions.metrics().get("metric_042");
        assertEquals("about metric_042", metric.description());
        assertEquals("select 2", metric.sqls().get("14"));
        assertEquals(List.of("*"), metric.gauges());
        assertTrue(metric.instanceLevel());
        assertEquals(60.0, definitions.presets().get("all").intervals().get("metric_042"));
    }

    private static void assertRow(Measurement row) {
        assertEquals(Map.of("env", "test", "empty", "", "number", "0"), row.tags());
        assertEquals(ValueType.INT64, row.type(row.find("epoch_ns")));
        assertEquals(1_763_839_200_123_456_768L, row.timeNanos());
        assertEquals(0.0, row.value("i0"));
        assertEquals(2.0, row.value("whole"));
        assertEquals(0.25, row.value("fraction"));
        assertEquals(true, row.value("yes"));
        assertEquals("grün", row.value("text"));
        assertEquals(ValueType.NULL, row.type(row.find("null")));
        assertEquals(Double.NaN, row.value("nan"));
        assertEquals(Double.POSITIVE_INFINITY, row.value("infinity"));
        assertEquals(Double.NEGATIVE_INFINITY, row.value("minus"));
        assertEquals(Arrays.asList(1.0, "two", null, List.of()), row.value("list"));
        assertEquals(Map.of("a", Map.of("b", false)), row.value("object"));
        assertEquals("AQID", row.value("bytes"), "structpb makes base64 of bytes");
        assertEquals("", row.value("empty_thing"));
    }

    @Test
    void version6() throws Exception {
        assertEquals(upTo(100), play("v6"));
        assertEquals(upTo(100), numbers());
        assertEquals(9, received.syncs.size());
        assertEquals(1, received.definitions.size());
    }

    @Test
    void aHundredConnections() throws Exception {
        int rows = 100 * 5 * 3;
        assertEquals(
                upTo(rows), play("v5", "-connections", "100", "-calls", "5", "-rows", "3", "-definitions", "20000"));
        assertEquals(upTo(rows), numbers());
        assertEquals(100, received.definitions.size());
    }

    @Test
    void everyErrorCostsOneCall() throws Exception {
        assertEquals(play("errors", "-calls", "9"), numbers());
    }

    @Test
    void healthAndReflectionForGosOwnClients() throws Exception {
        play("services");
    }

    @Test
    void aWrongPasswordIsToldAndNothingComesIn() throws Exception {
        AssertionError told = null;
        try {
            play("v6", "-pass", "wrong");
        } catch (AssertionError e) {
            told = e;
        }
        assertTrue(String.valueOf(told).contains("code = Unauthenticated desc = unauthenticated"), "" + told);
        assertEquals(List.of(), numbers());
    }

    /** A stop loses no call that was answered, and answers every call that was taken. */
    @Test
    void acceptedIsReceivedOverRestarts() throws Exception {
        InetSocketAddress address = listener.address();
        CompletableFuture<List<Integer>> accepted = CompletableFuture.supplyAsync(() -> {
            try {
                return play("restart", "-connections", "4", "-calls", "300", "-rows", "2");
            } catch (IOException | InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        for (int restarts = 1; restarts <= 3; restarts++) {
            for (int i = 0; i < 100; i++) {
                received.next();
            }
            listener.stop(Duration.ofSeconds(20));
            listener = server.listen(address);
        }
        List<Integer> all = accepted.join();
        assertEquals(4 * 300 * 2, all.size());
        // what was taken out above was received as well; the last ones are those left over
        assertTrue(all.containsAll(numbers()), "received and answered");
        assertEquals(4 * 300 - 300, received.envelopes.size(), "each call once");
    }

    @Test
    void descriptionsAreThoseOfGo(@TempDir Path made) throws Exception {
        Files.createDirectories(made.resolve("pgwatch"));
        programs.run("descriptors", "-out", made.toString());
        for (String each : List.of("grpc.binpb", "pgwatch/receiver.binpb")) {
            byte[] ours;
            try (var in = GrpcServer.class.getResourceAsStream(each)) {
                ours = in.readAllBytes();
            }
            assertArrayEquals(Files.readAllBytes(made.resolve(each)), ours, each);
        }
    }
}
