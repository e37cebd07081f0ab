package io.github.pgwatchrpc.interop;

import io.github.pgwatchrpc.rpc.auth.ApiKey;
import io.github.pgwatchrpc.rpc.grpc.GrpcClient;
import io.github.pgwatchrpc.rpc.grpc.pgwatch.ReceiverClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** What can be done with wrong keys beside somebody with the right one, and with a right one beside others. */
final class KeyAttacks {

    private KeyAttacks() {}

    /** Keys that could be right and are not, from the address that the valid callers have too. */
    static void guessingNeighbour(Siege siege) throws IOException {
        SecureRandom random = new SecureRandom();
        Http2Bytes bytes = new Http2Bytes().begin();
        for (int i = 0; i < 100; i++) {
            byte[] call = Http2Bytes.call("/Receiver/SyncMetric", "password", ApiKey.generate(random).text());
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
                .callTimeout(Duration.ofSeconds(20))
                .connect()) {
            ReceiverClient receiver = new ReceiverClient(client, "", key);
            List<CompletableFuture<String>> answers = new ArrayList<>();
            for (int call = 0; call < 24; call++) {
                Map<String, Object> metrics = new java.util.HashMap<>();
                for (int i = 0; i < 12; i++) {
                    metrics.put("metric-" + call + "-" + i, Map.of("SQLs", Map.of("11", "x".repeat(1 << 20))));
                }
                answers.add(receiver.defineAsync(Map.of("MetricDefs", metrics)));
            }
            for (CompletableFuture<String> each : answers) {
                try {
                    each.join();
                    accepted++;
                } catch (CompletionException e) {
                    last = String.valueOf(e.getCause());
                }
            }
        }
        Path file = siege.server().data().resolve("spool").resolve("definitions");
        Figures.show(
                "keys: %d calls of 12 MB accepted, %,d bytes on disk; %s",
                accepted, Files.exists(file) ? Files.size(file) : 0, last);
    }
}
