package io.github.pgwatchrpc.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.github.pgwatchrpc.delivery.Delivery;
import io.github.pgwatchrpc.delivery.DeliveryConfig;
import io.github.pgwatchrpc.delivery.spool.Durability;
import io.github.pgwatchrpc.delivery.worker.SinkTarget;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.Sinks;
import io.github.pgwatchrpc.sink.cloudwatch.MetricsProvider;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * How fast rows get to CloudWatch as metrics, from the delivery's log to a stand-in in the same process that takes
 * everything after a time, and how many calls that takes. Arguments: an empty directory, rows, milliseconds for each answer.
 */
public final class CloudWatchFigures {

    /** Numbers in each of {@link Rows}' rows. */
    private static final int NUMBERS = 12;

    private static final int ROWS_A_CALL = 100;
    private static final byte[] NOTHING_IN_CBOR = {(byte) 0xa0};

    private CloudWatchFigures() {}

    /**
     * Measures and prints.
     *
     * @param args directory, rows, milliseconds
     * @throws Exception if anything fails
     */
    @SuppressWarnings("SystemOut") // that is its purpose
    public static void main(String[] args) throws Exception {
        Path directory = Path.of(args[0]);
        int rows = Integer.parseInt(args[1]);
        long pause = Long.parseLong(args[2]);
        LongAdder calls = new LongAdder();
        LongAdder bytes = new LongAdder();
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        ExecutorService threads = Executors.newCachedThreadPool();
        server.setExecutor(threads);
        server.createContext("/", exchange -> answer(exchange, pause, calls, bytes));
        server.start();
        Path credentials = Files.writeString(
                Files.createTempFile(directory, "credentials", ""),
                "[default]\naws_access_key_id = nobody\naws_secret_access_key = nothing\n");
        String uri = "cloudwatch://us-east-1/figures?max-series=10000000&endpoint=http://127.0.0.1:"
                + server.getAddress().getPort() + "&credentials-file=" + credentials;
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        MetricsProvider provider = new MetricsProvider();
        for (int run = 0; run < 3; run++) {
            CountDownLatch all = new CountDownLatch(rows);
            Sink sink = counting(new Sinks(List.of(provider)).create(uri, Map.of()), all);
            DeliveryConfig config = DeliveryConfig.builder(directory.resolve("spool" + run))
                    .durability(Durability.FLUSH)
                    .ackTimeout(Duration.ofMinutes(1))
                    .build();
            SinkTarget target =
                    new SinkTarget("cloudwatch", sink, provider.limits(), Set.of(), SinkTarget.Start.BEGINNING);
            calls.reset();
            bytes.reset();
            long cpu = system.getProcessCpuTime();
            long begin = System.nanoTime();
            try (Delivery delivery = Delivery.open(config, List.of(target))) {
                for (int sent = 0; sent < rows; sent += ROWS_A_CALL) {
                    MeasurementEnvelope envelope = Rows.envelope(ROWS_A_CALL, sent);
                    CompletionStage<?> stored = delivery.append(envelope);
                    stored.toCompletableFuture().get();
                }
                all.await();
            }
            double time = (System.nanoTime() - begin) / 1e9;
            double datums = (double) rows * NUMBERS;
            System.out.printf(
                    "run %d: %,.0f rows/s, %.1f CPU s per million rows, %,.0f calls per million datums (fill %.1f %%), %,.0f bytes a call%n",
                    run,
                    rows / time,
                    (system.getProcessCpuTime() - cpu) / 1e3 / rows,
                    calls.sum() * 1e6 / datums,
                    datums / 10 / calls.sum(),
                    bytes.sum() / (double) calls.sum());
        }
        server.stop(0);
        threads.shutdownNow();
    }

    private static void answer(HttpExchange exchange, long pause, LongAdder calls, LongAdder bytes) throws IOException {
        try (InputStream in = exchange.getRequestBody()) {
            bytes.add(in.readAllBytes().length);
            calls.increment();
            TimeUnit.MILLISECONDS.sleep(pause);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        exchange.getResponseHeaders().add("smithy-protocol", "rpc-v2-cbor");
        exchange.getResponseHeaders().add("Content-Type", "application/cbor");
        exchange.sendResponseHeaders(200, NOTHING_IN_CBOR.length);
        exchange.getResponseBody().write(NOTHING_IN_CBOR);
        exchange.close();
    }

    private static Sink counting(Sink sink, CountDownLatch rows) {
        return new Sink() {
            @Override
            public Readiness open() throws IOException, InterruptedException {
                return sink.open();
            }

            @Override
            public Outcome write(Batch batch) throws IOException, InterruptedException {
                Outcome outcome = sink.write(batch);
                if (!outcome.equals(Outcome.written())) {
                    throw new IOException(outcome.toString());
                }
                for (int i = 0; i < batch.size(); i++) {
                    rows.countDown();
                }
                return outcome;
            }

            @Override
            public void close() {
                sink.close();
            }
        };
    }
}
