package io.github.pgwatchrpc.sink.splunk;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.pgwatchrpc.measurement.Measurement;
import io.github.pgwatchrpc.sink.SinkProvider;
import io.github.pgwatchrpc.sink.testkit.Arrived;
import io.github.pgwatchrpc.sink.testkit.Fault;
import io.github.pgwatchrpc.sink.testkit.FaultAnswer;
import io.github.pgwatchrpc.sink.testkit.SinkCompatibilityTest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;

/** The kit against the stub: what all ways of writing have in common. */
abstract class HecKit extends SinkCompatibilityTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    final HecStub stub;

    HecKit() throws IOException {
        stub = HecStub.start();
    }

    @AfterEach
    void stop() {
        stub.close();
    }

    @Override
    protected SinkProvider provider() {
        return new SplunkSinkProvider();
    }

    @Override
    protected String uri() {
        return stub.sinkUri();
    }

    @Override
    protected Set<Fault> faults() {
        return Set.of(
                Fault.AWAY,
                Fault.UNUSABLE,
                Fault.DENIED,
                Fault.BUSY,
                Fault.HANGING,
                Fault.BAD_ROW,
                Fault.TOO_LARGE,
                Fault.ANSWER_LOST);
    }

    @Override
    protected void inflict(Fault fault) {
        switch (fault) {
            case AWAY -> stub.server().down();
            case UNUSABLE -> stub.enabled(false);
            case DENIED -> stub.knowsToken("another");
            case BUSY ->
                stub.server()
                        .otherwise(HecStub.hec(429, 26, "queue is full")
                                .with("Retry-After", Long.toString(BUSY_FOR.toSeconds())));
            case HANGING -> stub.server().otherwise(FaultAnswer.hang());
            case BAD_ROW -> stub.refuses(event -> event.toString().contains(BAD_COLUMN));
            case TOO_LARGE -> stub.takesEvents(FEW);
            case PARTLY_BUSY -> stub.busyEvery(2);
            case ANSWER_LOST -> stub.losesAnswers(true);
        }
    }

    @Override
    protected void mend(Fault fault) throws IOException {
        stub.server().up();
        stub.serve();
        stub.enabled(true)
                .knowsToken(HecStub.TOKEN)
                .refuses(event -> false)
                .takesEvents(Integer.MAX_VALUE)
                .busyEvery(0)
                .losesAnswers(false);
    }

    @Override
    protected Arrived asStored(Measurement row) {
        Map<String, Object> fields = new LinkedHashMap<>();
        row.fields().forEach((name, value) -> {
            if (value != null) {
                fields.put(name, value);
            }
        });
        return Arrived.of(row).withFields(fields).asJson().withTime(Math.floorDiv(row.timeNanos(), 1_000L) * 1_000L);
    }

    @Override
    protected List<Arrived> arrived() {
        List<Arrived> all = new ArrayList<>();
        stub.events().forEach(event -> all.add(arrived(event)));
        return all;
    }

    Arrived arrived(ObjectNode event) {
        return split(event, (ObjectNode) event.get("event"));
    }

    /** Columns as they are named in an event. */
    static Arrived split(ObjectNode event, ObjectNode columns) {
        Map<String, String> tags = new LinkedHashMap<>();
        Map<String, Object> fields = new LinkedHashMap<>();
        columns.properties().forEach(column -> {
            String name = column.getKey();
            JsonNode value = column.getValue();
            if (name.startsWith("tag_") && name.length() > 4) {
                tags.put(name.substring(4), value.asText());
            } else if (!name.equals("database") && !name.equals("metric")) {
                fields.put(name, JSON.convertValue(value, Object.class));
            }
        });
        return new Arrived(
                Objects.requireNonNull(columns.get("database")).textValue(),
                Objects.requireNonNull(columns.get("metric")).textValue(),
                event.get("time").decimalValue().movePointRight(9).longValueExact(),
                tags,
                fields);
    }
}
