package io.github.pgwatchrpc.server;

import io.github.pgwatchrpc.log.PeerText;
import io.github.pgwatchrpc.log.Repeated;
import io.github.pgwatchrpc.rpc.RpcObserver;
import io.github.pgwatchrpc.rpc.RpcPeer;
import io.github.pgwatchrpc.rpc.auth.KeyUsage;
import io.github.pgwatchrpc.rpc.auth.Outcome;
import io.github.pgwatchrpc.rpc.detect.Protocol;
import io.github.pgwatchrpc.rpc.pgwatch.SyncMetric;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts what happens, and writes those events to the log that an operator must act on. Names and meanings stand in
 * docs/metrics.md. Thread-safe.
 */
final class ServerMetrics implements RpcObserver, AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger("io.github.pgwatchrpc.server.Connections");

    /** Of so many sources it is told that they send keys; a peer can invent more than a log can hold. */
    private static final int MAX_TOLD_OF_KEYS = 1_000;

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final JvmGcMetrics gc = new JvmGcMetrics();

    private final Counter receivedRows = counter("pgwatch.rpc.rows.received", "rows that arrived");
    private final Counter storedRows =
            counter("pgwatch.rpc.rows.stored", "rows that were stored before their call was answered");
    private final Counter refusedRows =
            counter("pgwatch.rpc.rows.refused", "rows that were not stored; their calls were answered with an error");
    private final Counter lateRows = counter(
            "pgwatch.rpc.rows.timeout",
            "rows whose calls were answered with an error because storing took too long; whether they were stored is"
                    + " not known");
    private final Counter headers =
            counter("pgwatch.rpc.headers.without.body", "calls that a client began and could not encode");
    private final Counter badTypes =
            counter("pgwatch.rpc.type.definitions.bad", "type definitions that could not be used");
    private final Counter keysRemoved = counter(
            "pgwatch.rpc.keys.removed",
            "calls out of which a key was taken, where none belongs, before they were stored");
    private final Timer acknowledgement = Timer.builder("pgwatch.rpc.acknowledgement")
            .description("from the last byte of a call to its answer")
            .publishPercentiles(0.5, 0.99)
            .register(registry);
    private final Map<String, Counter> calls = new ConcurrentHashMap<>();
    private final Map<String, Counter> errors = new ConcurrentHashMap<>();
    private final Map<Refusal, Counter> refusals = new EnumMap<>(Refusal.class);
    private final Map<End, Counter> ends = new EnumMap<>(End.class);
    private final Map<Handshake, Counter> handshakes = new EnumMap<>(Handshake.class);
    private final Map<Outcome, Counter> decisions = new EnumMap<>(Outcome.class);
    private final Map<SyncMetric.Operation, Counter> syncs = new EnumMap<>(SyncMetric.Operation.class);
    private final AtomicLong connections = new AtomicLong();
    private final Repeated repeated = new Repeated();
    private final Set<String> toldOfKeys = ConcurrentHashMap.newKeySet();

    ServerMetrics() {
        for (Refusal each : Refusal.values()) {
            refusals.put(
                    each, tagged("pgwatch.rpc.calls.refused", "calls that did not reach their method", "reason", each));
        }
        for (End each : End.values()) {
            ends.put(each, tagged("pgwatch.rpc.connections.closed", "connections that ended", "reason", each));
        }
        for (Handshake each : Handshake.values()) {
            handshakes.put(each, tagged("pgwatch.rpc.tls.handshakes", "TLS handshakes", "result", each));
        }
        for (SyncMetric.Operation each : SyncMetric.Operation.values()) {
            syncs.put(each, tagged("pgwatch.rpc.sync.metric", "SyncMetric calls", "operation", each));
        }
        for (Outcome each : Outcome.values()) {
            decisions.put(each, tagged("pgwatch.rpc.auth.decisions", "decisions who may call", "outcome", each));
        }
        registry.gauge("pgwatch.rpc.connections", connections);
        new JvmMemoryMetrics().bindTo(registry);
        gc.bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        new UptimeMetrics().bindTo(registry);
    }

    private Counter counter(String name, String description) {
        return Counter.builder(name).description(description).register(registry);
    }

    private Counter tagged(String name, String description, String tag, Enum<?> value) {
        return Counter.builder(name)
                .description(description)
                .tag(tag, value.name().toLowerCase(java.util.Locale.ROOT))
                .register(registry);
    }

    <T> void gauge(String name, T object, ToDoubleFunction<T> value) {
        registry.gauge(name, object, value);
    }

    /** A figure of one sink, or of one of its states if that is not empty. */
    <T> void sinkGauge(String name, String sink, String state, T object, ToDoubleFunction<T> value) {
        Tags tags = Tags.of("sink", sink);
        registry.gauge(name, state.isEmpty() ? tags : tags.and("state", state), object, value);
    }

    /** A figure of one key that only grows. */
    Meter keyCounter(String name, String description, KeyUsage usage, ToDoubleFunction<KeyUsage> value) {
        return FunctionCounter.builder("pgwatch.rpc.key." + name, usage, value)
                .description(description)
                .tag("key", usage.name())
                .register(registry);
    }

    /** A figure of one key. */
    Meter keyGauge(String name, KeyUsage usage, ToDoubleFunction<KeyUsage> value) {
        return Gauge.builder("pgwatch.rpc.key." + name, usage, value)
                .tag("key", usage.name())
                .register(registry);
    }

    void forget(Meter meter) {
        registry.remove(meter);
    }

    // ---- rows ----

    void received(long rows) {
        receivedRows.increment((double) rows);
    }

    void stored(long rows) {
        storedRows.increment((double) rows);
    }

    void refused(long rows) {
        refusedRows.increment((double) rows);
    }

    void timedOut(long rows) {
        lateRows.increment((double) rows);
    }

    /** Tells it once for each source; of so many sources that it is clear by then. */
    void keyRemoved(String place, String database, RpcPeer peer) {
        keysRemoved.increment();
        String from = host(peer.address());
        if (toldOfKeys.size() < MAX_TOLD_OF_KEYS && toldOfKeys.add(PeerText.printable(database) + " " + from)) {
            LOG.warn(
                    "a key of this receiver stood in the {}, from {}: it was taken out and is not stored. Whoever else"
                            + " gets this from that pgwatch has the key (pgwatch 3 copies custom tags into"
                            + " configured_dbs); pgwatch_rpc_keys_removed_total counts on",
                    PeerText.printable(place),
                    from);
        }
    }

    void synced(SyncMetric.Operation operation) {
        count(syncs, operation);
    }

    void decided(Outcome outcome) {
        count(decisions, outcome);
    }

    private static <K> void count(Map<K, Counter> counters, K key) {
        Counter counter = counters.get(key);
        if (counter != null) {
            counter.increment();
        }
    }

    long receivedRows() {
        return (long) receivedRows.count();
    }

    long storedRows() {
        return (long) storedRows.count();
    }

    long lateRows() {
        return (long) lateRows.count();
    }

    long refusedRows() {
        return (long) refusedRows.count();
    }

    long openConnections() {
        return connections.get();
    }

    long calls() {
        return (long) calls.values().stream().mapToDouble(Counter::count).sum();
    }

    double acknowledgementMillis(double percentile) {
        for (var each : acknowledgement.takeSnapshot().percentileValues()) {
            if (each.percentile() == percentile) {
                return each.value(TimeUnit.MILLISECONDS);
            }
        }
        return 0;
    }

    String scrape() {
        return registry.scrape();
    }

    // ---- connections ----

    @Override
    public void opened(SocketAddress peer) {
        connections.incrementAndGet();
        LOG.debug("connection of {}", peer);
    }

    @Override
    public void closed(SocketAddress peer, @Nullable Protocol protocol, End end, long calls, String reason) {
        connections.decrementAndGet();
        count(ends, end);
        switch (end) {
            case PEER -> LOG.debug("connection of {} ended after {} calls", peer, calls);
            case SHUTDOWN -> {
                if (calls > 0) {
                    repeated.tell(
                            "shutdown",
                            "",
                            more -> LOG.info(
                                    "connection of {} closed after {} calls: {}{}", peer, calls, reason, more));
                }
            }
            case CUT, BROKEN_STREAM, TOO_MANY, TIMEOUT, TLS, UNKNOWN_PROTOCOL -> {
                if (calls == 0) {
                    repeated.tell(
                            "refused " + end,
                            host(peer),
                            more -> LOG.warn("connection of {} refused: {}{}", peer, reason, more));
                } else if (protocol == Protocol.HTTP2) {
                    repeated.tell(
                            "ended " + end,
                            host(peer),
                            more -> LOG.warn(
                                    "connection of {} ended after {} calls: {}. gRPC: its client connects again by"
                                            + " itself{}",
                                    peer,
                                    calls,
                                    reason,
                                    more));
                } else {
                    repeated.tell(
                            "lost",
                            host(peer),
                            more -> LOG.warn(
                                    "connection of {} LOST after {} calls: {}. A pgwatch v3 never connects again: if"
                                            + " it is one, restart it{}",
                                    peer,
                                    calls,
                                    reason,
                                    more));
                }
            }
        }
    }

    @Override
    public void handshake(SocketAddress peer, Handshake result) {
        count(handshakes, result);
    }

    @Override
    public void called(String method, int bytes) {
        calls.computeIfAbsent(
                        method,
                        name -> Counter.builder("pgwatch.rpc.calls")
                                .description("calls by method")
                                .tag("method", name)
                                .register(registry))
                .increment();
    }

    @Override
    public void answered(String method, long nanos, boolean failed) {
        acknowledgement.record(nanos, TimeUnit.NANOSECONDS);
        if (failed) {
            errors.computeIfAbsent(
                            method,
                            name -> Counter.builder("pgwatch.rpc.calls.failed")
                                    .description("calls answered with an error")
                                    .tag("method", name)
                                    .register(registry))
                    .increment();
        }
    }

    @Override
    public void refused(SocketAddress peer, String method, Refusal refusal, String reason) {
        count(refusals, refusal);
        repeated.tell(
                refusal.name(),
                host(peer),
                more -> LOG.warn("call of {} by {} refused: {}{}", method, peer, reason, more));
    }

    @Override
    public void headerWithoutBody(SocketAddress peer, String method) {
        headers.increment();
        repeated.tell(
                "header",
                host(peer),
                more -> LOG.warn(
                        "{} could not encode its call of {} and sent the header alone: those rows are lost at the"
                                + " client. Some metric there returns a type that pgwatch v3 cannot send (numeric,"
                                + " timestamp, uuid, an array …): cast it in the metric's SQL{}",
                        peer,
                        method,
                        more));
    }

    @Override
    public void badTypeDefinition(SocketAddress peer, String reason) {
        badTypes.increment();
        repeated.tell("type", host(peer), more -> LOG.warn("type definition of {} ignored: {}{}", peer, reason, more));
    }

    /** What one machine repeats must not hide what another one does; its ports are no difference. */
    private static String host(SocketAddress peer) {
        return peer instanceof InetSocketAddress inet ? inet.getAddress().getHostAddress() : String.valueOf(peer);
    }

    @Override
    public void close() {
        repeated.flush();
        gc.close();
        registry.close();
    }
}
