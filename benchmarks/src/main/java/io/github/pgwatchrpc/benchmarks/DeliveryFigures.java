package io.github.pgwatchrpc.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import io.github.pgwatchrpc.delivery.Delivery;
import io.github.pgwatchrpc.delivery.DeliveryConfig;
import io.github.pgwatchrpc.delivery.spool.Durability;
import io.github.pgwatchrpc.delivery.worker.SinkTarget;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Limits;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.Sink;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;

/**
 * How fast the delivery accepts, delivers and starts. Not JMH: what is measured is a few threads, a disk and the time of
 * the whole process. Two event loops have one call at a time outstanding for each of some connections, as the receiver's
 * have. Arguments: a directory on the disk to be measured, and seconds for each figure.
 */
public final class DeliveryFigures {

    private static final long BACKLOG_BYTES = 1L << 30;

    private final Path directory;
    private final long seconds;
    private final OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    private DeliveryFigures(Path directory, long seconds) {
        this.directory = directory;
        this.seconds = seconds;
    }

    /**
     * Measures and prints.
     *
     * @param args directory, seconds
     * @throws Exception if anything fails
     */
    public static void main(String[] args) throws Exception {
        DeliveryFigures figures = new DeliveryFigures(Path.of(args[0]).resolve("figures"), Long.parseLong(args[1]));
        MeasurementEnvelope one = Rows.envelope(1);
        for (int warm = 0; warm < 2; warm++) {
            figures.accept(Durability.FLUSH, 16, one, warm == 0 ? "(warm-up)" : "(again)");
        }
        for (Durability durability : Durability.values()) {
            for (int connections : new int[] {1, 4, 16, 64}) {
                figures.accept(durability, connections, one, "");
            }
        }
        figures.accept(Durability.FLUSH, 16, Rows.envelope(1_000), "");
        figures.backlog();
    }

    private void accept(Durability durability, int connections, MeasurementEnvelope envelope, String note)
            throws Exception {
        clear();
        LongAdder delivered = new LongAdder();
        try (Delivery delivery = open(durability, counting(delivered))) {
            ExecutorService loops = Executors.newFixedThreadPool(2);
            LongAdder calls = new LongAdder();
            for (int i = 0; i < connections; i++) {
                loops.execute(() -> call(delivery, envelope, loops, calls));
            }
            TimeUnit.SECONDS.sleep(1);
            long callsBefore = calls.sum();
            long rowsBefore = delivered.sum();
            long cpu = system.getProcessCpuTime();
            long begin = System.nanoTime();
            TimeUnit.SECONDS.sleep(seconds);
            double time = (System.nanoTime() - begin) / 1e9;
            double rows = (double) (calls.sum() - callsBefore) * envelope.size();
            print(
                    "%s, %d connections, %d rows a call: %,.0f rows/s accepted, %,.0f delivered, %.2f CPU s per million rows %s",
                    durability,
                    connections,
                    envelope.size(),
                    rows / time,
                    (delivered.sum() - rowsBefore) / time,
                    (system.getProcessCpuTime() - cpu) / 1e3 / rows,
                    note);
            loops.shutdownNow();
        }
    }

    private static void call(Delivery delivery, MeasurementEnvelope envelope, ExecutorService loops, LongAdder calls) {
        delivery.append(envelope).whenComplete((done, error) -> {
            if (error == null && !loops.isShutdown()) {
                calls.increment();
                loops.execute(() -> call(delivery, envelope, loops, calls));
            }
        });
    }

    /** A backlog is made while the sink is away; then the process opens it and drains it. */
    private void backlog() throws Exception {
        clear();
        Sink away = new Sink() {
            @Override
            public Readiness open() {
                return Outcome.retry("away");
            }

            @Override
            public Outcome write(Batch batch) {
                return Outcome.retry("away");
            }
        };
        MeasurementEnvelope envelope = Rows.envelope(100);
        long rows = 0;
        long bytes;
        try (Delivery delivery = open(Durability.FLUSH, away)) {
            while (delivery.spool().bytes() < BACKLOG_BYTES) {
                for (int i = 0; i < 99; i++) {
                    delivery.append(envelope);
                }
                delivery.append(envelope).toCompletableFuture().get();
                rows += 100L * envelope.size();
            }
            bytes = delivery.spool().bytes();
        }
        CountDownLatch all = new CountDownLatch(1);
        LongAdder delivered = new LongAdder();
        long most = rows;
        long begin = System.nanoTime();
        try (Delivery delivery = open(Durability.FLUSH, batch -> {
            delivered.add(batch.size());
            if (delivered.sum() >= most) {
                all.countDown();
            }
            return Outcome.written();
        })) {
            double started = (System.nanoTime() - begin) / 1e6;
            long cpu = system.getProcessCpuTime();
            all.await();
            double time = (System.nanoTime() - begin) / 1e9;
            print(
                    "backlog of %,d MB, %,d rows, %.0f bytes a row: opened in %.0f ms, drained at %,.0f rows/s, %.2f CPU s per million rows, %d segments left",
                    bytes >> 20,
                    rows,
                    (double) bytes / rows,
                    started,
                    rows / time,
                    (system.getProcessCpuTime() - cpu) / 1e3 / rows,
                    delivery.spool().segments());
        }
        clear();
    }

    private Delivery open(Durability durability, Sink sink) throws IOException {
        return Delivery.open(
                DeliveryConfig.builder(directory)
                        .durability(durability)
                        .ackTimeout(Duration.ofMinutes(1))
                        .build(),
                List.of(new SinkTarget("null", sink, Limits.DEFAULT, Set.of(), SinkTarget.Start.BEGINNING)));
    }

    private static Sink counting(LongAdder rows) {
        return batch -> {
            rows.add(batch.size());
            return Outcome.written();
        };
    }

    private void clear() throws IOException {
        if (Files.exists(directory)) {
            try (Stream<Path> files = Files.walk(directory)) {
                for (Path each : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(each);
                }
            }
        }
    }

    @SuppressWarnings("SystemOut") // that is its purpose
    private static void print(String format, Object... values) {
        System.out.printf(format + "%n", values);
    }
}
