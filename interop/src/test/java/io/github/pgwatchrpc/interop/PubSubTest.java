package io.github.pgwatchrpc.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a Go pgwatch sends reaches subscribers of Google's own test server, each row once. */
@ExtendWith(GoPrograms.Resolver.class)
class PubSubTest {

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"message=row", "message=envelope", "message=row&ordering-key=metric"})
    void everyRowReachesASubscriberOnce(String options, GoPrograms go) throws Exception {
        Process pubsub = go.pubsub();
        try (BufferedReader out = pubsub.inputReader(StandardCharsets.UTF_8)) {
            String line = String.valueOf(out.readLine());
            assertTrue(line.startsWith("listening "), line);
            String sink = "subscribers=pubsub://interop/pgwatch?emulator=" + line.substring("listening ".length()) + "&"
                    + options;
            Path sent = directory.resolve("sent.jsonl");
            try (ServerProcess server = ServerProcess.start(directory, "127.0.0.1:0", "--sink", sink)) {
                go.run(directory, "pgwatch", "-addr", server.address(), "-calls", "20", "-sent", sent.toString())
                        .mustSucceed();
                server.awaitMetric("pgwatch_rpc_sink_rows_waiting{sink=\"subscribers\"}", 0);
                server.terminate();
            }
            pubsub.getOutputStream().close();
            List<Map<String, Object>> messages = new ArrayList<>();
            for (String message = out.readLine(); message != null; message = out.readLine()) {
                messages.add(Json.object(message));
            }
            assertTrue(pubsub.waitFor(1, TimeUnit.MINUTES));
            assertEquals(0, pubsub.exitValue());
            assertEquals(counted(Rows.sent(sent)), rows(messages), "how often each row came");
        } finally {
            pubsub.destroyForcibly();
        }
    }

    private static Map<Long, Integer> counted(List<Rows.Sent> sent) {
        Map<Long, Integer> counts = new HashMap<>();
        sent.stream()
                .filter(Rows.Sent::ok)
                .forEach(each -> each.numbers().forEach(n -> counts.merge(n, 1, Integer::sum)));
        return counts;
    }

    private static Map<Long, Integer> rows(List<Map<String, Object>> messages) {
        Map<Long, Integer> counts = new HashMap<>();
        for (Map<String, Object> message : messages) {
            Map<String, Object> data = Json.object(String.valueOf(message.get("data")));
            List<?> rows = data.get("rows") instanceof List<?> several ? several : List.of(data);
            for (Object row : rows) {
                Map<String, Object> fields = Json.map(Json.map(row).get("fields"));
                counts.merge(Json.integer(fields.get("seq_no")), 1, Integer::sum);
            }
        }
        return counts;
    }
}
