package io.github.pgwatchrpc.rpc.pgwatch;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * What a pgwatch can measure, as it is configured: its metrics, and the presets that name groups of them. Immutable.
 *
 * @param metrics definitions by name
 * @param presets presets by name
 */
public record MetricDefinitions(Map<String, Metric> metrics, Map<String, Preset> presets) {

    /** What an object with a text costs besides it. */
    private static final long TEXT_OVERHEAD = 64;

    /**
     * Nothing is null; the maps are copied and keep their order.
     *
     * @param metrics definitions by name
     * @param presets presets by name
     */
    public MetricDefinitions {
        metrics = copy(metrics);
        presets = copy(presets);
    }

    /**
     * How a metric is measured and what is said of it. What a pgwatch does not tell is empty or false.
     *
     * @param description for people, in Markdown
     * @param sqls queries by the least major version of PostgreSQL that they are for
     * @param initSql what must have been run in a database before
     * @param nodeStatus {@code primary} or {@code standby} where it is measured only there
     * @param gauges columns that go up and down, {@code *} for all of them; the others only grow
     * @param instanceLevel whether it is the same for all databases of a server, which then share one measurement
     * @param storageName the name under which its measurements come, where that is another one
     */
    public record Metric(
            String description,
            Map<String, String> sqls,
            String initSql,
            String nodeStatus,
            List<String> gauges,
            boolean instanceLevel,
            String storageName) {

        /**
         * Nothing is null; the collections are copied and keep their order.
         *
         * @param description for people, in Markdown
         * @param sqls queries by the least major version of PostgreSQL that they are for
         * @param initSql what must have been run in a database before
         * @param nodeStatus {@code primary} or {@code standby} where it is measured only there
         * @param gauges columns that go up and down, {@code *} for all of them
         * @param instanceLevel whether it is the same for all databases of a server, which then share one measurement
         * @param storageName the name under which its measurements come, where that is another one
         */
        public Metric {
            Objects.requireNonNull(description, "description");
            sqls = copy(sqls);
            Objects.requireNonNull(initSql, "initSql");
            Objects.requireNonNull(nodeStatus, "nodeStatus");
            gauges = List.copyOf(gauges);
            Objects.requireNonNull(storageName, "storageName");
        }
    }

    /**
     * A named group of metrics.
     *
     * @param description for people
     * @param intervals seconds between two measurements, by the metric's name
     */
    public record Preset(String description, Map<String, Double> intervals) {

        /**
         * Nothing is null; the map is copied and keeps its order.
         *
         * @param description for people
         * @param intervals seconds between two measurements, by the metric's name
         */
        public Preset {
            Objects.requireNonNull(description, "description");
            intervals = copy(intervals);
        }
    }

    /**
     * How many bytes of memory the definitions take.
     *
     * @return bytes, rounded
     */
    public long sizeInBytes() {
        long bytes = 0;
        for (Map.Entry<String, Metric> each : metrics.entrySet()) {
            Metric metric = each.getValue();
            bytes += size(each.getKey())
                    + size(metric.description)
                    + size(metric.initSql)
                    + size(metric.nodeStatus)
                    + size(metric.storageName);
            for (Map.Entry<String, String> sql : metric.sqls.entrySet()) {
                bytes += size(sql.getKey()) + size(sql.getValue());
            }
            for (String gauge : metric.gauges) {
                bytes += size(gauge);
            }
        }
        for (Map.Entry<String, Preset> each : presets.entrySet()) {
            bytes += size(each.getKey()) + size(each.getValue().description);
            for (String metric : each.getValue().intervals.keySet()) {
                bytes += size(metric);
            }
        }
        return bytes;
    }

    private static long size(String text) {
        return TEXT_OVERHEAD + text.length();
    }

    private static <V> Map<String, V> copy(Map<String, V> map) {
        map.forEach((name, value) -> {
            Objects.requireNonNull(name, "name");
            Objects.requireNonNull(value, name);
        });
        return Collections.unmodifiableMap(new LinkedHashMap<>(map));
    }
}
