package io.github.pgwatchrpc.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import io.github.pgwatchrpc.measurement.EnvelopeBuilder;
import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.Sinks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.bson.Document;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows go into a real store that is killed in the middle. */
@Tag("process")
class MongoTest {

    private static final int BATCHES = 20;
    private static final int ROWS = 200;

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path directory;

    @Test
    void plainCollectionsHaveEveryRowOnceWhateverBecomesOfTheServer() throws Exception {
        List<String> ids = idsAfterAKill("mode=plain&expire-after=1d");
        assertEquals(BATCHES * ROWS, ids.size());
        assertEquals(BATCHES * ROWS, new HashSet<>(ids).size());
    }

    @Test
    void timeSeriesCollectionsHaveEveryRowAndDoublesCanBeTold() throws Exception {
        List<String> ids = idsAfterAKill("expire-after=1d");
        assertEquals(BATCHES * ROWS, new HashSet<>(ids).size());
        // what was under way when the server was killed, and nothing else
        assertTrue(ids.size() <= (BATCHES + 1) * ROWS, () -> "rows: " + ids.size());
    }

    @Test
    void timeSeriesCollectionsAreMadeAsAsked() throws Exception {
        try (SecantusServer server = SecantusServer.start(directory);
                Sink sink = sink(server, "collection=all&expire-after=1d&granularity=hours");
                MongoClient client = MongoClients.create(server.uri())) {
            assertEquals(Readiness.ready(), sink.provision());
            assertEquals(Readiness.ready(), sink.open());
            Document all = client.getDatabase("db").listCollections().into(new ArrayList<>()).stream()
                    .filter(each -> each.getString("name").equals("all"))
                    .findFirst()
                    .orElseThrow();
            // this server calls its type a collection
            Document options = all.get("options", Document.class);
            assertEquals(
                    86_400L, options.get("expireAfterSeconds", Number.class).longValue());
            Document series = options.get("timeseries", Document.class);
            assertEquals("time", series.getString("timeField"));
            assertEquals("meta", series.getString("metaField"));
            assertEquals("hours", series.getString("granularity"));
            Outcome.Paused other = assertInstanceOf(
                    Outcome.Paused.class,
                    sink(server, "collection=all&mode=plain").open());
            assertTrue(other.why().contains("timeseries"), other.why());
        }
    }

    private List<String> idsAfterAKill(String options) throws Exception {
        try (SecantusServer server = SecantusServer.start(directory);
                Sink sink = sink(server, options)) {
            assertEquals(Readiness.ready(), sink.open());
            for (int n = 0; n < BATCHES; n++) {
                if (n == BATCHES / 2) {
                    // in the middle of a write, or just before or after it, as chance has it
                    Thread killer = new Thread(server::kill);
                    killer.start();
                    deliver(server, sink, batch(n), killer);
                } else {
                    deliver(server, sink, batch(n), null);
                }
            }
            try (MongoClient client = MongoClients.create(server.uri())) {
                return client.getDatabase("db")
                        .getCollection("numbers")
                        .find()
                        .map(each -> each.getString("_id"))
                        .into(new ArrayList<>());
            }
        }
    }

    /** Writes as a delivery does, until everything is there. */
    private static void deliver(SecantusServer server, Sink sink, Batch batch, @Nullable Thread killer)
            throws Exception {
        Batch rest = batch;
        long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
        Outcome outcome = write(sink, rest);
        if (killer != null) {
            killer.join();
            server.restart();
        }
        while (!(outcome instanceof Outcome.Written)) {
            assertTrue(System.nanoTime() < end, outcome.toString());
            if (outcome instanceof Outcome.Partly partly) {
                assertEquals(List.of(), partly.refused());
                rest = rest.select(partly.retry().stream().sorted().toList());
            } else {
                assertInstanceOf(Outcome.Retry.class, outcome);
            }
            outcome = write(sink, rest);
        }
    }

    private static Outcome write(Sink sink, Batch batch) throws InterruptedException {
        try {
            return sink.write(batch);
        } catch (IOException e) {
            return Outcome.retry(String.valueOf(e.getMessage()));
        }
    }

    private static Sink sink(SecantusServer server, String options) {
        return Sinks.load(MongoTest.class.getClassLoader())
                .create(server.uri() + "db?serverSelectionTimeoutMS=5000&" + options, Map.of());
    }

    private static Batch batch(int number) {
        EnvelopeBuilder builder = new EnvelopeBuilder()
                .database("d")
                .metric("numbers")
                .receivedAt(TimeUnit.MILLISECONDS.toNanos(System.currentTimeMillis()));
        for (int n = 0; n < ROWS; n++) {
            builder.beginRow()
                    .put("n", number * ROWS + n)
                    .put("tag_kind", "even")
                    .endRow();
        }
        return new Batch("interop", List.of(new Batch.Slice(builder.build(), number, 0, ROWS)));
    }
}
