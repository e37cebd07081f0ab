package io.github.pgwatchrpc.sink.pubsub;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.pubsub.v1.PubsubMessage;
import io.github.pgwatchrpc.sink.testkit.Arrived;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.time.temporal.ChronoField;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Assertions;

/**
 * A row as a subscriber reads it.
 *
 * @param id the row's id
 * @param row the row
 */
record Received(String id, Arrived row) {

    /** The rows of messages, in their order. */
    static List<Received> of(List<PubsubMessage> messages) throws IOException {
        List<Received> all = new ArrayList<>();
        for (PubsubMessage message : messages) {
            JsonNode json = json(message);
            JsonNode rows = json.get("rows");
            if (rows == null) {
                Assertions.assertEquals(
                        message.getAttributesOrThrow("id"), json.get("id").textValue());
                all.add(row(json, json));
            } else {
                for (JsonNode row : rows) {
                    all.add(row(json, row));
                }
                String first = rows.get(0).get("id").textValue();
                String last = rows.get(rows.size() - 1).get("id").textValue();
                Assertions.assertEquals(
                        first + ".." + last.substring(last.lastIndexOf('-') + 1), message.getAttributesOrThrow("id"));
            }
        }
        return all;
    }

    static JsonNode json(PubsubMessage message) throws IOException {
        Assertions.assertEquals("application/json", message.getAttributesOrThrow("content_type"));
        InputStream data = new ByteArrayInputStream(message.getData().toByteArray());
        return FakePubSub.JSON.readTree(
                message.getAttributesOrDefault("content_encoding", "").equals("gzip")
                        ? new GZIPInputStream(data)
                        : data);
    }

    private static Received row(JsonNode message, JsonNode row) throws IOException {
        Map<String, String> tags = new LinkedHashMap<>();
        row.get("tags")
                .properties()
                .forEach(each -> tags.put(each.getKey(), each.getValue().textValue()));
        JsonNode fields = row.get("fields");
        Map<String, Object> values = new LinkedHashMap<>();
        (fields.isTextual() ? FakePubSub.JSON.readTree(fields.textValue()) : fields)
                .properties()
                .forEach(each -> values.put(each.getKey(), value(each.getValue())));
        long nanos = row.get("epoch_ns").longValue();
        Instant time = Instant.parse(row.get("time").textValue());
        Assertions.assertEquals(
                nanos / 1_000,
                time.getEpochSecond() * 1_000_000 + time.get(ChronoField.MICRO_OF_SECOND),
                row::toString);
        return new Received(
                row.get("id").textValue(),
                new Arrived(
                        message.get("database").textValue(),
                        message.get("metric").textValue(),
                        nanos,
                        tags,
                        values));
    }

    private static Object value(JsonNode node) {
        return FakePubSub.JSON.convertValue(node, Object.class);
    }
}
