package io.github.pgwatchrpc.sink.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.measurement.EnvelopeBuilder;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcException.Kind;
import io.github.pgwatchrpc.rpc.auth.ApiKey;
import io.github.pgwatchrpc.rpc.pgwatch.MetricDefinitions;
import io.github.pgwatchrpc.rpc.pgwatch.SyncMetric;
import io.github.pgwatchrpc.rpc.tls.ServerTls;
import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Capability;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.Sinks;
import io.github.pgwatchrpc.sink.SyncEvent;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is forwarded to a real receiver in this process, with key and TLS, and what is said about what is not. */
class RelaySinkTest {

    private static final long RECEIVED = 1_700_000_000_000_000_001L;

    private final Sinks sinks = Sinks.load(RelaySinkTest.class.getClassLoader());

    @TempDir
    private Path directory;

    private TestReceiver receiver;

    @BeforeEach
    void open() throws Exception {
        receiver = new TestReceiver(directory.resolve("tls"));
    }

    @AfterEach
    void close() {
        receiver.close();
    }

    private Sink ready(String uri) throws Exception {
        Sink sink = sinks.create(uri, Map.of());
        assertInstanceOf(Readiness.Ready.class, sink.open());
        return sink;
    }

    private static MeasurementEnvelope envelope(String database, String metric, int rows, long first) {
        EnvelopeBuilder builder =
                new EnvelopeBuilder().database(database).metric(metric).receivedAt(RECEIVED);
        for (int i = 0; i < rows; i++) {
            builder.row(Map.of("epoch_ns", 1_735_689_600_000_000_000L, "n", first + i));
        }
        return builder.build();
    }

    private static Batch batch(MeasurementEnvelope... envelopes) {
        return Batch.of("test", List.of(envelopes));
    }

    private static Map<String, @Nullable Object> allTypes() {
        Map<String, @Nullable Object> row = new LinkedHashMap<>();
        row.put("epoch_ns", 1_735_689_600_123_456_789L);
        row.put("tag_table", "t");
        row.put("null", null);
        row.put("yes", true);
        row.put("long", Long.MAX_VALUE);
        row.put("unsigned", new BigInteger("18446744073709551615"));
        row.put("double", 0.1);
        row.put("nan", Double.NaN);
        row.put("float", 0.1f);
        row.put("text", "grün");
        row.put("bytes", new byte[] {0, 1, -1});
        return row;
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void netRpcKeepsEveryTypeAndTheTags(boolean tls) throws Exception {
        MeasurementEnvelope sent = new EnvelopeBuilder()
                .database("db")
                .metric("m")
                .receivedAt(RECEIVED)
                .customTags(Map.of("env", "test"))
                .row(allTypes())
                .build();
        MeasurementEnvelope withoutTags = envelope("db", "other", 2, 0);
        try (Sink sink = ready(receiver.uri("rpc", tls ? receiver.tls() : ""))) {
            assertInstanceOf(Outcome.Written.class, sink.write(batch(sent, withoutTags)));
        }
        receiver.stored.sort(java.util.Comparator.comparing(MeasurementEnvelope::metric));
        assertEquals(List.of(sent, withoutTags), receiver.stored);
        assertFalse(receiver.stored.get(1).hasCustomTags());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void grpcMakesDoublesOfNumbers(boolean tls) throws Exception {
        MeasurementEnvelope sent = new EnvelopeBuilder()
                .database("db")
                .metric("m")
                .customTag("env", "test")
                .row(allTypes())
                .build();
        try (Sink sink = ready(receiver.uri("grpc", tls ? receiver.tls() : ""))) {
            assertInstanceOf(Outcome.Written.class, sink.write(batch(sent)));
        }
        Map<String, @Nullable Object> wanted = allTypes();
        wanted.put("epoch_ns", 1_735_689_600_123_456_768L);
        wanted.put("long", 0x1p63);
        wanted.put("unsigned", 0x1p64);
        wanted.put("float", (double) 0.1f);
        wanted.put("bytes", "AAH/");
        assertEquals(Map.of("env", "test"), receiver.stored.get(0).customTags());
        assertEquals(wanted, receiver.stored.get(0).get(0).columns());
    }

    @ParameterizedTest
    @ValueSource(strings = {"rpc", "grpc"})
    void listsAndObjectsAndTextThatIsNoUtf8(String scheme) throws Exception {
        EnvelopeBuilder builder =
                new EnvelopeBuilder().database("db").metric("m").receivedAt(RECEIVED);
        builder.beginRow();
        builder.putText(builder.column("text"), new byte[] {'a', (byte) 0xff}, 0, 2);
        builder.put("list", Arrays.asList(1L, null)).put("object", Map.of("a", true));
        MeasurementEnvelope sent = builder.endRow().build();
        try (Sink sink = ready(receiver.uri(scheme, ""))) {
            assertInstanceOf(Outcome.Written.class, sink.write(batch(sent)));
        }
        Map<String, @Nullable Object> is = receiver.stored.get(0).get(0).columns();
        boolean exact = scheme.equals("rpc");
        assertEquals(exact ? "[1,null]" : Arrays.asList(1.0, null), is.get("list"));
        assertEquals(exact ? "{\"a\":true}" : Map.of("a", true), is.get("object"));
        if (exact) {
            receiver.stored
                    .get(0)
                    .get(0)
                    .readBytes(
                            receiver.stored.get(0).get(0).find("text"),
                            (array, at, length) -> assertEquals(-1, array[at + length - 1]));
        }
        // a row without a time of its own has the time at which it first came
        assertEquals(
                exact ? RECEIVED : (long) (double) RECEIVED,
                receiver.stored.get(0).get(0).timeNanos());
    }

    @ParameterizedTest
    @ValueSource(strings = {"rpc", "grpc"})
    void partsOfEnvelopesAreSentAsSuch(String scheme) throws Exception {
        MeasurementEnvelope whole = envelope("db", "m", 10, 0);
        Batch part = new Batch("test", List.of(new Batch.Slice(whole, 7, 2, 5), new Batch.Slice(whole, 7, 8, 9)));
        try (Sink sink = ready(receiver.uri(scheme, ""))) {
            assertInstanceOf(Outcome.Written.class, sink.write(part));
        }
        assertEquals(List.of(envelope("db", "m", 3, 2), envelope("db", "m", 1, 8)), comparable(scheme));
    }

    /** gRPC's doubles as the integers that they were. */
    private List<MeasurementEnvelope> comparable(String scheme) {
        if (scheme.equals("rpc")) {
            return receiver.stored;
        }
        return receiver.stored.stream()
                .map(each -> envelope(
                        each.database(),
                        each.metric(),
                        each.size(),
                        Math.round(each.get(0).doubleValue(each.get(0).find("n")))))
                .toList();
    }

    /** Ten metrics, whose answers wait until all ten are there; within each, one after the other. */
    @ParameterizedTest
    @ValueSource(strings = {"rpc", "grpc"})
    void manyAtOnceButEachMetricInOrder(String scheme) throws Exception {
        CountDownLatch all = new CountDownLatch(10);
        receiver.answer(envelope -> {
            all.countDown();
            return CompletableFuture.supplyAsync(
                    () -> {
                        try {
                            all.await();
                        } catch (InterruptedException e) {
                            throw new AssertionError(e);
                        }
                        return "";
                    },
                    run -> new Thread(run).start());
        });
        List<MeasurementEnvelope> sent = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            sent.add(envelope("db", "m" + i % 10, 1, i));
        }
        try (Sink sink = ready(receiver.uri(scheme, receiver.tls()))) {
            assertInstanceOf(Outcome.Written.class, sink.write(Batch.of("test", sent)));
        }
        assertEquals(10, receiver.most.get());
        for (int metric = 0; metric < 10; metric++) {
            String name = "m" + metric;
            assertEquals(
                    sent.stream().filter(each -> each.metric().equals(name)).toList(),
                    comparable(scheme).stream()
                            .filter(each -> each.metric().equals(name))
                            .toList());
        }
    }

    // ---- what is not stored ----

    private static RpcException no(Kind kind, String text) {
        return new RpcException(kind, text);
    }

    /** Refused rows are named; what comes behind them goes on. */
    @ParameterizedTest
    @CsvSource({"rpc, UNKNOWN", "grpc, INVALID_ARGUMENT", "grpc, UNKNOWN", "grpc, INTERNAL"})
    void aRefusedEnvelopeIsItsOwnAffair(String scheme, Kind kind) throws Exception {
        receiver.answer(envelope -> envelope.metric().equals("bad")
                ? CompletableFuture.failedFuture(no(kind, "not this one"))
                : CompletableFuture.completedFuture(""));
        try (Sink sink = ready(receiver.uri(scheme, ""))) {
            Outcome outcome = sink.write(batch(
                    envelope("db", "m", 2, 0),
                    envelope("db", "bad", 2, 0),
                    envelope("db", "m", 1, 2),
                    envelope("db", "bad", 1, 0)));
            Outcome.Partly partly = assertInstanceOf(Outcome.Partly.class, outcome);
            assertEquals(
                    List.of(2, 3, 5),
                    partly.refused().stream()
                            .map(Outcome.RefusedRow::row)
                            .sorted()
                            .toList());
            assertEquals("not this one", partly.refused().get(0).why());
            assertEquals(List.of(), partly.retry());
        }
        assertEquals(
                3, receiver.stored.stream().mapToInt(MeasurementEnvelope::size).sum());
    }

    @ParameterizedTest
    @CsvSource({
        "rpc, UNKNOWN, receiver is overloaded: x",
        "grpc, UNKNOWN, receiver could not store the rows: disk full",
        "grpc, UNAVAILABLE, later",
        "grpc, RESOURCE_EXHAUSTED, too much at once",
    })
    void whatCouldNotBeStoredNowComesAgainInOrder(String scheme, Kind kind, String text) throws Exception {
        receiver.answer(envelope -> ((Number) envelope.get(0).columns().get("n")).longValue() == 1
                ? CompletableFuture.failedFuture(no(kind, text))
                : CompletableFuture.completedFuture(""));
        try (Sink sink = ready(receiver.uri(scheme, "&calls=1"))) {
            Outcome outcome =
                    sink.write(batch(envelope("db", "m", 1, 0), envelope("db", "m", 1, 1), envelope("db", "m", 2, 2)));
            Outcome.Partly partly = assertInstanceOf(Outcome.Partly.class, outcome);
            assertEquals(List.of(1, 2, 3), partly.retry());
            assertEquals(text, partly.why());
            assertEquals(1, receiver.stored.size());
            assertEquals(
                    text,
                    assertInstanceOf(Outcome.Retry.class, sink.write(batch(envelope("db", "m", 1, 1))))
                            .why());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"rpc", "grpc"})
    void whatIsTooLargeIsHalved(String scheme) throws Exception {
        receiver.answer(envelope -> envelope.size() > 3 || envelope.metric().equals("huge")
                ? CompletableFuture.failedFuture(
                        no(Kind.RESOURCE_EXHAUSTED, "bytes of a message: 20000000 (expected: <= 16777216)"))
                : CompletableFuture.completedFuture(""));
        try (Sink sink = ready(receiver.uri(scheme, ""))) {
            Outcome outcome = sink.write(batch(envelope("db", "m", 10, 0), envelope("db", "huge", 1, 0)));
            Outcome.Partly partly = assertInstanceOf(Outcome.Partly.class, outcome);
            assertEquals(
                    List.of(10),
                    partly.refused().stream().map(Outcome.RefusedRow::row).toList());
            assertEquals(List.of(), partly.retry());
        }
        assertEquals(
                IntStream.range(0, 10).boxed().toList(),
                comparable(scheme).stream()
                        .flatMap(each -> each.rows().stream())
                        .map(row -> (int) row.longValue(row.find("n")))
                        .toList());
    }

    @ParameterizedTest
    @ValueSource(strings = {"rpc", "grpc"})
    void aDatabaseThatTheKeyIsNotForHoldsNoOtherBack(String scheme) throws Exception {
        receiver.allow("shop");
        try (Sink sink = ready(receiver.uri(scheme, ""))) {
            Outcome.Partly partly = assertInstanceOf(
                    Outcome.Partly.class, sink.write(batch(envelope("other", "m", 2, 0), envelope("shop", "m", 1, 0))));
            assertEquals(List.of(0, 1), partly.retry());
            Outcome.Paused paused =
                    assertInstanceOf(Outcome.Paused.class, sink.write(batch(envelope("other", "m", 2, 0))));
            assertEquals("the key berlin is not good for this database", paused.why());
            receiver.allow("shop,other");
            assertInstanceOf(Outcome.Written.class, sink.write(batch(envelope("other", "m", 2, 0))));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"rpc", "grpc"})
    void aWrongKeyPausesUntilTheFileHasTheRightOne(String scheme) throws Exception {
        Path file = directory.resolve("key");
        Files.writeString(file, ApiKey.generate(new SecureRandom()).text() + "\n");
        String uri = receiver.uri(scheme, "").replaceFirst("\\?.*", "?token-file=" + file + receiver.tls());
        try (Sink sink = sinks.create(uri, Map.of())) {
            Outcome.Paused paused = assertInstanceOf(Outcome.Paused.class, sink.open());
            assertTrue(paused.why().startsWith("authentication failed: this receiver does not know"), paused::why);
            assertInstanceOf(Outcome.Paused.class, sink.write(batch(envelope("db", "m", 1, 0))));
            Files.writeString(file, receiver.key.text() + "\n");
            assertInstanceOf(Readiness.Ready.class, sink.open());
            assertInstanceOf(Outcome.Written.class, sink.write(batch(envelope("db", "m", 1, 0))));
            Files.delete(file);
            paused = assertInstanceOf(Outcome.Paused.class, sink.open());
            assertTrue(paused.why().contains("token-file " + file + " cannot be read"), paused::why);
        }
        String without = uri.replaceFirst("token-file=[^&]*&", "");
        try (Sink sink = sinks.create(without, Map.of())) {
            Outcome.Paused paused = assertInstanceOf(Outcome.Paused.class, sink.open());
            assertEquals(
                    "authentication required: no key was shown", paused.why().substring(0, 41));
        }
        assertEquals(List.of(), receiver.told, "a ping is nothing to tell");
    }

    @ParameterizedTest
    @ValueSource(strings = {"rpc", "grpc"})
    void aCertificateOfSomebodyElsePauses(String scheme) throws Exception {
        ServerTls.withAuthority(directory.resolve("stranger"), List.of()).open();
        String uri = receiver.uri(
                scheme, "&sslrootca=" + directory.resolve("stranger").resolve("ca.crt"));
        try (Sink sink = sinks.create(uri, Map.of())) {
            Outcome.Paused paused = assertInstanceOf(Outcome.Paused.class, sink.open());
            assertTrue(paused.why().startsWith("certificate of the receiver: "), paused::why);
            assertTrue(paused.mend().contains("ca.crt"), paused::mend);
            assertInstanceOf(Outcome.Paused.class, sink.write(batch(envelope("db", "m", 1, 0))));
        }
        assertEquals(List.of(), receiver.stored);
    }

    @ParameterizedTest
    @ValueSource(strings = {"rpc", "grpc"})
    void aReceiverThatIsAwayOrSlowIsTriedAgain(String scheme) throws Exception {
        try (Sink sink = ready(receiver.uri(scheme, receiver.tls() + "&timeout=200ms"))) {
            receiver.answer(envelope -> new CompletableFuture<>());
            assertInstanceOf(Outcome.Retry.class, sink.write(batch(envelope("db", "m", 1, 0))));
            receiver.answer(envelope -> CompletableFuture.completedFuture(""));
            receiver.restart();
            Outcome outcome = sink.write(batch(envelope("db", "m", 1, 1)));
            while (outcome instanceof Outcome.Retry) {
                outcome = sink.write(batch(envelope("db", "m", 1, 1)));
            }
            assertInstanceOf(Outcome.Written.class, outcome);
            receiver.close();
            assertInstanceOf(Outcome.Retry.class, sink.write(batch(envelope("db", "m", 1, 2))));
            assertInstanceOf(Outcome.Retry.class, sink.open());
        }
        assertEquals(1, receiver.stored.size());
    }

    // ---- what is no row ----

    @ParameterizedTest
    @ValueSource(strings = {"rpc", "grpc"})
    void metricsThatComeAndGoAreTold(String scheme) throws Exception {
        assertTrue(sinks.provider(scheme + ":").capabilities().contains(Capability.SYNC));
        try (Sink sink = ready(receiver.uri(scheme, receiver.tls()))) {
            assertInstanceOf(Readiness.Ready.class, sink.sync(new SyncEvent("db", "m", SyncEvent.Kind.ADDED)));
            assertInstanceOf(Readiness.Ready.class, sink.sync(new SyncEvent("db", "", SyncEvent.Kind.REMOVED)));
        }
        assertEquals(
                List.of(
                        new SyncMetric("db", "m", SyncMetric.Operation.ADD),
                        new SyncMetric("db", "", SyncMetric.Operation.DELETE)),
                receiver.told);
    }

    @Test
    void definitionsGoOnOverGrpc() throws Exception {
        Map<String, @Nullable Object> definitions = Map.of(
                "MetricDefs",
                Map.of("m", Map.of("Description", "what", "SQLs", Map.of("14", "select 1"), "Gauges", List.of("*"))),
                "PresetDefs",
                Map.of("p", Map.of("Description", "all", "Metrics", Map.of("m", 60.0))));
        assertTrue(sinks.provider("grpc:").capabilities().contains(Capability.DEFINITIONS));
        assertFalse(sinks.provider("rpc:").capabilities().contains(Capability.DEFINITIONS));
        try (Sink sink = ready(receiver.uri("grpc", ""))) {
            assertInstanceOf(Readiness.Ready.class, sink.define(definitions));
        }
        MetricDefinitions is = (MetricDefinitions) receiver.told.get(0);
        assertEquals("what", is.metrics().get("m").description());
        assertEquals(Map.of("14", "select 1"), is.metrics().get("m").sqls());
        assertEquals(Map.of("m", 60.0), is.presets().get("p").intervals());
    }

    // ---- configuration ----

    @ParameterizedTest
    @CsvSource({
        "rpc:host, target of sink rpc: no host",
        "rpc://host, target of sink rpc: no port (expected: 1 to 65535)",
        "grpc://host:0/, port \"0\"",
        "grpc://:5000, host \"\"",
        "grpc://h:1/path, port \"1/path\"",
        "rpc://SECRET@h:1, target of sink rpc: a user (expected: none",
        "grpc://a:SECRET@h:1/?token=SECRET, key of sink grpc: given 2 times",
        "grpc://h:1?token=SECR ET, key of 7 characters",
        "rpc://h:1?token-file=/no/such, token-file /no/such cannot be read",
        "rpc://h:1?sslrootca=/no/such, TLS of sink rpc: /no/such",
        "rpc://h:1?sslcert=/a, options sslcert",
        "rpc://h:1?calls=0, option calls",
        "rpc://h:1?tokn=SECRET, option tokn of sink rpc: unknown",
    })
    void whatIsWrongIsToldWithoutTheKey(String uri, String problem) {
        Exception wrong = assertThrows(RuntimeException.class, () -> sinks.create(uri, Map.of()));
        assertTrue(wrong.getMessage().contains(problem), wrong::getMessage);
        assertFalse(wrong.getMessage().contains("SECR"), wrong::getMessage);
    }

    @Test
    void theKeyIsNotInTheSinksText() {
        try (Sink sink = sinks.create("grpc://me:SECRET@[::1]:1/", Map.of())) {
            assertEquals("RelaySink[[::1]:1]", sink.toString());
        }
    }
}
