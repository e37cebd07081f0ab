package io.github.pgwatchrpc.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MainTest {

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path directory;

    /** One line that names what is wrong, one that says what to do, and nothing else. */
    private static void assertTwoLines(int code, String message, Ran ran) {
        assertEquals(code, ran.code(), ran::err);
        assertEquals(2, ran.errLines().size(), ran::err);
        assertTrue(ran.errLines().get(0).startsWith("pgwatch-rpc: "), ran::err);
        assertTrue(ran.errLines().get(0).contains(message), ran::err);
        assertTrue(ran.errLines().get(1).startsWith("  "), ran::err);
        assertEquals("", ran.out());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--help",
                "-h",
                "serve --help",
                "demo --help",
                "load --help",
                "inspect --help",
                "key --help",
                "cert --help",
                "keys --help",
                "keys add --help",
                "spool status --help",
                "deadletters drop --help"
            })
    void helps(String args) {
        Ran ran = Ran.command(args.split(" ", -1));
        assertEquals(ExitCode.FINE, ran.code());
        assertTrue(ran.out().startsWith("Usage: pgwatch-rpc"), ran::out);
        assertEquals("", ran.err());
    }

    @Test
    void tellsItsVersion() {
        Ran ran = Ran.command("--version");
        assertEquals(ExitCode.FINE, ran.code());
        assertTrue(ran.out().startsWith("pgwatch-rpc "), ran::out);
    }

    @ParameterizedTest
    @CsvSource({
        "nosuch, nosuch",
        "serve --nosuch, --nosuch",
        "--nosuch=1, --nosuch",
        "serve word, a word that belongs to no option",
        "keys nosuch, nosuch: no such command",
        "serve --listen, --listen",
        "serve --ack-timeout 5, 5 (expected: a number above 0",
        "serve --ack-timeout=0s, 0s (expected: a number above 0",
        "serve --durability maybe, --durability",
        "serve --spool-max-bytes many, many (expected: a number of bytes",
        "serve --spool-min-free 9999999999999999TB, (expected: a number of bytes",
        "serve --new-sink then, --new-sink",
        "spool, nothing to do",
        "deadletters, nothing to do",
        "deadletters list --since yesterday, --since",
        "serve --plaintext sometimes, --plaintext",
        "serve --tls-client-auth maybe, --tls-client-auth",
        "demo --seconds x, --seconds",
        "load, --to",
        "load --to rpc://x:1 --connections x, --connections",
        "inspect, FILE",
        "keys, nothing to do",
        "keys add, NAME",
        "keys list, --keys",
        "serve --auth maybe, --auth",
        "serve --api-key old, --api-key",
    })
    void wrongUsage(String args, String message) {
        assertTwoLines(ExitCode.USAGE, message, Ran.command(args.split(" ", -1)));
    }

    /** A slip of the finger must not put a password into a terminal's history of others, or into a log. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "serve --server-pasword=geheim",
                "--server-pasword=geheim",
                "serve --server-pasword geheim",
                "serve --server-password= geheim",
                "serve geheim",
                "serve --sinks=splunk://x?token=geheim",
                "serve --sinks splunk://x?token=geheim",
                "serve --sink=splunkk://geheim@x?token=geheim --listen=127.0.0.1:0",
                "serve --sink=splunk:///?token=geheim&nosuch=geheim --listen=127.0.0.1:0",
                "serve --server-username --listen=geheim --server-password=geheim x",
                "serve --server-password geheim --server-password geheim",
                "serve -geheim=geheim --server-password",
                "key --server-password=geheim",
                "key --show=geheim",
                "key geheim",
                "load --to=grpc://user:geheim@x",
                "load --to=grpcs://user:geheim@x:1",
                "load --to=rpc://user:geheim@x:y",
                "load --too=rpc://user:geheim@x:y"
            })
    void errorsDoNotShowWhatMayBeASecret(String args) {
        Ran ran =
                Ran.command(("" + args + (args.contains("--sink=") ? " --data-dir=" + directory : "")).split(" ", -1));
        assertTrue(ran.code() == ExitCode.USAGE || ran.code() == ExitCode.CONFIG, ran::err);
        assertFalse(ran.err().contains("geheim"), ran::err);
    }

    @Test
    void whatIsMeantIsSuggested() {
        Ran ran = Ran.command("serve", "--server-pasword=geheim");
        assertTwoLines(ExitCode.USAGE, "--server-pasword: no such option (do you mean ", ran);
        assertTrue(ran.err().contains("--server-password?)"), ran::err);
    }

    @Test
    void aFileThatOthersCanChangeIsRefused() throws IOException {
        Path file = Files.writeString(directory.resolve("c.yaml"), "listen: 127.0.0.1:0\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-rw-"));
        Ran ran = Ran.command("check", "--config", file.toString(), "--data-dir", directory.toString());
        assertTwoLines(ExitCode.CONFIG, file + ": mode rw-rw-rw- (expected: no other user can write there)", ran);
        assertEquals(
                "  chmod o-w " + file + ", and check what others may have put there",
                ran.errLines().get(1));
    }

    @ParameterizedTest
    @CsvSource({
        "'server-password: x', rw-r--r--, true",
        "'sink: splunk://x?token=x', rw-r--r--, true",
        "'sink: [a=jsonfile:x, m=mongodb://u:p@h/]', rw-r--r--, true",
        "'sink: elasticsearch://h?api-key=x', rw-r--r--, true",
        "'sink: jsonfile:a@b', rw-r--r--, false",
        "'server-password: x', rw-r-----, false",
        "'listen: 127.0.0.1:0', rw-r--r--, false"
    })
    void aFileWithSecretsThatOthersCanReadIsWarnedOf(String text, String mode, boolean warned) throws Exception {
        Path file = Files.writeString(directory.resolve("c.yaml"), text + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
        assertEquals(
                warned,
                Settings.warning(file, Settings.read(file))
                        .filter(each -> each.contains("chmod o-r " + file))
                        .isPresent());
    }

    @ParameterizedTest
    @CsvSource({
        "serve --listen 5000, --listen: 5000 (expected: HOST:PORT)",
        "--listen x:1:y, --listen: port y (expected: a number)",
        "serve --listen 127.0.0.1:65536, --listen: port 65536 (expected: 0 to 65535)",
        "serve --web-addr on, --web-addr: on (expected: HOST:PORT)",
        "serve --log-level loud, --log-level: loud (expected: one of",
        "serve --log-format xml, --log-format: xml (expected: text or json)",
        "serve --config /no/such/file.yaml, /no/such/file.yaml: cannot be read",
        "serve --data-dir /dev/null --listen 127.0.0.1:0, /dev/null: cannot be used as data directory",
        "serve --listen 127.0.0.1:0 --data-dir target/d --tls-cert x, --tls-cert without --tls-key",
        "serve --listen 127.0.0.1:0 --data-dir target/d --tls-key x, --tls-key without --tls-cert",
        "serve --listen 127.0.0.1:0 --data-dir target/d --tls-cert /no/cert --tls-key /no/key, TLS: /no/",
        "serve --listen 127.0.0.1:0 --data-dir target/d --tls-cert /no/c --tls-key /no/k --tls-host a.example, --tls-host a.example with --tls-cert",
        "serve --listen 127.0.0.1:0 --data-dir target/d --tls-client-auth required, --tls-client-auth without --tls-client-ca",
        "keys add x --keys target/no-keys --expires 0d, --expires: 0d (expected: later than",
        "keys add x --keys target/no-keys --expires 2020-01-01T00:00:00Z, --expires: 2020-01-01T00:00:00Z (expected: later than",
        "keys add x --keys target/no-keys --databases %zz, --databases: %zz (expected: two hexadecimal digits",
        "demo --seconds -1, --seconds: -1 (expected: >= 0)",
        "load --to http://x:1, --to: scheme http (expected: grpc or rpc)",
        "load --to rpc://x, --to: port none (expected: 1 to 65535)",
        "load --to rpc://x:1?sslrootca=/no/such/ca.crt, --to: sslrootca /no/such/ca.crt",
        "load --to rpc://x:1 --rows 0, --rows: 0 (expected: 1 to 100000)",
        "load --to rpc://x:1 --connections 10001, --connections: 10001 (expected: 1 to 10000)",
        "load --to rpc://x:1 --seconds 0, --seconds: 0 (expected: 1 to 86400)",
        "inspect /no/such/file, /no/such/file: no such file",
        "inspect target, target: a directory (expected: a file)",
        "serve --listen 127.0.0.1:0 --data-dir target/d --spool-max-bytes 1KB, --spool-max-bytes: 1024 (expected: >= 65536)",
        "spool status --data-dir /no/such, /no/such/spool: there is no spool",
        "deadletters drop --data-dir /no/such, deadletters drop: nothing says which",
    })
    void wrongConfiguration(String args, String message) {
        assertTwoLines(ExitCode.CONFIG, message, Ran.command(args.split(" ", -1)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"nosuch:x", "jsonfile:", "jsonfile:/tmp/x?nosuch=1", "a b=outcome:x"})
    void aWrongSinkIsWrongConfiguration(String sink) {
        Ran ran = Ran.command("serve", "--listen=127.0.0.1:0", "--data-dir=" + directory, "--sink=" + sink);
        assertTwoLines(ExitCode.CONFIG, "--sink: ", ran);
    }

    @Test
    void aSpoolThatCannotBeOpenedIsNamed() throws IOException {
        Path spool = Files.writeString(directory.resolve("spool"), "no directory");
        Ran ran = Ran.command("serve", "--listen=127.0.0.1:0", "--web-addr=off", "--data-dir=" + directory);
        assertTwoLines(ExitCode.CONFIG, spool + ": the spool cannot be opened", ran);
    }

    @Test
    void aPortInUseIsWrongConfiguration() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String address = "127.0.0.1:" + taken.getLocalPort();
            for (String option : List.of("--listen", "--web-addr")) {
                String other = option.equals("--listen") ? "--web-addr" : "--listen";
                Ran ran =
                        Ran.command("serve", option, address, other, "127.0.0.1:0", "--data-dir", directory.toString());
                assertTwoLines(ExitCode.CONFIG, option + ": ", ran);
                assertTrue(ran.errLines().get(0).contains(Integer.toString(taken.getLocalPort())), ran::err);
            }
        }
    }

    @Test
    void everyOptionHasATwinInTheEnvironment() {
        Map<String, String> wrong = new HashMap<>();
        wrong.put("PGWATCH_RPC_LISTEN", "5000");
        wrong.put("PGWATCH_RPC_WEB_ADDR", "on");
        wrong.put("PGWATCH_RPC_LOG_LEVEL", "loud");
        wrong.put("PGWATCH_RPC_LOG_FORMAT", "xml");
        wrong.put("PGWATCH_RPC_DATA_DIR", "/dev/null");
        wrong.put("PGWATCH_RPC_SINK", "nosuch:");
        wrong.put("PGWATCH_RPC_PLUGIN_DIR", "/no/such/plugins");
        wrong.put("PGWATCH_RPC_CONFIG", "/no/such/file.yaml");
        wrong.put("PGWATCH_RPC_ACK_TIMEOUT", "5");
        wrong.put("PGWATCH_RPC_DURABILITY", "maybe");
        wrong.put("PGWATCH_RPC_PLAINTEXT", "sometimes");
        wrong.put("PGWATCH_RPC_TLS_HOST", "no host");
        wrong.put("PGWATCH_RPC_AUTH", "maybe");
        wrong.put("PGWATCH_RPC_API_KEY", "old");
        wrong.put("PGWATCH_RPC_API_KEY_FILE", "/no/such/key");
        wrong.put("PGWATCH_RPC_KEYS", "/no/such/keys");
        wrong.put("PGWATCH_RPC_TRUST", "no network");
        wrong.put("PGWATCH_RPC_TLS_CLIENT_AUTH", "perhaps");
        wrong.put("PGWATCH_RPC_TLS_CLIENT_CA", "/no/such/ca.crt");
        wrong.forEach((variable, value) -> {
            Map<String, String> environment = new HashMap<>(
                    Map.of("PGWATCH_RPC_LISTEN", "127.0.0.1:0", "PGWATCH_RPC_DATA_DIR", directory.toString()));
            environment.put(variable, value);
            Ran ran = Ran.command(environment, "serve");
            assertTwoLines(ExitCode.CONFIG, value.replaceFirst(":$", ""), ran);
        });
    }

    @Test
    void anEmptyVariableIsNone() {
        Ran ran = Ran.command(Map.of("PGWATCH_RPC_ACK_TIMEOUT", ""), "serve", "--listen", "5000");
        assertTwoLines(ExitCode.CONFIG, "--listen: 5000", ran);
    }

    @Test
    void theCommandLineCountsMoreThanTheEnvironmentAndThatMoreThanTheFile() throws IOException {
        Path file = Files.writeString(directory.resolve("c.yaml"), "listen: in-file\nlog-level: loud\n");
        Map<String, String> environment =
                Map.of("PGWATCH_RPC_LOG_LEVEL", "info", "PGWATCH_RPC_LISTEN", "in-environment");
        List<String> args = new ArrayList<>(List.of("serve", "--config=" + file));
        assertTwoLines(ExitCode.CONFIG, "--log-level: loud", Ran.command(Map.of(), args.toArray(String[]::new)));
        assertTwoLines(
                ExitCode.CONFIG, "--listen: in-environment", Ran.command(environment, args.toArray(String[]::new)));
        args.addAll(List.of("--listen", "in-line"));
        assertTwoLines(ExitCode.CONFIG, "--listen: in-line", Ran.command(environment, args.toArray(String[]::new)));
    }

    @Test
    void theFileShowsAllItsErrorsAtOnce() throws IOException {
        Path file = Files.writeString(
                directory.resolve("c.yaml"),
                "nosuch: 1\nlisten: {host: x}\nack-timeout: 5\ndurability: maybe\nconfig: other.yaml\nweb-addr: off\n");
        Ran ran = Ran.command("demo", "--config", file.toString());
        assertTwoLines(ExitCode.CONFIG, file.toString(), ran);
        for (String part : List.of(
                "nosuch: no such option",
                "listen: keys below it",
                "ack-timeout: ",
                "durability: ",
                "config: no such option")) {
            assertTrue(ran.errLines().get(0).contains(part), () -> part + " in " + ran.err());
        }
        assertTrue(ran.errLines().get(1).contains("data-dir, durability"), ran::err);
    }

    @ParameterizedTest
    @CsvSource({
        "- a, a list or a single value",
        "word, a list or a single value",
        "'a: [', not YAML",
        "'listen: a:1\nlisten: b:1', Duplicate"
    })
    void aFileThatIsNoneSaysSo(String text, String message) throws IOException {
        Path file = Files.writeString(directory.resolve("c.yaml"), text);
        assertTwoLines(ExitCode.CONFIG, message, Ran.command("--config", file.toString()));
    }
}
