package io.github.pgwatchrpc.sink.splunk;

import io.github.pgwatchrpc.measurement.JsonWriter;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.http.HttpCall;
import io.github.pgwatchrpc.sink.http.HttpTransport;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Takes one batch to HEC: cut into bodies, each of events for one index, since HEC refuses a whole request for one event
 * with a wrong index. What HEC refuses for one event is sent again without it; what is too large, in halves. For one
 * write; not thread-safe.
 */
final class Submission {

    /** So many bad events are looked for by the number that HEC tells; more are found by halving, in fewer requests. */
    private static final int MAX_ISOLATED = 8;

    private static final int FIRST_EVENTS = 1_024;

    private final Layout layout;
    private final Batch batch;
    private final HttpTransport http;
    private final RowWriter writer;
    private final JsonWriter json;
    private final long maxBody;
    private final @Nullable String channel;
    private final @Nullable Acks acks;

    private int[] ends = new int[FIRST_EVENTS];
    private int[] rows = new int[FIRST_EVENTS];
    private int count;
    private int isolated;

    private final List<Outcome.RefusedRow> refused = new ArrayList<>();
    private final List<Integer> unwritten = new ArrayList<>();
    private @Nullable Outcome first;
    private Duration after = Duration.ZERO;

    /** Nothing more is sent: Splunk is away, busy, or to be mended. */
    private boolean stopped;

    /** Nothing more is sent to this index. */
    private boolean indexStopped;

    /**
     * For one batch.
     *
     * @param layout how rows are laid out
     * @param batch the rows
     * @param http where to
     * @param writer writes rows, kept for the next batch
     * @param json a buffer, kept for the next batch
     * @param maxBody bytes of a request, unless a single event has more
     * @param channel the channel for acknowledgement; null for none
     * @param acks what waits for them; null for none
     */
    Submission(
            Layout layout,
            Batch batch,
            HttpTransport http,
            RowWriter writer,
            JsonWriter json,
            long maxBody,
            @Nullable String channel,
            @Nullable Acks acks) {
        this.layout = layout;
        this.batch = batch;
        this.http = http;
        this.writer = writer;
        this.json = json;
        this.maxBody = maxBody;
        this.channel = channel;
        this.acks = acks;
    }

    Outcome run() throws InterruptedException {
        for (List<Piece> index : byIndex().values()) {
            indexStopped = false;
            for (Piece piece : index) {
                add(piece);
            }
            flush();
        }
        if (acks != null) {
            acks.await(this::failed);
        }
        return outcome();
    }

    // ---- rows to bodies ----

    /** Rows of an envelope, and the number of the first one in the batch. */
    private record Piece(Batch.Slice slice, int firstRow) {}

    private Map<String, List<Piece>> byIndex() {
        Map<String, List<Piece>> byIndex = new LinkedHashMap<>();
        int row = 0;
        for (Batch.Slice slice : batch.slices()) {
            String index = layout.hasOneIndex() ? "" : layout.indexOf(slice.envelope());
            byIndex.computeIfAbsent(index, any -> new ArrayList<>()).add(new Piece(slice, row));
            row += slice.size();
        }
        return byIndex;
    }

    private void add(Piece piece) throws InterruptedException {
        MeasurementEnvelope envelope = piece.slice().envelope();
        writer.begin(envelope);
        int row = piece.firstRow();
        for (int i = piece.slice().from(); i < piece.slice().to(); i++, row++) {
            if (stopped || indexStopped) {
                unwritten.add(row);
                continue;
            }
            int before = json.length();
            if (!writer.write(envelope.get(i), json)) {
                refused.add(new Outcome.RefusedRow(row, "numbers in the row: 0 (expected: >= 1 with mode=metrics)"));
                continue;
            }
            if (json.length() > maxBody && count > 0) {
                json.truncate(before);
                flush();
                if (stopped || indexStopped) {
                    unwritten.add(row);
                    continue;
                }
                writer.write(envelope.get(i), json);
            }
            if (count == ends.length) {
                ends = Arrays.copyOf(ends, 2 * count);
                rows = Arrays.copyOf(rows, 2 * count);
            }
            ends[count] = json.length();
            rows[count++] = row;
        }
    }

    private void flush() throws InterruptedException {
        if (count > 0) {
            Body body = new Body(
                    Arrays.copyOf(json.buffer(), json.length()),
                    Arrays.copyOf(ends, count),
                    Arrays.copyOf(rows, count));
            json.clear();
            count = 0;
            send(body);
        }
    }

    // ---- bodies to HEC ----

    private void send(Body body) throws InterruptedException {
        if (stopped || indexStopped) {
            addRows(body);
            return;
        }
        Exchange exchange = post(body);
        switch (exchange.meaning()) {
            case TAKEN -> taken(body, exchange);
            case TOO_LARGE -> halve(body, exchange);
            case BAD_EVENT -> isolate(body, exchange);
            case WRONG_INDEX -> {
                indexStopped = true;
                String index = layout.indexOf(batch.row(body.rows()[0]).envelope());
                failed(body, ofIndex(index, exchange.outcome()));
            }
            case FAILED -> {
                if (exchange.outcome() instanceof Outcome.Refused && body.size() > 1) {
                    halve(body, exchange);
                } else if (exchange.outcome() instanceof Outcome.Refused) {
                    refuse(body, exchange);
                } else {
                    stopped = true;
                    failed(body, exchange.outcome());
                    if (acks != null) {
                        acks.answeredBy(exchange.endpoint(), this::failed);
                    }
                }
            }
        }
    }

    private Exchange post(Body body) throws InterruptedException {
        HttpCall call = HttpCall.post("/services/collector/event", "application/json", body.bytes());
        return Exchange.of(http, channel == null ? call : call.with("X-Splunk-Request-Channel", channel));
    }

    private void taken(Body body, Exchange exchange) {
        URI endpoint = exchange.endpoint();
        if (acks == null || endpoint == null) {
            return;
        } else if (exchange.reply().ackId() == HecReply.NONE) {
            stopped = true;
            failed(
                    body,
                    new Outcome.Paused(
                            "answer of " + endpoint + ": no ackId",
                            "turn on indexer acknowledgement for the token (useACK = 1 in inputs.conf), or set ack=false"));
            return;
        }
        acks.expect(endpoint, exchange.reply().ackId(), body, this::failed);
    }

    private void halve(Body body, Exchange exchange) throws InterruptedException {
        if (body.size() == 1) {
            refuse(body, exchange);
            return;
        }
        int half = body.size() / 2;
        send(body.part(0, half));
        send(body.part(half, body.size()));
    }

    /** The number may be that of the bad event or of the one after it, so both are tried alone. */
    private void isolate(Body body, Exchange exchange) throws InterruptedException {
        long number = exchange.reply().invalidEvent();
        if (body.size() == 1 || number == HecReply.NONE || isolated >= MAX_ISOLATED) {
            halve(body, exchange);
            return;
        }
        isolated++;
        Body rest = body;
        for (long suspect = number; suspect >= Math.max(0, number - 1); suspect--) {
            if (suspect >= rest.size() || stopped) {
                continue;
            }
            int event = (int) suspect;
            Body alone = rest.part(event, event + 1);
            rest = rest.without(event);
            int before = refused.size();
            send(alone);
            if (refused.size() > before || rest.size() == 0) {
                break;
            }
        }
        if (rest.size() == body.size()) {
            halve(body, exchange);
        } else if (rest.size() > 0) {
            send(rest);
        }
    }

    private void refuse(Body body, Exchange exchange) {
        String why = exchange.outcome() instanceof Outcome.Refused said ? said.why() : "refused by Splunk";
        refused.add(new Outcome.RefusedRow(body.rows()[0], why));
    }

    // ---- what came of it ----

    private static Outcome ofIndex(String index, Outcome outcome) {
        String named = index.isEmpty() ? "the token's default index" : "index " + index;
        return outcome instanceof Outcome.Paused paused
                ? new Outcome.Paused(named + ": " + paused.why(), paused.mend())
                : outcome;
    }

    private void failed(Body body, Outcome outcome) {
        if (first == null) {
            first = outcome;
        }
        if (outcome instanceof Outcome.Retry retry && retry.after().compareTo(after) > 0) {
            after = retry.after();
        }
        addRows(body);
    }

    private void addRows(Body body) {
        for (int row : body.rows()) {
            unwritten.add(row);
        }
    }

    private Outcome outcome() {
        Outcome cause = first;
        if (cause == null) {
            return Outcome.of(refused, List.of(), Duration.ZERO, "");
        }
        if (unwritten.size() == batch.size()) {
            return cause;
        }
        unwritten.sort(null);
        return new Outcome.Partly(refused, unwritten, after, why(cause));
    }

    private static String why(Outcome cause) {
        if (cause instanceof Outcome.Paused paused) {
            return paused.why() + "; " + paused.mend();
        }
        return cause instanceof Outcome.Retry retry ? retry.why() : String.valueOf(cause);
    }
}
