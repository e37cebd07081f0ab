package io.github.pgwatchrpc.sink.cloudwatch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.pgwatchrpc.sink.testkit.FaultAnswer;
import io.github.pgwatchrpc.sink.testkit.FaultRequest;
import io.github.pgwatchrpc.sink.testkit.FaultServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/** CloudWatch Logs over AWS's JSON protocol, as strict as AWS; one group, any streams. */
final class LogsStub implements AutoCloseable {

    static final ObjectMapper JSON = new ObjectMapper();
    static final String GROUP = "/pgwatch/test";

    private static final long DAY = 86_400_000;

    final FaultServer server;
    final List<JsonNode> messages = new ArrayList<>();

    /** Events and bytes of each call. */
    final List<int[]> calls = new ArrayList<>();

    final TreeSet<String> streams = new TreeSet<>();
    final Map<String, Integer> retention = new TreeMap<>();

    /** What happens before a call is looked at; null from it for nothing. */
    volatile Function<JsonNode, FaultAnswer> gate = call -> null;

    volatile boolean mute;

    /** How long the group keeps events. */
    volatile long keptMillis = 14 * DAY;

    LogsStub() throws IOException {
        server = FaultServer.start().otherwise(this::answer);
    }

    String uri(String options) {
        return "cloudwatchlogs://us-east-1/" + GROUP + "/one?endpoint=" + server.uri() + "&credentials-file="
                + Credentials.file() + "&timeout=5s" + options;
    }

    private FaultAnswer answer(FaultRequest request) {
        try {
            JsonNode call = JSON.readTree(request.text());
            FaultAnswer first = gate.apply(call);
            if (first != null) {
                return first;
            }
            String group = call.path("logGroupName").asText();
            String stream = call.path("logStreamName").asText();
            return switch (String.valueOf(request.header("X-Amz-Target"))) {
                case "Logs_20140328.CreateLogGroup" ->
                    retention.putIfAbsent(group, 0) == null
                            ? json("{}")
                            : error(400, "ResourceAlreadyExistsException", "The specified log group already exists");
                case "Logs_20140328.PutRetentionPolicy" -> {
                    retention.put(group, call.path("retentionInDays").asInt());
                    yield json("{}");
                }
                case "Logs_20140328.CreateLogStream" ->
                    streams.add(group + ' ' + stream)
                            ? json("{}")
                            : error(400, "ResourceAlreadyExistsException", "The specified log stream already exists");
                case "Logs_20140328.DescribeLogStreams" ->
                    describe(group, call.path("logStreamNamePrefix").asText());
                case "Logs_20140328.PutLogEvents" -> put(group + ' ' + stream, call.path("logEvents"));
                default -> error(400, "UnknownOperationException", "");
            };
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private FaultAnswer describe(String group, String prefix) {
        if (!retention.containsKey(group)) {
            return error(400, "ResourceNotFoundException", "The specified log group does not exist.");
        }
        String first = streams.ceiling(group + ' ' + prefix);
        return json(
                first == null
                        ? "{\"logStreams\":[]}"
                        : "{\"logStreams\":[{\"logStreamName\":\"" + first.substring(group.length() + 1) + "\"}]}");
    }

    private FaultAnswer put(String stream, JsonNode events) throws IOException {
        if (!streams.contains(stream)) {
            return error(400, "ResourceNotFoundException", "The specified log stream does not exist.");
        }
        int bytes = 0;
        long last = Long.MIN_VALUE;
        for (JsonNode event : events) {
            long time = event.path("timestamp").asLong();
            if (time < last) {
                return error(
                        400,
                        "InvalidParameterException",
                        "Log events in a single PutLogEvents request must be in chronological order.");
            }
            last = time;
            bytes += event.path("message").asText().getBytes(StandardCharsets.UTF_8).length + 26;
        }
        long span = last - events.path(0).path("timestamp").asLong();
        if (events.isEmpty() || events.size() > 10_000 || bytes > 1_048_576 || span >= DAY) {
            return error(
                    400, "InvalidParameterException", events.size() + " events, " + bytes + " bytes, " + span + " ms");
        }
        long now = System.currentTimeMillis();
        int expired = 0;
        int tooNew = events.size();
        for (int i = 0; i < events.size(); i++) {
            long time = events.get(i).path("timestamp").asLong();
            if (time < now - keptMillis) {
                expired = i + 1;
            } else if (time > now + DAY / 12 && tooNew == events.size()) {
                tooNew = i;
            }
        }
        for (int i = expired; i < tooNew; i++) {
            messages.add(JSON.readTree(events.get(i).path("message").asText()));
        }
        calls.add(new int[] {events.size(), bytes});
        if (mute) {
            return FaultAnswer.reset();
        }
        return json(
                expired == 0
                        ? "{\"nextSequenceToken\":\"1\"}"
                        : "{\"rejectedLogEventsInfo\":{\"expiredLogEventEndIndex\":" + expired + "}}");
    }

    static FaultAnswer json(String body) {
        return FaultAnswer.ok()
                .with("Content-Type", "application/x-amz-json-1.1")
                .body(body);
    }

    static FaultAnswer error(int status, String code, String message) {
        return FaultAnswer.status(status)
                .with("Content-Type", "application/x-amz-json-1.1")
                .body("{\"__type\":\"" + code + "\",\"message\":\"" + message + "\"}");
    }

    @Override
    public void close() {
        server.close();
    }
}
