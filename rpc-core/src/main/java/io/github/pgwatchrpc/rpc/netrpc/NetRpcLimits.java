package io.github.pgwatchrpc.rpc.netrpc;

import io.github.pgwatchrpc.rpc.gob.GobLimits;
import java.time.Duration;
import java.util.Objects;

/**
 * Bounds on what peers may make a server do. Immutable; {@link #DEFAULT} suits pgwatch with room to spare.
 *
 * @param gob bounds of the codec, among them the longest message
 * @param preambleBytes longest HTTP preamble, in bytes (default 4 KiB; Go's client sends 31 bytes)
 * @param methodBytes longest name of a method, in bytes (default 1 KiB); a call of a longer one is refused
 * @param firstRequest how long a peer may take over whatever it has begun, as long as no call of it has been let in (default
 *     30 s). A connection on which nothing has been begun, as that of a pgwatch without sources, and one of which a call has
 *     been let in are never closed for being idle
 * @param connections most connections at a time (default 10,000)
 * @param callsInFlight most unanswered calls of one connection (default 1,000); beyond it no more are taken until one
 *     is answered
 * @param strangerTypeBytes most memory that the type definitions of a connection may take before a call of it has been let
 *     in, where a gate decides that, in bytes (default 16 KiB; those of a pgwatch take 6 KB, 1.5 KB on the wire). A definition
 *     beyond it is refused, and so are the calls that need it
 */
public record NetRpcLimits(
        GobLimits gob,
        int preambleBytes,
        int methodBytes,
        Duration firstRequest,
        int connections,
        int callsInFlight,
        int strangerTypeBytes) {

    /** The defaults named above. */
    public static final NetRpcLimits DEFAULT =
            new NetRpcLimits(GobLimits.DEFAULT, 4 << 10, 1 << 10, Duration.ofSeconds(30), 10_000, 1_000, 16 << 10);

    /**
     * Every bound is at least 1, the time longer than nothing.
     *
     * @param gob bounds of the codec, among them the longest message
     * @param preambleBytes longest HTTP preamble, in bytes
     * @param methodBytes longest name of a method, in bytes
     * @param firstRequest how long a new connection may take over its preamble, and over its first request once it has begun one
     * @param connections most connections at a time
     * @param callsInFlight most unanswered calls of one connection
     * @param strangerTypeBytes most memory that the type definitions of a connection may take before a call of it has been
     *     let in
     */
    public NetRpcLimits {
        Objects.requireNonNull(gob, "gob");
        Objects.requireNonNull(firstRequest, "firstRequest");
        atLeastOne("preambleBytes", preambleBytes);
        atLeastOne("methodBytes", methodBytes);
        if (firstRequest.isNegative() || firstRequest.isZero()) {
            throw new IllegalArgumentException("firstRequest: " + firstRequest + " (expected: > 0)");
        }
        atLeastOne("connections", connections);
        atLeastOne("callsInFlight", callsInFlight);
        atLeastOne("strangerTypeBytes", strangerTypeBytes);
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
        private GobLimits gob;
        private int preambleBytes;
        private int methodBytes;
        private Duration firstRequest;
        private int connections;
        private int callsInFlight;
        private int strangerTypeBytes;

        private Builder(NetRpcLimits from) {
            gob = from.gob;
            preambleBytes = from.preambleBytes;
            methodBytes = from.methodBytes;
            firstRequest = from.firstRequest;
            connections = from.connections;
            callsInFlight = from.callsInFlight;
            strangerTypeBytes = from.strangerTypeBytes;
        }

        /**
         * Sets the bounds of the codec.
         *
         * @param limits the bounds
         * @return this builder
         */
        public Builder gob(GobLimits limits) {
            gob = limits;
            return this;
        }

        /**
         * Sets the longest HTTP preamble.
         *
         * @param bytes at least 1
         * @return this builder
         */
        public Builder preambleBytes(int bytes) {
            preambleBytes = bytes;
            return this;
        }

        /**
         * Sets the longest name of a method.
         *
         * @param bytes at least 1
         * @return this builder
         */
        public Builder methodBytes(int bytes) {
            methodBytes = bytes;
            return this;
        }

        /**
         * Sets how long preamble and first request may take.
         *
         * @param time more than nothing
         * @return this builder
         */
        public Builder firstRequest(Duration time) {
            firstRequest = time;
            return this;
        }

        /**
         * Sets the most connections.
         *
         * @param count at least 1
         * @return this builder
         */
        public Builder connections(int count) {
            connections = count;
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
         * Sets the most memory of the type definitions of a connection before a call of it has been let in.
         *
         * @param bytes at least 1
         * @return this builder
         */
        public Builder strangerTypeBytes(int bytes) {
            strangerTypeBytes = bytes;
            return this;
        }

        /**
         * Makes the limits.
         *
         * @return the limits
         * @throws IllegalArgumentException if a bound is too small
         */
        public NetRpcLimits build() {
            return new NetRpcLimits(
                    gob, preambleBytes, methodBytes, firstRequest, connections, callsInFlight, strangerTypeBytes);
        }
    }
}
