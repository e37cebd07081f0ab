package io.github.pgwatchrpc.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.cbor.CBORFactory;
import io.github.pgwatchrpc.measurement.EnvelopeBuilder;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.Sinks;
import io.github.pgwatchrpc.sink.testkit.FaultRequest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.client.builder.AwsClientBuilder;
import software.amazon.awssdk.awscore.client.builder.AwsSyncClientBuilder;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.cloudwatch.CloudWatchClient;
import software.amazon.awssdk.services.cloudwatch.model.Datapoint;
import software.amazon.awssdk.services.cloudwatch.model.Dimension;
import software.amazon.awssdk.services.cloudwatch.model.StandardUnit;
import software.amazon.awssdk.services.cloudwatch.model.Statistic;
import software.amazon.awssdk.services.cloudwatchlogs.CloudWatchLogsClient;
import software.amazon.awssdk.services.cloudwatchlogs.model.GetLogEventsResponse;
import software.amazon.awssdk.services.cloudwatchlogs.model.OutputLogEvent;

/**
 * Rows go through the whole receiver into other people's stand-ins for CloudWatch: ministack takes metrics, moto log events.
 * Both keep everything in memory, so after they were killed the account is made from the calls that they took before.
 */
@Tag("process")
class CloudWatchTest {

    private static final PythonServer.Program MINISTACK = new PythonServer.Program(
            "ministack",
            List.of("ministack==1.5.33", "cbor2==6.3.0"),
            List.of("python", "-m", "hypercorn", "-b", "127.0.0.1:" + PythonServer.PORT, "ministack.app:app"),
            Map.of("SERVICES", "cloudwatch"));
    private static final PythonServer.Program MOTO = new PythonServer.Program(
            "moto",
            List.of("moto[server]==5.2.5"),
            List.of("moto_server", "-H", "127.0.0.1", "-p", PythonServer.PORT),
            Map.of());

    private static final int ENVELOPES = 40;
    private static final int ROWS = 250;
    private static final int ALL = ENVELOPES * ROWS;
    private static final int TABLES = 20;
    private static final int THROTTLED = 5;
    private static final ObjectMapper CBOR = new ObjectMapper(new CBORFactory());
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path directory;

    // ---- metrics ----

    @Test
    void everyNumberIsInTheStatisticsOnceAlsoAfterThrottling() throws Exception {
        try (PythonServer ministack = PythonServer.start(MINISTACK, directory);
                AwsProxy proxy = new AwsProxy(ministack.uri());
                ServerProcess server = metricsInto(proxy)) {
            proxy.throttle(THROTTLED);
            send(server, 0, ENVELOPES);
            assertAccount(server, ALL);
            assertOnce(numbers(proxy), ALL);
            assertStatistics(ministack, numbers(proxy));
        }
    }

    @Test
    void everyNumberIsTakenOnceAlsoWhenCloudWatchIsKilled() throws Exception {
        try (PythonServer ministack = PythonServer.start(MINISTACK, directory);
                AwsProxy proxy = new AwsProxy(ministack.uri());
                ServerProcess server = metricsInto(proxy)) {
            send(server, 0, ENVELOPES / 2);
            // in the middle of a call, or between two, as chance has it
            ministack.kill();
            int before = proxy.taken().size();
            send(server, ENVELOPES / 2, ENVELOPES);
            ministack.restart();
            assertAccount(server, ALL);
            assertOnce(numbers(proxy), ALL);
            assertStatistics(
                    ministack,
                    numbers(proxy.taken().subList(before, proxy.taken().size())));
        }
    }

    private ServerProcess metricsInto(AwsProxy proxy) throws IOException {
        return ServerProcess.launch(directory)
                .sinks("aws=cloudwatch://us-east-1/interop?endpoint=" + proxy.uri() + "&credentials-file="
                        + credentials())
                .start();
    }

    private static List<Long> numbers(AwsProxy proxy) throws IOException {
        return numbers(proxy.taken());
    }

    /** The rows' numbers in PutMetricData's calls, as often as the calls say. */
    private static List<Long> numbers(List<AwsProxy.Taken> calls) throws IOException {
        List<Long> numbers = new ArrayList<>();
        for (AwsProxy.Taken call : calls) {
            for (JsonNode datum : CBOR.readTree(body(call.request())).path("MetricData")) {
                if (datum.path("MetricName").asText().equals("numbered.seq_no")) {
                    boolean single = datum.has("Value");
                    for (int i = 0; i < (single ? 1 : datum.path("Values").size()); i++) {
                        JsonNode value = single
                                ? datum.path("Value")
                                : datum.path("Values").path(i);
                        for (int n = single ? 1 : datum.path("Counts").path(i).asInt(); n > 0; n--) {
                            numbers.add((long) value.asDouble());
                        }
                    }
                }
            }
        }
        return numbers;
    }

    private static byte[] body(FaultRequest request) throws IOException {
        if (!"gzip".equals(request.header("Content-Encoding"))) {
            return request.body();
        }
        try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(request.body()))) {
            return in.readAllBytes();
        }
    }

    /** What CloudWatch answers to those who look at a graph. */
    private static void assertStatistics(PythonServer ministack, List<Long> numbers) {
        double count = 0;
        double sum = 0;
        try (CloudWatchClient client = client(CloudWatchClient.builder(), ministack)) {
            for (int table = 0; table < TABLES; table++) {
                String name = "t" + table;
                List<Datapoint> points = client.getMetricStatistics(request -> request.namespace("interop")
                                .metricName("numbered.seq_no")
                                .dimensions(dimension("dbname", "db"), dimension("table", name))
                                .startTime(Instant.now().minusSeconds(7200))
                                .endTime(Instant.now().plusSeconds(7200))
                                .period(60)
                                .statistics(Statistic.SAMPLE_COUNT, Statistic.SUM))
                        .datapoints();
                for (Datapoint each : points) {
                    count += each.sampleCount();
                    sum += each.sum();
                }
                List<Datapoint> sizes = client.getMetricStatistics(request -> request.namespace("interop")
                                .metricName("numbered.size_b")
                                .dimensions(dimension("dbname", "db"), dimension("table", name))
                                .startTime(Instant.now().minusSeconds(7200))
                                .endTime(Instant.now().plusSeconds(7200))
                                .period(60)
                                .statistics(Statistic.MAXIMUM))
                        .datapoints();
                sizes.forEach(each -> {
                    assertEquals(StandardUnit.BYTES, each.unit());
                    assertEquals(8192, each.maximum());
                });
            }
        }
        assertEquals(numbers.size(), count);
        assertEquals(numbers.stream().mapToDouble(each -> each).sum(), sum);
    }

    private static Dimension dimension(String name, String value) {
        return Dimension.builder().name(name).value(value).build();
    }

    // ---- log events ----

    @Test
    void everyRowIsAnEventOnceAlsoAfterThrottling() throws Exception {
        try (PythonServer moto = PythonServer.start(MOTO, directory);
                AwsProxy proxy = new AwsProxy(moto.uri())) {
            provision(proxy);
            try (ServerProcess server = logsInto(proxy)) {
                proxy.throttle(THROTTLED);
                send(server, 0, ENVELOPES);
                assertAccount(server, ALL);
                assertOnce(events(proxy.taken()), ALL);
                List<JsonNode> stored = stored(moto);
                assertOnce(numbersOf(stored), ALL);
                Set<String> ids = new HashSet<>();
                stored.forEach(each -> ids.add(each.path("id").asText()));
                assertEquals(ALL, ids.size());
            }
        }
    }

    /** It comes back without the group, as if somebody had deleted that: the sink waits until it is there again. */
    @Test
    void everyRowIsTakenOnceAlsoWhenLogsIsKilledAndTheGroupIsGone() throws Exception {
        try (PythonServer moto = PythonServer.start(MOTO, directory);
                AwsProxy proxy = new AwsProxy(moto.uri())) {
            provision(proxy);
            try (ServerProcess server = logsInto(proxy)) {
                send(server, 0, ENVELOPES / 2);
                moto.kill();
                int before = proxy.taken().size();
                send(server, ENVELOPES / 2, ENVELOPES);
                moto.restart();
                await(
                        () -> proxy.refused().stream().anyMatch(each -> each.contains("ResourceNotFoundException")),
                        () -> "no call was refused for the missing group: " + proxy.refused());
                provision(proxy);
                assertAccount(server, ALL);
                assertOnce(events(proxy.taken()), ALL);
                List<Long> after =
                        events(proxy.taken().subList(before, proxy.taken().size()));
                assertTrue(after.size() >= ALL / 2, "events after the restart: " + after.size());
                assertEquals(new HashSet<>(after), new HashSet<>(numbersOf(stored(moto))));
            }
        }
    }

    private static void await(Supplier<Boolean> reached, Supplier<String> otherwise) {
        long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
        while (!reached.get()) {
            assertTrue(System.nanoTime() < end, otherwise);
            LockSupport.parkNanos(10_000_000);
        }
    }

    private String logs(AwsProxy proxy) throws IOException {
        return "cloudwatchlogs://us-east-1//interop/rows/one?endpoint=" + proxy.uri() + "&credentials-file="
                + credentials();
    }

    private void provision(AwsProxy proxy) throws Exception {
        try (Sink sink = Sinks.load(CloudWatchTest.class.getClassLoader()).create(logs(proxy), Map.of())) {
            assertEquals(Readiness.ready(), sink.provision());
        }
    }

    private ServerProcess logsInto(AwsProxy proxy) throws IOException {
        return ServerProcess.launch(directory).sinks("aws=" + logs(proxy)).start();
    }

    private static List<Long> events(List<AwsProxy.Taken> calls) throws IOException {
        List<JsonNode> events = new ArrayList<>();
        for (AwsProxy.Taken call : calls) {
            assertTrue(!call.answer().contains("rejectedLogEventsInfo"), call.answer());
            for (JsonNode event : JSON.readTree(body(call.request())).path("logEvents")) {
                events.add(JSON.readTree(event.path("message").asText()));
            }
        }
        return numbersOf(events);
    }

    private static List<Long> numbersOf(List<JsonNode> events) {
        return events.stream().map(each -> each.at("/fields/seq_no").asLong()).toList();
    }

    /** What Logs answers to those who read the stream. */
    private static List<JsonNode> stored(PythonServer moto) throws IOException {
        List<JsonNode> events = new ArrayList<>();
        try (CloudWatchLogsClient client = client(CloudWatchLogsClient.builder(), moto)) {
            String token = null;
            while (true) {
                String from = token;
                GetLogEventsResponse page = client.getLogEvents(request -> request.logGroupName("/interop/rows")
                        .logStreamName("one")
                        .startFromHead(true)
                        .nextToken(from));
                for (OutputLogEvent each : page.events()) {
                    events.add(JSON.readTree(each.message()));
                }
                if (page.events().isEmpty() || page.nextForwardToken().equals(token)) {
                    return events;
                }
                token = page.nextForwardToken();
            }
        }
    }

    // ---- both ----

    private static <B extends AwsClientBuilder<B, C> & AwsSyncClientBuilder<B, C>, C> C client(
            B builder, PythonServer server) {
        return builder.endpointOverride(server.uri())
                .region(Region.US_EAST_1)
                .credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("nobody", "nothing")))
                .httpClientBuilder(UrlConnectionHttpClient.builder())
                .build();
    }

    private Path credentials() throws IOException {
        return Files.writeString(
                directory.resolve("credentials"),
                "[default]\naws_access_key_id = nobody\naws_secret_access_key = nothing\n");
    }

    private static void send(ServerProcess server, int from, int to) throws IOException {
        try (NumberedRows.Sender sender = new NumberedRows.Sender(server)) {
            for (int envelope = from; envelope < to; envelope++) {
                sender.send(envelope(envelope));
            }
        }
    }

    private static MeasurementEnvelope envelope(int number) {
        EnvelopeBuilder builder = new EnvelopeBuilder().database("db").metric("numbered");
        for (long n = (long) number * ROWS; n < (number + 1L) * ROWS; n++) {
            builder.beginRow()
                    .put("epoch_ns", TimeUnit.MILLISECONDS.toNanos(System.currentTimeMillis()))
                    .put("tag_table", "t" + n % TABLES)
                    .put("seq_no", n)
                    .put("size_b", 8192L)
                    .endRow();
        }
        return builder.build();
    }

    private static void assertAccount(ServerProcess server, long rows) throws Exception {
        server.awaitDelivered("aws");
        assertEquals(rows, server.rows("aws", "received"));
        assertEquals(rows, server.rows("aws", "delivered"));
        assertEquals(0, server.rows("aws", "dead") + server.rows("aws", "dropped") + server.rows("aws", "lost"));
    }

    private static void assertOnce(List<Long> numbers, int rows) {
        Map<Long, Integer> counts = new HashMap<>();
        numbers.forEach(each -> counts.merge(each, 1, Integer::sum));
        Map<Long, Integer> once = new HashMap<>();
        for (long n = 0; n < rows; n++) {
            once.put(n, 1);
        }
        assertEquals(once, counts, "how often each row came");
    }
}
