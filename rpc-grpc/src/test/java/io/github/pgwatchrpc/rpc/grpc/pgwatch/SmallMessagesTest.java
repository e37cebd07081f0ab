package io.github.pgwatchrpc.rpc.grpc.pgwatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoException;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoReader;
import io.github.pgwatchrpc.rpc.pgwatch.MetricDefinitions;
import io.github.pgwatchrpc.rpc.pgwatch.ModelLimits;
import io.github.pgwatchrpc.rpc.pgwatch.SyncMetric;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** SyncMetric and DefineMetrics. */
final class SmallMessagesTest {

    private static SyncMetric sync(byte[] bytes) throws ProtoException {
        return new SyncMetricDecoder().decode(new ProtoReader(bytes));
    }

    private static MetricDefinitions definitions(byte[] bytes) throws ProtoException {
        return new DefinitionsDecoder(ModelLimits.DEFAULT).decode(new ProtoReader(bytes));
    }

    @Test
    void operationsHaveTheirOwnNumbers() throws ProtoException {
        assertEquals(new SyncMetric("db", "m", SyncMetric.Operation.ADD), sync(Messages.sync("db", "m", 1)));
        assertEquals(
                SyncMetric.Operation.DELETE, sync(Messages.sync("db", "", 2)).operation());
        assertEquals(
                SyncMetric.Operation.DEFINE, sync(Messages.sync("db", "m", 3)).operation());
        assertEquals(
                SyncMetric.Operation.INVALID, sync(Messages.sync("db", "m", 0)).operation());
        assertEquals(
                SyncMetric.Operation.INVALID, sync(Messages.sync("db", "m", -1)).operation());
        assertEquals(SyncMetricDecoder.PING, sync(new byte[0]));
    }

    private static Map<String, Object> metric() {
        Map<String, Object> metric = new LinkedHashMap<>();
        metric.put("Description", "counts");
        metric.put("SQLs", Map.of("11", "select 1", "14", "select 2"));
        metric.put("InitSQL", "create extension x");
        metric.put("NodeStatus", "primary");
        metric.put("Gauges", List.of("*"));
        metric.put("IsInstanceLevel", true);
        metric.put("StorageName", "other");
        metric.put("Unheard", List.of(1.0));
        return metric;
    }

    @Test
    void definitionsAreRead() throws ProtoException {
        Map<String, Object> bare = new LinkedHashMap<>();
        bare.put("Gauges", null);
        MetricDefinitions read = definitions(Messages.struct(Map.of(
                        "MetricDefs",
                        Map.of("a", metric(), "b", bare),
                        "PresetDefs",
                        Map.of("basic", Map.of("Description", "few", "Metrics", Map.of("a", 60.0, "b", 0.5)))))
                .toBytes());
        assertEquals(
                new MetricDefinitions.Metric(
                        "counts",
                        Map.of("11", "select 1", "14", "select 2"),
                        "create extension x",
                        "primary",
                        List.of("*"),
                        true,
                        "other"),
                read.metrics().get("a"));
        assertEquals(
                new MetricDefinitions.Metric("", Map.of(), "", "", List.of(), false, ""),
                read.metrics().get("b"));
        assertEquals(Map.of("basic", new MetricDefinitions.Preset("few", Map.of("a", 60.0, "b", 0.5))), read.presets());
        assertEquals(new MetricDefinitions(Map.of(), Map.of()), definitions(new byte[0]));
    }

    private static String refused(Object metricDefs) {
        byte[] bytes = Messages.struct(Collections.singletonMap("MetricDefs", metricDefs))
                .toBytes();
        return assertThrows(ProtoException.class, () -> definitions(bytes)).getMessage();
    }

    @Test
    void aFieldOfAnotherTypeIsNamed() {
        assertEquals("MetricDefs of DefineMetrics: String (expected: Map)", refused("x"));
        assertEquals("MetricDefs.a of DefineMetrics: Double (expected: Map)", refused(Map.of("a", 1.0)));
        assertEquals(
                "MetricDefs.a of DefineMetrics: null (expected: Map)", refused(Collections.singletonMap("a", null)));
        assertEquals("Description of a: Double (expected: String)", refused(Map.of("a", Map.of("Description", 1.0))));
        assertEquals(
                "Gauges of a: null (expected: String)",
                refused(Map.of("a", Map.of("Gauges", Collections.singletonList(null)))));
        assertEquals(
                "SQLs.11 of a: Boolean (expected: String)", refused(Map.of("a", Map.of("SQLs", Map.of("11", true)))));
    }

    @Test
    void everyByteWithEveryValueIsSurvived() {
        byte[] sample =
                Messages.struct(Map.of("MetricDefs", Map.of("a", metric()))).toBytes();
        for (int at = 0; at < sample.length; at++) {
            for (int value = 0; value < 256; value++) {
                byte[] changed = sample.clone();
                changed[at] = (byte) value;
                try {
                    definitions(changed);
                } catch (ProtoException e) {
                    // refused
                }
            }
        }
    }

    @Test
    void whatIsDefinedIsBounded() {
        byte[] bytes =
                Messages.struct(Map.of("MetricDefs", Map.of("a", metric()))).toBytes();
        ModelLimits few = new ModelLimits(5 * 200, 1, 10);
        assertEquals(
                "memory for the values of a message: 1200 bytes (expected: <= 1000)",
                assertThrows(ProtoException.class, () -> new DefinitionsDecoder(few).decode(new ProtoReader(bytes)))
                        .getMessage());
        byte[] cut = Arrays.copyOf(bytes, bytes.length - 1);
        assertThrows(ProtoException.class, () -> definitions(cut));
    }
}
