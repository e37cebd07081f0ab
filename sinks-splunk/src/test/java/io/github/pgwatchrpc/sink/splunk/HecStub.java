package io.github.pgwatchrpc.sink.splunk;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.pgwatchrpc.sink.testkit.FaultAnswer;
import io.github.pgwatchrpc.sink.testkit.FaultRequest;
import io.github.pgwatchrpc.sink.testkit.FaultServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Splunk's HTTP Event Collector as its pages document it ("Format events for HTTP Event Collector", "Troubleshoot HTTP Event
 * Collector", "About HTTP Event Collector Indexer Acknowledgment"): tokens and their indexes, codes, health, limits,
 * channels and acknowledgements, restarts. On an acknowledged channel, events are in the index when they are confirmed,
 * and a restart before that loses them. Thread-safe.
 */
public final class HecStub implements AutoCloseable {

    /** The one token that it knows. */
    public static final String TOKEN = "7b4f1a52-0c5e-4f6e-9a53-2d1c9d3a7e10";

    private static final ObjectMapper JSON =
            new ObjectMapper().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);

    private final FaultServer server;
    private final List<ObjectNode> indexed = new ArrayList<>();
    private final Map<String, Channel> channels = new HashMap<>();
    private final Deque<FaultAnswer> script = new ArrayDeque<>();
    private final List<List<Long>> polls = new ArrayList<>();

    private String token = TOKEN;
    private boolean enabled = true;
    private boolean ack;
    private Set<String> indexes = Set.of();
    private String defaultIndex = "main";
    private int health = 17;
    private int maxBytes = 800 << 20;
    private int maxEvents = Integer.MAX_VALUE;
    private int busy;
    private int pollsUntilIndexed;
    private boolean keepsThoseBefore;
    private int countsFrom;
    private Predicate<ObjectNode> bad = event -> false;
    private boolean losesAnswers;
    private int busyEvery;
    private int posts;

    /** What a channel has still to confirm. */
    private static final class Channel {
        private long next;
        private final Map<Long, Pending> pending = new LinkedHashMap<>();
    }

    private static final class Pending {
        private final List<ObjectNode> events;
        private int polls;

        Pending(List<ObjectNode> events) {
            this.events = events;
        }
    }

    private HecStub(FaultServer server) {
        this.server = server;
    }

    /** Without TLS. */
    public static HecStub start() throws IOException {
        HecStub stub = new HecStub(FaultServer.start());
        stub.serve();
        return stub;
    }

    /** Answers again, after its server had been told otherwise. */
    void serve() {
        server.otherwise(this::answer);
    }

    @Override
    public void close() {
        server.close();
    }

    // ---- how it is set up ----

    public URI uri() {
        return server.uri();
    }

    /** A sink's URI without options other than the token. */
    public String sinkUri() {
        return "splunk+http://" + server.uri().getAuthority() + "?timeout=3s&token=" + TOKEN;
    }

    public FaultServer server() {
        return server;
    }

    public synchronized HecStub knowsToken(String other) {
        token = other;
        return this;
    }

    public synchronized HecStub enabled(boolean value) {
        enabled = value;
        return this;
    }

    /** Indexer acknowledgement; events are indexed at so many polls after the first. */
    public synchronized HecStub acknowledges(int pollsBefore) {
        ack = true;
        pollsUntilIndexed = pollsBefore;
        return this;
    }

    public synchronized HecStub acknowledgesNothing() {
        ack = false;
        return this;
    }

    /** The indexes that the token allows; without any, all. */
    public synchronized HecStub allows(String... names) {
        indexes = Set.of(names);
        return this;
    }

    public synchronized HecStub health(int code) {
        health = code;
        return this;
    }

    /** max_content_length: bytes of a body, uncompressed. */
    public synchronized HecStub takesBytes(int most) {
        maxBytes = most;
        return this;
    }

    public synchronized HecStub takesEvents(int most) {
        maxEvents = most;
        return this;
    }

    /** Busy with this code from now on; 0 for not. */
    public synchronized HecStub busy(int code) {
        busy = code;
        return this;
    }

    /** Each so many requests with events are answered with 503; 0 for none. */
    public synchronized HecStub busyEvery(int requests) {
        busyEvery = requests;
        posts = 0;
        return this;
    }

    /** Events that are refused with code 6. */
    public synchronized HecStub refuses(Predicate<ObjectNode> events) {
        bad = events;
        return this;
    }

    /** What the number of an invalid event begins with. */
    public synchronized HecStub countsFrom(int first) {
        countsFrom = first;
        return this;
    }

    /** Whether the events before an invalid one are indexed all the same. */
    public synchronized HecStub keepsThoseBefore(boolean value) {
        keepsThoseBefore = value;
        return this;
    }

    /** Whether connections are reset instead of an answer once the events are indexed. */
    public synchronized HecStub losesAnswers(boolean value) {
        losesAnswers = value;
        return this;
    }

    /** What the next requests with events get instead of what they deserve. */
    public synchronized HecStub then(FaultAnswer... answers) {
        script.addAll(List.of(answers));
        return this;
    }

    /** Forgets channels and what is not indexed, as a restart does. */
    public synchronized void restart() {
        channels.clear();
    }

    /** Forgets everything at once; the limits stay. */
    public synchronized HecStub forget() {
        indexed.clear();
        return this;
    }

    // ---- what it has seen ----

    /** All events in the indexes. */
    public synchronized List<ObjectNode> events() {
        return List.copyOf(indexed);
    }

    /** The numbers asked for in each poll. */
    synchronized List<List<Long>> polls() {
        return List.copyOf(polls);
    }

    /** Requests with events, as they came. */
    public List<FaultRequest> posts() {
        return server.requests().stream()
                .filter(request -> request.path().startsWith("/services/collector/event")
                        && !request.text().isEmpty())
                .toList();
    }

    /** An answer in HEC's form. */
    static FaultAnswer hec(int status, int code, String text) {
        return json(FaultAnswer.status(status)).body("{\"text\":\"" + text + "\",\"code\":" + code + "}");
    }

    private static FaultAnswer json(FaultAnswer answer) {
        return answer.with("Content-Type", "application/json; charset=UTF-8");
    }

    // ---- requests ----

    private synchronized FaultAnswer answer(FaultRequest request) {
        String path = request.path();
        int question = path.indexOf('?');
        switch (question < 0 ? path : path.substring(0, question)) {
            case "/services/collector/health", "/services/collector/health/1.0":
                return health == 17 ? hec(200, 17, "HEC is healthy") : hec(503, health, "HEC is unhealthy");
            case "/services/collector/ack":
                return denied(request) != null ? Objects.requireNonNull(denied(request)) : poll(request);
            case "/services/collector", "/services/collector/event", "/services/collector/event/1.0":
                return denied(request) != null ? Objects.requireNonNull(denied(request)) : take(request);
            default:
                return FaultAnswer.status(404)
                        .body("{\"text\":\"The requested URL was not found on this server.\",\"code\":404}");
        }
    }

    private FaultAnswer denied(FaultRequest request) {
        String header = request.header("Authorization");
        if (header == null || header.isEmpty()) {
            return hec(401, 2, "Token is required");
        } else if (!header.startsWith("Splunk ")) {
            return hec(401, 3, "Invalid authorization");
        } else if (!header.equals("Splunk " + token)) {
            return hec(403, 4, "Invalid token");
        }
        return enabled ? null : hec(403, 1, "Token disabled");
    }

    private static String channel(FaultRequest request) {
        int query = request.path().indexOf("channel=");
        return query >= 0
                ? request.path().substring(query + "channel=".length())
                : request.header("X-Splunk-Request-Channel");
    }

    private FaultAnswer take(FaultRequest request) {
        String channel = channel(request);
        if (ack && channel == null) {
            return hec(400, 10, "Data channel is missing");
        } else if (channel != null && !channel.matches("[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")) {
            return hec(400, 11, "Invalid data channel");
        }
        String text = request.text();
        if (text.length() > maxBytes) {
            return tooLarge();
        } else if (text.isBlank()) {
            return hec(400, 5, "No data");
        } else if (!script.isEmpty()) {
            return script.poll();
        } else if (busyEvery > 0 && ++posts % busyEvery == 0) {
            return hec(503, 9, "Server is busy");
        } else if (busy != 0) {
            return hec(busy == 26 || busy == 27 ? 429 : 503, busy, "Server is busy");
        }
        List<ObjectNode> events = new ArrayList<>();
        FaultAnswer refusal = read(text, events);
        if (refusal != null) {
            if (keepsThoseBefore) {
                indexed.addAll(events);
            }
            return refusal;
        } else if (events.size() > maxEvents) {
            return tooLarge();
        } else if (losesAnswers || !ack || channel == null) {
            indexed.addAll(events);
            return losesAnswers ? FaultAnswer.reset() : hec(200, 0, "Success");
        }
        Channel into = channels.computeIfAbsent(channel, any -> new Channel());
        long id = into.next++;
        into.pending.put(id, new Pending(events));
        return json(FaultAnswer.ok()).body("{\"text\":\"Success\",\"code\":0,\"ackId\":" + id + "}");
    }

    /** Not HEC's own words, as nothing of HEC's has seen the request. */
    private static FaultAnswer tooLarge() {
        return FaultAnswer.status(413).body("<html><body><h1>413 Content-Length of the body is too large</h1></html>");
    }

    /** Null if all are as they must be. */
    private FaultAnswer read(String text, List<ObjectNode> events) {
        try (MappingIterator<JsonNode> all = JSON.readerFor(JsonNode.class).readValues(text)) {
            while (all.hasNextValue()) {
                JsonNode next = all.nextValue();
                // one object after the other, or all of them in an array
                for (JsonNode each : next.isArray() ? next : List.of(next)) {
                    FaultAnswer refusal = each instanceof ObjectNode event
                            ? check(event, events.size())
                            : invalid(6, "Invalid data format", events.size());
                    if (refusal != null) {
                        return refusal;
                    }
                    events.add((ObjectNode) each);
                }
            }
            return null;
        } catch (JsonProcessingException e) {
            return invalid(6, "Invalid data format", events.size());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private FaultAnswer check(ObjectNode event, int number) {
        JsonNode content = event.get("event");
        JsonNode time = event.get("time");
        if (content == null || content.isNull()) {
            return invalid(12, "Event field is required", number);
        } else if (content.isTextual() && content.textValue().isEmpty()) {
            return invalid(13, "Event field cannot be blank", number);
        } else if (time != null && !time.isNumber() && !time.asText().matches("-?[0-9]+(\\.[0-9]+)?")) {
            return invalid(6, "Invalid data format", number);
        } else if (bad.test(event)) {
            return invalid(6, "Invalid data format", number);
        }
        String index = event.path("index").asText(defaultIndex);
        if (!indexes.isEmpty() && !indexes.contains(index)) {
            return invalid(7, "Incorrect index", number);
        }
        JsonNode fields = event.get("fields");
        if (fields != null) {
            if (!fields.isObject()) {
                return invalid(6, "Invalid data format", number);
            }
            for (JsonNode value : fields) {
                if (value.isObject() || value.isNull()) {
                    return invalid(15, "Error in handling indexed fields", number);
                }
            }
            for (Map.Entry<String, JsonNode> field : fields.properties()) {
                if (field.getKey().startsWith("metric_name:")
                        && !field.getValue().isNumber()) {
                    return invalid(15, "Error in handling indexed fields", number);
                }
            }
        }
        return null;
    }

    private FaultAnswer invalid(int code, String text, int number) {
        return json(FaultAnswer.status(400))
                .body("{\"text\":\"" + text + "\",\"code\":" + code + ",\"invalid-event-number\":"
                        + (number + countsFrom) + "}");
    }

    private FaultAnswer poll(FaultRequest request) {
        String channel = channel(request);
        if (!ack) {
            return hec(400, 14, "ACK is disabled");
        } else if (channel == null) {
            return hec(400, 10, "Data channel is missing");
        }
        Channel of = channels.computeIfAbsent(channel, any -> new Channel());
        List<Long> asked = new ArrayList<>();
        List<String> answers = new ArrayList<>();
        try {
            for (JsonNode each : JSON.readTree(request.text()).get("acks")) {
                long id = each.longValue();
                asked.add(id);
                Pending pending = of.pending.get(id);
                boolean done = pending != null && pending.polls++ >= pollsUntilIndexed;
                if (done) {
                    // told once, then forgotten
                    indexed.addAll(pending.events);
                    of.pending.remove(id);
                }
                answers.add("\"" + id + "\":" + done);
            }
        } catch (IOException e) {
            return hec(400, 6, "Invalid data format");
        }
        polls.add(asked);
        return json(FaultAnswer.ok()).body("{\"acks\":{" + String.join(",", answers) + "}}");
    }
}
