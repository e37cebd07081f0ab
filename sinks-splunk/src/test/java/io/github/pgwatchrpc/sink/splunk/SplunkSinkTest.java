package io.github.pgwatchrpc.sink.splunk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.pgwatchrpc.measurement.EnvelopeBuilder;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.SinkConfigException;
import io.github.pgwatchrpc.sink.Sinks;
import io.github.pgwatchrpc.sink.testkit.FaultAnswer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is HEC's own: codes, indexes, sizes, acknowledgement, names. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class SplunkSinkTest {

    private static final long TIME = 1_795_367_430_000_000_000L;

    private final Sinks sinks = new Sinks(List.of(new SplunkSinkProvider()));
    private final HecStub stub;

    SplunkSinkTest() throws IOException {
        stub = HecStub.start();
    }

    @AfterEach
    void stop() {
        stub.close();
    }

    private Sink sink(String options) {
        return sinks.create(stub.sinkUri() + options, Map.of());
    }

    private static MeasurementEnvelope rows(String metric, int from, int to) {
        EnvelopeBuilder builder = new EnvelopeBuilder().database("db").metric(metric);
        for (int n = from; n < to; n++) {
            builder.row(Map.of("epoch_ns", TIME + n * 1_000L, "n", (long) n));
        }
        return builder.build();
    }

    private static Batch batch(MeasurementEnvelope... envelopes) {
        return Batch.of("test", List.of(envelopes));
    }

    private static Map<String, Object> columns(Object... namesAndValues) {
        Map<String, Object> columns = new LinkedHashMap<>();
        columns.put("epoch_ns", TIME);
        for (int i = 0; i < namesAndValues.length; i += 2) {
            columns.put((String) namesAndValues[i], namesAndValues[i + 1]);
        }
        return columns;
    }

    /** The numbers of the rows that have arrived, in order. */
    private List<Integer> numbers() {
        return stub.events().stream()
                .map(event -> event.get("event").get("n").intValue())
                .sorted()
                .toList();
    }

    private static List<Integer> range(int from, int to) {
        return IntStream.range(from, to).boxed().toList();
    }

    // ---- what lands where ----

    @Test
    void anEventHasItsPlaceAndItsColumns() throws Exception {
        MeasurementEnvelope envelope = new EnvelopeBuilder()
                .database("Shop")
                .metric("table_stats")
                .customTag("env", "prod")
                .row(columns("tag_table", "orders", "seq_scan", 7L, "ratio", 0.25, "nothing", null))
                .build();
        Sink sink = sink("&index=pg_{tag:env}_{database}&source=s-{metric}&sourcetype=t&host=h-{database}");
        assertEquals(Outcome.written(), sink.write(batch(envelope)));
        assertEquals(
                "{\"time\":1795367430.000000,\"host\":\"h-Shop\",\"source\":\"s-table_stats\",\"sourcetype\":\"t\","
                        + "\"index\":\"pg_prod_shop\",\"event\":{\"database\":\"Shop\",\"metric\":\"table_stats\","
                        + "\"tag_env\":\"prod\",\"tag_table\":\"orders\",\"seq_scan\":7,\"ratio\":0.25}}",
                stub.posts().get(0).text().strip());
        assertEquals("gzip", stub.posts().get(0).header("Content-Encoding"));
    }

    @Test
    void aMetricEventHasAMeasurementForEachNumber() throws Exception {
        MeasurementEnvelope envelope = new EnvelopeBuilder()
                .database("shop")
                .metric("table_stats")
                .customTag("env", "prod")
                .row(columns(
                        "tag_table",
                        "orders",
                        "seq_scan",
                        7L,
                        "ratio",
                        0.25,
                        "nan",
                        Double.NaN,
                        "up",
                        true,
                        "text",
                        "x"))
                .build();
        assertEquals(Outcome.written(), sink("&mode=metrics&gzip=false").write(batch(envelope)));
        assertEquals(
                "{\"time\":1795367430.000000,\"host\":\"shop\",\"source\":\"pgwatch\",\"sourcetype\":\"pgwatch:table_stats\","
                        + "\"event\":\"metric\",\"fields\":{\"database\":\"shop\",\"metric\":\"table_stats\",\"tag_env\":\"prod\","
                        + "\"tag_table\":\"orders\",\"metric_name:pgwatch.table_stats.seq_scan\":7,"
                        + "\"metric_name:pgwatch.table_stats.ratio\":0.25,\"metric_name:pgwatch.table_stats.up\":1,"
                        + "\"text\":\"x\"}}",
                stub.posts().get(0).text().strip());
    }

    @Test
    void metricsWithoutTextDimensionsAndPrefix() throws Exception {
        MeasurementEnvelope envelope = new EnvelopeBuilder()
                .database("db")
                .metric("m")
                .row(columns("n", 1L, "text", "x", "tag_a", "y"))
                .build();
        sink("&mode=metrics&text-dimensions=false&metric-prefix=").write(batch(envelope));
        ObjectNode fields = (ObjectNode) stub.events().get(0).get("fields");
        assertEquals("{\"database\":\"db\",\"metric\":\"m\",\"metric_name:m.n\":1,\"tag_a\":\"y\"}", fields.toString());
    }

    @Test
    void namesThatAreTakenMakeRoomAndStayApart() throws Exception {
        MeasurementEnvelope envelope = new EnvelopeBuilder()
                .database("db")
                .metric("m")
                .row(columns("database", "a", "database_", "b", "metric", "c", "", "d", "unnamed", "e", "a.b", "f"))
                .build();
        sink("").write(batch(envelope));
        assertEquals(
                "{\"database\":\"db\",\"metric\":\"m\",\"database_\":\"a\",\"database__\":\"b\",\"metric_\":\"c\","
                        + "\"unnamed\":\"d\",\"unnamed_\":\"e\",\"a.b\":\"f\"}",
                stub.events().get(0).get("event").toString());
    }

    @Test
    void aRowsOwnTagWinsUnlessItIsNull() throws Exception {
        MeasurementEnvelope envelope = new EnvelopeBuilder()
                .database("db")
                .metric("m")
                .customTag("env", "source")
                .customTag("zone", "z")
                .row(columns("tag_env", "row"))
                .row(columns("tag_env", null))
                .build();
        sink("").write(batch(envelope));
        assertEquals("row", stub.events().get(0).get("event").get("tag_env").textValue());
        assertEquals("z", stub.events().get(0).get("event").get("tag_zone").textValue());
        assertEquals("source", stub.events().get(1).get("event").get("tag_env").textValue());
    }

    @ParameterizedTest
    @CsvSource({
        "1795367430000001999, 1795367430.000001",
        "1795367430123456789, 1795367430.123456",
        "1795367430100000000, 1795367430.100000",
        "999, 0.000000",
        "-1500000000, -1.500000"
    })
    void timesHaveSixDigitsOfAFraction(long nanos, String written) throws Exception {
        Map<String, Object> row = Map.of("epoch_ns", nanos);
        sink("").write(batch(
                new EnvelopeBuilder().database("d").metric("m").row(row).build()));
        assertTrue(
                stub.posts().get(0).text().startsWith("{\"time\":" + written + ","),
                stub.posts().get(0)::text);
    }

    @Test
    void tenThousandColumnsAreOneEvent() throws Exception {
        Map<String, Object> wide = new LinkedHashMap<>();
        for (int i = 0; i < 10_000; i++) {
            wide.put("column_" + i, (long) i);
        }
        MeasurementEnvelope envelope =
                new EnvelopeBuilder().database("d").metric("m").row(wide).build();
        for (String mode : List.of("events", "metrics")) {
            assertEquals(Outcome.written(), sink("&mode=" + mode).write(batch(envelope, envelope)));
        }
        assertEquals(4, stub.events().size());
    }

    // ---- codes ----

    @ParameterizedTest
    @CsvSource({
        "403, 1, Paused", "401, 2, Paused", "401, 3, Paused", "403, 4, Paused", "400, 5, Paused", "400, 6, Refused",
        "400, 7, Paused", "500, 8, Retry", "503, 9, Retry", "400, 10, Paused", "400, 11, Retry", "400, 12, Refused",
        "400, 13, Refused", "400, 14, Paused", "400, 15, Refused", "400, 16, Paused", "503, 18, Retry",
                "503, 19, Retry",
        "503, 20, Retry", "400, 21, Paused", "400, 22, Paused", "503, 23, Retry", "200, 24, Written",
                "200, 25, Written",
        "429, 26, Retry", "429, 27, Retry", "200, 0, Written", "200, 9, Retry", "400, 99, Refused", "418, 99, Refused"
    })
    void eachCodeHasItsOutcome(int status, int code, String expected) throws Exception {
        stub.then(HecStub.hec(status, code, "said so"));
        Outcome outcome = sink("").write(batch(rows("m", 0, 1)));
        if (expected.equals("Refused")) {
            Outcome.Partly partly = assertInstanceOf(Outcome.Partly.class, outcome);
            assertEquals(1, partly.refused().size());
            assertTrue(partly.refused().get(0).why().contains("said so"), partly::toString);
        } else {
            assertEquals(expected, outcome.getClass().getSimpleName(), outcome::toString);
        }
        if (outcome instanceof Outcome.Paused paused) {
            assertFalse(paused.mend().isBlank());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {18, 19, 20, 23})
    void whatIsUnhealthyIsNotReady(int code) throws Exception {
        Sink sink = sink("");
        stub.health(code);
        assertInstanceOf(Outcome.Retry.class, sink.open());
        stub.health(17);
        assertEquals(Readiness.ready(), sink.open());
        assertEquals(List.of(), stub.events());
    }

    @Test
    void whatIsNotHecIsToldApart() throws Exception {
        stub.server().otherwise(FaultAnswer.ok().body("<html>Welcome</html>"));
        Sink sink = sink("");
        assertInstanceOf(Outcome.Paused.class, sink.open());
        assertInstanceOf(Outcome.Paused.class, sink.write(batch(rows("m", 0, 1))));
    }

    @Test
    void aFullQueueTakesTheRowsLater() throws Exception {
        Sink sink = sink("");
        stub.busy(9);
        Outcome.Retry retry = assertInstanceOf(Outcome.Retry.class, sink.write(batch(rows("m", 0, 5))));
        assertTrue(retry.why().contains("\"code\":9"), retry::why);
        stub.busy(0);
        assertEquals(Outcome.written(), sink.write(batch(rows("m", 0, 5))));
        assertEquals(range(0, 5), numbers());
    }

    // ---- bad events ----

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void theBadEventIsFoundByItsNumber(int countsFrom) throws Exception {
        stub.countsFrom(countsFrom)
                .refuses(event -> event.at("/event/n").intValue() == 7
                        || event.at("/event/n").intValue() == 42);
        Outcome.Partly partly = assertInstanceOf(Outcome.Partly.class, sink("").write(batch(rows("m", 0, 100))));
        assertEquals(
                List.of(7, 42),
                partly.refused().stream().map(Outcome.RefusedRow::row).sorted().toList());
        assertEquals(List.of(), partly.retry());
        assertEquals(range(0, 100).stream().filter(n -> n != 7 && n != 42).toList(), numbers());
        // one with all, and for each bad event at most two alone and one with the rest
        assertTrue(stub.posts().size() <= 7, () -> "requests: " + stub.posts().size());
    }

    @Test
    void manyBadEventsAreFoundByHalving() throws Exception {
        stub.refuses(event -> event.at("/event/n").intValue() % 3 == 0);
        Outcome.Partly partly = assertInstanceOf(Outcome.Partly.class, sink("").write(batch(rows("m", 0, 100))));
        assertEquals(34, partly.refused().size());
        assertEquals(range(0, 100).stream().filter(n -> n % 3 != 0).toList(), numbers());
    }

    @Test
    void whereEventsBeforeABadOneAreKeptNoneIsLost() throws Exception {
        stub.keepsThoseBefore(true).refuses(event -> event.at("/event/n").intValue() == 50);
        sink("").write(batch(rows("m", 0, 100)));
        assertEquals(new HashSet<>(range(0, 100).stream().filter(n -> n != 50).toList()), new HashSet<>(numbers()));
    }

    @Test
    void aWrongIndexStopsItsOwnRowsOnly() throws Exception {
        Sink sink = sink("&index=pg_{metric}");
        stub.allows("pg_a", "pg_c");
        Batch batch = batch(rows("a", 0, 2), rows("b", 2, 4), rows("c", 4, 6), rows("b", 6, 7), rows("a", 7, 8));
        Outcome.Partly partly = assertInstanceOf(Outcome.Partly.class, sink.write(batch));
        assertEquals(List.of(2, 3, 6), partly.retry());
        assertTrue(partly.why().contains("index pg_b") && partly.why().contains("allows"), partly::why);
        assertEquals(List.of(0, 1, 4, 5, 7), numbers());
        stub.allows("pg_a", "pg_b", "pg_c");
        assertEquals(Outcome.written(), sink.write(batch.select(partly.retry())));
        assertEquals(range(0, 8), numbers());
    }

    @Test
    void anIndexThatNobodyAllowsPauses() throws Exception {
        stub.allows("another");
        Outcome.Paused paused =
                assertInstanceOf(Outcome.Paused.class, sink("&index=pgwatch").write(batch(rows("m", 0, 3))));
        assertTrue(paused.why().contains("index pgwatch"), paused::why);
    }

    // ---- sizes ----

    @Test
    void aBodyIsAsLargeAsItMayBeAndNoLarger() throws Exception {
        sink("&gzip=false").write(batch(rows("m", 0, 1)));
        int event = stub.posts().get(0).body().length;
        // with the padding, 8 events fill a body to the byte
        String pad = "x".repeat(1024);
        for (int extra : new int[] {-1, 0, 1}) {
            EnvelopeBuilder builder = new EnvelopeBuilder().database("db").metric("m");
            for (int n = 0; n < 16; n++) {
                builder.row(columns("n", 1L, "pad", pad.substring(0, 1024 - event - ",\"pad\":\"\"".length() + extra)));
            }
            int before = stub.posts().size();
            sink("&gzip=false&max-body=8KB").write(batch(builder.build()));
            List<Integer> lengths = stub.posts().subList(before, stub.posts().size()).stream()
                    .map(post -> post.body().length)
                    .toList();
            int most = 8 * (1024 + extra) <= 8192 ? 8 : 7;
            assertEquals(most * (1024 + extra), lengths.get(0), lengths::toString);
        }
    }

    @Test
    void whatIsTooLargeIsHalvedAndOneTooLargeIsRefused() throws Exception {
        EnvelopeBuilder builder = new EnvelopeBuilder().database("db").metric("m");
        for (int n = 0; n < 20; n++) {
            builder.row(columns("n", (long) n, "pad", "x".repeat(n == 13 ? 3_000 : 10)));
        }
        stub.takesBytes(2_000);
        Outcome.Partly partly = assertInstanceOf(Outcome.Partly.class, sink("").write(batch(builder.build())));
        assertEquals(
                List.of(13),
                partly.refused().stream().map(Outcome.RefusedRow::row).toList());
        assertTrue(partly.refused().get(0).why().contains("413"), partly::toString);
        assertEquals(range(0, 20).stream().filter(n -> n != 13).toList(), numbers());
    }

    @Test
    void whatCameThroughBeforeSplunkWentAwayIsNotSentAgain() throws Exception {
        Sink sink = sink("&max-body=1KB");
        Batch batch = batch(rows("m", 0, 50));
        stub.busyEvery(3);
        Outcome.Partly partly = assertInstanceOf(Outcome.Partly.class, sink.write(batch));
        assertEquals(50, partly.retry().size() + stub.events().size());
        stub.busyEvery(0);
        assertEquals(Outcome.written(), sink.write(batch.select(partly.retry())));
        assertEquals(range(0, 50), numbers());
    }

    // ---- several endpoints ----

    @Test
    void theNextEndpointTakesOver() throws Exception {
        try (HecStub second = HecStub.start()) {
            String uri = "splunk+http://" + stub.uri().getAuthority() + ","
                    + second.uri().getAuthority() + "?timeout=3s&token=" + HecStub.TOKEN;
            Sink sink = sinks.create(uri, Map.of());
            assertEquals(Outcome.written(), sink.write(batch(rows("m", 0, 2))));
            stub.server().down();
            assertEquals(Outcome.written(), sink.write(batch(rows("m", 2, 4))));
            assertEquals(2, second.events().size());
            assertEquals(range(0, 2), numbers());
        }
    }

    @Test
    void acknowledgementsAreAskedForWhereTheRowsAre() throws Exception {
        try (HecStub second = HecStub.start()) {
            stub.acknowledges(0).busy(9);
            second.acknowledges(0);
            String uri = "splunk+http://" + stub.uri().getAuthority() + ","
                    + second.uri().getAuthority() + "?ack=true&ack-timeout=10s&timeout=3s&token=" + HecStub.TOKEN;
            assertEquals(Outcome.written(), sinks.create(uri, Map.of()).write(batch(rows("m", 0, 2))));
            assertEquals(List.of(List.of(0L)), second.polls());
            assertEquals(List.of(), stub.polls());
        }
    }

    // ---- acknowledgement ----

    @Test
    void allRequestsOfAWriteAreConfirmedInOnePoll() throws Exception {
        stub.acknowledges(0);
        Sink sink = sink("&ack=true&max-body=1KB");
        assertEquals(Readiness.ready(), sink.open());
        int before = stub.polls().size();
        assertEquals(Outcome.written(), sink.write(batch(rows("m", 0, 50))));
        List<List<Long>> polls = stub.polls().subList(before, stub.polls().size());
        assertEquals(1, polls.size(), polls::toString);
        assertTrue(polls.get(0).size() > 3, polls::toString);
        // the next write goes on where this one ended
        sink.write(batch(rows("m", 50, 51)));
        assertEquals(List.of((long) polls.get(0).size()), stub.polls().get(before + 1));
        assertEquals(range(0, 51), numbers());
    }

    @Test
    void whatIsNotConfirmedInTimeComesAgain() throws Exception {
        stub.acknowledges(Integer.MAX_VALUE);
        Sink sink = sink("&ack=true&ack-timeout=300ms");
        Outcome.Retry retry = assertInstanceOf(Outcome.Retry.class, sink.write(batch(rows("m", 0, 5))));
        assertEquals("not confirmed by the indexer within 300 ms", retry.why());
        assertTrue(stub.polls().size() < 20, () -> "polls: " + stub.polls().size());
        stub.acknowledges(0);
        assertEquals(Outcome.written(), sink.write(batch(rows("m", 0, 5))));
        assertEquals(range(0, 5), numbers());
        Set<String> channels = new HashSet<>();
        stub.posts().forEach(post -> channels.add(post.header("X-Splunk-Request-Channel")));
        assertEquals(2, channels.size(), "a channel on which something is awaited is not used again");
    }

    @Test
    void aRestartThatLosesTheChannelLosesNoRow() throws Exception {
        stub.acknowledges(0);
        Sink sink = sink("&ack=true&ack-timeout=10s&max-body=1KB");
        assertEquals(Outcome.written(), sink.write(batch(rows("m", 0, 20))));
        // the second request of this write gets the number 0 again
        List<Integer> seen = new ArrayList<>();
        stub.refuses(event -> {
            int n = event.at("/event/n").intValue();
            if (n > 120 && seen.isEmpty()) {
                seen.add(n);
                stub.restart();
            }
            return false;
        });
        Batch batch = batch(rows("m", 100, 150));
        Outcome.Partly partly = assertInstanceOf(Outcome.Partly.class, sink.write(batch));
        assertTrue(partly.why().contains("restarted"), partly::why);
        assertFalse(seen.isEmpty());
        assertEquals(Outcome.written(), sink.write(batch.select(partly.retry())));
        List<Integer> expected = new ArrayList<>(range(0, 20));
        expected.addAll(range(100, 150));
        assertEquals(expected, numbers());
    }

    @Test
    void anUnansweredRequestMakesEarlierNumbersWorthless() throws Exception {
        stub.acknowledges(0);
        Sink sink = sink("&ack=true&ack-timeout=10s&max-body=1KB");
        List<Integer> seen = new ArrayList<>();
        stub.refuses(event -> {
            if (event.at("/event/n").intValue() == 10 && seen.isEmpty()) {
                seen.add(1);
                // restarts, takes these under the number 0, and goes away before it says so
                stub.restart();
                stub.losesAnswers(true);
            }
            return false;
        });
        Outcome.Retry retry = assertInstanceOf(Outcome.Retry.class, sink.write(batch(rows("m", 0, 12))));
        stub.losesAnswers(false);
        stub.forget();
        assertEquals(Outcome.written(), sink.write(batch(rows("m", 0, 12))), retry::why);
        assertEquals(range(0, 12), numbers());
    }

    @Test
    void aTokenAndTheOptionMustAgreeOnAcknowledgement() throws Exception {
        stub.acknowledges(0);
        Outcome.Paused off = assertInstanceOf(Outcome.Paused.class, sink("").open());
        assertTrue(off.mend().contains("ack=true"), off::mend);
        assertInstanceOf(Outcome.Paused.class, sink("").write(batch(rows("m", 0, 1))));
        stub.acknowledgesNothing();
        Outcome.Paused on =
                assertInstanceOf(Outcome.Paused.class, sink("&ack=true").open());
        assertTrue(on.mend().contains("useACK"), on::mend);
        assertInstanceOf(Outcome.Paused.class, sink("&ack=true").write(batch(rows("m", 0, 1))));
    }

    // ---- tokens and options ----

    @Test
    void aNewTokenInTheFileIsTaken(@TempDir Path directory) throws Exception {
        Path file = Files.writeString(directory.resolve("token"), HecStub.TOKEN + "\n");
        Sink sink = sinks.create("splunk+http://" + stub.uri().getAuthority() + "?token-file=" + file, Map.of());
        assertEquals(Readiness.ready(), sink.open());
        stub.knowsToken("renewed");
        assertInstanceOf(Outcome.Paused.class, sink.write(batch(rows("m", 0, 1))));
        assertInstanceOf(Outcome.Paused.class, sink.open());
        Files.writeString(file, "renewed");
        assertEquals(Readiness.ready(), sink.open());
        assertEquals(Outcome.written(), sink.write(batch(rows("m", 0, 1))));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "splunk://host:8088 | option token of sink splunk: missing (expected: one of token and token-file)",
                "splunk:host:8088?token=t | neither http nor https (expected: //HOST:8088",
                "splunk://host:0?token=t | port 0 (expected: //HOST:8088",
                "splunk://host?token=a b | option token of sink splunk: (secret) (expected: printable ASCII",
                "splunk://host?token=t&index={nothing} | option index of sink splunk: \"{nothing}\" (expected: text"
                        + " that may",
                "splunk://host?token=t&index=___ | option index of sink splunk: \"___\" (expected: a letter or digit",
                "splunk://host?token=t&host={database | option host of sink splunk: \"{database\" (expected: text that"
                        + " may",
                "splunk://host?token=t&token-file=/x | beside token-file (expected: one of",
                "splunk://host?token=t&max-body=1 | option max-body of sink splunk: \"1\" (expected: bytes"
            })
    void wrongOptionsAreNamed(String uri, String problem) {
        SinkConfigException error = assertThrows(SinkConfigException.class, () -> sinks.create(uri.strip(), Map.of()));
        assertTrue(error.getMessage().contains(problem), error::getMessage);
    }

    @Test
    void aPortIsNotNeeded() {
        assertTrue(sinks.create("splunk://host,[::1],other:1/base?token=t", Map.of())
                .toString()
                .contains("https://host:8088, https://[::1]:8088, https://other:1/base"));
    }

    @ParameterizedTest
    @CsvSource({"Prod-DB.eu, prod-db_eu", "__x, x", "a b/c, a_b_c", "Ž1, 1"})
    void namesOfIndexesAreMadeFit(String text, String index) {
        assertEquals(index, Layout.indexName(text));
    }

    @Test
    void whatSplunkNeedsIsTold() {
        Layout layout = new Layout(
                Layout.Mode.METRICS,
                Template.parse("pg"),
                Template.parse("pgwatch"),
                Template.parse("x"),
                Template.parse("y"),
                "pgwatch",
                true);
        String text = new Setup(layout, true).toString();
        assertTrue(text.contains("[pg]\nhomePath   = $SPLUNK_DB/pg/db\n"), text);
        assertTrue(text.contains("datatype = metric\n"), text);
        assertTrue(text.contains("indexes = pg\nuseACK = 1\n"), text);
    }

    @Test
    void busyWithATimeSaysTheTime() throws Exception {
        stub.then(HecStub.hec(503, 9, "Server is busy").with("Retry-After", "5"));
        Outcome.Retry retry = assertInstanceOf(Outcome.Retry.class, sink("").write(batch(rows("m", 0, 1))));
        assertEquals(Duration.ofSeconds(5), retry.after());
    }
}
