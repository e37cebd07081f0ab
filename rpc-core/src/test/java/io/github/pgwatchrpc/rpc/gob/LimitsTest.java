package io.github.pgwatchrpc.rpc.gob;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What a sender can make a decoder do has bounds, and beyond them it is told which. */
final class LimitsTest {

    private static final int ID = 65;

    private static GobLimits.Builder limits() {
        return GobLimits.DEFAULT.toBuilder();
    }

    private static void assertRefused(String message, GobDecoder decoder) {
        GobException e = assertThrows(GobException.class, decoder::decode);
        assertEquals(message, e.getMessage());
        assertFalse(e instanceof GobMismatchException);
        GobException again = assertThrows(GobException.class, decoder::decode);
        assertEquals("gob: the stream cannot be read further: " + message, again.getMessage());
        assertThrows(GobException.class, decoder::hasNext);
        assertThrows(GobException.class, decoder::skip);
    }

    private static void assertNotSkipped(String message, GobDecoder decoder) {
        GobException e = assertThrows(GobException.class, decoder::skip);
        assertEquals(message, e.getMessage());
    }

    // messages

    @Test
    void bytesOfAMessage() throws IOException {
        StreamBuilder stream = new StreamBuilder().value(6, m -> {
            m.writeUint(0);
            m.writeString("x".repeat(96));
        });
        assertEquals("x".repeat(96), stream.decoder(limits().messageBytes(99)).decode());
        String message = "gob: bytes of a message: 99 (expected: <= 98)";
        GobDecoder decoder = stream.decoder(limits().messageBytes(98));
        assertEquals(message, assertThrows(GobException.class, decoder::hasNext).getMessage());
        assertRefused(message, stream.decoder(limits().messageBytes(98)));
        GobDecoder pushed = new GobDecoder(
                GobConfig.DEFAULT.withLimits(limits().messageBytes(98).build()));
        byte[] bytes = Golden.messages(stream.bytes()).get(0);
        assertEquals(
                message,
                assertThrows(GobException.class, () -> pushed.push(bytes, 0, bytes.length))
                        .getMessage());
    }

    @Test
    void bytesOfAMessageThatDoNotCome() throws IOException {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        byte[] claim = {-4, 4, 0, 0, 0, 12, 0}; // 64 MiB, of which two bytes come
        assertThrows(IOException.class, new GobDecoder(new ByteArrayInputStream(claim))::decode); // classes are loaded
        long before = threads.getCurrentThreadAllocatedBytes();
        GobDecoder decoder = new GobDecoder(new ByteArrayInputStream(claim));
        IOException e = assertThrows(IOException.class, decoder::decode);
        long heap = threads.getCurrentThreadAllocatedBytes() - before;
        assertEquals(
                "gob: the stream ends in the middle of a message: 67108862 bytes are missing of 67108864",
                e.getMessage());
        assertTrue(heap < 1_000_000, "bytes of heap: " + heap);
    }

    /** A value may be spread over messages; all of them together are bounded like one. */
    @Test
    void bytesOfAValueInSeveralMessages() throws IOException {
        byte[] stream = Golden.stream("interface-late-types");
        int longest =
                Golden.messages(stream).stream().mapToInt(m -> m.length).max().orElseThrow();
        GobConfig config = GobConfig.DEFAULT.withLimits(
                limits().messageBytes(longest + 100).build());
        GobException e = assertThrows(
                GobException.class, () -> new GobDecoder(new ByteArrayInputStream(stream), config).decode());
        assertTrue(
                e.getMessage().matches("gob: bytes of a message: \\d+ \\+ \\d+ \\(expected: <= \\d+\\)"),
                e.getMessage());
        GobDecoder pushed = new GobDecoder(config);
        List<String> messages = new ArrayList<>();
        for (byte[] message : Golden.messages(stream)) {
            pushed.push(message, 0, message.length);
            messages.add(assertThrows(GobException.class, pushed::decode).getMessage());
            if (!messages.get(messages.size() - 1).contains("another message was expected")) {
                break;
            }
        }
        assertEquals(e.getMessage(), messages.get(messages.size() - 1));
    }

    // nesting

    /** Struct in struct in struct: {@code type Node struct{Value int; Next *Node}}. */
    private static StreamBuilder nodes(int depth) {
        return new StreamBuilder()
                .define(new GobType.Struct(
                        ID, "Node", List.of(new GobType.Field("Value", 2), new GobType.Field("Next", ID))))
                .value(ID, m -> {
                    for (int i = 1; i < depth; i++) {
                        m.writeUint(2);
                    }
                    for (int i = 0; i < depth; i++) {
                        m.writeUint(0);
                    }
                });
    }

    /** A slice type that is its own element type. */
    private static StreamBuilder slices(int depth) {
        return new StreamBuilder().define(new GobType.Slice(ID, "", ID)).value(ID, m -> {
            m.writeUint(0);
            for (int i = 1; i < depth; i++) {
                m.writeUint(1);
            }
            m.writeUint(0);
        });
    }

    private static StreamBuilder maps(int depth) {
        return new StreamBuilder().define(new GobType.Map(ID, "", 2, ID)).value(ID, m -> {
            m.writeUint(0);
            for (int i = 1; i < depth; i++) {
                m.writeUint(1);
                m.writeInt(i);
            }
            m.writeUint(0);
        });
    }

    private static StreamBuilder arrays(int depth) {
        return new StreamBuilder().define(new GobType.Array(ID, "", ID, 1)).value(ID, m -> {
            m.writeUint(0);
            for (int i = 0; i < depth; i++) {
                m.writeUint(1); // and no end
            }
        });
    }

    /** An interface that holds an interface that holds an interface. Go cannot make such, but they can be written. */
    private static StreamBuilder interfaces(int depth) {
        return new StreamBuilder().value(8, m -> {
            m.writeUint(0);
            for (int i = 1; i < depth; i++) {
                m.writeString("x");
                m.writeInt(8);
                m.writeUint(1);
                m.writeUint(0);
            }
            m.writeString("int");
            m.writeInt(2);
            m.writeUint(2);
            m.writeUint(0);
            m.writeInt(5);
        });
    }

    @Test
    void nesting() throws IOException {
        String message = "gob: nesting of a value: 101 (expected: <= 100)";
        for (int i = 0; i < 4; i++) {
            int kind = i;
            assertNotNull(nested(kind, 100).decoder().decode());
            nested(kind, 100).decoder().skip();
            assertRefused(message, nested(kind, 101).decoder());
            assertNotSkipped(message, nested(kind, 101).decoder());
            assertRefused(
                    "gob: nesting of a value: 6 (expected: <= 5)",
                    nested(kind, 6).decoder(limits().depth(5)));
        }
        assertRefused(message, arrays(101).decoder());
        assertNotSkipped(message, arrays(101).decoder());
    }

    private static StreamBuilder nested(int kind, int depth) {
        return switch (kind) {
            case 0 -> nodes(depth);
            case 1 -> slices(depth);
            case 2 -> maps(depth);
            default -> interfaces(depth);
        };
    }

    record Node(int Value, Node Next) {}

    record Any(Object Value, Object Next) {}

    record Lists(List<Lists> Value) {}

    @Test
    void nestingOfRecords() throws IOException {
        String message = "gob: nesting of a value: 101 (expected: <= 100)";
        assertNotNull(nodes(100).decoder().decode(Node.class));
        GobException e =
                assertThrows(GobException.class, () -> nodes(101).decoder().decode(Node.class));
        assertEquals(message, e.getMessage());
        assertNotNull(nodes(100).decoder().decode(Any.class));
        e = assertThrows(GobException.class, () -> nodes(101).decoder().decode(Any.class));
        assertEquals(message, e.getMessage());
        record Value(int Value) {}
        assertNotNull(nodes(100).decoder().decode(Value.class), "skipping the rest");
        e = assertThrows(GobException.class, () -> nodes(102).decoder().decode(Value.class));
        assertEquals(message, e.getMessage(), "below the field that is skipped");
    }

    @Test
    void theGreatestNestingFitsTheStack() throws Exception {
        GobConfig config = GobConfig.DEFAULT.withLimits(
                limits().depth(GobLimits.GREATEST_DEPTH).build());
        int depth = GobLimits.GREATEST_DEPTH;
        for (int i = 0; i < 4; i++) {
            int kind = i;
            GobEncoder encoder = new GobEncoder(config);
            onUsualStack(() -> {
                GobDecoder decoder = nested(kind, depth).decoder(config);
                Object value = decoder.decode();
                encoder.encode(value, decoder.types(), decoder.typeId());
                nested(kind, depth).decoder(config).skip();
                return value.hashCode() + value.toString();
            });
        }
        onUsualStack(() -> {
            Object value = nodes(depth).decoder(config).decode(Node.class);
            new GobEncoder(config).encode(value);
            return value;
        });
        StreamBuilder lists = new StreamBuilder()
                .define(new GobType.Struct(ID, "Lists", List.of(new GobType.Field("Value", ID + 1))))
                .define(new GobType.Slice(ID + 1, "", ID))
                .value(ID, m -> {
                    for (int i = 1; i < depth / 2; i++) {
                        m.writeUint(1);
                        m.writeUint(1);
                    }
                    for (int i = 0; i < depth / 2; i++) {
                        m.writeUint(0);
                    }
                });
        onUsualStack(() -> {
            Object value = lists.decoder(config).decode(Lists.class);
            new GobEncoder(config).encode(value);
            return value;
        });
    }

    private static <T> T onUsualStack(Callable<T> work) throws Exception {
        FutureTask<T> task = new FutureTask<>(work);
        new Thread(null, task, "usual stack", 1 << 20).start();
        return task.get(1, TimeUnit.MINUTES);
    }

    /** A chain of types, each made of the next: following it must not need a stack either. */
    @Test
    void longChainsOfTypes() throws Exception {
        StreamBuilder chain = new StreamBuilder();
        int types = GobLimits.DEFAULT.typeDefinitions();
        for (int i = 0; i < types; i++) {
            chain.define(new GobType.Struct(
                    ID + i, "T" + i, List.of(new GobType.Field("Next", i + 1 < types ? ID + i + 1 : 2))));
        }
        chain.value(ID, m -> {
            m.writeUint(1);
            m.writeUint(0);
            m.writeUint(0);
        });
        record Chain(Chain Next) {}
        assertEquals(
                new Chain(new Chain(null)), onUsualStack(() -> chain.decoder().decode(Chain.class)));
        GobDecoder decoder = chain.decoder();
        Object value = decoder.decode();
        assertEquals("T0{Next: T1{}}", String.valueOf(value));
        GobEncoder encoder = new GobEncoder();
        assertTrue(onUsualStack(() -> {
            encoder.encode(value, decoder.types(), decoder.typeId());
            return encoder.size() > 0;
        }));
    }

    // types

    @Test
    void typeDefinitions() throws IOException {
        StreamBuilder stream = new StreamBuilder();
        for (int i = 0; i < 4; i++) {
            stream.define(new GobType.Slice(ID + i, "", 2));
        }
        stream.value(2, m -> {
            m.writeUint(0);
            m.writeInt(5);
        });
        assertEquals(5L, stream.decoder(limits().typeDefinitions(4)).decode());
        assertRefused(
                "gob: type definitions of this stream: 4 (expected: <= 3)",
                stream.decoder(limits().typeDefinitions(3)));
    }

    @Test
    void bytesOfATypeDefinition() throws IOException {
        StreamBuilder named = new StreamBuilder().define(new GobType.Slice(ID, "x".repeat(100), 2));
        assertRefused("gob: bytes of a type definition: 104 (expected: <= 50)", named.decoder(limits().typeBytes(50)));
        List<GobType.Field> fields = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            fields.add(new GobType.Field("F" + i, 2));
        }
        StreamBuilder wide = new StreamBuilder().define(new GobType.Struct(ID, "Wide", fields));
        assertRefused("gob: bytes of a type definition: 505 (expected: <= 500)", wide.decoder(limits().typeBytes(500)));
    }

    @Test
    void memoryOfAllTypeDefinitions() {
        StreamBuilder stream = new StreamBuilder();
        for (int i = 0; i < 20; i++) {
            stream.define(new GobType.Slice(ID + i, "x".repeat(86), 2)); // 94 bytes
        }
        assertRefused(
                "gob: memory of all type definitions: 1716 bytes (expected: <= 1600)",
                stream.decoder(limits().typeBytes(100)));
    }

    @Test
    void bytesOfTypeDefinitionsThatAreTakenBackDoNotCount() throws IOException {
        GobTypes types = new GobTypes(limits().typeBytes(100).build());
        byte[] definition = Golden.messages(new StreamBuilder()
                        .define(new GobType.Slice(ID, "x".repeat(80), 2))
                        .bytes())
                .get(0);
        GobReader reader = new GobReader(GobLimits.DEFAULT);
        for (int i = 0; i < 50; i++) {
            assertThrows(
                    GobIncompleteException.class,
                    () -> types.readTypeSequence(reader.reset(definition, 0, definition.length), false));
            assertEquals(1, types.size());
            types.truncate(0);
        }
    }

    @Test
    void brokenTypeDefinitions() {
        assertRefused(
                "gob: number of a defined type: 63 (expected: >= 64)",
                new StreamBuilder().define(new GobType.Slice(63, "", 2)).decoder());
        assertRefused(
                "gob: duplicate type received: 65",
                new StreamBuilder()
                        .define(new GobType.Slice(ID, "", 2))
                        .define(new GobType.Slice(ID, "", 2))
                        .decoder());
        assertRefused(
                "gob: type definition 65 is empty",
                new StreamBuilder()
                        .message(m -> {
                            m.writeInt(-ID);
                            m.writeUint(0);
                        })
                        .decoder());
        assertRefused(
                "gob: field of a type definition: name \"\", type 2 (expected: a name, and a type >= 1)",
                new StreamBuilder()
                        .define(new GobType.Struct(ID, "S", List.of(new GobType.Field("", 2))))
                        .decoder());
        assertRefused(
                "gob: number of a type: 0 (expected: >= 1)",
                new StreamBuilder().define(new GobType.Slice(ID, "", 0)).decoder());
        assertRefused(
                "gob: number of a type: -1 (expected: >= 1)",
                new StreamBuilder().define(new GobType.Slice(ID, "", -1)).decoder());
        assertRefused(
                "gob: number of a defined type: 9223372036854775807 (expected: <= 2147483647)",
                new StreamBuilder().message(m -> m.writeInt(-Long.MAX_VALUE)).decoder());
        assertRefused(
                "gob: extra data in buffer",
                new StreamBuilder()
                        .message(m -> {
                            m.writeInt(-ID);
                            Definitions.write(m, new GobType.Slice(ID, "", 2));
                            m.writeUint(0);
                        })
                        .decoder());
    }

    @Test
    void unknownTypes() throws IOException {
        for (long id : new long[] {0, 9, 16, 23, 64, Integer.MAX_VALUE, Integer.MAX_VALUE + 1L, Long.MAX_VALUE}) {
            StreamBuilder stream = new StreamBuilder().message(m -> {
                m.writeInt(id);
                m.writeUint(0);
            });
            assertRefused("gob: unknown type id " + id, stream.decoder());
            assertNotSkipped("gob: unknown type id " + id, stream.decoder());
            GobDecoder typed = stream.decoder();
            assertThrows(GobException.class, () -> typed.decode(Node.class));
        }
        StreamBuilder element = new StreamBuilder()
                .define(new GobType.Slice(ID, "", 77))
                .value(ID, m -> {
                    m.writeUint(0);
                    m.writeUint(1);
                    m.writeUint(0);
                });
        assertRefused("gob: unknown type id 77", element.decoder());
        assertNotSkipped("gob: unknown type id 77", element.decoder());
        StreamBuilder key = new StreamBuilder()
                .define(new GobType.Map(ID, "", 77, 2))
                .value(ID, m -> {
                    m.writeUint(0);
                    m.writeUint(1);
                    m.writeUint(0);
                });
        assertRefused("gob: unknown type id 77", key.decoder());
    }

    // collections

    @Test
    void elementsOfCollections() throws IOException {
        for (GobType type :
                List.of(new GobType.Slice(ID, "", 2), new GobType.Array(ID, "", 2, 6), new GobType.Map(ID, "", 2, 2))) {
            StreamBuilder stream = new StreamBuilder().define(type).value(ID, m -> {
                m.writeUint(0);
                m.writeUint(6);
                for (int i = 0; i < 12; i++) {
                    m.writeInt(i);
                }
            });
            String message = "gob: number of elements: 6 (expected: <= 5)";
            assertNotNull(stream.decoder(limits().elements(6)).decode());
            assertRefused(message, stream.decoder(limits().elements(5)));
            assertNotSkipped(message, stream.decoder(limits().elements(5)));
        }
        StreamBuilder wide = new StreamBuilder().message(m -> {
            m.writeInt(-ID);
            m.writeUint(3);
            m.writeUint(2);
            m.writeUint(1_000_001);
        });
        assertRefused("gob: number of elements: 1000001 (expected: <= 1000000)", wide.decoder());
    }

    @Test
    void arraysOfAnotherLengthThanTheirType() {
        StreamBuilder stream = new StreamBuilder()
                .define(new GobType.Array(ID, "", 2, 3))
                .value(ID, m -> {
                    m.writeUint(0);
                    m.writeUint(2);
                });
        assertRefused("gob: length mismatch in decodeArray: 2 (expected: 3)", stream.decoder());
        assertNotSkipped("gob: length mismatch in decodeArray: 2 (expected: 3)", stream.decoder());
        StreamBuilder huge = new StreamBuilder()
                .define(new GobType.Array(ID, "", 2, Long.MAX_VALUE))
                .value(ID, m -> {
                    m.writeUint(0);
                    m.writeUint(Long.MAX_VALUE);
                });
        assertRefused("gob: number of elements: 9223372036854775807 (expected: <= 1000000)", huge.decoder());
    }

    // texts

    @Test
    void bytesOfStrings() throws IOException {
        for (int id : new int[] {5, 6, ID}) {
            StreamBuilder stream = new StreamBuilder()
                    .define(new GobType.Opaque(ID, "", GobType.Marshaler.GOB))
                    .value(id, m -> {
                        m.writeUint(0);
                        m.writeString("123456");
                    });
            String message = "gob: length of a string: 6 (expected: <= 5)";
            assertNotNull(stream.decoder(limits().stringBytes(6)).decode());
            assertRefused(message, stream.decoder(limits().stringBytes(5)));
            assertNotSkipped(message, stream.decoder(limits().stringBytes(5)));
        }
    }

    @Test
    void namesInInterfaces() throws IOException {
        StreamBuilder stream = new StreamBuilder().value(8, m -> {
            m.writeUint(0);
            m.writeString("x".repeat(1025));
            m.writeInt(2);
        });
        assertRefused("gob: name too long: 1025 bytes (expected: <= 1024)", stream.decoder());
        assertNotSkipped("gob: name too long: 1025 bytes (expected: <= 1024)", stream.decoder());
    }

    @Test
    void lengthsBeyondTheMessage() {
        StreamBuilder stream = new StreamBuilder().value(6, m -> {
            m.writeUint(0);
            m.writeUint(7);
            m.writeUint(0);
        });
        assertRefused("gob: length of a string: 7 (expected: <= 1, what is left of the message)", stream.decoder());
    }

    // structs

    @Test
    void fieldsOutOfBounds() {
        GobType point = new GobType.Struct(ID, "Point", List.of(new GobType.Field("X", 2), new GobType.Field("Y", 2)));
        StreamBuilder third = new StreamBuilder().define(point).value(ID, m -> m.writeUint(3));
        String message = "gob: bad data: field numbers out of bounds: 2 (expected: < 2, fields of Point)";
        assertRefused(message, third.decoder());
        assertNotSkipped(message, third.decoder());
        assertThrows(GobException.class, () -> third.decoder().decode(Kinds.Point.class));
        for (long delta : new long[] {1 << 20 | 1, Integer.MAX_VALUE, 1L << 31, 1L << 32 | 1, Long.MAX_VALUE, -1}) {
            StreamBuilder far = new StreamBuilder().define(point).value(ID, m -> m.writeUint(delta));
            String text = "gob: step to the next field: " + Long.toUnsignedString(delta) + " (expected: <= 1048576)";
            assertRefused(text, far.decoder());
            assertNotSkipped(text, far.decoder());
        }
        StreamBuilder unended = new StreamBuilder().define(point).value(ID, m -> {
            m.writeUint(1);
            m.writeInt(1);
        });
        assertRefused("gob: bytes left in the message: 0 (expected: >= 1)", unended.decoder());
    }

    @Test
    void valuesThatAreNoStructsStandBehindAZero() {
        StreamBuilder stream = new StreamBuilder().value(2, m -> m.writeUint(1));
        String message = "gob: decode: corrupted data: non-zero delta for singleton: 1 (expected: 0)";
        assertRefused(message, stream.decoder());
        assertNotSkipped(message, stream.decoder());
    }

    // hash codes

    /** Keys that all have the same hash code as lists: {@code [2]int{i, -31*i}}. */
    private static StreamBuilder sameHash(int count) {
        return new StreamBuilder()
                .define(new GobType.Map(ID, "", ID + 1, 1))
                .define(new GobType.Array(ID + 1, "", 2, 2))
                .value(ID, m -> {
                    m.writeUint(0);
                    m.writeUint(count);
                    for (int i = 0; i < count; i++) {
                        m.writeUint(2);
                        m.writeInt(i);
                        m.writeInt(1_000_000 - 31L * i);
                        m.writeBool(true);
                    }
                });
    }

    @Test
    void keysWithTheSameHashCode() throws IOException {
        Map<?, ?> map = (Map<?, ?>) sameHash(256).decoder().decode();
        assertEquals(256, map.size());
        Set<Integer> hashes = new HashSet<>();
        map.keySet().forEach(key -> hashes.add(key.hashCode()));
        assertEquals(1, hashes.size());
        String message = "gob: keys of a map with the same hash code: 257 (expected: <= 256)";
        assertRefused(message, sameHash(257).decoder());
        record Maps(Map<List<Integer>, Boolean> map, Set<List<Integer>> set) {}
        GobException e = assertThrows(
                GobException.class,
                () -> sameHash(257).decoder().decode(Maps.class.getRecordComponents()[0].getGenericType()));
        assertEquals(message, e.getMessage());
        StreamBuilder set = new StreamBuilder()
                .define(new GobType.Slice(ID, "", ID + 1))
                .define(new GobType.Slice(ID + 1, "", 2))
                .value(ID, m -> {
                    m.writeUint(0);
                    m.writeUint(257);
                    for (int i = 0; i < 257; i++) {
                        m.writeUint(2);
                        m.writeInt(i);
                        m.writeInt(1_000_000 - 31L * i);
                    }
                });
        e = assertThrows(
                GobException.class, () -> set.decoder().decode(Maps.class.getRecordComponents()[1].getGenericType()));
        assertEquals(message, e.getMessage());
    }

    /** Texts with the same hash code can be compared, so the JDK's maps cope with any number of them. */
    @Test
    void textsWithTheSameHashCodeAreFine() throws IOException {
        StreamBuilder stream = new StreamBuilder()
                .define(new GobType.Map(ID, "", 6, 1))
                .value(ID, m -> {
                    m.writeUint(0);
                    m.writeUint(1 << 12);
                    for (int i = 0; i < 1 << 12; i++) {
                        StringBuilder text = new StringBuilder();
                        for (int bit = 0; bit < 12; bit++) {
                            text.append((i >> bit & 1) == 0 ? "Aa" : "BB");
                        }
                        m.writeString(text.toString());
                        m.writeBool(true);
                    }
                });
        Map<?, ?> map = (Map<?, ?>) stream.decoder().decode();
        assertEquals(1 << 12, map.size());
        assertEquals(
                1, map.keySet().stream().mapToInt(Object::hashCode).distinct().count());
    }

    // work

    /** However many messages a value is spread over, it is not read again for each of them. */
    @Test
    void valuesInManyPushedMessagesAreNotReadForEachOfThem() throws IOException {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        int late = 200;
        GobEncoder encoder = new GobEncoder();
        List<Object> value = new ArrayList<>(Collections.nCopies(10_000, "a text of some length"));
        for (int i = 0; i < late; i++) {
            value.add(new GobInterface("t" + i, new GobStruct("T" + i, Map.of("X", 1L))));
        }
        encoder.encode(value);
        List<byte[]> messages = Golden.messages(encoder.toByteArray());
        assertTrue(messages.size() > late, "messages: " + messages.size());
        long before = threads.getCurrentThreadAllocatedBytes();
        GobDecoder decoder = new GobDecoder(GobConfig.DEFAULT);
        Object decoded = null;
        for (byte[] message : messages) {
            assertEquals(null, decoded);
            decoder.push(message, 0, message.length);
            try {
                decoded = decoder.decode();
            } catch (GobIncompleteException e) {
                assertTrue(decoder.hasNext());
            }
        }
        long heap = threads.getCurrentThreadAllocatedBytes() - before;
        Values.assertSame(value.size(), ((List<?>) decoded).size(), "elements");
        long most = 200L * encoder.size() / 3;
        assertTrue(heap < most, "bytes of heap: " + heap + " (expected: < " + most + ")");
    }

    @Test
    void boundsAreAtLeastOne() {
        assertEquals(GobLimits.DEFAULT, limits().build());
        assertThrows(
                IllegalArgumentException.class, () -> limits().messageBytes(0).build());
        assertThrows(IllegalArgumentException.class, () -> limits().depth(0).build());
        assertThrows(
                IllegalArgumentException.class,
                () -> limits().typeDefinitions(0).build());
        assertThrows(IllegalArgumentException.class, () -> limits().typeBytes(0).build());
        assertThrows(IllegalArgumentException.class, () -> limits().elements(0).build());
        IllegalArgumentException e = assertThrows(
                IllegalArgumentException.class, () -> limits().stringBytes(-1).build());
        assertEquals("stringBytes: -1 (expected: >= 1)", e.getMessage());
        e = assertThrows(
                IllegalArgumentException.class, () -> limits().depth(1001).build());
        assertEquals("depth: 1001 (expected: <= 1000)", e.getMessage());
    }
}
