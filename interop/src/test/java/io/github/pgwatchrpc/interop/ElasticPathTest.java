package io.github.pgwatchrpc.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.pgwatchrpc.sink.elastic.ElasticsearchNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From clients through the packaged receiver into a real Elasticsearch, while both are killed. */
@Tag("process")
class ElasticPathTest {

    private static final String STREAM = "metrics-pgwatch.numbered-default";

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path directory;

    /**
     * Counts documents: one for each acknowledged row, at most one for each other, and as many as the receiver's own account
     * says. Under load all the time, the node is killed and comes back with its data; then the receiver is killed while it
     * writes what had come up, and goes on.
     */
    @Test
    void eachRowIsThereOnceWhateverIsKilled() throws Exception {
        try (ElasticsearchNode node = new ElasticsearchNode();
                NumberedLoad load = new NumberedLoad()) {
            String sink = "elasticsearch://" + node.address();
            ServerProcess.command("provision", "--sink", sink);
            ServerProcess.Launch launch = ServerProcess.launch(directory).sinks("es=" + sink);
            double seconds;
            try (ServerProcess server = launch.start()) {
                load.start(server);
                Recovery.awaitMore(server, "es", 2_000);
                node.kill();
                load.awaitMore(3_000);
                node.start();
                seconds = Recovery.awaitMore(server, "es", 1);
                server.kill();
                load.end();
            }
            try (ServerProcess server = launch.start()) {
                load.start(server);
                load.awaitMore(2_000);
                load.end();
                server.awaitDelivered("es");
                NumberedLoad.Counted counted = load.assertArrived(numbers(node), number -> false);
                assertEquals(0, counted.again());
                server.assertAccount("es", counted.stored());
                Figures.show(
                        "Elasticsearch and the receiver killed: %,d rows acknowledged, %,d documents, the first"
                                + " %.1f s after recovery",
                        counted.acknowledged(), counted.stored(), seconds);
                server.terminate();
            }
        }
    }

    private static List<Integer> numbers(ElasticsearchNode node) throws IOException, InterruptedException {
        node.call("POST", "/" + STREAM + "/_refresh", "");
        List<Integer> numbers = new ArrayList<>();
        JsonNode page = node.call(
                "POST",
                "/" + STREAM + "/_search?scroll=1m",
                "{\"size\":10000,\"track_total_hits\":true,\"sort\":[\"_doc\"],\"_source\":[\"fields."
                        + NumberedRows.NUMBER + "\"]}");
        long total = page.at("/hits/total/value").longValue();
        while (!page.at("/hits/hits").isEmpty()) {
            for (JsonNode hit : page.at("/hits/hits")) {
                numbers.add(hit.at("/_source/fields/" + NumberedRows.NUMBER).intValue());
            }
            page = node.call(
                    "POST",
                    "/_search/scroll",
                    "{\"scroll\":\"1m\",\"scroll_id\":\""
                            + page.get("_scroll_id").textValue() + "\"}");
        }
        assertEquals(total, numbers.size());
        return numbers;
    }
}
