package io.github.pgwatchrpc.rpc.gob;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Replays its corpus in every build; with {@code JAZZER_FUZZ=1} it looks for more. */
@SuppressWarnings("ArrayRecordComponent") // a record of everything
final class GobFuzzTest {

    private static final GobConfig CONFIG =
            GobConfig.DEFAULT.withLimits(new GobLimits(1 << 20, 50, 100, 4096, 10_000, 1 << 16));

    private static GobDecoder decoder(byte[] stream) {
        return new GobDecoder(new ByteArrayInputStream(stream == null ? new byte[0] : stream), CONFIG);
    }

    /** Any bytes are values, or are refused; and values can be sent on. */
    @FuzzTest(maxDuration = "1m")
    void generic(byte[] stream) throws IOException {
        byte[] once = again(stream);
        assertArrayEquals(once, again(once), "what was encoded is decoded as it was");
    }

    private static byte[] again(byte[] stream) throws IOException {
        GobDecoder decoder = decoder(stream);
        GobEncoder encoder = new GobEncoder(CONFIG);
        try {
            while (decoder.hasNext()) {
                encoder.encode(decoder.decode(), decoder.types(), decoder.typeId());
            }
        } catch (GobException | EOFException e) {
            // refused
        }
        return encoder.toByteArray();
    }

    record Everything(
            boolean A,
            byte B,
            @GobUnsigned int C,
            Long D,
            GobUint E,
            float F,
            double G,
            GobComplex H,
            String I,
            byte[] J,
            long[] K,
            @GobArray(2) int[] L,
            List<String> M,
            Set<Object> N,
            Map<String, Everything> O,
            Map<Object, Object> P,
            Everything Q,
            Object R,
            Number S,
            GobInterface T,
            GobStruct U,
            GobOpaque V,
            Instant W,
            Everything[] X,
            List<Everything> Y) {}

    /** Any bytes become objects, or are refused; and objects can be sent on. */
    @FuzzTest(maxDuration = "1m")
    void records(byte[] stream) throws IOException {
        GobConfig config = CONFIG.withNames(GobNames.BASIC.with("e", Everything.class));
        GobDecoder decoder = new GobDecoder(new ByteArrayInputStream(stream == null ? new byte[0] : stream), config);
        try {
            while (decoder.hasNext()) {
                try {
                    decoder.decode(Everything.class);
                } catch (GobMismatchException e) {
                    // and on to the next one
                }
            }
        } catch (GobException | EOFException e) {
            // refused
        }
    }

    /** What can be decoded can be skipped too, and comes to the same when it is pushed message by message. */
    @FuzzTest(maxDuration = "1m")
    void skipped(byte[] stream) throws IOException {
        GobDecoder decoding = decoder(stream);
        GobDecoder skipping = decoder(stream);
        List<Object> values = new ArrayList<>();
        try {
            while (decoding.hasNext()) {
                values.add(decoding.decode());
                skipping.skip();
                assertEquals(decoding.typeId(), skipping.typeId());
                assertEquals(decoding.types().size(), skipping.types().size());
            }
        } catch (GobException | EOFException e) {
            // refused
        }
        Values.assertSame(values, pushed(stream == null ? new byte[0] : stream), "pushed");
    }

    /** Counts what definitions have taken, and gives no more than a stranger gets. */
    private static final class Counted implements GobTypes.Room {
        static final long MOST = 16 << 10;

        long taken;

        @Override
        public boolean take(long bytes) {
            if (taken + bytes > MOST) {
                return false;
            }
            taken += bytes;
            return true;
        }

        @Override
        public void giveBack(long bytes) {
            taken -= bytes;
        }

        @Override
        public String noRoomFor(long bytes) {
            return "no room";
        }
    }

    /** What is kept of definitions is paid for, whatever they look like, refused ones cost nothing, and all is given back. */
    @FuzzTest(maxDuration = "1m")
    void definitions(byte[] stream) {
        byte[] bytes = stream == null ? new byte[0] : stream;
        Counted room = new Counted();
        GobTypes types = new GobTypes(CONFIG.limits(), room);
        GobReader lengths = new GobReader(GobLimits.DEFAULT).reset(bytes, 0, bytes.length);
        GobReader reader = new GobReader(CONFIG.limits());
        while (lengths.remaining() > 0) {
            try {
                long length = lengths.readUint();
                if (length <= 0 || length > lengths.remaining()) {
                    break;
                }
                reader.reset(bytes, lengths.position(), (int) length);
                lengths.skip((int) length);
                types.readTypeSequence(reader, false);
            } catch (GobException e) {
                // refused, or a definition alone
            }
            assertEquals(room.taken, types.memoryBytes());
            assertTrue(room.taken <= Counted.MOST);
            long kept = 0;
            for (int id = GobTypes.FIRST_USER_ID, found = 0; found < types.size() && id < SEARCHED; id++) {
                GobType type = types.find(id);
                if (type != null) {
                    found++;
                    kept += Retained.bytes(type);
                }
            }
            assertTrue(kept <= room.taken, kept + " bytes are kept and " + room.taken + " were taken");
        }
        types.truncate(0);
        assertEquals(0, room.taken);
    }

    private static final int SEARCHED = 1 << 16;

    private static List<Object> pushed(byte[] stream) throws IOException {
        GobDecoder decoder = new GobDecoder(CONFIG);
        GobReader lengths = new GobReader(GobLimits.DEFAULT).reset(stream, 0, stream.length);
        List<Object> values = new ArrayList<>();
        try {
            while (lengths.remaining() > 0) {
                long length = lengths.readUint();
                if (length < 0 || length > lengths.remaining()) {
                    break;
                }
                decoder.push(stream, lengths.position(), (int) length);
                lengths.skip((int) length);
                try {
                    values.add(decoder.decode());
                } catch (GobIncompleteException e) {
                    // it goes on in the next one
                }
            }
        } catch (GobException e) {
            // refused
        }
        return values;
    }
}
