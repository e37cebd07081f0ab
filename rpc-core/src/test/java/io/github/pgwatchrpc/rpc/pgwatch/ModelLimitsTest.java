package io.github.pgwatchrpc.rpc.pgwatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.github.pgwatchrpc.measurement.EnvelopeBuilder;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.rpc.MemoryAccount;
import io.github.pgwatchrpc.rpc.gob.GobException;
import io.github.pgwatchrpc.rpc.gob.GobLimits;
import io.github.pgwatchrpc.rpc.gob.GobReader;
import io.github.pgwatchrpc.rpc.gob.GobType;
import io.github.pgwatchrpc.rpc.gob.GobTypes;
import io.github.pgwatchrpc.rpc.netrpc.Requests;
import io.github.pgwatchrpc.rpc.netrpc.Streams;
import java.io.ByteArrayOutputStream;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Small bytes ask for large objects: what is made of them stays near the bound, and what is refused names it. */
class ModelLimitsTest {

    private static final long LIMIT = 4 << 20;
    private static final ModelLimits LIMITS =
            ModelLimits.DEFAULT.toBuilder().memoryBytes(LIMIT).build();
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private static final int ENVELOPE = 100;

    private final EnvelopeBuilder builder = new EnvelopeBuilder();

    private static GobTypes types() throws GobException {
        GobTypes types = new GobTypes(GobLimits.DEFAULT);
        types.define(new GobType.Struct(
                ENVELOPE,
                "MeasurementEnvelope",
                List.of(
                        new GobType.Field("DBName", 6),
                        new GobType.Field("MetricName", 6),
                        new GobType.Field("CustomTags", 101),
                        new GobType.Field("Data", 103))));
        types.define(new GobType.Map(101, "", 6, 6));
        types.define(new GobType.Map(102, "", 6, 8));
        types.define(new GobType.Slice(103, "", 102));
        types.define(new GobType.Slice(104, "", 1));
        types.define(new GobType.Struct(105, "One", List.of(new GobType.Field("A", 1))));
        types.define(new GobType.Slice(106, "", 105));
        types.define(new GobType.Map(107, "", 2, 105));
        types.define(new GobType.Slice(108, "", 107));
        return types;
    }

    /** What a message may be full of; each takes one to five bytes on the wire. */
    enum Content {
        CELLS,
        ROWS,
        LONG_NAMES,
        TAGS,
        BOOLEANS,
        EMPTY_OBJECTS,
        OBJECTS,
        MAPS;

        byte[] argument(int count) {
            return switch (this) {
                case CELLS -> {
                    ByteArrayOutputStream row = new ByteArrayOutputStream();
                    row.writeBytes(Streams.uint(100));
                    for (int i = 0; i < 100; i++) {
                        row.writeBytes(Requests.bytes(1, i, 0));
                    }
                    yield rows(count / 100, row.toByteArray());
                }
                case ROWS -> rows(count, new byte[1]);
                case LONG_NAMES -> {
                    ByteArrayOutputStream row = new ByteArrayOutputStream();
                    row.writeBytes(Streams.uint(count));
                    for (int i = 0; i < count; i++) {
                        row.writeBytes(Requests.string("\u0001".repeat(500) + i));
                        row.write(0);
                    }
                    yield rows(1, row.toByteArray());
                }
                case TAGS -> {
                    ByteArrayOutputStream tags = new ByteArrayOutputStream();
                    tags.write(3);
                    tags.writeBytes(Streams.uint(count));
                    for (int i = 0; i < count; i++) {
                        tags.writeBytes(Requests.string("t" + i));
                        tags.write(0);
                    }
                    tags.write(0);
                    yield tags.toByteArray();
                }
                case BOOLEANS -> cell(104, Streams.join(Streams.uint(count), new byte[count]));
                case EMPTY_OBJECTS -> cell(106, Streams.join(Streams.uint(count), new byte[count]));
                case OBJECTS -> cell(106, Streams.join(Streams.uint(count / 2), repeat(count / 2, 1, 1, 0)));
                case MAPS -> cell(108, Streams.join(Streams.uint(count / 3), repeat(count / 3, 1, 7, 1, 1, 0)));
            };
        }

        private static byte[] repeat(int count, int... bytes) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            for (int i = 0; i < count; i++) {
                out.writeBytes(Requests.bytes(bytes));
            }
            return out.toByteArray();
        }

        private static byte[] rows(int count, byte[] row) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            out.write(4);
            out.writeBytes(Streams.uint(count));
            for (int i = 0; i < count; i++) {
                out.writeBytes(row);
            }
            out.write(0);
            return out.toByteArray();
        }

        /** One row with one value of a type. */
        private static byte[] cell(int type, byte[] value) {
            byte[] content = Streams.join(new byte[1], value);
            return rows(
                    1,
                    Streams.join(
                            Requests.bytes(1, 1, 'c'),
                            Requests.string("any"),
                            Requests.integer(type),
                            Streams.uint(content.length),
                            content));
        }
    }

    private MeasurementEnvelope decode(byte[] argument, ModelLimits limits) throws GobException {
        GobReader reader = new GobReader(GobLimits.DEFAULT);
        reader.reset(argument, 0, argument.length);
        return new EnvelopeDecoder(() -> builder, () -> 1, limits, MemoryAccount.unlimited())
                .decode(reader, types(), ENVELOPE);
    }

    private long allocated(byte[] argument) {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        try {
            decode(argument, LIMITS);
        } catch (GobException e) {
            assertTrue(
                    String.valueOf(e.getMessage()).startsWith("gob: memory for the values of a message: "),
                    e::toString);
        }
        return THREADS.getCurrentThreadAllocatedBytes() - before;
    }

    /** The largest message that is let through, and one ten times as large, cost no more than twice the bound. */
    @ParameterizedTest
    @EnumSource
    void memoryIsBoundedWhateverIsAsked(Content content) throws GobException {
        int most = 100;
        int tooMany = 4_000_000;
        if (content == Content.LONG_NAMES) {
            tooMany = 4_000;
        } else if (content != Content.CELLS) {
            tooMany = 1_000_000;
        }
        int refused = tooMany;
        while (tooMany - most > 100) {
            int middle = (most + tooMany) / 2;
            try {
                decode(content.argument(middle), LIMITS);
                most = middle;
            } catch (GobException e) {
                tooMany = middle;
            }
        }
        byte[] large = content.argument(most);
        assertTrue(decode(large, LIMITS).size() > 0 || content == Content.TAGS);
        assertTrue(most > 100, "nothing is let through");
        long allocated = allocated(large);
        assertTrue(allocated < 2 * LIMIT, most + " " + content + " allocated " + allocated);
        byte[] tooLarge = content.argument(refused);
        assertThrows(GobException.class, () -> decode(tooLarge, LIMITS));
        allocated = allocated(tooLarge);
        assertTrue(allocated < 2 * LIMIT, refused + " " + content + " allocated " + allocated);
    }

    @Test
    void columnsAreCounted() throws GobException {
        ModelLimits limits = LIMITS.toBuilder().columns(100).build();
        assertEquals(1, decode(Content.CELLS.argument(100), limits).size());
        GobException refused = assertThrows(
                GobException.class,
                () -> decode(
                        Content.CELLS.argument(100),
                        limits.toBuilder().columns(99).build()));
        assertEquals("gob: columns of an envelope: 100 (expected: <= 99)", refused.getMessage());
    }

    @Test
    void theDepthIsTheLesserOfBoth() throws GobException {
        byte[] argument = Content.OBJECTS.argument(2);
        decode(argument, LIMITS.toBuilder().depth(3).build());
        GobException refused = assertThrows(
                GobException.class,
                () -> decode(argument, LIMITS.toBuilder().depth(2).build()));
        assertEquals("gob: nesting of a value: 3 (expected: <= 2)", refused.getMessage());
    }

    @Test
    void boundsAreAtLeastOne() {
        assertEquals(
                "memoryBytes: 0 (expected: >= 1)",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> LIMITS.toBuilder().memoryBytes(0).build())
                        .getMessage());
        assertThrows(IllegalArgumentException.class, () -> new ModelLimits(1, 0, 1));
        assertThrows(IllegalArgumentException.class, () -> new ModelLimits(1, 1, 0));
    }
}
