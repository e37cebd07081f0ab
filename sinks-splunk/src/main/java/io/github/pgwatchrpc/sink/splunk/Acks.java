package io.github.pgwatchrpc.sink.splunk;

import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.http.HttpCall;
import io.github.pgwatchrpc.sink.http.HttpReply;
import io.github.pgwatchrpc.sink.http.HttpTransport;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What the indexer has still to confirm of one write on one channel. All requests are asked for in one poll at each
 * endpoint, since only the one that took a request knows of it.
 *
 * <p>Splunk keeps acknowledgements in memory, and counts from 0 again after a restart. A number that does not grow tells
 * that; otherwise it answers false for a number that it does not know, as for one that is not indexed yet, and the time
 * runs out.
 *
 * <p>The protocol: Splunk's page "About HTTP Event Collector Indexer Acknowledgment".
 */
final class Acks {

    private static final long FIRST_PAUSE_MILLIS = 20;
    private static final long LONGEST_PAUSE_MILLIS = 1_000;

    private static final Pattern CONFIRMED = Pattern.compile("\"([0-9]{1,18})\"\\s*:\\s*true");

    /** Takes rows that are not confirmed. */
    interface Unconfirmed {
        void accept(Body body, Outcome why);
    }

    private final HttpTransport http;
    private final String channel;
    private final Duration timeout;
    private final Map<URI, Map<Long, Body>> pending = new LinkedHashMap<>();
    private final Map<URI, Long> latest = new HashMap<>();
    private boolean clean = true;

    Acks(HttpTransport http, String channel, Duration timeout) {
        this.http = http;
        this.channel = channel;
        this.timeout = timeout;
    }

    static HttpCall poll(String channel, Collection<Long> ids) {
        String body = ids.stream().map(String::valueOf).collect(Collectors.joining(",", "{\"acks\":[", "]}"));
        return HttpCall.post(
                        "/services/collector/ack?channel=" + channel,
                        "application/json",
                        body.getBytes(StandardCharsets.UTF_8))
                .with("X-Splunk-Request-Channel", channel);
    }

    /** A request was taken, and is to be confirmed under a number. */
    void expect(URI endpoint, long id, Body body, Unconfirmed unconfirmed) {
        answeredBy(endpoint, unconfirmed);
        if (id <= latest.getOrDefault(endpoint, -1L)) {
            lose(endpoint, endpoint + " has restarted: its acknowledgements begin anew", unconfirmed);
        }
        latest.put(endpoint, id);
        pending.computeIfAbsent(endpoint, any -> new LinkedHashMap<>()).put(id, body);
    }

    /**
     * A request was answered here, or nowhere. Any other endpoint may have got it without saying so, under a number that
     * it had given before if it has restarted since; its numbers can then be trusted no more.
     */
    void answeredBy(@Nullable URI endpoint, Unconfirmed unconfirmed) {
        for (URI each : List.copyOf(pending.keySet())) {
            if (!each.equals(endpoint)) {
                lose(each, each + " did not answer a later request on the channel", unconfirmed);
            }
        }
        clean &= endpoint != null;
    }

    private void lose(URI endpoint, String why, Unconfirmed unconfirmed) {
        clean = false;
        Map<Long, Body> lost = pending.remove(endpoint);
        if (lost != null) {
            lost.values().forEach(body -> unconfirmed.accept(body, Outcome.retry(why)));
        }
    }

    /** Waits until all is confirmed or the time is over. */
    void await(Unconfirmed unconfirmed) throws InterruptedException {
        long begin = System.nanoTime();
        long pause = FIRST_PAUSE_MILLIS;
        while (!pending.isEmpty()) {
            for (URI endpoint : List.copyOf(pending.keySet())) {
                ask(endpoint, unconfirmed);
            }
            if (pending.isEmpty()) {
                break;
            }
            long left = timeout.toMillis() - TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
            if (left <= 0) {
                for (URI endpoint : List.copyOf(pending.keySet())) {
                    lose(endpoint, "not confirmed by the indexer within " + timeout.toMillis() + " ms", unconfirmed);
                }
                break;
            }
            TimeUnit.MILLISECONDS.sleep(Math.min(pause, left));
            pause = Math.min(LONGEST_PAUSE_MILLIS, pause * 2);
        }
    }

    private void ask(URI endpoint, Unconfirmed unconfirmed) throws InterruptedException {
        Map<Long, Body> waiting = pending.getOrDefault(endpoint, Map.of());
        Set<Long> confirmed = new HashSet<>();
        Outcome outcome = http.at(endpoint)
                .write(
                        poll(channel, waiting.keySet()),
                        reply -> {
                            confirmed.addAll(confirmed(reply));
                            return Outcome.written();
                        },
                        (reply, byStatus) -> HecReply.of(reply).outcome(byStatus));
        if (outcome instanceof Outcome.Paused) {
            clean = false;
            List<Body> lost = new ArrayList<>(waiting.values());
            pending.remove(endpoint);
            lost.forEach(body -> unconfirmed.accept(body, outcome));
            return;
        }
        // any other failure passes, or the time runs out
        waiting.keySet().removeAll(confirmed);
        if (waiting.isEmpty()) {
            pending.remove(endpoint);
        }
    }

    private static List<Long> confirmed(HttpReply reply) {
        List<Long> ids = new ArrayList<>();
        Matcher matcher = CONFIRMED.matcher(reply.text());
        while (matcher.find()) {
            ids.add(Long.parseLong(matcher.group(1)));
        }
        return ids;
    }

    /** Whether all that was ever expected is confirmed, so that the channel can be used again. */
    boolean isClean() {
        return clean && pending.isEmpty();
    }
}
