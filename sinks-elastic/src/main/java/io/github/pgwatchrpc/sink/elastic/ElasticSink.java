package io.github.pgwatchrpc.sink.elastic;

import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.http.HttpCall;
import io.github.pgwatchrpc.sink.http.HttpReply;
import io.github.pgwatchrpc.sink.http.HttpTransport;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/**
 * Writes rows as documents with the bulk API. A document's id is its row's, and it is only ever created, so a row that
 * comes again is there already. Thread-safe.
 */
final class ElasticSink implements Sink {

    /** Elasticsearch puts this header on every answer; others that speak its protocol do not. */
    private static final String PRODUCT = "X-Elastic-Product";

    private static final String FILTER = "?filter_path=errors,items.*.status,items.*.error";

    private final HttpTransport http;
    private final ElasticSettings settings;
    private final String path;
    private final Bodies bodies;
    private final Bodies lateBodies;

    /** Templates that were put or found as they are to be, by name: what they hold. */
    private final Map<String, String> templates = new ConcurrentHashMap<>();

    private volatile boolean elasticsearch;

    ElasticSink(HttpTransport http, ElasticSettings settings) {
        this.http = http;
        this.settings = settings;
        String pipeline = settings.pipeline();
        path = "/_bulk" + FILTER
                + (pipeline == null ? "" : "&pipeline=" + URLEncoder.encode(pipeline, StandardCharsets.UTF_8));
        bodies = new Bodies(settings.names(), !settings.timeSeries());
        lateBodies = new Bodies(settings.names().late(), true);
    }

    /** Writers of bodies, one for each write at a time. */
    private record Bodies(IndexNames names, boolean withIds, Queue<BulkBody> free) {
        Bodies(IndexNames names, boolean withIds) {
            this(names, withIds, new ConcurrentLinkedQueue<>());
        }

        byte[] of(Batch batch) {
            BulkBody body = free.poll();
            if (body == null) {
                body = new BulkBody(names, withIds);
            }
            byte[] bytes = body.of(batch);
            free.add(body);
            return bytes;
        }
    }

    @Override
    public Readiness open() throws InterruptedException {
        if (!settings.manageTemplate()) {
            return http.probe(HttpCall.get("/_cluster/health?filter_path=status"), reply -> Readiness.ready());
        }
        templates.clear();
        String name = settings.names().template();
        // all of them, since one that is missing would be an error 404, as a wrong address is
        return http.probe(HttpCall.get("/_index_template?filter_path=index_templates.name"), reply -> {
            elasticsearch = reply.header(PRODUCT).isPresent();
            return reply.text().contains('"' + name + '"')
                    ? Readiness.ready()
                    : new Outcome.Paused(
                            "index template " + name + ": missing",
                            "run 'pgwatch-rpc provision', or set manage-template=false if somebody else makes the indices");
        });
    }

    @Override
    public Outcome write(Batch batch) throws IOException, InterruptedException {
        Answer answer = send(batch, bodies, settings.timeSeries());
        BulkReply reply = answer.reply;
        if (reply == null) {
            return answer.outcome;
        }
        List<Integer> late = reply.late();
        if (!late.isEmpty()) {
            Answer second = send(batch.select(late), lateBodies, false);
            if (second.reply != null) {
                reply.lateSent(second.reply);
            } else if (late.size() == batch.size()) {
                return second.outcome;
            } else {
                reply.lateNotSent(second.outcome.toString());
            }
        }
        return reply.outcome();
    }

    /**
     * What came of a request.
     *
     * @param reply the items' answers; null if there were none
     * @param outcome what it means that there were none
     */
    private record Answer(@Nullable BulkReply reply, Outcome outcome) {}

    private Answer send(Batch batch, Bodies writers, boolean series) throws IOException, InterruptedException {
        // so that a template that somebody deleted is missed, and no index with other mappings takes its place
        boolean strict = elasticsearch && settings.manageTemplate() && settings.names().stream();
        HttpCall call = HttpCall.post(
                strict ? path + "&require_data_stream=true" : path, "application/x-ndjson", writers.of(batch));
        byte @Nullable [][] body = {null};
        Outcome outcome = http.write(call, reply -> {
            body[0] = reply.body();
            return Outcome.written();
        });
        byte[] items = body[0];
        return items == null
                ? new Answer(null, outcome)
                : new Answer(BulkReply.read(items, batch.size(), series), outcome);
    }

    // ---- what the target needs ----

    @Override
    public Readiness provision() throws InterruptedException {
        // somebody may have deleted what was there
        templates.clear();
        return settings.manageTemplate() ? put(new Templates(settings).general()) : Readiness.ready();
    }

    @Override
    public List<String> plan() {
        return settings.manageTemplate()
                ? new Templates(settings)
                        .general().stream().map(Templates.Put::toString).toList()
                : List.of();
    }

    @Override
    public Readiness define(Map<String, @Nullable Object> definitions) throws InterruptedException {
        return settings.manageTemplate() && settings.names().stream()
                ? put(new Templates(settings).of(definitions))
                : Readiness.ready();
    }

    /** Puts those templates that are missing, or that this sink has made in another form. */
    private Readiness put(List<Templates.Put> wanted) throws InterruptedException {
        List<Templates.Put> missing = wanted.stream()
                .filter(each -> !each.content().equals(templates.get(each.name())))
                .toList();
        if (missing.isEmpty()) {
            return Readiness.ready();
        }
        Readiness readiness = http.probe(Templates.ALL, this::remember);
        for (Templates.Put each : missing) {
            String there = templates.get(each.name());
            if (!(readiness instanceof Readiness.Ready)) {
                return readiness;
            } else if (there != null && (there.isEmpty() || there.equals(each.content()))) {
                continue; // somebody else's, or as it is to be
            }
            readiness = http.probe(each.call(), reply -> {
                templates.put(each.name(), each.content());
                return Readiness.ready();
            });
        }
        return readiness;
    }

    private Readiness remember(HttpReply reply) {
        templates.clear();
        templates.putAll(Templates.contents(reply.body()));
        return Readiness.ready();
    }

    /** Names no credentials. */
    @Override
    public String toString() {
        return "ElasticSink[" + http + "]";
    }
}
