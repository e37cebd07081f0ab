package io.github.pgwatchrpc.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.opentest4j.TestAbortedException;

/**
 * The programs of {@code interop/go} and, with {@code grpc-} in front of their names, of {@code interop/go-grpc}, built once
 * for all tests. Where there is no Go, the tests that ask for them are
 * skipped, or fail with {@code -Dinterop.required=true}.
 */
final class GoPrograms {

    private static final String REQUIRED = "interop.required";

    private final Path bin;
    private final AtomicBoolean pubsubBuilt = new AtomicBoolean();

    private GoPrograms(Path bin) {
        this.bin = bin;
    }

    /** A program that has ended: its code, and what it printed. */
    record Ended(int code, String out, String err) {

        Ended mustFail(String reason) {
            assertEquals(1, code, () -> err + out);
            assertTrue(err.contains(reason), () -> "expected: " + reason + "; was: " + err);
            return this;
        }

        Ended mustSucceed() {
            assertEquals(0, code, () -> err + out);
            return this;
        }

        /** The one line of JSON that the program {@code pgwatch} prints. */
        Map<String, Object> summary() {
            return Json.object(out);
        }
    }

    /** Runs a program to its end. */
    Ended run(Path directory, String name, String... arguments) throws IOException, InterruptedException {
        return await(start(directory, name, arguments));
    }

    /** Runs a program to its end that reads a file as its standard input. */
    Ended runWithInput(Path directory, Path input, String name, String... arguments)
            throws IOException, InterruptedException {
        return await(start(directory, ProcessBuilder.Redirect.from(input.toFile()), name, arguments));
    }

    /** Runs a test of another Go module to its end; one that is skipped fails. */
    Ended test(Path module, Path directory, Map<String, String> environment, String name)
            throws IOException, InterruptedException {
        Path out = Files.createTempFile(directory, "go-test", ".out");
        ProcessBuilder builder = new ProcessBuilder("go", "test", "-count=1", "-v", "-run", "^" + name + "$", "./...")
                .directory(module.toFile())
                .redirectErrorStream(true)
                .redirectOutput(out.toFile());
        builder.environment().putAll(environment);
        Ended ended = await(new Running(builder.start(), out, out));
        assertTrue(ended.out().contains("--- PASS: " + name), ended::out);
        return ended;
    }

    /** Starts Go's own server; it ends with its standard input. */
    Process serve(Path calls, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(bin.resolve("serve").toString(), "-out", calls.toString()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    /** Starts Google's test server for Pub/Sub; see {@code interop/go-pubsub}. It ends with its standard input. */
    Process pubsub(String... arguments) throws IOException {
        Path pubsub = bin.resolve("pstest");
        if (pubsubBuilt.compareAndSet(false, true)) {
            // what it is made of is large, so only for those who need it
            build(List.of("go", "build", "-o", pubsub.toString(), "./pstest"), Path.of("go-pubsub"), bin);
        }
        List<String> command = new ArrayList<>(List.of(pubsub.toString()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    /** Starts a program; its output goes to files of the directory. */
    Running start(Path directory, String name, String... arguments) throws IOException {
        return start(directory, ProcessBuilder.Redirect.PIPE, name, arguments);
    }

    private Running start(Path directory, ProcessBuilder.Redirect input, String name, String... arguments)
            throws IOException {
        List<String> command = new ArrayList<>(List.of(bin.resolve(name).toString()));
        command.addAll(List.of(arguments));
        Path out = Files.createTempFile(directory, name, ".out");
        Path err = Files.createTempFile(directory, name, ".err");
        Process process = new ProcessBuilder(command)
                .redirectInput(input)
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        return new Running(process, out, err);
    }

    /** A program that runs. */
    record Running(Process process, Path out, Path err) {}

    Ended await(Running program) throws IOException, InterruptedException {
        try {
            boolean ended = program.process().waitFor(3, TimeUnit.MINUTES);
            assertTrue(ended, () -> "still running: " + program);
            return new Ended(
                    program.process().exitValue(), Files.readString(program.out()), Files.readString(program.err()));
        } finally {
            program.process().destroyForcibly();
        }
    }

    private static GoPrograms build() {
        Path bin = Path.of("target", "go").toAbsolutePath();
        build(List.of("go", "build", "-o", bin + "/", "./..."), Path.of("go"), bin);
        build(
                List.of("go", "build", "-o", bin.resolve("grpc-pgwatch").toString(), "./pgwatch"),
                Path.of("go-grpc"),
                bin);
        return new GoPrograms(bin);
    }

    private static void build(List<String> command, Path source, Path bin) {
        Process process;
        try {
            Files.createDirectories(bin);
            process = new ProcessBuilder(command)
                    .directory(source.toFile())
                    .redirectErrorStream(true)
                    .start();
        } catch (IOException e) {
            if (Boolean.getBoolean(REQUIRED)) {
                throw new AssertionError("Go is required (" + REQUIRED + ") and cannot be run: " + e, e);
            }
            throw new TestAbortedException(
                    "skipped: Go cannot be run (" + e.getMessage() + "); install Go 1.21 or later to test against it");
        }
        try {
            String output =
                    new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
            assertEquals(0, process.waitFor(), () -> command + ": " + output);
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(command.toString(), e);
        }
    }

    /** Gives tests the programs as a parameter. */
    static final class Resolver implements ParameterResolver {

        @Override
        public boolean supportsParameter(ParameterContext parameter, ExtensionContext test) {
            return parameter.getParameter().getType() == GoPrograms.class;
        }

        @Override
        public Object resolveParameter(ParameterContext parameter, ExtensionContext test) {
            return test.getRoot()
                    .getStore(ExtensionContext.Namespace.create(GoPrograms.class))
                    .getOrComputeIfAbsent(GoPrograms.class, type -> build(), GoPrograms.class);
        }
    }
}
