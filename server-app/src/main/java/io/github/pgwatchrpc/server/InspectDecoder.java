package io.github.pgwatchrpc.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.pgwatchrpc.measurement.KeyText;
import io.github.pgwatchrpc.rpc.gob.GobException;
import io.github.pgwatchrpc.rpc.gob.GobReader;
import io.github.pgwatchrpc.rpc.gob.GobType;
import io.github.pgwatchrpc.rpc.gob.GobTypes;
import io.github.pgwatchrpc.rpc.netrpc.ArgumentDecoder;
import io.github.pgwatchrpc.rpc.pgwatch.KeyGate;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;

/**
 * Shows the argument of any call as JSON. Fields that the sender left out because they are zero are shown as zero, keys of
 * maps are sorted, rows and lists keep their order.
 *
 * <p>With types, a value that does not say what it is becomes {@code {"t": Go type, "v": text}}: what an interface holds,
 * and numbers of structs. Without types, values are plain JSON. Keys are not shown, wherever they stand: those in other texts
 * are taken out of the finished line.
 */
final class InspectDecoder implements ArgumentDecoder<JsonNode> {

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    /** Stands for a key. */
    static final String MASK = "(key, not shown)";

    private final boolean types;

    /** @param types whether values are shown with their Go types */
    InspectDecoder(boolean types) {
        this.types = types;
    }

    @Override
    public JsonNode decode(GobReader reader, GobTypes known, int type) throws GobException {
        return topLevel(reader, known, type, "", reader.limits().depth());
    }

    private JsonNode topLevel(GobReader reader, GobTypes known, int id, String goType, int depth) throws GobException {
        GobType type = known.get(id);
        if (!(type instanceof GobType.Struct)) {
            reader.readUint(); // the zero in front of what is no struct
        }
        return value(reader, known, type, goType, depth);
    }

    private JsonNode value(GobReader reader, GobTypes known, GobType type, String goType, int depth)
            throws GobException {
        if (depth == 0) {
            throw new GobException(
                    "gob: nesting of values is deeper than " + reader.limits().depth());
        }
        if (type instanceof GobType.Basic basic) {
            return basic(reader, known, basic, goType, depth);
        } else if (type instanceof GobType.Opaque opaque) {
            reader.readBytes();
            return tagged(opaque.name(), hex(reader));
        } else if (type instanceof GobType.Array array) {
            return list(reader, known, known.get(array.element()), depth);
        } else if (type instanceof GobType.Slice slice) {
            return list(reader, known, known.get(slice.element()), depth);
        } else if (type instanceof GobType.Map map) {
            return map(reader, known, map, depth);
        }
        return struct(reader, known, (GobType.Struct) type, depth);
    }

    private JsonNode basic(GobReader reader, GobTypes known, GobType.Basic type, String goType, int depth)
            throws GobException {
        return switch (type) {
            case BOOL -> {
                boolean value = reader.readBool();
                yield goType.isEmpty() ? JSON.booleanNode(value) : tagged(goType, String.valueOf(value));
            }
            case INT -> {
                long value = reader.readInt();
                yield types ? tagged(goType.isEmpty() ? "int" : goType, Long.toString(value)) : JSON.numberNode(value);
            }
            case UINT -> {
                String value = Long.toUnsignedString(reader.readUint());
                yield types
                        ? tagged(goType.isEmpty() ? "uint" : goType, value)
                        : JSON.numberNode(new java.math.BigInteger(value));
            }
            case FLOAT -> {
                double value = reader.readFloat();
                String text = goType.equals("float32") ? goText((float) value) : goText(value);
                yield types ? tagged(goType.isEmpty() ? "float64" : goType, text) : plainNumber(value, text);
            }
            case BYTES -> {
                reader.readBytes();
                yield tagged(goType.equals("[]uint8") || goType.isEmpty() ? "[]byte" : goType, hex(reader));
            }
            case STRING -> {
                String value = reader.readString();
                yield goType.isEmpty() ? JSON.textNode(value) : tagged(goType, value);
            }
            case COMPLEX ->
                tagged(
                        goType.isEmpty() ? "complex128" : goType,
                        "(" + goText(reader.readFloat()) + "," + goText(reader.readFloat()) + ")");
            case INTERFACE -> {
                String name = reader.readString();
                if (name.isEmpty()) {
                    yield types ? JSON.objectNode().put("t", "nil") : JSON.nullNode();
                }
                int concrete = known.readTypeSequence(reader, true);
                reader.readUint();
                yield topLevel(reader, known, concrete, name, depth - 1);
            }
        };
    }

    private JsonNode tagged(String goType, String value) {
        return types ? JSON.objectNode().put("t", goType).put("v", value) : JSON.textNode(value);
    }

    private static JsonNode plainNumber(double value, String text) {
        return Double.isFinite(value) ? JSON.numberNode(new BigDecimal(text)) : JSON.textNode(text);
    }

    private static String hex(GobReader reader) {
        int end = reader.position();
        int begin = end - reader.length();
        return KeyText.find(reader.array(), begin, end) < 0
                ? HexFormat.of().formatHex(reader.array(), begin, end)
                : MASK;
    }

    private JsonNode list(GobReader reader, GobTypes known, GobType element, int depth) throws GobException {
        ArrayNode list = JSON.arrayNode();
        for (int left = reader.readCount(); left > 0; left--) {
            list.add(value(reader, known, element, "", depth - 1));
        }
        return list;
    }

    private JsonNode map(GobReader reader, GobTypes known, GobType.Map type, int depth) throws GobException {
        GobType key = known.get(type.key());
        GobType element = known.get(type.element());
        // sorted as Go sorts: by the bytes of UTF-8
        Map<String, JsonNode> sorted = new TreeMap<>(java.util.Comparator.comparing(
                (String name) -> name.getBytes(StandardCharsets.UTF_8), java.util.Arrays::compareUnsigned));
        for (int left = reader.readCount(); left > 0; left--) {
            JsonNode name = value(reader, known, key, "", depth - 1);
            String text = name.isObject() ? name.path("v").asText() : name.asText();
            JsonNode held = value(reader, known, element, "", depth - 1);
            sorted.put(text, masked(KeyText.isTag(text), held));
        }
        ObjectNode object = JSON.objectNode();
        sorted.forEach(object::set);
        return object;
    }

    private JsonNode struct(GobReader reader, GobTypes known, GobType.Struct type, int depth) throws GobException {
        Map<String, JsonNode> fields = new TreeMap<>();
        for (GobType.Field each : type.fields()) {
            fields.put(each.name(), zero(known.get(each.type())));
        }
        int field = -1;
        for (long delta = reader.readUint(); delta != 0; delta = reader.readUint()) {
            if (delta < 0 || delta > type.fields().size() - 1 - field) {
                throw new GobException("gob: step to the next field of " + type.name() + ": "
                        + Long.toUnsignedString(delta) + " (expected: <= "
                        + (type.fields().size() - 1 - field) + ")");
            }
            field += (int) delta;
            GobType.Field each = type.fields().get(field);
            // a text that is sometimes a number (SyncReq's Operation) says what it is
            String goType = types && each.name().equals("Operation") && each.type() == GobType.Basic.STRING.id()
                    ? "string"
                    : "";
            JsonNode value = value(reader, known, known.get(each.type()), goType, depth - 1);
            fields.put(each.name(), masked(each.name().equals(KeyGate.FIELD), value));
        }
        ObjectNode object = JSON.objectNode();
        fields.forEach(object::set);
        return object;
    }

    /** What is there for a key: recordings are passed around, and what is shown of them even more. */
    private static JsonNode masked(boolean secret, JsonNode value) {
        boolean empty = value.isNull() || (value.isTextual() && value.asText().isEmpty());
        return secret && !empty ? JSON.textNode(MASK) : value;
    }

    /** What a field is that was left out. */
    private JsonNode zero(GobType type) {
        if (type instanceof GobType.Basic basic) {
            return switch (basic) {
                case BOOL -> JSON.booleanNode(false);
                case INT -> types ? tagged("int", "0") : JSON.numberNode(0);
                case UINT -> types ? tagged("uint", "0") : JSON.numberNode(0);
                case FLOAT -> types ? tagged("float64", "0") : JSON.numberNode(0);
                case STRING -> JSON.textNode("");
                case BYTES, COMPLEX, INTERFACE -> JSON.nullNode();
            };
        }
        // Go's maps by number have no null in the recordings' form
        return type instanceof GobType.Map map && map.key() != GobType.Basic.STRING.id()
                ? JSON.objectNode()
                : JSON.nullNode();
    }

    /** A number as Go's strconv prints it with format 'g' and the fewest digits. */
    static String goText(double value) {
        return Double.isFinite(value) && value != 0 ? goText(shortest(value)) : special(value);
    }

    static String goText(float value) {
        return Float.isFinite(value) && value != 0 ? goText(shortest(value)) : special(value);
    }

    private static String special(double value) {
        if (Double.isNaN(value)) {
            return "NaN";
        } else if (Double.isInfinite(value)) {
            return value > 0 ? "+Inf" : "-Inf";
        }
        return 1 / value < 0 ? "-0" : "0";
    }

    private static BigDecimal shortest(double value) {
        BigDecimal exact = new BigDecimal(value);
        for (int digits = 1; ; digits++) {
            BigDecimal rounded = exact.round(new MathContext(digits));
            if (rounded.doubleValue() == value) {
                return rounded;
            }
        }
    }

    private static BigDecimal shortest(float value) {
        BigDecimal exact = new BigDecimal(value);
        for (int digits = 1; ; digits++) {
            BigDecimal rounded = exact.round(new MathContext(digits));
            if (rounded.floatValue() == value) {
                return rounded;
            }
        }
    }

    private static String goText(BigDecimal decimal) {
        BigDecimal plain = decimal.stripTrailingZeros();
        String digits = plain.unscaledValue().abs().toString();
        int exponent = digits.length() - 1 - plain.scale();
        boolean scientific = exponent < -4 || exponent >= EXPONENT_BOUND;
        String sign = plain.signum() < 0 ? "-" : "";
        if (!scientific) {
            return sign + plain.abs().toPlainString();
        }
        String mantissa = digits.length() == 1 ? digits : digits.charAt(0) + "." + digits.substring(1);
        int size = Math.abs(exponent);
        return sign + mantissa + "e" + (exponent < 0 ? "-" : "+") + (size < 10 ? "0" : "") + size;
    }

    /** With the fewest digits, 'g' writes an exponent from here on (strconv's ftoa.go). */
    private static final int EXPONENT_BOUND = 6;
}
