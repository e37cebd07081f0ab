package io.github.pgwatchrpc.sink.elastic;

import co.elastic.clients.elasticsearch._types.mapping.DynamicTemplate;
import co.elastic.clients.elasticsearch._types.mapping.KeywordProperty;
import co.elastic.clients.elasticsearch._types.mapping.Property;
import co.elastic.clients.elasticsearch._types.mapping.TimeSeriesMetricType;
import co.elastic.clients.elasticsearch._types.mapping.TypeMapping;
import co.elastic.clients.elasticsearch.indices.DataStreamLifecycle;
import co.elastic.clients.elasticsearch.indices.IndexSettings;
import co.elastic.clients.elasticsearch.indices.PutIndexTemplateRequest;
import co.elastic.clients.elasticsearch.indices.SourceMode;
import co.elastic.clients.json.JsonData;
import co.elastic.clients.json.JsonpMapper;
import co.elastic.clients.json.JsonpUtils;
import co.elastic.clients.json.jackson.JacksonJsonpMapper;
import co.elastic.clients.util.NamedValue;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.pgwatchrpc.sink.http.HttpCall;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * The index templates that documents need. The one class that uses Elastic's client, for its types; requests go through
 * the sink's own transport.
 *
 * <p>What they say of columns: numbers are doubles, so that 5 and 5.5 live in one index whichever comes first (the
 * document keeps each digit that was sent); text is a keyword; what does not fit its column's type is kept and not
 * indexed. Lists, objects, NaN and infinities go to the field {@code other}, which takes anything and adds no fields.
 */
final class Templates {

    static final String MANAGED_BY = "pgwatch-rpc";

    /** Longer texts are kept, but not indexed: a term has at most 32,766 bytes, and a character at most four. */
    static final int INDEXED_CHARACTERS = 8_191;

    /** How deep lists and objects may be inside each other. */
    private static final int MAX_DEPTH = 100;

    /** Elastic's own templates for {@code metrics-*-*} have 100 and 200. */
    private static final long PRIORITY = 500;

    private static final String CUSTOM = "pgwatch@custom";
    private static final String TIME_SERIES = "time_series";

    /**
     * A template to be put.
     *
     * @param name its name
     * @param content tells it from any other of this name
     * @param url where to
     * @param json the template
     */
    record Put(String name, String content, String url, String json) {
        HttpCall call() {
            return HttpCall.post(url, "application/json", json.getBytes(StandardCharsets.UTF_8))
                    .method("PUT");
        }

        /** As Kibana's console and Elastic's documents write requests. */
        @Override
        public String toString() {
            try {
                ObjectMapper mapper = new ObjectMapper();
                return "PUT " + url + '\n'
                        + mapper.writerWithDefaultPrettyPrinter().writeValueAsString(mapper.readTree(json));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private final ElasticSettings settings;
    private final JsonpMapper mapper = new JacksonJsonpMapper();

    Templates(ElasticSettings settings) {
        this.settings = settings;
    }

    /** A request for what there is. */
    static final HttpCall ALL = HttpCall.get(
            "/_index_template?filter_path=index_templates.name,index_templates.index_template._meta");

    /** What the answer says: names, and {@linkplain Put#content contents} or nothing if somebody else made them. */
    static Map<String, String> contents(byte[] reply) {
        Map<String, String> contents = new HashMap<>();
        try {
            for (JsonNode each : new ObjectMapper().readTree(reply).path("index_templates")) {
                JsonNode meta = each.path("index_template").path("_meta");
                boolean ours = meta.path("managed_by").asText().equals(MANAGED_BY);
                contents.put(each.path("name").asText(), ours ? meta.path("content").asText("unknown") : "");
            }
        } catch (IOException e) {
            throw new UncheckedIOException("answer about index templates: " + e.getMessage(), e);
        }
        return contents;
    }

    /** The templates that everything needs. */
    List<Put> general() {
        List<Put> all = new ArrayList<>();
        String name = settings.names().template();
        all.add(template(name, settings.names().wildcard(), PRIORITY, settings.timeSeries(), null, "pgwatch metrics"));
        if (settings.timeSeries()) {
            String late = settings.names().late().wildcard();
            String description = "pgwatch metrics that came too late for a time series";
            all.add(template(name + IndexNames.LATE, late, PRIORITY + 20, false, null, description));
        }
        return all;
    }

    /**
     * Templates of the metrics that pgwatch knows something of: which columns are gauges, and what the metric is.
     *
     * @param definitions what pgwatch has sent: {@code MetricDefs} by name, with {@code Gauges} (column names, or a star
     *     for all), {@code Description} and {@code StorageName}
     */
    List<Put> of(Map<String, @Nullable Object> definitions) {
        Map<String, Put> all = new TreeMap<>();
        if (member(definitions, "metricdefs") instanceof Map<?, ?> metrics) {
            metrics.forEach((name, each) -> {
                if (each instanceof Map<?, ?> definition) {
                    String storage = text(member(definition, "storagename"));
                    String metric = storage.isEmpty() ? String.valueOf(name) : storage;
                    List<String> gauges = gauges(member(definition, "gauges"));
                    String description = text(member(definition, "description"));
                    if (!gauges.isEmpty() || !description.isEmpty()) {
                        all.putIfAbsent(metric, metric(metric, gauges, description));
                    }
                }
            });
        }
        return List.copyOf(all.values());
    }

    private Put metric(String metric, List<String> gauges, String description) {
        return template(
                settings.names().template() + '.' + IndexNames.clean(metric),
                settings.names().of("", metric, 0),
                PRIORITY + 40,
                settings.timeSeries(),
                gauges,
                description.isEmpty() ? "pgwatch metric " + metric : description);
    }

    private static @Nullable Object member(Map<?, ?> map, String name) {
        for (Map.Entry<?, ?> each : map.entrySet()) {
            if (String.valueOf(each.getKey()).toLowerCase(Locale.ROOT).equals(name)) {
                return each.getValue();
            }
        }
        return null;
    }

    private static String text(@Nullable Object value) {
        return value instanceof String text ? text : "";
    }

    private static List<String> gauges(@Nullable Object value) {
        return value instanceof Collection<?> names
                ? names.stream().map(String::valueOf).toList()
                : List.of();
    }

    private Put template(
            String name, String pattern, long priority, boolean series, @Nullable List<String> gauges, String description) {
        TypeMapping mappings = mappings(series, gauges);
        String plain = JsonpUtils.toJsonString(
                request(name, pattern, priority, series, mappings, description, ""), mapper);
        CRC32 sum = new CRC32();
        sum.update(plain.getBytes(StandardCharsets.UTF_8));
        String content = String.format("%08x", sum.getValue());
        PutIndexTemplateRequest request =
                request(name, pattern, priority, series, mappings, description, content);
        return new Put(
                name,
                content,
                PutIndexTemplateRequest._ENDPOINT.requestUrl(request),
                JsonpUtils.toJsonString(request, mapper));
    }

    private PutIndexTemplateRequest request(
            String name,
            String pattern,
            long priority,
            boolean series,
            TypeMapping mappings,
            String description,
            String content) {
        return PutIndexTemplateRequest.of(request -> {
            request.name(name)
                    .indexPatterns(pattern)
                    .priority(priority)
                    .composedOf(CUSTOM)
                    .ignoreMissingComponentTemplates(CUSTOM)
                    .meta("managed_by", JsonData.of(MANAGED_BY))
                    .meta("description", JsonData.of(description))
                    .meta("content", JsonData.of(content))
                    .template(template -> {
                        template.settings(indexSettings(series)).mappings(mappings);
                        if (settings.names().stream() && settings.ilmPolicy() == null) {
                            template.lifecycle(this::lifecycle);
                        }
                        return template;
                    });
            return settings.names().stream() ? request.dataStream(stream -> stream) : request;
        });
    }

    private DataStreamLifecycle.Builder lifecycle(DataStreamLifecycle.Builder lifecycle) {
        Duration retention = settings.retention();
        return retention == null
                ? lifecycle.enabled(true)
                : lifecycle.dataRetention(time -> time.time(retention.toHours() + "h"));
    }

    private IndexSettings indexSettings(boolean series) {
        return IndexSettings.of(index -> {
            index.mapping(mapping -> {
                mapping.totalFields(total -> total.limit(String.valueOf(settings.fieldLimit()))
                        .ignoreDynamicBeyondLimit(true));
                if (series) {
                    // documents made up from the index would have 5.0 for 5
                    mapping.source(source -> source.mode(
                            SourceMode.Stored));
                }
                return mapping;
            });
            if (settings.ilmPolicy() != null) {
                index.lifecycle(lifecycle -> lifecycle.name(settings.ilmPolicy()));
            }
            return series ? index.mode(TIME_SERIES) : index;
        });
    }

    private static TypeMapping mappings(boolean series, @Nullable List<String> gauges) {
        List<NamedValue<DynamicTemplate>> dynamic = new ArrayList<>();
        dynamic.add(rule("tags", "tags.*", List.of(), Property.of(p -> p.keyword(text(series)))));
        dynamic.add(rule(
                "truths",
                "fields.*",
                List.of("boolean"),
                Property.of(p -> p.boolean_(truth -> truth.ignoreMalformed(true)))));
        if (gauges != null) {
            for (String gauge : gauges) {
                String path = "fields." + (gauge.equals("*") ? gauge : FieldNames.escaped(gauge));
                dynamic.add(rule("gauge " + gauge, path, NUMBERS, number("gauge", series)));
            }
        }
        boolean counters = gauges != null && !gauges.isEmpty();
        dynamic.add(rule("numbers", "fields.*", NUMBERS, number(counters ? "counter" : "", series)));
        dynamic.add(rule("texts", "fields.*", List.of("string"), Property.of(p -> p.keyword(text(false)))));
        return TypeMapping.of(mapping -> mapping.dateDetection(false)
                .numericDetection(false)
                .dynamicTemplates(dynamic)
                .properties("@timestamp", time -> time.dateNanos(nanos -> nanos))
                .properties("database", name -> name.keyword(text(series)))
                .properties("metric", name -> name.keyword(text(series)))
                .properties(
                        "other",
                        other -> other.flattened(any -> any.depthLimit(MAX_DEPTH).ignoreAbove(INDEXED_CHARACTERS))));
    }

    private static final List<String> NUMBERS = List.of("long", "double");

    private static NamedValue<DynamicTemplate> rule(String name, String path, List<String> types, Property property) {
        return NamedValue.of(name, DynamicTemplate.of(rule -> {
            rule.pathMatch(path);
            if (!types.isEmpty()) {
                rule.matchMappingType(types);
            }
            return rule.mapping(property);
        }));
    }

    private static KeywordProperty text(boolean dimension) {
        // a dimension takes no bound: it has one of its own
        return KeywordProperty.of(
                text -> dimension ? text.timeSeriesDimension(true) : text.ignoreAbove(INDEXED_CHARACTERS));
    }

    /** A counter or a gauge is marked so in time series, where that decides which aggregations there are. */
    private static Property number(String kind, boolean series) {
        return Property.of(property -> property.double_(number -> {
            number.ignoreMalformed(true);
            if (!kind.isEmpty()) {
                number.meta("metric_type", kind);
            }
            if (series && !kind.isEmpty()) {
                number.timeSeriesMetric(kind.equals("gauge") ? TimeSeriesMetricType.Gauge : TimeSeriesMetricType.Counter);
            }
            return number;
        }));
    }
}
