package io.github.pgwatchrpc.delivery.spool;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The newest records in memory, as many as fit, for readers that keep up. Thread-safe. */
final class RecentRecords {

    /**
     * A record, and where it stands on disk.
     *
     * @param record the record
     * @param bytes what it takes of memory
     * @param segment index of its segment
     * @param nextAt where in that segment the record behind it begins
     */
    record Held(SpoolRecord record, long bytes, long segment, long nextAt) {}

    private final long maxBytes;
    private @Nullable Held[] ring = new @Nullable Held[1024];

    /** Number of the oldest record that is held. */
    private long first;

    private int count;
    private long bytes;

    RecentRecords(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    synchronized void add(Held held) {
        long number = held.record().number();
        if (number != first + count) {
            clear(number);
        }
        if (count == ring.length) {
            grow();
        }
        ring[index(number)] = held;
        count++;
        bytes += held.bytes();
        while (bytes > maxBytes && count > 0) {
            Held oldest = ring[index(first)];
            bytes -= oldest == null ? 0 : oldest.bytes();
            ring[index(first)] = null;
            first++;
            count--;
        }
    }

    synchronized @Nullable Held get(long number) {
        return number < first || number >= first + count ? null : ring[index(number)];
    }

    private void clear(long number) {
        Arrays.fill(ring, null);
        first = number;
        count = 0;
        bytes = 0;
    }

    private void grow() {
        @Nullable Held[] larger = new @Nullable Held[ring.length * 2];
        for (int i = 0; i < count; i++) {
            larger[(int) ((first + i) & (larger.length - 1))] = ring[index(first + i)];
        }
        ring = larger;
    }

    private int index(long number) {
        return (int) (number & (ring.length - 1));
    }
}
