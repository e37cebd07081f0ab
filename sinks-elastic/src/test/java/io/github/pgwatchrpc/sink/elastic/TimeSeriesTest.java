package io.github.pgwatchrpc.sink.elastic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.testkit.FaultAnswer;
import io.github.pgwatchrpc.sink.testkit.FaultRequest;
import io.github.pgwatchrpc.sink.testkit.FaultServer;
import java.io.IOException;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Time series are no part of what is published as jars, so their answers are told as Elasticsearch 8.19 words them. */
@Tag("process")
class TimeSeriesTest {

    private static final String OUTSIDE =
            "{\"create\":{\"status\":400,\"error\":{\"type\":\"timestamp_error\",\"reason\":\"the document timestamp"
                    + " [2026-11-01T00:00:00Z] is outside of ranges of currently writable indices [[a,b]]\"}}}";
    private static final String CONFLICT =
            "{\"create\":{\"status\":409,\"error\":{\"type\":\"version_conflict_engine_exception\",\"reason\":\"exists\"}}}";
    private static final String DONE = "{\"create\":{\"status\":201}}";
    private static final String BUSY =
            "{\"create\":{\"status\":429,\"error\":{\"type\":\"es_rejected_execution_exception\",\"reason\":\"full\"}}}";

    private final FaultServer server = FaultServer.start();
    private final Sink sink =
            Sent.sink("elasticsearch://127.0.0.1:" + server.uri().getPort() + "?time-series=true&gzip=false");

    TimeSeriesTest() throws IOException {}

    @AfterEach
    void stop() {
        sink.close();
        server.close();
    }

    private static FaultAnswer items(String... items) {
        boolean errors = !List.of(items).stream().allMatch(DONE::equals);
        return FaultAnswer.ok().body("{\"errors\":" + errors + ",\"items\":[" + String.join(",", items) + "]}");
    }

    @Test
    void rowsThatAreTooLateOrStandAtAPlaceThatIsTakenGoToThePlainStream() throws Exception {
        server.then(items(DONE, OUTSIDE, CONFLICT, DONE), items(DONE, CONFLICT));
        assertEquals(Outcome.written(), sink.write(Sent.numbered("m", 0, 4)));
        List<FaultRequest> requests = server.requests();
        List<String> first = requests.get(0).lines();
        assertEquals("{\"create\":{\"_index\":\"metrics-pgwatch.m-default\"}}", first.get(0));
        List<String> second = requests.get(1).lines();
        assertEquals(4, second.size());
        assertEquals(
                "{\"create\":{\"_index\":\"metrics-pgwatch.m.late-default\",\"_id\":\"numbered-1-0\"}}", second.get(0));
        assertEquals(first.get(3), second.get(1));
        assertEquals(first.get(5), second.get(3));
    }

    @Test
    void whatBecomesOfLateRowsIsSaidOfTheRightOnes() throws Exception {
        String bad =
                "{\"create\":{\"status\":400,\"error\":{\"type\":\"document_parsing_exception\",\"reason\":\"no\"}}}";
        server.then(items(OUTSIDE, BUSY, OUTSIDE, DONE, OUTSIDE), items(BUSY, DONE, bad));
        Outcome.Partly partly = assertInstanceOf(Outcome.Partly.class, sink.write(Sent.numbered("m", 0, 5)));
        assertEquals(List.of(0, 1), partly.retry());
        assertEquals(
                List.of(4),
                partly.refused().stream().map(Outcome.RefusedRow::row).toList());
    }

    @Test
    void lateRowsWaitIfThePlainStreamIsAway() throws Exception {
        server.then(items(OUTSIDE, DONE), FaultAnswer.status(503), items(OUTSIDE), FaultAnswer.status(503));
        Outcome.Partly partly = assertInstanceOf(Outcome.Partly.class, sink.write(Sent.numbered("m", 0, 2)));
        assertEquals(List.of(0), partly.retry());
        assertTrue(partly.why().contains("503"), partly.why());
        assertInstanceOf(Outcome.Retry.class, sink.write(Sent.numbered("m", 0, 1)));
    }

    @Test
    void templatesAreOfBothKinds() throws Exception {
        List<String> plan = sink.plan();
        assertEquals(2, plan.size());
        JsonNode series = template(plan, "PUT /_index_template/metrics-pgwatch-default\n");
        assertEquals(
                "time_series",
                series.at("/template/settings/index/mode")
                        .asText(series.at("/template/settings/mode").asText()));
        assertTrue(series.at("/template/mappings/properties/database/time_series_dimension")
                .booleanValue());
        assertTrue(series.toString().contains("\"stored\""), "documents are kept as they were sent: " + series);
        JsonNode late = template(plan, "PUT /_index_template/metrics-pgwatch-default.late\n");
        assertFalse(late.toString().contains("time_series"), late::toString);
        assertEquals(
                "metrics-pgwatch.*.late-default", late.at("/index_patterns/0").textValue());
        assertTrue(late.path("priority").intValue() > series.path("priority").intValue());
    }

    private static JsonNode template(List<String> plan, String head) throws IOException {
        String one = plan.stream().filter(each -> each.startsWith(head)).collect(Collectors.joining());
        return ElasticsearchNode.JSON.readTree(one.substring(head.length()));
    }

    @Test
    void aRefusalOfAllLateRowsIsHalvedLikeAnyOther() throws Exception {
        server.then(items(OUTSIDE, OUTSIDE), FaultAnswer.status(413));
        assertInstanceOf(Outcome.Refused.class, sink.write(Sent.numbered("m", 0, 2)));
        assertEquals(2, IntStream.range(0, server.requests().size()).count());
    }
}
