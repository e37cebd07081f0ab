package io.github.pgwatchrpc.sink.file;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a second process, and a second sink of this one, from writing the same file. It is a file of its own, {@code
 * .NAME.lock}, because the file itself changes its name; it stays when it is given back, for only then is there never a
 * moment at which two can have it. The system gives it back when the process ends, however it ends.
 */
final class OwnerLock implements Closeable {

    private static final Logger LOG = LoggerFactory.getLogger(OwnerLock.class);

    private final FileChannel channel;

    /**
     * Takes the lock.
     *
     * @throws TakenException if another has it
     * @throws IOException if the lock's file cannot be opened
     */
    OwnerLock(Path file, Disk disk) throws IOException {
        Path path = file.resolveSibling("." + Objects.requireNonNull(file.getFileName()) + ".lock");
        channel = disk.openOrCreate(path);
        try {
            if (channel.tryLock() == null) {
                throw new TakenException("file " + file + ": in use by another process, which holds " + path);
            }
        } catch (OverlappingFileLockException e) {
            channel.close();
            throw new TakenException("file " + file + ": in use by another sink of this process");
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            LOG.warn("lock: {}", e.toString());
        }
    }

    /** Another has the lock. */
    static final class TakenException extends IOException {
        private static final long serialVersionUID = 1;

        TakenException(String message) {
            super(message);
        }
    }
}
