package io.github.pgwatchrpc.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The packaged receiver as a process of its own, on free ports. */
final class ServerProcess implements AutoCloseable {

    private static final Path JAR = Path.of("..", "server-app", "target", "pgwatch-rpc-server.jar");
    private static final String LISTENS = "pgwatch-rpc listens on ";
    private static final String STATUS = "status and metrics  ";

    private final Process process;
    private final String address;
    private final URI web;
    private final Path data;
    private final Path log;

    private ServerProcess(Process process, String address, URI web, Path data, Path log) {
        this.process = process;
        this.address = address;
        this.web = web;
        this.data = data;
        this.log = log;
    }

    /** Starts a receiver on the loopback address. */
    static ServerProcess start(Path directory) throws IOException {
        return start(directory, "127.0.0.1:0");
    }

    /**
     * Starts a receiver with its files in {@code directory/data}, and waits until it says that it listens. It wants no key
     * unless the options say so.
     */
    static ServerProcess start(Path directory, String listen, String... options) throws IOException {
        assertTrue(Files.isRegularFile(JAR), () -> JAR + " is missing: ./mvnw verify packages it first");
        Path data = directory.resolve("data");
        Path log = Files.createTempFile(directory, "server", ".log");
        List<String> command = new ArrayList<>(
                List.of(ProcessHandle.current().info().command().orElse("java"), "-jar", JAR.toString(), "serve"));
        // a file that begins anew at midnight would be one more thing to look for
        String sink = "file=jsonfile:" + data.resolve("measurements.jsonl") + "?daily=false";
        command.addAll(List.of("--listen", listen, "--web-addr", "127.0.0.1:0", "--sink", sink));
        command.addAll(List.of("--data-dir", data.toString()));
        command.addAll(List.of(options));
        if (!command.contains("--auth")) {
            command.addAll(List.of("--auth", "none"));
        }
        Process process =
                new ProcessBuilder(command).redirectError(log.toFile()).start();
        BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
        String address = "";
        for (String line = out.readLine(); line != null; line = out.readLine()) {
            if (line.startsWith(LISTENS)) {
                address = line.substring(LISTENS.length());
            } else if (line.strip().startsWith(STATUS)) {
                URI web = URI.create(line.strip().substring(STATUS.length()).split(" ", 2)[0]);
                return new ServerProcess(process, address, web, data, log);
            }
        }
        process.destroyForcibly();
        throw new AssertionError("the receiver did not start:\n" + Files.readString(log));
    }

    String address() {
        return address;
    }

    /** Where another name or address of this machine leads to it. */
    String address(String host) {
        return host + address.substring(address.lastIndexOf(':'));
    }

    /** Whom its clients have to trust. */
    Path authority() {
        return data.resolve("tls").resolve("ca.crt");
    }

    /** A metric's value, as a scrape shows it. */
    double metric(String name) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(web.resolve("/metrics")).build();
        String page = HttpClient.newHttpClient()
                .send(request, HttpResponse.BodyHandlers.ofString())
                .body();
        return page.lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                .findFirst()
                .orElseThrow(() -> new AssertionError(name + " is not in " + page));
    }

    /** Waits until a metric has a value: a client may know the end of a handshake before the receiver does. */
    void awaitMetric(String name, double value) throws IOException, InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (metric(name) != value) {
            assertTrue(System.nanoTime() < end, () -> {
                try {
                    return name + ": " + metric(name) + " (expected: " + value + ")\n" + log();
                } catch (IOException | InterruptedException e) {
                    throw new AssertionError(name, e);
                }
            });
            Thread.onSpinWait();
        }
    }

    Path file() {
        return data.resolve("measurements.jsonl");
    }

    String log() throws IOException {
        return Files.readString(log);
    }

    /** Ends it as a power button does: nothing is drained. */
    void kill() {
        process.destroyForcibly().onExit().join();
    }

    /** Ends it as an operator does, and checks that it ends soon and well. */
    void terminate() throws IOException, InterruptedException {
        process.destroy();
        boolean ended = process.waitFor(10, TimeUnit.SECONDS);
        assertTrue(ended, () -> "still running 10 s after SIGTERM");
        int code = process.exitValue();
        // 143 is what a JVM answers that was ended by SIGTERM
        assertTrue(code == 0 || code == 143, () -> "exit code " + code);
    }

    /** The complete lines of the file, when all that was accepted is there. There is nothing behind the last one. */
    List<String> lines() throws IOException, InterruptedException {
        if (process.isAlive()) {
            awaitMetric("pgwatch_rpc_sink_rows_waiting{sink=\"file\"}", 0);
        }
        if (Files.notExists(file())) {
            return List.of();
        }
        String text = Files.readString(file());
        assertEquals(text.length(), text.lastIndexOf('\n') + 1, "the last line is torn");
        return text.lines().toList();
    }

    @Override
    public void close() {
        kill();
    }
}
