package io.github.pgwatchrpc.rpc.gob;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.reflect.Type;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Collection;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What Go sends becomes records and classes. */
@SuppressWarnings("ArrayRecordComponent") // arrays are what is tested
final class JavaDecodingTest {

    private static GobDecoder decoder(String vector, GobNames names) throws IOException {
        return new GobDecoder(new ByteArrayInputStream(Golden.stream(vector)), GobConfig.DEFAULT.withNames(names));
    }

    /** A stream of one value, with the type that its Java form has. */
    private static GobDecoder sent(Object value) throws IOException {
        GobEncoder encoder = new GobEncoder();
        encoder.encode(value);
        return new GobDecoder(new ByteArrayInputStream(encoder.toByteArray()));
    }

    private static GobStruct struct(String name, Object... fields) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < fields.length; i += 2) {
            map.put((String) fields[i], fields[i + 1]);
        }
        return new GobStruct(name, map);
    }

    @Test
    void fieldsOfEveryKind() throws IOException {
        Kinds.KitchenSink sink = decoder("struct-kitchen-sink", Kinds.NAMES).decode(Kinds.KitchenSink.class);
        assertTrue(sink.Bool());
        assertEquals(-1, sink.Int());
        assertEquals(Byte.MIN_VALUE, sink.Int8());
        assertEquals(Short.MIN_VALUE, sink.Int16());
        assertEquals(Integer.MIN_VALUE, sink.Int32());
        assertEquals(Long.MIN_VALUE, sink.Int64());
        assertEquals(1, sink.Uint());
        assertEquals(255, Byte.toUnsignedInt(sink.Uint8()));
        assertEquals(65535, Short.toUnsignedInt(sink.Uint16()));
        assertEquals(4294967295L, Integer.toUnsignedLong(sink.Uint32()));
        assertEquals("18446744073709551615", sink.Uint64().toString());
        assertEquals(4096, sink.Uintptr());
        assertEquals(0.1f, sink.Float32());
        assertEquals(17.5, sink.Float64());
        assertEquals(new GobComplex(1, -2), sink.Complex64());
        assertEquals(new GobComplex(-0.5, 1e300), sink.Complex128());
        assertEquals("снег ☃", sink.String());
        assertArrayEquals(new byte[] {0, 1, -2, -1}, sink.Bytes());
        assertArrayEquals(new int[] {7, 0, -7}, sink.IntArray());
        assertArrayEquals(new byte[] {10, 0, 0, 1}, sink.ByteArray());
        assertEquals(List.of(new Kinds.Point(1, 2), new Kinds.Point(0, 4)), sink.PointArray());
        assertArrayEquals(new double[][] {{1, 0}, {0.25, -1}}, sink.Matrix());
        assertEquals(List.of("a", "", "c"), sink.Strings());
        assertArrayEquals(new double[] {0, 1.5, -1e-300}, sink.Floats());
        assertArrayEquals(new boolean[] {true, false, true}, sink.Bools());
        Values.assertSame(List.of(new byte[] {1}, new byte[0], new byte[] {2, 3}), sink.Blobs(), "Blobs");
        assertEquals(List.of(List.of(1L, 2L), List.of(), List.of(3L)), sink.IntLists());
        assertArrayEquals(new Kinds.Point[] {new Kinds.Point(5, 6), new Kinds.Point(0, 0)}, sink.Points());
        assertEquals(List.of(new Kinds.Point(7, 8)), sink.PointPointers());
        assertNull(sink.Anys().get(0));
        Values.assertSame(
                List.of(true, "text", -5L, new byte[] {9}, new Kinds.Point(9, 10), 2.5),
                sink.Anys().subList(1, 7),
                "Anys");
        assertEquals(Map.of("k", "v", "empty", ""), sink.StringToString());
        assertEquals(Map.of(-1, "minus", 0, "", 1, "plus"), sink.IntToString());
        assertEquals(Set.of("int", "nil", "text"), sink.StringToAny().keySet());
        assertNull(sink.StringToAny().get("nil"));
        assertEquals(Map.of("p", new Kinds.Point(11, 12)), sink.StringToPoint());
        assertEquals(Map.of(new Kinds.Point(13, 14), 15), sink.PointToInt());
        assertArrayEquals(new int[] {1, 2}, sink.StringToInts().get("two"));
        assertEquals(new Kinds.Point(16, 17), sink.Point());
        assertEquals(new Kinds.Point(18, 19), sink.PointPointer());
        assertEquals(-1000000, sink.IntPointer());
        assertEquals(-1000000, sink.IntPointerPointer());
        assertEquals(new Kinds.Node(1, new Kinds.Node(2, null)), sink.List());
        assertEquals(
                new Kinds.Tree("root", new Kinds.Tree("left", null, null), new Kinds.Tree("right", null, null)),
                sink.Tree());
        assertEquals(new Kinds.Empty(), sink.Empty());
        assertEquals(new Kinds.Embedded(20, "base"), sink.Embedded());
        assertEquals(new Kinds.Person("Ada", 36, List.of("ada@example.org"), new Kinds.Point(21, 22)), sink.Any());
        assertEquals(Instant.parse("2024-02-29T12:30:45Z"), sink.Time());
        assertEquals(OffsetDateTime.parse("2024-02-29T12:30:45.123456789+05:30"), sink.TimePointer());
        assertArrayEquals(
                HexFormat.of().parseHex("0310000000000000000000000000"),
                sink.Big().bytes());
        assertArrayEquals(new byte[] {3, 7}, sink.Version().bytes());
        assertEquals(GobType.Marshaler.BINARY, sink.Color().marshaler());
        assertEquals(2, sink.Level());
    }

    @Test
    void missingFieldsAreZero() throws IOException {
        GobDecoder decoder = decoder("struct-kitchen-sink", Kinds.NAMES);
        decoder.skip();
        Kinds.KitchenSink sink = decoder.decode(Kinds.KitchenSink.class);
        assertFalse(sink.Bool());
        assertEquals(0, sink.Int8());
        assertEquals(GobUint.ZERO, sink.Uint64());
        assertEquals(GobComplex.ZERO, sink.Complex64());
        assertEquals("", sink.String());
        assertEquals(0, sink.Bytes().length);
        assertEquals(0, sink.Floats().length);
        assertEquals(List.of(), sink.Strings());
        assertEquals(Map.of(), sink.StringToString());
        assertNull(sink.IntPointer());
        assertNull(sink.PointPointer());
        assertNull(sink.Any());
        assertNull(sink.Time());
        assertEquals(new Kinds.Point(0, 0), sink.Point(), "a struct is sent even if it is zero");
        assertEquals(new Kinds.Embedded(0, ""), sink.Embedded());
    }

    /** Two releases of a program: fields gone, new, in another order. */
    private record Account(String Name, OffsetDateTime Opened, long Balance, Set<String> Unknown) {}

    @Test
    void fieldsAreFoundByNameAndOthersSkipped() throws IOException {
        GobDecoder decoder = decoder("struct-versions", GobNames.BASIC);
        assertEquals(new Account("ada", null, Long.MAX_VALUE, Set.of()), decoder.decode(Account.class));
        assertEquals(
                new Account("bob", OffsetDateTime.parse("2020-01-02T03:04:05Z"), -1, Set.of()),
                decoder.decode(Account.class));
    }

    private record Last(String Last) {}

    @Test
    void everythingCanBeSkipped() throws IOException {
        assertEquals(
                new Last("here"), decoder("struct-skipping", GobNames.BASIC).decode(Last.class));
    }

    static class Base {
        private int X = 7;
        transient int Y = 8;
        static int ignored = 9;
    }

    static final class Derived extends Base {
        @GobName("Y")
        private Long why;

        String untouched = "as it was";
    }

    @Test
    void classesKeepWhatIsNotSent() throws IOException {
        GobDecoder decoder = decoder("struct-point", GobNames.BASIC);
        Derived full = decoder.decode(Derived.class);
        assertEquals(22, ((Base) full).X);
        assertEquals(33, full.why);
        assertEquals(8, full.Y);
        assertEquals("as it was", full.untouched);
        assertEquals(9, Base.ignored);
        decoder.skip();
        Derived part = decoder.decode(Derived.class);
        assertEquals(7, ((Base) part).X);
        assertEquals(1, part.why);
    }

    @Test
    void recursiveTypes() throws IOException {
        GobDecoder decoder = Golden.decoder("struct-list");
        assertEquals(new Kinds.Node(1, null), decoder.decode(Kinds.Node.class));
        assertEquals(new Kinds.Node(1, new Kinds.Node(0, null)), decoder.decode(Kinds.Node.class));
        int length = 0;
        for (Kinds.Node node = decoder.decode(Kinds.Node.class); node != null; node = node.next()) {
            length++;
            assertEquals(length, node.value());
        }
        assertEquals(100, length);
        Kinds.Parent parent = Golden.decoder("struct-mutual").decode(Kinds.Parent.class);
        assertEquals(
                List.of(new Kinds.Child("c1", new Kinds.Parent("other", List.of())), new Kinds.Child("c2", null)),
                parent.children());
    }

    private record Lists(
            List<Long> a, Set<String> b, Collection<Double> c, Iterable<Boolean> d, String[] e, Long[] f, List<?> g) {}

    @Test
    void collectionsOfEveryKind() throws IOException {
        Lists lists = sent(struct(
                        "Lists",
                        "a",
                        new long[] {1},
                        "b",
                        new String[] {"x", "y", "x"},
                        "c",
                        new double[] {0.5},
                        "d",
                        new boolean[] {true},
                        "e",
                        new String[] {"s"},
                        "f",
                        new long[] {2},
                        "g",
                        new long[] {3}))
                .decode(Lists.class);
        assertEquals(List.of(1L), lists.a());
        assertEquals(Set.of("x", "y"), lists.b());
        assertEquals(List.of(0.5), lists.c());
        assertEquals(List.of(true), lists.d());
        assertArrayEquals(new String[] {"s"}, lists.e());
        assertArrayEquals(new Long[] {2L}, lists.f());
        assertEquals(List.of(3L), lists.g());
        assertThrows(UnsupportedOperationException.class, () -> lists.a().add(2L));
        assertThrows(UnsupportedOperationException.class, () -> lists.b().add("z"));
    }

    private record Types(List<Long> list, Map<String, Long> map, Map<Byte, String> byteKeys) {}

    private static Type type(String component) throws NoSuchFieldException {
        return Types.class.getDeclaredField(component).getGenericType();
    }

    @Test
    void typesWithArguments() throws Exception {
        assertEquals(List.of(1L, 2L), sent(new int[] {1, 2}).decode(type("list")));
        assertEquals(Map.of(), Golden.decoder("map-empty").decode(type("map")));
    }

    @Test
    void basicValues() throws IOException {
        assertEquals(5, sent(5L).decode(int.class));
        assertEquals((short) 5, sent(5L).decode(Short.class));
        assertEquals("text", sent("text").decode(String.class));
        assertEquals(0.5f, sent(0.5).decode(float.class));
        assertTrue(sent(true).decode(boolean.class));
        assertEquals(
                GobUint.parse("18446744073709551615"), sent(new GobUint(-1)).decode(GobUint.class));
        assertEquals(3L, sent(GobUint.of(3)).decode(long.class), "an unsigned integer that fits");
        assertArrayEquals(new byte[] {1, 2}, sent(new byte[] {1, 2}).decode(byte[].class));
        assertEquals(Instant.EPOCH, sent(Instant.EPOCH).decode(Instant.class));
        assertEquals(5L, sent(5L).decode(Object.class));
    }

    @Test
    void bytesOfTextThatIsNone() throws IOException {
        assertArrayEquals(new byte[] {-1}, Golden.decoder("string-invalid-utf8").decode(byte[].class));
    }

    private record ByteArrays(byte[] signed, byte[] unsigned) {}

    @Test
    void bytesOfIntegers() throws IOException {
        ByteArrays arrays = sent(struct(
                        "ByteArrays", "signed", new int[] {-128, 127}, "unsigned", new GobUint[] {GobUint.of(255)}))
                .decode(ByteArrays.class);
        assertArrayEquals(new byte[] {-128, 127}, arrays.signed());
        assertArrayEquals(new byte[] {-1}, arrays.unsigned());
        assertArrayEquals(
                new byte[] {0, 1, 127, -1}, Golden.decoder("array-byte").decode(byte[].class));
    }

    @Test
    void genericFormsInsideOfRecords() throws IOException {
        record Generic(GobStruct Home, Object Emails, String Name) {}
        Generic generic = Golden.decoder("struct-nested").decode(Generic.class);
        assertEquals(struct("Point", "X", 1L), generic.Home());
        assertEquals(List.of("a@example.org", ""), generic.Emails());
    }

    // interfaces

    private record Wrapped(@GobName("Value") GobInterface value) {}

    @Test
    void interfacesAsTheyAre() throws IOException {
        GobDecoder decoder = Golden.decoder("interface-struct");
        GobInterface held = decoder.decode(Wrapped.class).value();
        assertEquals("interop.Point", held.name());
        assertEquals(struct("Point", "X", 1L, "Y", 2L), held.value());
    }

    @Test
    void interfacesAsRegistered() throws IOException {
        GobDecoder decoder = decoder("interface-struct", Kinds.NAMES);
        assertEquals(new Kinds.Point(1, 2), decoder.decode(Kinds.Holder.class).value());
        assertEquals(new Kinds.Point(0, 0), decoder.decode(Kinds.Holder.class).value());
        GobStruct generic = (GobStruct) decoder.decode();
        assertEquals(
                new GobInterface("interop.Person", new Kinds.Person("Ada", 0, List.of(), new Kinds.Point(3, 0))),
                generic.get("Value"));
    }

    @Test
    void interfacesUnwrappedInAnObject() throws IOException {
        GobDecoder decoder = Golden.decoder("interface-interface");
        Kinds.Holder holder = decoder.decode(Kinds.Holder.class);
        assertEquals(struct("Box", "Content", struct("Box", "Content", struct("Box"))), holder.value());
    }

    private record Content(@GobName("Value") Kinds.Point value) {}

    @Test
    void interfacesAsWhatIsExpectedInside() throws IOException {
        GobDecoder decoder = Golden.decoder("interface-struct");
        assertEquals(new Kinds.Point(1, 2), decoder.decode(Content.class).value());
        assertEquals(new Kinds.Point(0, 0), decoder.decode(Content.class).value());
        GobException e = assertThrows(GobMismatchException.class, () -> decoder.decode(Content.class));
        assertEquals("gob: type mismatch: no fields matched compiling decoder for Point", e.getMessage());
        assertFalse(decoder.hasNext());
    }

    private record Texts(@GobName("Value") CharSequence value) {}

    private record Amount(@GobName("Value") Number value) {}

    @Test
    void interfacesOfJava() throws IOException {
        GobDecoder decoder = Golden.decoder("interface-in-struct");
        assertEquals(0L, decoder.decode(Amount.class).value());
        assertEquals("", decoder.decode(Texts.class).value());
        GobException e = assertThrows(GobMismatchException.class, () -> decoder.decode(Texts.class));
        assertEquals("gob: bool is not assignable to type CharSequence (Value)", e.getMessage());
        assertEquals(0.0, decoder.decode(Amount.class).value());
    }

    @Test
    void nilInterfaces() throws IOException {
        GobDecoder decoder = Golden.decoder("interface-nil");
        GobException e = assertThrows(GobMismatchException.class, () -> decoder.decode(Kinds.Point.class));
        assertEquals("gob: nil interface value (expected: Point)", e.getMessage());
        assertNull(decoder.decode(Kinds.Holder.class).value());
        assertArrayEquals(new Object[2], decoder.decode(Object[].class));
        assertEquals(Golden.decoder("interface-nil").decode((Type) Object.class), null);
    }

    @Test
    void nilInAnArrayOfNumbersIsZero() throws IOException {
        assertArrayEquals(new long[] {0, 5}, sent(new Object[] {null, 5L}).decode(long[].class));
    }

    // what does not fit

    private static void assertMismatch(String message, GobDecoder decoder, Class<?> type) throws IOException {
        GobException e = assertThrows(GobMismatchException.class, () -> decoder.decode(type));
        assertEquals(message, e.getMessage());
        assertFalse(decoder.hasNext(), "the value has been read to its end");
    }

    private record Bytes(byte A) {}

    private record Shorts(short A) {}

    private record Ints(int A) {}

    private record Longs(long A) {}

    private record UnsignedBytes(@GobUnsigned byte A) {}

    private record UnsignedLongs(@GobUnsigned long A) {}

    private record Floats(float A) {}

    private record ByteList(List<Byte> A) {}

    @Test
    void numbersOutOfRange() throws IOException {
        assertMismatch(
                "value for \"A\" out of range: 128 (expected: <= 127)", sent(struct("", "A", 128L)), Bytes.class);
        assertMismatch(
                "value for \"A\" out of range: -129 (expected: >= -128)", sent(struct("", "A", -129L)), Bytes.class);
        assertEquals(
                (byte) -128, sent(struct("", "A", -128L)).decode(Bytes.class).A());
        assertMismatch(
                "value for \"A\" out of range: 32768 (expected: <= 32767)",
                sent(struct("", "A", 32768L)),
                Shorts.class);
        assertMismatch(
                "value for \"A\" out of range: 2147483648 (expected: <= 2147483647)",
                sent(struct("", "A", 1L << 31)),
                Ints.class);
        assertMismatch(
                "value for \"A\" out of range: -2147483649 (expected: >= -2147483648)",
                sent(struct("", "A", -(1L << 31) - 1)),
                Ints.class);
        assertMismatch(
                "value for \"A\" out of range: 9223372036854775808 (expected: <= 9223372036854775807)",
                sent(struct("", "A", new GobUint(1L << 63))),
                Longs.class);
        assertEquals(
                Long.MIN_VALUE,
                sent(struct("", "A", Long.MIN_VALUE)).decode(Longs.class).A());
        assertEquals(
                Long.MAX_VALUE,
                sent(struct("", "A", new GobUint(Long.MAX_VALUE)))
                        .decode(Longs.class)
                        .A());
        assertMismatch(
                "value for \"A\" out of range: 256 (expected: <= 255)",
                sent(struct("", "A", GobUint.of(256))),
                UnsignedBytes.class);
        assertMismatch(
                "value for \"A\" out of range: -1 (expected: >= 0)", sent(struct("", "A", -1L)), UnsignedBytes.class);
        assertEquals(
                -1,
                sent(struct("", "A", GobUint.of(255)))
                        .decode(UnsignedBytes.class)
                        .A());
        assertEquals(
                -1,
                sent(struct("", "A", new GobUint(-1)))
                        .decode(UnsignedLongs.class)
                        .A());
        assertMismatch(
                "value for \"A\" out of range: 1.0E39 (expected: <= 3.4028235E38)",
                sent(struct("", "A", 1e39)),
                Floats.class);
        assertMismatch(
                "value for \"A\" out of range: -1.0E39 (expected: >= -3.4028235E38)",
                sent(struct("", "A", -1e39)),
                Floats.class);
        assertEquals(
                Float.POSITIVE_INFINITY,
                sent(struct("", "A", Double.POSITIVE_INFINITY))
                        .decode(Floats.class)
                        .A());
        assertMismatch(
                "value for \"element of A\" out of range: 300 (expected: <= 127)",
                sent(struct("", "A", new int[] {1, 300})),
                ByteList.class);
        assertMismatch("value for \"int8\" out of range: 300 (expected: <= 127)", sent(300L), byte.class);
    }

    @Test
    void keysOutOfRange() throws Exception {
        GobDecoder decoder = Golden.decoder("map-int-string");
        Type type = type("byteKeys");
        GobException e = assertThrows(GobMismatchException.class, () -> decoder.decode(type));
        assertEquals(
                "value for \"key of map[int8]string\" out of range: 1099511627776 (expected: <= 127)", e.getMessage());
    }

    private record Strangers(long C, long D) {}

    private record Changed(String X, long Y) {}

    private record Listed(@GobName("X") List<Long> x) {}

    @Test
    void otherTypesAsGoSaysIt() throws IOException {
        GobDecoder decoder = Golden.decoder("struct-point");
        GobException e = assertThrows(GobMismatchException.class, () -> decoder.decode(Strangers.class));
        assertEquals("gob: type mismatch: no fields matched compiling decoder for Strangers", e.getMessage());
        e = assertThrows(GobMismatchException.class, () -> decoder.decode(Changed.class));
        assertEquals("gob: wrong type (string) for received field Point.X", e.getMessage());
        e = assertThrows(GobMismatchException.class, () -> decoder.decode(Listed.class));
        assertEquals("gob: wrong type ([]int64) for received field Point.X", e.getMessage());
        assertFalse(decoder.hasNext());

        assertMismatch(
                "gob: type mismatch in decoder: want struct type Point; got non-struct", sent(5L), Kinds.Point.class);
        assertMismatch("gob: decoding into local type string, received remote type int", sent(5L), String.class);
        assertMismatch("gob: decoding into local type int32, received remote type string", sent("x"), int.class);
        assertMismatch(
                "gob: decoding into local type []string, received remote type []int32",
                sent(new int[] {1}),
                String[].class);
        assertMismatch("gob: decoding into local type float64, received remote type int", sent(5L), double.class);
        assertMismatch("gob: decoding into local type bool, received remote type int", sent(5L), boolean.class);
        assertMismatch("gob: decoding into local type uint64, received remote type int", sent(5L), GobUint.class);
        assertMismatch("gob: decoding into local type time.Time, received remote type int", sent(5L), Instant.class);
        assertMismatch(
                "gob: decoding into local type complex128, received remote type int", sent(5L), GobComplex.class);
        assertMismatch("gob: decoding into local type GobStruct, received remote type int", sent(5L), GobStruct.class);
        assertMismatch("gob: decoding into local type GobOpaque, received remote type int", sent(5L), GobOpaque.class);
        assertMismatch(
                "gob: decoding into local type []uint8, received remote type []string",
                sent(new String[] {"x"}),
                byte[].class);
    }

    private record Three(@GobArray(3) int[] IntArray) {}

    private record Four(@GobArray(4) int[] IntArray) {}

    @Test
    void arraysOfAnotherLength() throws IOException {
        assertArrayEquals(
                new int[] {7, 0, -7},
                Golden.decoder("struct-kitchen-sink").decode(Three.class).IntArray());
        GobDecoder decoder = Golden.decoder("struct-kitchen-sink");
        GobException e = assertThrows(GobMismatchException.class, () -> decoder.decode(Four.class));
        assertEquals("gob: wrong type ([4]int32) for received field KitchenSink.IntArray", e.getMessage());
    }

    private record Positive(int X) {
        Positive {
            if (X < 0) {
                throw new IllegalArgumentException("X: " + X + " (expected: >= 0)");
            }
        }
    }

    @Test
    void recordsMayRefuse() throws IOException {
        GobDecoder decoder = Golden.decoder("struct-point");
        assertEquals(new Positive(22), decoder.decode(Positive.class));
        GobException e = assertThrows(GobMismatchException.class, () -> decoder.decode(Positive.class));
        assertEquals("gob: Positive: X: -1 (expected: >= 0)", e.getMessage());
        assertInstanceOf(IllegalArgumentException.class, e.getCause());
        assertEquals(new Positive(0), decoder.decode(Positive.class));
    }

    @Test
    void timesThatJavaCannotExpress() throws IOException {
        GobDecoder decoder = Golden.decoder("time-far");
        for (int i = 0; i < 4; i++) {
            decoder.decode(Instant.class);
        }
        GobException e = assertThrows(GobMismatchException.class, () -> decoder.decode(Instant.class));
        assertEquals(
                "gob: value for \"time.Time\" is no time that Java can express: Time(017fffffffffffffff00000000ffff)",
                e.getMessage());
        assertInstanceOf(GobOpaque.class, decoder.decode());
    }

    @Test
    void aMismatchInTheMiddleOfAValueThatDefinesTypes() throws IOException {
        // the first value goes on over six messages; the wrong one is found in the first of them
        GobDecoder decoder = Golden.decoder("interface-late-types");
        assertThrows(GobMismatchException.class, () -> decoder.decode(Kinds.Point[].class));
        assertFalse(decoder.hasNext());

        GobDecoder shared = Golden.decoder("stream-late-types");
        for (int i = 0; i < 2; i++) {
            shared.skip();
        }
        record Text(@GobName("Value") String value) {}
        assertThrows(GobMismatchException.class, () -> shared.decode(Text.class));
        assertThrows(GobMismatchException.class, () -> shared.decode(Text.class));
        assertEquals(struct("Point", "X", 5L), shared.decode(Kinds.Holder.class).value(), "its type has been learnt");
    }

    // classes that nothing can become

    private static final class NoConstructor {
        @SuppressWarnings({"unused", "UnusedMethod"})
        NoConstructor(int x) {}
    }

    private static final class FinalField {
        @SuppressWarnings("unused")
        private final int x = new Object().hashCode();
    }

    private record Twice(@GobName("X") int a, @GobName("X") int b) {}

    private record Unsupported(Optional<String> x) {}

    private enum Season {
        SPRING
    }

    @Test
    void unsuitableClasses() throws IOException {
        GobDecoder decoder = Golden.decoder("struct-point");
        for (Class<?> type : List.of(
                NoConstructor.class,
                FinalField.class,
                Twice.class,
                Unsupported.class,
                Season.class,
                char.class,
                Optional.class,
                Thread.class)) {
            IllegalArgumentException e =
                    assertThrows(IllegalArgumentException.class, () -> decoder.decode(type), type.getName());
            assertTrue(e.getMessage().startsWith("gob: "), e.getMessage());
        }
        assertEquals(new Kinds.Point(22, 33), decoder.decode(Kinds.Point.class), "the value is still there");
    }
}
