package io.github.pgwatchrpc.interop;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.opentest4j.TestAbortedException;

/**
 * A server that is a program of PyPI, as a process of its own on a free port, installed into a virtual environment under
 * {@code target}. Where Python or the packages are missing, tests are skipped, or fail with {@code
 * -Dinterop.required=true}.
 */
final class PythonServer implements AutoCloseable {

    /** Stands in a command for the port. */
    static final String PORT = "PORT";

    private static final String REQUIRED = "interop.required";

    /**
     * What is installed and run.
     *
     * @param name of the virtual environment
     * @param packages as pip takes them, with versions
     * @param command the name of a program of the environment, and its arguments
     * @param environment more variables of the process
     */
    record Program(String name, List<String> packages, List<String> command, Map<String, String> environment) {

        private Path directory() {
            return Path.of("target", name).toAbsolutePath();
        }

        private String path(String program) {
            return directory().resolve("bin").resolve(program).toString();
        }
    }

    private final Program program;
    private final Path directory;
    private final int port;
    private Process process;

    private PythonServer(Program program, Path directory, int port) throws IOException {
        this.program = program;
        this.directory = directory;
        this.port = port;
        this.process = launch();
    }

    static PythonServer start(Program program, Path directory) throws IOException, InterruptedException {
        install(program);
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        return new PythonServer(program, directory, port);
    }

    /** Where it speaks HTTP. */
    URI uri() {
        return URI.create("http://127.0.0.1:" + port);
    }

    /** Ends it as a power button does. */
    void kill() {
        process.destroyForcibly().onExit().join();
    }

    /** Starts it again on the same port, with what it has stored, if it stores anything. */
    void restart() throws IOException {
        process = launch();
    }

    @Override
    public void close() {
        kill();
    }

    private Process launch() throws IOException {
        Path log = Files.createTempFile(directory, program.name(), ".log");
        List<String> command =
                new ArrayList<>(List.of(program.path(program.command().get(0))));
        program.command().stream()
                .skip(1)
                .map(each -> each.replace(PORT, Integer.toString(port)))
                .forEach(command::add);
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        builder.environment().putAll(program.environment());
        Process started = builder.start();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!listens()) {
            if (!started.isAlive() || System.nanoTime() > end) {
                started.destroyForcibly();
                throw new AssertionError(program.name() + " did not start:\n" + Files.readString(log));
            }
            LockSupport.parkNanos(20_000_000);
        }
        return started;
    }

    private boolean listens() {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1000);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static void install(Program program) throws IOException, InterruptedException {
        Path complete = program.directory().resolve(String.join(" ", program.packages()));
        if (Files.exists(complete)) {
            return;
        }
        run(program, List.of("python3", "-m", "venv", program.directory().toString()));
        List<String> pip = new ArrayList<>(List.of(program.path("pip"), "install", "--quiet"));
        pip.addAll(program.packages());
        run(program, pip);
        Files.createFile(complete);
    }

    private static void run(Program program, List<String> command) throws InterruptedException {
        String failure;
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertTrue(process.waitFor(5, TimeUnit.MINUTES), () -> command + ": still running");
            if (process.exitValue() == 0) {
                return;
            }
            failure = command + ": " + output.strip();
        } catch (IOException e) {
            failure = e.getMessage();
        }
        if (Boolean.getBoolean(REQUIRED)) {
            throw new AssertionError(
                    program.name() + " is required (" + REQUIRED + ") and cannot be installed: " + failure);
        }
        throw new TestAbortedException("skipped: " + program.name() + " cannot be installed (" + failure
                + "); install python3 with venv to test against it");
    }
}
