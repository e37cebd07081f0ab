package io.github.pgwatchrpc.server;

import io.github.pgwatchrpc.rpc.auth.KeyUsage;
import io.micrometer.core.instrument.Meter;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Shows what came in by each key. Only keys that have been used are shown, and none that is no longer known: so there are
 * never more than keys in the files, whatever callers do.
 */
final class KeyMetrics {

    private record Shown(KeyUsage usage, List<Meter> meters) {}

    private final ServerMetrics metrics;
    private final Supplier<List<KeyUsage>> usages;
    private final Map<String, Shown> shown = new HashMap<>();

    KeyMetrics(ServerMetrics metrics, Supplier<List<KeyUsage>> usages) {
        this.metrics = metrics;
        this.usages = usages;
    }

    /** Looks again, for the next scrape. */
    synchronized void refresh() {
        Set<String> gone = new HashSet<>(shown.keySet());
        for (KeyUsage each : usages.get()) {
            gone.remove(each.name());
            Shown known = shown.get(each.name());
            if (known == null || known.usage() != each) {
                // a name that went and came again begins anew
                forget(each.name());
                shown.put(each.name(), new Shown(each, show(each)));
            }
        }
        gone.forEach(this::forget);
    }

    private void forget(String name) {
        Shown known = shown.remove(name);
        if (known != null) {
            known.meters().forEach(metrics::forget);
        }
    }

    private List<Meter> show(KeyUsage usage) {
        return List.of(
                metrics.keyCounter("calls", "calls by the key's name", usage, KeyUsage::calls),
                metrics.keyCounter("rows", "rows by the key's name", usage, KeyUsage::rows),
                metrics.keyCounter("bytes", "bytes of messages by the key's name", usage, KeyUsage::bytes),
                metrics.keyCounter(
                        "calls.limited", "calls refused because of the key's rates", usage, KeyUsage::limited),
                metrics.keyGauge("connections", usage, KeyUsage::connections));
    }
}
