package io.github.pgwatchrpc.sink.elastic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.sink.Outcome;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class BulkReplyTest {

    private static final String ITEMS =
            """
            {"errors":true,"items":[
             {"create":{"status":201}},
             {"create":{"_index":"i","_id":"status","status":429,"error":{"type":"es_rejected_execution_exception","reason":"full"}}},
             {"create":{"status":409,"error":{"type":"version_conflict_engine_exception","reason":"exists"}}},
             {"create":{"status":400,"error":{"type":"document_parsing_exception","reason":"failed","caused_by":{"type":"x","reason":"no number"}}}},
             {"create":{"status":503,"error":{"type":"unavailable_shards_exception","reason":"shard"}}}]}
            """;

    private static Outcome read(String body, int rows) throws IOException {
        return BulkReply.read(body.getBytes(StandardCharsets.UTF_8), rows, false).outcome();
    }

    @Test
    void eachItemIsReadByItself() throws IOException {
        assertEquals(
                new Outcome.Partly(
                        List.of(new Outcome.RefusedRow(3, "400 document_parsing_exception: failed; no number")),
                        List.of(1, 4),
                        Duration.ZERO,
                        "503 unavailable_shards_exception: shard"),
                read(ITEMS, 5));
    }

    @Test
    void withoutErrorsNothingMoreIsRead() throws IOException {
        assertEquals(Outcome.written(), read("{\"errors\":false,\"items\":[", 3));
        assertEquals(Outcome.written(), read("{\"took\":5,\"errors\":false}", 3));
        // errors behind the items, as some servers have it
        assertEquals(Outcome.written(), read("{\"items\":[{\"create\":{\"status\":201}}],\"errors\":false}", 1));
    }

    @Test
    void anythingElseMeansThatTheRowsComeAgain() throws IOException {
        for (String wrong : List.of("", "[]", "{}", "null", "<html>", "{\"errors\":true}", "{\"errors\":null,\"items\":[]}")) {
            assertThrows(IOException.class, () -> read(wrong, 5), wrong);
        }
        assertThrows(IOException.class, () -> read(ITEMS, 4), "an item too many");
        assertThrows(IOException.class, () -> read(ITEMS, 6), "an item too few");
        byte[] whole = ITEMS.strip().getBytes(StandardCharsets.UTF_8);
        for (int length = 0; length < whole.length; length++) {
            byte[] cut = java.util.Arrays.copyOf(whole, length);
            assertThrows(IOException.class, () -> BulkReply.read(cut, 5, false), "cut after " + length);
        }
    }

    @Test
    void noByteOfAnAnswerMakesMoreOfItThanAnOutcomeOrAnError() {
        byte[] whole = ITEMS.getBytes(StandardCharsets.UTF_8);
        for (int at = 0; at < whole.length; at++) {
            for (int value : new int[] {0, '"', '{', '}', '[', ']', ',', '9', 'x', 0xff}) {
                byte[] changed = whole.clone();
                changed[at] = (byte) value;
                try {
                    BulkReply.read(changed, 5, false).outcome();
                } catch (IOException e) {
                    assertTrue(e.getMessage() != null, "no reason");
                }
            }
        }
    }

    @Test
    void whatAPersonMustMendPausesTheSinkOnceNothingElseIsLeft() throws IOException {
        String block =
                "{\"create\":{\"status\":403,\"error\":{\"type\":\"cluster_block_exception\",\"reason\":\"blocked by: [FORBIDDEN/8/index write (api)];\"}}}";
        String done = "{\"create\":{\"status\":201}}";
        assertInstanceOf(
                Outcome.Paused.class, read("{\"errors\":true,\"items\":[" + block + "," + block + "]}", 2));
        Outcome.Partly partly = assertInstanceOf(
                Outcome.Partly.class, read("{\"errors\":true,\"items\":[" + block + "," + done + "]}", 2));
        assertEquals(List.of(0), partly.retry());
        String missing =
                "{\"create\":{\"status\":404,\"error\":{\"type\":\"index_not_found_exception\",\"reason\":\"no such index\"}}}";
        assertInstanceOf(
                Outcome.Paused.class, read("{\"errors\":true,\"items\":[" + block + "," + missing + "]}", 2));
    }

    @Test
    void aBatchOfWhichEverythingIsBusyComesAgainAsAWhole() throws IOException {
        String busy =
                "{\"create\":{\"status\":429,\"error\":{\"type\":\"es_rejected_execution_exception\",\"reason\":\"full\"}}}";
        assertEquals(
                Outcome.retry("429 es_rejected_execution_exception: full"),
                read("{\"errors\":true,\"items\":[" + busy + "," + busy + "]}", 2));
    }

    @Test
    void reasonsAreBounded() throws IOException {
        String reason = "x".repeat(100_000);
        String bad = "{\"errors\":true,\"items\":[{\"create\":{\"status\":400,\"error\":{\"type\":\"t\",\"reason\":\""
                + reason + "\"}}}]}";
        Outcome.Partly partly = assertInstanceOf(Outcome.Partly.class, read(bad, 1));
        assertTrue(partly.refused().get(0).why().length() < 600);
    }
}
