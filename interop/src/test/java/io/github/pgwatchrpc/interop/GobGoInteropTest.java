package io.github.pgwatchrpc.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.pgwatchrpc.rpc.gob.GobArray;
import io.github.pgwatchrpc.rpc.gob.GobComplex;
import io.github.pgwatchrpc.rpc.gob.GobConfig;
import io.github.pgwatchrpc.rpc.gob.GobDecoder;
import io.github.pgwatchrpc.rpc.gob.GobEncoder;
import io.github.pgwatchrpc.rpc.gob.GobInterface;
import io.github.pgwatchrpc.rpc.gob.GobName;
import io.github.pgwatchrpc.rpc.gob.GobNames;
import io.github.pgwatchrpc.rpc.gob.GobUint;
import io.github.pgwatchrpc.rpc.gob.GobUnsigned;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Go's own decoder reads what our encoder writes. */
@Tag("process")
@ExtendWith(GoPrograms.Resolver.class)
@SuppressWarnings("ArrayRecordComponent") // the records are what Go has
final class GobGoInteropTest {

    private static final Path VECTORS = Path.of("..", "rpc-core", "src", "test", "resources", "gob");
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path directory;

    private JsonNode decode(GoPrograms go, byte[] stream, String as) throws IOException, InterruptedException {
        Path file = Files.write(directory.resolve("stream.gob"), stream);
        return JSON.readTree(go.runWithInput(directory, file, "decode", "-as", as)
                .mustSucceed()
                .out());
    }

    private static JsonNode truth(String vector) throws IOException {
        // Java's offset of zero is UTC; Go also knows a zone of its own that is zero seconds off
        String json = Files.readString(VECTORS.resolve(vector + ".json"));
        return JSON.readTree(json.replaceAll(
                "\"offset\":\"0\",\"hex\":\"(\\p{XDigit}*)0000\"", "\"offset\":\"utc\",\"hex\":\"$1ffff\""));
    }

    private static void assertSameValues(JsonNode expected, JsonNode actual, String message) {
        assertEquals(values(expected), values(actual), message);
    }

    private static List<JsonNode> values(JsonNode entries) {
        List<JsonNode> values = new ArrayList<>();
        entries.forEach(entry -> values.add(entry.get("value")));
        return values;
    }

    /** Streams of Go, decoded and encoded again. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    bool                         | bool
                    int-borders                  | int
                    uint-borders                 | uint
                    float64                      | float
                    complex                      | complex
                    string                       | string
                    bytes                        | bytes
                    array-byte                   | wire
                    slice-interface              | anys
                    slice-recursive              | nested
                    map-recursive                | menu
                    map-struct-key               | map-point-string
                    struct-point                 | point
                    struct-nested                | person
                    struct-list                  | node
                    struct-tree                  | tree
                    struct-mutual                | parent
                    struct-versions              | account-v1,account-v2
                    struct-kitchen-sink          | kitchen-sink
                    struct-skipping              | skipping
                    interface-nil                | any,holder,anys,map-string-any
                    interface-basic              | any
                    interface-basic-slice        | holder,holder,anys
                    interface-struct             | holder
                    interface-struct-top         | any
                    interface-interface          | holder
                    interface-deep-definitions   | anys
                    interface-slice              | holder
                    interface-late-types         | anys
                    interface-map-type           | map-string-any
                    opaque-struct                | opaques
                    opaque-interface             | holder
                    big-int                      | big-int
                    time-utc                     | time
                    time-far                     | time
                    time-in-struct               | times
                    stream-late-types            | holder
                    rpc-calls                    | wire
                    pgwatch-v3.0-envelope        | envelope-v3.0
                    pgwatch-v3.5-sync            | sync-v3.5
                    pgwatch-v3.7-envelope        | envelope-v3.7
                    pgwatch-v3.7-connection      | wire
                    """)
    void goReadsItsOwnStreamsAgain(String vector, String as, GoPrograms go) throws Exception {
        GobDecoder decoder =
                new GobDecoder(new ByteArrayInputStream(Files.readAllBytes(VECTORS.resolve(vector + ".gob"))));
        GobEncoder encoder = new GobEncoder();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        while (decoder.hasNext()) {
            encoder.encode(decoder.decode(), decoder.types(), decoder.typeId());
            encoder.writeTo(out);
        }
        assertSameValues(truth(vector), decode(go, out.toByteArray(), as), vector);
    }

    record Point(long X, long Y) {}

    record Person(String Name, int Age, List<String> Emails, Point Home) {}

    record Node(int Value, Node Next) {}

    record Holder(Object Value) {}

    private static final GobNames NAMES = GobNames.BASIC
            .with("interop.Point", Point.class)
            .with("interop.Person", Person.class)
            .with("interop.Node", Node.class);

    private static byte[] encode(Object... values) throws IOException {
        GobEncoder encoder = new GobEncoder(GobConfig.DEFAULT.withNames(NAMES));
        for (Object value : values) {
            encoder.encode(value);
        }
        return encoder.toByteArray();
    }

    @Test
    void goReadsRecords(GoPrograms go) throws Exception {
        assertSameValues(
                truth("struct-point"),
                decode(go, encode(new Point(22, 33), new Point(-1, 0), new Point(0, 1)), "point"),
                "point");
        assertSameValues(
                truth("struct-nested"),
                decode(
                        go,
                        encode(
                                new Person("Ada", 36, List.of("a@example.org", ""), new Point(1, 0)),
                                new Person("", 0, List.of(), new Point(0, 0))),
                        "person"),
                "person");
        assertSameValues(
                truth("interface-struct"),
                decode(
                        go,
                        encode(
                                new Holder(new Point(1, 2)),
                                new Holder(new Point(0, 0)),
                                new Holder(new Person("Ada", 0, List.of(), new Point(3, 0)))),
                        "holder"),
                "holder");
    }

    @Test
    void goReadsWhatCollectionsHold(GoPrograms go) throws Exception {
        byte[] stream = encode(Arrays.asList(
                null,
                true,
                (byte) -1,
                (short) -2,
                -3,
                -4L,
                new GobUint(-1),
                0.5f,
                -0.0,
                new GobComplex(1, 2),
                "текст",
                new byte[] {1},
                new int[] {1},
                new String[] {"a"},
                List.of(1L, "nested"),
                Map.of("a", new Point(1, 2)),
                OffsetDateTime.parse("2024-02-29T12:30:45+05:30"),
                Instant.EPOCH,
                new Point(3, 4),
                new Node(1, new Node(2, null)),
                new GobInterface("map[string]int", Map.of("a", 1L)),
                new GobInterface("[3]int", new long[] {1, 2, 3}),
                new GobInterface("uint16", 7)));
        // what Go made of it, and what the stream says of itself, are the same
        assertEquals(values(decode(go, stream, "wire")), values(decode(go, stream, "anys")));
    }

    /** A part of the kitchen sink that Java has types for. */
    record Sink(
            boolean Bool,
            byte Int8,
            @GobUnsigned byte Uint8,
            @GobUnsigned int Uint32,
            GobUint Uint64,
            float Float32,
            GobComplex Complex128,
            String String,
            byte[] Bytes,
            @GobArray(3) int[] IntArray,
            @GobArray(4) @GobUnsigned byte[] ByteArray,
            @GobArray({2, 2}) double[][] Matrix,
            List<List<Long>> IntLists,
            Point[] Points,
            Map<Point, Integer> PointToInt,
            @GobName("List") Node list,
            Object Any,
            Instant Time,
            OffsetDateTime TimePointer) {}

    @Test
    void goReadsFieldsOfEveryKind(GoPrograms go) throws Exception {
        byte[] stream = encode(new Sink(
                true,
                (byte) -128,
                (byte) -1,
                -1,
                new GobUint(-1),
                0.1f,
                new GobComplex(-0.5, 1e300),
                "снег ☃",
                new byte[] {0, 1, -2, -1},
                new int[] {7, 0, -7},
                new byte[] {10, 0, 0, 1},
                new double[][] {{1, 0}, {0.25, -1}},
                List.of(List.of(1L, 2L), List.of(), List.of(3L)),
                new Point[] {new Point(5, 6), new Point(0, 0)},
                Map.of(new Point(13, 14), 15),
                new Node(1, new Node(2, null)),
                new Person("Ada", 36, List.of("ada@example.org"), new Point(21, 22)),
                Instant.parse("2024-02-29T12:30:45Z"),
                OffsetDateTime.parse("2024-02-29T12:30:45.123456789+05:30")));
        JsonNode sent = truth("struct-kitchen-sink").get(0).get("value").get("fields");
        JsonNode read = decode(go, stream, "kitchen-sink").get(0).get("value").get("fields");
        for (RecordComponent component : Sink.class.getRecordComponents()) {
            String name = component.getName();
            assertEquals(withoutNames(field(sent, name)), withoutNames(field(read, name)), name);
        }
    }

    /** Go sends no name for a type that it meets first as an element; ours always does, and nobody compares them. */
    private static String withoutNames(Object field) {
        return String.valueOf(field).replace("\"name\":\"Point\"", "\"name\":\"\"");
    }

    private static JsonNode field(JsonNode fields, String name) {
        for (JsonNode field : fields) {
            if (field.get(0).asText().equalsIgnoreCase(name)) {
                return field.get(1);
            }
        }
        throw new AssertionError("no field " + name + ": " + fields);
    }

    @Test
    void goReadsTypesInsideOfInterfacesInsideOfInterfaces(GoPrograms go) throws Exception {
        record Box(Object Content) {}
        GobEncoder encoder = new GobEncoder(GobConfig.DEFAULT.withNames(NAMES.with("interop.Box", Box.class)));
        encoder.encode(List.of(
                new Box(new Box(new Node(1, new Node(2, null)))),
                "after",
                new Box(new GobInterface("interop.Celsius", 1.0)),
                new Point(5, 0)));
        assertSameValues(truth("interface-deep-definitions"), decode(go, encoder.toByteArray(), "anys"), "anys");
    }
}
