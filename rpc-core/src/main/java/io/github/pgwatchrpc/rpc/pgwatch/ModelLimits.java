package io.github.pgwatchrpc.rpc.pgwatch;

/**
 * Bounds on what a message may make of the model, beyond its size in bytes: one or two bytes on the wire can ask for an
 * object of a hundred. They hold for every protocol alike. Immutable; {@link #DEFAULT} suits pgwatch with room to spare.
 *
 * @param memoryBytes most memory that decoding one message may take for rows, values, columns, tags and what is nested in
 *     values, in bytes (default 128 MiB, which are some 3,700,000 values of rows or 670,000 nested ones; the most seen is
 *     3,000 rows of 20). Text and bytes take what they take in the message, which has a bound of its own
 * @param columns most columns of an envelope, all rows together (default 4,096; a query of PostgreSQL gives at most 1,664,
 *     see its manual, appendix K)
 * @param depth deepest nesting of lists and objects (default 100)
 */
public record ModelLimits(long memoryBytes, int columns, int depth) {

    /** The defaults named above. */
    public static final ModelLimits DEFAULT = new ModelLimits(128 << 20, 4_096, 100);

    /**
     * Every bound is at least 1.
     *
     * @param memoryBytes most memory that decoding one message may take, in bytes
     * @param columns most columns of an envelope, all rows together
     * @param depth deepest nesting of lists and objects
     */
    public ModelLimits {
        atLeastOne("memoryBytes", memoryBytes);
        atLeastOne("columns", columns);
        atLeastOne("depth", depth);
    }

    private static void atLeastOne(String name, long value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: >= 1)");
        }
    }

    /**
     * A builder that begins with these bounds.
     *
     * @return the builder
     */
    public Builder toBuilder() {
        return new Builder(this);
    }

    /** Changes single bounds. Not thread-safe. */
    public static final class Builder {
        private long memoryBytes;
        private int columns;
        private int depth;

        private Builder(ModelLimits from) {
            memoryBytes = from.memoryBytes;
            columns = from.columns;
            depth = from.depth;
        }

        /**
         * Sets the most memory that decoding one message may take.
         *
         * @param bytes at least 1
         * @return this builder
         */
        public Builder memoryBytes(long bytes) {
            memoryBytes = bytes;
            return this;
        }

        /**
         * Sets the most columns of an envelope.
         *
         * @param count at least 1
         * @return this builder
         */
        public Builder columns(int count) {
            columns = count;
            return this;
        }

        /**
         * Sets the deepest nesting of lists and objects.
         *
         * @param levels at least 1
         * @return this builder
         */
        public Builder depth(int levels) {
            depth = levels;
            return this;
        }

        /**
         * Makes the limits.
         *
         * @return the limits
         * @throws IllegalArgumentException if a bound is too small
         */
        public ModelLimits build() {
            return new ModelLimits(memoryBytes, columns, depth);
        }
    }
}
