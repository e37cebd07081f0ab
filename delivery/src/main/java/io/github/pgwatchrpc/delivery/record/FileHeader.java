package io.github.pgwatchrpc.delivery.record;

import io.github.pgwatchrpc.delivery.disk.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * The first {@value #BYTES} bytes of a file of records. Little-endian:
 *
 * <table>
 *   <caption>Layout</caption>
 *   <tr><th>at</th><th>bytes</th><th>meaning</th></tr>
 *   <tr><td>0</td><td>8</td><td>{@code PGWRECS1}, the last character being the version</td></tr>
 *   <tr><td>8</td><td>4</td><td>salt: what each record of the file begins with</td></tr>
 *   <tr><td>12</td><td>4</td><td>0</td></tr>
 *   <tr><td>16</td><td>8</td><td>run: how many times the spool had been opened</td></tr>
 *   <tr><td>24</td><td>8</td><td>number of the first record</td></tr>
 *   <tr><td>32</td><td>8</td><td>rows in all records before the first</td></tr>
 *   <tr><td>40</td><td>20</td><td>0</td></tr>
 *   <tr><td>60</td><td>4</td><td>CRC-32C of all that</td></tr>
 * </table>
 *
 * @param salt a random number that the senders of data do not know, lest data looks like a record
 * @param run how many times the spool had been opened
 * @param number number of the first record
 * @param rowsBefore rows in all records before the first
 */
public record FileHeader(int salt, long run, long number, long rowsBefore) {

    /** How long it is. */
    public static final int BYTES = 64;

    private static final long MAGIC = 0x3153_4345_5257_4750L; // PGWRECS1

    /**
     * The header as bytes.
     *
     * @return a buffer of {@value #BYTES} bytes to be written
     */
    public ByteBuffer toBytes() {
        ByteBuffer bytes = ByteBuffer.allocate(BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(0, MAGIC)
                .putInt(8, salt)
                .putLong(16, run)
                .putLong(24, number)
                .putLong(32, rowsBefore);
        bytes.putInt(BYTES - 4, checksum(bytes));
        return bytes;
    }

    /**
     * Reads the header of a file.
     *
     * @param file the file
     * @return the header; null if the file does not begin with one that is whole
     * @throws IOException if the file cannot be read
     */
    public static @Nullable FileHeader read(DiskFile file) throws IOException {
        if (file.size() < BYTES) {
            return null;
        }
        ByteBuffer bytes = ByteBuffer.allocate(BYTES).order(ByteOrder.LITTLE_ENDIAN);
        file.readFully(bytes, 0);
        if (bytes.getLong(0) != MAGIC || bytes.getInt(BYTES - 4) != checksum(bytes)) {
            return null;
        }
        return new FileHeader(bytes.getInt(8), bytes.getLong(16), bytes.getLong(24), bytes.getLong(32));
    }

    private static int checksum(ByteBuffer bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes.duplicate().position(0).limit(BYTES - 4));
        return (int) crc.getValue();
    }
}
