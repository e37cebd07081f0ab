package io.github.pgwatchrpc.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.pgwatchrpc.delivery.spool.Durability;
import io.github.pgwatchrpc.delivery.worker.SinkTarget;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class SettingsTest {

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path directory;

    private static ServeOptions options(Map<String, String> environment, Map<String, String> file, String... args) {
        ServeOptions options = new ServeOptions();
        CommandLine line = Main.withTypes(new CommandLine(options));
        line.setDefaultValueProvider(new Settings(environment, file));
        line.parseArgs(args);
        return options;
    }

    @ParameterizedTest
    @CsvSource({"--listen, PGWATCH_RPC_LISTEN", "--web-addr, PGWATCH_RPC_WEB_ADDR"})
    void namesVariables(String option, String variable) {
        assertEquals(variable, Settings.variable(option));
    }

    @Test
    void withoutAnySettingTheDefaultsHold() {
        ServeOptions options = options(Map.of(), Map.of());
        assertEquals("0.0.0.0:5000", options.listen);
        assertEquals("127.0.0.1:5001", options.webAddress);
        assertEquals(List.of(), options.sinks);
        assertEquals(Durability.FSYNC, options.durability);
        assertEquals("PT5S", options.ackTimeout.toString());
        assertEquals(10L << 30, options.spoolMaxBytes);
        assertEquals(256L << 20, options.spoolMinFree);
    }

    @Test
    void readsEveryOptionOfAFile() throws Exception {
        Path file = Files.writeString(directory.resolve("c.yaml"), """
                listen: 127.0.0.1:0
                web-addr: "off"
                sink:
                  - jsonfile:a
                  - jsonfile:b
                data-dir: data
                durability: Flush
                ack-timeout: 250ms
                spool-max-bytes: 1GB
                spool-min-free: 0
                new-sink: beginning
                log-level: debug
                log-format: json
                """);
        ServeOptions options = options(Map.of(), Settings.read(file));
        assertEquals("127.0.0.1:0", options.listen);
        assertEquals("off", options.webAddress);
        assertEquals(List.of("jsonfile:a", "jsonfile:b"), options.sinks);
        assertEquals(Path.of("data"), options.dataDir);
        assertEquals(Durability.FLUSH, options.durability);
        assertEquals("PT0.25S", options.ackTimeout.toString());
        assertEquals(1L << 30, options.spoolMaxBytes);
        assertEquals(0, options.spoolMinFree);
        assertEquals(SinkTarget.Start.BEGINNING, options.newSink);
        assertEquals("debug", options.logLevel);
        assertEquals("json", options.logFormat);
    }

    @Test
    void anEmptyFileAndEmptyValuesSetNothing() throws Exception {
        assertEquals(Map.of(), Settings.read(Files.writeString(directory.resolve("a.yaml"), "# nothing\n")));
        assertEquals(Map.of(), Settings.read(Files.writeString(directory.resolve("b.yaml"), "listen:\n")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"pa$$w${nope}", "$", "$$", "$$$${sys:user.name}", "${sys:user.name}", "${env:HOME:-x}$", "a\\$b"
            })
    void valuesAreTakenAsTheyStand(String password) throws Exception {
        assertEquals(password, options(Map.of("PGWATCH_RPC_SERVER_PASSWORD", password), Map.of()).serverPassword);
        Path file = Files.writeString(
                directory.resolve("c.yaml"),
                "server-password: '" + password + "'\nsink: ['jsonfile:" + password + "', jsonfile:b]\n");
        ServeOptions options = options(Map.of(), Settings.read(file));
        assertEquals(password, options.serverPassword);
        assertEquals(List.of("jsonfile:" + password, "jsonfile:b"), options.sinks);
        assertEquals(password, options(Map.of(), Map.of(), "--server-password=" + password).serverPassword);
    }

    @Test
    void aVariableHoldsSeveralSinksLineByLine() {
        ServeOptions options =
                options(Map.of("PGWATCH_RPC_SINK", "jsonfile:a\njsonfile:b"), Map.of("sink", "jsonfile:c"));
        assertEquals(List.of("jsonfile:a", "jsonfile:b"), options.sinks);
        assertEquals(
                List.of("jsonfile:d"),
                options(Map.of("PGWATCH_RPC_SINK", "jsonfile:a"), Map.of(), "--sink", "jsonfile:d").sinks);
    }
}
