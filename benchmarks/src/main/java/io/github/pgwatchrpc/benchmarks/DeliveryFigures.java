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
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;

/**
 * How fast the delivery accepts, delivers and starts. Not JMH: what is measured is a few threads, a disk and the time of
 * the whole process. Two event loops have one call at a time outstanding for each of some connections, as the receiver's
 * have. Arguments: a directory on the disk to be measured, seconds for each figure, bytes of the backlog in GiB; with a
 * fourth one, {@code accept}, {@code apart} or {@code backlog}, that part alone.
 */
public final class DeliveryFigures {

    /** How often runs that are compared take turns. */
    private static final int TURNS = 3;

    private static final int SLOW_ROWS_PER_SECOND = 10;

    private final Path directory;
    private final long seconds;
    private final long backlogBytes;
    private final OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    private DeliveryFigures(Path directory, long seconds, long backlogBytes) {
        this.directory = directory;
        this.seconds = seconds;
        this.backlogBytes = backlogBytes;
    }

    /** What a number of calls came to. */
    private record Figures(double rows, double delivered, double cpu, double p50, double p99) {}

    /** How long answers took: in steps of 10 µs, up to a second. */
    private static final class Times {
        private static final int STEP_NANOS = 10_000;

        private final AtomicLongArray counts = new AtomicLongArray(100_000);

        void add(long nanos) {
            counts.incrementAndGet((int) Math.min(counts.length() - 1, nanos / STEP_NANOS));
        }

        void clear() {
            for (int i = 0; i < counts.length(); i++) {
                counts.set(i, 0);
            }
        }

        /** The time below which this share of them was, in milliseconds. */
        double millis(double share) {
            long all = 0;
            for (int i = 0; i < counts.length(); i++) {
                all += counts.get(i);
            }
            long below = 0;
            int step = 0;
            while (step < counts.length() && below < share * all) {
                below += counts.get(step++);
            }
            return step * STEP_NANOS / 1e6;
        }
    }

    /**
     * Measures and prints.
     *
     * @param args directory, seconds, GiB, perhaps a part
     * @throws Exception if anything fails
     */
    public static void main(String[] args) throws Exception {
        long backlogBytes = Long.parseLong(args[2]) << 30;
        DeliveryFigures figures =
                new DeliveryFigures(Path.of(args[0]).resolve("figures"), Long.parseLong(args[1]), backlogBytes);
        String part = args.length > 3 ? args[3] : "";
        if (part.isEmpty() || part.equals("accept")) {
            figures.accept();
        }
        if (part.isEmpty() || part.equals("apart")) {
            figures.apart(Durability.FLUSH);
            figures.apart(Durability.FSYNC);
        }
        if (part.isEmpty() || part.equals("backlog")) {
            figures.backlog();
        }
        figures.clear();
    }

    private void accept() throws Exception {
        MeasurementEnvelope one = Rows.envelope(1);
        for (int warm = 0; warm < 2; warm++) {
            accept(Durability.FLUSH, 16, one, warm == 0 ? "(warm-up)" : "(again)");
        }
        for (Durability durability : Durability.values()) {
            for (int connections : new int[] {1, 4, 16, 64}) {
                accept(durability, connections, one, "");
            }
        }
        accept(Durability.FLUSH, 16, Rows.envelope(1_000), "");
    }

    private void accept(Durability durability, int connections, MeasurementEnvelope envelope, String note)
            throws Exception {
        LongAdder delivered = new LongAdder();
        Figures is =
                measure(durability, connections, envelope, delivered, List.of(target("null", counting(delivered))));
        print(
                "%s, %d connections, %d rows a call: %,.0f rows/s accepted, %,.0f delivered, p50 %.2f ms, p99 %.2f ms, %.2f CPU s per million rows %s",
                durability, connections, envelope.size(), is.rows, is.delivered, is.p50, is.p99, is.cpu, note);
    }

    /** One healthy sink alone, and beside one that is away and one that is slow, in turn. */
    private void apart(Durability durability) throws Exception {
        MeasurementEnvelope envelope = Rows.envelope(10);
        for (int turn = 0; turn < TURNS; turn++) {
            for (boolean others : new boolean[] {false, true}) {
                LongAdder delivered = new LongAdder();
                List<SinkTarget> sinks = new ArrayList<>(List.of(target("null", counting(delivered))));
                if (others) {
                    sinks.add(target("away", batch -> Outcome.retry("away")));
                    sinks.add(target("slow", batch -> {
                        TimeUnit.MILLISECONDS.sleep(1_000L * batch.size() / SLOW_ROWS_PER_SECOND);
                        return Outcome.written();
                    }));
                }
                Figures is = measure(durability, 16, envelope, delivered, sinks);
                print(
                        "%s, 16 connections, 10 rows a call, %s: %,.0f rows/s accepted, %,.0f delivered to the healthy one, p50 %.2f ms, p99 %.2f ms",
                        durability,
                        others ? "beside a sink that is away and a slow one" : "a healthy sink alone",
                        is.rows,
                        is.delivered,
                        is.p50,
                        is.p99);
            }
        }
    }

    private Figures measure(
            Durability durability,
            int connections,
            MeasurementEnvelope envelope,
            LongAdder delivered,
            List<SinkTarget> sinks)
            throws Exception {
        clear();
        Delivery delivery = open(durability, sinks);
        try {
            ExecutorService loops = Executors.newFixedThreadPool(2);
            LongAdder calls = new LongAdder();
            Times times = new Times();
            for (int i = 0; i < connections; i++) {
                loops.execute(() -> call(delivery, envelope, loops, calls, times));
            }
            TimeUnit.SECONDS.sleep(1);
            times.clear();
            long callsBefore = calls.sum();
            long rowsBefore = delivered.sum();
            long cpu = system.getProcessCpuTime();
            long begin = System.nanoTime();
            TimeUnit.SECONDS.sleep(seconds);
            double time = (System.nanoTime() - begin) / 1e9;
            double rows = (double) (calls.sum() - callsBefore) * envelope.size();
            Figures figures = new Figures(
                    rows / time,
                    (delivered.sum() - rowsBefore) / time,
                    (system.getProcessCpuTime() - cpu) / 1e3 / rows,
                    times.millis(0.5),
                    times.millis(0.99));
            loops.shutdownNow();
            return figures;
        } finally {
            // what a slow sink has not got is of no interest
            delivery.close(Duration.ofSeconds(2));
        }
    }

    private static void call(
            Delivery delivery, MeasurementEnvelope envelope, ExecutorService loops, LongAdder calls, Times times) {
        long begin = System.nanoTime();
        delivery.append(envelope).whenComplete((done, error) -> {
            if (error == null && !loops.isShutdown()) {
                times.add(System.nanoTime() - begin);
                calls.increment();
                try {
                    loops.execute(() -> call(delivery, envelope, loops, calls, times));
                } catch (RejectedExecutionException e) {
                    // that was the end
                }
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
        try (Delivery delivery = open(Durability.FLUSH, List.of(target("null", away)))) {
            while (delivery.spool().bytes() < backlogBytes) {
                for (int i = 0; i < 99; i++) {
                    delivery.append(envelope);
                }
                delivery.append(envelope).toCompletableFuture().get();
                rows += 100L * envelope.size();
            }
            bytes = delivery.spool().bytes();
        }
        CountDownLatch[] quarters = new CountDownLatch[4];
        for (int i = 0; i < quarters.length; i++) {
            quarters[i] = new CountDownLatch(1);
        }
        LongAdder delivered = new LongAdder();
        long most = rows;
        long begin = System.nanoTime();
        try (Delivery delivery = open(Durability.FLUSH, List.of(target("null", batch -> {
            delivered.add(batch.size());
            for (long quarter = 4 * delivered.sum() / most; quarter > 0; quarter--) {
                quarters[(int) quarter - 1].countDown();
            }
            return Outcome.written();
        })))) {
            double started = (System.nanoTime() - begin) / 1e6;
            long cpu = system.getProcessCpuTime();
            StringBuilder rates = new StringBuilder();
            long since = begin;
            for (CountDownLatch quarter : quarters) {
                quarter.await();
                long now = System.nanoTime();
                rates.append(String.format(" %,.0f", most / 4.0 * 1e9 / (now - since)));
                since = now;
            }
            print(
                    "backlog of %,d MB, %,d rows, %.0f bytes a row: opened in %.0f ms, drained at%s rows/s (by quarters), %.2f CPU s per million rows, %d segments left, %s",
                    bytes >> 20,
                    rows,
                    (double) bytes / rows,
                    started,
                    rates,
                    (system.getProcessCpuTime() - cpu) / 1e3 / rows,
                    delivery.spool().segments(),
                    resident());
        }
    }

    /** The most memory that the process has had, where the system tells. */
    private static String resident() throws IOException {
        Path status = Path.of("/proc/self/status");
        return Files.exists(status)
                ? Files.readAllLines(status).stream()
                        .filter(line -> line.startsWith("VmHWM:"))
                        .findFirst()
                        .orElse("")
                : "";
    }

    private Delivery open(Durability durability, List<SinkTarget> sinks) throws IOException {
        return Delivery.open(
                DeliveryConfig.builder(directory)
                        .durability(durability)
                        .maxBytes(2 * Math.max(backlogBytes, DeliveryConfig.DEFAULT_MAX_BYTES))
                        .ackTimeout(Duration.ofMinutes(1))
                        .build(),
                sinks);
    }

    private static SinkTarget target(String name, Sink sink) {
        return new SinkTarget(name, sink, Limits.DEFAULT, Set.of(), SinkTarget.Start.BEGINNING);
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
