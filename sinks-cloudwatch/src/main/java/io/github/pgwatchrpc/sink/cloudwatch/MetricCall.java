package io.github.pgwatchrpc.sink.cloudwatch;

import java.util.BitSet;
import java.util.List;

/**
 * What goes into one PutMetricData.
 *
 * @param data the datums, as many as AWS takes at most
 * @param rows numbers of the rows that they hold something of
 */
record MetricCall(List<Datum> data, BitSet rows) {

    static MetricCall of(List<Datum> data) {
        BitSet rows = new BitSet();
        data.forEach(each -> each.addRowsTo(rows));
        return new MetricCall(data, rows);
    }
}
