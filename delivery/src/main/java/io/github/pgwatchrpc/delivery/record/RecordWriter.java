package io.github.pgwatchrpc.delivery.record;

import io.github.pgwatchrpc.measurement.BinaryWriter;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * Puts records together in memory, to be written at once. A record is a header of {@value #HEADER} bytes and its content.
 * Little-endian:
 *
 * <table>
 *   <caption>Layout of a record's header</caption>
 *   <tr><th>at</th><th>bytes</th><th>meaning</th></tr>
 *   <tr><td>0</td><td>4</td><td>the file's salt</td></tr>
 *   <tr><td>4</td><td>4</td><td>CRC-32C of the header from here on</td></tr>
 *   <tr><td>8</td><td>4</td><td>bytes of content</td></tr>
 *   <tr><td>12</td><td>4</td><td>CRC-32C of the content</td></tr>
 *   <tr><td>16</td><td>8</td><td>the record's number</td></tr>
 *   <tr><td>24</td><td>8</td><td>rows in all records before it</td></tr>
 *   <tr><td>32</td><td>4</td><td>rows in it</td></tr>
 *   <tr><td>36</td><td>4</td><td>kind; what that means is the file's business</td></tr>
 * </table>
 *
 * <p>To write one: {@link #begin}, the content, {@link #end}. Not thread-safe.
 */
public final class RecordWriter {

    /** Bytes of a record's header. */
    public static final int HEADER = 40;

    /** Where its kind stands in it, of which the first byte is never zero. */
    static final int KIND = 36;

    private final BinaryWriter content = new BinaryWriter();
    private final CRC32C crc = new CRC32C();
    private int start;

    /** A writer of no records yet. */
    public RecordWriter() {}

    /**
     * Begins a record.
     *
     * @return where its content is to be written
     */
    public BinaryWriter begin() {
        start = content.length();
        return content.skip(HEADER);
    }

    /**
     * Ends the record.
     *
     * @param salt the file's salt
     * @param kind what it is
     * @param number its number
     * @param rowsBefore rows in all records before it
     * @param rows rows in it
     * @return its bytes, header and content
     */
    public int end(int salt, int kind, long number, long rowsBefore, int rows) {
        int length = content.length() - start;
        content.setInt32(start, salt);
        content.setInt32(start + 8, length - HEADER);
        content.setInt32(start + 12, checksum(start + HEADER, length - HEADER));
        content.setInt64(start + 16, number);
        content.setInt64(start + 24, rowsBefore);
        content.setInt32(start + 32, rows);
        content.setInt32(start + KIND, kind);
        content.setInt32(start + 4, checksum(start + 8, HEADER - 8));
        return length;
    }

    /** Forgets the record that was begun and not ended. */
    public void undo() {
        content.truncate(start);
    }

    private int checksum(int from, int length) {
        crc.reset();
        crc.update(content.buffer(), from, length);
        return (int) crc.getValue();
    }

    /**
     * How many bytes all records have.
     *
     * @return number of bytes
     */
    public int length() {
        return content.length();
    }

    /**
     * The bytes of all records.
     *
     * @return a view, good until the next change
     */
    public ByteBuffer bytes() {
        return ByteBuffer.wrap(content.buffer(), 0, content.length());
    }

    /** Forgets all records. */
    public void clear() {
        content.clear();
        start = 0;
    }
}
