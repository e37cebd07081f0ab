package io.github.pgwatchrpc.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AddressesTest {

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1:5000, 127.0.0.1:5000",
        "0.0.0.0:0, 0.0.0.0:0",
        "127.0.0.1:65535, 127.0.0.1:65535",
        "[::1]:5000, [0:0:0:0:0:0:0:1]:5000",
        "::1:5000, [0:0:0:0:0:0:0:1]:5000"
    })
    void readsAndPrints(String text, String printed) throws Exception {
        InetSocketAddress address = Addresses.parse("--listen", text);
        assertEquals(printed, Addresses.print(address));
        assertEquals(address, Addresses.parse("--listen", printed));
    }

    @Test
    void withoutAHostItIsEveryAddress() throws Exception {
        InetSocketAddress every = Addresses.parse("--listen", ":5000");
        assertTrue(every.getAddress().isAnyLocalAddress());
        assertTrue(Addresses.local(every).getAddress().isLoopbackAddress());
        assertEquals(5000, Addresses.local(every).getPort());
        assertTrue(Addresses.reachable(every).endsWith(":5000"));
        assertFalse(Addresses.reachable(every).startsWith("0.0.0.0"));
        InetSocketAddress one = Addresses.parse("--listen", "127.0.0.1:5000");
        assertEquals(one, Addresses.local(one));
        assertEquals("127.0.0.1:5000", Addresses.reachable(one));
    }

    @ParameterizedTest
    @CsvSource({
        "5000, --listen: 5000 (expected: HOST:PORT)",
        "127.0.0.1:, --listen: port  (expected: a number)",
        "127.0.0.1:http, --listen: port http (expected: a number)",
        "127.0.0.1:-1, --listen: port -1 (expected: 0 to 65535)",
        "127.0.0.1:65536, --listen: port 65536 (expected: 0 to 65535)",
        "no such host:1, --listen: host no such host cannot be found"
    })
    void saysWhatIsWrong(String text, String message) {
        ConfigException error = assertThrows(ConfigException.class, () -> Addresses.parse("--listen", text));
        assertEquals(message, error.getMessage());
        assertTrue(error.hint().contains("--listen 0.0.0.0:5000"), error::hint);
    }
}
