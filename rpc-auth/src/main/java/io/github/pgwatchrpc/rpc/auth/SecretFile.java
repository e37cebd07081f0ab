package io.github.pgwatchrpc.rpc.auth;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a file of secrets has to be before its content is believed, and how it is replaced. On a file system without POSIX
 * permissions only the size is looked at.
 */
enum SecretFile {
    /** In our own directory: a plain file of our own user, for nobody else. */
    OWN("rw-------"),
    /**
     * Looked after by somebody else. Mounts of secrets swap symbolic links and hand the file to a group, so both are fine; a
     * file that every user can read, or a group can change, is not.
     */
    GIVEN("rw-r-----");

    /** Bytes. Room for thousands of keys. */
    static final int MAX_BYTES = 1 << 20;

    private static final Set<PosixFilePermission> PRIVATE = PosixFilePermissions.fromString("rw-------");

    private final String most;

    SecretFile(String most) {
        this.most = most;
    }

    /**
     * The whole content.
     *
     * @param owner to whom the file has to belong, or null if that does not matter
     * @throws KeyFileException when the file breaks this rule or cannot be read
     */
    String read(Path file, @Nullable UserPrincipal owner) throws KeyFileException {
        try {
            check(file, owner);
            OpenOption[] options = this == OWN
                    ? new OpenOption[] {StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS}
                    : new OpenOption[] {StandardOpenOption.READ};
            byte[] content;
            try (InputStream in = Files.newInputStream(file, options)) {
                content = in.readNBytes(MAX_BYTES + 1);
            }
            if (content.length > MAX_BYTES) {
                throw new KeyFileException(
                        file + ": more than " + MAX_BYTES + " bytes", "check that it is the file that was meant");
            }
            return new String(content, StandardCharsets.UTF_8);
        } catch (NoSuchFileException e) {
            throw new KeyFileException(
                    file + ": there is no such file", "check its path, and that whatever brings it here has run", e);
        } catch (AccessDeniedException e) {
            throw new KeyFileException(
                    file + ": not readable for user " + System.getProperty("user.name") + modeOf(file),
                    "give the file, and search permission on the directories above it, to the user that runs the receiver",
                    e);
        } catch (KeyFileException e) {
            throw e;
        } catch (IOException e) {
            throw new KeyFileException(file + ": cannot be read: " + e, "check the disk and the mount", e);
        }
    }

    private static String modeOf(Path file) {
        try {
            return " (mode " + PosixFilePermissions.toString(Files.getPosixFilePermissions(file)) + ")";
        } catch (IOException | UnsupportedOperationException e) {
            return "";
        }
    }

    private void check(Path file, @Nullable UserPrincipal owner) throws IOException {
        if (this == OWN && Files.isSymbolicLink(file)) {
            throw new KeyFileException(
                    file + ": a symbolic link (expected: a plain file)",
                    "remove it; a key that lives elsewhere is given with --api-key-file");
        }
        PosixFileAttributeView view = this == OWN
                ? Files.getFileAttributeView(file, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
                : Files.getFileAttributeView(file, PosixFileAttributeView.class);
        if (view == null) {
            return;
        }
        PosixFileAttributes attributes = view.readAttributes();
        String mode = PosixFilePermissions.toString(attributes.permissions());
        if (!attributes.isRegularFile()) {
            // opening a pipe would wait for its writer for ever
            throw new KeyFileException(file + ": not a plain file", "check that it is the file that was meant");
        }
        if (!PosixFilePermissions.fromString(most).containsAll(withoutExecution(attributes.permissions()))) {
            throw new KeyFileException(
                    file + ": mode " + mode + " (expected: at most " + most + ")",
                    "chmod " + (this == OWN ? "600 " : "640 ") + file
                            + ", and make a new key if others may have read it");
        }
        if (owner != null && !attributes.owner().equals(owner)) {
            throw new KeyFileException(
                    file + ": belongs to user " + attributes.owner().getName() + ", mode " + mode + " (expected: user "
                            + owner.getName() + ", who runs the receiver)",
                    "find out who put it there; remove it, and a new one is made");
        }
    }

    private static Set<PosixFilePermission> withoutExecution(Set<PosixFilePermission> permissions) {
        Set<PosixFilePermission> rest = java.util.EnumSet.copyOf(
                permissions.isEmpty() ? java.util.EnumSet.noneOf(PosixFilePermission.class) : permissions);
        rest.remove(PosixFilePermission.OWNER_EXECUTE);
        return rest;
    }

    /** The user that this process makes files as in a directory. */
    static UserPrincipal me(Path directory) throws KeyFileException {
        try {
            Path probe = Files.createTempFile(directory, ".owner", null);
            try {
                return Files.getOwner(probe);
            } finally {
                Files.delete(probe);
            }
        } catch (IOException e) {
            throw new KeyFileException(
                    directory + ": cannot be written to: " + e,
                    "check the free space, and that the user that runs the receiver owns it",
                    e);
        }
    }

    /**
     * Replaces a file, so that after a crash there is the old one or the new one. The new one is for nobody but us from its
     * first byte, and gets the old one's owner, group and mode before it takes its place.
     *
     * @throws KeyFileException when that is not possible; the old one is still there then
     */
    static void replace(Path file, String content) throws KeyFileException {
        Path target = file.toAbsolutePath();
        Path temporary = target.resolveSibling(target.getFileName() + ".tmp");
        boolean posix = target.getFileSystem().supportedFileAttributeViews().contains("posix");
        try {
            Files.deleteIfExists(temporary);
            FileAttribute<?>[] mode = posix
                    ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PRIVATE)}
                    : new FileAttribute<?>[0];
            try (FileChannel channel = FileChannel.open(
                    temporary, Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW), mode)) {
                ByteBuffer rest = StandardCharsets.UTF_8.encode(content);
                while (rest.hasRemaining()) {
                    channel.write(rest);
                }
                channel.force(true);
            }
            if (posix && Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
                takeOver(target, temporary);
            }
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
            if (posix) {
                // the name is on the disk only when the directory is
                try (FileChannel directory = FileChannel.open(target.resolveSibling("."), StandardOpenOption.READ)) {
                    directory.force(true);
                }
            }
        } catch (IOException e) {
            throw new KeyFileException(
                    target + ": cannot be written: " + e,
                    "check the free space, and that this user owns the directory",
                    e);
        }
    }

    private static void takeOver(Path old, Path fresh) throws IOException {
        PosixFileAttributes before = Files.readAttributes(old, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        PosixFileAttributeView view = Files.getFileAttributeView(fresh, PosixFileAttributeView.class);
        PosixFileAttributes now = view.readAttributes();
        if (!now.owner().equals(before.owner())) {
            view.setOwner(before.owner());
        }
        if (!now.group().equals(before.group())) {
            view.setGroup(before.group());
        }
        if (!now.permissions().equals(before.permissions())) {
            view.setPermissions(before.permissions());
        }
    }
}
