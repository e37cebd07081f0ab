package io.github.pgwatchrpc.benchmarks;

import com.google.pubsub.v1.PublishRequest;
import com.google.pubsub.v1.PublishResponse;
import com.google.pubsub.v1.PublisherGrpc;
import com.sun.management.OperatingSystemMXBean;
import io.github.pgwatchrpc.measurement.EnvelopeBuilder;
import io.github.pgwatchrpc.measurement.Measurement;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.Sinks;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;

/**
 * How fast the Pub/Sub sink publishes into a server in the same process that reads everything and keeps nothing. As many
 * threads write batches at once as the sink allows. Not JMH: what is measured is the time of the whole process, the
 * server's included. Arguments: seconds for each figure.
 */
public final class PubSubFigures {

    private static final int BATCH_ROWS = 5_000;
    private static final int WRITERS = 4;
    private static final long FAR_MILLIS = 50;

    private final long seconds;
    private final OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    private PubSubFigures(long seconds) {
        this.seconds = seconds;
    }

    /**
     * Measures and prints.
     *
     * @param args seconds
     * @throws Exception if anything fails
     */
    public static void main(String[] args) throws Exception {
        PubSubFigures figures = new PubSubFigures(Long.parseLong(args[0]));
        for (String note : List.of(" (warm-up)", "")) {
            for (int rows : new int[] {1, 10, 100}) {
                for (String options : List.of("message=row", "message=row&ordering-key=metric", "message=envelope")) {
                    figures.publish(options, rows, 0, note);
                }
            }
        }
        figures.publish("message=row", 100, FAR_MILLIS, "");
        figures.publish("message=envelope", 100, FAR_MILLIS, "");
        figures.publish("message=row&compression=message", 100, 0, "");
        figures.publish("message=envelope&compression=message", 100, 0, "");
    }

    private void publish(String options, int rows, long delayMillis, String note) throws Exception {
        List<Batch> batches = new ArrayList<>();
        for (int writer = 0; writer < WRITERS; writer++) {
            List<MeasurementEnvelope> envelopes = new ArrayList<>();
            for (int i = 0; i < BATCH_ROWS / rows; i++) {
                envelopes.add(envelope("db" + writer + "-" + i % 20, rows));
            }
            batches.add(Batch.of("figures", envelopes));
        }
        LongAdder requests = new LongAdder();
        LongAdder bytes = new LongAdder();
        ScheduledExecutorService later = Executors.newScheduledThreadPool(1);
        Server server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .maxInboundMessageSize(20_000_000)
                .directExecutor()
                .addService(new Counting(requests, bytes, later, delayMillis))
                .build()
                .start();
        LongAdder written = new LongAdder();
        AtomicBoolean going = new AtomicBoolean(true);
        try (Sink sink = Sinks.load(PubSubFigures.class.getClassLoader())
                .create("pubsub://figures/pgwatch?emulator=127.0.0.1:" + server.getPort() + "&" + options, Map.of())) {
            List<Thread> writers = new ArrayList<>();
            for (Batch batch : batches) {
                Thread thread = new Thread(() -> write(sink, batch, going, written));
                thread.start();
                writers.add(thread);
            }
            TimeUnit.SECONDS.sleep(1);
            long rowsBefore = written.sum();
            long requestsBefore = requests.sum();
            long bytesBefore = bytes.sum();
            long cpu = system.getProcessCpuTime();
            long begin = System.nanoTime();
            TimeUnit.SECONDS.sleep(seconds);
            double time = (System.nanoTime() - begin) / 1e9;
            double done = written.sum() - rowsBefore;
            double calls = requests.sum() - requestsBefore;
            print(
                    "%s, %d rows a call, %d ms away: %,.0f rows/s, %.2f CPU s per million rows, %,.0f rows a request,"
                            + " %,.0f bytes a row%s",
                    options,
                    rows,
                    delayMillis,
                    done / time,
                    (system.getProcessCpuTime() - cpu) / 1e3 / done,
                    done / calls,
                    (bytes.sum() - bytesBefore) / done,
                    note);
            going.set(false);
            for (Thread each : writers) {
                each.join();
            }
        } finally {
            server.shutdownNow().awaitTermination();
            later.shutdownNow();
        }
    }

    private static void write(Sink sink, Batch batch, AtomicBoolean going, LongAdder written) {
        try {
            while (going.get()) {
                Outcome outcome = sink.write(batch);
                if (!(outcome instanceof Outcome.Written)) {
                    throw new IllegalStateException("write: " + outcome + " (expected: written)");
                }
                written.add(batch.size());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** The rows that the other figures have, of another database. */
    private static MeasurementEnvelope envelope(String database, int rows) {
        MeasurementEnvelope model = Rows.envelope(rows);
        EnvelopeBuilder builder =
                new EnvelopeBuilder().database(database).metric(model.metric()).customTags(model.customTags());
        for (Measurement row : model.rows()) {
            builder.row(row.columns());
        }
        return builder.build();
    }

    private static final class Counting extends PublisherGrpc.PublisherImplBase {
        private final LongAdder requests;
        private final LongAdder bytes;
        private final ScheduledExecutorService later;
        private final long delayMillis;

        Counting(LongAdder requests, LongAdder bytes, ScheduledExecutorService later, long delayMillis) {
            this.requests = requests;
            this.bytes = bytes;
            this.later = later;
            this.delayMillis = delayMillis;
        }

        @Override
        public void publish(PublishRequest request, StreamObserver<PublishResponse> observer) {
            requests.increment();
            bytes.add(request.getSerializedSize());
            PublishResponse.Builder ids = PublishResponse.newBuilder();
            for (int i = 0; i < request.getMessagesCount(); i++) {
                ids.addMessageIds("1234567890123456");
            }
            if (delayMillis == 0) {
                answer(observer, ids.build());
            } else {
                later.schedule(() -> answer(observer, ids.build()), delayMillis, TimeUnit.MILLISECONDS);
            }
        }

        private static void answer(StreamObserver<PublishResponse> observer, PublishResponse ids) {
            observer.onNext(ids);
            observer.onCompleted();
        }
    }

    @SuppressWarnings("SystemOut") // that is its purpose
    private static void print(String format, Object... values) {
        System.out.printf(format + "%n", values);
    }
}
