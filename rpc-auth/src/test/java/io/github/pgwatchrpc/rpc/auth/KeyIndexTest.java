package io.github.pgwatchrpc.rpc.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KeyIndexTest {

    private final SecureRandom random = new SecureRandom();

    private static KeyIndex.Entry entry(NamedKey key) {
        return new KeyIndex.Entry(key, new KeyUsage(key.label()));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 1000, KeyRing.MAX_KEYS + 2})
    void findsEachKeyAndNoOther(int keys) {
        List<KeyIndex.Entry> entries = new ArrayList<>();
        for (int i = 0; i < keys; i++) {
            entries.add(entry(NamedKey.unlimited("k" + i, KeyHash.of("key " + i), NamedKey.Users.ANY)));
        }
        KeyIndex index = new KeyIndex(entries, random);
        for (int i = 0; i < keys; i++) {
            assertSame(entries.get(i), index.find(KeyHash.of("key " + i), "whoever"));
            assertNull(index.find(KeyHash.of("no key " + i), "whoever"));
        }
        assertNull(index.find(KeyHash.of(""), ""));
    }

    /** The same text in two files: the one that goes with the user counts, and rather one of today's. */
    @Test
    void theBetterOfTwoCounts() {
        KeyHash hash = KeyHash.of("a");
        NamedKey joe = NamedKey.unlimited("joe", hash, NamedKey.Users.NAME);
        NamedKey any = NamedKey.unlimited("any", hash, NamedKey.Users.ANY);
        NamedKey old = NamedKey.former("api-key", hash, new FormerKey(Instant.EPOCH, FormerKey.By.START, true));
        for (List<NamedKey> each : List.of(List.of(old, joe, any), List.of(any, joe, old), List.of(joe, old, any))) {
            KeyIndex index = new KeyIndex(each.stream().map(KeyIndexTest::entry).toList(), random);
            KeyIndex.Entry found = index.find(hash, "jim");
            assertNotNull(found);
            assertEquals("any", found.key().name());
        }
        KeyIndex.Entry only = new KeyIndex(List.of(entry(joe)), random).find(hash, "jim");
        assertNotNull(only);
        assertEquals("joe", only.key().name(), "so that its holder is told of the user name");
    }
}
