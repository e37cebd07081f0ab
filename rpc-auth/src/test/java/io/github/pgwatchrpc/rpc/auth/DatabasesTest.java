package io.github.pgwatchrpc.rpc.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DatabasesTest {

    @ParameterizedTest
    @CsvSource({
        "*, anything, true",
        "*, '', true",
        "shop, shop, true",
        "shop, shop2, false",
        "shop, Shop, false",
        "'shop,app_*', app_1, true",
        "'shop,app_*', app, false",
        "'a%2Cb', 'a,b', true",
        "'a%20b', 'a b', true",
        "a+b, a+b, true",
        "a%2A, a*, true",
        "a%2A, ab, false",
    })
    void covers(String text, String database, boolean expected) {
        assertEquals(expected, Databases.parse(text).covers(database));
        assertEquals(
                Databases.parse(text), Databases.parse(Databases.parse(text).toString()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ",", "a,", "*a", "a*b", "a%", "a%2", "%zz"})
    void refuses(String text) {
        IllegalArgumentException refused = assertThrows(IllegalArgumentException.class, () -> Databases.parse(text));
        assertTrue(refused.getMessage().startsWith("databases: " + text + " (expected: "), refused::getMessage);
    }
}
