package io.github.pgwatchrpc.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PasteLinesTest {

    private static final String KEY = "pgwrpc_0123456789-_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijk";

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path directory;

    private static String printed(String listen, Plaintext plaintext, String authority, Optional<Path> key)
            throws ConfigException {
        StringWriter out = new StringWriter();
        new PasteLines(Addresses.parse("--listen", listen), plaintext, authority, key)
                .print(new PrintWriter(out, true));
        return out.toString();
    }

    /** The lines that a shell is to get. */
    private static List<String> commands(String printed) {
        return printed.lines()
                .filter(each -> each.startsWith("    "))
                .map(String::strip)
                .toList();
    }

    private static String shell(String script) throws IOException, InterruptedException {
        Process shell = new ProcessBuilder("sh", "-eu", "-c", script)
                .redirectErrorStream(true)
                .start();
        String out = new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, shell.waitFor(), () -> script + "\n" + out);
        return out;
    }

    /** What Go's url.Parse and Query make of a parameter: a plus is a space, the rest is as in a path. */
    private static String parameter(URI uri, String name) {
        return java.net.URLDecoder.decode(uri.getRawQuery().substring((name + "=").length()), StandardCharsets.UTF_8);
    }

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
        String printed = printed(
                listen, Plaintext.valueOf(plaintext.toUpperCase(java.util.Locale.ROOT)), "ca.crt", Optional.empty());
        assertTrue(printed.contains(part), printed);
        assertEquals(part.startsWith("rpc:") ? 3 : 2, commands(printed).size(), printed);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "plain",
                "a+b",
                "100%",
                "a&b=c",
                "it's",
                "a b",
                "$(touch x)",
                "`id`",
                "\"q\"",
                "a\\b",
                "#a?b",
                "ü;é|*"
            })
    void aShellMakesOfThemWhatPgwatchUnderstands(String name) throws Exception {
        Path data = Files.createDirectories(directory.resolve(name));
        Path key = Files.writeString(data.resolve("api-key"), KEY + "\n");
        Path authority = data.resolve("ca.crt");
        String printed = printed("203.0.113.7:5000", Plaintext.ALWAYS, authority.toString(), Optional.of(key));
        assertFalse(printed.contains(KEY), printed);
        List<String> commands = commands(printed);
        assertEquals(4, commands.size(), printed);
        URI grpc = URI.create(shell(commands.get(0) + "; printf %s \"$PW_SINK\""));
        assertEquals("grpc", grpc.getScheme());
        assertEquals("pgwatch:" + KEY, grpc.getRawUserInfo());
        assertEquals("203.0.113.7:5000", grpc.getHost() + ":" + grpc.getPort());
        assertEquals(authority.toString(), parameter(grpc, "sslrootca"));
        URI rpc = URI.create(shell(commands.get(1) + "; printf %s \"$PW_SINK\""));
        assertEquals(authority.toString(), parameter(rpc, "sslrootca"));
        assertEquals("rpc://203.0.113.7:5000", shell(commands.get(2) + "; printf %s \"$PW_SINK\""));
        assertEquals("    pgwatch_rpc_key: " + KEY + "\n", shell(commands.get(3)));
        assertFalse(printed.contains("custom_tags: {"), printed);
        assertFalse(Files.exists(Path.of("x")), "a path was run as a command");
    }

    @Test
    void keyKnowsWhereTheReceiverListens() throws Exception {
        ServeOptions options = new ServeOptions();
        options.dataDir = directory.resolve("data");
        options.listen = "127.0.0.1:0";
        options.webAddress = "off";
        int port;
        try (Server server = Server.start(options)) {
            port = server.address().getPort();
            Ran told = Ran.command("key", "--data-dir=" + options.dataDir);
            assertTrue(told.out().contains("@127.0.0.1:" + port + "/?sslrootca="), told::out);
        }
        // and from a configuration file, the directory as well as what is said there
        Path config = Files.writeString(
                directory.resolve("c.yaml"), "data-dir: '" + options.dataDir + "'\nplaintext: never\n");
        Ran configured = Ran.command("key", "--config=" + config);
        assertEquals(ExitCode.FINE, configured.code(), configured::err);
        assertTrue(configured.out().contains("@127.0.0.1:" + port + "/?sslrootca="), configured::out);
        assertTrue(configured.out().contains("--plaintext never"), configured::out);
        Ran given = Ran.command("key", "--config=" + config, "--listen=10.0.0.1:7");
        assertTrue(given.out().contains("@10.0.0.1:7/?sslrootca="), given::out);
    }
}
