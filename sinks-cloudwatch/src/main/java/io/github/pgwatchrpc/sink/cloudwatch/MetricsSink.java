package io.github.pgwatchrpc.sink.cloudwatch;

import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.Sink;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.services.cloudwatch.CloudWatchClient;
import software.amazon.awssdk.services.cloudwatch.model.Dimension;
import software.amazon.awssdk.services.cloudwatch.model.MetricDatum;
import software.amazon.awssdk.services.cloudwatch.model.PutMetricDataRequest;

/**
 * Writes the numbers of rows as metrics. A row is written when all calls that hold something of it went well; a call that
 * AWS refuses is made again with half of its rows, down to the one that is bad. Thread-safe.
 */
final class MetricsSink implements Sink {

    private static final Logger LOG = LoggerFactory.getLogger(MetricsSink.class);

    private final Aws<CloudWatchClient> aws;
    private final String namespace;
    private final MetricRules rules;
    private final Clock clock;
    private final MetricRows metrics;
    private final SeriesBound bound;

    MetricsSink(AwsAccess access, String namespace, MetricRules rules, Clock clock) {
        this.aws = new Aws<>(access, clock, common -> common.build(CloudWatchClient.builder()));
        this.namespace = namespace;
        this.rules = rules;
        this.clock = clock;
        metrics = new MetricRows(rules);
        bound = new SeriesBound(rules.maxSeries());
    }

    /**
     * Makes a call without any data, which cannot write anything, whether AWS takes it or not; so far it answers <a
     * href="https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html">MissingParameter</a>.
     * Credentials are looked at before that. Whether the policy is too is written nowhere: if not, the first rows tell. To
     * read something instead would need a permission more, and say nothing of this one.
     */
    @Override
    public Readiness open() throws InterruptedException {
        LOG.info("{}", costs());
        aws.renew();
        try {
            put(List.of());
            return Readiness.ready();
        } catch (CallFailed e) {
            return e.outcome() instanceof Readiness obstacle ? obstacle : Readiness.ready();
        }
    }

    /** What the operator is to know before the bill comes. */
    String costs() {
        return String.format(
                Locale.ROOT,
                "CloudWatch namespace %s: at most %,d metrics in an hour (max-series), up to %,d USD a month at list price "
                        + "(%s each %d s); a million values take about 1,000 calls, 0.01 USD",
                namespace,
                rules.maxSeries(),
                Cost.ofMetrics(rules.maxSeries()),
                rules.dimensions() == null ? "dimensions: all tags;" : "dimensions: " + rules.dimensions() + ";",
                rules.resolution());
    }

    @Override
    public Outcome write(Batch batch) throws InterruptedException {
        Result result = new Result(batch.size());
        TimeWindow window = new TimeWindow(clock);
        long now = clock.millis();
        List<@Nullable MetricRow> rows = new ArrayList<>(batch.size());
        BitSet fit = new BitSet(batch.size());
        for (int row = 0; row < batch.size(); row++) {
            MetricRow found = null;
            try {
                found = metrics.of(batch.row(row), window);
                bound.admit(found, now);
                fit.set(row);
            } catch (UnfitRow e) {
                result.refuse(row, e.why());
            }
            rows.add(found);
        }
        send(rows, fit, result);
        return result.outcome();
    }

    private void send(List<@Nullable MetricRow> all, BitSet rows, Result result) throws InterruptedException {
        if (result.isStopped()) {
            result.again(rows);
            return;
        }
        List<BitSet> halves = new ArrayList<>();
        BitSet seen = new BitSet();
        for (MetricCall call : MetricPlan.calls(all, rows, rules)) {
            if (result.isStopped()) {
                result.again(call.rows());
                continue;
            }
            try {
                put(call.data());
            } catch (CallFailed e) {
                if (!(e.outcome() instanceof Outcome.Refused refused)) {
                    result.stop(e.outcome());
                    result.again(call.rows());
                } else if (call.rows().cardinality() == 1) {
                    result.refuse(call.rows().nextSetBit(0), refused.why());
                } else {
                    BitSet suspects = (BitSet) call.rows().clone();
                    // what began in the call before is there once already
                    suspects.andNot(seen);
                    seen.or(suspects);
                    halve(suspects, halves);
                }
            }
        }
        for (BitSet half : halves) {
            send(all, half, result);
        }
    }

    private static void halve(BitSet rows, List<BitSet> halves) {
        int left = rows.cardinality() / 2;
        BitSet first = new BitSet();
        BitSet second = new BitSet();
        for (int row = rows.nextSetBit(0); row >= 0; row = rows.nextSetBit(row + 1)) {
            (left-- > 0 ? first : second).set(row);
        }
        for (BitSet half : List.of(first, second)) {
            if (!half.isEmpty()) {
                halves.add(half);
            }
        }
    }

    private void put(List<Datum> data) throws CallFailed, InterruptedException {
        aws.call("PutMetricData " + namespace, client -> {
            List<MetricDatum> all = new ArrayList<>(data.size());
            Dimensions last = new Dimensions(Map.of());
            List<Dimension> dimensions = List.of();
            for (Datum each : data) {
                if (!each.dimensions().equals(last)) {
                    last = each.dimensions();
                    dimensions = dimensions(last.values());
                }
                all.add(datum(each, dimensions));
            }
            return client.putMetricData(PutMetricDataRequest.builder()
                    .namespace(namespace)
                    .metricData(all)
                    .build());
        });
    }

    private static List<Dimension> dimensions(Map<String, String> values) {
        List<Dimension> dimensions = new ArrayList<>(values.size());
        values.forEach((name, value) ->
                dimensions.add(Dimension.builder().name(name).value(value).build()));
        return dimensions;
    }

    private MetricDatum datum(Datum from, List<Dimension> dimensions) {
        MetricDatum.Builder datum = MetricDatum.builder()
                .metricName(from.name().text())
                .dimensions(dimensions)
                .timestamp(Instant.ofEpochMilli(from.millis()));
        String unit = from.name().unit();
        if (unit != null) {
            datum.unit(unit);
        }
        if (rules.resolution() == 1) {
            datum.storageResolution(1);
        }
        if (from.isSingle()) {
            return datum.value(from.value(0)).build();
        }
        List<Double> values = new ArrayList<>(from.size());
        List<Double> counts = new ArrayList<>(from.size());
        for (int i = 0; i < from.size(); i++) {
            values.add(from.value(i));
            counts.add(from.count(i));
        }
        return datum.values(values).counts(counts).build();
    }

    @Override
    public void close() {
        aws.close();
    }

    /** Names no credentials. */
    @Override
    public String toString() {
        return "MetricsSink[" + namespace + " in " + aws + "]";
    }
}
