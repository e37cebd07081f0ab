package io.github.pgwatchrpc.delivery.record;

import io.github.pgwatchrpc.delivery.disk.DiskFile;
import io.github.pgwatchrpc.measurement.BinaryReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedChannelException;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * Goes through the records of a file, one after the other. What is not whole is passed over up to the next record that
 * is, wherever that begins, and reported; a block that the device cannot read counts as damaged too. Memory is a buffer of
 * {@value #BUFFER} bytes, or the size of a larger record. Not thread-safe.
 */
public final class RecordReader {

    /** Told about what is not whole. */
    public interface Damage {
        /**
         * These bytes are no record.
         *
         * @param from where they begin in the file
         * @param to where the next whole record begins, or the end
         * @param torn whether they look like the beginning of a record that was not written to its end, or like a part of
         *     the file that was never written: what a crash leaves at the end of a file
         */
        void found(long from, long to, boolean torn);
    }

    private static final int BUFFER = 256 << 10;
    private static final int BLOCK = 4 << 10;

    private final DiskFile file;
    private final int salt;
    private final Damage damage;
    private final CRC32C crc = new CRC32C();
    private final BinaryReader content = new BinaryReader();

    private byte[] array = new byte[BUFFER];
    private ByteBuffer buffer = ByteBuffer.wrap(array).order(ByteOrder.LITTLE_ENDIAN);

    /** What the buffer holds of the file. */
    private long held;

    private int heldBytes;

    /** Where the next record begins. */
    private long at;

    private long recordAt;
    private int length;
    private long number;
    private long rowsBefore;
    private int rows;
    private int kind;

    /**
     * A reader.
     *
     * @param file the file; it stays the caller's to close
     * @param salt the file's salt
     * @param from where a record begins
     * @param damage told about what is not whole
     */
    public RecordReader(DiskFile file, int salt, long from, Damage damage) {
        this.file = file;
        this.salt = salt;
        this.at = from;
        this.damage = damage;
    }

    /**
     * Goes on to the next record that is whole.
     *
     * @param end where to stop: records and damage behind it are not looked at
     * @return whether there is one; then the other methods tell of it
     * @throws IOException if the file cannot be read at all
     */
    public boolean next(long end) throws IOException {
        if (isRecord(at, end)) {
            take(at);
            return true;
        } else if (at >= end) {
            return false;
        }
        boolean torn = isTorn(end);
        long from = at;
        for (long place = from + 1; end - place >= RecordWriter.HEADER; place++) {
            place = marker(place, end);
            if (place >= 0 && isRecord(place, end)) {
                damage.found(from, place, false);
                take(place);
                return true;
            } else if (place < 0) {
                break;
            }
        }
        at = end;
        damage.found(from, end, torn);
        return false;
    }

    private void take(long place) {
        recordAt = place;
        at = place + RecordWriter.HEADER + length;
    }

    /** Whether a whole record begins there. Its parts are then in the fields and its content in the buffer. */
    private boolean isRecord(long place, long end) throws IOException {
        if (!isHeader(place, end) || length > end - place - RecordWriter.HEADER) {
            return false;
        }
        int contentLength = length;
        int begin = load(place, RecordWriter.HEADER + contentLength, end);
        crc.reset();
        crc.update(array, begin + RecordWriter.HEADER, contentLength);
        if (buffer.getInt(begin + 12) != (int) crc.getValue()) {
            return false;
        }
        number = buffer.getLong(begin + 16);
        rowsBefore = buffer.getLong(begin + 24);
        rows = buffer.getInt(begin + 32);
        kind = buffer.getInt(begin + 36);
        content.read(array, begin + RecordWriter.HEADER, begin + RecordWriter.HEADER + contentLength);
        return true;
    }

    private boolean isHeader(long place, long end) throws IOException {
        if (end - place < RecordWriter.HEADER) {
            return false;
        }
        int begin = load(place, RecordWriter.HEADER, end);
        if (buffer.getInt(begin) != salt) {
            return false;
        }
        crc.reset();
        crc.update(array, begin + 8, RecordWriter.HEADER - 8);
        length = buffer.getInt(begin + 8);
        return buffer.getInt(begin + 4) == (int) crc.getValue() && length >= 0;
    }

    /**
     * Whether what is at hand is a record of which the end is missing, or nothing but zeros. A file may have been filled
     * with zeros beforehand: then those begin where the record was cut.
     */
    private boolean isTorn(long end) throws IOException {
        if (end - at < RecordWriter.HEADER) {
            return true;
        }
        // the last byte of the record, or that of the header's end which is never zero
        long last = at + (isHeader(at, end) ? RecordWriter.HEADER + (long) length - 1 : RecordWriter.KIND);
        for (long place = last; place < end; place++) {
            if (array[load(place, 1, end)] != 0) {
                return false;
            }
        }
        return true;
    }

    /** Where the salt stands next; -1 if nowhere. */
    private long marker(long from, long end) throws IOException {
        for (long place = from; end - place >= Integer.BYTES; place++) {
            if (buffer.getInt(load(place, Integer.BYTES, end)) == salt) {
                return place;
            }
        }
        return -1;
    }

    /** Makes sure that the buffer holds some bytes, and tells where. */
    private int load(long place, int count, long end) throws IOException {
        if (place < held || place + count > held + heldBytes) {
            if (count > array.length || (array.length > BUFFER && count <= BUFFER)) {
                array = new byte[Math.max(count, BUFFER)];
                buffer = ByteBuffer.wrap(array).order(ByteOrder.LITTLE_ENDIAN);
            }
            heldBytes = 0;
            int wanted = (int) Math.min(array.length, end - place);
            fill(place, wanted);
            held = place;
            heldBytes = wanted;
        }
        return (int) (place - held);
    }

    private void fill(long place, int wanted) throws IOException {
        try {
            file.readFully(ByteBuffer.wrap(array, 0, wanted), place);
        } catch (ClosedChannelException e) {
            throw e;
        } catch (IOException e) {
            // the device cannot read some of it: the rest of it is worth having
            for (int done = 0; done < wanted; done += BLOCK) {
                fillBlock(place + done, done, Math.min(BLOCK, wanted - done));
            }
        }
    }

    private void fillBlock(long place, int to, int count) throws IOException {
        try {
            file.readFully(ByteBuffer.wrap(array, to, count), place);
        } catch (ClosedChannelException e) {
            throw e;
        } catch (IOException e) {
            Arrays.fill(array, to, to + count, (byte) 0);
        }
    }

    /**
     * Where the record begins.
     *
     * @return bytes from the beginning of the file
     */
    public long at() {
        return recordAt;
    }

    /**
     * Where the next record begins.
     *
     * @return bytes from the beginning of the file
     */
    public long nextAt() {
        return at;
    }

    /**
     * The record's number.
     *
     * @return as it was written
     */
    public long number() {
        return number;
    }

    /**
     * Rows in all records before it.
     *
     * @return as it was written
     */
    public long rowsBefore() {
        return rowsBefore;
    }

    /**
     * Rows in it.
     *
     * @return as it was written
     */
    public int rows() {
        return rows;
    }

    /**
     * What it is.
     *
     * @return as it was written
     */
    public int kind() {
        return kind;
    }

    /**
     * Its content, to be read before the next record.
     *
     * @return a reader at its first byte
     */
    public BinaryReader content() {
        return content;
    }
}
