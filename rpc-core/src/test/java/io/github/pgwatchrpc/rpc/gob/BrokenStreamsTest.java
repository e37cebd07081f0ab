package io.github.pgwatchrpc.rpc.gob;

import static org.junit.jupiter.api.Assertions.fail;

import com.sun.management.ThreadMXBean;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever arrives, a decoder says what is wrong with it, and needs no more memory than what arrived is worth. */
final class BrokenStreamsTest {

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /**
     * Up to this size every value is tried for every byte; above it, the values that change most. {@code -Dgob.exhaustive}
     * tries all of them everywhere, which takes some minutes.
     */
    private static final int SMALL = System.getProperty("gob.exhaustive") == null ? 120 : Integer.MAX_VALUE;

    private static final byte[] TELLING = {0, 1, 0x7f, -1, -8, -128};

    static List<String> vectors() throws IOException {
        return Golden.names();
    }

    /** Decoding may take so many bytes of heap for each byte of the stream, and so many for the decoder itself. */
    private static final long HEAP_FACTOR = 64;

    private static final long HEAP_BASE = 100_000;

    @ParameterizedTest
    @MethodSource("vectors")
    void everyByteEveryValue(String name) throws IOException {
        byte[] stream = Golden.stream(name);
        Ways ways = new Ways(name);
        for (int at = 0; at < stream.length; at += step(stream.length)) {
            byte original = stream[at];
            for (int value = 0; value < 256 && stream.length <= SMALL; value++) {
                stream[at] = (byte) value;
                ways.tryAll(stream, "byte " + at + " set to " + value);
            }
            for (int i = 0; i < TELLING.length && stream.length > SMALL; i++) {
                stream[at] = TELLING[i];
                ways.tryAll(stream, "byte " + at + " set to " + TELLING[i]);
            }
            for (int bit = 0; bit < 8 && stream.length > SMALL; bit += 2) {
                stream[at] = (byte) (original ^ 1 << bit);
                ways.tryAll(stream, "byte " + at + " with another bit " + bit);
            }
            stream[at] = original;
        }
    }

    /** Wherever an integer may stand, and that is everywhere, there is a huge one instead. */
    @ParameterizedTest
    @MethodSource("vectors")
    void everyCountMadeHuge(String name) throws IOException {
        List<byte[]> messages = Golden.messages(Golden.stream(name));
        List<byte[]> huge = List.of(
                HexFormat.of().parseHex("fd0f4240"), // 1,000,000: as many elements as are allowed
                HexFormat.of().parseHex("fc7fffffff"),
                HexFormat.of().parseHex("f87fffffffffffffff"),
                HexFormat.of().parseHex("f8ffffffffffffffff"));
        Ways ways = new Ways(name);
        for (int i = 0; i < messages.size(); i += 1 + messages.size() / 100) {
            byte[] message = messages.get(i);
            for (int at = 0; at < message.length; at += step(message.length)) {
                int width = message[at] >= 0 ? 1 : 1 - message[at];
                for (byte[] number : huge) {
                    List<byte[]> changed = new ArrayList<>(messages);
                    changed.set(i, replace(message, at, Math.min(width, message.length - at), number));
                    ways.tryAll(Golden.stream(changed), "message " + i + ", integer at " + at + " made huge");
                }
            }
        }
    }

    /** The same with the lengths of messages, which stand outside of them. */
    @ParameterizedTest
    @MethodSource("vectors")
    void everyMessageLengthMadeHuge(String name) throws IOException {
        byte[] stream = Golden.stream(name);
        Ways ways = new Ways(name);
        int at = 0;
        for (byte[] message : Golden.messages(stream)) {
            int width = stream[at] >= 0 ? 1 : 1 - stream[at];
            for (String number :
                    List.of("fd0f4240", "fc04000000", "fc7fffffff", "f87fffffffffffffff", "f8ffffffffffffffff", "00")) {
                ways.tryAll(replace(stream, at, width, HexFormat.of().parseHex(number)), "length at " + at);
            }
            at += width + message.length;
            if (at > 4096) {
                break;
            }
        }
    }

    /** In long streams not every place is tried, since each try reads all of them. */
    private static int step(int length) {
        return SMALL == Integer.MAX_VALUE ? 1 : 1 + (int) ((long) length * length / 1_500_000);
    }

    private static byte[] replace(byte[] bytes, int at, int width, byte[] by) {
        byte[] changed = new byte[bytes.length - width + by.length];
        System.arraycopy(bytes, 0, changed, 0, at);
        System.arraycopy(by, 0, changed, at, by.length);
        System.arraycopy(bytes, at + width, changed, at + by.length, bytes.length - at - width);
        return changed;
    }

    /** The ways to read a stream. */
    private static final class Ways {
        private final String name;

        Ways(String name) {
            this.name = name;
        }

        void tryAll(byte[] stream, String what) {
            tryOne(stream, what, GobDecoder::decode);
            tryOne(stream, what, GobDecoder::skip);
        }

        private interface Way {
            void read(GobDecoder decoder) throws IOException;
        }

        private void tryOne(byte[] stream, String what, Way way) {
            long most = HEAP_BASE + HEAP_FACTOR * stream.length;
            long heap = heapFor(stream, what, way);
            if (heap > most) {
                heap = heapFor(stream, what, way); // without what the first run has loaded and linked
            }
            if (heap > most) {
                fail(name + ": " + what + ": bytes of heap: " + heap + " (expected: <= " + most + ")");
            }
        }

        private long heapFor(byte[] stream, String what, Way way) {
            long before = THREADS.getCurrentThreadAllocatedBytes();
            GobDecoder decoder = new GobDecoder(new ByteArrayInputStream(stream));
            try {
                while (decoder.hasNext()) {
                    way.read(decoder);
                }
            } catch (GobException | EOFException e) {
                if (!e.getMessage().contains("gob: ")) {
                    fail(name + ": " + what + ": no message of ours: " + e.getMessage());
                }
            } catch (IOException | RuntimeException | Error e) {
                String hex = HexFormat.of().formatHex(Arrays.copyOf(stream, Math.min(stream.length, 2000)));
                fail(name + ": " + what + ": " + hex, e);
            }
            return THREADS.getCurrentThreadAllocatedBytes() - before;
        }
    }
}
