package io.github.pgwatchrpc.rpc.netrpc;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.rpc.MemoryAccount;
import io.github.pgwatchrpc.rpc.MemoryBudget;
import io.github.pgwatchrpc.rpc.MemoryBudgets;
import io.github.pgwatchrpc.rpc.gob.GobException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

class MessageFramingTest {

    private static final int PLENTY = 1 << 20;

    private final Recorder recorder = new Recorder();
    private final MemoryAccount budget = account(PLENTY);
    private final MessageFraming framing = new MessageFraming(PLENTY, budget, recorder);

    private static MemoryAccount account(long bytes) {
        return new MemoryBudgets(new MemoryBudget(bytes), new MemoryBudget(1), bytes).open();
    }

    /** Keeps what it is told, as text, so that order and content compare in one go. */
    private static final class Recorder implements MessageFraming.Listener {
        final List<String> events = new ArrayList<>();
        boolean ready = true;

        /** After each message it takes no more until told so. */
        boolean oneAtATime;

        @Override
        public boolean isReady() {
            return ready;
        }

        @Override
        public void message(byte[] bytes, int offset, int length) {
            events.add(HexFormat.of().formatHex(bytes, offset, offset + length));
            ready = !oneAtATime;
        }

        @Override
        public void skipped(boolean typeDefinition, String reason) {
            events.add((typeDefinition ? "type: " : "value: ") + reason);
        }
    }

    private static List<String> whole(byte[] stream) {
        return Streams.messages(stream).stream()
                .map(each -> HexFormat.of().formatHex(each))
                .toList();
    }

    private static void feed(MessageFraming framing, byte[] bytes) throws GobException {
        assertEquals(bytes.length, framing.feed(bytes, 0, bytes.length));
    }

    @ParameterizedTest
    @FieldSource("io.github.pgwatchrpc.rpc.netrpc.Streams#CONNECTIONS")
    void everySplitGivesTheSameMessages(String name) throws GobException {
        byte[] stream = Streams.golden(name);
        List<String> expected = whole(stream);
        for (int split = 0; split <= stream.length; split++) {
            recorder.events.clear();
            framing.feed(stream, 0, split);
            framing.feed(stream, split, stream.length - split);
            assertEquals(expected, recorder.events, "split at " + split);
            assertFalse(framing.isInMessage(), "split at " + split);
            assertEquals(0, budget.used(), "split at " + split);
        }
    }

    @ParameterizedTest
    @FieldSource("io.github.pgwatchrpc.rpc.netrpc.Streams#CONNECTIONS")
    void randomChunksGiveTheSameMessages(String name) throws GobException {
        byte[] stream = Streams.golden(name);
        List<String> expected = whole(stream);
        for (long seed = 0; seed < 200; seed++) {
            Random random = new Random(seed);
            int most = 1 + random.nextInt(1 + random.nextInt(1000));
            recorder.events.clear();
            for (int at = 0; at < stream.length; ) {
                int count = Math.min(stream.length - at, 1 + random.nextInt(most));
                // a fresh array that is spoilt afterwards: nothing may look at it later
                byte[] chunk = Arrays.copyOfRange(stream, at, at + count);
                feed(framing, chunk);
                Arrays.fill(chunk, (byte) 0x55);
                at += count;
            }
            assertEquals(expected, recorder.events, "seed " + seed);
            assertEquals(0, budget.used(), "seed " + seed);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 511, 512, 513, 1023, 1024, 1025, 70_000})
    void oneByteAtATime(int length) throws GobException {
        byte[] message = new byte[length];
        new Random(length).nextBytes(message);
        for (byte each : Streams.stream(List.of(message, message))) {
            feed(framing, new byte[] {each});
        }
        String hex = HexFormat.of().formatHex(message);
        assertEquals(List.of(hex, hex), recorder.events);
        assertEquals(0, budget.used());
    }

    @Test
    void aLengthMayBeWrittenInMoreBytesThanItNeeds() throws GobException {
        byte[] stream = HexFormat.of().parseHex("ff00" + "fe000103" + "f8000000000000000204ff" + "00" + "0105");
        for (int split = 0; split <= stream.length; split++) {
            recorder.events.clear();
            framing.feed(stream, 0, split);
            framing.feed(stream, split, stream.length - split);
            assertEquals(List.of("", "03", "04ff", "", "05"), recorder.events, "split at " + split);
        }
    }

    /** All small limits and lengths, since a skipped message is looked into a few bytes deep. */
    @Test
    void whatIsLongerThanTheLimitIsSkippedAndTheNextMessageComes() throws GobException {
        for (int limit = 1; limit <= 12; limit++) {
            for (int length = 1; length <= 300; length += length < 20 ? 1 : 37) {
                for (int first = 0; first < 256; first++) {
                    byte[] message = new byte[length];
                    Arrays.fill(message, (byte) 0x02);
                    message[0] = (byte) first;
                    byte[] stream = Streams.stream(List.of(message, new byte[] {7}));
                    for (int split = 0; split <= Math.min(stream.length, 14); split++) {
                        Recorder told = new Recorder();
                        MessageFraming small = new MessageFraming(limit, budget, told);
                        small.feed(stream, 0, split);
                        small.feed(stream, split, stream.length - split);
                        String what = "limit " + limit + ", length " + length + ", first " + first + ", split " + split;
                        assertEquals(2, told.events.size(), what);
                        assertEquals("07", told.events.get(1), what);
                        if (length > limit) {
                            // a number of one byte tells by itself; the others end in 02 here, which is positive
                            String kind = first < 128 && (first & 1) == 1 ? "type" : "value";
                            assertEquals(
                                    kind + ": gob: bytes of a message: " + length + " (expected: <= " + limit + ")",
                                    told.events.get(0),
                                    what);
                        } else {
                            assertEquals(HexFormat.of().formatHex(message), told.events.get(0), what);
                        }
                        assertFalse(small.isInMessage(), what);
                    }
                }
            }
        }
        assertEquals(0, budget.used());
    }

    @Test
    void aSkippedDefinitionOfALargeNumberIsToldAsOne() throws GobException {
        byte[] message = new byte[100];
        // -1000 as gob writes it: two bytes behind their count
        message[0] = (byte) 0xfe;
        message[1] = 0x07;
        message[2] = (byte) 0xcf;
        byte[] stream = Streams.stream(List.of(message));
        for (int split = 0; split <= stream.length; split++) {
            recorder.events.clear();
            MessageFraming small = new MessageFraming(50, budget, recorder);
            small.feed(stream, 0, split);
            small.feed(stream, split, stream.length - split);
            assertEquals(
                    List.of("type: gob: bytes of a message: 100 (expected: <= 50)"),
                    recorder.events,
                    "split at " + split);
        }
    }

    @Test
    void skippingTakesNoMemory() throws GobException {
        long huge = MessageFraming.STREAM_IS_BROKEN - 1;
        feed(framing, Streams.uint(huge));
        byte[] chunk = new byte[64 << 10];
        long left = 1L << 30;
        for (; left > 0; left -= chunk.length) {
            feed(framing, chunk);
        }
        assertEquals(
                List.of("value: gob: bytes of a message: " + huge + " (expected: <= " + PLENTY + ")"), recorder.events);
        assertTrue(framing.isInMessage());
        assertEquals(0, budget.used());
        framing.close();
        assertFalse(framing.isInMessage());
    }

    @Test
    void nothingIsReservedForALengthThatIsOnlyClaimed() throws GobException {
        feed(framing, Streams.uint(PLENTY));
        assertEquals(0, budget.used());
        feed(framing, new byte[600]);
        assertTrue(budget.used() < 1200, "held: " + budget.used());
        framing.close();
        assertEquals(0, budget.used());
    }

    @ParameterizedTest
    @ValueSource(
            longs = {MessageFraming.STREAM_IS_BROKEN, 1L << 40, Long.MAX_VALUE, Long.MIN_VALUE, -1, Integer.MIN_VALUE})
    void aLengthBeyondGosOwnBoundBreaksTheStream(long length) {
        GobException broken = assertThrows(GobException.class, () -> feed(framing, Streams.uint(length)));
        assertEquals(
                "gob: bytes of a message: " + Long.toUnsignedString(length)
                        + " (expected: < 8589934592, Go's own bound)",
                broken.getMessage());
    }

    @Test
    void aLengthOfMoreThanEightBytesBreaksTheStream() {
        for (int first = 0x80; first < 0xf8; first++) {
            byte[] bytes = {(byte) first};
            GobException broken = assertThrows(GobException.class, () -> feed(framing, bytes));
            assertEquals(
                    "gob: bytes of a message's length: " + (256 - first) + " (expected: <= 8)", broken.getMessage());
        }
    }

    @Test
    void whatFindsNoRoomIsSkippedAndTheStreamGoesOn() throws GobException {
        MemoryBudget small = new MemoryBudget(5_000);
        MemoryBudgets shared = new MemoryBudgets(small, small, PLENTY);
        MessageFraming one = new MessageFraming(PLENTY, shared.open(), new Recorder());
        MessageFraming other = new MessageFraming(PLENTY, shared.open(), recorder);
        byte[] message = new byte[5_000];
        byte[] stream = Streams.stream(List.of(message, new byte[] {9}));
        one.feed(stream, 0, 4_000);
        long held = small.used();
        assertTrue(held > 3_000 && held <= 5_000, "held: " + held);

        for (int at = 0; at < stream.length; at += 100) {
            other.feed(stream, at, Math.min(100, stream.length - at));
        }
        assertEquals(2, recorder.events.size(), recorder.events::toString);
        assertTrue(
                recorder.events.get(0).startsWith("value: gob: bytes held for connections: "), recorder.events.get(0));
        assertTrue(
                recorder.events.get(0).endsWith(" (expected: <= 5000 of all connections together)"),
                recorder.events.get(0));
        assertEquals("09", recorder.events.get(1));
        assertEquals(held, small.used(), "the other one has given everything back");
        one.close();
        assertEquals(0, small.used());

        recorder.events.clear();
        for (int at = 0; at < stream.length; at += 100) {
            other.feed(stream, at, Math.min(100, stream.length - at));
        }
        assertEquals(whole(stream), recorder.events, "there is room again");
        assertEquals(0, small.used());
    }

    @Test
    void theBudgetIsNeverOverdrawn() {
        MemoryBudget small = new MemoryBudget(100);
        assertTrue(small.take(60));
        assertFalse(small.take(41));
        assertTrue(small.take(40));
        small.giveBack(60);
        assertEquals(40, small.used());
    }

    @ParameterizedTest
    @FieldSource("io.github.pgwatchrpc.rpc.netrpc.Streams#CONNECTIONS")
    void whatIsNotWantedYetStaysWithTheCaller(String name) throws GobException {
        byte[] stream = Streams.golden(name);
        recorder.oneAtATime = true;
        int at = 0;
        for (int count = 1; at < stream.length; count++) {
            recorder.ready = true;
            at += framing.feed(stream, at, stream.length - at);
            assertEquals(count, recorder.events.size());
            assertEquals(0, framing.feed(stream, at, stream.length - at));
        }
        assertEquals(whole(stream), recorder.events);
    }

    @Test
    void messagesAreHandedOnFromTheArrayThatCame() throws GobException {
        byte[] stream = {2, 4, 5};
        byte[][] seen = new byte[1][];
        MessageFraming framing = new MessageFraming(PLENTY, budget, new MessageFraming.Listener() {
            @Override
            public boolean isReady() {
                return true;
            }

            @Override
            public void message(byte[] bytes, int offset, int length) {
                seen[0] = bytes;
                assertArrayEquals(new byte[] {4, 5}, Arrays.copyOfRange(bytes, offset, offset + length));
            }

            @Override
            public void skipped(boolean typeDefinition, String reason) {}
        });
        feed(framing, stream);
        assertTrue(seen[0] == stream, "it was copied");
    }
}
