package io.github.pgwatchrpc.sink.cloudwatch;

import java.util.Arrays;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/** Values of one metric in one period, each with how often it came. Used by one thread. */
final class Datum {

    /** <a href="https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html">Of AWS.</a> */
    static final int MAX_VALUES = 150;

    private static final int FIXED_BYTES = 160;
    private static final int BYTES_A_DIMENSION = 16;
    private static final int BYTES_A_VALUE = 18;

    private final MetricName name;
    private final Dimensions dimensions;
    private final long millis;
    private final int firstRow;
    private double[] values = new double[1];
    private double[] counts = {1};
    private int size = 1;

    /** Those beyond the first; null while there are none. */
    private @Nullable BitSet moreRows;

    Datum(MetricName name, Dimensions dimensions, long millis, int row, double value) {
        this.name = name;
        this.dimensions = dimensions;
        this.millis = millis;
        this.firstRow = row;
        values[0] = value;
    }

    /** Takes one more value; false if there is no room for it. */
    boolean add(int row, double value) {
        int at = 0;
        while (at < size && Double.compare(values[at], value) != 0) {
            at++;
        }
        if (at == MAX_VALUES) {
            return false;
        }
        if (at == size) {
            if (size == values.length) {
                values = Arrays.copyOf(values, Math.min(MAX_VALUES, 2 * size));
                counts = Arrays.copyOf(counts, values.length);
            }
            values[size++] = value;
        }
        counts[at]++;
        BitSet more = moreRows;
        if (more == null) {
            more = new BitSet();
            moreRows = more;
        }
        more.set(row);
        return true;
    }

    MetricName name() {
        return name;
    }

    Dimensions dimensions() {
        return dimensions;
    }

    long millis() {
        return millis;
    }

    int size() {
        return size;
    }

    double value(int number) {
        return values[number];
    }

    double count(int number) {
        return counts[number];
    }

    boolean isSingle() {
        return size == 1 && counts[0] == 1;
    }

    void addRowsTo(BitSet rows) {
        rows.set(firstRow);
        if (moreRows != null) {
            rows.or(moreRows);
        }
    }

    /** Not less than it takes in a call, before compression. */
    int bytes() {
        int sum = FIXED_BYTES + name.text().length() + size * BYTES_A_VALUE;
        for (var each : dimensions.values().entrySet()) {
            sum += BYTES_A_DIMENSION + each.getKey().length() + each.getValue().length();
        }
        return sum;
    }
}
