package io.github.pgwatchrpc.measurement;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** {@link BinaryWriter} and {@link BinaryReader}: what is written is read, and whatever else is read does no harm. */
@NullMarked
class BinaryFormTest {

    private static final long SEED = 20261122;

    private final BinaryWriter writer = new BinaryWriter();
    private final BinaryReader reader = new BinaryReader();

    private MeasurementEnvelope again(MeasurementEnvelope envelope) throws IOException {
        writer.clear().envelope(envelope);
        reader.read(writer.buffer(), 0, writer.length());
        MeasurementEnvelope read = reader.envelope();
        assertEquals(0, reader.remaining());
        return read;
    }

    @Test
    void theBytesOnDiskStayWhatTheyAre() {
        EnvelopeBuilder builder = new EnvelopeBuilder()
                .database("d")
                .metric("m")
                .customTag("k", "v")
                .receivedAt(258)
                .beginRow();
        builder.put("a", null).put("b", true).put("c", -2).put("d", new BigInteger("18446744073709551615"));
        builder.put("e", 1.0f).put("f", 1.0).put("g", "x").put("h", new byte[] {7});
        builder.put("i", List.of(1L)).put("j", Map.of("n", "y")).endRow();
        writer.envelope(builder.build());
        String expected = "01" + "01" + "0201000000000000" + "0164" + "016d" + "01016b0176" // to the custom tags
                + "0a" + "0161" + "0162" + "0163" + "0164" + "0165" + "0166" + "0167" + "0168" + "0169" + "016a"
                + "01" + "0a" + "02" + "0a" // rows, cells, bytes of texts, cells of the row
                + "00" + "1101" + "2203" + "33ffffffffffffffff" + "440000803f" + "55000000000000f03f"
                + "660178" + "770107" + "8801" + "01" + "0202"
                + "9901" + "01" + "016e" + "060179";
        assertEquals(expected, HexFormat.of().formatHex(writer.buffer(), 0, writer.length()));
    }

    @Test
    void everyValueComesBackAsItWas() throws IOException {
        EnvelopeBuilder builder = new EnvelopeBuilder();
        for (int i = 0; i < 500; i++) {
            MeasurementEnvelope envelope = random(new SplittableRandom(SEED + i), builder);
            MeasurementEnvelope read = again(envelope);
            String message = "seed " + (SEED + i);
            assertEquals(envelope, read, message);
            assertEquals(envelope.receivedAt(), read.receivedAt(), message);
            assertEquals(envelope.hasCustomTags(), read.hasCustomTags(), message);
            assertEquals(
                    List.copyOf(envelope.customTags().entrySet()),
                    List.copyOf(read.customTags().entrySet()),
                    message);
        }
    }

    @Test
    void noTagsAndNoRowsAreNotTheSameAsEmptyOnes() throws IOException {
        assertFalse(again(new EnvelopeBuilder().build()).hasCustomTags());
        assertTrue(again(new EnvelopeBuilder().customTags(Map.of()).build()).hasCustomTags());
        assertEquals(1, again(new EnvelopeBuilder().row(Map.of()).build()).size());
    }

    @Test
    void textThatIsNotUtf8StaysAsItCame() throws IOException {
        byte[] broken = {'a', (byte) 0xff, (byte) 0xc0};
        EnvelopeBuilder builder = new EnvelopeBuilder().beginRow();
        builder.putText(builder.column("t"), broken, 0, broken.length).endRow();
        MeasurementEnvelope read = again(builder.build());
        assertArrayEquals(broken, read.heap);
        assertEquals("a\ufffd\ufffd", read.get(0).value("t"));
    }

    @Test
    void partsHoldTheirRowsOnly() throws IOException {
        MeasurementEnvelope envelope = random(new SplittableRandom(SEED), new EnvelopeBuilder());
        for (int from = 0; from <= envelope.size(); from++) {
            for (int to = from; to <= envelope.size(); to++) {
                writer.clear().envelope(envelope, from, to);
                MeasurementEnvelope part =
                        reader.read(writer.buffer(), 0, writer.length()).envelope();
                assertEquals(envelope.rows().subList(from, to), part.rows());
            }
        }
    }

    @Test
    void brokenBytesAreAnErrorOrAnotherEnvelopeAndNothingElse() throws IOException {
        EnvelopeBuilder builder = new EnvelopeBuilder();
        for (int i = 0; i < 50; i++) {
            SplittableRandom random = new SplittableRandom(SEED + i);
            writer.clear().envelope(random(random, builder));
            byte[] whole = Arrays.copyOf(writer.buffer(), writer.length());
            for (int cut = 0; cut < whole.length; cut++) {
                int length = cut;
                assertThrows(
                        IOException.class, () -> reader.read(whole, 0, length).envelope(), "seed " + (SEED + i));
            }
            for (int flip = 0; flip < 300; flip++) {
                byte[] broken = whole.clone();
                broken[random.nextInt(broken.length)] ^= (byte) (1 << random.nextInt(8));
                try {
                    assertTrue(reader.read(broken, 0, broken.length).envelope().size() >= 0);
                } catch (IOException e) {
                    assertFalse(String.valueOf(e.getMessage()).isEmpty());
                }
            }
        }
    }

    @Test
    void errorsNameThingValueAndBound() {
        IOException version = assertThrows(
                IOException.class, () -> reader.read(new byte[] {9}, 0, 1).envelope());
        assertEquals("version of an envelope: 9 (expected: 1)", version.getMessage());
        IOException length = assertThrows(
                IOException.class, () -> reader.read(new byte[] {50, 1}, 0, 2).text());
        assertEquals("bytes of a text: 50 (expected: <= 1, the bytes left)", length.getMessage());
    }

    static MeasurementEnvelope random(SplittableRandom random, EnvelopeBuilder builder) {
        builder.database(text(random)).metric(text(random)).receivedAt(random.nextLong());
        if (random.nextBoolean()) {
            builder.customTags(Map.of());
            for (int i = random.nextInt(3); i > 0; i--) {
                builder.customTag(text(random), text(random));
            }
        }
        int rows = random.nextInt(6);
        for (int row = 0; row < rows; row++) {
            Map<String, @Nullable Object> columns = new LinkedHashMap<>();
            for (int i = random.nextInt(30); i > 0; i--) {
                columns.put("c" + random.nextInt(40), value(random, 3));
            }
            builder.row(columns);
        }
        return builder.build();
    }

    private static @Nullable Object value(SplittableRandom random, int depth) {
        switch (random.nextInt(depth == 0 ? 8 : 10)) {
            case 0:
                return null;
            case 1:
                return random.nextBoolean();
            case 2:
                return random.nextLong() >> random.nextInt(64);
            case 3:
                return new BigInteger(1, new byte[] {(byte) 0x80, 0, 0, 0, 0, 0, 0, (byte) random.nextInt()});
            case 4:
                return Float.intBitsToFloat(random.nextInt());
            case 5:
                return Double.longBitsToDouble(random.nextLong());
            case 6:
                return text(random);
            case 7:
                return text(random).getBytes(java.nio.charset.StandardCharsets.UTF_8);
            case 8:
                List<@Nullable Object> list = new ArrayList<>();
                for (int i = random.nextInt(4); i > 0; i--) {
                    list.add(value(random, depth - 1));
                }
                return list;
            default:
                Map<String, @Nullable Object> map = new LinkedHashMap<>();
                for (int i = random.nextInt(4); i > 0; i--) {
                    map.put(text(random), value(random, depth - 1));
                }
                return map;
        }
    }

    private static String text(SplittableRandom random) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(12); i > 0; i--) {
            text.appendCodePoint(random.nextInt(8) == 0 ? 0x1F600 + random.nextInt(50) : 32 + random.nextInt(900));
        }
        return text.toString();
    }
}
