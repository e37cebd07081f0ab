package io.github.pgwatchrpc.interop;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.measurement.EnvelopeBuilder;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.gob.GobDecoder;
import io.github.pgwatchrpc.rpc.gob.GobInterface;
import io.github.pgwatchrpc.rpc.gob.GobName;
import io.github.pgwatchrpc.rpc.gob.GobOpaque;
import io.github.pgwatchrpc.rpc.gob.GobStruct;
import io.github.pgwatchrpc.rpc.gob.GobUint;
import io.github.pgwatchrpc.rpc.netrpc.ArgumentEncoder;
import io.github.pgwatchrpc.rpc.netrpc.NetRpcClient;
import io.github.pgwatchrpc.rpc.pgwatch.EnvelopeEncoder;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Our client calls Go's own server. */
@Tag("process")
@ExtendWith(GoPrograms.Resolver.class)
class GoServerTest {

    private static final Path SINK =
            Path.of("..", "rpc-core", "src", "test", "resources", "gob", "struct-kitchen-sink.gob");

    /** How a client begins. */
    enum Transport {
        HTTP,
        RAW
    }

    record Args(@GobName("A") int a, @GobName("B") int b) {}

    record Quotient(
            @GobName("Quo") int quotient, @GobName("Rem") int remainder) {}

    record Holder(@GobName("Value") @Nullable Object value) {}

    record Point(@GobName("X") int x, @GobName("Y") int y) {}

    record Person(
            @GobName("Name") String name,
            @GobName("Age") int age,
            @GobName("Emails") List<String> emails,
            @GobName("Home") @Nullable Point home) {}

    record SyncReq(
            @GobName("DbName") String database,
            @GobName("MetricName") String metric,
            @GobName("Operation") int operation) {}

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path directory;

    @ParameterizedTest
    @EnumSource
    void callsWithRecords(Transport transport, GoPrograms go) throws Exception {
        try (GoServer server = new GoServer(go, directory);
                NetRpcClient client = server.connect(transport)) {
            assertEquals(56L, client.call("Arith.Multiply", new Args(7, 8), Long.class));
            assertEquals(0L, client.call("Arith.Multiply", new Args(0, 8), Long.class));
            assertEquals(-56, client.call("Arith.Multiply", new Args(-7, 8), Integer.class));
            assertEquals(new Quotient(3, 2), client.call("Arith.Divide", new Args(17, 5), Quotient.class));
            assertEquals(new Quotient(0, 0), client.call("Arith.Divide", new Args(0, 5), Quotient.class));
        }
    }

    @ParameterizedTest
    @EnumSource
    void errorsAreGosTextsAndCostNothingElse(Transport transport, GoPrograms go) throws Exception {
        try (GoServer server = new GoServer(go, directory);
                NetRpcClient client = server.connect(transport)) {
            Map<String, Object> calls =
                    Map.of("Foo.Bar", "x", "Arith.Nope", new Args(1, 2), "nodot", "x", "Arith.", List.of("x"));
            Map<String, String> texts = Map.of(
                    "Foo.Bar", "rpc: can't find service Foo.Bar",
                    "Arith.Nope", "rpc: can't find method Arith.Nope",
                    "nodot", "rpc: service/method request ill-formed: nodot",
                    "Arith.", "rpc: can't find method Arith.");
            for (Map.Entry<String, Object> call : calls.entrySet()) {
                RpcException error = assertThrows(
                        RpcException.class, () -> client.call(call.getKey(), call.getValue(), String.class));
                assertEquals(texts.get(call.getKey()), error.getMessage());
                assertEquals(6L, client.call("Arith.Multiply", new Args(2, 3), Long.class));
            }
            assertEquals(
                    "divide by zero",
                    assertThrows(RpcException.class, () -> client.call("Arith.Divide", new Args(1, 0), Quotient.class))
                            .getMessage());
            for (String text : List.of("снег ☃", "line\nfeed", "x".repeat(100_000))) {
                assertEquals(
                        text,
                        assertThrows(RpcException.class, () -> client.call("Echo.Fail", text, String.class))
                                .getMessage());
            }
            RpcException mismatch =
                    assertThrows(RpcException.class, () -> client.call("Arith.Multiply", "text", Long.class));
            assertTrue(String.valueOf(mismatch.getMessage()).startsWith("gob: "), mismatch::getMessage);
            assertEquals(6L, client.call("Arith.Multiply", new Args(2, 3), Long.class));
        }
    }

    @ParameterizedTest
    @EnumSource
    void echoesValues(Transport transport, GoPrograms go) throws Exception {
        try (GoServer server = new GoServer(go, directory);
                NetRpcClient client = server.connect(transport)) {
            for (String text : List.of("", "text", "naïve ☃ 𝄞", "a\0b", "long ".repeat(50_000))) {
                assertEquals(text, client.call("Echo.String", text, String.class));
                assertEquals(text, client.call("Echo.String", text));
            }
            byte[] bytes = {0, 1, -1, -128, 127};
            assertArrayEquals(bytes, client.call("Echo.Bytes", bytes, byte[].class));
            List<OffsetDateTime> times = List.of(
                    OffsetDateTime.of(2024, 2, 29, 12, 30, 45, 123_456_789, ZoneOffset.ofHoursMinutes(5, 30)),
                    OffsetDateTime.of(1969, 12, 31, 23, 59, 59, 1, ZoneOffset.UTC));
            for (OffsetDateTime time : times) {
                assertEquals(time, client.call("Echo.Time", time, OffsetDateTime.class));
                // a reply is a pointer in Go, and the type of a pointer's target has no name on the wire
                assertInstanceOf(GobOpaque.class, client.call("Echo.Time", time));
                assertEquals(time.toInstant(), client.call("Echo.Time", time.toInstant(), java.time.Instant.class));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void echoesWhatAnInterfaceHolds(Transport transport, GoPrograms go) throws Exception {
        try (GoServer server = new GoServer(go, directory);
                NetRpcClient client = server.connect(transport)) {
            List<Object> plain = List.of(true, 1L, Long.MIN_VALUE, Long.MAX_VALUE, 0.1, -0.0, "text");
            for (Object value : plain) {
                assertEquals(
                        value,
                        client.call("Echo.Any", new Holder(value), Holder.class).value());
            }
            GobUint most = new GobUint(-1);
            assertEquals(
                    most,
                    client.call("Echo.Any", new Holder(most), Holder.class).value());
            Person ada = new Person("Ada", 36, List.of("ada@example.org"), new Point(21, 22));
            GobStruct reply =
                    (GobStruct) nonNull(client.call("Echo.Any", new Holder(new GobInterface("interop.Person", ada))));
            GobInterface inside = (GobInterface) nonNull(reply.get("Value"));
            assertEquals("interop.Person", inside.name());
            GobStruct person = (GobStruct) nonNull(inside.value());
            assertEquals("Ada", person.get("Name"));
            assertEquals(36L, person.get("Age"));
            assertEquals(List.of("ada@example.org"), person.get("Emails"));
            assertEquals(22L, ((GobStruct) nonNull(person.get("Home"))).get("Y"));
            RpcException unknown = assertThrows(
                    RpcException.class,
                    () -> client.call("Echo.Any", new Holder(new GobInterface("no.Such", ada)), Holder.class));
            assertEquals("gob: name not registered for interface: \"no.Such\"", unknown.getMessage());
            assertEquals("text", client.call("Echo.String", "text", String.class));
        }
    }

    @ParameterizedTest
    @EnumSource
    void echoesAFieldOfEveryKind(Transport transport, GoPrograms go) throws Exception {
        GobStruct sink;
        try (InputStream in = Files.newInputStream(SINK)) {
            sink = (GobStruct) nonNull(new GobDecoder(in).decode());
        }
        try (GoServer server = new GoServer(go, directory);
                NetRpcClient client = server.connect(transport)) {
            for (int i = 0; i < 3; i++) {
                GobStruct reply = (GobStruct) nonNull(client.call("Echo.Sink", sink));
                assertEquals(sink.fields().keySet(), reply.fields().keySet());
                sink.fields().forEach((name, value) -> assertSame(name, value, reply.get(name)));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aMethodCanWriteItsArgumentItself(Transport transport, GoPrograms go) throws Exception {
        try (GoServer server = new GoServer(go, directory);
                NetRpcClient client = server.connect(transport)) {
            NetRpcClient.Method<Map<String, Integer>, Object> method = client.method(
                    "Echo.Map",
                    () -> {
                        boolean[] described = new boolean[1];
                        return (map, writer) -> {
                            if (!described[0]) {
                                // type 1000: map[string]int
                                int definition = writer.beginMessage();
                                writer.writeInt(-1000);
                                writer.writeUint(4);
                                writer.writeUint(1);
                                writer.writeUint(2);
                                writer.writeInt(1000);
                                writer.writeUint(0);
                                writer.writeUint(1);
                                writer.writeInt(6);
                                writer.writeUint(1);
                                writer.writeInt(2);
                                writer.writeUint(0);
                                writer.writeUint(0);
                                writer.endMessage(definition);
                                described[0] = true;
                            }
                            int message = writer.beginMessage();
                            writer.writeInt(1000);
                            writer.writeUint(0);
                            writer.writeUint(map.size());
                            map.forEach((key, value) -> {
                                writer.writeString(key);
                                writer.writeInt(value);
                            });
                            writer.endMessage(message);
                        };
                    },
                    Object.class);
            for (Map<String, Integer> map : List.of(Map.of("a", 1, "b", -2), Map.<String, Integer>of())) {
                Map<String, Long> wanted = new HashMap<>();
                map.forEach((key, value) -> wanted.put(key, (long) value));
                assertEquals(wanted, method.call(map));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void manyCallsAreInFlightAndAnswersOvertake(Transport transport, GoPrograms go) throws Exception {
        try (GoServer server = new GoServer(go, directory);
                NetRpcClient client = server.connect(transport)) {
            ConcurrentLinkedQueue<Integer> order = new ConcurrentLinkedQueue<>();
            List<CompletableFuture<?>> all = new ArrayList<>();
            all.add(client.callAsync("Echo.Slow", 3_000, Integer.class).thenAccept(order::add));
            all.add(client.callAsync("Echo.Slow", 0, Integer.class).thenAccept(order::add));
            List<CompletableFuture<Long>> products = new ArrayList<>();
            for (int i = 0; i < 1_000; i++) {
                products.add(client.callAsync("Arith.Multiply", new Args(i, i + 1), Long.class));
            }
            for (int i = 0; i < products.size(); i++) {
                assertEquals((long) i * (i + 1), products.get(i).get());
            }
            CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).get();
            assertEquals(List.of(0, 3_000), List.copyOf(order));
        }
    }

    @ParameterizedTest
    @EnumSource
    void goReadsOurEnvelopes(Transport transport, GoPrograms go) throws Exception {
        try (GoServer server = new GoServer(go, directory);
                NetRpcClient client = server.connect(transport)) {
            NetRpcClient.Method<MeasurementEnvelope, String> update =
                    client.method("Receiver.UpdateMeasurements", GoServerTest::encoder, String.class);
            EnvelopeBuilder builder = new EnvelopeBuilder();
            for (int i = 0; i < 3; i++) {
                builder.database("db").metric("m").customTag("env", "test");
                builder.beginRow();
                builder.putLong(builder.column("epoch_ns"), Long.MAX_VALUE);
                builder.putNull(builder.column("v_nil"));
                builder.putBoolean(builder.column("v_bool"), true);
                builder.putDouble(builder.column("v_float64"), Double.NaN);
                builder.putFloat(builder.column("v_float32"), 0.1f);
                builder.putUnsignedLong(builder.column("v_uint64"), -1);
                builder.putText(builder.column("v_string"), "снег ☃");
                builder.put(builder.column("v_bytes"), new byte[] {0, -1});
                builder.endRow();
                assertEquals("", update.call(builder.build()));
            }
            builder.database("").metric("m").beginRow();
            builder.putLong(builder.column("v"), 1);
            builder.endRow();
            MeasurementEnvelope nameless = builder.build();
            RpcException error = assertThrows(RpcException.class, () -> update.call(nameless));
            assertEquals("empty database name", error.getMessage());
            assertEquals("", client.call("Receiver.SyncMetric", new SyncReq("db", "m", 1), String.class));

            List<String> calls = server.calls();
            assertEquals(4, calls.size(), () -> calls.toString());
            Map<String, Object> wanted = new HashMap<>();
            wanted.put("epoch_ns", typed("int64", "9223372036854775807"));
            wanted.put("v_nil", Map.of("t", "nil"));
            wanted.put("v_bool", typed("bool", "true"));
            wanted.put("v_float64", typed("float64", "NaN"));
            wanted.put("v_float32", typed("float32", "0.1"));
            wanted.put("v_uint64", typed("uint64", "18446744073709551615"));
            wanted.put("v_string", typed("string", "снег ☃"));
            wanted.put("v_bytes", typed("[]byte", "00ff"));
            for (String call : calls.subList(0, 3)) {
                Map<String, Object> args = Json.map(Json.object(call).get("args"));
                assertEquals("db", args.get("DBName"));
                assertEquals("m", args.get("MetricName"));
                assertEquals(Map.of("env", "test"), args.get("CustomTags"));
                assertEquals(List.of(wanted), args.get("Data"));
            }
            assertEquals(
                    Map.of("DbName", "db", "MetricName", "m", "Operation", typed("int", "1")),
                    Json.object(calls.get(3)).get("args"));
        }
    }

    private static ArgumentEncoder<MeasurementEnvelope> encoder() {
        EnvelopeEncoder[] encoder = new EnvelopeEncoder[1];
        return (envelope, writer) -> {
            if (encoder[0] == null) {
                encoder[0] = new EnvelopeEncoder(writer);
            }
            encoder[0].encode(envelope);
        };
    }

    /** Looks into lists, since they compare arrays by identity. */
    private static void assertSame(String name, @Nullable Object wanted, @Nullable Object is) {
        if (wanted instanceof List<?> list && is instanceof List<?> other) {
            assertEquals(list.size(), other.size(), name);
            for (int i = 0; i < list.size(); i++) {
                assertSame(name, list.get(i), other.get(i));
            }
        } else {
            assertArrayEquals(new @Nullable Object[] {wanted}, new @Nullable Object[] {is}, name);
        }
    }

    private static Map<String, Object> typed(String type, String value) {
        return Map.of("t", type, "v", value);
    }

    private static Object nonNull(@Nullable Object value) {
        if (value == null) {
            throw new AssertionError("null");
        }
        return value;
    }

    @ParameterizedTest
    @EnumSource
    void connectsAnewWhenTheServerCameBack(Transport transport, GoPrograms go) throws Exception {
        GoServer first = new GoServer(go, directory);
        InetSocketAddress address = first.address(transport);
        try (NetRpcClient client = first.connect(transport)) {
            assertEquals("a", client.call("Echo.String", "a", String.class));
            first.close();
            assertThrows(IOException.class, () -> client.call("Echo.String", "b", String.class));
            try (GoServer second = new GoServer(
                    go,
                    directory,
                    "-" + transport.name().toLowerCase(java.util.Locale.ROOT),
                    "127.0.0.1:" + address.getPort())) {
                assertEquals(address, second.address(transport));
                assertEquals("c", client.call("Echo.String", "c", String.class));
            }
        }
    }

    /** The program {@code serve}. */
    private static final class GoServer implements AutoCloseable {
        private final Process process;
        private final Path out;
        private final Map<String, Object> addresses;

        GoServer(GoPrograms go, Path directory, String... more) throws IOException {
            out = Files.createTempFile(directory, "calls", ".jsonl");
            process = go.serve(out, more);
            BufferedReader reader = process.inputReader(StandardCharsets.UTF_8);
            String line = reader.readLine();
            assertTrue(line != null, "Go's server did not start");
            addresses = Json.object(line);
        }

        InetSocketAddress address(Transport transport) {
            String text = String.valueOf(addresses.get(transport == Transport.HTTP ? "http" : "raw"));
            return new InetSocketAddress(
                    InetAddress.getLoopbackAddress(), Integer.parseInt(text.substring(text.lastIndexOf(':') + 1)));
        }

        NetRpcClient connect(Transport transport) throws IOException {
            NetRpcClient.Builder builder =
                    NetRpcClient.builder(address(transport)).longestBackOff(java.time.Duration.ZERO);
            return (transport == Transport.RAW ? builder.raw() : builder).connect();
        }

        List<String> calls() throws IOException {
            return Files.readAllLines(out);
        }

        @Override
        public void close() {
            process.destroyForcibly().onExit().join();
        }
    }
}
