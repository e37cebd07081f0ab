package io.github.pgwatchrpc.rpc.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.security.SecureRandom;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ApiKeyTest {

    private final String key = ApiKey.generate(new SecureRandom()).text();

    @Test
    void isUrlSafeTextOfKnownFormAndNeverTheSame() {
        Set<String> all = new HashSet<>();
        for (int i = 0; i < 1000; i++) {
            String text = ApiKey.generate(new SecureRandom()).text();
            assertTrue(text.matches("pgwrpc_[A-Za-z0-9_-]{49}"), text);
            assertEquals(ApiKey.LENGTH, text.length());
            assertEquals(text, assertInstanceOf(ApiKey.class, ApiKey.read(text)).text());
            assertTrue(all.add(text));
        }
    }

    /** Every typo that stays within the alphabet is told as one. */
    @Test
    void everyWrongCharacterIsATypo() {
        String alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        for (int at = ApiKey.PREFIX.length(); at < key.length(); at++) {
            for (char each : alphabet.toCharArray()) {
                String other = key.substring(0, at) + each + key.substring(at + 1);
                if (!other.equals(key)) {
                    assertEquals(KeyFlaw.CHECKSUM, ApiKey.read(other));
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "'', EMPTY",
        "secret, PREFIX",
        "' pgwrpc_', PREFIX",
        "PGWRPC_abc, PREFIX",
        "pgwrpc_, TRUNCATED",
        "pgwrpc_abc, TRUNCATED",
        "'pgwrpc_abc\u0000', CHARACTERS",
        "'pgwrpc_abc\n', CHARACTERS",
        "'pgwrpc_äbc', CHARACTERS",
    })
    void saysWhatIsWrong(String text, KeyFlaw flaw) {
        assertEquals(flaw, ApiKey.read(text));
    }

    @Test
    void everyTruncationAndEveryContinuationIsRefused() {
        for (int length = ApiKey.PREFIX.length(); length < key.length(); length++) {
            assertEquals(KeyFlaw.TRUNCATED, ApiKey.read(key.substring(0, length)));
        }
        assertEquals(KeyFlaw.TOO_LONG, ApiKey.read(key + "A"));
        assertEquals(KeyFlaw.TOO_LONG, ApiKey.read(key + "A".repeat(64 << 10)));
    }

    @Test
    void doesNotShowItself() {
        assertFalse(ApiKey.read(key).toString().contains(key.substring(10)));
        assertNotEquals(key, KeyHash.of(key).toString());
        assertEquals(KeyHash.of(key), KeyHash.parse(KeyHash.of(key).toString()));
    }
}
