package io.github.pgwatchrpc.server;

import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.rpc.RpcException;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/** What came of the calls of a load generator. Thread-safe. */
final class Traffic {

    /** A connection to a receiver, as a load generator sees it. */
    interface Client extends AutoCloseable {

        /** Sends an envelope and waits for the answer. */
        void send(MeasurementEnvelope envelope) throws IOException;

        @Override
        void close();
    }

    private final LongAdder calls = new LongAdder();
    private final LongAdder rows = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private final Map<String, Long> errors = new TreeMap<>();

    /** In nanoseconds, with three digits, up to a minute. */
    private final Histogram latency = new ConcurrentHistogram(60_000_000_000L, 3);

    private final long began = System.nanoTime();

    /**
     * Makes a call and counts it.
     *
     * @return whether the connection is still good
     */
    boolean call(Client client, MeasurementEnvelope envelope) {
        long begin = System.nanoTime();
        try {
            client.send(envelope);
            calls.increment();
            rows.add(envelope.size());
            latency.recordValue(Math.min(System.nanoTime() - begin, latency.getHighestTrackableValue()));
            return true;
        } catch (IOException e) {
            failed.increment();
            synchronized (errors) {
                if (errors.size() < 20 || errors.containsKey(String.valueOf(e.getMessage()))) {
                    errors.merge(String.valueOf(e.getMessage()), 1L, Long::sum);
                }
            }
            return e instanceof RpcException;
        }
    }

    long calls() {
        return calls.sum();
    }

    long rows() {
        return rows.sum();
    }

    long failed() {
        return failed.sum();
    }

    double seconds() {
        return (System.nanoTime() - began) / 1e9;
    }

    Map<String, Long> errors() {
        synchronized (errors) {
            return new TreeMap<>(errors);
        }
    }

    double millis(double percentile) {
        return latency.getValueAtPercentile(percentile) / 1e6;
    }

    double maxMillis() {
        return latency.getMaxValue() / 1e6;
    }

    /** One line for people. */
    String rates(double seconds, long callsBefore, long rowsBefore) {
        return String.format(
                "%,10.0f calls/s %,12.0f rows/s   p50 %.2f ms  p99 %.2f ms  max %.1f ms  errors %d",
                (calls() - callsBefore) / seconds,
                (rows() - rowsBefore) / seconds,
                millis(50),
                millis(99),
                maxMillis(),
                failed());
    }
}
