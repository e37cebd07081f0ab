package io.github.pgwatchrpc.sink.cloudwatch;

import com.fasterxml.jackson.databind.JsonNode;
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
import java.util.Set;
import org.junit.jupiter.api.AfterEach;

/** The kit against a stub of CloudWatch Logs. */
class LogsCompatibilityTest extends SinkCompatibilityTest {

    private final LogsStub stub = new LogsStub();

    LogsCompatibilityTest() throws IOException {}

    @AfterEach
    void stop() {
        stub.close();
    }

    @Override
    protected SinkProvider provider() {
        return new LogsProvider();
    }

    @Override
    protected String uri() {
        return stub.uri("");
    }

    @Override
    protected List<Arrived> arrived() {
        return stub.messages.stream()
                .map(each -> new Arrived(
                        each.path("database").asText(),
                        each.path("metric").asText(),
                        each.path("epoch_ns").asLong(),
                        texts(each.path("tags")),
                        object(each.path("fields"))))
                .toList();
    }

    private static Map<String, String> texts(JsonNode node) {
        Map<String, String> all = new LinkedHashMap<>();
        node.properties().forEach(each -> all.put(each.getKey(), each.getValue().asText()));
        return all;
    }

    private static Map<String, Object> object(JsonNode node) {
        Map<String, Object> all = new LinkedHashMap<>();
        node.properties().forEach(each -> all.put(each.getKey(), value(each.getValue())));
        return all;
    }

    private static Object value(JsonNode node) {
        if (node.isObject()) {
            return object(node);
        } else if (node.isArray()) {
            List<Object> all = new ArrayList<>();
            node.forEach(each -> all.add(value(each)));
            return all;
        } else if (node.isIntegralNumber()) {
            return node.bigIntegerValue();
        } else if (node.isNumber()) {
            return node.doubleValue();
        } else if (node.isBoolean()) {
            return node.booleanValue();
        }
        return node.isNull() ? null : node.asText();
    }

    @Override
    protected Arrived asStored(Measurement row) {
        return Arrived.of(row).asJson();
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
            case AWAY -> stub.server.down();
            case UNUSABLE -> stub.streams.clear();
            case DENIED ->
                stub.gate = call ->
                        LogsStub.error(400, "AccessDeniedException", "not authorized to perform: logs:PutLogEvents");
            case BUSY -> stub.gate = call -> FaultAnswer.busy(BUSY_FOR);
            case HANGING -> stub.gate = call -> FaultAnswer.hang();
            case BAD_ROW ->
                stub.gate = call -> call.path("logEvents").toString().contains(BAD_COLUMN)
                        ? LogsStub.error(400, "InvalidParameterException", "bad event")
                        : null;
            case TOO_LARGE ->
                stub.gate = call -> call.path("logEvents").size() > FEW
                        ? LogsStub.error(413, "RequestEntityTooLargeException", "too large")
                        : null;
            case ANSWER_LOST -> stub.mute = true;
            default -> throw new IllegalArgumentException(fault.toString());
        }
    }

    @Override
    protected void mend(Fault fault) throws IOException {
        stub.server.up();
        stub.gate = call -> null;
        stub.mute = false;
        stub.streams.add(LogsStub.GROUP + " one");
    }
}
