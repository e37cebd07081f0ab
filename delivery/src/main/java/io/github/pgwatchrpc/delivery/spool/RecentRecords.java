package io.github.pgwatchrpc.delivery.spool;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The newest records in memory, for readers that keep up: each is let go as soon as all of those have had it, so that it dies
 * young, and at the latest when there is no more room. Who falls behind what is held reads the files, and holds nothing here
 * until it has caught up. Thread-safe.
 */
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

    /** One reader's place. */
    static final class Follower {

        /** Number of the record that it wants next. */
        private long next;

        private Follower(long next) {
            this.next = next;
        }
    }

    private final long maxBytes;
    private final List<Follower> followers = new ArrayList<>();
    private @Nullable Held[] ring = new @Nullable Held[1024];

    /** Number of the oldest record that is held. */
    private long first;

    private int count;
    private long bytes;

    RecentRecords(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    /** A new reader, which wants the record with this number next. */
    synchronized Follower follow(long next) {
        Follower follower = new Follower(next);
        followers.add(follower);
        return follower;
    }

    synchronized void unfollow(Follower follower) {
        followers.remove(follower);
        letGo();
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
            removeFirst();
        }
        letGo();
    }

    /**
     * The record with this number, if it is held; then the follower has had it. Else it gets it elsewhere and
     * {@linkplain #passed says so}.
     */
    synchronized @Nullable Held get(Follower follower, long number) {
        Held held = number < first || number >= first + count ? null : ring[index(number)];
        passed(follower, held == null ? number : number + 1);
        return held;
    }

    /** The follower has had all before this number. */
    synchronized void passed(Follower follower, long number) {
        follower.next = number;
        letGo();
    }

    /** Number of records that are held. */
    synchronized int size() {
        return count;
    }

    private void letGo() {
        long wanted = first + count;
        for (Follower follower : followers) {
            if (follower.next >= first && follower.next < wanted) {
                wanted = follower.next;
            }
        }
        while (first < wanted) {
            removeFirst();
        }
    }

    private void removeFirst() {
        Held oldest = ring[index(first)];
        bytes -= oldest == null ? 0 : oldest.bytes();
        ring[index(first)] = null;
        first++;
        count--;
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
