package io.github.pgwatchrpc.rpc.tls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HostNamesTest {
    @ParameterizedTest
    @CsvSource({
        "Metrics.Example.ORG, metrics.example.org",
        "metrics.example.org., metrics.example.org",
        "*.example.org, *.example.org",
        "pg_watch-1, pg_watch-1",
        "0123456789ab, 0123456789ab",
        "bücher.example, xn--bcher-kva.example",
        "192.0.2.7, 192.0.2.7",
        "2001:DB8::1, 2001:db8:0:0:0:0:0:1",
        "[2001:db8::1], 2001:db8:0:0:0:0:0:1",
        "::1, 0:0:0:0:0:0:0:1",
        "::ffff:192.0.2.7, 192.0.2.7",
    })
    void hasOneSpelling(String text, String spelled) {
        assertEquals(spelled, HostNames.canonical(text));
        assertEquals(spelled, HostNames.canonical(spelled));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                ".",
                "a b",
                "example.org:5000",
                "https://example.org",
                "a..b",
                "-a",
                "a-",
                "*",
                "a.*.b",
                "300.1.2.3",
                "1.2.3",
                "192.0.2.0/24",
                "fe80::1%eth0",
                "[::1",
                "[::1]:5000",
                "user@host",
                "a,b",
                "bü cher.example"
            })
    void refusesWhatNoCertificateCanHold(String text) {
        String message = String.valueOf(assertThrows(IllegalArgumentException.class, () -> HostNames.canonical(text))
                .getMessage());
        assertTrue(message.startsWith("host name: '" + text + "'"), message);
    }

    @Test
    void refusesLongOnes() {
        String label = "a".repeat(63);
        String longest = String.join(".", label, label, label, "a".repeat(61));
        assertEquals(longest, HostNames.canonical(longest));
        assertEquals(
                "length of host name: 254 (expected: <= 253)",
                assertThrows(IllegalArgumentException.class, () -> HostNames.canonical(longest + "a"))
                        .getMessage());
        assertThrows(IllegalArgumentException.class, () -> HostNames.canonical("a".repeat(64)));
    }
}
