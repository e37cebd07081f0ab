package io.github.pgwatchrpc.rpc.grpc.pgwatch;

import io.github.pgwatchrpc.rpc.grpc.MessageDecoder;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoException;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoReader;
import io.github.pgwatchrpc.rpc.pgwatch.MetricDefinitions;
import io.github.pgwatchrpc.rpc.pgwatch.ModelLimits;
import io.github.pgwatchrpc.rpc.pgwatch.ModelMeter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads the {@code Struct} of DefineMetrics, {@code {MetricDefs, PresetDefs}}. It comes once in minutes, so it is read into
 * maps first. Fields that we do not know are left out; one that we know must be of its type, or absent, or null.
 */
final class DefinitionsDecoder implements MessageDecoder<MetricDefinitions> {

    private final ModelLimits limits;

    DefinitionsDecoder(ModelLimits limits) {
        this.limits = limits;
    }

    @Override
    public MetricDefinitions decode(ProtoReader in) throws ProtoException {
        Fields all = new Fields("DefineMetrics", new StructValues(in, new ModelMeter(limits)).readStruct());
        Map<String, MetricDefinitions.Metric> metrics = new LinkedHashMap<>();
        for (Fields metric : all.objects("MetricDefs")) {
            metrics.put(
                    metric.name,
                    new MetricDefinitions.Metric(
                            metric.text("Description"),
                            metric.texts("SQLs"),
                            metric.text("InitSQL"),
                            metric.text("NodeStatus"),
                            metric.list("Gauges"),
                            metric.is("IsInstanceLevel"),
                            metric.text("StorageName")));
        }
        Map<String, MetricDefinitions.Preset> presets = new LinkedHashMap<>();
        for (Fields preset : all.objects("PresetDefs")) {
            presets.put(
                    preset.name, new MetricDefinitions.Preset(preset.text("Description"), preset.numbers("Metrics")));
        }
        return new MetricDefinitions(metrics, presets);
    }

    /** The fields of an object by name and type. */
    private static final class Fields {
        private final String name;
        private final Map<?, ?> values;

        Fields(String name, Map<?, ?> values) {
            this.name = name;
            this.values = values;
        }

        private <T> T get(String field, Class<T> type, T absent) throws ProtoException {
            Object value = values.get(field);
            return value == null ? absent : as(field, value, type);
        }

        private <T> T as(String field, @Nullable Object value, Class<T> type) throws ProtoException {
            if (!type.isInstance(value)) {
                String found = value == null ? "null" : value.getClass().getSimpleName();
                throw new ProtoException(
                        field + " of " + name + ": " + found + " (expected: " + type.getSimpleName() + ")");
            }
            return type.cast(value);
        }

        String text(String field) throws ProtoException {
            return get(field, String.class, "");
        }

        boolean is(String field) throws ProtoException {
            return get(field, Boolean.class, false);
        }

        List<String> list(String field) throws ProtoException {
            List<String> texts = new ArrayList<>();
            for (Object each : (List<?>) get(field, List.class, List.of())) {
                texts.add(as(field, each, String.class));
            }
            return texts;
        }

        Map<String, String> texts(String field) throws ProtoException {
            return map(field, (name, value) -> as(name, value, String.class));
        }

        Map<String, Double> numbers(String field) throws ProtoException {
            return map(field, (name, value) -> as(name, value, Double.class));
        }

        Collection<Fields> objects(String field) throws ProtoException {
            return map(
                            field,
                            (name, value) -> new Fields(name.substring(field.length() + 1), as(name, value, Map.class)))
                    .values();
        }

        private interface Element<T> {
            T of(String name, @Nullable Object value) throws ProtoException;
        }

        private <T> Map<String, T> map(String field, Element<T> element) throws ProtoException {
            Map<String, T> map = new LinkedHashMap<>();
            for (Map.Entry<?, ?> each : ((Map<?, ?>) get(field, Map.class, Map.of())).entrySet()) {
                String name = (String) each.getKey();
                map.put(name, element.of(field + "." + name, each.getValue()));
            }
            return map;
        }
    }
}
