package io.github.pgwatchrpc.server;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;

/** The receiver's own directory: made for the owner alone, and used by one process at a time. */
final class DataDirectory implements AutoCloseable {

    private final Path path;
    private final FileChannel lockFile;

    private DataDirectory(Path path, FileChannel lockFile) {
        this.path = path;
        this.lockFile = lockFile;
    }

    static DataDirectory open(Path wanted) throws ConfigException {
        Path path = wanted.toAbsolutePath().normalize();
        String hint = "give a directory that this user may write to with --data-dir";
        try {
            if (Files.notExists(path)) {
                if (path.getParent() != null) {
                    Files.createDirectories(path.getParent());
                }
                Files.createDirectory(
                        path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            }
            FileChannel file =
                    FileChannel.open(path.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            if (tryLock(file) == null) {
                file.close();
                throw new ConfigException(
                        path + ": another receiver uses this data directory",
                        "stop it, or give this one a directory of its own with --data-dir");
            }
            return new DataDirectory(path, file);
        } catch (IOException e) {
            throw new ConfigException(path + ": cannot be used as data directory: " + e, hint, e);
        }
    }

    private static @Nullable FileLock tryLock(FileChannel file) throws IOException {
        try {
            return file.tryLock();
        } catch (OverlappingFileLockException e) {
            return null; // this very process has it
        }
    }

    Path path() {
        return path;
    }

    /** Lets others use the directory; closing the file ends the lock. */
    @Override
    public void close() {
        try {
            lockFile.close();
        } catch (IOException e) {
            // the process ends anyway, and the lock with it
        }
    }
}
