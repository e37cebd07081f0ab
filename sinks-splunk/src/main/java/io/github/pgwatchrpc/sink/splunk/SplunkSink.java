package io.github.pgwatchrpc.sink.splunk;

import io.github.pgwatchrpc.measurement.JsonWriter;
import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.http.HttpAuth;
import io.github.pgwatchrpc.sink.http.HttpCall;
import io.github.pgwatchrpc.sink.http.HttpTransport;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/** Writes to HEC. Thread-safe. */
final class SplunkSink implements Sink {

    /** What a write needs and the next one can use again. */
    private record Tools(RowWriter writer, JsonWriter json) {}

    private final HttpTransport.Builder builder;
    private final Token token;
    private final Layout layout;
    private final long maxBody;
    private final @Nullable Duration ackTimeout;
    private final Setup setup;
    private final ConcurrentLinkedQueue<Tools> tools = new ConcurrentLinkedQueue<>();
    private final Channels channels = new Channels();
    private volatile HttpTransport http;
    private volatile String shown;

    /**
     * A sink.
     *
     * @param builder a transport that lacks the token only
     * @param token the token
     * @param layout how rows are laid out
     * @param maxBody bytes of a request, unless a single event has more
     * @param ackTimeout how long to wait for the indexer; null not to
     * @param setup what Splunk needs
     * @throws IOException if a file of the transport's TLS cannot be used
     */
    SplunkSink(
            HttpTransport.Builder builder,
            Token token,
            Layout layout,
            long maxBody,
            @Nullable Duration ackTimeout,
            Setup setup)
            throws IOException {
        this.builder = builder;
        this.token = token;
        this.layout = layout;
        this.maxBody = maxBody;
        this.ackTimeout = ackTimeout;
        this.setup = setup;
        this.shown = token.value();
        this.http = builder.auth(HttpAuth.scheme("Splunk", shown)).build();
    }

    /** Looks at HEC's health, and whether it knows the token: it says so before it misses the events of an empty body. */
    @Override
    public Readiness open() throws IOException, InterruptedException {
        String value = token.read();
        if (!value.equals(shown)) {
            http = builder.auth(HttpAuth.scheme("Splunk", value)).build();
            shown = value;
        }
        Exchange health = Exchange.of(http, HttpCall.get("/services/collector/health/1.0"));
        Readiness healthy = readiness(health, health.reply().code() == 17);
        if (!(healthy instanceof Readiness.Ready)) {
            return healthy;
        }
        String channel = UUID.randomUUID().toString();
        HttpCall nothing = HttpCall.post("/services/collector/event", "application/json", new byte[0]);
        Exchange answer =
                Exchange.of(http, ackTimeout == null ? nothing : nothing.with("X-Splunk-Request-Channel", channel));
        // no data, no valid data, no event: the token has passed
        long code = answer.reply().code();
        Readiness known = readiness(answer, code == 5 || code == 6 || code == 12);
        if (ackTimeout == null || !(known instanceof Readiness.Ready)) {
            return known;
        }
        Exchange acks = Exchange.of(http, Acks.poll(channel, List.of()));
        return readiness(acks, acks.reply().code() == HecReply.NONE && acks.endpoint() != null);
    }

    private static Readiness readiness(Exchange exchange, boolean ready) {
        if (ready || exchange.outcome() instanceof Outcome.Written) {
            return Readiness.ready();
        } else if (exchange.outcome() instanceof Readiness readiness) {
            return readiness;
        } else if (exchange.outcome() instanceof Outcome.Refused refused) {
            return new Outcome.Paused(refused.why(), "check the address and the options");
        }
        throw new AssertionError(exchange);
    }

    @Override
    public Outcome write(Batch batch) throws InterruptedException {
        Tools kept = tools.poll();
        Tools mine = kept == null ? new Tools(new RowWriter(layout), new JsonWriter()) : kept;
        HttpTransport transport = http;
        try {
            mine.json().clear();
            Duration timeout = ackTimeout;
            if (timeout == null) {
                return new Submission(layout, batch, transport, mine.writer(), mine.json(), maxBody, null, null).run();
            }
            String channel = channels.take();
            Acks acks = new Acks(transport, channel, timeout);
            Outcome outcome =
                    new Submission(layout, batch, transport, mine.writer(), mine.json(), maxBody, channel, acks).run();
            if (acks.isClean()) {
                channels.giveBack(channel);
            }
            return outcome;
        } finally {
            tools.offer(mine);
        }
    }

    /** HEC makes nothing itself: says whether it takes what is sent, and {@link #plan} what an administrator has to make. */
    @Override
    public Readiness provision() throws IOException, InterruptedException {
        return open();
    }

    @Override
    public List<String> plan() {
        return List.of(setup.toString());
    }

    /** Names no credentials. */
    @Override
    public String toString() {
        return "SplunkSink[" + http + "]";
    }
}
