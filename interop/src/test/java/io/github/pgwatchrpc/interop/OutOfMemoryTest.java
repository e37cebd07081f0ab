package io.github.pgwatchrpc.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.jar.JarOutputStream;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Memory that is out, of whatever kind and whoever has taken it, ends the process with a line and code 3, and what was
 * acknowledged is there after the next start. A plug-in takes the memory, on a thread of the delivery.
 */
class OutOfMemoryTest {

    private static final int CODE = 3;

    /** Far more than it takes. */
    private static final long MOST_CALLS = 20_000;

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path directory;

    @SuppressWarnings("NullAway.Init") // set before each test
    private Path plugins;

    @BeforeEach
    void packThePlugIn() throws IOException {
        plugins = Files.createDirectory(
                directory.resolve("plugins"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
        Path jar = plugins.resolve("hungry.jar");
        try (OutputStream file = Files.newOutputStream(jar);
                JarOutputStream out = new JarOutputStream(file)) {
            for (String suffix : List.of("", "$1")) {
                String name = HungrySinkProvider.class.getName().replace('.', '/') + suffix + ".class";
                out.putNextEntry(new ZipEntry(name));
                try (InputStream in = HungrySinkProvider.class.getResourceAsStream("/" + name)) {
                    out.write(in.readAllBytes());
                }
            }
            out.putNextEntry(new ZipEntry("META-INF/services/io.github.pgwatchrpc.sink.SinkProvider"));
            out.write(HungrySinkProvider.class.getName().getBytes(StandardCharsets.UTF_8));
        }
        Files.setPosixFilePermissions(jar, PosixFilePermissions.fromString("rw-r--r--"));
    }

    private ServerProcess.Launch launch(String what) {
        return ServerProcess.launch(directory)
                .sinks(ServerProcess.file(directory.resolve("m.jsonl")), "hungry:" + what)
                .options("--plugin-dir", plugins.toString());
    }

    /** Sends rows until the process is gone, and gives those that were acknowledged. */
    private static TreeSet<Long> sendTo(ServerProcess server) throws IOException {
        TreeSet<Long> acknowledged = new TreeSet<>();
        try (NumberedRows.Sender sender = new NumberedRows.Sender(server)) {
            for (long i = 0; i < MOST_CALLS; i++) {
                try {
                    sender.send(NumberedRows.envelope(i, 1, ""));
                    acknowledged.add(i);
                } catch (IOException e) {
                    break;
                }
            }
            return acknowledged;
        }
    }

    @ParameterizedTest
    @CsvSource({
        // as ./pgwatch-rpc starts it, the JVM itself ends when the heap is full
        "heap, -XX:+ExitOnOutOfMemoryError, Terminating due to java.lang.OutOfMemoryError: Java heap space",
        "heap, -XX:-ExitOnOutOfMemoryError, pgwatch-rpc: out of memory: Java heap space",
        "direct, -XX:+ExitOnOutOfMemoryError, pgwatch-rpc: out of memory: Cannot reserve 1048576 bytes of direct buffer memory",
        "wrapped, -XX:+ExitOnOutOfMemoryError, pgwatch-rpc: out of memory: Cannot reserve 1048576 bytes of direct buffer memory"
    })
    void endsTheProcessAndLosesNothing(String what, String option, String line) throws Exception {
        TreeSet<Long> acknowledged;
        try (ServerProcess server = launch(what)
                .jvm("-Xmx64m", "-XX:MaxDirectMemorySize=32m", option, "-XX:+DisplayVMOutputToStderr")
                .start()) {
            acknowledged = sendTo(server);
            assertEquals(CODE, server.exitCode());
            String log = server.log();
            assertTrue(log.lines().anyMatch(each -> each.startsWith(line)), log);
        }
        assertTrue(!acknowledged.isEmpty(), "nothing was acknowledged before the end");
        try (ServerProcess server = ServerProcess.launch(directory)
                .sinks(ServerProcess.file(directory.resolve("m.jsonl")))
                .start()) {
            server.awaitDelivered("file");
            List<Long> stored = new ArrayList<>();
            for (String each : ServerProcess.lines(directory.resolve("m.jsonl"))) {
                for (Object row : Json.list(Json.object(each).get("data"))) {
                    stored.add(Json.integer(Json.map(row).get(NumberedRows.NUMBER)));
                }
            }
            TreeSet<Long> missing = new TreeSet<>(acknowledged);
            missing.removeAll(stored);
            assertEquals(new TreeSet<>(), missing, "acknowledged and not there");
            server.terminate();
        }
    }

    @Test
    void aThreadThatTheSystemRefusesIsNoDifference() throws Exception {
        // a stack for each thread, until there is no room for another: as root has no limit of threads
        try (ServerProcess server = launch("threads")
                .before("/bin/sh", "-c", "ulimit -v 6000000; exec \"$@\"", "sh")
                .jvm("-Xmx64m", "-XX:ReservedCodeCacheSize=32m", "-XX:MaxMetaspaceSize=64m", "-Xss16m")
                .start()) {
            sendTo(server);
            assertEquals(CODE, server.exitCode());
            String log = server.log();
            assertTrue(log.contains("pgwatch-rpc: out of memory: unable to create native thread"), log);
        }
    }
}
