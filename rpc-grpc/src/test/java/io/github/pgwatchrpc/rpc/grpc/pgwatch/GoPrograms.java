package io.github.pgwatchrpc.rpc.grpc.pgwatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The programs of {@code interop/go-grpc}, built once. Without Go on the path tests are skipped, or fail where {@code
 * -Dinterop.required=true} says that it must be there.
 */
final class GoPrograms {

    private static final Path SOURCE = Path.of("..", "interop", "go-grpc");
    private static final int PATIENCE_MINUTES = 4;

    private final Path folder;

    private GoPrograms(Path folder) {
        this.folder = folder;
    }

    static GoPrograms build() throws IOException, InterruptedException {
        boolean there = Files.isDirectory(SOURCE) && isGoThere();
        if (!Boolean.getBoolean("interop.required")) {
            assumeTrue(there, "skipped: no 'go' on the path, which builds " + SOURCE);
        }
        Path bin = Path.of("target", "go-grpc").toAbsolutePath();
        Files.createDirectories(bin);
        run(SOURCE, List.of("go", "build", "-o", bin + File.separator, "./..."));
        return new GoPrograms(bin);
    }

    private static boolean isGoThere() {
        try {
            return new ProcessBuilder("go", "version").start().waitFor() == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Runs a program to its end, which must be a good one, and gives back what it printed. */
    String run(String program, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(folder.resolve(program).toString()));
        command.addAll(List.of(arguments));
        return run(Path.of("."), command);
    }

    private static String run(Path folder, List<String> command) throws IOException, InterruptedException {
        Path out = Files.createTempFile("go", ".out");
        Path err = Files.createTempFile("go", ".err");
        try {
            Process process = new ProcessBuilder(command)
                    .directory(folder.toFile())
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile())
                    .start();
            if (!process.waitFor(PATIENCE_MINUTES, TimeUnit.MINUTES)) {
                process.destroyForcibly();
                throw new AssertionError(command + " did not end within " + PATIENCE_MINUTES + " minutes");
            }
            assertEquals(0, process.exitValue(), () -> command + ": " + read(err));
            return read(out);
        } finally {
            Files.delete(out);
            Files.delete(err);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
