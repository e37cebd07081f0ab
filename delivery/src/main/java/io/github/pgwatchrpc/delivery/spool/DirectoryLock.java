package io.github.pgwatchrpc.delivery.spool;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Keeps a second process, and a second spool of this one, out of a directory: the lock on its file {@code lock}, in which
 * the holder tells who it is. The system gives it back when the process ends, however it ends; the file stays.
 */
final class DirectoryLock implements Closeable {

    /** More is not read of what should be a few words. */
    private static final int MAX_HOLDER = 200;

    private final FileChannel channel;

    DirectoryLock(Path directory) throws IOException {
        Path path = directory.resolve("lock");
        channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE);
        try {
            if (channel.tryLock() == null) {
                throw new SpoolInUseException("spool " + directory + ": in use by " + holder(path));
            }
            String self = "process " + ProcessHandle.current().pid();
            channel.truncate(0);
            channel.write(ByteBuffer.wrap(self.getBytes(StandardCharsets.UTF_8)), 0);
        } catch (OverlappingFileLockException e) {
            channel.close();
            throw new SpoolInUseException("spool " + directory + ": in use by this process");
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    private static String holder(Path path) throws IOException {
        String holder = Files.readString(path, StandardCharsets.ISO_8859_1);
        return holder.isEmpty() ? "another process" : holder.substring(0, Math.min(MAX_HOLDER, holder.length()));
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
