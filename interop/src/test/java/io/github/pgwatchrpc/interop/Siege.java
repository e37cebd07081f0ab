package io.github.pgwatchrpc.interop;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.rpc.tls.ClientTls;
import io.github.pgwatchrpc.rpc.tls.TlsException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A receiver under attack, with a pgwatch v3 and a pgwatch v5 that call it all the time. What must hold through each attack
 * and after it is asserted here, the same for all.
 */
final class Siege {

    /**
     * What the process may have of the machine's memory: 768 MB of heap, a quarter of that outside of it, and 250 MB for
     * classes, compiled code, threads, the collector's tables and what the C library keeps of that.
     */
    private static final long RESIDENT_BYTES = 1_200L << 20;

    /** What an attack may add to the log: some lines of each kind a second, none of them long. */
    private static final long LOG_BYTES = 256 << 10;

    private static final long LOG_LINES = 1_000;

    /** What an attacker would like to have written at the beginning of a line. */
    static final String FORGED = "2026-01-01T00:00:00Z ERROR";

    private static final int CALLS_A_SECOND = 20;

    /** Every so many calls, one is longer than what is read at a time. */
    private static final int LARGE_EVERY = 10;

    private static final int LARGE_ROWS = 600;

    /** After the attack: until then everything is as before. */
    private static final Duration RECOVERY = Duration.ofSeconds(10);

    private final ServerProcess server;
    private final String key;
    private final @Nullable ClientTls tls;
    private final List<String> problems = new ArrayList<>();
    private final HttpClient http =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();
    private volatile boolean ends;
    private long peak;

    /** What an attacker does; he stops by himself, within seconds. */
    @FunctionalInterface
    interface Attack {
        void on(Siege siege) throws Exception;
    }

    /** A receiver that takes connections without TLS from this machine, or with TLS only. */
    Siege(ServerProcess server, boolean withTls) throws IOException {
        this.server = server;
        this.key = server.key();
        this.tls = withTls ? ClientTls.trusting(server.authority()) : null;
    }

    ServerProcess server() {
        return server;
    }

    InetSocketAddress port() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port());
    }

    InetSocketAddress web() {
        return server.web();
    }

    String key() {
        return key;
    }

    // ---- valid callers ----

    private static final class Running extends Thread {
        private final List<Long> nanos = new ArrayList<>();
        private final Siege siege;
        private final ValidCaller caller;
        private volatile int calls;

        Running(Siege siege, String name, ValidCaller caller) {
            super(name);
            this.siege = siege;
            this.caller = caller;
            setDaemon(true);
        }

        @Override
        public void run() {
            try (caller) {
                while (!siege.ends) {
                    long begin = System.nanoTime();
                    try {
                        caller.call(ValidCaller.envelope(siege.key, calls, calls % LARGE_EVERY == 7 ? LARGE_ROWS : 1));
                    } catch (IOException e) {
                        siege.problem("call %d of the %s failed after %.1f s: %s"
                                .formatted(calls, getName(), (System.nanoTime() - begin) / 1e9, e));
                        return;
                    }
                    long took = System.nanoTime() - begin;
                    if (took > TimeUnit.SECONDS.toNanos(ValidCaller.PATIENCE_SECONDS)) {
                        siege.problem("call %d of the %s took %.1f s".formatted(calls, getName(), took / 1e9));
                    }
                    nanos.add(took);
                    calls++;
                    LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(1) / CALLS_A_SECOND);
                }
            } catch (IOException e) {
                siege.problem(getName() + " could not be closed: " + e);
            }
        }

        /** Joined before. */
        String figures() {
            long[] sorted = nanos.stream().mapToLong(Long::longValue).sorted().toArray();
            return sorted.length == 0
                    ? getName() + ": none"
                    : "%s: %,d calls, p99 %.0f ms, longest %.0f ms"
                            .formatted(
                                    getName(),
                                    sorted.length,
                                    sorted[sorted.length * 99 / 100] / 1e6,
                                    sorted[sorted.length - 1] / 1e6);
        }
    }

    private synchronized void problem(String what) {
        if (problems.size() < 20) {
            problems.add(what);
        }
    }

    ValidCaller.V3 v3() throws IOException {
        Socket socket = new Socket();
        socket.connect(port(), ValidCaller.PATIENCE_SECONDS * 1_000);
        if (tls == null) {
            return new ValidCaller.V3(socket, true);
        }
        return new ValidCaller.V3(TlsBytes.over(socket, server.authority()), false);
    }

    private ValidCaller v5() throws IOException {
        try {
            return new ValidCaller.V5(server.port(), key, tls);
        } catch (TlsException e) {
            throw new IOException(e);
        }
    }

    /** One that comes while the attack is on, connects and calls, all within the bound. */
    void expectNewcomersToBeServed() {
        String failure = newcomers();
        if (!failure.isEmpty()) {
            problem("during the attack: " + failure);
        }
    }

    private String newcomers() {
        StringBuilder failures = new StringBuilder();
        long begin = System.nanoTime();
        try (ValidCaller caller = v3()) {
            caller.call(ValidCaller.envelope(key, 0, 1));
        } catch (IOException e) {
            failures.append("a new v3 was not served: ").append(e).append("; ");
        }
        try (ValidCaller caller = v5()) {
            caller.call(ValidCaller.envelope(key, 0, 1));
        } catch (IOException e) {
            failures.append("a new v5 was not served: ").append(e).append("; ");
        }
        double took = (System.nanoTime() - begin) / 1e9;
        if (took > 2 * ValidCaller.PATIENCE_SECONDS) {
            failures.append("new ones were served after %.1f s".formatted(took));
        }
        return failures.toString();
    }

    // ---- what can be seen from outside ----

    private void watch() {
        while (!ends) {
            peak = Math.max(peak, server.residentBytes());
            if (!server.isAlive()) {
                problem("the receiver has ended");
                return;
            }
            for (String page : List.of("/liveness", "/readiness")) {
                String failure = pageFailure(page);
                if (!failure.isEmpty()) {
                    problem(failure);
                }
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
        }
    }

    private String pageFailure(String page) {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + web().getPort() + page))
                .timeout(Duration.ofSeconds(ValidCaller.PATIENCE_SECONDS))
                .build();
        try {
            int status =
                    http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
            return status == 200 ? "" : page + " answers " + status;
        } catch (IOException e) {
            return page + " does not answer: " + e;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    // ---- the attack ----

    /** Lets the attack happen and asserts that nobody else has come to harm. */
    void withstand(String name, Attack attack) throws Exception {
        long logged = Files.size(server.logFile());
        long lines = lines();
        List<Running> callers = List.of(new Running(this, "v3", v3()), new Running(this, "v5", v5()));
        callers.forEach(Thread::start);
        for (Running each : callers) {
            await(each, 10);
        }
        Thread watch = new Thread(this::watch, "watch");
        watch.start();
        long before = server.residentBytes();
        long begin = System.nanoTime();
        try {
            attack.on(this);
        } catch (IOException e) {
            // the receiver may throw an attacker out as it likes
            Figures.show("%s: the attacker ended with %s", name, e);
        }
        double took = (System.nanoTime() - begin) / 1e9;
        double recovered = awaitRecovery();
        long after = server.residentBytes();
        for (Running each : callers) {
            await(each, each.calls + 5);
        }
        ends = true;
        for (Running each : callers) {
            each.join(TimeUnit.SECONDS.toMillis(2 * ValidCaller.PATIENCE_SECONDS));
        }
        watch.join(TimeUnit.SECONDS.toMillis(4 * ValidCaller.PATIENCE_SECONDS));
        long moreBytes = Files.size(server.logFile()) - logged;
        long moreLines = lines() - lines;
        Figures.show(
                "%s (%.0f s): %s; %s; resident %,d MB before, %,d at most, %,d after; log %,d lines, %,d bytes; all as before after %.1f s",
                name,
                took,
                callers.get(0).figures(),
                callers.get(1).figures(),
                before >> 20,
                peak >> 20,
                after >> 20,
                moreLines,
                moreBytes,
                recovered);
        if (peak > RESIDENT_BYTES) {
            problem("resident memory: %,d MB (expected: <= %,d)".formatted(peak >> 20, RESIDENT_BYTES >> 20));
        }
        if (moreBytes > LOG_BYTES || moreLines > LOG_LINES) {
            problem("log: %,d lines, %,d bytes (expected: <= %,d, <= %,d)"
                    .formatted(moreLines, moreBytes, LOG_LINES, LOG_BYTES));
        }
        if (server.log().chars().anyMatch(each -> each < ' ' && each != '\n' && each != '\t')) {
            problem("a control character of a peer is in the log");
        }
        server.log().lines().filter(line -> line.startsWith(FORGED)).forEach(line -> problem("a forged line: " + line));
        synchronized (this) {
            assertTrue(problems.isEmpty(), () -> String.join("\n", problems) + "\n" + lastOfLog());
        }
    }

    /** Several attacks at a time. */
    void together(Attack... attacks) throws Exception {
        List<FutureTask<Void>> tasks = new ArrayList<>();
        for (Attack each : attacks) {
            FutureTask<Void> task = new FutureTask<>(() -> {
                each.on(this);
                return null;
            });
            tasks.add(task);
            new Thread(task, "attacker").start();
        }
        for (FutureTask<Void> each : tasks) {
            try {
                each.get();
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof IOException)) {
                    throw e;
                }
                // thrown out
            }
        }
    }

    /** In seconds; -1 for never. */
    private double awaitRecovery() {
        long begin = System.nanoTime();
        while (true) {
            String failure = newcomers() + pageFailure("/liveness") + pageFailure("/readiness");
            long took = System.nanoTime() - begin;
            if (failure.isEmpty()) {
                return took / 1e9;
            } else if (took > RECOVERY.toNanos()) {
                problem("after the attack: " + failure);
                return -1;
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
        }
    }

    private static void await(Running caller, int calls) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(2 * ValidCaller.PATIENCE_SECONDS);
        while (caller.calls < calls && caller.isAlive() && System.nanoTime() < end) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
        }
    }

    private long lines() throws IOException {
        long lines = 0;
        for (byte each : Files.readAllBytes(server.logFile())) {
            lines += each == '\n' ? 1 : 0;
        }
        return lines;
    }

    private String lastOfLog() {
        try {
            String[] lines = server.log().split("\n");
            return "the log's end:\n"
                    + String.join("\n", Arrays.copyOfRange(lines, Math.max(0, lines.length - 15), lines.length));
        } catch (IOException e) {
            return e.toString();
        }
    }

    /** An attacker's connection. */
    Socket connect(String from) throws IOException {
        Socket socket = new Socket();
        socket.bind(new InetSocketAddress(from, 0));
        socket.connect(port(), ValidCaller.PATIENCE_SECONDS * 1_000);
        socket.setSoTimeout(ValidCaller.PATIENCE_SECONDS * 1_000);
        assertTrue(socket.isConnected());
        return socket;
    }
}
