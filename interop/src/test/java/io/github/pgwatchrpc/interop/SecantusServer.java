package io.github.pgwatchrpc.interop;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.opentest4j.TestAbortedException;

/**
 * A server that speaks MongoDB's protocol and stores in WiredTiger, as a process of its own: the package {@code secantusdb}
 * of PyPI, in a virtual environment under {@code target}. Where Python or the package is missing, tests are skipped, or
 * fail with {@code -Dinterop.required=true}.
 */
final class SecantusServer implements AutoCloseable {

    private static final String REQUIRED = "interop.required";
    private static final String VERSION = "0.7.0b3";
    private static final Path ENVIRONMENT = Path.of("target", "secantusdb").toAbsolutePath();

    private final Path directory;
    private final int port;
    private Process process;

    private SecantusServer(Path directory, int port) throws IOException {
        this.directory = directory;
        this.port = port;
        this.process = launch();
    }

    static SecantusServer start(Path directory) throws IOException, InterruptedException {
        install();
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        return new SecantusServer(directory, port);
    }

    String uri() {
        return "mongodb://127.0.0.1:" + port + "/";
    }

    /** Ends it as a power button does. */
    void kill() {
        process.destroyForcibly().onExit().join();
    }

    /** Starts it again, with what it has stored. */
    void restart() throws IOException {
        process = launch();
    }

    @Override
    public void close() {
        kill();
    }

    private Process launch() throws IOException {
        Path log = Files.createTempFile(directory, "secantusd", ".log");
        Process started = new ProcessBuilder(
                        program("secantusd-py"),
                        "--port",
                        Integer.toString(port),
                        "--storage-path",
                        directory.resolve("secantus").toString(),
                        "--sync-on-commit")
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!listens()) {
            if (!started.isAlive() || System.nanoTime() > end) {
                started.destroyForcibly();
                throw new AssertionError("secantusd did not start:\n" + Files.readString(log));
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

    private static void install() throws IOException, InterruptedException {
        if (Files.isExecutable(Path.of(program("secantusd-py")))) {
            return;
        }
        run(List.of("python3", "-m", "venv", ENVIRONMENT.toString()));
        run(List.of(program("pip"), "install", "--quiet", "--pre", "secantusdb==" + VERSION));
    }

    private static String program(String name) {
        return ENVIRONMENT.resolve("bin").resolve(name).toString();
    }

    private static void run(List<String> command) throws InterruptedException {
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
            throw new AssertionError("secantusdb is required (" + REQUIRED + ") and cannot be installed: " + failure);
        }
        throw new TestAbortedException("skipped: secantusdb cannot be installed (" + failure
                + "); install python3 with venv to test against it");
    }
}
