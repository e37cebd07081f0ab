package io.github.pgwatchrpc.rpc.gob;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Numbers, texts and lengths, and the classes that stand for what Java has none for. */
final class PrimitivesTest {

    private static GobReader reader(String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex);
        byte[] shifted = new byte[bytes.length + 5]; // neither the first nor the last bytes of the array
        System.arraycopy(bytes, 0, shifted, 3, bytes.length);
        return new GobReader(GobLimits.DEFAULT).reset(shifted, 3, bytes.length);
    }

    private static GobReader read(GobWriter out) {
        return new GobReader(GobLimits.DEFAULT).reset(out.array(), 0, out.size());
    }

    @Test
    void whatIsWrittenIsRead() throws GobException {
        long seed = System.nanoTime();
        SplittableRandom random = new SplittableRandom(seed);
        GobWriter out = new GobWriter();
        for (int i = 0; i < 10_000; i++) {
            long number = random.nextLong() >>> random.nextInt(64);
            String message = "seed " + seed + ", number " + number;
            out.truncate(0);
            out.writeUint(number);
            out.writeInt(number);
            out.writeInt(~number);
            out.writeFloat(Double.longBitsToDouble(number));
            out.writeBool((number & 1) == 1);
            out.writeString(Long.toString(number));
            out.writeBytes(new byte[] {(byte) number});
            GobReader in = read(out);
            assertEquals(number, in.readUint(), message);
            assertEquals(number, in.readInt(), message);
            assertEquals(~number, in.readInt(), message);
            assertEquals(number, Double.doubleToRawLongBits(in.readFloat()), message);
            assertEquals((number & 1) == 1, in.readBool(), message);
            assertEquals(Long.toString(number), in.readString(), message);
            int begin = in.readBytes();
            assertEquals((byte) number, in.array()[begin], message);
            assertEquals(1, in.length(), message);
            assertEquals(0, in.remaining(), message);
        }
    }

    @Test
    void textsOfAllLetters() throws GobException {
        GobWriter out = new GobWriter();
        for (String text :
                List.of("", "a", "ä", "aaaaaaaaä", "€", "\ud834\udd1e", "\0", "x".repeat(1000), "ü".repeat(1000))) {
            out.truncate(0);
            out.writeString(text);
            assertEquals(text, read(out).readString());
        }
        assertEquals("\ufffd", reader("01ff").readString());
    }

    @Test
    void numbersThatAreNone() {
        for (String hex : List.of("", "ff", "fe01", "f801020304050607")) {
            GobException e = assertThrows(GobException.class, () -> reader(hex).readUint(), hex);
            assertTrue(e.getMessage().startsWith("gob: bytes left in the message: "), e.getMessage());
        }
        for (String hex : List.of("f7010203040506070809", "8000", "80")) {
            GobException e = assertThrows(GobException.class, () -> reader(hex).readUint(), hex);
            assertTrue(e.getMessage().startsWith("gob: bytes of an unsigned integer: "), e.getMessage());
        }
    }

    @Test
    void leavingOut() throws GobException {
        GobReader reader = reader("0102030405");
        reader.skip(2);
        assertEquals(3, reader.readUint());
        GobException e = assertThrows(GobException.class, () -> reader.skip(3));
        assertEquals("gob: bytes left in the message: 2 (expected: >= 3)", e.getMessage());
        reader.skip(2);
        assertEquals(0, reader.remaining());
    }

    @Test
    void theWriterPutsLengthsBeforeMessages() throws GobException {
        for (int length : new int[] {0, 1, 127, 128, 255, 256, 65535, 65536, 1 << 20}) {
            GobWriter out = new GobWriter();
            out.writeUint(7);
            int begin = out.beginMessage();
            byte[] content = new byte[length];
            Arrays.fill(content, (byte) 9);
            for (byte b : content) {
                out.writeUint(b);
            }
            out.endMessage(begin);
            out.writeUint(8);
            GobReader in = read(out);
            assertEquals(7, in.readUint());
            int at = in.readBytes();
            assertArrayEquals(content, Arrays.copyOfRange(in.array(), at, at + in.length()));
            assertEquals(8, in.readUint());
            assertEquals(0, in.remaining());
        }
    }

    // classes

    @Test
    void unsignedIntegers() {
        GobUint greatest = GobUint.parse("18446744073709551615");
        assertEquals(-1, greatest.bits());
        assertEquals("18446744073709551615", greatest.toString());
        assertEquals(BigInteger.TWO.pow(64).subtract(BigInteger.ONE), greatest.toBigInteger());
        assertEquals(BigInteger.TEN, GobUint.of(10).toBigInteger());
        assertEquals(10, GobUint.of(10).toLong());
        assertSame(GobUint.ZERO, GobUint.of(0));
        assertTrue(greatest.compareTo(GobUint.of(Long.MAX_VALUE)) > 0);
        assertEquals(
                "unsigned integer: 18446744073709551615 (expected: <= 9223372036854775807)",
                assertThrows(ArithmeticException.class, greatest::toLong).getMessage());
        assertEquals(
                "unsigned integer: -1 (expected: >= 0)",
                assertThrows(IllegalArgumentException.class, () -> GobUint.of(-1))
                        .getMessage());
    }

    @Test
    void structs() {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("A", 1L);
        fields.put("B", new byte[] {1});
        fields.put("C", null);
        GobStruct struct = new GobStruct("S", fields);
        assertEquals("S", struct.name());
        assertEquals(1L, struct.get("A"));
        assertTrue(struct.has("C"));
        assertFalse(struct.has("D"));
        assertEquals(null, struct.get("D"));
        assertEquals("S{A: 1, B: (01), C: null}", struct.toString());
        assertEquals(List.of("A", "B", "C"), List.copyOf(struct.fields().keySet()));
        assertThrows(UnsupportedOperationException.class, () -> struct.fields().put("D", 1L));
        assertThrows(UnsupportedOperationException.class, () -> struct.fields().clear());
        var iterator = new GobStruct("", Map.of()).fields().entrySet().iterator();
        assertThrows(NoSuchElementException.class, iterator::next);
        Map<String, Object> same = new LinkedHashMap<>(fields);
        same.put("B", new byte[] {1});
        assertEquals(struct, new GobStruct("S", same));
        assertEquals(struct.hashCode(), new GobStruct("S", same).hashCode());
        same.put("B", new byte[] {2});
        assertFalse(struct.equals(new GobStruct("S", same)));
        assertFalse(struct.equals(new GobStruct("T", fields)));
        assertFalse(struct.equals(new Object()));
    }

    @Test
    void interfacesHaveANameAndAValue() {
        GobInterface held = new GobInterface("[]uint8", new byte[] {1});
        assertEquals(held, new GobInterface("[]uint8", new byte[] {1}));
        assertEquals(held.hashCode(), new GobInterface("[]uint8", new byte[] {1}).hashCode());
        assertFalse(held.equals(new GobInterface("[]uint8", new byte[] {2})));
        assertEquals("[]uint8((01))", held.toString());
        assertThrows(IllegalArgumentException.class, () -> new GobInterface("", 1L));
    }

    @Test
    void opaqueValues() {
        GobOpaque opaque = new GobOpaque(GobType.Marshaler.BINARY, "Color", new byte[] {1, 2});
        assertEquals(opaque, new GobOpaque(GobType.Marshaler.BINARY, "Color", new byte[] {1, 2}));
        assertEquals(opaque.hashCode(), new GobOpaque(GobType.Marshaler.BINARY, "Color", new byte[] {1, 2}).hashCode());
        assertFalse(opaque.equals(new GobOpaque(GobType.Marshaler.BINARY, "Color", new byte[] {1})));
        assertFalse(opaque.equals(new GobOpaque(GobType.Marshaler.GOB, "Color", new byte[] {1, 2})));
        assertEquals("Color(0102)", opaque.toString());
        assertEquals(Optional.empty(), opaque.toTime());
    }

    @Test
    void times() {
        for (String text : List.of(
                "2024-02-29T12:30:45.123456789Z",
                "2024-02-29T12:30:45+05:30",
                "2024-02-29T12:30:45-12:00",
                "1890-01-01T00:00:00+00:19:32",
                "1890-01-01T00:00:00-00:44:30",
                "0001-01-01T00:00:00Z",
                "-0500-01-01T00:00:00.000000001Z",
                "+999999999-12-31T23:59:59Z")) {
            OffsetDateTime time = OffsetDateTime.parse(text);
            assertEquals(Optional.of(time), GobOpaque.of(time).toTime(), text);
        }
        assertEquals(
                "Time(010000000edd726ff500000000ffff)",
                GobOpaque.of(OffsetDateTime.parse("2024-02-29T12:30:45Z")).toString());
        // Go has no number for the minute before Greenwich
        OffsetDateTime minute = OffsetDateTime.parse("2024-02-29T12:29:45-00:01");
        assertEquals(
                minute.toInstant(), GobOpaque.of(minute).toTime().orElseThrow().toInstant());
        for (String hex : List.of(
                "",
                "00",
                "0300000000000000000000000000ffff",
                "01000000000000000000000000ffff00",
                "01000000000000000000000000ff",
                "0100000000000000003b9aca00ffff", // 1,000,000,000 nanoseconds
                "010000000000000000ffffffffffff",
                "017fffffffffffffff00000000ffff", // a year that Java does not know
                "018000000000000000000000000000",
                "01000000000000000000000000" + "7fff")) { // an offset beyond 18 hours
            byte[] bytes = HexFormat.of().parseHex(hex);
            assertEquals(Optional.empty(), new GobOpaque(GobType.Marshaler.GOB, "Time", bytes).toTime(), hex);
        }
    }

    @Test
    void names() {
        record Point(int x) {}
        record Other(int x) {}
        GobNames names = GobNames.BASIC.with("main.Point", Point.class);
        assertEquals("main.Point", names.nameOf(new Point(1)));
        assertEquals(Point.class, names.classOf("main.Point"));
        assertEquals(null, names.nameOf(new Other(1)));
        assertEquals(null, GobNames.BASIC.nameOf(new Point(1)), "the old ones are as they were");
        assertEquals("int", names.with("int", Long.class).nameOf(1L));
        assertSame(Point.class, names.with("main.Point", Point.class).classOf("main.Point"));
        assertTrue(assertThrows(IllegalArgumentException.class, () -> names.with("main.Point", Other.class))
                .getMessage()
                .startsWith("gob: registering duplicate types for \"main.Point\": "));
        assertTrue(assertThrows(IllegalArgumentException.class, () -> names.with("main.Other", Point.class))
                .getMessage()
                .startsWith("gob: registering duplicate names for "));
        assertThrows(IllegalArgumentException.class, () -> names.with("", Other.class));
    }
}
