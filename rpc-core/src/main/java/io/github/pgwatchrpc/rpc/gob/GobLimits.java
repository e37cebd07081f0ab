package io.github.pgwatchrpc.rpc.gob;

/**
 * Bounds on what a sender may make a decoder do. Immutable; {@link #DEFAULT} suits pgwatch with room to spare, {@link
 * #toBuilder} changes single ones.
 *
 * @param messageBytes longest message, in bytes (default 64 MiB; Go's own bound is 1 GiB)
 * @param depth deepest nesting of values (default 100, at most {@link #GREATEST_DEPTH}; Go's own bound is 10,000)
 * @param typeDefinitions how many types a stream may define (default 1,000; pgwatch defines four)
 * @param typeBytes longest definition of a type, in bytes (default 64 KiB); all of a stream together may take 16 times as
 *     much memory
 * @param elements most elements of one array, slice or map (default 1,000,000)
 * @param stringBytes longest string or byte slice, in bytes (default 16 MiB)
 */
public record GobLimits(
        int messageBytes, int depth, int typeDefinitions, int typeBytes, int elements, int stringBytes) {

    /** The greatest bound on nesting: what is read and written by recursion within a stack of 1 MiB, the JVM's default. */
    public static final int GREATEST_DEPTH = 1_000;

    /** The defaults named above. */
    public static final GobLimits DEFAULT = new GobLimits(64 << 20, 100, 1_000, 64 << 10, 1_000_000, 16 << 20);

    /**
     * Every bound is at least 1, and the one on nesting at most {@link #GREATEST_DEPTH}.
     *
     * @param messageBytes longest message, in bytes
     * @param depth deepest nesting of values
     * @param typeDefinitions how many types a stream may define
     * @param typeBytes longest definition of a type, in bytes
     * @param elements most elements of one array, slice or map
     * @param stringBytes longest string or byte slice, in bytes
     */
    public GobLimits {
        atLeastOne("messageBytes", messageBytes);
        atLeastOne("depth", depth);
        atLeastOne("typeDefinitions", typeDefinitions);
        atLeastOne("typeBytes", typeBytes);
        atLeastOne("elements", elements);
        atLeastOne("stringBytes", stringBytes);
        if (depth > GREATEST_DEPTH) {
            throw new IllegalArgumentException("depth: " + depth + " (expected: <= " + GREATEST_DEPTH + ")");
        }
    }

    private static void atLeastOne(String name, int value) {
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
        private int messageBytes;
        private int depth;
        private int typeDefinitions;
        private int typeBytes;
        private int elements;
        private int stringBytes;

        private Builder(GobLimits from) {
            messageBytes = from.messageBytes;
            depth = from.depth;
            typeDefinitions = from.typeDefinitions;
            typeBytes = from.typeBytes;
            elements = from.elements;
            stringBytes = from.stringBytes;
        }

        /**
         * Sets the longest message.
         *
         * @param bytes at least 1
         * @return this builder
         */
        public Builder messageBytes(int bytes) {
            messageBytes = bytes;
            return this;
        }

        /**
         * Sets the deepest nesting.
         *
         * @param levels 1 to {@link GobLimits#GREATEST_DEPTH}
         * @return this builder
         */
        public Builder depth(int levels) {
            depth = levels;
            return this;
        }

        /**
         * Sets how many types a stream may define.
         *
         * @param types at least 1
         * @return this builder
         */
        public Builder typeDefinitions(int types) {
            typeDefinitions = types;
            return this;
        }

        /**
         * Sets the longest type definition.
         *
         * @param bytes at least 1
         * @return this builder
         */
        public Builder typeBytes(int bytes) {
            typeBytes = bytes;
            return this;
        }

        /**
         * Sets the most elements of a collection.
         *
         * @param count at least 1
         * @return this builder
         */
        public Builder elements(int count) {
            elements = count;
            return this;
        }

        /**
         * Sets the longest string or byte slice.
         *
         * @param bytes at least 1
         * @return this builder
         */
        public Builder stringBytes(int bytes) {
            stringBytes = bytes;
            return this;
        }

        /**
         * Makes the limits.
         *
         * @return the limits
         * @throws IllegalArgumentException if a bound is out of its range
         */
        public GobLimits build() {
            return new GobLimits(messageBytes, depth, typeDefinitions, typeBytes, elements, stringBytes);
        }
    }
}
