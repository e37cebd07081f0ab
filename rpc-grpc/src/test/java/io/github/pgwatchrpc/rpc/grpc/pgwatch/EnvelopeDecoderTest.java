package io.github.pgwatchrpc.rpc.grpc.pgwatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.github.pgwatchrpc.measurement.EnvelopeBuilder;
import io.github.pgwatchrpc.measurement.Measurement;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.measurement.ValueType;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoException;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoReader;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoWriter;
import io.github.pgwatchrpc.rpc.pgwatch.ModelLimits;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

final class EnvelopeDecoderTest {

    private static final long NOW = 1_700_000_000_000_000_000L;

    private final EnvelopeBuilder builder = new EnvelopeBuilder();

    private MeasurementEnvelope decode(byte[] bytes) throws ProtoException {
        return decode(bytes, ModelLimits.DEFAULT);
    }

    private MeasurementEnvelope decode(byte[] bytes, ModelLimits limits) throws ProtoException {
        return new EnvelopeDecoder(() -> builder, () -> NOW, limits).decode(new ProtoReader(bytes));
    }

    private Measurement decodeRow(Map<String, ?> row) throws ProtoException {
        return decode(Messages.envelope("db", "m", Map.of(), List.of(row))).get(0);
    }

    private Measurement decodeEntry(ProtoWriter entry) throws ProtoException {
        ProtoWriter envelope = new ProtoWriter().message(4, new ProtoWriter().message(1, entry));
        return decode(envelope.toBytes()).get(0);
    }

    @Test
    void readsNamesTagsAndRows() throws ProtoException {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("tag_table", "orders");
        row.put("size", 42.0);
        row.put("ratio", 0.1);
        row.put("hot", true);
        row.put("cold", false);
        row.put("note", null);
        row.put("empty", "");
        MeasurementEnvelope envelope = decode(
                Messages.envelope("db", "table_stats", Map.of("env", "test"), List.of(row, Map.of("size", 1.0))));
        assertEquals("db", envelope.database());
        assertEquals("table_stats", envelope.metric());
        assertEquals(Map.of("env", "test"), envelope.customTags());
        assertEquals(NOW, envelope.receivedAt());
        assertEquals(2, envelope.size());
        assertEquals(row, envelope.get(0).columns());
        assertEquals(
                List.copyOf(row.keySet()), List.copyOf(envelope.get(0).columns().keySet()), "in their order");
        assertEquals(Map.of("size", 1.0), envelope.get(1).columns());
    }

    @Test
    void withoutTagsThereIsNoSetOfThem() throws ProtoException {
        assertFalse(decode(Messages.envelope("db", "m", Map.of(), List.of())).hasCustomTags());
    }

    @Test
    void anEmptyMessageIsAnEnvelopeWithoutAnything() throws ProtoException {
        MeasurementEnvelope envelope = decode(new byte[0]);
        assertEquals("", envelope.database());
        assertEquals("", envelope.metric());
        assertEquals(0, envelope.size());
    }

    /** The type follows from the kind on the wire, not from the value: a column keeps it from row to row. */
    @Test
    void numbersAreDoublesWholeOrNot() throws ProtoException {
        for (double number : new double[] {
            0,
            -0.0,
            1,
            42,
            0.5,
            1e300,
            9007199254740993.0,
            Double.NaN,
            Double.POSITIVE_INFINITY,
            Double.NEGATIVE_INFINITY
        }) {
            Measurement row = decodeRow(Map.of("n", number));
            assertEquals(ValueType.DOUBLE, row.type(0), "type of " + number);
            assertEquals(number, row.value(0));
        }
    }

    @Test
    void theTimeIsAnIntegerAgain() throws ProtoException {
        double[] sent = {1.7004e18, 1763839200123456789.0, 1.5, 2.5, -1.4, 0, -0x1p63, 0x1.fffffffffffffp62};
        long[] expected = {
            1_700_400_000_000_000_000L, 1763839200123456768L, 2, 3, -1, 0, Long.MIN_VALUE, 9223372036854774784L
        };
        for (int i = 0; i < sent.length; i++) {
            Measurement row = decodeRow(Map.of("epoch_ns", sent[i]));
            assertEquals(ValueType.INT64, row.type(0), "type of " + sent[i]);
            assertEquals(expected[i], row.value(0));
        }
        assertEquals(
                1763839200123456768L,
                decodeRow(Map.of("epoch_ns", 1763839200123456789.0)).timeNanos());
        assertEquals(NOW, decodeRow(Map.of("x", 1.0)).timeNanos());
    }

    @Test
    void aTimeThatIsNoIntegerStaysWhatItIs() throws ProtoException {
        for (double number : new double[] {Double.NaN, Double.POSITIVE_INFINITY, 0x1p63, -0x1.0000000000001p63}) {
            Measurement row = decodeRow(Map.of("epoch_ns", number));
            assertEquals(ValueType.DOUBLE, row.type(0));
            assertEquals(number, row.value(0));
            assertEquals(NOW, row.timeNanos(), "the time of receipt instead of " + number);
        }
        assertEquals("soon", decodeRow(Map.of("epoch_ns", "soon")).value(0));
        assertEquals(ValueType.DOUBLE, decodeRow(Map.of("epoch_nt", 1.0)).type(0));
        assertEquals(ValueType.DOUBLE, decodeRow(Map.of("epoch_nsx", 1.0)).type(0));
    }

    @Test
    void listsAndObjectsStayValues() throws ProtoException {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("a", List.of(1.0, "x", true, Map.of()));
        object.put("b", null);
        object.put("c", Map.of("d", List.of()));
        List<Object> list = new ArrayList<>(Arrays.asList(1.0, null, "", List.of(2.0), object));
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("oids", list);
        row.put("json", object);
        Measurement decoded = decodeRow(row);
        assertEquals(ValueType.LIST, decoded.type(0));
        assertEquals(list, decoded.value(0));
        assertEquals(ValueType.OBJECT, decoded.type(1));
        assertEquals(object, decoded.value(1));
    }

    @Test
    void keyAndValueMayComeInAnyOrderOrNotAtAll() throws ProtoException {
        ProtoWriter number = Messages.value(7.0);
        assertEquals(
                Map.of("k", 7.0),
                decodeEntry(new ProtoWriter().message(2, number).text(1, "k")).columns());
        assertEquals(
                Map.of("", 7.0),
                decodeEntry(new ProtoWriter().message(2, number)).columns());
        Measurement unset = decodeEntry(new ProtoWriter().text(1, "k"));
        assertEquals(ValueType.NULL, unset.type(0));
        assertEquals("k", unset.name(0));
        assertEquals(
                ValueType.NULL,
                decodeEntry(new ProtoWriter().text(1, "k").message(2, new ProtoWriter()))
                        .type(0));
        assertEquals(ValueType.NULL, decodeEntry(new ProtoWriter()).type(0));
    }

    @Test
    void theLastOneCounts() throws ProtoException {
        ProtoWriter twice = new ProtoWriter()
                .text(1, "a")
                .message(2, Messages.value("x"))
                .text(1, "b")
                .message(2, Messages.value(2.0));
        assertEquals(Map.of("b", 2.0), decodeEntry(twice).columns());
        ProtoWriter kinds = new ProtoWriter().text(3, "x").varint(4, 1);
        assertEquals(true, decodeEntry(Messages.entry("k", kinds)).value(0));
        ProtoWriter row = new ProtoWriter();
        for (String each : new String[] {"a", "b", "a"}) {
            row.message(1, Messages.entry(each, Messages.value(each + row.toBytes().length)));
        }
        Measurement decoded =
                decode(new ProtoWriter().message(4, row).toBytes()).get(0);
        assertEquals(2, decoded.size());
        assertEquals("a", decoded.name(0));
        assertTrue(String.valueOf(decoded.value(0)).length() > 2, "the third value is in the first's place");
    }

    @Test
    void unknownFieldsAreSteppedOverEverywhere() throws ProtoException {
        ProtoWriter value = unknown(Messages.value(7.0));
        ProtoWriter entry = unknown(unknown(new ProtoWriter()).text(1, "k").message(2, value));
        ProtoWriter row = unknown(unknown(new ProtoWriter()).message(1, entry));
        ProtoWriter tag = unknown(new ProtoWriter().text(1, "t")).text(2, "v");
        byte[] bytes = unknown(unknown(new ProtoWriter())
                        .text(1, "db")
                        .message(3, tag)
                        .message(4, row)
                        .text(2, "m"))
                .toBytes();
        MeasurementEnvelope envelope = decode(bytes);
        assertEquals("db", envelope.database());
        assertEquals("m", envelope.metric());
        assertEquals(Map.of("t", "v"), envelope.customTags());
        assertEquals(Map.of("k", 7.0), envelope.get(0).columns());
        // a known number with another wire type is an unknown field too
        assertEquals(
                "",
                decode(new ProtoWriter().varint(1, 5).fixed64(4, 5).toBytes()).database());
    }

    private static ProtoWriter unknown(ProtoWriter out) {
        return out.varint(9, 1).fixed64(10, 2).text(11, "?").message(1000, new ProtoWriter().varint(1, 1));
    }

    @Test
    void bytesThatAreNotUtf8AreKept() throws ProtoException {
        byte[] latin1 = "grün".getBytes(StandardCharsets.ISO_8859_1);
        ProtoWriter value = new ProtoWriter().bytes(3, latin1, 0, latin1.length);
        assertEquals("gr\ufffdn", decodeEntry(Messages.entry("k", value)).value(0));
    }

    @Test
    void columnsInRandomOrderAreTheSameColumns() throws ProtoException {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        Map<String, Double> expected = new LinkedHashMap<>();
        List<String> names = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            names.add("column_" + i);
            expected.put("column_" + i, i * 0.5);
        }
        List<Map<String, Double>> rows = new ArrayList<>();
        for (int row = 0; row < 20; row++) {
            Collections.shuffle(names, random);
            Map<String, Double> shuffled = new LinkedHashMap<>();
            names.forEach(each -> shuffled.put(each, expected.getOrDefault(each, -1.0)));
            rows.add(shuffled);
        }
        MeasurementEnvelope envelope = decode(Messages.envelope("db", "m", Map.of(), rows));
        for (int row = 0; row < 20; row++) {
            assertEquals(expected, envelope.get(row).columns(), "seed " + seed);
        }
    }

    // ---- bounds ----

    private String refused(byte[] bytes, ModelLimits limits) {
        return assertThrows(ProtoException.class, () -> decode(bytes, limits)).getMessage();
    }

    @Test
    void memoryColumnsAndDepthAreBounded() throws ProtoException {
        List<Map<String, Double>> rows = List.of(Map.of("a", 1.0), Map.of("a", 1.0), Map.of("a", 1.0));
        byte[] bytes = Messages.envelope("", "", Map.of(), rows);
        // three rows with a value each, and a column with a name of one byte
        int exact = 3 * (12 + 36) + 412;
        assertEquals(3, decode(bytes, new ModelLimits(exact, 1, 1)).size());
        assertEquals(
                "memory for the values of a message: 556 bytes (expected: <= 555)",
                refused(bytes, new ModelLimits(exact - 1, 1, 1)));
        ModelLimits limits = new ModelLimits(5_000, 3, 5);
        Map<String, Double> wide = Map.of("a", 1.0, "b", 1.0, "c", 1.0, "d", 1.0);
        assertEquals(
                "columns of an envelope: 4 (expected: <= 3)",
                refused(Messages.envelope("", "", Map.of(), List.of(wide)), limits));
        Object deep = 1.0;
        for (int i = 0; i < 6; i++) {
            deep = i % 2 == 0 ? List.of(deep) : Map.of("k", deep);
        }
        assertEquals(
                "nesting of lists and objects: 6 (expected: <= 5)",
                refused(Messages.envelope("", "", Map.of(), List.of(Map.of("a", deep))), limits));
        assertThrows(IllegalArgumentException.class, () -> new ModelLimits(1, 1, 0));
    }

    /** Whatever small bytes ask for: what is allocated for them stays near the bound, and so does what is let through. */
    @Test
    void memoryIsBoundedWhateverIsAsked() {
        int limit = 4 << 20;
        ModelLimits limits = new ModelLimits(limit, 4_096, 100);
        ProtoWriter row = new ProtoWriter();
        for (int i = 0; i < 100; i++) {
            row.message(1, Messages.entry("" + (char) i, Messages.value(true)));
        }
        Map<String, ProtoWriter> messages = new TreeMap<>();
        ProtoWriter cells = new ProtoWriter();
        ProtoWriter rowsAlone = new ProtoWriter();
        ProtoWriter tags = new ProtoWriter();
        for (int i = 0; i < 5_000; i++) {
            cells.message(4, row);
        }
        for (int i = 0; i < 1_000_000; i++) {
            rowsAlone.message(4, new ProtoWriter());
        }
        for (int i = 0; i < 100_000; i++) {
            tags.message(3, new ProtoWriter().text(1, "t" + i));
        }
        ProtoWriter nulls = new ProtoWriter();
        ProtoWriter objects = new ProtoWriter();
        for (int i = 0; i < 100_000; i++) {
            nulls.message(1, new ProtoWriter());
            objects.message(1, new ProtoWriter().message(5, new ProtoWriter().message(1, new ProtoWriter())));
        }
        messages.put("cells", cells);
        messages.put("rows", rowsAlone);
        messages.put("tags", tags);
        messages.put("nulls", oneCell(new ProtoWriter().message(6, nulls)));
        messages.put("objects", oneCell(new ProtoWriter().message(6, objects)));
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        for (Map.Entry<String, ProtoWriter> each : messages.entrySet()) {
            byte[] bytes = each.getValue().toBytes();
            refused(bytes, limits); // classes are loaded
            long before = threads.getCurrentThreadAllocatedBytes();
            String refusal = refused(bytes, limits);
            long allocated = threads.getCurrentThreadAllocatedBytes() - before;
            assertTrue(refusal.startsWith("memory for the values of a message: "), each.getKey() + ": " + refusal);
            assertTrue(allocated < 2L * limit, each.getKey() + " allocated " + allocated);
        }
    }

    private static ProtoWriter oneCell(ProtoWriter value) {
        return new ProtoWriter()
                .message(
                        4,
                        new ProtoWriter()
                                .message(1, new ProtoWriter().text(1, "c").message(2, value)));
    }

    /** An attacker's row: every entry after the first replaces it. It must take as long as any row of its size. */
    @Test
    void aRowOfManyDuplicatesEnds() throws ProtoException {
        ProtoWriter row = new ProtoWriter();
        for (int i = 0; i < 4_000; i++) {
            row.message(1, Messages.entry("c" + i, Messages.value(true)));
        }
        for (int i = 0; i < 200_000; i++) {
            row.message(1, Messages.entry("c0", Messages.value(true)));
        }
        assertEquals(
                4_000,
                decode(new ProtoWriter().message(4, row).toBytes()).get(0).size());
    }

    // ---- hostile bytes ----

    private static byte[] sample() {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("epoch_ns", 1.7e18);
        row.put("tag_a", "x");
        row.put("n", 0.5);
        row.put("b", true);
        row.put("z", null);
        row.put("l", List.of(1.0, Map.of("k", "v")));
        return Messages.envelope("db", "m", Map.of("e", "t"), List.of(row, Map.of("n", 2.0)));
    }

    /** Either a clear refusal or an envelope, and the builder is clean for the next one. */
    private void survive(byte[] bytes, MeasurementEnvelope good, byte[] goodBytes, String what) {
        try {
            decode(bytes);
        } catch (ProtoException e) {
            assertFalse(String.valueOf(e.getMessage()).isEmpty());
        } catch (RuntimeException | Error e) {
            throw new AssertionError(what, e);
        }
        try {
            assertEquals(good, decode(goodBytes), what);
        } catch (ProtoException e) {
            throw new AssertionError(what, e);
        }
    }

    @Test
    void everyPrefixIsSurvived() throws ProtoException {
        byte[] sample = sample();
        MeasurementEnvelope good = decode(sample);
        int refused = 0;
        for (int length = 0; length < sample.length; length++) {
            byte[] prefix = Arrays.copyOf(sample, length);
            survive(prefix, good, sample, "prefix of " + length + " bytes");
            try {
                decode(prefix);
            } catch (ProtoException e) {
                refused++;
            }
        }
        // only between two fields of the envelope a prefix is a message too: there are five such places
        assertEquals(sample.length - 5, refused);
    }

    @Test
    void everyByteWithEveryValueIsSurvived() throws ProtoException {
        byte[] sample = sample();
        MeasurementEnvelope good = decode(sample);
        for (int at = 0; at < sample.length; at++) {
            for (int value = 0; value < 256; value++) {
                byte[] changed = sample.clone();
                changed[at] = (byte) value;
                survive(changed, good, sample, "byte " + at + " = " + value);
            }
        }
    }

    @Test
    void everyByteAsAHugeLengthIsSurvived() throws ProtoException {
        byte[] sample = sample();
        MeasurementEnvelope good = decode(sample);
        byte[] huge = {(byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, 7};
        for (int at = 0; at < sample.length; at++) {
            byte[] changed = new byte[sample.length + huge.length - 1];
            System.arraycopy(sample, 0, changed, 0, at);
            System.arraycopy(huge, 0, changed, at, huge.length);
            System.arraycopy(sample, at + 1, changed, at + huge.length, sample.length - at - 1);
            survive(changed, good, sample, "huge length at " + at);
        }
    }

    @Test
    void randomBytesAreSurvived() throws ProtoException {
        byte[] sample = sample();
        MeasurementEnvelope good = decode(sample);
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = new byte[random.nextInt(64)];
            random.nextBytes(bytes);
            if (bytes.length > 2) {
                bytes[0] = 34;
                bytes[1] = (byte) (bytes.length - 2);
            }
            survive(bytes, good, sample, "seed " + seed + ", message " + i);
        }
    }
}
