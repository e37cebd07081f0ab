package io.github.pgwatchrpc.sink.cloudwatch;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Puts rows into as few calls as AWS allows, since each one costs: values of one metric in one period share a datum, and a
 * call is filled up even if a row's values are parted by its end. Pure functions.
 */
final class MetricPlan {

    /** <a href="https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html">Of AWS.</a> */
    static final int MAX_DATA = 1_000;

    private MetricPlan() {}

    private record Key(MetricName name, Dimensions dimensions, long period) {
        @Override
        public int hashCode() {
            return (name.text().hashCode() * 31 + dimensions.hashCode()) * 31 + Long.hashCode(period);
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Key that
                    && period == that.period
                    && name.text().equals(that.name.text())
                    && dimensions.equals(that.dimensions);
        }
    }

    /** The calls for some of the rows; those that are null in the list are not among them. */
    static List<MetricCall> calls(List<? extends MetricRow> all, BitSet rows, MetricRules rules) {
        return cut(rules.valueArrays() ? together(all, rows, rules) : apart(all, rows));
    }

    private static List<Datum> apart(List<? extends MetricRow> all, BitSet rows) {
        List<Datum> data = new ArrayList<>();
        for (int row = rows.nextSetBit(0); row >= 0; row = rows.nextSetBit(row + 1)) {
            MetricRow of = all.get(row);
            for (int i = 0; i < of.names().size(); i++) {
                data.add(new Datum(of.names().get(i), of.dimensions(), of.millis(), row, of.value(i)));
            }
        }
        return data;
    }

    /** CloudWatch keeps statistics of periods, not the values: it makes the same of them whether they come together or not. */
    private static List<Datum> together(List<? extends MetricRow> all, BitSet rows, MetricRules rules) {
        List<Datum> data = new ArrayList<>();
        Map<Key, Datum> latest = new HashMap<>();
        for (int row = rows.nextSetBit(0); row >= 0; row = rows.nextSetBit(row + 1)) {
            MetricRow of = all.get(row);
            long period = Math.floorDiv(of.millis(), rules.periodMillis());
            for (int i = 0; i < of.names().size(); i++) {
                Key key = new Key(of.names().get(i), of.dimensions(), period);
                Datum datum = latest.get(key);
                if (datum == null || !datum.add(row, of.value(i))) {
                    datum = new Datum(key.name(), key.dimensions(), of.millis(), row, of.value(i));
                    latest.put(key, datum);
                    data.add(datum);
                }
            }
        }
        return data;
    }

    private static List<MetricCall> cut(List<Datum> data) {
        List<MetricCall> calls = new ArrayList<>();
        try (CallSize size = new CallSize()) {
            int begin = 0;
            for (int i = 0; i < data.size(); i++) {
                boolean fits = size.add(data.get(i));
                if (i > begin && (!fits || i - begin == MAX_DATA)) {
                    calls.add(MetricCall.of(data.subList(begin, i)));
                    begin = i;
                    size.clear();
                    size.add(data.get(i));
                }
            }
            if (begin < data.size()) {
                calls.add(MetricCall.of(data.subList(begin, data.size())));
            }
        }
        return calls;
    }
}
