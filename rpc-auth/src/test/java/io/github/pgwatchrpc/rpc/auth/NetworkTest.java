package io.github.pgwatchrpc.rpc.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NetworkTest {

    @ParameterizedTest
    @CsvSource({
        "10.1.0.0/16, 10.1.255.255, true",
        "10.1.0.0/16, 10.2.0.0, false",
        "10.1.0.0/16, ::1, false",
        "10.1.2.3, 10.1.2.3, true",
        "10.1.2.3, 10.1.2.4, false",
        "10.1.2.128/25, 10.1.2.129, true",
        "10.1.2.128/25, 10.1.2.127, false",
        "0.0.0.0/0, 255.1.1.1, true",
        "fd00::/8, fdff::1, true",
        "fd00::/8, fe80::1, false",
        "::/0, 1.2.3.4, false",
        "::/0, ::1, true",
    })
    void contains(String network, String address, boolean expected) {
        assertEquals(expected, Network.parse(network).contains(new InetSocketAddress(address, 1)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "/8",
                "localhost",
                "localhost/8",
                "10.0.0.0/33",
                "10.0.0.0/-1",
                "10.0.0.0/x",
                "10.0.0.1/8",
                "::/129",
                "300.1.1.1/8",
                "a.b/8"
            })
    void refuses(String text) {
        String message = assertThrows(IllegalArgumentException.class, () -> Network.parse(text))
                .getMessage();
        assertTrue(message.startsWith("network: " + text), message);
    }

    @Test
    void othersAreNowhere() {
        assertFalse(Network.parse("0.0.0.0/0").contains(InetSocketAddress.createUnresolved("x", 1)));
    }
}
