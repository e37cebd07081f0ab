package io.github.pgwatchrpc.delivery;

import io.github.pgwatchrpc.delivery.disk.Disk;
import io.github.pgwatchrpc.delivery.spool.Durability;
import io.github.pgwatchrpc.delivery.spool.SpoolSettings;
import io.github.pgwatchrpc.delivery.worker.WorkerSettings;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Objects;

/** How a {@link Delivery} is set up. Immutable. */
public final class DeliveryConfig {

    /** Default of {@link Builder#maxBytes}: 10 GiB. */
    public static final long DEFAULT_MAX_BYTES = 10L << 30;

    /** Default of {@link Builder#minFreeBytes}: 256 MiB. */
    public static final long DEFAULT_MIN_FREE_BYTES = 256L << 20;

    /** Default of {@link Builder#maxDeadLetterBytes}: 256 MiB. */
    public static final long DEFAULT_MAX_DEAD_LETTER_BYTES = 256L << 20;

    /** Default of {@link Builder#ackTimeout}: 5 s. */
    public static final Duration DEFAULT_ACK_TIMEOUT = Duration.ofSeconds(5);

    /** Default of {@link Builder#segmentBytes}: 32 MiB. */
    public static final int DEFAULT_SEGMENT_BYTES = 32 << 20;

    /** Default of {@link Builder#recentBytes}: 32 MiB. */
    public static final long DEFAULT_RECENT_BYTES = 32L << 20;

    /** Default of {@link Builder#waitingBytes}: 128 MiB. */
    public static final long DEFAULT_WAITING_BYTES = 128L << 20;

    final SpoolSettings spool;
    final WorkerSettings worker;
    final long maxDeadLetterBytes;
    final Disk disk;
    final Clock clock;

    private DeliveryConfig(Builder builder) {
        spool = new SpoolSettings(
                builder.directory,
                builder.durability,
                builder.maxBytes,
                builder.minFreeBytes,
                builder.segmentBytes,
                builder.recentBytes,
                builder.waitingBytes,
                builder.ackTimeout);
        worker = builder.worker;
        maxDeadLetterBytes = builder.maxDeadLetterBytes;
        disk = builder.disk;
        clock = builder.clock;
    }

    /**
     * Begins a configuration with all defaults.
     *
     * @param directory where the files of the delivery are; made if missing
     * @return a builder
     */
    public static Builder builder(Path directory) {
        return new Builder(directory);
    }

    /** Collects settings. Ranges are checked by {@link #build}. */
    public static final class Builder {
        private final Path directory;
        private Durability durability = Durability.FSYNC;
        private long maxBytes = DEFAULT_MAX_BYTES;
        private long minFreeBytes = DEFAULT_MIN_FREE_BYTES;
        private int segmentBytes = DEFAULT_SEGMENT_BYTES;
        private long recentBytes = DEFAULT_RECENT_BYTES;
        private long waitingBytes = DEFAULT_WAITING_BYTES;
        private long maxDeadLetterBytes = DEFAULT_MAX_DEAD_LETTER_BYTES;
        private Duration ackTimeout = DEFAULT_ACK_TIMEOUT;
        private WorkerSettings worker = WorkerSettings.DEFAULT;
        private Disk disk = Disk.real();
        private Clock clock = Clock.systemUTC();

        private Builder(Path directory) {
            this.directory = Objects.requireNonNull(directory, "directory");
        }

        /**
         * What is true of rows that were accepted.
         *
         * @param value default {@link Durability#FSYNC}
         * @return this builder
         */
        public Builder durability(Durability value) {
            durability = value;
            return this;
        }

        /**
         * How large the log may become.
         *
         * @param value bytes, 64 KiB and up, default {@link #DEFAULT_MAX_BYTES}
         * @return this builder
         */
        public Builder maxBytes(long value) {
            maxBytes = value;
            return this;
        }

        /**
         * What stays free on the disk.
         *
         * @param value bytes, default {@link #DEFAULT_MIN_FREE_BYTES}
         * @return this builder
         */
        public Builder minFreeBytes(long value) {
            minFreeBytes = value;
            return this;
        }

        /**
         * How large the log's files become; space is given back file by file.
         *
         * @param value bytes, 4 KiB and up, default {@link #DEFAULT_SEGMENT_BYTES}; at most an eighth of the log
         * @return this builder
         */
        public Builder segmentBytes(int value) {
            segmentBytes = value;
            return this;
        }

        /**
         * Memory for the newest records, so that a sink that keeps up needs no reading.
         *
         * @param value bytes, default {@link #DEFAULT_RECENT_BYTES}
         * @return this builder
         */
        public Builder recentBytes(long value) {
            recentBytes = value;
            return this;
        }

        /**
         * Memory for what waits to be stored.
         *
         * @param value bytes, default {@link #DEFAULT_WAITING_BYTES}
         * @return this builder
         */
        public Builder waitingBytes(long value) {
            waitingBytes = value;
            return this;
        }

        /**
         * How large the dead letters of one sink may become. When they are full, refused rows stay in the spool.
         *
         * @param value bytes, default {@link #DEFAULT_MAX_DEAD_LETTER_BYTES}
         * @return this builder
         */
        public Builder maxDeadLetterBytes(long value) {
            maxDeadLetterBytes = value;
            return this;
        }

        /**
         * After which a call that waits to be stored gets an error.
         *
         * @param value at least 1 ms, default {@link #DEFAULT_ACK_TIMEOUT}
         * @return this builder
         */
        public Builder ackTimeout(Duration value) {
            ackTimeout = value;
            return this;
        }

        /**
         * How sinks are treated.
         *
         * @param value default {@link WorkerSettings#DEFAULT}
         * @return this builder
         */
        public Builder worker(WorkerSettings value) {
            worker = value;
            return this;
        }

        /**
         * Where the files are.
         *
         * @param value default the machine's file system
         * @return this builder
         */
        public Builder disk(Disk value) {
            disk = value;
            return this;
        }

        /**
         * Tells when rows were refused.
         *
         * @param value default the machine's clock
         * @return this builder
         */
        public Builder clock(Clock value) {
            clock = value;
            return this;
        }

        /**
         * Ends the configuration.
         *
         * @return the configuration
         * @throws IllegalArgumentException if a value is out of range
         */
        public DeliveryConfig build() {
            return new DeliveryConfig(this);
        }
    }
}
