package io.github.pgwatchrpc.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.DoublePredicate;

/** The packaged receiver as a process of its own, on free ports. */
final class ServerProcess implements AutoCloseable {

    static final Path JAR = Path.of("..", "server-app", "target", "pgwatch-rpc-server.jar");
    private static final Path LAUNCHER = Path.of("..", "pgwatch-rpc");
    private static final String LISTENS = "pgwatch-rpc listens on ";
    private static final String STATUS = "status and metrics  ";

    private static final HttpClient HTTP = HttpClient.newHttpClient();

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

    /** How a receiver is started; what is not said is as most tests want it. */
    static final class Launch {
        private final Path directory;
        private Path data;
        private String listen = "127.0.0.1:0";
        private List<String> sinks;
        private final List<String> before = new ArrayList<>();
        private final List<String> jvm = new ArrayList<>();
        private final List<String> options = new ArrayList<>();
        private boolean launcher;

        private Launch(Path directory) {
            this.directory = directory;
            data(directory.resolve("data"));
        }

        Launch data(Path value) {
            data = value;
            // a file that begins anew at midnight would be one more thing to look for
            sinks = List.of(file(value.resolve("measurements.jsonl")));
            return this;
        }

        /** Other sinks than the one file in the data directory. */
        Launch sinks(String... values) {
            sinks = List.of(values);
            return this;
        }

        /** For instance a shell that sets limits. */
        Launch before(String... words) {
            before.addAll(List.of(words));
            return this;
        }

        /** By the script that users run, so with its settings of the JVM, instead of by {@code java -jar}. */
        Launch launcher() {
            launcher = true;
            return this;
        }

        Launch jvm(String... values) {
            jvm.addAll(List.of(values));
            return this;
        }

        Launch options(String... values) {
            options.addAll(List.of(values));
            return this;
        }

        /** Starts it and waits until it says that it listens. It wants no key unless the options say so. */
        ServerProcess start() throws IOException {
            Path log = log();
            Process process = process(log);
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

        /** Starts it and kills it, wherever it has got to by then. */
        void startAndKill(long afterNanos) throws IOException {
            Process process = process(log());
            LockSupport.parkNanos(afterNanos);
            process.destroyForcibly().onExit().join();
        }

        /** Starts it where it must not start, and gives what it says to that. */
        String refused(int code) throws IOException, InterruptedException {
            Path log = log();
            Process process = process(log);
            assertTrue(process.waitFor(1, TimeUnit.MINUTES), "still running");
            String says = Files.readString(log);
            assertEquals(code, process.exitValue(), says);
            return says;
        }

        private Path log() throws IOException {
            return Files.createTempFile(directory, "server", ".log");
        }

        private Process process(Path log) throws IOException {
            assertTrue(Files.isRegularFile(JAR), () -> JAR + " is missing: ./mvnw verify packages it first");
            List<String> command = new ArrayList<>(before);
            if (launcher) {
                command.add(LAUNCHER.toString());
            } else {
                command.add(ProcessHandle.current().info().command().orElse("java"));
                command.addAll(jvm);
                command.addAll(List.of("-jar", JAR.toString()));
            }
            command.addAll(List.of("serve", "--listen", listen, "--web-addr", "127.0.0.1:0"));
            sinks.forEach(sink -> command.addAll(List.of("--sink", sink)));
            command.addAll(List.of("--data-dir", data.toString()));
            command.addAll(options);
            if (!command.contains("--auth")) {
                command.addAll(List.of("--auth", "none"));
            }
            ProcessBuilder builder = new ProcessBuilder(command).redirectError(log.toFile());
            if (launcher) {
                // the same Java as for all others; options of somebody's own would be others than users have
                builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
                builder.environment().remove("PGWATCH_RPC_JAVA_OPTS");
            }
            return builder.start();
        }
    }

    /** The sink named {@code file}, which writes to a file. */
    static String file(Path file) {
        return "file=jsonfile:" + file + "?daily=false";
    }

    /** Runs a command of the program, which must succeed, such as {@code provision}, and gives what it says. */
    static String command(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(
                List.of(ProcessHandle.current().info().command().orElse("java"), "-jar", JAR.toString()));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String says = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), says);
        return says;
    }

    static Launch launch(Path directory) {
        return new Launch(directory);
    }

    /** Starts a receiver on the loopback address. */
    static ServerProcess start(Path directory) throws IOException {
        return launch(directory).start();
    }

    /** Starts a receiver with its files in {@code directory/data}, and a file there as a sink. */
    static ServerProcess start(Path directory, String listen, String... options) throws IOException {
        Launch launch = launch(directory).options(options);
        launch.listen = listen;
        return launch.start();
    }

    String address() {
        return address;
    }

    /** Where another name or address of this machine leads to it. */
    String address(String host) {
        return host + address.substring(address.lastIndexOf(':'));
    }

    int port() {
        return Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
    }

    InetSocketAddress web() {
        return new InetSocketAddress(web.getHost(), web.getPort());
    }

    Path data() {
        return data;
    }

    /** The key of its own, as its operator reads it. */
    String key() throws IOException {
        return Files.readString(data.resolve("api-key")).strip();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Memory that it has from the machine, as {@code ps} shows it, in bytes; 0 when it has ended. */
    long residentBytes() {
        try (var lines = Files.lines(Path.of("/proc", Long.toString(pid()), "status"))) {
            return lines.filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) << 10)
                    .findFirst()
                    .orElse(0);
        } catch (IOException | UncheckedIOException e) {
            return 0;
        }
    }

    Path logFile() {
        return log;
    }

    /** Whom its clients have to trust. */
    Path authority() {
        return data.resolve("tls").resolve("ca.crt");
    }

    /** A metric's value, as a scrape shows it. */
    double metric(String name) throws IOException, InterruptedException {
        String page = page("/metrics").body();
        return page.lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                .findFirst()
                .orElseThrow(() -> new AssertionError(name + " is not in " + page));
    }

    /** A page of the web address. */
    HttpResponse<String> page(String path) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(web.resolve(path)).build();
        return HTTP.send(request, HttpResponse.BodyHandlers.ofString());
    }

    /** Waits until a metric has a value: a client may know the end of a handshake before the receiver does. */
    void awaitMetric(String name, double value) throws IOException, InterruptedException {
        awaitMetric(name, "" + value, is -> is == value, 20);
    }

    /** Waits until a metric has reached a value. */
    void awaitAtLeast(String name, double value) throws IOException, InterruptedException {
        awaitMetric(name, ">= " + value, is -> is >= value, 120);
    }

    private void awaitMetric(String name, String expected, DoublePredicate reached, long seconds)
            throws IOException, InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        for (double is = metric(name); !reached.test(is); is = metric(name)) {
            String seen = name + ": " + is + " (expected: " + expected + ")";
            assertTrue(System.nanoTime() < end, () -> {
                try {
                    return seen + "\n" + log();
                } catch (IOException e) {
                    throw new AssertionError(seen, e);
                }
            });
            LockSupport.parkNanos(5_000_000);
        }
    }

    /** The process's id. */
    long pid() {
        return process.pid();
    }

    Path file() {
        return data.resolve("measurements.jsonl");
    }

    String log() throws IOException {
        return Files.readString(log);
    }

    /** Waits until it has ended by itself. */
    int exitCode() throws InterruptedException {
        assertTrue(process.waitFor(1, TimeUnit.MINUTES), "still running");
        return process.exitValue();
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

    /** Waits until a sink has everything that was accepted. */
    void awaitDelivered(String sink) throws IOException, InterruptedException {
        awaitMetric("pgwatch_rpc_sink_rows_waiting{sink=\"" + sink + "\"}", "0", is -> is == 0, 120);
    }

    /** What the receiver says of a sink's rows. */
    long rows(String sink, String kind) throws IOException, InterruptedException {
        return (long) metric("pgwatch_rpc_sink_rows_" + kind + "{sink=\"" + sink + "\"}");
    }

    /**
     * When a sink has everything that was accepted, holds its account at {@code /api/status} against what is there.
     *
     * @param rows different rows in the backend
     */
    void assertAccount(String sink, long rows) throws IOException, InterruptedException {
        awaitDelivered(sink);
        Map<String, Object> status = Json.object(page("/api/status").body());
        Map<String, Object> account = Json.list(status.get("sinks")).stream()
                .map(Json::map)
                .filter(each -> sink.equals(each.get("name")))
                .map(each -> Json.map(each.get("rows")))
                .findFirst()
                .orElseThrow(() -> new AssertionError(sink + " is not in " + status));
        assertEquals(rows, Json.integer(account.get("received")), account::toString);
        assertEquals(rows, Json.integer(account.get("delivered")), account::toString);
        for (String kind : List.of("waiting", "dead", "dropped", "lost")) {
            assertEquals(0, Json.integer(account.get(kind)), account::toString);
        }
    }

    /** The complete lines of the file, when all that was accepted is there. There is nothing behind the last one. */
    List<String> lines() throws IOException, InterruptedException {
        if (process.isAlive()) {
            awaitDelivered("file");
        }
        return lines(file());
    }

    /** The complete lines of a file, after which there is nothing. */
    static List<String> lines(Path file) throws IOException {
        if (Files.notExists(file)) {
            return List.of();
        }
        String text = Files.readString(file);
        assertEquals(text.length(), text.lastIndexOf('\n') + 1, "the last line is torn");
        return text.lines().toList();
    }

    @Override
    public void close() {
        kill();
    }
}
