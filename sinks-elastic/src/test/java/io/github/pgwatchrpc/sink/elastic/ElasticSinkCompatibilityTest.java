package io.github.pgwatchrpc.sink.elastic;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.pgwatchrpc.measurement.Measurement;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.SinkProvider;
import io.github.pgwatchrpc.sink.Sinks;
import io.github.pgwatchrpc.sink.testkit.Arrived;
import io.github.pgwatchrpc.sink.testkit.Fault;
import io.github.pgwatchrpc.sink.testkit.FaultAnswer;
import io.github.pgwatchrpc.sink.testkit.FaultRequest;
import io.github.pgwatchrpc.sink.testkit.FaultServer;
import io.github.pgwatchrpc.sink.testkit.SinkCompatibilityTest;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Tag;

/** The kit against a real node, behind a gate that can fail as proxies, networks and security do. */
@Tag("process")
class ElasticSinkCompatibilityTest extends SinkCompatibilityTest {

    private final ElasticsearchNode node = ElasticsearchNode.shared();
    private final String namespace = ElasticsearchNode.namespace();
    private final FaultServer gate = FaultServer.start().otherwise(this::answer);
    private volatile Fault fault;

    ElasticSinkCompatibilityTest() throws IOException {}

    @AfterEach
    void stop() {
        gate.close();
    }

    private FaultAnswer answer(FaultRequest request) {
        Fault now = fault;
        boolean bulk = request.path().startsWith("/_bulk");
        if (now == Fault.DENIED) {
            return FaultAnswer.status(401).body("no such key: " + request.headers());
        } else if (now == Fault.BUSY) {
            return FaultAnswer.busy(BUSY_FOR);
        } else if (now == Fault.HANGING) {
            return FaultAnswer.hang();
        } else if (now == Fault.TOO_LARGE && bulk && request.lines().size() > 2 * FEW) {
            return FaultAnswer.status(413);
        }
        try {
            if (now == Fault.PARTLY_BUSY && bulk) {
                return partly(request);
            }
            HttpResponse<byte[]> answer = forward(request, request.text());
            return now == Fault.ANSWER_LOST
                    ? FaultAnswer.reset()
                    : FaultAnswer.status(answer.statusCode())
                            .with("X-Elastic-Product", "Elasticsearch")
                            .body(new String(answer.body(), StandardCharsets.UTF_8));
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private HttpResponse<byte[]> forward(FaultRequest request, String body) throws IOException, InterruptedException {
        String type = request.header("Content-Type");
        return node.send(
                request.method(),
                request.path(),
                type == null ? "application/json" : type,
                body.getBytes(StandardCharsets.UTF_8));
    }

    /** Every third row is answered 429, the others by the node. */
    private FaultAnswer partly(FaultRequest request) throws IOException, InterruptedException {
        List<String> lines = request.lines();
        StringBuilder taken = new StringBuilder();
        for (int row = 0; 2 * row < lines.size(); row++) {
            if (row % 3 != 1) {
                taken.append(lines.get(2 * row))
                        .append('\n')
                        .append(lines.get(2 * row + 1))
                        .append('\n');
            }
        }
        JsonNode reply = ElasticsearchNode.JSON.readTree(
                forward(request, taken.toString()).body());
        List<String> items = new ArrayList<>();
        reply.get("items").forEach(item -> items.add(item.toString()));
        for (int row = 0; 2 * row < lines.size(); row++) {
            if (row % 3 == 1) {
                items.add(
                        row,
                        "{\"create\":{\"status\":429,\"error\":{\"type\":\"es_rejected_execution_exception\",\"reason\":\"queue full\"}}}");
            }
        }
        return FaultAnswer.ok().body("{\"errors\":true,\"items\":[" + String.join(",", items) + "]}");
    }

    @Override
    protected SinkProvider provider() {
        return new ElasticSinkProvider();
    }

    @Override
    protected String uri() {
        return "elasticsearch://127.0.0.1:" + gate.uri().getPort() + "?timeout=15s&api-key=s3cr3t-of-the-uri&namespace="
                + namespace;
    }

    @Override
    protected List<Arrived> arrived() throws Exception {
        return node.documents("metrics-pgwatch.*-" + namespace).stream()
                .map(each -> Documents.row(each.get("_source")))
                .toList();
    }

    @Override
    protected Arrived asStored(Measurement row) {
        return Arrived.of(row).asJson();
    }

    @Override
    protected Set<Fault> faults() {
        return Set.of(Fault.values());
    }

    @Override
    protected void inflict(Fault now) throws Exception {
        fault = now;
        if (now == Fault.AWAY) {
            gate.down();
        } else if (now == Fault.UNUSABLE) {
            node.call("DELETE", "/_index_template/metrics-pgwatch-" + namespace, "");
        } else if (now == Fault.BAD_ROW) {
            // somebody else has made the stream, with a mapping that the column does not fit
            node.call(
                    "PUT",
                    "/_index_template/somebody-else-" + namespace,
                    "{\"index_patterns\":[\"metrics-pgwatch.numbers-" + namespace
                            + "\"],\"data_stream\":{},\"priority\":900,\"composed_of\":[\"pgwatch@custom\"],\"template\":{\"mappings\":{\"properties\":"
                            + "{\"@timestamp\":{\"type\":\"date_nanos\"},\"fields\":{\"properties\":{\"" + BAD_COLUMN
                            + "\":{\"type\":\"date\"}}}}}}}");
        }
    }

    @Override
    protected void mend(Fault now) throws Exception {
        fault = null;
        gate.up();
        if (now == Fault.UNUSABLE) {
            Sinks kinds = new Sinks(List.of(provider()));
            try (Sink sink = kinds.create("elasticsearch://" + node.address() + "?namespace=" + namespace, Map.of())) {
                Assertions.assertEquals(Readiness.ready(), sink.provision());
            }
        }
    }
}
