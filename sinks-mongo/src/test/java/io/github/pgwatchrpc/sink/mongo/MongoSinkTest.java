package io.github.pgwatchrpc.sink.mongo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.model.IndexOptions;
import com.mongodb.client.model.Indexes;
import io.github.pgwatchrpc.measurement.EnvelopeBuilder;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.Sinks;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.bson.BsonDocument;
import org.bson.BsonString;
import org.bson.Document;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the kit does not know of: faults of MongoDB's own, and its limits. */
class MongoSinkTest {

    private static final BsonDocument STEPPED_DOWN = MongoProxy.error(10_107, "NotWritablePrimary", "not primary");

    private final TestServer server = new TestServer();
    private final MongoProxy proxy;
    private final List<Sink> made = new ArrayList<>();
    private int position;

    MongoSinkTest() throws IOException {
        proxy = new MongoProxy(server.address());
    }

    @AfterEach
    void stop() throws IOException {
        made.forEach(Sink::close);
        proxy.close();
        server.close();
    }

    private Sink sink(String options) {
        Sink sink = new Sinks(List.of(new MongoSinkProvider()))
                .create(
                        "mongodb://127.0.0.1:" + proxy.port()
                                + "/db?serverSelectionTimeoutMS=5000&heartbeatFrequencyMS=500&" + options,
                        Map.of());
        made.add(sink);
        return sink;
    }

    private static MeasurementEnvelope envelope(String metric, int rows) {
        EnvelopeBuilder builder =
                new EnvelopeBuilder().database("d").metric(metric).receivedAt(1_000_000_007L);
        for (int n = 0; n < rows; n++) {
            builder.beginRow().put("n", n).endRow();
        }
        return builder.build();
    }

    private static MeasurementEnvelope row(String metric, Map<String, Object> columns) {
        return new EnvelopeBuilder()
                .database("d")
                .metric(metric)
                .receivedAt(1_000_000_007L)
                .row(columns)
                .build();
    }

    private Batch batch(MeasurementEnvelope... envelopes) {
        List<Batch.Slice> slices = new ArrayList<>();
        for (MeasurementEnvelope each : envelopes) {
            slices.add(new Batch.Slice(each, position++, 0, each.size()));
        }
        return new Batch("test", slices);
    }

    private int count() {
        return Stored.documents(server.uri(), "db").size();
    }

    private void failSecondInsert(UnaryOperator<BsonDocument> failure) {
        AtomicInteger inserts = new AtomicInteger();
        proxy.rule((command, body, documents) -> {
            if (!command.equals("insert") || inserts.incrementAndGet() < 2) {
                return null;
            }
            BsonDocument answer = failure.apply(body);
            if (answer == null) {
                throw new IOException("the connection breaks");
            }
            return answer;
        });
    }

    @Test
    void aStepDownInTheMiddleOfABatchLeavesTheRest() throws Exception {
        Sink sink = sink("mode=plain");
        assertEquals(Readiness.ready(), sink.open());
        Batch batch = batch(envelope("a", 3), envelope("b", 4), envelope("c", 5));
        failSecondInsert(body -> STEPPED_DOWN);
        Outcome.Partly partly = assertInstanceOf(Outcome.Partly.class, sink.write(batch));
        assertEquals(IntStream.range(3, 12).boxed().toList(), partly.retry());
        assertEquals(List.of(), partly.refused());
        assertTrue(partly.why().contains("not primary"), partly.why());
        proxy.mend();
        assertEquals(Outcome.written(), sink.write(batch.select(partly.retry())));
        assertEquals(12, count());
    }

    @Test
    void aBrokenConnectionInTheMiddleOfABatchLeavesTheRest() throws Exception {
        Sink sink = sink("");
        Batch batch = batch(envelope("a", 3), envelope("b", 4));
        failSecondInsert(body -> null);
        Outcome.Partly partly = assertInstanceOf(Outcome.Partly.class, sink.write(batch));
        assertEquals(List.of(3, 4, 5, 6), partly.retry());
        proxy.mend();
        assertEquals(Outcome.written(), sink.write(batch.select(partly.retry())));
        assertEquals(7, count());
    }

    @Test
    void aStepDownThatSingleRowsTellOfMeansThatTheyComeAgain() throws Exception {
        Sink sink = sink("mode=plain");
        proxy.rowErrors(document -> document.getNumber("n").intValue() > 5 ? 189 : 0, "stepped down");
        Outcome.Partly partly = assertInstanceOf(Outcome.Partly.class, sink.write(batch(envelope("a", 10))));
        assertEquals(List.of(6, 7, 8, 9), partly.retry());
    }

    @Test
    void rowsWithoutAMajorityComeAgain() throws Exception {
        Sink sink = sink("mode=plain");
        proxy.rule((command, body, documents) -> command.equals("insert")
                ? BsonDocument.parse(
                        "{ok: 1, n: 2, writeConcernError: {code: 64, codeName: 'WriteConcernTimeout', errmsg: 'waiting'}}")
                : null);
        Outcome.Retry retry = assertInstanceOf(Outcome.Retry.class, sink.write(batch(envelope("a", 2))));
        assertTrue(retry.why().contains("waiting"), retry.why());
    }

    @Test
    void aMajorityIsAskedFor() throws Exception {
        List<BsonDocument> concerns = new ArrayList<>();
        proxy.rule((command, body, documents) -> {
            if (command.equals("insert")) {
                concerns.add(body.getDocument("writeConcern"));
            }
            return null;
        });
        assertEquals(Outcome.written(), sink("").write(batch(envelope("a", 2))));
        assertEquals(List.of(new BsonDocument("w", new BsonString("majority"))), concerns);
    }

    @Test
    void documentsAtTheLimit() throws Exception {
        for (Layout.Mode mode : Layout.Mode.values()) {
            int limit = mode == Layout.Mode.PLAIN ? 16 << 20 : 4 << 20;
            Sink sink = sink("mode=" + (mode == Layout.Mode.PLAIN ? "plain" : "time-series"));
            Layout layout =
                    new Layout("db", "{metric}", mode, "time", "meta", Layout.Granularity.MINUTES, null, true, 1000);
            String metric = mode.name();
            for (int more : new int[] {-1, 0, 1}) {
                Batch empty = batch(row(metric, Map.of("pad", "")));
                DocumentWriter writer = new DocumentWriter(layout, 0);
                writer.write(empty.row(0), empty.id(0));
                position--;
                String pad = "x".repeat(limit + more - writer.length());
                Outcome outcome = sink.write(batch(row(metric, Map.of("pad", pad))));
                if (more <= 0) {
                    assertEquals(Outcome.written(), outcome, mode + " " + more);
                } else {
                    Outcome.Partly partly = assertInstanceOf(Outcome.Partly.class, outcome);
                    assertEquals(
                            List.of(new Outcome.RefusedRow(
                                    0, "bytes of the document: " + (limit + 1) + " (expected: <= " + limit + ")")),
                            partly.refused());
                }
            }
        }
        assertEquals(4, count());
    }

    @Test
    void whatIsNestedTooDeepIsRefused() throws Exception {
        Sink sink = sink("");
        Object value = 1L;
        for (int depth = 2; depth <= DocumentWriter.MAX_DEPTH; depth++) {
            value = List.of(value);
        }
        assertEquals(Outcome.written(), sink.write(batch(row("deep", Map.of("v", value)))));
        Outcome.Partly partly = assertInstanceOf(
                Outcome.Partly.class,
                sink.write(batch(row("deep", Map.of("v", List.of(value))), row("deep", Map.of("v", 1L)))));
        assertEquals(
                List.of(new Outcome.RefusedRow(0, "nesting of the document: 101 (expected: <= 100)")),
                partly.refused());
        assertEquals(2, count());
    }

    @Test
    void tenThousandColumnsArrive() throws Exception {
        Map<String, Object> columns = new HashMap<>();
        for (int i = 0; i < 10_000; i++) {
            columns.put("column " + i, (long) i);
        }
        assertEquals(Outcome.written(), sink("").write(batch(row("wide", columns))));
        Document found = Stored.documents(server.uri(), "db").get(0);
        assertEquals(10_000 + 4, found.size());
        assertEquals(9_999L, found.get("column 9999"));
    }

    @Test
    void namesThatAreTakenOrNotTaken() throws Exception {
        Map<String, Object> columns = Map.of("_id", 1L, "time", 2L, "meta", 3L, "$a.b", 4L, "", 5L, "x\0", 6L);
        assertEquals(Outcome.written(), sink("mode=plain").write(batch(row("system.$x", columns))));
        Document found = Stored.documents(server.uri(), "db").get(0);
        assertEquals("test-0-0", found.get("_id"));
        assertEquals(
                List.of(1L, 2L, 3L, 4L, 5L, 6L),
                List.of(
                        found.get("%5Fid"),
                        found.get("%74ime"),
                        found.get("%6Deta"),
                        found.get("%24a%2Eb"),
                        found.get("%"),
                        found.get("x%00")));
    }

    @Test
    void aCollectionOfAnotherKindPauses() throws Exception {
        assertEquals(Outcome.written(), sink("mode=plain&collection=all").write(batch(envelope("a", 1))));
        Sink sink = sink("collection=all");
        Outcome.Paused opened = assertInstanceOf(Outcome.Paused.class, sink.open());
        assertEquals("collection all: of type collection (expected: timeseries, since mode=time-series)", opened.why());
        assertInstanceOf(Outcome.Paused.class, sink.write(batch(envelope("a", 1))));
        assertEquals(1, count());
    }

    @Test
    void aMissingCollectionPausesUnlessItMayBeMade() throws Exception {
        Sink sink = sink("collection=all&create=false");
        assertInstanceOf(Outcome.Paused.class, sink.open());
        assertInstanceOf(Outcome.Paused.class, sink.write(batch(envelope("a", 1))));
        assertEquals(Readiness.ready(), sink.provision());
        assertEquals(Readiness.ready(), sink.open());
        assertEquals(Outcome.written(), sink.write(batch(envelope("a", 1))));
    }

    @Test
    void metricsAboveTheBoundAreRefusedAndOthersGoOn() throws Exception {
        Sink sink = sink("max-collections=2");
        Outcome.Partly partly = assertInstanceOf(
                Outcome.Partly.class, sink.write(batch(envelope("a", 1), envelope("b", 1), envelope("c", 2))));
        assertEquals(2, partly.refused().size());
        assertTrue(partly.refused().get(0).why().contains("(expected: <= 2, option max-collections)"));
        assertEquals(Outcome.written(), sink.write(batch(envelope("a", 1), envelope("b", 1))));
        assertEquals(4, count());
    }

    @Test
    void aDuplicateInAnotherIndexIsRefused() throws Exception {
        Sink sink = sink("mode=plain");
        assertEquals(Outcome.written(), sink.write(batch(row("a", Map.of("n", 1L)))));
        try (MongoClient client = MongoClients.create(server.uri())) {
            client.getDatabase("db")
                    .getCollection("a")
                    .createIndex(Indexes.ascending("n"), new IndexOptions().unique(true));
        }
        Outcome.Partly partly = assertInstanceOf(Outcome.Partly.class, sink.write(batch(row("a", Map.of("n", 1L)))));
        assertEquals(1, partly.refused().size());
    }

    @Test
    void anExhaustedPoolMeansLater() throws Exception {
        Sink sink = sink("mode=plain&maxPoolSize=1&waitQueueTimeoutMS=200");
        assertEquals(Outcome.written(), sink.write(batch(envelope("a", 1))));
        CountDownLatch busy = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        proxy.rule((command, body, documents) -> {
            if (command.equals("insert")) {
                busy.countDown();
                try {
                    go.await();
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
            }
            return null;
        });
        Batch first = batch(envelope("a", 1));
        FutureTask<Outcome> writing = new FutureTask<>(() -> sink.write(first));
        new Thread(writing, "first write").start();
        busy.await();
        Outcome.Retry later = assertInstanceOf(Outcome.Retry.class, sink.write(batch(envelope("a", 1))));
        assertTrue(later.why().contains("connection"), later.why());
        go.countDown();
        assertEquals(Outcome.written(), writing.get());
    }

    @Test
    void theProbeWritesNothing() throws Exception {
        assertEquals(Readiness.ready(), sink("").open());
        assertTrue(proxy.commands().stream()
                .allMatch(List.of(
                        "hello",
                        "isMaster",
                        "ismaster",
                        "buildInfo",
                        "connectionStatus",
                        "listCollections",
                        "endSessions")::contains));
    }

    @Test
    void aUserWithoutRightsIsTold() throws Exception {
        proxy.rule((command, body, documents) -> command.equals("connectionStatus")
                ? BsonDocument.parse("{ok: 1, authInfo: {authenticatedUsers: [{user: 'reader', db: 'admin'}],"
                        + " authenticatedUserPrivileges: [{resource: {db: 'db', collection: ''}, actions: ['find']}]}}")
                : null);
        Outcome.Paused paused = assertInstanceOf(Outcome.Paused.class, sink("").open());
        assertEquals("user reader: may not insert in database db", paused.why());
    }
}
