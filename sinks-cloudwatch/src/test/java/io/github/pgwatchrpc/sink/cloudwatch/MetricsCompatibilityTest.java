package io.github.pgwatchrpc.sink.cloudwatch;

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

/** The kit against a stub; a row is put together again from the metrics of its time. */
class MetricsCompatibilityTest extends SinkCompatibilityTest {

    private static final String ASCII = "[ -~]*[!-~][ -~]*";

    private final CloudWatchStub stub = new CloudWatchStub();

    MetricsCompatibilityTest() throws IOException {}

    @AfterEach
    void stop() {
        stub.close();
    }

    @Override
    protected SinkProvider provider() {
        return new MetricsProvider();
    }

    @Override
    protected String uri() {
        return stub.uri("&value-arrays=false");
    }

    private record Point(Map<String, String> dimensions, long millis) {}

    @Override
    protected List<Arrived> arrived() {
        Map<Point, Map<String, List<Double>>> points = new LinkedHashMap<>();
        for (CloudWatchStub.Taken each : stub.taken) {
            points.computeIfAbsent(new Point(each.dimensions(), each.millis()), point -> new LinkedHashMap<>())
                    .computeIfAbsent(each.name(), name -> new ArrayList<>())
                    .addAll(each.values());
        }
        List<Arrived> rows = new ArrayList<>();
        points.forEach((point, metrics) -> {
            int count = metrics.values().stream().mapToInt(List::size).max().orElse(0);
            for (int i = 0; i < count; i++) {
                Map<String, Object> fields = new LinkedHashMap<>();
                for (Map.Entry<String, List<Double>> metric : metrics.entrySet()) {
                    fields.put(metric.getKey(), metric.getValue().get(i));
                }
                rows.add(new Arrived("", "", point.millis() * 1_000_000, point.dimensions(), fields));
            }
        });
        return rows;
    }

    @Override
    protected Arrived asStored(Measurement row) {
        Map<String, Object> fields = new LinkedHashMap<>();
        boolean fits = true;
        for (Map.Entry<String, Object> field : row.fields().entrySet()) {
            if (field.getValue() instanceof Number number) {
                String name = row.envelope().metric() + "." + field.getKey();
                fields.put(name, number.doubleValue());
                fits &= Math.abs(number.doubleValue()) <= Math.pow(2, 360)
                        && name.matches(ASCII)
                        && !row.envelope().metric().isEmpty();
            }
        }
        Map<String, String> tags = new LinkedHashMap<>();
        tags.put("dbname", row.envelope().database());
        tags.putAll(row.tags());
        for (Map.Entry<String, String> tag : tags.entrySet()) {
            fits &= tag.getKey().matches(ASCII) && tag.getValue().matches(ASCII);
        }
        return fits && !fields.isEmpty()
                ? new Arrived("", "", row.timeNanos() / 1_000_000 * 1_000_000, tags, fields)
                : null;
    }

    @Override
    protected Set<Fault> faults() {
        return Set.of(
                Fault.AWAY, Fault.DENIED, Fault.BUSY, Fault.HANGING, Fault.BAD_ROW, Fault.TOO_LARGE, Fault.ANSWER_LOST);
    }

    @Override
    protected Map<String, Object> badRow() {
        return Map.of(BAD_COLUMN, 1L);
    }

    @Override
    protected void inflict(Fault fault) {
        switch (fault) {
            case AWAY -> stub.server.down();
            case DENIED ->
                stub.gate = call -> CloudWatchStub.error(
                        403, "InvalidClientTokenId", "The security token included in the request is invalid.");
            case BUSY -> stub.gate = call -> FaultAnswer.busy(BUSY_FOR);
            case HANGING -> stub.gate = call -> FaultAnswer.hang();
            case TOO_LARGE ->
                stub.gate = call -> call.path("MetricData").size() > FEW
                        ? CloudWatchStub.error(413, "RequestEntityTooLargeException", "too large")
                        : null;
            case BAD_ROW -> stub.refusedMetric = "numbers." + BAD_COLUMN;
            case ANSWER_LOST -> stub.mute = true;
            default -> throw new IllegalArgumentException(fault.toString());
        }
    }

    @Override
    protected void mend(Fault fault) throws IOException {
        stub.server.up();
        stub.gate = call -> null;
        stub.mute = false;
        stub.refusedMetric = "";
    }
}
