package io.github.pgwatchrpc.rpc.tls;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * Our own directory of keys and certificates. A file in it is either the old one or the new one, never half of one, and
 * a key has its permissions before it has its first byte.
 */
final class KeyDirectory {
    private static final Set<PosixFilePermission> DIRECTORY_MODE = PosixFilePermissions.fromString("rwx------");
    private static final String LOCK = ".lock";

    private final Path path;

    KeyDirectory(Path path) {
        this.path = path;
    }

    Path file(String name) {
        return path.resolve(name);
    }

    /** Whether there is anything by this name, were it a link that leads nowhere. */
    boolean has(String name) {
        return Files.exists(file(name), LinkOption.NOFOLLOW_LINKS);
    }

    byte[] read(String name, FileRule rule) throws TlsException {
        return rule.read(file(name));
    }

    /**
     * Replaces the file, so that after a crash there is the old one or the new one.
     *
     * @throws TlsException when that is not possible; the old one is still there then
     */
    void write(String name, FileRule rule, byte[] content) throws TlsException {
        Path target = file(name);
        Path temporary = file(name + ".tmp");
        try {
            Files.deleteIfExists(temporary);
            try (FileChannel channel = FileChannel.open(
                    temporary,
                    Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW),
                    attributes(rule.permissions()))) {
                if (posix()) {
                    // a strict umask would hide certificates from the users that are to copy them
                    Files.setPosixFilePermissions(temporary, rule.permissions());
                }
                ByteBuffer rest = ByteBuffer.wrap(content);
                while (rest.hasRemaining()) {
                    channel.write(rest);
                }
                channel.force(true);
            }
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
            sync(path);
        } catch (IOException e) {
            throw new TlsException(
                    target + ": cannot be written: " + e,
                    "check the free space, and that the user that runs the server owns " + path,
                    e);
        }
    }

    /** What is done while no other process writes here. */
    @FunctionalInterface
    interface Work<T> {
        T run() throws TlsException;
    }

    /** Makes the directory if it is not there, and does the work in it while other processes that want to write wait. */
    <T> T exclusively(Work<T> work) throws TlsException {
        try {
            if (!Files.isDirectory(path)) {
                Files.createDirectories(path, attributes(DIRECTORY_MODE));
                Path parent = path.toAbsolutePath().getParent();
                if (parent != null) {
                    sync(parent);
                }
            }
        } catch (IOException e) {
            throw new TlsException(
                    path + ": the directory cannot be made: " + e,
                    "check that the user that runs the server may write into the directory above it",
                    e);
        }
        check();
        try (FileChannel channel = FileChannel.open(
                file(LOCK),
                Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE, LinkOption.NOFOLLOW_LINKS),
                attributes(FileRule.OWN_KEY.permissions()))) {
            // ends with the channel
            channel.lock();
            return work.run();
        } catch (OverlappingFileLockException e) {
            throw new TlsException(
                    path + ": in use by another server of this process", "give each server a directory of its own", e);
        } catch (TlsException e) {
            throw e;
        } catch (IOException e) {
            throw new TlsException(
                    file(LOCK) + ": cannot be locked: " + e,
                    "check that the user that runs the server owns " + path,
                    e);
        }
    }

    /** Refuses a directory in which others could exchange the keys; one that is not there yet is fine. */
    void check() throws TlsException {
        if (!Files.exists(path)) {
            return;
        }
        if (!Files.isDirectory(path)) {
            throw new TlsException(path + ": not a directory", "move it away");
        }
        if (!posix()) {
            return;
        }
        Set<PosixFilePermission> permissions;
        try {
            permissions = Files.getPosixFilePermissions(path);
        } catch (IOException e) {
            throw new TlsException(path + ": cannot be looked at: " + e, "check the permissions above it", e);
        }
        if (permissions.contains(PosixFilePermission.GROUP_WRITE)
                || permissions.contains(PosixFilePermission.OTHERS_WRITE)) {
            throw new TlsException(
                    path + ": mode " + PosixFilePermissions.toString(permissions) + " (expected: "
                            + PosixFilePermissions.toString(DIRECTORY_MODE) + ")",
                    "chmod 700 " + path + ", and check that nobody exchanged the files in it");
        }
    }

    private FileAttribute<?>[] attributes(Set<PosixFilePermission> permissions) {
        return posix()
                ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(permissions)}
                : new FileAttribute<?>[0];
    }

    private boolean posix() {
        return path.getFileSystem().supportedFileAttributeViews().contains("posix");
    }

    /** A new name is on the disk only when the directory that it stands in is. */
    private void sync(Path directory) throws IOException {
        if (posix()) {
            try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }
}
