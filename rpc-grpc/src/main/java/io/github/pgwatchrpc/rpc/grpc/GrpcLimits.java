package io.github.pgwatchrpc.rpc.grpc;

import java.time.Duration;

/**
 * Bounds on what peers may make a server do. Immutable; {@link #DEFAULT} suits pgwatch with room to spare.
 *
 * @param messageBytes longest message, in bytes, unpacked (default 16 MiB, four times what Go's server takes; the longest
 *     seen of pgwatch is 572 KB). A longer one is answered with ResourceExhausted
 * @param headerBytes longest headers of a call, in bytes (default 8 KiB, as grpc-java's server; pgwatch sends some 300, and
 *     gRPC's own clients send nothing above what they are told). A call with more is answered by HTTP/2 with 431, one with a
 *     quarter more than that ends the connection
 * @param callsInFlight most unanswered calls of one connection (default 256; at most 8 until one has been let in); a client
 *     that keeps to HTTP/2 waits, the calls of one that does not are refused
 * @param messageTime how long the message of a call may take to come (default 30 s); then the call is answered with
 *     DeadlineExceeded, and the connection lives on. Half a frame or half a header block that takes longer ends the connection
 * @param resets how many streams a peer may reset, or make this server reset, in 30 s (default 200, as Netty's); more close
 *     the connection
 * @param pingInterval the least time between two pings (default 10 s, the least that Go's client can be set to). A peer
 *     whose third ping comes too early, with no answer sent in between, is disconnected with {@code too_many_pings}
 */
public record GrpcLimits(
        int messageBytes, int headerBytes, int callsInFlight, Duration messageTime, int resets, Duration pingInterval) {

    /** The defaults named above. */
    public static final GrpcLimits DEFAULT =
            new GrpcLimits(16 << 20, 8 << 10, 256, Duration.ofSeconds(30), 200, Duration.ofSeconds(10));

    /**
     * Every bound is at least 1, every time longer than nothing.
     *
     * @param messageBytes longest message
     * @param headerBytes longest headers of a call, in bytes
     * @param callsInFlight most unanswered calls of one connection
     * @param messageTime how long the message of a call may take to come
     * @param resets how many streams a peer may reset, or make this server reset, in 30 s
     * @param pingInterval the least time between two pings
     */
    public GrpcLimits {
        atLeastOne("messageBytes", messageBytes);
        atLeastOne("headerBytes", headerBytes);
        atLeastOne("callsInFlight", callsInFlight);
        longerThanNothing("messageTime", messageTime);
        atLeastOne("resets", resets);
        longerThanNothing("pingInterval", pingInterval);
    }

    private static void atLeastOne(String name, long value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: >= 1)");
        }
    }

    private static void longerThanNothing(String name, Duration time) {
        if (time.isNegative() || time.isZero()) {
            throw new IllegalArgumentException(name + ": " + time + " (expected: > 0)");
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
        private int headerBytes;
        private int callsInFlight;
        private Duration messageTime;
        private int resets;
        private Duration pingInterval;

        private Builder(GrpcLimits from) {
            messageBytes = from.messageBytes;
            headerBytes = from.headerBytes;
            callsInFlight = from.callsInFlight;
            messageTime = from.messageTime;
            resets = from.resets;
            pingInterval = from.pingInterval;
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
         * Sets the longest headers.
         *
         * @param bytes at least 1
         * @return this builder
         */
        public Builder headerBytes(int bytes) {
            headerBytes = bytes;
            return this;
        }

        /**
         * Sets the most unanswered calls of a connection.
         *
         * @param count at least 1
         * @return this builder
         */
        public Builder callsInFlight(int count) {
            callsInFlight = count;
            return this;
        }

        /**
         * Sets how long a message may take to come.
         *
         * @param time more than nothing
         * @return this builder
         */
        public Builder messageTime(Duration time) {
            messageTime = time;
            return this;
        }

        /**
         * Sets how many streams may be reset in 30 s.
         *
         * @param count at least 1
         * @return this builder
         */
        public Builder resets(int count) {
            resets = count;
            return this;
        }

        /**
         * Sets the least time between two pings.
         *
         * @param time more than nothing
         * @return this builder
         */
        public Builder pingInterval(Duration time) {
            pingInterval = time;
            return this;
        }

        /**
         * Makes the limits.
         *
         * @return the limits
         * @throws IllegalArgumentException if a bound is too small
         */
        public GrpcLimits build() {
            return new GrpcLimits(messageBytes, headerBytes, callsInFlight, messageTime, resets, pingInterval);
        }
    }
}
