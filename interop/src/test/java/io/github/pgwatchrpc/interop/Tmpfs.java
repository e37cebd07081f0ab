package io.github.pgwatchrpc.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.opentest4j.TestAbortedException;

/** A file system in memory, small enough to be filled. Only the superuser of Linux may make one; else tests are skipped. */
final class Tmpfs implements AutoCloseable {

    private final Path directory;

    private Tmpfs(Path directory) {
        this.directory = directory;
    }

    /** Mounts one at a new directory. */
    static Tmpfs mount(Path directory, String options) throws IOException {
        Files.createDirectories(directory);
        String problem;
        try {
            problem = run("mount", "-t", "tmpfs", "-o", options, "tmpfs", directory.toString());
        } catch (IOException e) {
            problem = e.toString();
        }
        if (!problem.isEmpty()) {
            throw new TestAbortedException("skipped: a small disk cannot be mounted here: " + problem);
        }
        return new Tmpfs(directory);
    }

    void writable(boolean value) throws IOException {
        assertEquals("", run("mount", "-o", "remount," + (value ? "rw" : "ro"), directory.toString()));
    }

    /** Takes room until only so much is left. */
    Path fill(long left) throws IOException {
        Path filler = directory.resolve("filler");
        try (var out = Files.newOutputStream(filler)) {
            byte[] block = new byte[1 << 16];
            while (Files.getFileStore(directory).getUsableSpace() >= left + block.length) {
                out.write(block);
            }
        }
        return filler;
    }

    @Override
    public void close() {
        try {
            // what still holds a file open there is a process that ends by itself
            run("umount", "-l", directory.toString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What a command says; nothing if it succeeds. */
    private static String run(String... command) throws IOException {
        Process process =
                new ProcessBuilder(List.of(command)).redirectErrorStream(true).start();
        String says = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        return process.onExit().join().exitValue() == 0 ? "" : List.of(command) + ": " + says;
    }
}
