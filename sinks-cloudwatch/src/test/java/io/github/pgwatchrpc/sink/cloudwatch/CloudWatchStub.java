package io.github.pgwatchrpc.sink.cloudwatch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.cbor.CBORFactory;
import io.github.pgwatchrpc.sink.testkit.FaultAnswer;
import io.github.pgwatchrpc.sink.testkit.FaultRequest;
import io.github.pgwatchrpc.sink.testkit.FaultServer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.zip.GZIPInputStream;

/** CloudWatch's PutMetricData over Smithy's rpc-v2-cbor, as strict as AWS. */
final class CloudWatchStub implements AutoCloseable {

    static final ObjectMapper CBOR = new ObjectMapper(new CBORFactory());

    /** A call was taken. */
    static final FaultAnswer OK = FaultAnswer.ok()
            .with("smithy-protocol", "rpc-v2-cbor")
            .with("Content-Type", "application/cbor")
            .body(cbor(Map.of()));

    private static final int MAX_BODY = 1_000_000;
    private static final double MAX_NUMBER = Math.pow(2, 360);
    private static final String ASCII = "[ -~]*[!-~][ -~]*";

    /** A datum that was taken. */
    record Taken(
            String namespace,
            String name,
            Map<String, String> dimensions,
            long millis,
            String unit,
            int resolution,
            List<Double> values,
            List<Double> counts) {}

    /** A call that was taken: its datums, and the bytes of its body. */
    record Call(int data, int bytes) {}

    final FaultServer server;
    final List<Taken> taken = new ArrayList<>();
    final List<Call> calls = new ArrayList<>();

    /** What happens before a call is looked at; null from it for nothing. */
    volatile Function<JsonNode, FaultAnswer> gate = call -> null;

    /** Whether answers are lost. */
    volatile boolean mute;

    /** A metric that is refused, whatever its form. */
    volatile String refusedMetric = "";

    CloudWatchStub() throws IOException {
        server = FaultServer.start().otherwise(this::answer);
    }

    String uri(String options) {
        return "cloudwatch://us-east-1/pgwatch?endpoint=" + server.uri() + "&credentials-file=" + Credentials.file()
                + "&timeout=5s" + options;
    }

    /** What CloudWatch says to a call. */
    FaultAnswer answer(FaultRequest request) {
        JsonNode call;
        try {
            call = CBOR.readTree(body(request));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        FaultAnswer first = gate.apply(call);
        if (first != null) {
            return first;
        }
        if (!request.path().endsWith("/service/GraniteServiceVersion20100801/operation/PutMetricData")) {
            return error(404, "UnknownOperationException", request.path());
        } else if (request.body().length > MAX_BODY) {
            return error(413, "RequestEntityTooLargeException", request.body().length + " bytes");
        }
        JsonNode data = call.path("MetricData");
        if (data.size() == 0) {
            return error(400, "MissingRequiredParameterException", "The parameter MetricData is required.");
        } else if (data.size() > 1000) {
            return error(400, "InvalidParameterValueException", data.size() + " metrics");
        }
        List<Taken> all = new ArrayList<>();
        for (JsonNode datum : data) {
            String problem = problem(datum);
            if (problem != null) {
                return error(400, "InvalidParameterValueException", problem);
            }
            all.add(taken(call.path("Namespace").asText(), datum));
        }
        taken.addAll(all);
        calls.add(new Call(all.size(), request.body().length));
        return mute ? FaultAnswer.reset() : OK;
    }

    private static byte[] body(FaultRequest request) throws IOException {
        if (!"gzip".equals(request.header("Content-Encoding"))) {
            return request.body();
        }
        try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(request.body()))) {
            return in.readAllBytes();
        }
    }

    private String problem(JsonNode datum) {
        String name = datum.path("MetricName").asText();
        if (!name.matches(ASCII) || name.length() > 255 || name.equals(refusedMetric)) {
            return "MetricName " + name;
        }
        JsonNode dimensions = datum.path("Dimensions");
        if (dimensions.size() > 30) {
            return dimensions.size() + " dimensions";
        }
        for (JsonNode each : dimensions) {
            String key = each.path("Name").asText();
            String value = each.path("Value").asText();
            if (!key.matches(ASCII) || key.startsWith(":") || key.length() > 255) {
                return "dimension's name " + key;
            } else if (!value.matches(ASCII) || value.length() > 1024) {
                return "dimension's value " + value;
            }
        }
        boolean single = datum.has("Value");
        int values = datum.path("Values").size();
        if (single == (values > 0) || values > 150 || datum.path("Counts").size() != values) {
            return "Value, Values and Counts";
        }
        for (double each : numbers(single ? datum.path("Value") : datum.path("Values"))) {
            if (!(Math.abs(each) <= MAX_NUMBER)) {
                return "value " + each;
            }
        }
        long age = System.currentTimeMillis() - millis(datum);
        return age > 14 * 86_400_000L || age < -2 * 3_600_000L ? "Timestamp " + millis(datum) : null;
    }

    private static long millis(JsonNode datum) {
        return Math.round(datum.path("Timestamp").asDouble() * 1000);
    }

    private static List<Double> numbers(JsonNode node) {
        List<Double> all = new ArrayList<>();
        if (node.isArray()) {
            node.forEach(each -> all.add(each.asDouble()));
        } else {
            all.add(node.asDouble());
        }
        return all;
    }

    private static Taken taken(String namespace, JsonNode datum) {
        Map<String, String> dimensions = new LinkedHashMap<>();
        datum.path("Dimensions")
                .forEach(each -> dimensions.put(
                        each.path("Name").asText(), each.path("Value").asText()));
        boolean single = datum.has("Value");
        return new Taken(
                namespace,
                datum.path("MetricName").asText(),
                dimensions,
                millis(datum),
                datum.path("Unit").asText(""),
                datum.path("StorageResolution").asInt(60),
                numbers(datum.path(single ? "Value" : "Values")),
                single ? List.of(1.0) : numbers(datum.path("Counts")));
    }

    static FaultAnswer error(int status, String code, String message) {
        return FaultAnswer.status(status)
                .with("smithy-protocol", "rpc-v2-cbor")
                .with("Content-Type", "application/cbor")
                .body(cbor(Map.of("__type", "com.amazonaws.cloudwatch#" + code, "message", message)));
    }

    private static byte[] cbor(Map<String, String> map) {
        try {
            return CBOR.writeValueAsBytes(map);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        server.close();
    }
}
