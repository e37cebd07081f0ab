package io.github.pgwatchrpc.sink.azure;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.pgwatchrpc.measurement.Measurement;
import io.github.pgwatchrpc.sink.testkit.Arrived;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** Reads records of the stream back as rows. */
final class Records {

    private Records() {}

    static Arrived row(JsonNode record) {
        Map<String, String> tags = new LinkedHashMap<>();
        record.get("Tags")
                .properties()
                .forEach(each -> tags.put(each.getKey(), each.getValue().textValue()));
        Map<String, Object> fields = new LinkedHashMap<>();
        record.get("Fields").properties().forEach(each -> fields.put(each.getKey(), value(each.getValue())));
        return new Arrived(
                record.get("Database").textValue(),
                record.get("Metric").textValue(),
                record.get("EpochNs").longValue(),
                tags,
                fields);
    }

    /** Null for what the service would cut off. */
    static Arrived stored(Measurement row) {
        for (Object value : row.fields().values()) {
            if ((value instanceof String text && text.getBytes(StandardCharsets.UTF_8).length > 65_400)
                    || (value instanceof byte[] bytes && bytes.length > 49_000)) {
                return null;
            }
        }
        return Arrived.of(row).asJson();
    }

    private static Object value(JsonNode node) {
        return AzureStub.JSON.convertValue(node, Object.class);
    }
}
