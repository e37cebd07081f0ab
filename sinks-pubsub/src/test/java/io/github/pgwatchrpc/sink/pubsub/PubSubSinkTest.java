package io.github.pgwatchrpc.sink.pubsub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.pubsub.v1.PublishRequest;
import com.google.pubsub.v1.PubsubMessage;
import io.github.pgwatchrpc.measurement.EnvelopeBuilder;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.Sinks;
import io.grpc.Status;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PubSubSinkTest {

    private static final String TOPIC = "projects/my-project/topics/pgwatch";
    private static final long TIME = 1_795_367_430_436_993_182L;

    private final FakePubSub fake = FakePubSub.withPermissions();
    private final List<Sink> sinks = new ArrayList<>();

    PubSubSinkTest() throws IOException {
        fake.createTopic(TOPIC);
    }

    @AfterEach
    void stop() {
        sinks.forEach(Sink::close);
        fake.close();
    }

    private Sink sink(String options) {
        Sink sink = new Sinks(List.of(new PubSubSinkProvider()))
                .create("pubsub://my-project/pgwatch?timeout=5s&emulator=" + fake.address() + options, Map.of());
        sinks.add(sink);
        return sink;
    }

    private static MeasurementEnvelope rows(String database, int count) {
        EnvelopeBuilder builder =
                new EnvelopeBuilder().database(database).metric("m").receivedAt(TIME);
        for (int n = 0; n < count; n++) {
            builder.row(Map.of("epoch_ns", TIME + n, "n", (long) n));
        }
        return builder.build();
    }

    private static Batch batch(MeasurementEnvelope... envelopes) {
        return Batch.of("t", List.of(envelopes));
    }

    private List<String> ids() throws IOException {
        return Received.of(fake.messages()).stream().map(Received::id).toList();
    }

    private static List<String> ids(Batch batch) {
        return IntStream.range(0, batch.size()).mapToObj(batch::id).toList();
    }

    // ---- what lands there ----

    @Test
    void aRowIsAMessageAsTheDocumentationShowsIt() throws Exception {
        Map<String, Object> row = new TreeMap<>(Map.of(
                "epoch_ns",
                TIME,
                "tag_table_name",
                "orders",
                "seq_scan",
                17L,
                "hit_ratio",
                0.5,
                "last_vacuum",
                "2026-11-22"));
        MeasurementEnvelope envelope = new EnvelopeBuilder()
                .database("db1")
                .metric("table_stats")
                .customTag("env", "production")
                .row(row)
                .build();
        assertEquals(
                Outcome.written(),
                sink("&tag-attributes=env,table_name,none&ordering-key=metric").write(batch(envelope)));
        PubsubMessage message = fake.messages().get(0);
        assertEquals(
                "{\"id\":\"t-0-0\",\"time\":\"2026-11-22T17:10:30.436993Z\",\"epoch_ns\":1795367430436993182"
                        + ",\"database\":\"db1\",\"metric\":\"table_stats\""
                        + ",\"tags\":{\"env\":\"production\",\"table_name\":\"orders\"}"
                        + ",\"fields\":{\"hit_ratio\":0.5,\"last_vacuum\":\"2026-11-22\",\"seq_scan\":17}}",
                message.getData().toStringUtf8());
        assertEquals(
                Map.of(
                        "id", "t-0-0",
                        "database", "db1",
                        "metric", "table_stats",
                        "content_type", "application/json",
                        "env", "production",
                        "table_name", "orders"),
                message.getAttributesMap());
        assertEquals("db1/table_stats", message.getOrderingKey());
    }

    @Test
    void anEnvelopeIsAMessage() throws Exception {
        assertEquals(Outcome.written(), sink("&message=envelope").write(batch(rows("a", 3), rows("b", 2))));
        List<PubsubMessage> messages = fake.messages();
        assertEquals(2, messages.size());
        assertEquals("t-0-0..2", messages.get(0).getAttributesOrThrow("id"));
        assertEquals("t-1-0..1", messages.get(1).getAttributesOrThrow("id"));
        JsonNode first = Received.json(messages.get(0));
        assertEquals("a", first.get("database").textValue());
        assertEquals("t-0-1", first.get("rows").get(1).get("id").textValue());
        assertEquals(1, first.get("rows").get(1).get("fields").get("n").intValue());
    }

    @Test
    void whatDoesNotFitAnAttributeStandsInTheMessageAlone() throws Exception {
        String fits = "ž".repeat(512);
        String tooLong = fits + "x";
        Sink sink = sink("&ordering-key=database");
        assertEquals(Outcome.written(), sink.write(batch(rows(fits, 1))));
        assertEquals(Outcome.written(), sink.write(batch(rows(tooLong, 1), rows(tooLong, 1))));
        List<PubsubMessage> messages = fake.messages();
        assertEquals(fits, messages.get(0).getAttributesOrThrow("database"));
        assertEquals(fits, messages.get(0).getOrderingKey());
        assertFalse(messages.get(1).containsAttributes("database"));
        assertEquals(tooLong, Received.json(messages.get(1)).get("database").textValue());
        assertTrue(messages.get(1).getOrderingKey().startsWith("sha256:"), messages.get(1)::getOrderingKey);
        assertEquals(messages.get(1).getOrderingKey(), messages.get(2).getOrderingKey());
    }

    // ---- limits ----

    @Test
    void requestsKeepTheLimits() throws Exception {
        assertEquals(Outcome.written(), sink("").write(batch(rows("a", 2_500))));
        assertEquals(
                List.of(500, 1_000, 1_000),
                fake.requests().stream()
                        .map(PublishRequest::getMessagesCount)
                        .sorted()
                        .toList());
        int before = fake.requests().size();
        assertEquals(Outcome.written(), sink("&batch-bytes=4KB").write(batch(rows("a", 100))));
        List<PublishRequest> small =
                fake.requests().subList(before, fake.requests().size());
        assertTrue(small.size() > 3, () -> "requests: " + small.size());
        small.forEach(request -> assertTrue(request.getSerializedSize() <= 4 << 10, request::toString));
        int then = fake.requests().size();
        assertEquals(
                Outcome.written(), sink("&batch-bytes=4KB&message=envelope").write(batch(rows("a", 100))));
        assertTrue(
                fake.requests().size() - then >= 3,
                () -> "requests: " + (fake.requests().size() - then));
        assertEquals(100, new HashSet<>(ids().subList(2_600, 2_700)).size());
    }

    @Test
    void aMessageOfTenMegabytesAndOneByteIsRefusedAndTheOthersGoThrough() throws Exception {
        Sink sink = sink("");
        assertEquals(Outcome.written(), sink.write(batch(padded(9_000_000))));
        int pad = 9_000_000 + 10_000_000 - fake.requests().get(0).getSerializedSize();
        assertEquals(Outcome.written(), sink.write(batch(padded(pad))));
        assertEquals(10_000_000, fake.requests().get(1).getSerializedSize());
        Outcome.Partly partly =
                assertInstanceOf(Outcome.Partly.class, sink.write(batch(rows("a", 2), padded(pad + 1), rows("b", 2))));
        assertEquals(
                List.of(new Outcome.RefusedRow(
                        2,
                        "message: 10000001 bytes with the topic's name (expected: <= 10000000, what the"
                                + " service takes)")),
                partly.refused());
        assertEquals(List.of(), partly.retry());
        assertEquals(6, fake.messages().size());
    }

    private static MeasurementEnvelope padded(int bytes) {
        return new EnvelopeBuilder()
                .database("a")
                .metric("m")
                .row(Map.of("epoch_ns", TIME, "pad", "x".repeat(bytes)))
                .build();
    }

    @Test
    void aServerThatTakesLessAtOnceIsGivenLess() throws Exception {
        fake.instead = request -> request.getSerializedSize() > 20_000
                ? FakePubSub.error(Status.RESOURCE_EXHAUSTED.withDescription(
                        "grpc: received message larger than max (" + request.getSerializedSize() + " vs. 20000)"))
                : null;
        Batch batch = batch(rows("a", 1_000));
        assertEquals(Outcome.written(), sink("&message=envelope").write(batch));
        assertEquals(Set.copyOf(ids(batch)), Set.copyOf(ids()));
        assertEquals(1_000, ids().size());
    }

    // ---- faults ----

    @Test
    void aTopicThatIsDeletedWhileRunningPausesAndNothingIsLost() throws Exception {
        Sink sink = sink("");
        assertEquals(Readiness.ready(), sink.open());
        Batch batch = batch(rows("a", 20));
        assertEquals(Outcome.written(), sink.write(batch.part(0, 10)));
        fake.deleteTopic(TOPIC);
        Outcome.Paused paused = assertInstanceOf(Outcome.Paused.class, sink.write(batch.part(10, 20)));
        assertEquals("publish to " + TOPIC + ": NOT_FOUND: Resource not found (resource=" + TOPIC + ").", paused.why());
        assertTrue(paused.mend().contains("create the topic"), paused::mend);
        assertInstanceOf(Outcome.Paused.class, sink.open());
        assertEquals(null, fake.topic(TOPIC), "made without being told to");
        assertEquals(Readiness.ready(), sink.provision());
        assertEquals(Readiness.ready(), sink.open());
        assertEquals(Outcome.written(), sink.write(batch.part(10, 20)));
        assertEquals(ids(batch), ids());
    }

    @Test
    void throttlingForAWhileLosesNothingAndDoublesNothing() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        fake.instead = request -> calls.incrementAndGet() % 3 == 0 ? null : FakePubSub.busy(Duration.ofSeconds(9));
        Sink sink = sink("&batch-messages=10&in-flight=1&ordering-key=metric");
        Batch all = batch(rows("a", 95), rows("b", 5));
        List<Integer> left = IntStream.range(0, all.size()).boxed().toList();
        int writes = 0;
        while (!left.isEmpty()) {
            assertTrue(++writes < 200, "no end");
            Batch part = all.select(left);
            Outcome outcome = sink.write(part);
            if (outcome instanceof Outcome.Retry retry) {
                assertEquals(Duration.ofSeconds(9), retry.after());
            } else if (outcome instanceof Outcome.Partly partly) {
                assertEquals(List.of(), partly.refused());
                assertEquals(Duration.ofSeconds(9), partly.after());
                List<Integer> before = left;
                left = partly.retry().stream().map(before::get).toList();
            } else {
                assertEquals(Outcome.written(), outcome);
                left = List.of();
            }
        }
        assertEquals(Set.copyOf(ids(all)), Set.copyOf(ids()));
        assertEquals(100, ids().size());
        assertEquals(
                ids(all).subList(0, 95),
                ids().stream().filter(id -> id.startsWith("t-0")).toList());
    }

    @Test
    void afterAnOrderedFailureNothingOfThatKeyIsSentAndOthersAre() throws Exception {
        fake.instead = request -> {
            PubsubMessage first = request.getMessages(0);
            return first.getOrderingKey().equals("b")
                            && first.getAttributesOrThrow("id").endsWith("-3")
                    ? FakePubSub.error(Status.UNAVAILABLE)
                    : null;
        };
        Sink sink = sink("&batch-messages=3&ordering-key=database");
        Batch batch = batch(rows("a", 9), rows("b", 9));
        Outcome.Partly partly = assertInstanceOf(Outcome.Partly.class, sink.write(batch));
        assertTrue(partly.retry().containsAll(List.of(12, 13, 14, 15, 16, 17)), partly::toString);
        fake.instead = request -> null;
        assertEquals(Outcome.written(), sink.write(batch.select(partly.retry())));
        for (String series : List.of("t-0", "t-1")) {
            assertEquals(
                    ids(batch).stream().filter(id -> id.startsWith(series)).toList(),
                    ids().stream().filter(id -> id.startsWith(series)).toList());
        }
    }

    @Test
    void badRowsAreFoundAndTheOrderIsKept() throws Exception {
        Set<String> bad = Set.of("t-0-0", "t-0-17", "t-0-18", "t-0-999");
        fake.instead = request -> {
            try {
                return Received.of(request.getMessagesList()).stream().anyMatch(row -> bad.contains(row.id()))
                        ? FakePubSub.error(Status.INVALID_ARGUMENT.withDescription("schema validation failed"))
                        : null;
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        };
        for (String form : List.of("row", "envelope")) {
            int before = fake.messages().size();
            int requests = fake.requests().size();
            Batch batch = batch(rows("a", 1_000));
            Outcome.Partly partly = assertInstanceOf(
                    Outcome.Partly.class,
                    sink("&ordering-key=metric&message=" + form).write(batch));
            assertEquals(
                    List.of(0, 17, 18, 999),
                    partly.refused().stream()
                            .map(Outcome.RefusedRow::row)
                            .sorted()
                            .toList());
            assertTrue(
                    partly.refused().get(0).why().endsWith("INVALID_ARGUMENT: schema validation failed"),
                    partly.refused().get(0)::why);
            List<String> good = new ArrayList<>(ids(batch));
            good.removeAll(bad);
            List<PubsubMessage> all = fake.messages();
            assertEquals(
                    good,
                    Received.of(all.subList(before, all.size())).stream()
                            .map(Received::id)
                            .toList());
            assertTrue(
                    fake.requests().size() - requests < 100,
                    () -> "requests: " + fake.requests().size());
        }
    }

    /** How a request can fail, and how often its rows are there in the end. */
    private record Way(String name, FakePubSub.Reply reply, int copies) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Way> ways() {
        Stream<Way> errors = Stream.of(
                        Status.Code.CANCELLED,
                        Status.Code.UNKNOWN,
                        Status.Code.INVALID_ARGUMENT,
                        Status.Code.DEADLINE_EXCEEDED,
                        Status.Code.NOT_FOUND,
                        Status.Code.PERMISSION_DENIED,
                        Status.Code.RESOURCE_EXHAUSTED,
                        Status.Code.FAILED_PRECONDITION,
                        Status.Code.ABORTED,
                        Status.Code.INTERNAL,
                        Status.Code.UNAVAILABLE,
                        Status.Code.UNAUTHENTICATED)
                .map(code -> new Way(code.name(), FakePubSub.error(code.toStatus()), 1));
        return Stream.concat(
                errors,
                Stream.of(
                        new Way("answer lost", new FakePubSub.Reply.Lost(Status.UNAVAILABLE.asRuntimeException()), 2),
                        new Way("an id too few", new FakePubSub.Reply.Short(), 2)));
    }

    /** Each of the requests of a batch in turn, once. */
    @ParameterizedTest
    @MethodSource("ways")
    void whicheverRequestFailsEachRowIsAccountedForOnce(Way way) throws Exception {
        for (String options :
                List.of("", "&ordering-key=database", "&message=envelope&batch-bytes=1KB&ordering-key=metric")) {
            for (int failing = 1; failing <= 6; failing++) {
                int before = fake.messages().size();
                AtomicInteger calls = new AtomicInteger();
                int fails = failing;
                fake.instead = request -> calls.incrementAndGet() == fails ? way.reply() : null;
                Batch all = batch(rows("a", 24), rows("b", 24));
                deliver(sink(options + "&batch-messages=5&in-flight=2"), all);
                List<PubsubMessage> messages = fake.messages();
                Map<String, Integer> copies = new TreeMap<>();
                Received.of(messages.subList(before, messages.size()))
                        .forEach(row -> copies.merge(row.id(), 1, Integer::sum));
                assertEquals(Set.copyOf(ids(all)), copies.keySet());
                int most = copies.values().stream().mapToInt(n -> n).max().orElse(0);
                String where = "request " + failing + " of " + options;
                assertEquals(way.copies(), most, where);
                assertTrue(copies.values().stream().filter(n -> n > 1).count() <= 10, where);
            }
        }
    }

    /** Writes as a delivery does, until everything is there; nothing may be refused. */
    private static void deliver(Sink sink, Batch all) throws Exception {
        Batch left = all;
        for (int writes = 0; writes < 5; writes++) {
            Outcome outcome = sink.write(left);
            if (outcome instanceof Outcome.Written) {
                return;
            } else if (outcome instanceof Outcome.Partly partly) {
                assertEquals(List.of(), partly.refused());
                left = left.select(partly.retry());
            }
        }
        throw new AssertionError("no end");
    }

    @Test
    void noMoreRequestsAreUnderWayThanAllowed() throws Exception {
        fake.instead = request -> new FakePubSub.Reply.Never();
        Sink sink = new Sinks(List.of(new PubSubSinkProvider()))
                .create(
                        "pubsub://my-project/pgwatch?timeout=500ms&batch-messages=10&in-flight=3&emulator="
                                + fake.address(),
                        Map.of());
        sinks.add(sink);
        Outcome.Retry retry = assertInstanceOf(Outcome.Retry.class, sink.write(batch(rows("a", 100))));
        assertTrue(retry.why().contains("DEADLINE_EXCEEDED"), retry::why);
        // none was answered, so none followed the first three
        assertEquals(3, fake.requests().size());
        fake.instead = request -> null;
        assertEquals(Outcome.written(), sink.write(batch(rows("a", 100))));
        assertEquals(100, ids().size());
    }

    @Test
    void closingDoesNotWaitForAServiceThatHangs() throws Exception {
        CountDownLatch hangs = new CountDownLatch(1);
        fake.instead = request -> {
            hangs.countDown();
            return new FakePubSub.Reply.Never();
        };
        Sink sink = sink("");
        Thread writer = new Thread(() -> {
            try {
                sink.write(batch(rows("a", 1)));
            } catch (IOException | InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        writer.start();
        assertTrue(hangs.await(30, TimeUnit.SECONDS));
        sink.close();
        writer.join(30_000);
        assertFalse(writer.isAlive());
    }

    // ---- probe and provision ----

    @Test
    void theProbeTellsWhatIsMissing() throws Exception {
        PubSubSettings settings = settings("pgwatch");
        Topic topic = Topic.connect(settings);
        try {
            assertEquals(Readiness.ready(), topic.probe(true));
            fake.deny();
            Outcome.Paused denied = assertInstanceOf(Outcome.Paused.class, topic.probe(true));
            assertEquals("permission pubsub.topics.publish on " + TOPIC + ": missing", denied.why());
            assertTrue(denied.mend().contains("roles/pubsub.publisher"), denied::mend);
            fake.deleteTopic(TOPIC);
            Outcome.Paused missing = assertInstanceOf(Outcome.Paused.class, topic.probe(true));
            assertTrue(missing.why().contains("NOT_FOUND"), missing::why);
            assertEquals(List.of(), fake.requests());
        } finally {
            topic.close();
        }
    }

    private PubSubSettings settings(String topic) {
        return new PubSubSettings(
                "my-project",
                topic,
                PubSubSettings.Form.ROW,
                PubSubSettings.OrderingKey.NONE,
                PubSubSettings.Compression.NONE,
                List.of(),
                null,
                1_000,
                10_000_000,
                4,
                null,
                fake.address(),
                null,
                Duration.ofSeconds(5));
    }

    @Test
    void provisionMakesTopicAndSchemaAndMessagesFitIt() throws Exception {
        for (String form : List.of("row", "envelope")) {
            fake.deleteTopic(TOPIC);
            Sink sink = sink("&schema=pgwatch-" + form + "&message=" + form);
            assertEquals(Readiness.ready(), sink.provision());
            assertEquals(Readiness.ready(), sink.provision());
            String schema = "projects/my-project/schemas/pgwatch-" + form;
            assertEquals(schema, fake.topic(TOPIC).getSchemaSettings().getSchema());
            assertTrue(sink.plan().get(0).contains(fake.schema(schema).getDefinition()), sink.plan()::toString);
            assertTrue(sink.plan().get(1).endsWith(" --schema=pgwatch-" + form + " --message-encoding=json"));
            assertEquals(Outcome.written(), sink.write(batch(rows("a", 3))));
            Outcome.Partly without = assertInstanceOf(
                    Outcome.Partly.class, sink("&message=" + form).write(batch(rows("a", 1))));
            assertTrue(without.refused().get(0).why().contains("schema validation"), without::toString);
            Outcome.Paused other =
                    assertInstanceOf(Outcome.Paused.class, sink("&schema=other").provision());
            assertEquals(
                    "schema of " + TOPIC + ": " + schema + " (expected: projects/my-project/schemas/other)",
                    other.why());
        }
        assertEquals(List.of("gcloud pubsub topics create pgwatch --project=my-project"), sink("").plan());
    }
}
