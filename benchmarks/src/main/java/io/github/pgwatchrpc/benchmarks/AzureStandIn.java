package io.github.pgwatchrpc.benchmarks;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.github.pgwatchrpc.sink.http.HttpTls;
import io.github.pgwatchrpc.sink.testkit.TestCertificate;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/** A logs ingestion endpoint and the identity provider before it. */
final class AzureStandIn implements StandIn {

    private static final String TENANT = "11111111-2222-3333-4444-555555555555";

    /** The sink's default, {@code chunk-size}. */
    private static final int CHUNK_BYTES = 900 << 10;

    private final long delayMillis;
    private final HttpsServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final String host;
    private final Path ca;
    private final LongAdder requests = new LongAdder();
    private final LongAdder bytes = new LongAdder();

    /**
     * Starts it.
     *
     * @param directory for its certificate
     * @param delayMillis how long each answer takes
     * @throws Exception if it does not start
     */
    AzureStandIn(Path directory, long delayMillis) throws Exception {
        this.delayMillis = delayMillis;
        TestCertificate certificate = TestCertificate.make("azure");
        ca = Files.writeString(directory.resolve("ca.pem"), certificate.certificatePem());
        Path key = Files.writeString(directory.resolve("key.pem"), certificate.privateKeyPem());
        server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(new HttpTls(null, ca, key, false).context()));
        server.setExecutor(threads);
        host = "127.0.0.1:" + server.getAddress().getPort();
        server.createContext("/", this::answer);
        server.start();
    }

    @Override
    public String uri() {
        return "azure://" + host
                + "/dcr-0123456789abcdef0123456789abcdef/Custom-Pgwatch?credential=client-secret&tenant-id=" + TENANT
                + "&client-id=c&client-secret=s&authority=https://" + host + "&ca=" + ca;
    }

    @Override
    public String came() {
        long count = requests.sumThenReset();
        long size = bytes.sumThenReset();
        return count == 0
                ? ""
                : String.format("azure: %,d requests, mean fill %.1f %%", count, 100.0 * size / count / CHUNK_BYTES);
    }

    private void answer(HttpExchange exchange) throws IOException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        String path = exchange.getRequestURI().getPath();
        byte[] answer = new byte[0];
        if (path.contains("openid-configuration")) {
            String tenant = "https://" + host + "/" + TENANT;
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
            // the sink's question whether it may write has none
            if (length > 2) {
                requests.increment();
                bytes.add(length);
            }
            pause(delayMillis);
        }
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(answer.length == 0 ? 204 : 200, answer.length == 0 ? -1 : answer.length);
        exchange.getResponseBody().write(answer);
        exchange.close();
    }

    /** Waits, as a distant service makes one wait. */
    static void pause(long millis) throws IOException {
        try {
            TimeUnit.MILLISECONDS.sleep(millis);
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
