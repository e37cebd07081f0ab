package io.github.pgwatchrpc.sink.elastic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.Sink;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What only Elasticsearch has, with a real node. */
@Tag("process")
class ElasticSinkTest {

    private final ElasticsearchNode node = ElasticsearchNode.shared();
    private final String namespace = ElasticsearchNode.namespace();
    private final String uri = "elasticsearch://" + node.address() + "?namespace=" + namespace;

    private String stream(String metric) {
        return "metrics-pgwatch." + metric + "-" + namespace;
    }

    private JsonNode mapping(String index) throws Exception {
        JsonNode all = node.call("GET", "/" + index + "/_mapping", "");
        return all.elements().next().path("mappings").path("properties");
    }

    private double sum(String index, String field) throws Exception {
        node.call("POST", "/" + index + "/_refresh", "");
        return node.call(
                        "POST",
                        "/" + index + "/_search",
                        "{\"size\":0,\"aggs\":{\"sum\":{\"sum\":{\"field\":\"" + field + "\"}}}}")
                .at("/aggregations/sum/value")
                .doubleValue();
    }

    // ---- mappings ----

    @Test
    void aColumnMayBeAnIntegerFirstAndAFractionThen() throws Exception {
        try (Sink sink = Sent.ready(uri)) {
            assertEquals(
                    Outcome.written(),
                    sink.write(
                            Sent.batch("first", Sent.row("up", Map.of("v", 5L)), Sent.row("down", Map.of("v", 5.5)))));
            assertEquals(
                    Outcome.written(),
                    sink.write(
                            Sent.batch("second", Sent.row("up", Map.of("v", 5.5)), Sent.row("down", Map.of("v", 5L)))));
        }
        assertEquals(10.5, sum(stream("up"), "fields.v"));
        assertEquals(10.5, sum(stream("down"), "fields.v"));
    }

    @Test
    void noTypeOfValueIsRefusedAfterAnother() throws Exception {
        List<Object> values = List.of(
                5L,
                5.5,
                Double.NaN,
                true,
                "text",
                "",
                new byte[] {1},
                List.of(1L, "two", List.of()),
                Map.of("", 1L),
                Double.POSITIVE_INFINITY,
                0.1f);
        try (Sink sink = Sent.ready(uri)) {
            for (int first = 0; first < values.size(); first++) {
                List<MeasurementEnvelope> rows = new ArrayList<>();
                for (int i = 0; i < values.size(); i++) {
                    rows.add(Sent.row("first" + first, Map.of("v", values.get((first + i) % values.size()))));
                }
                // each in a request of its own, so that the first makes the mapping
                for (int i = 0; i < rows.size(); i++) {
                    assertEquals(
                            Outcome.written(),
                            sink.write(Sent.batch("types-" + first + "-" + i, rows.get(i))),
                            values.get((first + i) % values.size()) + " after " + values.get(first));
                }
            }
        }
    }

    @Test
    void tenThousandColumnsAreKeptAndTheIndexStaysBounded() throws Exception {
        Map<String, Object> columns = new LinkedHashMap<>();
        for (int i = 0; i < 10_000; i++) {
            columns.put("column_" + i, (long) i);
        }
        try (Sink sink = Sent.ready(uri + "&field-limit=200")) {
            assertEquals(Outcome.written(), sink.write(Sent.batch("wide", Sent.row("wide", columns))));
            assertEquals(Outcome.written(), sink.write(Sent.batch("wide2", Sent.row("wide", Map.of("another", 1L)))));
        }
        List<JsonNode> documents = node.documents(stream("wide"));
        assertEquals(2, documents.size());
        JsonNode widest = documents.get(0).at("/_source/fields").size() > 1 ? documents.get(0) : documents.get(1);
        assertEquals(10_000, widest.at("/_source/fields").size());
        int mapped = mapping(stream("wide")).path("fields").path("properties").size();
        assertTrue(mapped > 100 && mapped < 200, "columns in the mapping: " + mapped);
    }

    @Test
    void aRowThatDoesNotFitTheMappingOfSomebodyElseIsRefusedWithTheReason() throws Exception {
        String index = "conflict-" + namespace;
        node.call(
                "PUT",
                "/" + index,
                "{\"settings\":{\"index.max_result_window\":100000},\"mappings\":{\"properties\":{\"fields\":{\"properties\":{\"v\":{\"type\":\"ip\"}}}}}}");
        try (Sink sink = Sent.sink("elasticsearch://" + node.address() + "?manage-template=false&index=" + index)) {
            assertEquals(Readiness.ready(), sink.open());
            Outcome outcome = sink.write(Sent.batch(
                    "conflict",
                    Sent.row("m", Map.of("v", "10.0.0.1")),
                    Sent.row("m", Map.of("v", 5L)),
                    Sent.row("m", Map.of("v", "10.0.0.2"))));
            Outcome.Partly partly = assertInstanceOf(Outcome.Partly.class, outcome);
            assertEquals(List.of(), partly.retry());
            assertEquals(1, partly.refused().size());
            assertEquals(1, partly.refused().get(0).row());
            String why = partly.refused().get(0).why();
            assertTrue(why.contains("400 document_parsing_exception") && why.contains("fields.v"), why);
        }
        assertEquals(2, node.documents(index).size());
    }

    // ---- faults ----

    @Test
    void anIndexThatIsDeletedMeanwhileIsMadeAnewByItsTemplate() throws Exception {
        String where = "elasticsearch://" + node.address() + "?index=gone-" + namespace + "-{metric}-{date}";
        try (Sink sink = Sent.ready(where)) {
            assertEquals(Outcome.written(), sink.write(Sent.numbered("m", 0, 3)));
            JsonNode before = node.documents("gone-" + namespace + "-*").get(0);
            String index = before.get("_index").textValue();
            assertEquals("gone-" + namespace + "-m-2026.11.22", index);
            node.call("DELETE", "/" + index, "");
            assertEquals(Outcome.written(), sink.write(Sent.numbered("m", 3, 5)));
            assertEquals(2, node.documents(index).size());
            assertEquals(
                    "double", mapping(index).at("/fields/properties/n/type").textValue());
        }
    }

    @Test
    void aTemplateThatIsDeletedPausesTheSinkAndNothingElseIsMade() throws Exception {
        try (Sink sink = Sent.ready(uri)) {
            // only Elasticsearch itself says who it is, and this node's front page is not there; its other answers do
            node.call("DELETE", "/_index_template/metrics-pgwatch-" + namespace, "");
            Outcome.Paused paused = assertInstanceOf(Outcome.Paused.class, sink.write(Sent.numbered("m", 0, 3)));
            assertTrue(paused.why().contains("index_not_found_exception"), paused.why());
            assertTrue(paused.mend().contains("provision"), paused.mend());
            assertInstanceOf(Outcome.Paused.class, sink.open());
            assertEquals(Readiness.ready(), sink.provision());
            assertEquals(Readiness.ready(), sink.open());
            assertEquals(Outcome.written(), sink.write(Sent.numbered("m", 0, 3)));
        }
    }

    @Test
    void aBlockedIndexPausesTheSinkUntilItIsOpened() throws Exception {
        try (Sink sink = Sent.ready(uri)) {
            assertEquals(Outcome.written(), sink.write(Sent.numbered("m", 0, 3)));
            node.call("PUT", "/" + stream("m") + "/_settings", "{\"index.blocks.write\":true}");
            Outcome.Paused paused = assertInstanceOf(Outcome.Paused.class, sink.write(Sent.numbered("m", 3, 5)));
            assertTrue(paused.why().contains("cluster_block_exception"), paused.why());
            // rows of other streams are written all the same, and those that have to wait are named
            Batch mixed = new Batch(
                    "mixed",
                    List.of(
                            new Batch.Slice(Sent.row("m", Map.of("n", 5)), 5, 0, 1),
                            new Batch.Slice(Sent.row("other", Map.of("n", 6)), 6, 0, 1)));
            Outcome.Partly partly = assertInstanceOf(Outcome.Partly.class, sink.write(mixed));
            assertEquals(List.of(0), partly.retry());
            node.call("PUT", "/" + stream("m") + "/_settings", "{\"index.blocks.write\":null}");
            assertEquals(Outcome.written(), sink.write(Sent.numbered("m", 3, 5)));
            assertEquals(5, node.documents(stream("m")).size());
        }
    }

    @Test
    void aFullDiskMeansThatRowsComeAgain() throws Exception {
        try (Sink sink = Sent.ready(uri)) {
            assertEquals(Outcome.written(), sink.write(Sent.numbered("m", 0, 3)));
            // what Elasticsearch does by itself at the flood stage, and takes back by itself
            node.call("PUT", "/" + stream("m") + "/_settings", "{\"index.blocks.read_only_allow_delete\":true}");
            Outcome.Retry retry = assertInstanceOf(Outcome.Retry.class, sink.write(Sent.numbered("m", 3, 5)));
            assertTrue(retry.why().contains("flood-stage"), retry.why());
            node.call("PUT", "/" + stream("m") + "/_settings", "{\"index.blocks.read_only_allow_delete\":null}");
            assertEquals(Outcome.written(), sink.write(Sent.numbered("m", 3, 5)));
        }
    }

    @Test
    void anIndexThatTheClusterHasNoRoomForPausesTheSink() throws Exception {
        try (Sink sink = Sent.ready("elasticsearch://" + node.address() + "?index=room-" + namespace + "-{metric}")) {
            node.call(
                    "PUT",
                    "/_component_template/pgwatch@custom",
                    "{\"template\":{\"settings\":{\"index.max_result_window\":100000,\"index.number_of_replicas\":0,"
                            + "\"index.number_of_shards\":900}}}");
            try {
                Outcome first = sink.write(Sent.numbered("a", 0, 1));
                Outcome.Paused paused = assertInstanceOf(
                        Outcome.Paused.class,
                        first instanceof Outcome.Paused ? first : sink.write(Sent.numbered("b", 1, 2)));
                assertTrue(paused.mend().contains("max_shards_per_node"), paused.mend());
            } finally {
                node.call(
                        "PUT",
                        "/_component_template/pgwatch@custom",
                        "{\"template\":{\"settings\":{\"index.max_result_window\":100000,\"index.number_of_replicas\":0}}}");
            }
        }
    }

    @Test
    void aDocumentAtTheLimitIsTakenAndOneAboveItRefused() throws Exception {
        try (Sink sink = Sent.ready(uri + "&gzip=false&timeout=60s")) {
            BulkBody bodies = new BulkBody(IndexNames.streams(namespace), true);
            int other = bodies.of(Sent.batch("limit", Sent.row("large", Map.of("text", "")))).length;
            for (int above = -1; above <= 1; above++) {
                String text = "x".repeat(ElasticsearchNode.MOST_BYTES - other + above);
                Batch batch = Sent.batch("limit", Sent.row("large", Map.of("text", text)));
                assertEquals(ElasticsearchNode.MOST_BYTES + above, bodies.of(batch).length);
                Outcome outcome = sink.write(batch);
                if (above <= 0) {
                    assertEquals(Outcome.written(), outcome);
                } else {
                    assertFalse(outcome instanceof Outcome.Written, "above the limit: " + outcome);
                    assertTrue(
                            assertInstanceOf(Outcome.Refused.class, outcome)
                                    .why()
                                    .contains("413"),
                            outcome::toString);
                }
            }
        }
    }

    @Test
    void aNodeThatIsKilledAndComesBackHasEachRowOnce() throws Exception {
        try (ElasticsearchNode own = new ElasticsearchNode();
                Sink sink = Sent.ready("elasticsearch://" + own.address() + "?timeout=20s")) {
            Set<Integer> waiting = new HashSet<>();
            for (int from = 0; from < 500; from += 50) {
                if (from == 200) {
                    own.kill();
                }
                if (from == 400) {
                    own.start();
                }
                try {
                    Outcome outcome = sink.write(Sent.numbered("m", from, from + 50));
                    if (!(outcome instanceof Outcome.Written)) {
                        assertInstanceOf(Outcome.Retry.class, outcome);
                        waiting.add(from);
                    }
                } catch (java.io.IOException e) {
                    waiting.add(from);
                }
            }
            assertTrue(waiting.containsAll(Set.of(200, 250, 300, 350)), "batches that have to come again: " + waiting);
            // all of them come again, also those that it has
            for (int from = 0; from < 500; from += 50) {
                for (Outcome outcome = sink.write(Sent.numbered("m", from, from + 50));
                        !(outcome instanceof Outcome.Written);
                        outcome = sink.write(Sent.numbered("m", from, from + 50))) {
                    // the shard is not allocated yet
                    assertFalse(
                            outcome instanceof Outcome.Refused || outcome instanceof Outcome.Paused, outcome::toString);
                }
            }
            Set<Integer> numbers = new HashSet<>();
            List<JsonNode> documents = own.documents("metrics-pgwatch.m-default");
            documents.forEach(each -> numbers.add(each.at("/_source/fields/n").intValue()));
            assertEquals(500, documents.size());
            assertEquals(500, numbers.size());
        }
    }

    // ---- templates ----

    @Test
    void provisioningMakesWhatIsMissingAndRenewsWhatIsItsOwn() throws Exception {
        String name = "metrics-pgwatch-" + namespace;
        try (Sink sink = Sent.sink(uri + "&retention=30d")) {
            assertInstanceOf(Outcome.Paused.class, sink.open());
            List<String> plan = sink.plan();
            assertEquals(1, plan.size());
            assertTrue(plan.get(0).startsWith("PUT /_index_template/" + name + "\n{"), plan.get(0));
            assertInstanceOf(Outcome.Paused.class, sink.open(), "after a plan, which makes nothing");
            assertEquals(Readiness.ready(), sink.provision());
            assertEquals(Readiness.ready(), sink.provision());
        }
        JsonNode made = template(name);
        assertEquals("720h", made.at("/template/lifecycle/data_retention").textValue());
        // what is printed is what is made
        try (Sink sink = Sent.sink(uri + "&retention=30d")) {
            String json = sink.plan().get(0).substring(sink.plan().get(0).indexOf('\n'));
            node.call("DELETE", "/_index_template/" + name, "");
            node.call("PUT", "/_index_template/" + name, json);
        }
        assertEquals(made, template(name));
        try (Sink sink = Sent.sink(uri + "&retention=7d")) {
            assertEquals(Readiness.ready(), sink.provision());
        }
        assertEquals(
                "168h", template(name).at("/template/lifecycle/data_retention").textValue());
        // somebody else's stays
        node.call(
                "PUT",
                "/_index_template/" + name,
                "{\"index_patterns\":[\"metrics-pgwatch.*-" + namespace + "\"],\"data_stream\":{},\"priority\":501}");
        try (Sink sink = Sent.sink(uri + "&retention=7d")) {
            assertEquals(Readiness.ready(), sink.provision());
            assertEquals(Readiness.ready(), sink.open());
        }
        assertEquals(501, template(name).path("priority").intValue());
    }

    private JsonNode template(String name) throws Exception {
        JsonNode found = node.call("GET", "/_index_template/" + name, "").at("/index_templates/0/index_template");
        // version 9 tells when, too
        return found instanceof ObjectNode template
                ? template.without(List.of("created_date_millis", "modified_date_millis"))
                : found;
    }

    @Test
    void definitionsSayWhatAColumnIs() throws Exception {
        Map<String, Object> definitions = Map.of(
                "MetricDefs",
                Map.of(
                        "backends",
                        Map.of("Gauges", List.of("total"), "Description", "Connections by state", "SQLs", Map.of()),
                        "wal",
                        Map.of("Gauges", List.of("*"), "StorageName", "wal_stored"),
                        "plain",
                        Map.of("SQLs", Map.of())),
                "PresetDefs",
                Map.of());
        try (Sink sink = Sent.ready(uri)) {
            assertEquals(Readiness.ready(), sink.define(definitions));
            assertEquals(Readiness.ready(), sink.define(definitions));
            assertEquals(
                    Outcome.written(),
                    sink.write(Sent.batch(
                            "defined",
                            Sent.row("backends", Map.of("total", 5L, "started", 6L)),
                            Sent.row("wal_stored", Map.of("any", 1.5)))));
        }
        String name = "metrics-pgwatch-" + namespace;
        assertEquals(
                "Connections by state",
                template(name + ".backends").at("/_meta/description").textValue());
        JsonNode backends = mapping(stream("backends")).at("/fields/properties");
        assertEquals("gauge", backends.at("/total/meta/metric_type").textValue());
        assertEquals("counter", backends.at("/started/meta/metric_type").textValue());
        JsonNode wal = mapping(stream("wal_stored")).at("/fields/properties");
        assertEquals("gauge", wal.at("/any/meta/metric_type").textValue());
        assertEquals("double", wal.at("/any/type").textValue());
        assertEquals(
                List.of(name, name + ".backends", name + ".wal_stored"),
                names(name).stream().sorted().toList());
    }

    private List<String> names(String prefix) throws Exception {
        List<String> names = new ArrayList<>();
        for (JsonNode each : node.call("GET", "/_index_template", "").path("index_templates")) {
            String name = each.path("name").textValue();
            if (name.equals(prefix) || name.startsWith(prefix + ".")) {
                names.add(name);
            }
        }
        return names;
    }
}
