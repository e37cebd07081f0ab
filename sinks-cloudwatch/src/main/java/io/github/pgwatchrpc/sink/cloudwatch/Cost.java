package io.github.pgwatchrpc.sink.cloudwatch;

/**
 * What metrics cost: <a href="https://aws.amazon.com/cloudwatch/pricing/">the list prices of us-east-1</a> in US dollars a
 * month, as of 2026; other regions are up to a third dearer.
 */
final class Cost {

    private static final int[] TIERS = {10_000, 240_000, 750_000, Integer.MAX_VALUE};
    private static final double[] EACH = {0.30, 0.10, 0.05, 0.02};

    private Cost() {}

    /** US dollars a month for so many metrics that get values in every hour of it. */
    static long ofMetrics(int metrics) {
        double sum = 0;
        int left = metrics;
        for (int tier = 0; left > 0; tier++) {
            int here = Math.min(left, TIERS[tier]);
            sum += here * EACH[tier];
            left -= here;
        }
        return Math.round(sum);
    }
}
