package io.github.pgwatchrpc.sink;

/**
 * How much a sink takes at once: the vendor's limits, or what serves it best. A batch that a target refuses all the same
 * is halved.
 *
 * @param rows rows of a batch, 1 and up
 * @param bytes bytes of a batch as {@link Batch#sizeInBytes} counts them, 1 and up; a single larger row comes alone
 * @param concurrency how many {@link Sink#write writes} may run at the same time, 1 and up; above 1 the sink must be
 *     thread-safe
 */
public record Limits(int rows, long bytes, int concurrency) {

    /** 5,000 rows, 4 MiB, one write at a time. */
    public static final Limits DEFAULT = new Limits(5_000, 4 << 20, 1);

    /**
     * Checks the ranges.
     *
     * @param rows rows of a batch
     * @param bytes bytes of a batch
     * @param concurrency writes at the same time
     * @throws IllegalArgumentException if one is below 1
     */
    public Limits {
        atLeastOne("rows", rows);
        atLeastOne("bytes", bytes);
        atLeastOne("concurrency", concurrency);
    }

    private static void atLeastOne(String name, long value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: >= 1)");
        }
    }
}
