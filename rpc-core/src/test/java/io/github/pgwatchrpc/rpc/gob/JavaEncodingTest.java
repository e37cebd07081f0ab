package io.github.pgwatchrpc.rpc.gob;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.reflect.Type;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Java objects are sent as Go would send its own. */
@SuppressWarnings({"ArrayRecordComponent", "VariableNameSameAsType"}) // the fields are what Go has
final class JavaEncodingTest {

    /** Encodes as a Go process does that has sent nothing before. */
    private static byte[] encode(Object... values) throws IOException {
        GobEncoder encoder = new GobEncoder(GobConfig.DEFAULT.withNames(Kinds.NAMES), 64);
        for (Object value : values) {
            encoder.encode(value);
        }
        return encoder.toByteArray();
    }

    private static GobDecoder decoder(byte[] stream) {
        return new GobDecoder(new ByteArrayInputStream(stream));
    }

    /** Encodes a value, and decodes it in generic form. */
    private static Object again(Object value) throws IOException {
        return decoder(encode(value)).decode();
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    private static void assertWrites(String vector, Object... values) throws IOException {
        assertEquals(hex(Golden.stream(vector)), hex(encode(values)), vector);
    }

    @Test
    void recordsAsGoWritesStructs() throws IOException {
        assertWrites("struct-point", new Kinds.Point(22, 33), new Kinds.Point(-1, 0), new Kinds.Point(0, 1));
        assertWrites("struct-zero", new Kinds.Point(0, 0));
        assertWrites(
                "struct-nested",
                new Kinds.Person("Ada", 36, List.of("a@example.org", ""), new Kinds.Point(1, 0)),
                new Kinds.Person("", 0, List.of(), new Kinds.Point(0, 0)));
        Kinds.Node list = null;
        for (int i = 100; i > 0; i--) {
            list = new Kinds.Node(i, list);
        }
        assertWrites("struct-list", new Kinds.Node(1, null), new Kinds.Node(1, new Kinds.Node(0, null)), list);
        assertWrites(
                "struct-tree",
                new Kinds.Tree(
                        "root",
                        new Kinds.Tree("l", null, new Kinds.Tree("", null, null)),
                        new Kinds.Tree("r", null, null)));
        Kinds.Parent parent = new Kinds.Parent(
                "p", List.of(new Kinds.Child("c1", new Kinds.Parent("other", null)), new Kinds.Child("c2", null)));
        // only the name of the slice type differs: [](kinds.)Child
        assertEquals(
                hex(Golden.stream("struct-mutual")).replace("1cff830201010d5b5d6b696e64732e", "16ff83020101075b5d"),
                hex(encode(parent)));
    }

    @Test
    void definitionsInTheMiddleOfValues() throws IOException {
        assertWrites(
                "interface-struct",
                new Kinds.Holder(new Kinds.Point(1, 2)),
                new Kinds.Holder(new Kinds.Point(0, 0)),
                new Kinds.Holder(new Kinds.Person("Ada", 0, null, new Kinds.Point(3, 0))));
    }

    @GobName("Box")
    record Box(@GobName("Content") Object content) {}

    @Test
    void definitionsInsideOfInterfacesInsideOfInterfaces() throws IOException {
        GobEncoder encoder = new GobEncoder(
                GobConfig.DEFAULT.withNames(
                        Kinds.NAMES.with("interop.Box", Box.class).with("interop.Node", Kinds.Node.class)),
                64);
        encoder.encode(List.of(
                new Box(new Box(new Kinds.Node(1, new Kinds.Node(2, null)))),
                "after",
                new Box(new GobInterface("interop.Celsius", 1.0)),
                new Kinds.Point(5, 0)));
        // only the name of the slice type differs: Go gives none at the top
        String name = "010e" + hex("[]interface {}".getBytes(StandardCharsets.UTF_8));
        assertEquals(
                hex(Golden.stream("interface-deep-definitions"))
                        .replace("0b7f020102ff80", "1b7f0201" + name + "01ff80"),
                hex(encoder.toByteArray()));
    }

    @Test
    void fieldsOfEveryKind() throws Exception {
        GobConfig config = GobConfig.DEFAULT.withNames(Kinds.NAMES);
        GobDecoder golden = new GobDecoder(new ByteArrayInputStream(Golden.stream("struct-kitchen-sink")), config);
        Known sink = golden.decode(Known.class);
        GobDecoder again = new GobDecoder(new ByteArrayInputStream(encode(sink)), config);
        Known copy = again.decode(Known.class);
        for (var component : Known.class.getRecordComponents()) {
            Values.assertSame(
                    component.getAccessor().invoke(sink),
                    component.getAccessor().invoke(copy),
                    component.getName());
        }
        assertEquals(
                "struct Known{Bool bool; Int int; Int8 int; Int16 int; Int32 int; Int64 int; Uint uint; Uint8 uint;"
                        + " Uint16 uint; Uint32 uint; Uint64 uint; Uintptr uint; Float32 float; Float64 float;"
                        + " Complex64 complex; Complex128 complex; String string; Bytes bytes; IntArray [3]int;"
                        + " ByteArray [4]uint; PointArray [2]struct Point{X int; Y int}; Matrix [2][2]float;"
                        + " Strings []string; Floats []float; Bools []bool; Blobs []bytes; IntLists [][]int;"
                        + " Points []struct Point{X int; Y int}; PointPointers []struct Point{X int; Y int};"
                        + " Anys []interface; StringToString map[string]string; IntToString map[int]string;"
                        + " StringToAny map[string]interface; StringToPoint map[string]struct Point{X int; Y int};"
                        + " PointToInt map[struct Point{X int; Y int}]int; StringToInts map[string][]int;"
                        + " Point struct Point{X int; Y int}; PointPointer struct Point{X int; Y int}; IntPointer int;"
                        + " IntPointerPointer int; List struct Node{Value int; Next struct Node};"
                        + " Tree struct Tree{Label string; Left struct Tree; Right struct Tree}; Empty struct Empty{};"
                        + " Embedded struct Embedded{Id int; Label string}; Any interface; Time gob Time;"
                        + " TimePointer gob Time; Level int}",
                Tagged.describe(again.types(), again.typeId()));
    }

    /** The kitchen sink without the types that write themselves and are unknown to Java. */
    record Known(
            boolean Bool,
            long Int,
            byte Int8,
            short Int16,
            int Int32,
            long Int64,
            @GobUnsigned long Uint,
            @GobUnsigned byte Uint8,
            @GobUnsigned short Uint16,
            @GobUnsigned int Uint32,
            GobUint Uint64,
            @GobUnsigned long Uintptr,
            float Float32,
            double Float64,
            GobComplex Complex64,
            GobComplex Complex128,
            String String,
            byte[] Bytes,
            @GobArray(3) int[] IntArray,
            @GobArray(4) @GobUnsigned byte[] ByteArray,
            @GobArray(2) List<Kinds.Point> PointArray,
            @GobArray({2, 2}) double[][] Matrix,
            List<String> Strings,
            double[] Floats,
            boolean[] Bools,
            List<byte[]> Blobs,
            List<List<Long>> IntLists,
            Kinds.Point[] Points,
            List<Kinds.Point> PointPointers,
            List<Object> Anys,
            Map<String, String> StringToString,
            Map<Integer, String> IntToString,
            Map<String, Object> StringToAny,
            Map<String, Kinds.Point> StringToPoint,
            Map<Kinds.Point, Integer> PointToInt,
            Map<String, int[]> StringToInts,
            Kinds.Point Point,
            Kinds.Point PointPointer,
            Integer IntPointer,
            Integer IntPointerPointer,
            Kinds.Node List,
            Kinds.Tree Tree,
            Kinds.Empty Empty,
            Kinds.Embedded Embedded,
            Object Any,
            Instant Time,
            OffsetDateTime TimePointer,
            int Level) {}

    record Zeros(
            boolean a,
            int b,
            double c,
            float d,
            GobUint e,
            GobComplex f,
            String g,
            byte[] h,
            List<String> i,
            int[] j,
            Integer k,
            Object l,
            Instant m,
            @GobUnsigned int n,
            Double negative) {}

    @Test
    void zeroFieldsAreLeftOut() throws IOException {
        Zeros zeros = new Zeros(
                false,
                0,
                0,
                0,
                GobUint.ZERO,
                GobComplex.ZERO,
                "",
                new byte[0],
                List.of(),
                new int[0],
                0,
                null,
                null,
                0,
                -0.0);
        assertEquals(new GobStruct("Zeros", Map.of()), again(zeros));
        Zeros nulls = new Zeros(false, 0, 0, 0, null, null, null, null, null, null, null, null, null, 0, null);
        assertEquals(new GobStruct("Zeros", Map.of()), again(nulls));
    }

    record Kept(
            Map<String, Long> map,
            Kinds.Point struct,
            @GobArray(2) int[] array,
            Object any,
            Instant time) {}

    @Test
    void otherFieldsAreNot() throws IOException {
        GobStruct kept = (GobStruct)
                again(new Kept(Map.of(), new Kinds.Point(0, 0), new int[2], 0, Instant.parse("0001-01-01T00:00:00Z")));
        assertEquals(
                Set.of("map", "struct", "array", "any", "time"), kept.fields().keySet());
        assertEquals(List.of(0L, 0L), kept.get("array"));
        assertEquals(new GobInterface("int32", 0L), kept.get("any"));
    }

    record Unsigned(
            @GobUnsigned byte a,
            @GobUnsigned short b,
            @GobUnsigned int c,
            @GobUnsigned long d,
            @GobUnsigned List<Integer> e,
            @GobUnsigned int[] f,
            @GobUnsigned Map<Byte, Short> g) {}

    @Test
    void unsignedFields() throws IOException {
        GobStruct struct = (GobStruct) again(new Unsigned(
                (byte) -1, (short) -1, -1, -1, List.of(-1), new int[] {-2}, Map.of((byte) -1, (short) -1)));
        assertEquals(
                "{a: 255, b: 65535, c: 4294967295, d: 18446744073709551615, e: [4294967295], f: [4294967294],"
                        + " g: {255: 65535}}",
                struct.toString().substring("Unsigned".length()));
    }

    static class Base {
        protected long A = 1;
    }

    static final class Derived extends Base {
        @GobName("B")
        private final transient long unsent = 2;

        String C = "c";
        static long D = 3;
    }

    @Test
    void classesAsStructs() throws IOException {
        assertEquals("Derived{A: 1, C: c}", String.valueOf(again(new Derived())));
        assertEquals(2, new Derived().unsent);
        assertEquals(3, Derived.D);
    }

    @Test
    void valuesAtTheTop() throws IOException {
        assertEquals(true, again(true));
        assertEquals(5L, again((byte) 5));
        assertEquals(5L, again((short) 5));
        assertEquals(5L, again(5));
        assertEquals(-5L, again(-5L));
        assertEquals(new GobUint(-1), again(new GobUint(-1)));
        assertEquals(0.5, again(0.5f));
        assertEquals(-0.0, again(-0.0));
        assertEquals(new GobComplex(1, 2), again(new GobComplex(1, 2)));
        assertEquals("текст", again("текст"));
        assertEquals("a?b", again("a\ud800b"), "a lone surrogate");
        assertArrayEquals(new byte[] {1}, (byte[]) again(new byte[] {1}));
        assertEquals(List.of(1L, 2L), again(new short[] {1, 2}));
        assertEquals(List.of("a"), again(new String[] {"a"}));
        assertEquals(List.of(List.of(1L), List.of()), again(new int[][] {{1}, {}}));
        assertEquals(
                OffsetDateTime.parse("2024-02-29T12:30:45+05:30"),
                again(OffsetDateTime.parse("2024-02-29T12:30:45+05:30")));
        assertEquals(
                new GobOpaque(GobType.Marshaler.TEXT, "Level", new byte[] {1}),
                again(new GobOpaque(GobType.Marshaler.TEXT, "Level", new byte[] {1})));
        assertEquals(new GobInterface("int16", 5L), again(new GobInterface("int16", 5)));
        assertEquals(List.of(new GobInterface("int64", 5L)), again(List.of(5L)));
        assertEquals(Map.of("a", new GobInterface("string", "b")), again(Map.of("a", "b")));
        assertEquals(Map.of(new GobInterface("int64", 1L), new GobInterface("string", "b")), again(Map.of(1L, "b")));
    }

    @Test
    void everyLengthOfIntegers() throws IOException {
        for (int shift = 0; shift < 64; shift++) {
            for (long value : new long[] {1L << shift, (1L << shift) - 1, (1L << shift) + 1, -(1L << shift)}) {
                assertEquals(value, again(value));
                assertEquals(new GobUint(value), again(new GobUint(value)));
            }
        }
    }

    @Test
    void everyLengthOfMessages() throws IOException {
        for (int length : new int[] {
            0, 1, 100, 120, 121, 122, 123, 124, 125, 126, 127, 128, 250, 255, 256, 257, 65530, 65535, 65536, 70000
        }) {
            byte[] bytes = new byte[length];
            Arrays.fill(bytes, (byte) length);
            assertArrayEquals(bytes, (byte[]) again(bytes));
            assertEquals("x".repeat(length), again("x".repeat(length)));
            assertEquals("é".repeat(length), again("é".repeat(length)));
            assertEquals(List.of(new GobInterface("string", "x".repeat(length))), again(List.of("x".repeat(length))));
        }
    }

    @Test
    void classesInInterfaces() throws IOException {
        Map<Object, String> names = new LinkedHashMap<>();
        names.put(true, "bool");
        names.put((byte) 1, "int8");
        names.put((short) 1, "int16");
        names.put(1, "int32");
        names.put(1L, "int64");
        names.put(GobUint.of(1), "uint64");
        names.put(1f, "float32");
        names.put(1.0, "float64");
        names.put(GobComplex.ZERO, "complex128");
        names.put("", "string");
        names.put(new byte[0], "[]uint8");
        names.put(new boolean[0], "[]bool");
        names.put(new short[0], "[]int16");
        names.put(new int[0], "[]int32");
        names.put(new long[0], "[]int64");
        names.put(new float[0], "[]float32");
        names.put(new double[0], "[]float64");
        names.put(new String[0], "[]string");
        names.put(List.of(), "[]interface {}");
        names.put(Set.of(1L), "[]interface {}");
        names.put(new Object[0], "[]interface {}");
        names.put(new int[0][0], "[]interface {}");
        names.put(Map.of(), "map[string]interface {}");
        names.put(OffsetDateTime.parse("2024-02-29T12:30:45Z"), "time.Time");
        names.put(Instant.EPOCH, "time.Time");
        names.put(new Kinds.Point(1, 2), "interop.Point");
        GobEncoder encoder = new GobEncoder(GobConfig.DEFAULT.withNames(Kinds.NAMES));
        encoder.encode(new ArrayList<>(names.keySet()));
        List<?> held = (List<?>) decoder(encoder.toByteArray()).decode();
        assertEquals(
                List.copyOf(names.values()),
                held.stream().map(one -> ((GobInterface) one).name()).toList());
    }

    @Test
    void arraysInInterfacesHaveTheTypeOfTheirName() throws IOException {
        GobEncoder encoder = new GobEncoder();
        encoder.encode(Arrays.asList(
                new GobInterface("[]string", List.of("a")),
                new GobInterface("[3]int", new int[] {1, 2, 3}),
                new GobInterface("map[string]int", Map.of("a", 1L)),
                new GobInterface("map[int]map[string][]float64", Map.of(1L, Map.of("a", List.of(0.5)))),
                null));
        GobDecoder decoder = decoder(encoder.toByteArray());
        List<?> list = (List<?>) decoder.decode();
        List<String> types = new ArrayList<>();
        for (Object one : list.subList(0, 4)) {
            GobType type = ((GobInterface) one).wireType().type();
            types.add(Tagged.describe(decoder.types(), type.id()));
        }
        assertEquals(List.of("[]string", "[3]int", "map[string]int", "map[int]map[string][]float"), types);
    }

    @Test
    void theSameTypeIsDescribedOnce() throws IOException {
        GobEncoder encoder = new GobEncoder();
        encoder.encode(new Kinds.Point(1, 2));
        int first = encoder.size();
        encoder.encode(new Kinds.Point(1, 2));
        assertEquals("07ff820102010400", hex(Arrays.copyOfRange(encoder.toByteArray(), first, encoder.size())));
        encoder.clear();
        encoder.encode(new String[] {"a"});
        encoder.clear();
        Type listOfStrings = Kinds.Person.class.getRecordComponents()[2].getGenericType();
        encoder.encode(List.of("a"), listOfStrings);
        assertEquals("06ff8400010161", hex(encoder.toByteArray()), "the same type from another class");
        encoder.clear();
        encoder.encode(new GobStruct("S", Map.of("A", 1L)));
        encoder.clear();
        encoder.encode(new GobStruct("S", Map.of("A", 2L)));
        assertEquals("05ff86010400", hex(encoder.toByteArray()), "the same fields with the same types");
    }

    @Test
    void numbersOfTypesBeginWith65() throws IOException {
        GobEncoder encoder = new GobEncoder();
        encoder.encode(new Kinds.Point(22, 33));
        // as printed in the documentation of encoding/gob
        assertEquals(
                "1fff8103010105506f696e7401ff820001020101580104000101590104000000" + "07ff82012c014200",
                hex(encoder.toByteArray()));
    }

    @Test
    void genericStructsGetTheirTypesFromTheirValues() throws IOException {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("Bool", true);
        fields.put("Int", 1);
        fields.put("Uint", GobUint.of(2));
        fields.put("Zero", 0L);
        fields.put("Nil", null);
        fields.put("Strings", new String[] {"a"});
        fields.put("Anys", List.of("a"));
        fields.put("Struct", new GobStruct("Inner", Map.of("X", 0.5)));
        fields.put("Any", new GobInterface("int", 1L));
        fields.put("Time", Instant.EPOCH);
        GobDecoder decoder = decoder(encode(new GobStruct("Outer", fields)));
        assertEquals(
                "Outer{Bool: true, Int: 1, Uint: 2, Strings: [a], Anys: [string(a)], Struct: Inner{X: 0.5}, Any: int(1),"
                        + " Time: 1970-01-01T00:00Z}",
                String.valueOf(decoder.decode()));
        assertEquals(
                "struct Outer{Bool bool; Int int; Uint uint; Zero int; Nil interface; Strings []string; Anys []interface;"
                        + " Struct struct Inner{X float}; Any interface; Time gob Time}",
                Tagged.describe(decoder.types(), decoder.typeId()));
    }

    @Test
    void decodedStructsAreSentOnAsTheyCame() throws IOException {
        for (String vector : List.of(
                "struct-point", "struct-nested", "interface-interface", "struct-wide", "pgwatch-v3.7-envelope")) {
            assertWrites(vector, Golden.values(vector).toArray());
        }
    }

    @Test
    void typesDescribedByHand() throws IOException {
        GobTypes types = new GobTypes(GobLimits.DEFAULT);
        types.define(new GobType.Struct(
                100, "Tree", List.of(new GobType.Field("Id", 3), new GobType.Field("Children", 101))));
        types.define(new GobType.Slice(101, "", 100));
        GobStruct leaf = new GobStruct("Tree", Map.of("Id", GobUint.of(2)));
        GobStruct tree = new GobStruct("Tree", Map.of("Children", List.of(leaf, new GobStruct("Tree", Map.of()))));
        GobEncoder encoder = new GobEncoder();
        encoder.encode(tree, types, 100);
        GobDecoder decoder = decoder(encoder.toByteArray());
        assertEquals("Tree{Children: [Tree{Id: 2}, Tree{}]}", String.valueOf(decoder.decode()));
        assertEquals(
                "struct Tree{Id uint; Children []struct Tree}", Tagged.describe(decoder.types(), decoder.typeId()));
        GobStruct stranger = new GobStruct("Tree", Map.of("Stranger", 1L));
        GobException e = assertThrows(GobMismatchException.class, () -> encoder.encode(stranger, types, 100));
        assertEquals("gob: fields of Tree: 1 (expected: 0, the others are unknown to the type)", e.getMessage());
        assertThrows(GobException.class, () -> types.define(new GobType.Slice(101, "", 2)));
        assertThrows(GobException.class, () -> types.define(new GobType.Slice(63, "", 2)));
    }

    // what cannot be sent

    private static void assertRefused(String message, Object value) throws IOException {
        GobEncoder encoder = new GobEncoder();
        encoder.encode(1L);
        byte[] before = encoder.toByteArray();
        GobException e = assertThrows(GobMismatchException.class, () -> encoder.encode(value));
        assertEquals(message, e.getMessage());
        assertArrayEquals(before, encoder.toByteArray(), "nothing is left behind");
        encoder.encode(new Kinds.Point(1, 2));
        assertEquals(
                "Point{X: 1, Y: 2}",
                String.valueOf(Golden.values(new ByteArrayInputStream(encoder.toByteArray()))
                        .get(1)));
    }

    record Lists(
            List<String> strings,
            Map<String, Kinds.Point> points,
            @GobArray(2) int[] two) {}

    @Test
    void valuesThatCannotBeSent() throws IOException {
        assertRefused(
                "gob: type not registered for interface: " + Kinds.Point.class.getName(),
                List.of(new Kinds.Point(1, 2)));
        assertRefused("gob: type not registered for interface: S", List.of(new GobStruct("S", Map.of())));
        assertRefused(
                "gob: null in a collection (only interfaces can be nil)",
                new Lists(Collections.singletonList(null), null, new int[2]));
        assertRefused(
                "gob: null in a collection (only interfaces can be nil)",
                new Lists(null, Collections.singletonMap("a", null), new int[2]));
        assertRefused("gob: elements of an array: 3 (expected: 2)", new Lists(null, null, new int[3]));
        assertRefused("gob: cannot encode an object of java.lang.Long (expected: a String)", List.of(Map.of(1L, "a")));
        assertRefused(
                "gob: cannot encode an object of java.lang.String (expected: an integer)",
                new GobInterface("int", "text"));
        assertRefused("gob: unsigned integer: -1 (expected: >= 0)", new GobInterface("uint8", -1L));
    }

    @Test
    void wrongKindsOfValues() throws IOException {
        for (String name : List.of(
                "bool",
                "int8",
                "uint",
                "float32",
                "complex64",
                "string",
                "[]uint8",
                "[]int",
                "map[string]int",
                "time.Time")) {
            GobEncoder encoder = new GobEncoder();
            GobException e = assertThrows(
                    GobMismatchException.class, () -> encoder.encode(new GobInterface(name, Thread.State.NEW)), name);
            assertTrue(e.getMessage().startsWith("gob: cannot encode an object of java.lang.Thread$State (expected: "));
        }
    }

    @Test
    void theKindOfAFieldIsCheckedEvenIfItLooksLikeZero() throws IOException {
        GobTypes types = new GobTypes(GobLimits.DEFAULT);
        types.define(new GobType.Struct(64, "S", List.of(new GobType.Field("A", 2), new GobType.Field("B", 4))));
        GobEncoder encoder = new GobEncoder();
        assertThrows(GobMismatchException.class, () -> encoder.encode(new GobStruct("S", Map.of("A", 0.5)), types, 64));
        assertThrows(GobMismatchException.class, () -> encoder.encode(new GobStruct("S", Map.of("B", 0)), types, 64));
    }

    @Test
    void valuesThatContainThemselves() throws IOException {
        List<Object> list = new ArrayList<>();
        list.add(list);
        assertRefused("gob: nesting of a value: 101 (expected: <= 100; a value cannot contain itself)", list);
        Map<String, Object> map = new HashMap<>();
        map.put("self", map);
        assertRefused("gob: nesting of a value: 101 (expected: <= 100; a value cannot contain itself)", map);
        GobStruct struct = new GobStruct("S", Map.of());
        for (int i = 0; i < 100_000; i++) {
            struct = new GobStruct("S", Map.of("Inner", struct));
        }
        assertRefused("gob: nesting of a value: 101 (expected: <= 100; a value cannot contain itself)", struct);
    }

    @Test
    void messagesThatAreTooLong() throws IOException {
        GobEncoder encoder = new GobEncoder(GobConfig.DEFAULT.withLimits(
                GobLimits.DEFAULT.toBuilder().messageBytes(100).build()));
        encoder.encode("x".repeat(97));
        GobException e = assertThrows(GobMismatchException.class, () -> encoder.encode("x".repeat(98)));
        assertEquals("gob: encoder: message too big: 101 bytes (expected: <= 100)", e.getMessage());
        assertEquals("x".repeat(97), decoder(encoder.toByteArray()).decode());
    }

    @Test
    void nothingAndUnsuitableClasses() throws IOException {
        GobEncoder encoder = new GobEncoder();
        assertThrows(NullPointerException.class, () -> encoder.encode(null));
        for (Object value : List.of('c', Optional.empty(), Thread.currentThread(), Thread.State.NEW)) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> encoder.encode(value),
                    value.getClass().getName());
        }
        record Fixed(GobStruct struct) {}
        IllegalArgumentException e = assertThrows(
                IllegalArgumentException.class, () -> encoder.encode(new Fixed(new GobStruct("", Map.of()))));
        assertEquals(
                "gob: the type of a GobStruct is known only when there is one (declare an Object, or encode it by itself)",
                e.getMessage());
        assertEquals(0, encoder.size());
    }

    record Throwing(int x) {
        @Override
        public int x() {
            throw new IllegalStateException("no");
        }
    }

    @Test
    void accessorsMayThrow() throws IOException {
        assertRefused("gob: Throwing: no", new Throwing(1));
    }

    @Test
    void nullAsAnInterface() throws IOException {
        GobEncoder encoder = new GobEncoder();
        encoder.encode(null, Object.class);
        encoder.encode("a", Object.class);
        assertThrows(GobMismatchException.class, () -> encoder.encode(null, String.class));
        GobDecoder decoder = decoder(encoder.toByteArray());
        assertEquals(null, decoder.decode());
        assertEquals(new GobInterface("string", "a"), decoder.decode());
    }

    // the buffer

    @Test
    void severalValuesCanBeTakenBack() throws IOException {
        GobEncoder encoder = new GobEncoder();
        encoder.encode(new Kinds.Embedded(1, "a"));
        encoder.clear();
        int before = encoder.size();
        encoder.encode(new Kinds.Point(1, 2));
        encoder.encode(new Kinds.Person("a", 1, List.of("b"), new Kinds.Point(1, 2)));
        encoder.truncate(before);
        assertEquals(0, encoder.size());
        encoder.encode(new Kinds.Embedded(2, "b"));
        assertEquals("08ff82010401016200", hex(encoder.toByteArray()), "known already");
        encoder.clear();
        encoder.encode(new Kinds.Person("a", 1, List.of("b"), new Kinds.Point(1, 2)));
        GobEncoder other = new GobEncoder();
        other.encode(new Kinds.Embedded(1, "a"));
        other.clear();
        other.encode(new Kinds.Person("a", 1, List.of("b"), new Kinds.Point(1, 2)));
        assertArrayEquals(other.toByteArray(), encoder.toByteArray(), "as if there had been nothing in between");
        assertThrows(IllegalArgumentException.class, () -> encoder.truncate(encoder.size() + 1));
        assertThrows(IllegalArgumentException.class, () -> encoder.truncate(-1));
    }

    @Test
    void aStreamThatCannotBeWritten() throws IOException {
        GobEncoder encoder = new GobEncoder();
        encoder.encode(5L);
        OutputStream broken = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("no");
            }
        };
        assertThrows(IOException.class, () -> encoder.writeTo(broken));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        encoder.writeTo(out);
        assertEquals("0304000a", hex(out.toByteArray()));
        assertEquals(0, encoder.size());
    }

    @Test
    void aLargeBufferIsGivenUp() throws IOException {
        GobEncoder encoder = new GobEncoder();
        encoder.encode(new byte[1 << 20]);
        assertTrue(encoder.array().length > 1 << 20);
        encoder.clear();
        assertTrue(encoder.array().length <= 64 << 10);
    }

    record Iterables(Iterable<String> a, Collection<Long> b) {}

    @Test
    void iterablesThatAreNoCollections() throws IOException {
        Iterable<String> iterable = () -> List.of("x", "y").iterator();
        assertEquals("Iterables{a: [x, y], b: [1]}", String.valueOf(again(new Iterables(iterable, Set.of(1L)))));
        assertFalse(iterable instanceof Collection);
    }
}
