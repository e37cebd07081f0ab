package io.github.pgwatchrpc.delivery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.delivery.disk.Disk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DefinitionsTest {

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path directory;

    private Instant now = Instant.parse("2026-12-01T00:00:00Z");

    private final Clock clock = new Clock() {
        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return now;
        }
    };

    private Definitions open() throws IOException {
        return new Definitions(Disk.real(), directory.resolve("definitions"), clock);
    }

    private static Map<String, Object> sql(String sql) {
        return Map.of("MetricDefs", Map.of("cpu", Map.of("SQLs", sql)));
    }

    private static Map<String, Object> large(int bytes, int number) {
        return sql(number + "x".repeat(bytes));
    }

    /** 24 calls of 12 MB made 288 MB and an OutOfMemoryError. */
    @Test
    void whatOneSourceSendsIsReplacedAndDoesNotGrow() throws Exception {
        Definitions definitions = open();
        for (int i = 0; i < 24; i++) {
            assertNotNull(definitions.put("berlin", large(1 << 20, i)));
            assertTrue(definitions.bytes() <= Definitions.MAX_SOURCE_BYTES);
        }
        long file = Files.size(directory.resolve("definitions"));
        assertTrue(file <= Definitions.MAX_SOURCE_BYTES + 1000, () -> "bytes of the file: " + file);
        assertEquals(large(1 << 20, 23), last(definitions));
        assertEquals(large(1 << 20, 23), last(open()));
    }

    private static Map<?, ?> last(Definitions definitions) {
        List<Definitions.Named> all = definitions.all();
        return all.get(all.size() - 1).values();
    }

    @Test
    void whatIsTooLargeIsRefusedByNameAndBound() throws Exception {
        Definitions definitions = open();
        definitions.put("berlin", sql("select 1"));
        IOException large = assertThrows(
                DefinitionsTooLargeException.class,
                () -> definitions.put("berlin", large(Definitions.MAX_SOURCE_BYTES, 0)));
        assertTrue(
                String.valueOf(large.getMessage())
                        .matches("bytes of definitions: 4194\\d{3} \\(expected: <= 4194304\\)"),
                large::getMessage);
        Map<String, Object> many = new LinkedHashMap<>();
        for (int i = 0; i <= Definitions.MAX_NAMES; i++) {
            many.put("m" + i, Map.of());
        }
        IOException names = assertThrows(
                DefinitionsTooLargeException.class, () -> definitions.put("berlin", Map.of("MetricDefs", many)));
        assertEquals("metrics and presets of definitions: 10001 (expected: <= 10000)", names.getMessage());
        assertEquals(sql("select 1"), last(definitions));
        assertEquals(1, open().all().size());
    }

    @Test
    void allSourcesTogetherAreBounded() throws Exception {
        Definitions definitions = open();
        int bytes = Definitions.MAX_SOURCE_BYTES - 1000;
        for (int i = 0; i < 8; i++) {
            definitions.put("source " + i, large(bytes, i));
        }
        IOException full =
                assertThrows(DefinitionsTooLargeException.class, () -> definitions.put("source 8", large(bytes, 8)));
        assertTrue(
                String.valueOf(full.getMessage())
                        .endsWith(" (expected: <= 33554432); what was not sent for 7 days makes room"),
                full::getMessage);
        // who has a place can change what is in it
        assertNotNull(definitions.put("source 0", large(bytes, 9)));
        now = now.plus(Duration.ofDays(8));
        assertNotNull(definitions.put("source 8", large(bytes, 8)));
        assertEquals(1, definitions.all().size());
    }

    @Test
    void theirOrderMeansNothing() throws Exception {
        Map<String, Object> one = new LinkedHashMap<>();
        one.put("a", Map.of("x", 1L));
        one.put("b", Map.of());
        Map<String, Object> other = new LinkedHashMap<>();
        other.put("b", Map.of());
        other.put("a", Map.of("x", 1L));
        Definitions definitions = open();
        assertNotNull(definitions.put("berlin", Map.of("MetricDefs", one)));
        assertNull(definitions.put("berlin", Map.of("MetricDefs", other)));
    }

    /** Two pgwatches of two versions with one key: what they send in turn is no news. */
    @Test
    void severalPgwatchesMayBeOneSource() throws Exception {
        Definitions definitions = open();
        Definitions.Named first = definitions.put("fleet", sql("select 1"));
        Definitions.Named second = definitions.put("fleet", sql("select 2"));
        assertNotNull(first);
        assertNotNull(second);
        assertEquals(List.of("fleet", "fleet (2)"), List.of(first.name(), second.name()));
        assertNull(definitions.put("fleet", sql("select 1")));
        assertNull(definitions.put("fleet", sql("select 2")));
        // the one that was not sent for the longest time makes room
        for (int i = 3; i <= 4; i++) {
            definitions.put("fleet", sql("select " + i));
        }
        now = now.plusSeconds(60);
        definitions.put("fleet", sql("select 1"));
        Definitions.Named fifth = definitions.put("fleet", sql("select 5"));
        assertNotNull(fifth);
        assertEquals("fleet (2)", fifth.name());
        assertEquals(4, definitions.all().size());
        assertNull(definitions.put("fleet", sql("select 1")));
    }

    @Test
    void whatIsSentAgainStaysAndWhatIsNotGoes() throws Exception {
        Definitions definitions = open();
        definitions.put("gone", sql("select 1"));
        for (int day = 0; day < 10; day++) {
            definitions.put("here", sql("select 2"));
            now = now.plus(Duration.ofDays(1));
        }
        // as well over a restart: the file has the time, to a day
        assertEquals(
                List.of("here"),
                open().all().stream().map(Definitions.Named::name).toList());
        now = now.plus(Duration.ofDays(8));
        assertEquals(List.of(), open().all());
    }
}
