package io.github.pgwatchrpc.delivery.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.NullMarked;

/** The real file system, on which things can be made to fail. */
@NullMarked
public final class FaultyDisk implements Disk {

    private final Disk real = Disk.real();

    /** How many bytes still fit; writes are cut short by it, and fail when it is 0. */
    public volatile long room = Long.MAX_VALUE;

    /** No write takes more bytes at once. */
    public volatile int mostAtOnce = Integer.MAX_VALUE;

    /** What is said to be free. */
    public volatile long free = Long.MAX_VALUE;

    /** Files whose names contain this cannot be synced, if it is not empty. */
    public volatile String failSync = "";

    /** Writing finds no memory. */
    public volatile boolean outOfMemory;

    /** Nothing can be read from here on, up to here, in files of which the name contains {@link #failReadOf}. */
    public volatile long failReadFrom = Long.MAX_VALUE;

    public volatile long failReadTo = Long.MAX_VALUE;
    public volatile String failReadOf = "segment";

    /** How often files were synced. */
    public volatile int syncs;

    @Override
    public DiskFile create(Path file) throws IOException {
        if (room == 0) {
            throw new IOException("No space left on device");
        }
        return new FaultyFile(file, real.create(file));
    }

    @Override
    public DiskFile open(Path file) throws IOException {
        return new FaultyFile(file, real.open(file));
    }

    @Override
    public void createDirectories(Path directory) throws IOException {
        real.createDirectories(directory);
    }

    @Override
    public List<Path> list(Path directory) throws IOException {
        return real.list(directory);
    }

    @Override
    public void delete(Path file) throws IOException {
        real.delete(file);
    }

    @Override
    public void move(Path from, Path to) throws IOException {
        real.move(from, to);
    }

    @Override
    public void syncDirectory(Path directory) throws IOException {
        real.syncDirectory(directory);
    }

    @Override
    public long freeBytes(Path directory) {
        return free;
    }

    private final class FaultyFile implements DiskFile {
        private final String name;
        private final DiskFile file;

        FaultyFile(Path path, DiskFile file) {
            this.name = String.valueOf(path.getFileName());
            this.file = file;
        }

        @Override
        public int read(ByteBuffer target, long position) throws IOException {
            if (name.contains(failReadOf) && position < failReadTo && position + target.remaining() > failReadFrom) {
                throw new IOException("Input/output error");
            }
            return file.read(target, position);
        }

        @Override
        public int write(ByteBuffer source, long position) throws IOException {
            if (outOfMemory) {
                throw new OutOfMemoryError("on purpose");
            }
            if (room == 0) {
                throw new IOException("No space left on device");
            }
            int count = (int) Math.min(source.remaining(), Math.min(room, mostAtOnce));
            int written = file.write(source.slice(source.position(), count), position);
            source.position(source.position() + written);
            room -= room == Long.MAX_VALUE ? 0 : written;
            return written;
        }

        @Override
        @SuppressWarnings("NonAtomicVolatileUpdate")
        public void sync() throws IOException {
            if (!failSync.isEmpty() && name.contains(failSync)) {
                throw new IOException("Input/output error");
            }
            syncs++;
            file.sync();
        }

        @Override
        public long size() throws IOException {
            return file.size();
        }

        @Override
        public void truncate(long size) throws IOException {
            file.truncate(size);
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }
}
