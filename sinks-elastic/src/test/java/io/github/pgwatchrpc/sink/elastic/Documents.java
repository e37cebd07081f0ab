package io.github.pgwatchrpc.sink.elastic;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.pgwatchrpc.sink.testkit.Arrived;
import java.time.Instant;
import java.time.temporal.ChronoField;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads documents back as rows. */
final class Documents {

    private Documents() {}

    static Arrived row(JsonNode source) {
        Map<String, String> tags = new LinkedHashMap<>();
        source.get("tags")
                .properties()
                .forEach(each -> tags.put(
                        FieldNames.original(each.getKey()), each.getValue().textValue()));
        Map<String, Object> fields = new LinkedHashMap<>();
        for (String place : List.of("fields", "other")) {
            source.path(place)
                    .properties()
                    .forEach(each -> fields.put(FieldNames.original(each.getKey()), value(each.getValue())));
        }
        Instant time = Instant.parse(source.get("@timestamp").textValue());
        long nanos = time.getEpochSecond() * 1_000_000_000 + time.getLong(ChronoField.NANO_OF_SECOND);
        return new Arrived(
                source.get("database").textValue(), source.get("metric").textValue(), nanos, tags, fields);
    }

    static Object value(JsonNode node) {
        return ElasticsearchNode.JSON.convertValue(node, Object.class);
    }
}
