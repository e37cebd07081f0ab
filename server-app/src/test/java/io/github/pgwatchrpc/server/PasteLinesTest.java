package io.github.pgwatchrpc.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PasteLinesTest {

    /** A line that is printed has to work: what comes without TLS by an address that is no loopback one is refused. */
    @ParameterizedTest
    @CsvSource({
        "0.0.0.0:5000, loopback, rpc://127.0.0.1:5000\"",
        "127.0.0.1:5000, loopback, rpc://127.0.0.1:5000\"",
        "203.0.113.7:5000, always, rpc://203.0.113.7:5000\"",
        "203.0.113.7:5000, loopback, --listen is no loopback address",
        "0.0.0.0:5000, never, cannot call without TLS here (--plaintext never)",
    })
    void theLineWithoutTlsLeadsToWhereItIsTaken(String listen, String plaintext, String part) throws ConfigException {
        StringWriter out = new StringWriter();
        new PasteLines(
                        Addresses.parse("--listen", listen),
                        Plaintext.valueOf(plaintext.toUpperCase(java.util.Locale.ROOT)),
                        "ca.crt",
                        Optional.empty())
                .print(new PrintWriter(out, true));
        String line = out.toString()
                .lines()
                .filter(each -> each.startsWith("  3.0 to 3.7"))
                .findFirst()
                .orElseThrow();
        assertTrue(line.contains(part), line);
        assertEquals(part.startsWith("rpc:"), line.contains("--sink="), line);
    }
}
