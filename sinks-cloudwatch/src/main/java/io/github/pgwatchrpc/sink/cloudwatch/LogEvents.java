package io.github.pgwatchrpc.sink.cloudwatch;

import io.github.pgwatchrpc.measurement.JsonWriter;
import io.github.pgwatchrpc.measurement.Measurement;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Writes a row as log events: one JSON object, or with a namespace in <a
 * href="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html">embedded
 * metric format</a>, of which CloudWatch makes metrics by itself. Used by one thread.
 */
final class LogEvents {

    /** With more in one event, CloudWatch makes no metric at all of it, and says nothing. */
    static final int MAX_METRICS = 100;

    /** Holds what is neither dimension nor metric. */
    private static final String REST = "pgwatch";

    private final @Nullable String namespace;
    private final MetricRows metrics;
    private final JsonWriter json = new JsonWriter();

    LogEvents(@Nullable String namespace, MetricRows metrics) {
        this.namespace = namespace;
        this.metrics = metrics;
    }

    /** Gives on the events of a row, or fails before the first. */
    void of(int number, String id, Measurement row, TimeWindow window, Consumer<LogEvent> to) throws UnfitRow {
        long millis = Math.floorDiv(row.timeNanos(), 1_000_000L);
        window.check(millis);
        List<LogEvent> events = new ArrayList<>(1);
        if (namespace == null) {
            events.add(event(number, millis, plain(id, row)));
        } else {
            MetricRow found = metrics.of(row, window);
            int count = found.names().size();
            int from = 0;
            do {
                int end = Math.min(count, from + MAX_METRICS);
                events.add(event(number, millis, embedded(id, row, found, from, end)));
                from = end;
            } while (from < count);
        }
        events.forEach(to);
    }

    private LogEvent event(int number, long millis, String message) throws UnfitRow {
        int bytes = json.length() + LogCalls.EVENT_BYTES;
        if (bytes > LogCalls.MAX_BYTES) {
            throw new UnfitRow("bytes of a log event: " + bytes + " (expected: <= " + LogCalls.MAX_BYTES + ")");
        }
        return new LogEvent(number, millis, message, bytes);
    }

    private String plain(String id, Measurement row) {
        json.clear().raw("{");
        head(id, row);
        json.raw(",").name("tags").raw("{");
        boolean first = true;
        for (Map.Entry<String, String> tag : row.tags().entrySet()) {
            json.raw(first ? "" : ",").name(tag.getKey()).text(tag.getValue());
            first = false;
        }
        json.raw("},");
        fields(row, Set.of());
        json.raw("}");
        return text();
    }

    /** Dimensions and metrics stand at the root, as the format has it; everything else in one object of our own. */
    private String embedded(String id, Measurement row, MetricRow found, int from, int to) throws UnfitRow {
        json.clear().raw("{");
        Set<String> metricsOfRow = new HashSet<>();
        if (from < to) {
            Map<String, String> dimensions = found.dimensions().values();
            json.name("_aws").raw("{").name("Timestamp").number(found.millis());
            json.raw(",").name("CloudWatchMetrics").raw("[{").name("Namespace").text(String.valueOf(namespace));
            json.raw(",").name("Dimensions").raw("[[");
            String comma = "";
            for (String dimension : dimensions.keySet()) {
                if (dimension.equals("_aws") || dimension.equals(REST)) {
                    throw new UnfitRow(
                            "name of a dimension: \"" + dimension + "\" (expected: not _aws or " + REST + ")");
                }
                json.raw(comma).text(dimension);
                comma = ",";
            }
            json.raw("]],").name("Metrics").raw("[");
            for (int i = from; i < to; i++) {
                MetricName name = found.names().get(i);
                json.raw(i == from ? "{" : ",{").name("Name").text(name.text());
                if (name.unit() != null) {
                    json.raw(",").name("Unit").text(name.unit());
                }
                json.raw("}");
            }
            json.raw("]}]},");
            dimensions.forEach((name, value) -> json.name(name).text(value).raw(","));
            for (int i = from; i < to; i++) {
                json.name(found.names().get(i).text()).number(found.value(i)).raw(",");
            }
            found.names().forEach(name -> metricsOfRow.add(name.text()));
        }
        json.name(REST).raw("{");
        head(id, row);
        if (from == 0) {
            json.raw(",");
            fields(row, metricsOfRow);
        }
        json.raw("}}");
        return text();
    }

    private void head(String id, Measurement row) {
        json.name("database").text(row.envelope().database());
        json.raw(",").name("metric").text(row.envelope().metric());
        json.raw(",").name("epoch_ns").number(row.timeNanos());
        json.raw(",").name("id").text(id);
    }

    /** All columns that are neither time nor tag, but for those that stand in the event as metrics. */
    private void fields(Measurement row, Set<String> without) {
        json.name("fields").raw("{");
        boolean first = true;
        for (int column = 0; column < row.size(); column++) {
            String name = row.name(column);
            boolean field = !name.startsWith("tag_") && !name.equals("epoch_ns");
            if (field && (without.isEmpty() || !without.contains(row.envelope().metric() + '.' + name))) {
                json.raw(first ? "" : ",").name(row, column).value(row, column);
                first = false;
            }
        }
        json.raw("}");
    }

    private String text() {
        return new String(json.buffer(), 0, json.length(), StandardCharsets.UTF_8);
    }
}
