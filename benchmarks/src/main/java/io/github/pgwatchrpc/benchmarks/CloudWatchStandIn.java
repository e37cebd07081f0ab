package io.github.pgwatchrpc.benchmarks;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.LongAdder;

/** CloudWatch's metrics. */
final class CloudWatchStandIn implements StandIn {

    private static final byte[] NOTHING_IN_CBOR = {(byte) 0xa0};

    private final long delayMillis;
    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final Path credentials;
    private final LongAdder calls = new LongAdder();
    private final LongAdder bytes = new LongAdder();

    /**
     * Starts it.
     *
     * @param directory for credentials
     * @param delayMillis how long each answer takes
     * @throws IOException if it does not start
     */
    CloudWatchStandIn(Path directory, long delayMillis) throws IOException {
        this.delayMillis = delayMillis;
        credentials = Files.writeString(
                directory.resolve("credentials"),
                "[default]\naws_access_key_id = nobody\naws_secret_access_key = nothing\n");
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::answer);
        server.start();
    }

    @Override
    public String uri() {
        return "cloudwatch://us-east-1/figures?max-series=10000000&endpoint=http://127.0.0.1:"
                + server.getAddress().getPort() + "&credentials-file=" + credentials;
    }

    @Override
    public String came() {
        long count = calls.sumThenReset();
        long size = bytes.sumThenReset();
        return count == 0 ? "" : String.format("cloudwatch: %,d calls, %,.0f bytes each", count, size / (double) count);
    }

    private void answer(HttpExchange exchange) throws IOException {
        bytes.add(exchange.getRequestBody().readAllBytes().length);
        calls.increment();
        AzureStandIn.pause(delayMillis);
        exchange.getResponseHeaders().add("smithy-protocol", "rpc-v2-cbor");
        exchange.getResponseHeaders().add("Content-Type", "application/cbor");
        exchange.sendResponseHeaders(200, NOTHING_IN_CBOR.length);
        exchange.getResponseBody().write(NOTHING_IN_CBOR);
        exchange.close();
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
