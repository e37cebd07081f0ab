package io.github.pgwatchrpc.sink.splunk;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.pgwatchrpc.measurement.Measurement;
import io.github.pgwatchrpc.sink.testkit.Arrived;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/** Metric events: numbers are measurements, text is dimensions, and nothing else has a place. */
class SplunkMetricsCompatibilityTest extends HecKit {

    SplunkMetricsCompatibilityTest() throws IOException {}

    @Override
    protected String uri() {
        return super.uri() + "&mode=metrics";
    }

    @Override
    protected Arrived asStored(Measurement row) {
        Map<String, Object> kept = new LinkedHashMap<>();
        boolean[] number = {false};
        row.fields().forEach((name, value) -> {
            if (value instanceof Boolean truth) {
                kept.put(name, truth ? 1 : 0);
                number[0] = true;
            } else if (value instanceof Number each && Double.isFinite(each.doubleValue())) {
                kept.put(name, value);
                number[0] = true;
            } else if (value instanceof String text && !text.isEmpty()) {
                kept.put(name, text);
            }
        });
        Map<String, String> tags = new LinkedHashMap<>(row.tags());
        tags.values().removeIf(String::isEmpty);
        return number[0]
                ? Arrived.of(row)
                        .withFields(kept)
                        .withTags(tags)
                        .withTime(Math.floorDiv(row.timeNanos(), 1_000L) * 1_000L)
                : null;
    }

    @Override
    Arrived arrived(ObjectNode event) {
        ObjectNode fields = (ObjectNode) event.get("fields");
        String metric = fields.get("metric").textValue();
        String prefix = "metric_name:pgwatch." + (metric.isEmpty() ? "unnamed" : metric) + ".";
        ObjectNode columns = fields.objectNode();
        fields.properties()
                .forEach(field -> columns.set(
                        field.getKey().startsWith(prefix) ? field.getKey().substring(prefix.length()) : field.getKey(),
                        field.getValue()));
        return split(event, columns);
    }
}
