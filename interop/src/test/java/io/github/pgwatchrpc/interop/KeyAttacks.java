package io.github.pgwatchrpc.interop;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.rpc.auth.ApiKey;
import io.github.pgwatchrpc.rpc.grpc.GrpcClient;
import io.github.pgwatchrpc.rpc.grpc.pgwatch.ReceiverClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;

/** What can be done with wrong keys beside somebody with the right one, and with a right one beside others. */
final class KeyAttacks {

    private static final int CALLS = 24;

    /** What the definitions of one key may take: a pgwatch has 200 KB of them. */
    private static final long MOST_BYTES = 64 << 20;

    private KeyAttacks() {}

    /** Keys that could be right and are not, from the address that the valid callers have too. */
    static void guessingNeighbour(Siege siege) throws IOException {
        SecureRandom random = new SecureRandom();
        Http2Bytes bytes = new Http2Bytes().begin();
        for (int i = 0; i < 100; i++) {
            byte[] call = Http2Bytes.call(
                    "/Receiver/SyncMetric", "password", ApiKey.generate(random).text());
            bytes.frame(Http2Bytes.HEADERS, Http2Bytes.END_HEADERS, 2 * i + 1, call)
                    .frame(Http2Bytes.DATA, Http2Bytes.END_STREAM, 2 * i + 1, Http2Bytes.message(false));
        }
        try (Crowd crowd = new Crowd(siege.port(), 20, bytes.toBytes()).from("127.0.0.1")) {
            for (int i = 0; i < 5; i++) {
                crowd.stay(1);
                siege.expectNewcomersToBeServed();
            }
            Figures.show("keys: %s", crowd);
        }
    }

    /** Definitions of metrics without end, by somebody whose key is good for one database. */
    static void largeDefinitions(Siege siege, String key) throws IOException {
        int accepted = 0;
        String last = "";
        try (GrpcClient client = GrpcClient.builder(siege.port())
                .callTimeout(Duration.ofSeconds(10))
                .connect()) {
            ReceiverClient receiver = new ReceiverClient(client, "", key);
            long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            for (int call = 0; call < CALLS && System.nanoTime() < until; call++) {
                Map<String, Object> metrics = new HashMap<>();
                for (int i = 0; i < 12; i++) {
                    metrics.put("metric-" + call + "-" + i, Map.of("SQLs", Map.of("11", "x".repeat(1 << 20))));
                }
                try {
                    receiver.defineAsync(Map.of("MetricDefs", metrics)).join();
                    accepted++;
                } catch (CompletionException e) {
                    last = String.valueOf(e.getCause());
                }
            }
        }
        Path file = siege.server().data().resolve("spool").resolve("definitions");
        long bytes = Files.exists(file) ? Files.size(file) : 0;
        Figures.show("keys: %d of %d calls of 12 MB accepted, %,d bytes on disk; %s", accepted, CALLS, bytes, last);
        assertTrue(bytes <= MOST_BYTES, () -> "bytes of definitions on disk: " + bytes);
    }
}
