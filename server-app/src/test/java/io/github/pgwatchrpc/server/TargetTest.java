package io.github.pgwatchrpc.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TargetTest {

    @Test
    void theUrisOfPgwatch() throws Exception {
        Target target = Target.parse("grpc://joe:a%3Ab%2Fc+d@localhost:5000/");
        assertEquals(Target.Protocol.GRPC, target.protocol());
        assertEquals("localhost", target.address().getHostString());
        assertEquals(5000, target.address().getPort());
        assertEquals("joe", target.username());
        assertEquals("a:b/c+d", target.password());
        assertNull(target.tls());
        assertEquals("grpc://localhost:5000", target.toString());
        assertEquals("k", Target.parse("rpc://h.invalid:1?token=k").password());
        assertEquals("k", Target.parse("grpc://joe@h.invalid:1/?token=k").password());
        target = Target.parse("rpc://[::1]:7");
        assertEquals(Target.Protocol.NET_RPC, target.protocol());
        assertEquals("", target.username() + target.password());
        assertEquals("rpc://[0:0:0:0:0:0:0:1]:7", target.toString().replace("[::1]", "[0:0:0:0:0:0:0:1]"));
        assertEquals("only", Target.parse("grpc://only@h.invalid:1").username());
    }

    @ParameterizedTest
    @CsvSource({
        "http://localhost:1, scheme http (expected: grpc or rpc)",
        "localhost, scheme null (expected: grpc or rpc)",
        "grpc://:5000, host ",
        "grpc://joe:secret@:5000, host ",
        "grpc://joe:secret/x@localhost:5000, a slash in front of the @ (expected: %2F",
        "grpc://joe:1/secret@localhost:5000, a slash in front of the @ (expected: %2F",
        "grpc://a_b:5000, host a_b:5000 (expected: HOST:PORT)",
        "grpc://localhost, port none (expected: 1 to 65535)",
        "grpc://localhost:0, port 0 (expected: 1 to 65535)",
        "grpc://localhost:65536, port 65536 (expected: 1 to 65535)",
        "grpc://localhost:1/path, path /path (expected: none)",
        "grpc://localhost:1#x, fragment x (expected: none)",
        "grpc://localhost:1?sslmode=full, parameter sslmode (expected: sslrootca or token)",
        "grpc://joe:secret@localhost:1?token=secret, 'two keys, a password and a token (expected: one)'",
        "rpc://localhost:1?token=secret%0A, 'token of 7 characters, not all of them printable ASCII'",
        "grpc://joe:secret with blank@localhost:1, not a URI: Illegal character in authority at index 7",
        "grpc://joe:secret%0A@localhost:1, 'password of 7 characters, not all of them printable ASCII'",
        "rpc://joe:secret@localhost:1, user given (expected: none: net/rpc has no place for it)",
        "rpc://localhost:1?sslrootca=/no/such/file.crt, sslrootca /no/such/file.crt"
    })
    void errorsNameThePartAndNeverThePassword(String uri, String error) {
        ConfigException wrong = assertThrows(ConfigException.class, () -> Target.parse(uri));
        String message = String.valueOf(wrong.getMessage());
        assertTrue(message.startsWith("--to: " + error), message);
        assertFalse((message + wrong.hint()).contains("secret"), message);
    }

    @Test
    void anAuthorityThatIsNone(@TempDir Path directory) throws Exception {
        Path file = Files.writeString(directory.resolve("ca.crt"), "no certificate");
        ConfigException wrong =
                assertThrows(ConfigException.class, () -> Target.parse("grpc://localhost:1/?sslrootca=" + file));
        assertTrue(String.valueOf(wrong.getMessage()).startsWith("--to: sslrootca " + file), wrong::getMessage);
    }
}
