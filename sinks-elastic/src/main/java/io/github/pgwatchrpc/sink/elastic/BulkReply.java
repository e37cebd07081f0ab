package io.github.pgwatchrpc.sink.elastic;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.github.pgwatchrpc.sink.Outcome;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * What became of each row of a bulk request. Items are answered in the order in which they were asked, each with a status
 * of its own (<a href="https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk">bulk API</a>); that
 * nothing failed stands in front of them, so then they are not read. Used by one thread.
 */
final class BulkReply {

    private static final JsonFactory JSON = new JsonFactory();

    /** So much of a reason is told. */
    private static final int MAX_REASON = 500;

    private final List<Outcome.RefusedRow> refused = new ArrayList<>();
    private final List<Integer> busy = new ArrayList<>();
    private final List<Integer> toBeMended = new ArrayList<>();
    private final List<Integer> late = new ArrayList<>();
    private final int rows;
    private String whyBusy = "";
    private String whyMend = "";
    private String mend = "";

    private BulkReply(int rows) {
        this.rows = rows;
    }

    /**
     * Reads an answer.
     *
     * @param body the answer
     * @param rows how many rows were sent
     * @param series whether they were sent to a time series, which says of points that are there already and of those
     *     outside its window that they are to go elsewhere
     * @throws IOException if it is no answer to that; the rows are to be sent again
     */
    static BulkReply read(byte[] body, int rows, boolean series) throws IOException {
        BulkReply reply = new BulkReply(rows);
        int items = -1;
        try (JsonParser json = JSON.createParser(body)) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                throw notABulk("no object");
            }
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String name = json.currentName();
                JsonToken value = json.nextToken();
                if (name.equals("errors") && value == JsonToken.VALUE_FALSE) {
                    return new BulkReply(rows);
                } else if (name.equals("items") && value == JsonToken.START_ARRAY) {
                    items = 0;
                    while (json.nextToken() == JsonToken.START_OBJECT) {
                        reply.item(items++, json, series);
                    }
                } else {
                    json.skipChildren();
                }
            }
        }
        if (items != rows) {
            throw notABulk(items < 0 ? "no items" : items + " items (expected: " + rows + ")");
        }
        return reply;
    }

    private static IOException notABulk(String what) {
        return new IOException("answer to a bulk request: " + what);
    }

    /** Reads {@code {"create":{"status":429,"error":{"type":"...","reason":"..."}}}}. */
    private void item(int row, JsonParser json, boolean series) throws IOException {
        int status = 0;
        String type = "";
        String reason = "";
        int depth = 1;
        while (depth > 0) {
            JsonToken token = json.nextToken();
            if (token == null) {
                throw notABulk("broken off");
            } else if (token == JsonToken.START_OBJECT || token == JsonToken.START_ARRAY) {
                depth++;
            } else if (token == JsonToken.END_OBJECT || token == JsonToken.END_ARRAY) {
                depth--;
            } else if (token != JsonToken.FIELD_NAME && json.currentName() != null) {
                switch (json.currentName()) {
                    case "status" -> status = depth == 2 ? json.getValueAsInt() : status;
                    case "type" -> type = depth == 3 ? json.getText() : type;
                    // what it was caused by comes after that, and tells more
                    case "reason" -> reason = together(reason, json.getText());
                    default -> {}
                }
            }
        }
        judge(row, status, type, status + " " + type + (reason.isEmpty() ? "" : ": " + reason), series);
    }

    private static String together(String first, String second) {
        String both = first.isEmpty() || second.contains(first)
                ? second
                : first.contains(second) ? first : first + "; " + second;
        return both.length() <= MAX_REASON ? both : both.substring(0, MAX_REASON) + "...";
    }

    private void judge(int row, int status, String type, String why, boolean series) {
        if (status >= 200 && status < 300) {
            return;
        }
        if (status == 409) {
            // the row's own id is there: it has come before
            if (series) {
                late.add(row);
            }
        } else if (series && type.equals("timestamp_error")) {
            late.add(row);
        } else if (status == 408 || status == 425 || status == 429 || status >= 500) {
            busy.add(row);
            whyBusy = why;
        } else if (!hint(status, type, why).isEmpty()) {
            toBeMended.add(row);
            whyMend = why;
            mend = hint(status, type, why);
        } else {
            refused.add(new Outcome.RefusedRow(row, why));
        }
    }

    /** What to do about a refusal that is no fault of the row; empty if it is one. */
    private static String hint(int status, String type, String why) {
        if (type.equals("cluster_block_exception")) {
            return "make the index writable again: a block was set on it by hand, or because its disk was full";
        } else if (status == 401 || status == 403) {
            return "grant the privileges create_doc and auto_configure on the index";
        } else if (status == 404) {
            return "make the index template with 'pgwatch-rpc provision', or the index or data stream itself";
        } else if (type.equals("index_closed_exception")) {
            return "open the index";
        } else if (type.equals("validation_exception") && why.contains("this action would add")) {
            return "raise cluster.max_shards_per_node, or delete indices that nobody needs";
        } else if (why.contains("pipeline with id [")) {
            return "make the ingest pipeline, or leave out the option pipeline";
        }
        return "";
    }

    /** Rows that a time series has not taken, ascending. */
    List<Integer> late() {
        return late;
    }

    /** The late rows have been sent elsewhere: what became of them. */
    void lateSent(BulkReply second) {
        second.refused.forEach(row -> refused.add(new Outcome.RefusedRow(late.get(row.row()), row.why())));
        second.busy.forEach(row -> busy.add(late.get(row)));
        second.toBeMended.forEach(row -> toBeMended.add(late.get(row)));
        whyBusy = second.whyBusy.isEmpty() ? whyBusy : second.whyBusy;
        whyMend = second.whyMend.isEmpty() ? whyMend : second.whyMend;
        mend = second.mend.isEmpty() ? mend : second.mend;
    }

    /** The late rows could not be sent elsewhere, and are to come again. */
    void lateNotSent(String why) {
        busy.addAll(late);
        whyBusy = why;
    }

    /**
     * What came of the batch. Rows that a person must do something about pause the sink if nothing else can be said of
     * the batch; otherwise they come again, soon alone.
     */
    Outcome outcome() {
        if (toBeMended.size() == rows) {
            return new Outcome.Paused(whyMend, mend);
        }
        List<Integer> again = new ArrayList<>(busy);
        again.addAll(toBeMended);
        again.sort(null);
        String why = whyMend.isEmpty() ? whyBusy : whyMend;
        return again.size() == rows ? Outcome.retry(why) : Outcome.of(refused, again, Duration.ZERO, why);
    }
}
