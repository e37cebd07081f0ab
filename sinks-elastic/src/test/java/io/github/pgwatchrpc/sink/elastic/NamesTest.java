package io.github.pgwatchrpc.sink.elastic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class NamesTest {

    @Test
    void fieldNamesCanBeReadBackAndStayApart() {
        List<String> names = List.of(
                "seq_scan", "", " ", "\t", "\u2003", ".", "a.b", "a%2Eb", "%", "%%", "_id", "$x", " a ", "a..b", "žluť", "😀.", "%20", "*");
        Set<String> escaped = new HashSet<>();
        for (String name : names) {
            String field = FieldNames.escaped(name);
            assertEquals(name, FieldNames.original(field), field);
            assertTrue(escaped.add(field), field);
            assertTrue(!field.isBlank() && field.indexOf('.') < 0, field);
        }
        assertEquals("seq_scan", FieldNames.escaped("seq_scan"));
        assertEquals("a%2Eb", FieldNames.escaped("a.b"));
    }

    @Test
    void rememberedNamesAreBounded() {
        FieldNames names = new FieldNames();
        for (int i = 0; i < 3 * FieldNames.MAX_REMEMBERED; i++) {
            assertEquals("\"c" + i + "\":", new String(names.of("c" + i).key(), StandardCharsets.UTF_8));
        }
        assertEquals(FieldNames.Role.TAG, names.of("tag_x").role());
        assertEquals("x", names.of("tag_x").plain());
        assertEquals(FieldNames.Role.FIELD, names.of("tag_").role());
        assertEquals(FieldNames.Role.TIME, names.of("epoch_ns").role());
    }

    @Test
    void indexNamesAreLegalWhateverTheMetricIsCalled() {
        IndexNames streams = IndexNames.streams("default");
        assertEquals("metrics-pgwatch.table_stats-default", streams.of("db", "table_stats", 0));
        assertEquals("metrics-pgwatch.a_b__c_-default", streams.of("db", "A/b-\"c*", 0));
        assertEquals("metrics-pgwatch.unnamed-default", streams.of("db", "", 0));
        assertEquals("metrics-pgwatch.m.late-default", streams.late().of("db", "m", 0));
        assertEquals("metrics-pgwatch.*-default", streams.wildcard());
        assertEquals("metrics-pgwatch-default", streams.template());
        String one = streams.of("db", "x".repeat(1_000) + "1", 0);
        String two = streams.of("db", "x".repeat(1_000) + "2", 0);
        assertTrue(one.length() < 130 && !one.equals(two), one);
        IndexNames indices = new IndexNames("pgwatch-{metric}-{date}", false);
        assertEquals("pgwatch-*-*", indices.wildcard());
        assertEquals("pgwatch", indices.template());
        assertEquals("pgwatch-rpc", new IndexNames("{metric}", false).template());
    }
}
