package io.github.pgwatchrpc.sink.azure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.github.pgwatchrpc.measurement.JsonWriter;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.sink.Batch;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Rows as records of the stream. */
class RowJsonTest {

    private static final String HEAD =
            "{\"TimeGenerated\":\"2026-11-22T17:10:30.4369931Z\",\"EpochNs\":1795367430436993182,"
                    + "\"Database\":\"db\",\"Metric\":\"m\",\"RowId\":\"run-7-0\",";

    private static String json(String columns, MeasurementEnvelope row) {
        JsonWriter json = new JsonWriter();
        RowJson rows = new RowJson(json, columns.isEmpty() ? Columns.NONE : Columns.read(columns));
        rows.begin("run", new Batch.Slice(row, 7, 0, 1));
        assertNull(rows.write(row.get(0), 0));
        return json.toString();
    }

    @Test
    void everythingHasItsPlace() {
        Map<String, Object> columns = new LinkedHashMap<>();
        columns.put("tag_table", "orders");
        columns.put("tag_number", 7L);
        columns.put("seq_scan", 5L);
        columns.put("ratio", Double.NaN);
        columns.put("none", null);
        columns.put("list", List.of(1L, "two"));
        assertEquals(
                HEAD + "\"Tags\":{\"env\":\"prod\",\"table\":\"orders\",\"number\":\"7\"},"
                        + "\"Fields\":{\"seq_scan\":5,\"ratio\":\"NaN\",\"none\":null,\"list\":[1,\"two\"]}}",
                json("", Sent.row(Map.of("env", "prod"), columns)));
    }

    @Test
    void theRowsOwnTagWins() {
        assertEquals(
                HEAD + "\"Tags\":{\"env\":\"row\"},\"Fields\":{}}",
                json("", Sent.row(Map.of("env", "source"), Map.of("tag_env", "row"))));
    }

    @Test
    void whatFitsGoesToItsOwnColumnAndTheRestStays() {
        Map<String, Object> columns = new LinkedHashMap<>();
        columns.put("tag_table", "orders");
        columns.put("tag_other", "x");
        columns.put("a", 5.0); // gRPC knows only doubles
        columns.put("b", 5L);
        columns.put("c", "text");
        columns.put("d", true);
        columns.put("e", List.of(1L));
        assertEquals(
                HEAD + "\"Tags\":{\"other\":\"x\"},\"Fields\":{},\"tag_table\":\"orders\",\"a\":5,\"b\":5,"
                        + "\"c\":\"text\",\"d\":true,\"e\":[1]}",
                json("tag_table:string,a:long,b:real,c:string,d:boolean,e:dynamic", Sent.row(columns)));
    }

    @Test
    void whatDoesNotFitIsNotLost() {
        Map<String, Object> columns = new LinkedHashMap<>();
        columns.put("a", 5.5);
        columns.put("b", (1L << 53) + 1);
        columns.put("c", 7L);
        columns.put("d", "true");
        columns.put("e", Double.POSITIVE_INFINITY);
        assertEquals(
                HEAD
                        + "\"Tags\":{},\"Fields\":{\"a\":5.5,\"b\":9007199254740993,\"c\":7,\"d\":\"true\",\"e\":\"Infinity\"}}",
                json("a:long,b:real,c:string,d:boolean,e:real", Sent.row(columns)));
    }

    @Test
    void customTagsHaveColumnsAsWell() {
        assertEquals(
                HEAD + "\"Tags\":{},\"Fields\":{},\"tag_env\":\"prod\"}",
                json("tag_env:string", Sent.row(Map.of("env", "prod"), Map.of())));
    }

    @Test
    void columnsThatATableCannotHaveAreRefused() {
        for (String wrong : List.of(
                "",
                "a",
                "a:",
                ":real",
                "a:text",
                "1a:real",
                "a-b:real",
                "a:real,A:long",
                "Tags:dynamic",
                "type:string",
                "tag_a:long",
                "x".repeat(46) + ":real",
                "a:datetime",
                "a:real,")) {
            assertNull(Columns.read(wrong), wrong);
        }
    }
}
