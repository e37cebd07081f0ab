package io.github.pgwatchrpc.sink.mongo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class NamesTest {

    @Test
    void whatMongoDoesNotTakeIsEscapedAndCanBeReadBack() {
        assertEquals("%24c", Names.field("$c"));
        assertEquals("a%2Eb", Names.field("a.b"));
        assertEquals("%00", Names.field("\0"));
        assertEquals("%", Names.field(""));
        assertEquals("100%25", Names.field("100%"));
        assertEquals("größe 日本", Names.field("größe 日本"));
        Set<String> names = new HashSet<>();
        List<String> all = List.of("", "%", "$", ".", "%24", "a.b", "a%2Eb", "a$b", "_id", "%5Fid", "time", "\0a");
        for (String name : all) {
            String field = Names.field(name, Set.of("_id", "time"));
            assertTrue(names.add(field), () -> "twice: " + field);
            assertEquals(name, Stored.plain(field));
            assertTrue(field.chars().noneMatch(c -> c == '$' || c == '.' || c == 0) && !field.isEmpty(), field);
        }
        assertTrue(names.stream().noneMatch(Set.of("_id", "time")::contains));
    }

    @Test
    void longNamesAreCutAtACharacterAndStayDifferent() {
        assertEquals(176, Names.MAX_COLLECTION_BYTES);
        String fits = "x".repeat(Names.MAX_COLLECTION_BYTES);
        assertEquals(fits, Names.bounded(fits));
        for (String character : List.of("x", "ž", "日", "😀")) {
            String one = Names.bounded(character.repeat(300) + "1");
            String two = Names.bounded(character.repeat(300) + "2");
            assertNotEquals(one, two);
            for (String name : List.of(one, two)) {
                int bytes = name.getBytes(StandardCharsets.UTF_8).length;
                assertTrue(bytes <= Names.MAX_COLLECTION_BYTES && bytes > Names.MAX_COLLECTION_BYTES - 4, name);
                assertTrue(name.indexOf('\ufffd') < 0 && name.contains("%~"), name);
            }
        }
    }
}
