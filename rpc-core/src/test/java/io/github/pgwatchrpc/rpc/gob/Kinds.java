package io.github.pgwatchrpc.rpc.gob;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;

/** The Java twins of the Go types that the golden vectors are made of: interop/go/internal/kinds. */
@SuppressWarnings({"ArrayRecordComponent", "VariableNameSameAsType"}) // the fields are what Go has
final class Kinds {

    private Kinds() {}

    static final GobNames NAMES =
            GobNames.BASIC.with("interop.Point", Point.class).with("interop.Person", Person.class);

    @GobName("Point")
    record Point(@GobName("X") int x, @GobName("Y") long y) {}

    record Empty() {}

    record Person(
            @GobName("Name") String name,
            @GobName("Age") int age,
            @GobName("Emails") List<String> emails,
            @GobName("Home") Point home) {}

    record Node(
            @GobName("Value") int value, @GobName("Next") Node next) {}

    record Tree(
            @GobName("Label") String label,
            @GobName("Left") Tree left,
            @GobName("Right") Tree right) {}

    record Parent(
            @GobName("Name") String name,
            @GobName("Children") List<Child> children) {}

    record Child(
            @GobName("Name") String name, @GobName("Parent") Parent parent) {}

    record Embedded(@GobName("Id") int id, @GobName("Label") String label) {}

    record Holder(@GobName("Value") Object value) {}

    record KitchenSink(
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
            @GobArray(2) List<Point> PointArray,
            @GobArray({2, 2}) double[][] Matrix,
            List<String> Strings,
            double[] Floats,
            boolean[] Bools,
            List<byte[]> Blobs,
            List<List<Long>> IntLists,
            Point[] Points,
            List<Point> PointPointers,
            List<Object> Anys,
            Map<String, String> StringToString,
            Map<Integer, String> IntToString,
            Map<String, Object> StringToAny,
            Map<String, Point> StringToPoint,
            Map<Point, Integer> PointToInt,
            Map<String, int[]> StringToInts,
            Point Point,
            Point PointPointer,
            Integer IntPointer,
            Integer IntPointerPointer,
            Node List,
            Tree Tree,
            Empty Empty,
            Embedded Embedded,
            Object Any,
            Instant Time,
            OffsetDateTime TimePointer,
            GobOpaque Big,
            GobOpaque Version,
            GobOpaque Color,
            int Level) {}
}
