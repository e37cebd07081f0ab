package io.github.pgwatchrpc.sink.http;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Where a request may go. The first is preferred; one that failed rests for a while behind the others, and is then
 * preferred again. Thread-safe.
 */
final class Endpoints {

    private final List<URI> all;
    private final long restNanos;
    private final LongSupplier nanos;
    private final Map<URI, Long> restsSince = new HashMap<>();

    Endpoints(List<URI> all, Duration rest, LongSupplier nanos) {
        this.all = List.copyOf(all);
        this.restNanos = rest.toNanos();
        this.nanos = nanos;
    }

    /** All, in the order in which they are to be tried now. */
    synchronized List<URI> inOrder() {
        long now = nanos.getAsLong();
        List<URI> order = new ArrayList<>(all.size());
        List<URI> resting = new ArrayList<>();
        for (URI each : all) {
            @Nullable Long since = restsSince.get(each);
            (since != null && now - since < restNanos ? resting : order).add(each);
        }
        order.addAll(resting);
        return order;
    }

    /** One of them alone, which never rests. */
    Endpoints only(URI endpoint) {
        return new Endpoints(List.of(endpoint), Duration.ZERO, nanos);
    }

    synchronized void failed(URI endpoint) {
        restsSince.put(endpoint, nanos.getAsLong());
    }

    synchronized void answered(URI endpoint) {
        restsSince.remove(endpoint);
    }
}
