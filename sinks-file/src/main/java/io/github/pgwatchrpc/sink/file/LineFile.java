package io.github.pgwatchrpc.sink.file;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file that is being written. It holds whole lines: what an append has begun and not finished is cut off again, at
 * once if the append fails, when the file is next opened if the process was killed.
 *
 * <p>Somebody else may move the file away, delete it or empty it (logrotate does): that is noticed before each append,
 * for bytes that go into a file without a name are lost. Not thread-safe.
 */
final class LineFile implements Closeable {

    private static final Logger LOG = LoggerFactory.getLogger(LineFile.class);

    private static final int BLOCK_BYTES = 64 << 10;

    private final Path path;
    private final Disk disk;
    private final boolean flush;

    private @Nullable FileChannel channel;

    /** What the system knows the file by, to notice when the path has come to name another. */
    private @Nullable Object key;

    /** Where the next line begins. */
    private long end;

    /** Whether bytes behind {@link #end} are left from an append that failed. */
    private boolean unfinished;

    private Instant lastWrite = Instant.EPOCH;

    /**
     * A file, opened or made.
     *
     * @param path where it is; its directory is there
     * @param disk where to open it
     * @param flush whether appends and cuts are on disk when they return
     * @throws NotLinesException if the file holds something else
     * @throws IOException if it cannot be opened
     */
    LineFile(Path path, Disk disk, boolean flush) throws IOException {
        this.path = path;
        this.disk = disk;
        this.flush = flush;
        begin();
    }

    /** How large the file is, in bytes. */
    long size() {
        return end;
    }

    /** When something was last appended, by whatever process; when it was made, if it is empty. */
    Instant lastWrite() {
        return lastWrite;
    }

    /**
     * Makes sure that the path names the file that was written, and that it ends where the last append has ended.
     *
     * @throws IOException if that cannot be
     */
    void settle() throws IOException {
        FileChannel open = channel;
        BasicFileAttributes found = attributes();
        if (found == null || !Objects.equals(found.fileKey(), key)) {
            if (open != null) {
                LOG.warn("file {}: moved or deleted by somebody else; a new one begins", path);
            }
            restart();
            return;
        }
        if (open == null || !open.isOpen()) {
            open = disk.openOrCreate(path);
            channel = open;
        }
        if (unfinished && found.size() > end) {
            cutTo(open, end);
        } else if (found.size() != end) {
            LOG.warn("file {}: {} bytes, changed by somebody else (expected: {})", path, found.size(), end);
            cutTo(open, wholeLines(open));
        }
        unfinished = false;
    }

    /**
     * Begins a new file, after this one has been given another name.
     *
     * @throws IOException if that cannot be; {@link #settle} tries again
     */
    void restart() throws IOException {
        close();
        begin();
    }

    /**
     * Appends lines, all of them or none, to a file that is settled.
     *
     * @param lines whole lines
     * @param now the time of it
     * @throws IOException if that cannot be; the file is then as before
     */
    void append(ByteBuffer lines, Instant now) throws IOException {
        FileChannel open = Objects.requireNonNull(channel);
        unfinished = true;
        try {
            long at = end;
            while (lines.hasRemaining()) {
                int written = open.write(lines, at);
                if (written <= 0) {
                    throw new IOException("the system took none of " + lines.remaining() + " bytes");
                }
                at += written;
            }
            if (flush) {
                open.force(false);
            }
            end = at;
            unfinished = false;
            lastWrite = now;
        } catch (IOException e) {
            takeBack(e);
            throw e;
        }
    }

    /** Cuts off what an append has left. If even that fails, it is tried again before the next append. */
    private void takeBack(IOException cause) {
        // an interrupted thread cannot touch a file
        boolean interrupted = Thread.interrupted();
        try {
            settle();
        } catch (IOException e) {
            cause.addSuppressed(e);
            close();
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public void close() {
        FileChannel open = channel;
        channel = null;
        if (open != null) {
            try {
                open.close();
            } catch (IOException e) {
                LOG.warn("file {}: {}", path, e.toString());
            }
        }
    }

    private void begin() throws IOException {
        FileChannel open = disk.openOrCreate(path);
        try {
            long size = open.size();
            long whole = wholeLines(open);
            if (whole < size) {
                LOG.warn("file {}: cut {} bytes of a torn line off its end", path, size - whole);
                cutTo(open, whole);
            }
            BasicFileAttributes found = attributes();
            if (found == null) {
                throw new NoSuchFileException(path.toString());
            }
            if (flush) {
                // the file's name is new, or the one before it has just been given another
                disk.flushDirectory(Objects.requireNonNull(path.getParent()));
            }
            key = found.fileKey();
            end = whole;
            unfinished = false;
            lastWrite = found.lastModifiedTime().toInstant();
            channel = open;
        } catch (IOException e) {
            open.close();
            throw e;
        }
    }

    private void cutTo(FileChannel open, long size) throws IOException {
        open.truncate(size);
        if (flush) {
            open.force(false);
        }
        end = size;
    }

    private @Nullable BasicFileAttributes attributes() throws IOException {
        try {
            return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    /**
     * How many bytes of the file are whole lines. A torn line is one that begins as ours do, or with the zeros that a power
     * cut leaves, and does not end as ours do.
     *
     * @throws NotLinesException if the last line is not one of ours, not even torn: then this is somebody else's file
     */
    private long wholeLines(FileChannel open) throws IOException {
        long size = open.size();
        while (size > 0) {
            long begin = lineBegin(open, size);
            int first = byteAt(open, begin);
            if (first == '{' && size - begin >= 3 && byteAt(open, size - 1) == '\n' && byteAt(open, size - 2) == '}') {
                break;
            }
            if (first != '{' && first != 0) {
                throw new NotLinesException(path);
            }
            size = begin;
        }
        return size;
    }

    /** Where the line begins that ends at a place, be it with a line feed or without. */
    private static long lineBegin(FileChannel open, long lineEnd) throws IOException {
        ByteBuffer block = ByteBuffer.allocate(BLOCK_BYTES);
        // the line's own feed is not the one before it
        long blockEnd = lineEnd - 1;
        while (blockEnd > 0) {
            long blockBegin = Math.max(0, blockEnd - BLOCK_BYTES);
            block.clear().limit((int) (blockEnd - blockBegin));
            readFully(open, block, blockBegin);
            for (int i = block.limit() - 1; i >= 0; i--) {
                if (block.get(i) == '\n') {
                    return blockBegin + i + 1;
                }
            }
            blockEnd = blockBegin;
        }
        return 0;
    }

    private static int byteAt(FileChannel open, long at) throws IOException {
        ByteBuffer one = ByteBuffer.allocate(1);
        readFully(open, one, at);
        return one.get(0);
    }

    private static void readFully(FileChannel open, ByteBuffer buffer, long from) throws IOException {
        while (buffer.hasRemaining()) {
            int read = open.read(buffer, from + buffer.position());
            if (read < 0) {
                throw new IOException("the file has become shorter while it was read");
            }
        }
    }

    /** A file that holds something other than lines of JSON, and must not be touched. */
    static final class NotLinesException extends IOException {
        private static final long serialVersionUID = 1;

        NotLinesException(Path path) {
            super("file " + path + ": its last line is something else (expected: a JSON object)");
        }
    }
}
