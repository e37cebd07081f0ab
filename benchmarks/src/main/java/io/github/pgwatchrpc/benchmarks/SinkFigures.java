package io.github.pgwatchrpc.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import io.github.pgwatchrpc.measurement.EnvelopeBuilder;
import io.github.pgwatchrpc.measurement.Measurement;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Limits;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.Sinks;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How fast a sink writes, and what that costs: rows of 18 columns, in memory, in batches and at as many writes at once as
 * the sink's limits say, to whatever its URI names. Rows that come back are written again until they are taken. Not JMH:
 * what is measured is the whole process. Arguments: a URI, million rows for each of three rounds (the first warms up), and
 * {@code number} for rows that are each another one, with its number in the column {@code i0}.
 */
public final class SinkFigures {

    private static final int ENVELOPE_ROWS = 100;

    private final Sink sink;
    private final Limits limits;
    private final AtomicLong next = new AtomicLong();
    private final AtomicLong tries = new AtomicLong();
    private final boolean numbered;

    private SinkFigures(Sink sink, Limits limits, boolean numbered) {
        this.sink = sink;
        this.limits = limits;
        this.numbered = numbered;
    }

    /**
     * Measures and prints.
     *
     * @param args URI, million rows, number or nothing
     * @throws Exception if anything fails
     */
    @SuppressWarnings("SystemOut") // that is its purpose
    public static void main(String[] args) throws Exception {
        Sinks kinds = Sinks.load(SinkFigures.class.getClassLoader());
        long rows = (long) (Double.parseDouble(args[1]) * 1e6);
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        try (Sink sink = kinds.create(args[0], Map.of())) {
            Readiness readiness = sink.open();
            if (!(readiness instanceof Readiness.Ready)) {
                throw new IOException(readiness.toString());
            }
            SinkFigures figures = new SinkFigures(sink, kinds.provider(args[0]).limits(), args.length > 2);
            for (int round = 0; round < (figures.numbered ? 1 : 3); round++) {
                figures.tries.set(0);
                long cpu = system.getProcessCpuTime();
                long begin = System.nanoTime();
                figures.write(rows);
                double time = (System.nanoTime() - begin) / 1e9;
                System.out.printf(
                        "%,d rows in %.1f s: %,.0f rows/s, %.2f CPU s per million rows, %d writes%n",
                        rows, time, rows / time, (system.getProcessCpuTime() - cpu) / 1e3 / rows, figures.tries.get());
            }
        }
    }

    private void write(long rows) throws Exception {
        ExecutorService writers = Executors.newFixedThreadPool(limits.concurrency());
        List<Future<?>> done = new ArrayList<>();
        MeasurementEnvelope same = Rows.envelope(ENVELOPE_ROWS);
        AtomicLong left = new AtomicLong(rows);
        for (int i = 0; i < limits.concurrency(); i++) {
            done.add(writers.submit(() -> {
                while (left.addAndGet(-limits.rows()) >= 0) {
                    deliver(batch(same));
                }
                return null;
            }));
        }
        for (Future<?> each : done) {
            each.get();
        }
        writers.shutdown();
    }

    private Batch batch(MeasurementEnvelope same) {
        List<Batch.Slice> slices = new ArrayList<>();
        for (int rows = 0; rows < limits.rows(); rows += ENVELOPE_ROWS) {
            long position = next.getAndIncrement();
            slices.add(new Batch.Slice(numbered ? numbered(same, position) : same, position, 0, ENVELOPE_ROWS));
        }
        return new Batch("benchmark", slices);
    }

    private static MeasurementEnvelope numbered(MeasurementEnvelope same, long position) {
        EnvelopeBuilder builder = new EnvelopeBuilder()
                .database(same.database())
                .metric(same.metric())
                .receivedAt(1);
        long number = position * ENVELOPE_ROWS;
        for (Measurement row : same.rows()) {
            builder.beginRow();
            row.columns().forEach((name, value) -> builder.put(name, value));
            builder.put("i0", number++).endRow();
        }
        return builder.build();
    }

    /** As the delivery does, with a short pause in place of its longer ones. */
    private void deliver(Batch batch) throws Exception {
        Batch rest = batch;
        while (true) {
            tries.incrementAndGet();
            Outcome outcome;
            try {
                outcome = sink.write(rest);
            } catch (IOException e) {
                outcome = Outcome.retry(e.toString());
            }
            if (outcome instanceof Outcome.Written) {
                return;
            } else if (outcome instanceof Outcome.Partly partly
                    && partly.refused().isEmpty()) {
                rest = rest.select(partly.retry());
            } else if (outcome instanceof Outcome.Retry) {
                TimeUnit.MILLISECONDS.sleep(200);
            } else {
                throw new IOException(outcome.toString());
            }
        }
    }
}
