package io.github.pgwatchrpc.interop;

import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From clients through the packaged receiver into a real store that speaks MongoDB's protocol, while both are killed. */
@Tag("process")
class MongoPathTest {

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path directory;

    /** Counts documents: one for each acknowledged row, at most one for each other. */
    @Test
    void plainCollectionsHaveEachRowOnce() throws Exception {
        run("plain", (before, after) -> number -> false);
    }

    /** The same, but rows that were accepted while something was killed may be there twice. */
    @Test
    void timeSeriesCollectionsHaveEachRow() throws Exception {
        run("time-series", (before, after) -> number -> number >= before && number < after);
    }

    /** Which rows may be there twice, from the numbers before the first kill and after the last. */
    private interface Twice {
        IntPredicate between(int before, int after);
    }

    private void run(String mode, Twice twice) throws Exception {
        try (SecantusServer mongo = SecantusServer.start(directory);
                NumberedLoad load = new NumberedLoad()) {
            ServerProcess.Launch launch = ServerProcess.launch(directory)
                    .sinks("mongo=" + mongo.uri() + "db?serverSelectionTimeoutMS=2000&mode=" + mode);
            int before;
            double seconds;
            try (ServerProcess server = launch.start()) {
                load.start(server);
                load.awaitMore(2_000);
                load.end();
                server.awaitDelivered("mongo");
                before = load.sentBelow();
                load.start(server);
                Recovery.awaitMore(server, "mongo", 1);
                mongo.kill();
                load.awaitMore(3_000);
                mongo.restart();
                seconds = Recovery.awaitMore(server, "mongo", 1);
                server.kill();
                load.end();
            }
            int after = load.sentBelow();
            try (ServerProcess server = launch.start()) {
                server.awaitDelivered("mongo");
                load.start(server);
                load.awaitMore(2_000);
                load.end();
                server.awaitDelivered("mongo");
                NumberedLoad.Counted counted = load.assertArrived(numbers(mongo), twice.between(before, after));
                server.assertAccount("mongo", counted.stored());
                Figures.show(
                        "MongoDB (%s) and the receiver killed: %,d rows acknowledged, %,d documents, %,d more than"
                                + " once, the first %.1f s after recovery",
                        mode, counted.acknowledged(), counted.stored(), counted.again(), seconds);
                server.terminate();
            }
        }
    }

    private static List<Integer> numbers(SecantusServer mongo) {
        try (MongoClient client = MongoClients.create(mongo.uri())) {
            return client.getDatabase("db")
                    .getCollection("numbered")
                    .find()
                    .map(each -> each.get(NumberedRows.NUMBER, Number.class).intValue())
                    .into(new ArrayList<>());
        }
    }
}
