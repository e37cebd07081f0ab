package io.github.pgwatchrpc.benchmarks;

import com.mongodb.WriteConcern;
import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.InsertManyOptions;
import com.sun.management.OperatingSystemMXBean;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.Sinks;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.bson.Document;
import org.bson.RawBsonDocument;
import org.bson.codecs.DocumentCodec;

/**
 * How fast rows get into a MongoDB, beside a bare loop of {@code insertMany} that has the same documents ready: as bytes,
 * which is the least that a client can do, and as trees, which is what most have. In turn, into the same server, batches
 * of 1,000 rows, one at a time. CPU time is that of this process. Arguments: the server's URI ending with a slash, batches
 * of a turn, turns, and {@code plain} or {@code time-series}.
 */
public final class MongoFigures {

    private static final int BATCH_ROWS = 1_000;
    private static final InsertManyOptions UNORDERED = new InsertManyOptions().ordered(false);

    private final OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private final MongoDatabase database;
    private final Sink sink;
    private final int batches;

    private MongoFigures(MongoDatabase database, Sink sink, int batches) {
        this.database = database;
        this.sink = sink;
        this.batches = batches;
    }

    /**
     * Measures and prints.
     *
     * @param args URI, batches, turns, mode
     * @throws Exception if anything fails
     */
    public static void main(String[] args) throws Exception {
        String uri = args[0] + "figures?mode=" + args[3];
        try (MongoClient client = MongoClients.create(args[0]);
                Sink sink = Sinks.load(MongoFigures.class.getClassLoader()).create(uri, Map.of())) {
            MongoDatabase database = client.getDatabase("figures").withWriteConcern(WriteConcern.MAJORITY);
            MongoFigures figures = new MongoFigures(database, sink, Integer.parseInt(args[1]));
            database.drop();
            for (int turn = 0; turn < Integer.parseInt(args[2]); turn++) {
                figures.turn(turn);
            }
            database.drop();
        }
    }

    private interface Work {
        void batch(int number) throws Exception;
    }

    private void turn(int turn) throws Exception {
        MeasurementEnvelope envelope = Rows.envelope(BATCH_ROWS);
        sink.open();
        measure("sink", turn, number -> {
            Outcome outcome =
                    sink.write(new Batch("figures", List.of(new Batch.Slice(envelope, number, 0, BATCH_ROWS))));
            if (!(outcome instanceof Outcome.Written)) {
                throw new IllegalStateException(outcome.toString());
            }
        });
        Document listed = Objects.requireNonNull(database.listCollections()
                .filter(new Document("name", "table_stats"))
                .first());
        Document options = listed.get("options", new Document());
        List<RawBsonDocument> bytes = database.getCollection("table_stats", RawBsonDocument.class)
                .find()
                .into(new ArrayList<>());
        database.getCollection("table_stats").drop();
        if (bytes.size() != batches * BATCH_ROWS) {
            throw new IllegalStateException("rows: " + bytes.size());
        }
        bare("insertMany, bytes", turn, RawBsonDocument.class, bytes, options);
        List<Document> trees =
                bytes.stream().map(each -> each.decode(new DocumentCodec())).toList();
        bare("insertMany, trees", turn, Document.class, trees, options);
    }

    private <T> void bare(String what, int turn, Class<T> type, List<T> documents, Document options) throws Exception {
        Document create = new Document("create", "bare");
        if (options.containsKey("timeseries")) {
            create.append("timeseries", options.get("timeseries"));
        }
        database.runCommand(create);
        MongoCollection<T> collection = database.getCollection("bare", type);
        measure(
                what,
                turn,
                number -> collection.insertMany(
                        documents.subList(number * BATCH_ROWS, (number + 1) * BATCH_ROWS), UNORDERED));
        collection.drop();
    }

    private void measure(String what, int turn, Work work) throws Exception {
        long cpu = system.getProcessCpuTime();
        long begin = System.nanoTime();
        for (int number = 0; number < batches; number++) {
            work.batch(number);
        }
        double seconds = (System.nanoTime() - begin) / 1e9;
        double cpuSeconds = (double) (system.getProcessCpuTime() - cpu) / TimeUnit.SECONDS.toNanos(1);
        double millions = batches * BATCH_ROWS / 1e6;
        System.out.printf(
                "%d %-18s %,9.0f rows/s %6.2f CPU s per million rows%n",
                turn, what, millions * 1e6 / seconds, cpuSeconds / millions);
    }
}
