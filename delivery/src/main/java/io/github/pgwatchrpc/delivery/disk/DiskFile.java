package io.github.pgwatchrpc.delivery.disk;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;

/** An open file. Reading, writing and syncing may go on at the same time; closing ends all of them. */
public interface DiskFile extends Closeable {

    /**
     * Reads some bytes.
     *
     * @param target where they go
     * @param position where in the file they begin
     * @return how many there were; -1 at the end of the file
     * @throws IOException if it cannot be read
     */
    int read(ByteBuffer target, long position) throws IOException;

    /**
     * Writes some bytes, at least one.
     *
     * @param source what to write
     * @param position where in the file
     * @return how many the system took
     * @throws IOException if it took none
     */
    int write(ByteBuffer source, long position) throws IOException;

    /**
     * Makes what was written survive a power cut. After a failure nothing is known about what was written since the last
     * success, not even by trying again: the system may have forgotten which pages it had failed to write.
     *
     * @throws IOException if the disk did not take it
     */
    void sync() throws IOException;

    /**
     * How large the file is.
     *
     * @return bytes
     * @throws IOException if that cannot be known
     */
    long size() throws IOException;

    /**
     * Cuts the file.
     *
     * @param size how many bytes stay
     * @throws IOException if that cannot be
     */
    void truncate(long size) throws IOException;

    /**
     * Writes all bytes.
     *
     * @param source what to write
     * @param position where in the file
     * @throws IOException if not all could be written
     */
    default void writeFully(ByteBuffer source, long position) throws IOException {
        long at = position;
        while (source.hasRemaining()) {
            int written = write(source, at);
            if (written <= 0) {
                throw new IOException("the system took none of " + source.remaining() + " bytes");
            }
            at += written;
        }
    }

    /**
     * Reads until there is no more room.
     *
     * @param target where the bytes go
     * @param position where in the file they begin
     * @throws IOException if they cannot be read, or the file has fewer
     */
    default void readFully(ByteBuffer target, long position) throws IOException {
        long at = position;
        while (target.hasRemaining()) {
            int count = read(target, at);
            if (count < 0) {
                throw new EOFException("bytes at " + at + ": 0 (expected: " + target.remaining() + ")");
            }
            at += count;
        }
    }
}
