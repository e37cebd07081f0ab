package io.github.pgwatchrpc.delivery.spool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;

final class RecentRecordsTest {

    private static final long BYTES = 100;

    private final RecentRecords recent = new RecentRecords(2_000 * BYTES);

    private void add(long from, long to) {
        for (long number = from; number < to; number++) {
            recent.add(new RecentRecords.Held(
                    new SpoolRecord(number, number, 1, new SpoolRecord.Lost(1, 1)), BYTES, 1, 0));
        }
    }

    private void read(RecentRecords.Follower follower, long from, long to) {
        for (long number = from; number < to; number++) {
            RecentRecords.Held held = recent.get(follower, number);
            assertNotNull(held, "record " + number);
            assertEquals(number, held.record().number());
        }
    }

    @Test
    void withoutReadersNothingIsHeld() {
        add(7, 10);
        assertEquals(0, recent.size());
    }

    @Test
    void aRecordIsHeldUntilAllWhoKeepUpHaveHadIt() {
        RecentRecords.Follower fast = recent.follow(5);
        RecentRecords.Follower slow = recent.follow(5);
        add(5, 1_505);
        assertEquals(1_500, recent.size());
        read(fast, 5, 1_505);
        assertEquals(1_500, recent.size());
        read(slow, 5, 1_005);
        assertEquals(500, recent.size());
        recent.unfollow(slow);
        assertEquals(0, recent.size());
    }

    @Test
    void whoFallsBehindHoldsNothingUntilItHasCaughtUp() {
        RecentRecords.Follower fast = recent.follow(0);
        RecentRecords.Follower dead = recent.follow(0);
        for (long number = 0; number < 2_000; number++) {
            add(number, number + 1);
            read(fast, number, number + 1);
        }
        assertEquals(2_000, recent.size());
        add(2_000, 2_001);
        // there was no room for all of them, so the other reads files from now on
        assertEquals(1, recent.size());
        assertNull(recent.get(dead, 0));
        read(fast, 2_000, 2_001);
        assertEquals(0, recent.size());
        assertNull(recent.get(dead, 2_000));
        recent.passed(dead, 2_001);
        add(2_001, 2_011);
        read(fast, 2_001, 2_011);
        assertEquals(10, recent.size());
        read(dead, 2_001, 2_011);
        assertEquals(0, recent.size());
    }

    @Test
    void whatComesBehindAGapIsReadFromFilesByThoseBeforeIt() {
        RecentRecords.Follower follower = recent.follow(0);
        add(0, 3);
        assertEquals(3, recent.size());
        add(10, 12);
        assertEquals(0, recent.size());
        assertNull(recent.get(follower, 2));
        recent.passed(follower, 12);
        add(12, 13);
        read(follower, 12, 13);
    }
}
