package io.github.pgwatchrpc.server;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WebHostsTest {

    private static WebHosts hosts() throws ConfigException {
        return new WebHosts(
                () -> List.of("box", "Box.lan", "*.example.com"), List.of("Status.Example.org", "under_score"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "localhost",
                "LOCALHOST:5001",
                "localhost.:5001",
                "a.localhost",
                "127.0.0.1",
                "10.1.2.3:5001",
                "[::1]",
                "[2001:db8::7]:5001",
                "box:1",
                "box.lan",
                "BOX.LAN.:65535",
                "one.example.com",
                "status.example.org",
                "under_score:5001"
            })
    void isRight(String header) throws ConfigException {
        assertTrue(hosts().isRight(header), header);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ":5001",
                "evil.example",
                "evil.example:5001",
                "localhost.evil.example",
                "127.0.0.1.evil.example",
                "evillocalhost",
                "box.evil.example",
                "example.com",
                "a.b.example.com",
                ".example.com",
                "[::1].evil.example",
                "[::1",
                "user@localhost",
                "localhost:5001:5001",
                "localhost/",
                "127.0.0.1,evil.example",
                "1.2.3",
                "0x7f.1"
            })
    void isWrong(String header) throws ConfigException {
        assertFalse(hosts().isRight(header), header);
    }

    @ParameterizedTest
    @ValueSource(strings = {"status.example.com:5001", "http://x", "", "*", "a b", "."})
    void whatIsNoNameIsRefused(String name) {
        assertThrows(ConfigException.class, () -> new WebHosts(List::of, List.of(name)));
    }

    /** The machine's name may become known, or another, while the receiver runs. */
    @Test
    void ownNamesAreAskedForEachTime() throws ConfigException {
        List<String> own = new java.util.ArrayList<>();
        WebHosts hosts = new WebHosts(() -> own, List.of());
        assertFalse(hosts.isRight("later"));
        own.add("later");
        assertTrue(hosts.isRight("later"));
    }
}
