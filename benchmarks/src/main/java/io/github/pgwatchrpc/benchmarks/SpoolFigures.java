package io.github.pgwatchrpc.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import io.github.pgwatchrpc.delivery.Delivery;
import io.github.pgwatchrpc.delivery.DeliveryConfig;
import io.github.pgwatchrpc.delivery.spool.Durability;
import io.github.pgwatchrpc.delivery.worker.Account;
import io.github.pgwatchrpc.delivery.worker.SinkTarget;
import io.github.pgwatchrpc.measurement.EnvelopeBuilder;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.sink.Limits;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.Sinks;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * How fast rows go from the spool to a sink, and what it costs: a backlog is stored while the sink is not there, then
 * another process opens it with the sink and drains it. Not JMH, as what is measured is the time of the whole process.
 * Arguments: a directory, rows, {@code fill} or {@code drain}, and for the latter a sink's URI. Draining may be killed and
 * started again. Each row has its number in the column {@code i0}, by which the other side can tell what is missing or
 * there twice.
 */
public final class SpoolFigures {

    private static final int ROWS_A_CALL = 100;
    private static final String NAME = "figures";

    private SpoolFigures() {}

    /**
     * Fills or drains.
     *
     * @param args directory, rows, fill or drain, URI
     * @throws Exception if anything fails
     */
    public static void main(String[] args) throws Exception {
        Path directory = Path.of(args[0]);
        long rows = Long.parseLong(args[1]);
        if (args[2].equals("fill")) {
            fill(directory, rows);
        } else {
            drain(directory, args[3]);
        }
    }

    private static void fill(Path directory, long rows) throws Exception {
        // the sink's cursor begins here
        Sink away = batch -> {
            throw new IOException("not now");
        };
        try (Delivery delivery = open(directory, target(away, Limits.DEFAULT))) {
            for (long from = 0; from < rows; from += ROWS_A_CALL) {
                MeasurementEnvelope template = Rows.envelope(ROWS_A_CALL, Math.toIntExact(from));
                EnvelopeBuilder builder = new EnvelopeBuilder()
                        .database(template.database())
                        .metric(template.metric())
                        .customTag("env", "production")
                        .customTag("region", "eu-central-1");
                for (int i = 0; i < ROWS_A_CALL; i++) {
                    builder.beginRow();
                    int columns = template.get(i).size();
                    for (int column = 0; column < columns; column++) {
                        String name = template.get(i).name(column);
                        // one of the 18 columns makes room for the number
                        if (name.equals("seq_scan")) {
                            builder.put("i0", from + i);
                        } else {
                            builder.put(name, template.get(i).value(column));
                        }
                    }
                    builder.endRow();
                }
                var stored = delivery.append(builder.build()).toCompletableFuture();
                if (from % 10_000 == 0) {
                    stored.get();
                }
            }
        }
    }

    private static void drain(Path directory, String uri) throws Exception {
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        Sinks kinds = Sinks.load(SpoolFigures.class.getClassLoader());
        Sink sink = kinds.create(uri, Map.of());
        long cpu = system.getProcessCpuTime();
        long begin = System.nanoTime();
        try (Delivery delivery =
                open(directory, target(sink, kinds.provider(uri).limits()))) {
            long before = account(delivery).delivered();
            while (account(delivery).waiting() > 0) {
                TimeUnit.MILLISECONDS.sleep(5);
            }
            double time = (System.nanoTime() - begin) / 1e9;
            long rows = account(delivery).delivered() - before;
            print(
                    "%,d rows: %,.0f rows/s, %.2f CPU s per million rows (whole process: %.2f)",
                    rows,
                    rows / time,
                    (system.getProcessCpuTime() - cpu) / 1e3 / rows,
                    system.getProcessCpuTime() / 1e3 / rows);
        }
    }

    private static Account account(Delivery delivery) {
        return Objects.requireNonNull(delivery.sinks().get(NAME)).account();
    }

    private static SinkTarget target(Sink sink, Limits limits) {
        return new SinkTarget(NAME, sink, limits, Set.of(), SinkTarget.Start.BEGINNING);
    }

    private static Delivery open(Path directory, SinkTarget target) throws IOException {
        return Delivery.open(
                DeliveryConfig.builder(directory)
                        .durability(Durability.FLUSH)
                        .ackTimeout(Duration.ofMinutes(1))
                        .build(),
                List.of(target));
    }

    @SuppressWarnings("SystemOut") // that is its purpose
    private static void print(String format, Object... values) {
        System.out.printf(format + "%n", values);
    }
}
