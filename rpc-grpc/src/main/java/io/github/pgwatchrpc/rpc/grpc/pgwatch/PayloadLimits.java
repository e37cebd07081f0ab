package io.github.pgwatchrpc.rpc.grpc.pgwatch;

/**
 * Bounds on what a message may hold, beyond its size in bytes: small bytes can ask for large objects. Immutable; {@link
 * #DEFAULT} suits pgwatch with room to spare.
 *
 * @param rows most rows of an envelope (default 1,000,000; the most seen is 3,000)
 * @param columns most columns of an envelope, all rows together (default 4,096; a query of PostgreSQL gives at most 1,664,
 *     see its manual, appendix K)
 * @param nestedValues most values inside lists and objects of an envelope (default 1,000,000)
 * @param depth deepest nesting of lists and objects (default 100)
 */
public record PayloadLimits(int rows, int columns, int nestedValues, int depth) {

    /** The defaults named above. */
    public static final PayloadLimits DEFAULT = new PayloadLimits(1_000_000, 4_096, 1_000_000, 100);

    /**
     * Every bound is at least 1.
     *
     * @param rows most rows of an envelope
     * @param columns most columns of an envelope, all rows together
     * @param nestedValues most values inside lists and objects of an envelope
     * @param depth deepest nesting of lists and objects
     */
    public PayloadLimits {
        atLeastOne("rows", rows);
        atLeastOne("columns", columns);
        atLeastOne("nestedValues", nestedValues);
        atLeastOne("depth", depth);
    }

    private static void atLeastOne(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: >= 1)");
        }
    }
}
