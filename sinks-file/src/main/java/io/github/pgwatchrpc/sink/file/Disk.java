package io.github.pgwatchrpc.sink.file;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** The file system, where Java's defaults are not enough: who may read a file, and what survives a power cut. */
interface Disk {

    /** The real one; a test may put one before it that fails. */
    Disk REAL = FileChannel::open;

    /** Whether files have owners and directories can be flushed; false on Windows. */
    boolean POSIX = FileSystems.getDefault().supportedFileAttributeViews().contains("posix");

    /** As {@link FileChannel#open(Path, Set, FileAttribute[])}. */
    FileChannel open(Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes) throws IOException;

    /** Opens for reading and writing; a file that is made belongs to its owner alone. */
    default FileChannel openOrCreate(Path path) throws IOException {
        return open(
                path,
                Set.of(
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.CREATE,
                        LinkOption.NOFOLLOW_LINKS),
                ownerOnly("rw-------"));
    }

    /** Makes a directory with all that is missing above it. */
    default void createDirectories(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            Files.createDirectories(directory, ownerOnly("rwx------"));
        }
    }

    /** Flushes a directory, so that the names in it are what they are also after a power cut. */
    default void flushDirectory(Path directory) throws IOException {
        if (POSIX) {
            try (FileChannel channel = open(directory, Set.of(StandardOpenOption.READ))) {
                channel.force(true);
            }
        }
    }

    private static FileAttribute<?>[] ownerOnly(String permissions) {
        return POSIX
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
                }
                : new FileAttribute<?>[0];
    }
}
