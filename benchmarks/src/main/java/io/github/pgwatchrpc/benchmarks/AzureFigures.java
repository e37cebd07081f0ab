package io.github.pgwatchrpc.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Limits;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.Sinks;
import io.github.pgwatchrpc.sink.http.HttpTls;
import io.github.pgwatchrpc.sink.testkit.TestCertificate;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * How fast the Azure sink writes, what that costs, and how full its requests are: rows of 18 columns, in memory, in batches
 * as large and as many at once as the sink's limits say, to a logs ingestion endpoint in the same process that takes
 * everything. Its part of the processor's time, TLS included, is in the figures. Arguments: million rows for each of three
 * rounds (the first warms up), and milliseconds until the endpoint answers.
 */
public final class AzureFigures {

    private static final int ENVELOPE_ROWS = 100;
    private static final int CHUNK_BYTES = 900 << 10;

    private final long delayMillis;
    private final LongAdder requests = new LongAdder();
    private final LongAdder bytes = new LongAdder();

    private AzureFigures(long delayMillis) {
        this.delayMillis = delayMillis;
    }

    /**
     * Measures and prints.
     *
     * @param args million rows, milliseconds
     * @throws Exception if anything fails
     */
    @SuppressWarnings("SystemOut") // that is its purpose
    public static void main(String[] args) throws Exception {
        long rows = (long) (Double.parseDouble(args[0]) * 1e6);
        AzureFigures figures = new AzureFigures(Long.parseLong(args[1]));
        Path directory = Files.createTempDirectory("azure-figures");
        TestCertificate certificate = TestCertificate.make("azure");
        Path ca = Files.writeString(directory.resolve("ca.pem"), certificate.certificatePem());
        Path key = Files.writeString(directory.resolve("key.pem"), certificate.privateKeyPem());
        HttpsServer server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(new HttpTls(null, ca, key, false).context()));
        ExecutorService workers = Executors.newCachedThreadPool();
        server.setExecutor(workers);
        String host = "127.0.0.1:" + server.getAddress().getPort();
        server.createContext("/", exchange -> figures.answer(exchange, host));
        server.start();
        String uri = "azure://" + host + "/dcr-0123456789abcdef0123456789abcdef/Custom-Pgwatch?credential=client-secret"
                + "&tenant-id=11111111-2222-3333-4444-555555555555&client-id=c&client-secret=s&authority=https://"
                + host
                + "&ca=" + ca;
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        Sinks kinds = Sinks.load(AzureFigures.class.getClassLoader());
        try (Sink sink = kinds.create(uri, Map.of())) {
            Readiness readiness = sink.open();
            if (!(readiness instanceof Readiness.Ready)) {
                throw new IOException(readiness.toString());
            }
            for (int round = 0; round < 3; round++) {
                figures.requests.reset();
                figures.bytes.reset();
                long cpu = system.getProcessCpuTime();
                long begin = System.nanoTime();
                long written = write(sink, kinds.provider(uri).limits(), rows);
                double time = (System.nanoTime() - begin) / 1e9;
                System.out.printf(
                        "%,d rows in %.1f s: %,.0f rows/s, %.2f CPU s per million rows, %d requests, mean fill %.1f %%%n",
                        written,
                        time,
                        written / time,
                        (system.getProcessCpuTime() - cpu) / 1e3 / written,
                        figures.requests.sum(),
                        100.0 * figures.bytes.sum() / figures.requests.sum() / CHUNK_BYTES);
            }
        }
        server.stop(0);
        workers.shutdownNow();
        Files.delete(ca);
        Files.delete(key);
        Files.delete(directory);
    }

    private static long write(Sink sink, Limits limits, long rows) throws Exception {
        MeasurementEnvelope envelope = Rows.envelope(ENVELOPE_ROWS);
        int envelopes = (int) Math.min(limits.bytes() / envelope.sizeInBytes(), limits.rows() / ENVELOPE_ROWS);
        AtomicLong written = new AtomicLong();
        AtomicLong position = new AtomicLong();
        ExecutorService writers = Executors.newFixedThreadPool(limits.concurrency());
        List<Future<?>> done = new ArrayList<>();
        for (int i = 0; i < limits.concurrency(); i++) {
            done.add(writers.submit(() -> {
                while (written.getAndAdd((long) envelopes * ENVELOPE_ROWS) < rows) {
                    List<Batch.Slice> slices = new ArrayList<>();
                    for (int n = 0; n < envelopes; n++) {
                        slices.add(new Batch.Slice(envelope, position.getAndIncrement(), 0, ENVELOPE_ROWS));
                    }
                    Outcome outcome = sink.write(new Batch("4f2a90c1-7", slices));
                    if (!(outcome instanceof Outcome.Written)) {
                        throw new IOException(outcome.toString());
                    }
                }
                return null;
            }));
        }
        for (Future<?> each : done) {
            each.get();
        }
        writers.shutdown();
        // each writer counted one batch that it did not write
        return written.get() - (long) limits.concurrency() * envelopes * ENVELOPE_ROWS;
    }

    private void answer(HttpExchange exchange, String host) throws IOException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        String path = exchange.getRequestURI().getPath();
        byte[] answer = new byte[0];
        if (path.contains("openid-configuration")) {
            String tenant = "https://" + host + "/11111111-2222-3333-4444-555555555555";
            answer = ("{\"token_endpoint\":\"" + tenant + "/oauth2/v2.0/token\",\"authorization_endpoint\":\"" + tenant
                            + "/oauth2/v2.0/authorize\",\"issuer\":\"" + tenant + "/v2.0\"}")
                    .getBytes(StandardCharsets.UTF_8);
        } else if (path.endsWith("/token")) {
            answer = "{\"token_type\":\"Bearer\",\"expires_in\":3599,\"ext_expires_in\":3599,\"access_token\":\"t\"}"
                    .getBytes(StandardCharsets.UTF_8);
        } else {
            // gzip ends with the length of what it holds (RFC 1952)
            int length = ByteBuffer.wrap(body, body.length - 4, 4)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .getInt();
            if (length > 2) {
                requests.increment();
                bytes.add(length);
            }
            try {
                TimeUnit.MILLISECONDS.sleep(delayMillis);
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(answer.length == 0 ? 204 : 200, answer.length == 0 ? -1 : answer.length);
        exchange.getResponseBody().write(answer);
        exchange.close();
    }
}
