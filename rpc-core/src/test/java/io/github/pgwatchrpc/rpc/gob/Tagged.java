package io.github.pgwatchrpc.rpc.gob;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Generic values in the JSON form of the golden vectors' truth, as far as a value can tell. What it cannot is put into the
 * same form on both sides: a string that is no text has replacement characters, and a time only its fields.
 */
final class Tagged {

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private final GobTypes types;

    private Tagged(GobTypes types) {
        this.types = types;
    }

    static JsonNode of(Object value, GobTypes types, int typeId) throws GobException {
        return new Tagged(types).tag(value, types.get(typeId));
    }

    private ObjectNode node(String kind) {
        return JSON.objectNode().put("t", kind);
    }

    private ObjectNode tag(Object value, GobType type) throws GobException {
        if (type instanceof GobType.Basic basic) {
            return tagBasic(value, basic);
        } else if (type instanceof GobType.Array array) {
            return tagList("array", (List<?>) value, types.get(array.element()));
        } else if (type instanceof GobType.Slice slice) {
            return tagList("slice", (List<?>) value, types.get(slice.element()));
        } else if (type instanceof GobType.Map map) {
            return tagMap((Map<?, ?>) value, types.get(map.key()), types.get(map.element()));
        } else if (type instanceof GobType.Struct struct) {
            return tagStruct((GobStruct) value, struct);
        } else if (value instanceof OffsetDateTime time) {
            return tagTime(time);
        }
        GobOpaque opaque = (GobOpaque) value;
        if (opaque.name().equals("Time") && opaque.marshaler() == GobType.Marshaler.GOB) {
            // one that Java cannot express
            return node("time").put("hex", HexFormat.of().formatHex(opaque.bytes()));
        }
        return node("opaque")
                .put("kind", opaque.marshaler().name().toLowerCase(Locale.ROOT))
                .put("name", opaque.name())
                .put("v", HexFormat.of().formatHex(opaque.bytes()));
    }

    private ObjectNode tagBasic(Object value, GobType.Basic type) throws GobException {
        return switch (type) {
            case BOOL -> node("bool").put("v", (Boolean) value);
            case INT -> node("int").put("v", Long.toString((Long) value));
            case UINT -> node("uint").put("v", ((GobUint) value).toString());
            case FLOAT -> node("float").put("v", floatText((Double) value));
            case BYTES -> node("bytes").put("v", HexFormat.of().formatHex((byte[]) value));
            case STRING -> node("string").put("v", (String) value);
            case COMPLEX -> {
                GobComplex complex = (GobComplex) value;
                yield node("complex").put("re", floatText(complex.real())).put("im", floatText(complex.imaginary()));
            }
            case INTERFACE -> {
                if (value == null) {
                    yield node("nil");
                }
                GobInterface held = (GobInterface) value;
                ObjectNode node = node("interface").put("name", held.name());
                yield node.set("value", tag(held.value(), held.wireType().type()));
            }
        };
    }

    private ObjectNode tagList(String kind, List<?> values, GobType element) throws GobException {
        ObjectNode node = node(kind);
        ArrayNode elements = node.putArray("elem");
        for (Object value : values) {
            elements.add(tag(value, element));
        }
        return node;
    }

    private ObjectNode tagMap(Map<?, ?> map, GobType key, GobType element) throws GobException {
        ObjectNode node = node("map");
        ArrayNode entries = node.putArray("entries");
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            entries.addArray().add(tag(entry.getKey(), key)).add(tag(entry.getValue(), element));
        }
        return node;
    }

    private ObjectNode tagStruct(GobStruct struct, GobType.Struct type) throws GobException {
        ObjectNode node = node("struct").put("name", struct.name());
        ArrayNode fields = node.putArray("fields");
        for (Map.Entry<String, Object> field : struct.fields().entrySet()) {
            int id = type.fields().stream()
                    .filter(f -> f.name().equals(field.getKey()))
                    .findFirst()
                    .orElseThrow()
                    .type();
            fields.addArray().add(field.getKey()).add(tag(field.getValue(), types.get(id)));
        }
        return node;
    }

    private ObjectNode tagTime(OffsetDateTime time) {
        return node("time")
                .put("sec", Long.toString(time.toEpochSecond()))
                .put("nsec", Integer.toString(time.getNano()))
                .put("offset", Integer.toString(time.getOffset().getTotalSeconds()));
    }

    /** Floats are compared by value, since Java and Go choose different texts. */
    private static String floatText(double value) {
        return Double.isNaN(value) ? "NaN" : Double.toString(value);
    }

    /** The truth, with what a Java value cannot tell brought into the same form. */
    static JsonNode comparable(JsonNode truth) {
        if (truth.isArray()) {
            ArrayNode copy = JSON.arrayNode();
            truth.forEach(element -> copy.add(comparable(element)));
            return copy;
        } else if (!truth.isObject()) {
            return truth;
        }
        ObjectNode copy = JSON.objectNode();
        truth.properties().forEach(field -> copy.set(field.getKey(), comparable(field.getValue())));
        switch (truth.path("t").asText()) {
            case "string" -> {
                if (truth.has("hex")) {
                    byte[] bytes = HexFormat.of().parseHex(truth.get("hex").asText());
                    copy.remove("hex");
                    copy.put("v", new String(bytes, StandardCharsets.UTF_8));
                }
            }
            case "float" -> copy.put("v", goFloat(truth.get("v").asText()));
            case "complex" -> {
                copy.put("re", goFloat(truth.get("re").asText()));
                copy.put("im", goFloat(truth.get("im").asText()));
            }
            case "time" -> {
                copy.remove("v");
                if (Math.abs(Double.parseDouble(truth.get("sec").asText())) > 3e16) {
                    copy.remove(List.of("sec", "nsec", "offset"));
                } else {
                    copy.remove("hex");
                    if (truth.get("offset").asText().equals("utc")) {
                        copy.put("offset", "0");
                    }
                }
            }
            default -> {
                // as it is
            }
        }
        return copy;
    }

    private static String goFloat(String text) {
        return floatText(
                switch (text) {
                    case "+Inf" -> Double.POSITIVE_INFINITY;
                    case "-Inf" -> Double.NEGATIVE_INFINITY;
                    default -> Double.parseDouble(text);
                });
    }

    /** A type as the truth spells it. */
    static String describe(GobTypes types, int typeId) throws GobException {
        return new Tagged(types).describe(typeId, new HashSet<>());
    }

    private String describe(int typeId, Set<Integer> open) throws GobException {
        GobType type = types.get(typeId);
        if (type instanceof GobType.Basic) {
            return Readers.nameOf(type);
        } else if (!open.add(typeId)) {
            return type instanceof GobType.Struct
                    ? ("struct " + Readers.nameOf(type)).strip()
                    : "<" + Readers.nameOf(type) + ">";
        }
        try {
            if (type instanceof GobType.Array array) {
                return "[" + array.length() + "]" + describe(array.element(), open);
            } else if (type instanceof GobType.Slice slice) {
                return "[]" + describe(slice.element(), open);
            } else if (type instanceof GobType.Map map) {
                return "map[" + describe(map.key(), open) + "]" + describe(map.element(), open);
            } else if (type instanceof GobType.Struct struct) {
                List<String> fields = new ArrayList<>();
                for (GobType.Field field : struct.fields()) {
                    fields.add(field.name() + " " + describe(field.type(), open));
                }
                return "struct " + struct.name() + "{" + String.join("; ", fields) + "}";
            }
            GobType.Opaque opaque = (GobType.Opaque) type;
            return (opaque.marshaler().name().toLowerCase(Locale.ROOT) + " " + opaque.name()).strip();
        } finally {
            open.remove(typeId);
        }
    }
}
