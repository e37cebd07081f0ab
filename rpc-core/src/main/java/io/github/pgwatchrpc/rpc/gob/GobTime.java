package io.github.pgwatchrpc.rpc.gob;

import java.nio.ByteBuffer;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import org.jspecify.annotations.Nullable;

/**
 * The bytes that Go's {@code Time.MarshalBinary} writes (time/time.go): a version, seconds since the year 1, nanoseconds,
 * the zone's offset in minutes with -1 for UTC, and in version 2, for offsets that are no whole minutes, its seconds.
 *
 * <p>Those seconds are signed when Go writes them and unsigned when it reads them; what was meant is read here.
 */
final class GobTime {

    /** The name that the type has on the wire. */
    static final String NAME = "Time";

    private static final long YEAR_1_TO_1970 = 62_135_596_800L;
    private static final int UTC = -1;
    private static final int V1_LENGTH = 15;

    private GobTime() {}

    /** Reads a time; null if it is none, or none that Java can express. */
    static @Nullable OffsetDateTime decode(byte[] array, int offset, int length) {
        ByteBuffer bytes = ByteBuffer.wrap(array, offset, length);
        int version = length == 0 ? 0 : bytes.get();
        if ((version != 1 && version != 2) || length != V1_LENGTH + version - 1) {
            return null;
        }
        long seconds = bytes.getLong();
        int nanos = bytes.getInt();
        int minutes = bytes.getShort();
        int zoneSeconds = version == 2 ? minutes * 60 + bytes.get() : minutes == UTC ? 0 : minutes * 60;
        if (nanos < 0 || nanos > 999_999_999) {
            return null;
        }
        try {
            return OffsetDateTime.ofInstant(
                    Instant.ofEpochSecond(Math.subtractExact(seconds, YEAR_1_TO_1970), nanos),
                    ZoneOffset.ofTotalSeconds(zoneSeconds));
        } catch (DateTimeException | ArithmeticException e) {
            return null;
        }
    }

    static byte[] encode(OffsetDateTime time) {
        int zoneSeconds = time.getOffset().getTotalSeconds();
        if (zoneSeconds / 60 == UTC) {
            zoneSeconds = 0; // the number is taken, and Go refuses such a zone; the instant stays the same
        }
        int minutes = zoneSeconds / 60;
        int rest = zoneSeconds % 60;
        ByteBuffer bytes = ByteBuffer.allocate(rest == 0 ? V1_LENGTH : V1_LENGTH + 1);
        bytes.put((byte) (rest == 0 ? 1 : 2));
        bytes.putLong(time.toEpochSecond() + YEAR_1_TO_1970);
        bytes.putInt(time.getNano());
        bytes.putShort((short) (zoneSeconds == 0 ? UTC : minutes));
        if (rest != 0) {
            bytes.put((byte) rest);
        }
        return bytes.array();
    }
}
