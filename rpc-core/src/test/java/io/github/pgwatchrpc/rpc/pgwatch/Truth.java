package io.github.pgwatchrpc.rpc.pgwatch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.pgwatchrpc.measurement.EnvelopeBuilder;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What the JSON beside a golden vector says (gob/README.md), as values of the model. */
final class Truth {

    private static final ObjectMapper JSON = new ObjectMapper();

    private Truth() {}

    /** The top-level values of a vector. */
    static List<JsonNode> values(String vector) {
        try (InputStream in = Truth.class.getResourceAsStream("/gob/" + vector + ".json")) {
            List<JsonNode> values = new ArrayList<>();
            JSON.readTree(Objects.requireNonNull(in, vector)).forEach(each -> values.add(each.get("value")));
            return values;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A field of a struct, or null where it was left out. */
    static @Nullable JsonNode field(JsonNode struct, String name) {
        for (JsonNode each : struct.get("fields")) {
            if (each.get(0).asText().equals(name)) {
                return each.get(1);
            }
        }
        return null;
    }

    static String text(JsonNode struct, String name) {
        JsonNode field = field(struct, name);
        return field == null ? "" : field.get("v").asText();
    }

    static MeasurementEnvelope envelope(JsonNode struct) {
        EnvelopeBuilder builder =
                new EnvelopeBuilder().database(text(struct, "DBName")).metric(text(struct, "MetricName"));
        JsonNode tags = field(struct, "CustomTags");
        if (tags != null) {
            builder.customTags(Map.of());
            for (JsonNode entry : tags.get("entries")) {
                builder.customTag(
                        entry.get(0).get("v").asText(), entry.get(1).get("v").asText());
            }
        }
        JsonNode data = field(struct, "Data");
        if (data != null) {
            for (JsonNode row : data.get("elem")) {
                builder.beginRow();
                for (JsonNode entry : row.get("entries")) {
                    builder.put(entry.get(0).get("v").asText(), value(entry.get(1)));
                }
                builder.endRow();
            }
        }
        return builder.build();
    }

    static SyncMetric sync(JsonNode struct) {
        JsonNode operation = field(struct, "Operation");
        return new SyncMetric(
                text(struct, "DbName"),
                text(struct, "MetricName"),
                switch (operation == null ? "0" : operation.get("v").asText()) {
                    case "0", "add" -> SyncMetric.Operation.ADD;
                    case "1", "remove" -> SyncMetric.Operation.DELETE;
                    default -> SyncMetric.Operation.INVALID;
                });
    }

    /** As {@link io.github.pgwatchrpc.measurement.ValueType} says. */
    static @Nullable Object value(JsonNode node) {
        return switch (node.get("t").asText()) {
            case "nil" -> null;
            case "bool" -> node.get("v").asBoolean();
            case "int", "uint" -> new BigInteger(node.get("v").asText());
            case "float" -> number(node.get("v"));
            case "complex" -> {
                double imaginary = number(node.get("im"));
                boolean minus = imaginary < 0 || 1 / imaginary < 0;
                yield "(" + number(node.get("re")) + (minus ? "" : "+") + imaginary + "i)";
            }
            case "string" ->
                node.has("hex")
                        ? new String(HexFormat.of().parseHex(node.get("hex").asText()), StandardCharsets.UTF_8)
                        : node.get("v").asText();
            case "bytes" -> HexFormat.of().parseHex(node.get("v").asText());
            case "interface" -> {
                Object value = value(node.get("value"));
                yield node.get("name").asText().equals("float32")
                        ? (Object) ((Double) Objects.requireNonNull(value)).floatValue()
                        : value;
            }
            case "array", "slice" -> {
                List<@Nullable Object> list = new ArrayList<>();
                node.get("elem").forEach(each -> list.add(value(each)));
                yield list;
            }
            case "map" -> {
                Map<String, @Nullable Object> map = new LinkedHashMap<>();
                node.get("entries").forEach(each -> {
                    Object key = value(each.get(0));
                    map.put(
                            key instanceof byte[] bytes ? HexFormat.of().formatHex(bytes) : String.valueOf(key),
                            value(each.get(1)));
                });
                yield map;
            }
            case "struct" -> {
                Map<String, @Nullable Object> map = new LinkedHashMap<>();
                node.get("fields").forEach(each -> map.put(each.get(0).asText(), value(each.get(1))));
                yield map;
            }
            case "opaque" -> {
                byte[] bytes = HexFormat.of().parseHex(node.get("v").asText());
                yield node.get("kind").asText().equals("text") ? new String(bytes, StandardCharsets.UTF_8) : bytes;
            }
            case "time" -> time(node);
            default -> throw new AssertionError(node);
        };
    }

    private static double number(JsonNode text) {
        return switch (text.asText()) {
            case "+Inf" -> Double.POSITIVE_INFINITY;
            case "-Inf" -> Double.NEGATIVE_INFINITY;
            default -> Double.parseDouble(text.asText());
        };
    }

    private static Object time(JsonNode node) {
        String offset = node.get("offset").asText();
        try {
            return Instant.ofEpochSecond(
                            Long.parseLong(node.get("sec").asText()),
                            Long.parseLong(node.get("nsec").asText()))
                    .atOffset(ZoneOffset.ofTotalSeconds(offset.equals("utc") ? 0 : Integer.parseInt(offset)))
                    .format(DateTimeFormatter.ISO_OFFSET_DATE_TIME);
        } catch (DateTimeException e) {
            // no time of Java's: it stays what it was
            return HexFormat.of().parseHex(node.get("hex").asText());
        }
    }
}
