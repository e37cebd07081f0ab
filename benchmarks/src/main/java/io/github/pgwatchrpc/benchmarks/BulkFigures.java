package io.github.pgwatchrpc.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Limits;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.Sinks;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * How fast rows get into a real Elasticsearch, beside a bare loop of bulk requests that has the sink's own bodies ready: in
 * turn, into the same node, as many at once as the sink has. Arguments: HOST:PORT of a node without security that holds
 * nothing of worth, batches of a turn, turns.
 */
public final class BulkFigures {

    private static final String INDEX = "/figures-table_stats";
    private static final String OPTIONS = "?gzip=false&index=figures-{metric}";

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private final MeasurementEnvelope rows;
    private final String address;
    private final int batches;
    private final Limits limits;

    private BulkFigures(String address, int batches, Limits limits) {
        this.address = address;
        this.batches = batches;
        this.limits = limits;
        rows = Rows.envelope(limits.rows());
    }

    private interface Work {
        void batch(int number) throws Exception;
    }

    /**
     * Measures and prints.
     *
     * @param args address, batches, turns
     * @throws Exception if anything fails
     */
    public static void main(String[] args) throws Exception {
        Sinks kinds = Sinks.load(BulkFigures.class.getClassLoader());
        String uri = "elasticsearch://" + args[0] + OPTIONS;
        BulkFigures figures = new BulkFigures(
                args[0], Integer.parseInt(args[1]), kinds.provider(uri).limits());
        List<byte[]> bodies = figures.bodies(kinds);
        try (Sink sink = kinds.create(uri, Map.of())) {
            sink.provision();
            for (int turn = 0; turn < Integer.parseInt(args[2]); turn++) {
                figures.measure("sink", turn, number -> figures.write(sink, number));
                figures.measure("bare bulk", turn, number -> figures.send("POST", "/_bulk", bodies.get(number)));
            }
        }
    }

    /** What the sink sends, asked of a server that takes everything. */
    private List<byte[]> bodies(Sinks kinds) throws Exception {
        List<byte[]> bodies = Collections.synchronizedList(new ArrayList<>());
        HttpServer recorder = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        recorder.createContext("/", exchange -> record(exchange, bodies));
        recorder.start();
        String uri =
                "elasticsearch://127.0.0.1:" + recorder.getAddress().getPort() + OPTIONS + "&manage-template=false";
        try (Sink sink = kinds.create(uri, Map.of())) {
            ready(sink);
            for (int number = 0; number < batches; number++) {
                write(sink, number);
            }
        } finally {
            recorder.stop(0);
        }
        if (bodies.size() != batches) {
            throw new IllegalStateException(
                    "bodies: " + bodies.size() + " (expected: one for each of " + batches + ")");
        }
        return bodies;
    }

    private void record(HttpExchange exchange, List<byte[]> bodies) throws IOException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        String answer = "{}";
        if (exchange.getRequestURI().getPath().endsWith("/_bulk")) {
            bodies.add(body);
            answer = "{\"took\":1,\"errors\":false,\"items\":["
                    + String.join(",", Collections.nCopies(limits.rows(), "{\"create\":{\"status\":201}}")) + "]}";
        }
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.getResponseHeaders().set("X-Elastic-Product", "Elasticsearch");
        byte[] bytes = answer.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(200, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    private static void ready(Sink sink) throws Exception {
        Readiness readiness = sink.open();
        if (!(readiness instanceof Readiness.Ready)) {
            throw new IOException(readiness.toString());
        }
    }

    private void write(Sink sink, int number) throws Exception {
        Outcome outcome = sink.write(new Batch("figures", List.of(new Batch.Slice(rows, number, 0, limits.rows()))));
        if (!(outcome instanceof Outcome.Written)) {
            throw new IllegalStateException(outcome.toString());
        }
    }

    private String send(String method, String path, byte[] body) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://" + address + path))
                .header("Content-Type", path.equals("/_bulk") ? "application/x-ndjson" : "application/json")
                .method(method, BodyPublishers.ofByteArray(body))
                .build();
        HttpResponse<String> answer = http.send(request, BodyHandlers.ofString());
        if (answer.statusCode() != 200 || answer.body().contains("\"errors\":true")) {
            throw new IOException(method + " " + path + ": " + answer.statusCode() + " " + answer.body());
        }
        return answer.body();
    }

    private void measure(String what, int turn, Work work) throws Exception {
        // the first request would make it inside the measured time
        send("PUT", INDEX, new byte[0]);
        long cpu = system.getProcessCpuTime();
        long begin = System.nanoTime();
        AtomicInteger next = new AtomicInteger();
        ExecutorService writers = Executors.newFixedThreadPool(limits.concurrency());
        List<Future<?>> done = new ArrayList<>();
        for (int i = 0; i < limits.concurrency(); i++) {
            done.add(writers.submit(() -> {
                for (int number = next.getAndIncrement(); number < batches; number = next.getAndIncrement()) {
                    work.batch(number);
                }
                return null;
            }));
        }
        writers.shutdown();
        for (Future<?> each : done) {
            each.get();
        }
        double seconds = (System.nanoTime() - begin) / 1e9;
        double count = (double) batches * limits.rows();
        System.out.printf(
                "%d %-10s %,9.0f rows/s %6.2f CPU s per million rows%n",
                turn, what, count / seconds, (system.getProcessCpuTime() - cpu) / 1e3 / count);
        send("POST", INDEX + "/_refresh", new byte[0]);
        String counted = send("GET", INDEX + "/_count", new byte[0]);
        if (!counted.contains("\"count\":" + (long) count + ",")) {
            throw new IllegalStateException("documents: " + counted + " (expected: " + (long) count + ")");
        }
        send("DELETE", INDEX, new byte[0]);
    }
}
