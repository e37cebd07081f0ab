package io.github.pgwatchrpc.sink.http;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.pgwatchrpc.measurement.Measurement;
import io.github.pgwatchrpc.sink.SinkProvider;
import io.github.pgwatchrpc.sink.testkit.Arrived;
import io.github.pgwatchrpc.sink.testkit.Fault;
import io.github.pgwatchrpc.sink.testkit.FaultAnswer;
import io.github.pgwatchrpc.sink.testkit.FaultRequest;
import io.github.pgwatchrpc.sink.testkit.FaultServer;
import io.github.pgwatchrpc.sink.testkit.SinkCompatibilityTest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;

/** All that the kit knows to break, over HTTP. */
class ExampleSinkTest extends SinkCompatibilityTest {

    private static final ObjectMapper JSON =
            new ObjectMapper().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);

    private final FaultServer server;
    private final Map<String, Arrived> rows = new LinkedHashMap<>();
    private volatile Fault fault;

    ExampleSinkTest() throws IOException {
        server = FaultServer.start().otherwise(this::answer);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private FaultAnswer answer(FaultRequest request) {
        Fault now = fault;
        if (now == Fault.UNUSABLE) {
            return FaultAnswer.status(404).body("no such table");
        } else if (now == Fault.DENIED) {
            return FaultAnswer.status(401).body("refused: " + request.headers());
        } else if (now == Fault.BUSY) {
            return FaultAnswer.busy(BUSY_FOR);
        } else if (now == Fault.HANGING) {
            return FaultAnswer.hang();
        }
        List<String> lines = request.lines();
        if (now == Fault.TOO_LARGE && lines.size() > FEW) {
            return FaultAnswer.status(413);
        }
        StringBuilder not = new StringBuilder();
        for (int i = 0; i < lines.size(); i++) {
            if (now == Fault.PARTLY_BUSY && i % 3 == 1) {
                not.append("busy ").append(i).append('\n');
            } else if (now == Fault.BAD_ROW && lines.get(i).contains(BAD_COLUMN)) {
                not.append("refused ").append(i).append('\n');
            } else {
                store(lines.get(i));
            }
        }
        return now == Fault.ANSWER_LOST ? FaultAnswer.reset() : FaultAnswer.ok().body(not.toString());
    }

    @SuppressWarnings("unchecked") // what the sink has written
    private void store(String line) {
        try {
            JsonNode row = JSON.readTree(line);
            rows.put(
                    row.get("id").textValue(),
                    new Arrived(
                            row.get("db").textValue(),
                            row.get("metric").textValue(),
                            row.get("time").longValue(),
                            JSON.convertValue(row.get("tags"), Map.class),
                            JSON.convertValue(row.get("fields"), Map.class)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    protected SinkProvider provider() {
        return new ExampleSinkProvider();
    }

    @Override
    protected String uri() {
        return "example:" + server.uri() + "?timeout=3s&token=s3cr3t-of-the-uri";
    }

    @Override
    protected List<Arrived> arrived() {
        return List.copyOf(rows.values());
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
    protected void inflict(Fault now) {
        fault = now;
        if (now == Fault.AWAY) {
            server.down();
        }
    }

    @Override
    protected void mend(Fault now) throws IOException {
        fault = null;
        server.up();
    }
}
