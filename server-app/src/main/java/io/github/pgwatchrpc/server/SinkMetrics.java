package io.github.pgwatchrpc.server;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.pgwatchrpc.delivery.Delivery;
import io.github.pgwatchrpc.delivery.spool.SpoolStatus;
import io.github.pgwatchrpc.delivery.worker.Account;
import io.github.pgwatchrpc.delivery.worker.SinkStatus;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

/** Shows the spool and, for each sink, where its rows are. Figures of one scrape are of one moment. */
final class SinkMetrics {

    /** What was seen last. */
    private record Seen(SpoolStatus spool, Map<String, SinkStatus> sinks) {}

    private final Delivery delivery;
    private final List<Destination> destinations;
    private volatile Seen seen;

    SinkMetrics(Delivery delivery, List<Destination> destinations, ServerMetrics metrics) {
        this.delivery = delivery;
        this.destinations = destinations;
        this.seen = look(delivery);
        spool(metrics, "bytes", SpoolStatus::bytes);
        spool(metrics, "max.bytes", SpoolStatus::maxBytes);
        spool(metrics, "disk.free.bytes", SpoolStatus::freeBytes);
        spool(metrics, "damaged.bytes", SpoolStatus::damagedBytes);
        spool(metrics, "failing", status -> status.problem() == null ? 0 : 1);
        metrics.gauge("pgwatch.rpc.waiting.bytes", this, each ->
                (double) each.seen.spool().waitingBytes());
        destinations.forEach(each -> show(each.target().name(), metrics));
    }

    private static Seen look(Delivery delivery) {
        return new Seen(delivery.spool(), delivery.sinks());
    }

    /** Looks again, for the next scrape. */
    void refresh() {
        seen = look(delivery);
    }

    private void spool(ServerMetrics metrics, String name, ToLongFunction<SpoolStatus> value) {
        metrics.gauge("pgwatch.rpc.spool." + name, this, each -> (double) value.applyAsLong(each.seen.spool()));
    }

    private void show(String sink, ServerMetrics metrics) {
        rows(sink, metrics, "received", Account::received);
        rows(sink, metrics, "delivered", Account::delivered);
        rows(sink, metrics, "waiting", Account::waiting);
        rows(sink, metrics, "dead", Account::dead);
        rows(sink, metrics, "dropped", Account::dropped);
        rows(sink, metrics, "lost", Account::lost);
        gauge(sink, metrics, "failures", "", status -> status.failures());
        for (SinkStatus.State state : SinkStatus.State.values()) {
            gauge(sink, metrics, "state", word(state), status -> status.state() == state ? 1 : 0);
        }
    }

    /** Gauges, all of them: what was under way when the process died is delivered no more, and waits again. */
    private void rows(String sink, ServerMetrics metrics, String name, ToLongFunction<Account> value) {
        gauge(sink, metrics, "rows." + name, "", status -> (double) value.applyAsLong(status.account()));
    }

    private void gauge(
            String sink, ServerMetrics metrics, String name, String state, ToDoubleFunction<SinkStatus> value) {
        metrics.sinkGauge(
                "pgwatch.rpc.sink." + name,
                sink,
                state,
                this,
                each -> value.applyAsDouble(
                        Objects.requireNonNull(each.seen.sinks().get(sink))));
    }

    private static String word(SinkStatus.State state) {
        return state.name().toLowerCase(Locale.ROOT);
    }

    /** Writes the same into the status page. */
    void show(ObjectNode spool, ArrayNode sinks) {
        Seen now = look(delivery);
        SpoolStatus log = now.spool();
        spool.put("bytes", log.bytes());
        spool.put("max_bytes", log.maxBytes());
        spool.put("disk_free_bytes", log.freeBytes());
        spool.put("min_free_bytes", log.minFreeBytes());
        spool.put("damaged_bytes", log.damagedBytes());
        if (log.problem() != null) {
            spool.put("problem", log.problem());
        }
        for (Destination each : destinations) {
            SinkStatus status =
                    Objects.requireNonNull(now.sinks().get(each.target().name()));
            ObjectNode sink = sinks.addObject();
            sink.put("name", each.target().name());
            sink.put("place", each.place());
            sink.put("state", word(status.state()));
            if (!status.why().isEmpty()) {
                sink.put("why", status.why());
            }
            if (!status.mend().isEmpty()) {
                sink.put("mend", status.mend());
            }
            if (status.failures() > 0) {
                sink.put("failures", status.failures());
                sink.put("next_attempt_ms", status.nextAttempt().toMillis());
            }
            Account account = status.account();
            ObjectNode rows = sink.putObject("rows");
            rows.put("received", account.received());
            rows.put("delivered", account.delivered());
            rows.put("waiting", account.waiting());
            rows.put("dead", account.dead());
            rows.put("dropped", account.dropped());
            rows.put("lost", account.lost());
        }
    }
}
