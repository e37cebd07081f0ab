package io.github.pgwatchrpc.measurement;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

@NullMarked
class EnvelopeBuilderTest {

    private final EnvelopeBuilder builder = new EnvelopeBuilder();

    @Test
    void keepsOrderAndExactTypesOfEveryRow() {
        Map<String, @Nullable Object> row = new LinkedHashMap<>();
        row.put("z", null);
        row.put("flag", true);
        row.put("big", Long.MIN_VALUE);
        row.put("huge", new BigInteger("18446744073709551615"));
        row.put("single", 0.1f);
        row.put("double", -0.0);
        row.put("text", "héllo\0");
        row.put("bytes", new byte[] {0, -1});
        row.put("list", Arrays.asList(1L, null, "x"));
        row.put("object", Map.of("k", List.of(2.5)));
        Measurement measured = builder.row(row).build().get(0);

        assertEquals(List.copyOf(row.keySet()), List.copyOf(measured.columns().keySet()));
        assertEquals(
                List.of(
                        ValueType.NULL,
                        ValueType.BOOLEAN,
                        ValueType.INT64,
                        ValueType.UINT64,
                        ValueType.FLOAT32,
                        ValueType.DOUBLE,
                        ValueType.TEXT,
                        ValueType.BYTES,
                        ValueType.LIST,
                        ValueType.OBJECT),
                java.util.stream.IntStream.range(0, measured.size())
                        .mapToObj(measured::type)
                        .toList());
        assertNull(measured.value("z"));
        assertEquals(Long.MIN_VALUE, measured.value("big"));
        assertEquals(new BigInteger("18446744073709551615"), measured.value("huge"));
        assertEquals(0.1f, measured.value("single"));
        assertEquals(-0.0, measured.value("double"));
        assertEquals("héllo\0", measured.value("text"));
        assertArrayEquals(new byte[] {0, -1}, (byte[]) measured.value("bytes"));
        assertEquals(Arrays.asList(1L, null, "x"), measured.value("list"));
        assertEquals(Map.of("k", List.of(2.5)), measured.value("object"));
    }

    @Test
    void rowsMayDifferInColumnsAndOrder() {
        MeasurementEnvelope envelope = builder.row(ordered("a", 1L, "b", 2L))
                .row(ordered("b", 3L))
                .row(Map.of())
                .row(ordered("c", 4L, "a", 5L))
                .build();
        assertEquals(4, envelope.size());
        assertEquals("{b=3}", envelope.get(1).toString());
        assertEquals("{}", envelope.get(2).toString());
        assertEquals("{c=4, a=5}", envelope.get(3).toString());
        assertEquals(-1, envelope.get(1).find("a"));
    }

    @Test
    void lastOfTwoValuesOfAColumnWins() {
        builder.beginRow();
        builder.put("a", 1L).put("b", 2L).put("a", "again").endRow();
        builder.beginRow().put("a", 3L).endRow();
        MeasurementEnvelope envelope = builder.build();
        assertEquals("{a=again, b=2}", envelope.get(0).toString());
        assertEquals("{a=3}", envelope.get(1).toString());
    }

    @Test
    void namesAreSharedBetweenEnvelopes() {
        MeasurementEnvelope first = builder.row(Map.of("seq_scan", 1L)).build();
        MeasurementEnvelope second = builder.row(Map.of("seq_scan", 2L)).build();
        assertSame(first.get(0).name(0), second.get(0).name(0));
        assertEquals(1L, first.get(0).longValue(0));
        assertEquals(2L, second.get(0).longValue(0));
    }

    @Test
    void inventedNamesStayRightAndAreForgotten() {
        int names = ColumnNames.MAX_NAMES + 100;
        for (int round = 0; round < 3; round++) {
            builder.beginRow();
            for (int i = 0; i < names; i++) {
                builder.put("n" + round + "_" + i, (long) i);
            }
            builder.put("x".repeat(ColumnNames.MAX_KEPT_BYTES + 1), "long");
            builder.put("n" + round + "_7", "again");
            Measurement row = builder.endRow().build().get(0);
            assertEquals(names + 1, row.size());
            assertEquals("again", row.value("n" + round + "_7"));
            assertEquals((long) names - 1, row.value("n" + round + "_" + (names - 1)));
        }
    }

    @Test
    void timeIsTheColumnOrElseTheReceipt() {
        assertEquals(5L, timeOf(ordered("epoch_ns", 5L)));
        assertEquals(1795367430436993024L, timeOf(ordered("epoch_ns", (double) 1795367430436993024L)));
        assertEquals(77L, timeOf(ordered("epoch_ns", 0L)));
        assertEquals(77L, timeOf(ordered("epoch_ns", "soon")));
        assertEquals(77L, timeOf(ordered("epoch_ns", Double.NaN)));
        assertEquals(77L, timeOf(ordered("other", 1L)));
    }

    private long timeOf(Map<String, @Nullable Object> row) {
        return builder.receivedAt(77).row(row).build().get(0).timeNanos();
    }

    @Test
    void tagsAndFieldsFollowTheNamingRules() {
        Measurement row = builder.customTag("env", "prod")
                .customTag("host", "source")
                .row(ordered(
                        "epoch_ns", 1L, "tag_host", "row", "tag_n", 3L, "tag_none", null, "tag_", "a field", "v", 2L))
                .build()
                .get(0);
        assertEquals(Map.of("env", "prod", "host", "row", "n", "3"), row.tags());
        assertEquals(ordered("tag_", "a field", "v", 2L), row.fields());
    }

    @Test
    void noTagsAreNotAnEmptySetOfTags() {
        assertTrue(builder.customTags(Map.of()).build().hasCustomTags());
        MeasurementEnvelope none = builder.build();
        assertEquals(Map.of(), none.customTags());
        assertTrue(!none.hasCustomTags());
    }

    @Test
    void textThatIsNotUtf8ReadsWithReplacements() {
        byte[] broken = {'a', (byte) 0xff, 'b'};
        builder.beginRow();
        builder.putText(builder.column("t"), broken, 0, 3);
        assertEquals("a\ufffdb", builder.endRow().build().get(0).value("t"));
    }

    @Test
    void equalityIsByContentAndType() {
        assertEquals(one("a", 1L), one("a", 1L));
        assertEquals(one("a", 1L).hashCode(), one("a", 1L).hashCode());
        assertNotEquals(one("a", 1L), one("a", 1.0));
        assertNotEquals(one("a", 1L), one("b", 1L));
        assertEquals(one("a", List.of(new byte[] {1})), one("a", List.of(new byte[] {1})));
        assertNotEquals(one("a", List.of(new byte[] {1})), one("a", List.of(new byte[] {2})));
    }

    private MeasurementEnvelope one(String name, Object value) {
        return builder.database("d").metric("m").row(Map.of(name, value)).build();
    }

    @Test
    void refusesWhatTheModelDoesNotHold() {
        builder.beginRow();
        assertEquals(
                "integer: 18446744073709551616 (expected: -2^63 to 2^64-1)",
                assertThrows(IllegalArgumentException.class, () -> builder.put("a", BigInteger.ONE.shiftLeft(64)))
                        .getMessage());
        assertThrows(IllegalArgumentException.class, () -> builder.put("a", new Object()));
        assertThrows(IllegalArgumentException.class, () -> builder.put("a", Map.of(1, 2)));
        assertThrows(IllegalStateException.class, builder::build);
        assertThrows(IllegalStateException.class, builder::beginRow);
        builder.reset();
        assertThrows(IllegalStateException.class, builder::endRow);
        assertEquals(0, builder.build().size());
    }

    @Test
    void whatWasPutInIsCopied() {
        byte[] bytes = "abc".getBytes(StandardCharsets.UTF_8);
        MeasurementEnvelope envelope = one("a", bytes);
        bytes[0] = 'x';
        assertArrayEquals(
                "abc".getBytes(StandardCharsets.UTF_8), (byte[]) envelope.get(0).value(0));
    }

    private static Map<String, @Nullable Object> ordered(@Nullable Object... namesAndValues) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            map.put((String) java.util.Objects.requireNonNull(namesAndValues[i]), namesAndValues[i + 1]);
        }
        return map;
    }

    @Test
    void namesThatDifferInOneByteAreDifferentColumns() {
        EnvelopeBuilder builder = new EnvelopeBuilder();
        Set<String> names = new LinkedHashSet<>();
        for (int length = 1; length <= 40; length++) {
            names.add("x".repeat(length));
            for (int at = 0; at < length; at++) {
                names.add("x".repeat(at) + "y" + "x".repeat(length - at - 1));
            }
        }
        builder.beginRow();
        for (String name : names) {
            builder.put(name, name);
        }
        for (String name : names) {
            byte[] inTheMiddle = ("<" + name + ">").getBytes(StandardCharsets.UTF_8);
            builder.putText(builder.column(inTheMiddle, 1, name.length()), name + "!");
        }
        Measurement row = builder.endRow().build().get(0);
        assertEquals(names.size(), row.size());
        for (String name : names) {
            assertEquals(name + "!", row.value(name));
        }
    }

    @Test
    void bytesAreShownWhereTheyLie() {
        Measurement row = new EnvelopeBuilder()
                .beginRow()
                .put("text", "käse")
                .put("bytes", new byte[] {1, 2, 3})
                .put("number", 1L)
                .endRow()
                .build()
                .get(0);
        List<byte[]> seen = new ArrayList<>();
        BytesConsumer keep = (array, offset, length) -> seen.add(Arrays.copyOfRange(array, offset, offset + length));
        row.readBytes(0, keep);
        row.readBytes(1, keep);
        assertEquals("käse", new String(seen.get(0), StandardCharsets.UTF_8));
        assertArrayEquals(new byte[] {1, 2, 3}, seen.get(1));
        IllegalStateException e = assertThrows(IllegalStateException.class, () -> row.readBytes(2, keep));
        assertEquals("type of column number: INT64 (expected: TEXT or BYTES)", e.getMessage());
    }
}
