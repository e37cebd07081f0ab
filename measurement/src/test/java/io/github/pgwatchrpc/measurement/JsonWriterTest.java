package io.github.pgwatchrpc.measurement;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

@NullMarked
class JsonWriterTest {

    private static final long SEED = 20261122;

    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private final EnvelopeBuilder builder = new EnvelopeBuilder();
    private final JsonWriter writer = new JsonWriter();

    // ---- numbers ----

    @Test
    void doublesAsGoWritesThem() {
        assertEquals("0", json(0.0));
        assertEquals("-0", json(-0.0));
        assertEquals("1", json(1.0));
        assertEquals("-100", json(-100.0));
        assertEquals("0.1", json(0.1));
        assertEquals("-1.5", json(-1.5));
        assertEquals("123456.789", json(123456.789));
        assertEquals("0.30000000000000004", json(0.1 + 0.2));
        assertEquals("0.000001", json(1e-6));
        assertEquals("0.0000012345678901234567", json(1.2345678901234567e-6));
        assertEquals("9.99999e-7", json(9.99999e-7));
        assertEquals("1e-7", json(1e-7));
        assertEquals("1.5e-10", json(1.5e-10));
        assertEquals("5e-324", json(Double.MIN_VALUE));
        assertEquals("9007199254740992", json(9007199254740992.0));
        assertEquals("9007199254740993000", json(9007199254740993e3));
        assertEquals("100000000000000000000", json(1e20));
        assertEquals("123456789012345680000", json(1.2345678901234568E20));
        assertEquals("999999999999999900000", json(Math.nextDown(1e21)));
        assertEquals("1e+21", json(1e21));
        assertEquals("1.5e+300", json(1.5e300));
        assertEquals("1.7976931348623157e+308", json(Double.MAX_VALUE));
        assertEquals("-2.2250738585072014e-308", json(-Double.MIN_NORMAL));
        assertEquals("\"NaN\"", json(Double.NaN));
        assertEquals("\"Infinity\"", json(Double.POSITIVE_INFINITY));
        assertEquals("\"-Infinity\"", json(Double.NEGATIVE_INFINITY));
    }

    @Test
    void numbersOfSinglePrecisionKeepIt() {
        assertEquals("0.1", json(0.1f));
        assertEquals("-0", json(-0.0f));
        assertEquals("16777216", json(16777216f));
        assertEquals("3.4028235e+38", json(Float.MAX_VALUE));
        assertEquals("1e-45", json(Float.MIN_VALUE));
        assertEquals("0.000001", json(1e-6f));
        assertEquals("9.999999e-7", json(Math.nextDown(1e-6f)));
        assertEquals("1e+21", json(1e21f));
        assertEquals("999999950000000000000", json(Math.nextDown(1e21f)));
        assertEquals("\"NaN\"", json(Float.NaN));
        assertEquals("\"Infinity\"", json(Float.POSITIVE_INFINITY));
        assertEquals("\"-Infinity\"", json(Float.NEGATIVE_INFINITY));
    }

    @Test
    void integersInFull() {
        assertEquals("0", json(0L));
        assertEquals("-1", json(-1L));
        assertEquals("-9223372036854775808", json(Long.MIN_VALUE));
        assertEquals("9223372036854775807", json(Long.MAX_VALUE));
        assertEquals("9223372036854775808", json(BigInteger.ONE.shiftLeft(63)));
        assertEquals("18446744073709551615", json(BigInteger.ONE.shiftLeft(64).subtract(BigInteger.ONE)));
        long power = 1;
        for (int digits = 1; digits <= 19; digits++, power *= 10) {
            for (long value : new long[] {power - 1, power, power + 1, -power, power * 7 + 3}) {
                assertEquals(Long.toString(value), json(value));
            }
        }
        SplittableRandom random = new SplittableRandom(SEED);
        for (int i = 0; i < 100_000; i++) {
            long value = random.nextLong() >> random.nextInt(64);
            assertEquals(Long.toString(value), writer.clear().number(value).toString(), "seed " + SEED);
        }
    }

    // ---- text ----

    @Test
    void escapesOnlyWhatMustBe() {
        assertEquals("\"\"", json(""));
        assertEquals("\"a<b>&c/'\u007f\"", json("a<b>&c/'\u007f"));
        assertEquals("\"\\\"\\\\\\b\\f\\n\\r\\t\\u0000\\u001f\"", json("\"\\\b\f\n\r\t\0\u001f"));
        assertEquals("\"é€😀\ufffd\"", json("é€😀\ufffd"));
        assertEquals("\"a\\u2028b\\u2029c\u2027\u202a\"", json("a\u2028b\u2029c\u2027\u202a"));
        assertEquals("\"?x?😀?\"", json("\ud800x\udc00😀\udbff"));
    }

    @Test
    void everyByteThatIsNotUtf8IsReplaced() {
        assertEquals("a\ufffdb", readBack('a', 0xff, 'b'));
        assertEquals("\ufffd", readBack(0x80));
        assertEquals("\ufffd\ufffd", readBack(0xc0, 0x80));
        assertEquals("\ufffd\ufffd", readBack(0xc1, 0xbf));
        assertEquals("\ufffd\ufffd", readBack(0xe2, 0x82));
        assertEquals("\ufffd\ufffd\ufffd", readBack(0xe0, 0x9f, 0xbf));
        assertEquals("\ufffd\ufffd\ufffd", readBack(0xed, 0xa0, 0x80));
        assertEquals("\ufffd\ufffd\ufffd\ufffd", readBack(0xf0, 0x8f, 0xbf, 0xbf));
        assertEquals("\ufffd\ufffd\ufffd\ufffd", readBack(0xf4, 0x90, 0x80, 0x80));
        assertEquals("\ufffd\ufffd\ufffd\ufffd", readBack(0xf5, 0x80, 0x80, 0x80));
        assertEquals("\ufffd\ufffd\ufffdz", readBack(0xf0, 0x9f, 0x98, 'z'));
        assertEquals("\ufffd€", readBack(0xe2, 0xe2, 0x82, 0xac));
        assertEquals(
                "\u0080\u07ff\u0800\ud7ff\ue000\uffff\ud800\udc00\udbff\udfff",
                readBack(toInts("\u0080\u07ff\u0800\ud7ff\ue000\uffff\ud800\udc00\udbff\udfff")));
    }

    private static int[] toInts(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        int[] ints = new int[utf8.length];
        Arrays.setAll(ints, i -> utf8[i]);
        return ints;
    }

    private String readBack(int... bytes) {
        byte[] utf8 = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            utf8[i] = (byte) bytes[i];
        }
        builder.beginRow();
        builder.putText(builder.column("t"), utf8, 0, utf8.length);
        writer.clear().value(builder.endRow().build().get(0), 0);
        return read().textValue();
    }

    // ---- the other values ----

    @Test
    void bytesAreBase64() {
        for (int length = 0; length < 10; length++) {
            byte[] bytes = new byte[length];
            for (int i = 0; i < length; i++) {
                bytes[i] = (byte) (0xfb - i);
            }
            assertEquals('"' + Base64.getEncoder().encodeToString(bytes) + '"', json(bytes));
        }
    }

    @Test
    void theRest() {
        assertEquals("null", json(null));
        assertEquals("true", json(true));
        assertEquals("false", json(false));
        assertEquals("[]", json(List.of()));
        assertEquals("{}", json(Map.of()));
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        object.put("k\n", 1L);
        object.put("", Arrays.asList(null, 0.5f, Map.of("x", new byte[] {1})));
        assertEquals("[1,{\"k\\n\":1,\"\":[null,0.5,{\"x\":\"AQ==\"}]}]", json(List.of(1, object)));
        assertEquals(
                "value of class java.lang.Object (expected: null, Boolean, an integer, Float, Double, String, byte[],"
                        + " List or Map)",
                assertThrows(IllegalArgumentException.class, () -> writer.value(new Object()))
                        .getMessage());
    }

    /** A value through both ways: as a cell of an envelope, and as an object. */
    private String json(@Nullable Object value) {
        String asObject = writer.clear().value(value).toString();
        builder.beginRow().put("v", value).endRow();
        String asCell = writer.clear().value(builder.build().get(0), 0).toString();
        assertEquals(asObject, asCell);
        return asCell;
    }

    // ---- rows and lines ----

    @Test
    void lineIsThatOfPgwatch() {
        builder.database("db\"1").metric("m").customTag("env", "prod").customTag("a", "1");
        builder.beginRow();
        builder.put("epoch_ns", 5L).put("tag_x", "y").put("z\"", 1.5).put("a", null);
        builder.endRow();
        builder.row(Map.of());
        builder.row(Map.of("only", true));
        MeasurementEnvelope envelope = builder.build();
        assertEquals(
                "{\"custom_tags\":{\"env\":\"prod\",\"a\":\"1\"},\"data\":["
                        + "{\"epoch_ns\":5,\"tag_x\":\"y\",\"z\\\"\":1.5,\"a\":null},{},{\"only\":true}"
                        + "],\"dbname\":\"db\\\"1\",\"metric\":\"m\"}\n",
                writer.line(envelope).toString());
        assertEquals(
                "{\"custom_tags\":{\"env\":\"prod\",\"a\":\"1\"},\"data\":[{\"only\":true}],\"dbname\":\"db\\\"1\","
                        + "\"metric\":\"m\"}\n",
                writer.clear().line(envelope, 2, 3).toString());
        assertEquals("", writer.clear().line(envelope, 1, 1).toString());
        assertThrows(IndexOutOfBoundsException.class, () -> writer.line(envelope, 2, 4));
    }

    @Test
    void missingTagsAreNullAndMissingRowsAreNothing() {
        assertEquals(
                "{\"custom_tags\":null,\"data\":[{}],\"dbname\":\"\",\"metric\":\"\"}\n",
                writer.line(builder.row(Map.of()).build()).toString());
        assertEquals(
                "{\"custom_tags\":{},\"data\":[{}],\"dbname\":\"\",\"metric\":\"\"}\n",
                writer.clear()
                        .line(builder.customTags(Map.of()).row(Map.of()).build())
                        .toString());
        assertEquals("", writer.clear().line(builder.database("d").build()).toString());
    }

    @Test
    void piecesCanBePutTogether() {
        Measurement row =
                builder.row(Map.of("n", 7L)).row(Map.of("n", 8L)).build().get(1);
        writer.raw("{").name("t").text("x").raw(",".getBytes(StandardCharsets.UTF_8));
        writer.name(row, 0).value(row, 0).raw(",\"row\":").row(row).raw("}");
        assertEquals("{\"t\":\"x\",\"n\":8,\"row\":{\"n\":8}}", writer.toString());
        assertThrows(IndexOutOfBoundsException.class, () -> writer.name(row, 1));
        assertThrows(IndexOutOfBoundsException.class, () -> writer.value(row, -1));
    }

    @Test
    void whatWasWrittenCanBeTakenBack() {
        writer.text("kept");
        int mark = writer.length();
        writer.text("x".repeat(100_000)).truncate(mark);
        assertEquals("\"kept\"", writer.toString());
        assertEquals(
                "length: 7 (expected: 0 to 6)",
                assertThrows(IllegalArgumentException.class, () -> writer.truncate(7))
                        .getMessage());
    }

    @Test
    void onlyALargeBufferIsLetGo() {
        writer.text("x".repeat(100_000));
        byte[] buffer = writer.buffer();
        assertSame(buffer, writer.clear().buffer());
        writer.text("x".repeat(JsonWriter.KEPT_BYTES));
        assertTrue(writer.clear().buffer().length < JsonWriter.KEPT_BYTES);
    }

    // ---- anything ----

    @Test
    void anythingBecomesValidJsonThatReadsBack() {
        for (long seed = SEED; seed < SEED + 3000; seed++) {
            Anything anything = new Anything(new SplittableRandom(seed));
            MeasurementEnvelope envelope = anything.envelope(builder);
            writer.clear().line(envelope);
            String message = "seed " + seed;
            try {
                JsonNode line = read();
                assertEquals(envelope.database(), line.get("dbname").textValue(), message);
                assertEquals(envelope.size(), line.get("data").size(), message);
                assertEquals('\n', writer.buffer()[writer.length() - 1]);
                for (int row = 0; row < envelope.size(); row++) {
                    anything.check(envelope.get(row), line.get("data").get(row), message);
                }
            } catch (RuntimeException e) {
                throw new AssertionError(message + ": " + writer, e);
            }
        }
    }

    private JsonNode read() {
        try {
            // strict, unlike jackson's own decoder
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(writer.buffer(), 0, writer.length()))
                    .toString();
            return JSON.readTree(text);
        } catch (CharacterCodingException e) {
            throw new IllegalStateException("not UTF-8", e);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Envelopes of any shape, with names that are distinct also after replacement, since objects need that. */
    private record Anything(SplittableRandom random) {

        MeasurementEnvelope envelope(EnvelopeBuilder builder) {
            builder.database(new String(bytes(20), StandardCharsets.UTF_8));
            builder.metric(new String(bytes(20), StandardCharsets.UTF_8));
            if (random.nextBoolean()) {
                builder.customTag(
                        new String(bytes(8), StandardCharsets.UTF_8), new String(bytes(8), StandardCharsets.UTF_8));
            }
            int rows = 1 + random.nextInt(4);
            for (int row = 0; row < rows; row++) {
                builder.beginRow();
                int columns = random.nextInt(12);
                for (int i = 0; i < columns; i++) {
                    byte[] end = bytes(10);
                    byte[] name = Arrays.copyOf(new byte[] {(byte) ('a' + i)}, 1 + end.length);
                    System.arraycopy(end, 0, name, 1, end.length);
                    int column = builder.column(name, 0, name.length);
                    if (random.nextInt(3) == 0) {
                        byte[] text = bytes(random.nextInt(20) == 0 ? 40_000 : 60);
                        builder.putText(column, text, 0, text.length);
                    } else {
                        builder.put(column, value(3));
                    }
                }
                builder.endRow();
            }
            return builder.build();
        }

        byte[] bytes(int limit) {
            byte[] bytes = new byte[random.nextInt(limit)];
            int style = random.nextInt(3);
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte)
                        (style == 0
                                ? random.nextInt(256)
                                : style == 1 ? 0x20 + random.nextInt(0x5f) : PARTS[random.nextInt(PARTS.length)]);
            }
            return bytes;
        }

        /** Bytes that often make up sequences, right and wrong. */
        private static final int[] PARTS = {
            'a', '"', '\\', '\n', 0, 0x1f, 0x7f, 0x80, 0xa8, 0xa9, 0xbf, 0xc2, 0xc3, 0xe0, 0xe2, 0xed, 0xef, 0xf0, 0xf4
        };

        @Nullable
        Object value(int depth) {
            return switch (random.nextInt(depth == 0 ? 8 : 10)) {
                case 0 -> null;
                case 1 -> random.nextBoolean();
                case 2 -> random.nextLong() >> random.nextInt(64);
                case 3 -> new BigInteger(1, new byte[] {(byte) (0x80 | random.nextInt(128)), 1, 2, 3, 4, 5, 6, 7});
                case 4 -> Float.intBitsToFloat(random.nextInt());
                case 5 -> random.nextBoolean() ? Double.longBitsToDouble(random.nextLong()) : random.nextDouble() * 1e6;
                case 6 -> new String(bytes(20), StandardCharsets.UTF_8);
                case 7 -> bytes(20);
                case 8 -> {
                    List<@Nullable Object> list = new ArrayList<>();
                    for (int i = random.nextInt(4); i > 0; i--) {
                        list.add(value(depth - 1));
                    }
                    yield list;
                }
                default -> {
                    Map<String, @Nullable Object> map = new LinkedHashMap<>();
                    for (int i = random.nextInt(4); i > 0; i--) {
                        map.put(new String(bytes(5), StandardCharsets.UTF_8), value(depth - 1));
                    }
                    yield map;
                }
            };
        }

        void check(Measurement row, JsonNode json, String message) {
            assertEquals(row.size(), json.size(), message);
            List<String> names = new ArrayList<>();
            json.fieldNames().forEachRemaining(names::add);
            for (int column = 0; column < row.size(); column++) {
                if (row.name(column).indexOf('\ufffd') < 0) {
                    assertEquals(row.name(column), names.get(column), message);
                }
                check(row.value(column), json.get(names.get(column)), message);
            }
        }

        private void check(@Nullable Object value, JsonNode json, String message) {
            if (value == null) {
                assertTrue(json.isNull(), message);
            } else if (value instanceof Boolean b) {
                assertEquals(b, json.booleanValue(), message);
            } else if (value instanceof Long || value instanceof BigInteger) {
                assertEquals(value.toString(), json.asText(), message);
            } else if (value instanceof Float f) {
                assertEquals(f, Float.parseFloat(json.asText()), message);
            } else if (value instanceof Double d) {
                assertEquals(d, Double.parseDouble(json.asText()), message);
            } else if (value instanceof byte[] bytes) {
                assertEquals(Base64.getEncoder().encodeToString(bytes), json.textValue(), message);
            } else if (value instanceof String text) {
                // Java and Go do not replace the same number of bytes by one U+FFFD
                assertEquals(
                        text.replaceAll("\ufffd+", "\ufffd"),
                        json.textValue().replaceAll("\ufffd+", "\ufffd"),
                        message);
            } else if (value instanceof List<?> list) {
                assertEquals(list.size(), json.size(), message);
                for (int i = 0; i < list.size(); i++) {
                    check(list.get(i), json.get(i), message);
                }
            } else if (value instanceof Map<?, ?> map) {
                assertEquals(map.size(), json.size(), message);
                map.forEach((key, element) -> check(element, json.get((String) key), message));
            } else {
                throw new AssertionError(value.getClass());
            }
        }
    }
}
