package io.github.pgwatchrpc.rpc.tls;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.EnumSet;
import java.util.Set;

/**
 * What a file has to be before its content is believed: each rule reads a file whole and refuses one that breaks the
 * rule. On a file system without POSIX permissions only the kind and the size of the file are looked at.
 */
enum FileRule {
    /** A key in our own directory: a plain file of the directory's owner, for nobody else. */
    OWN_KEY("rw-------", "rwx------", true, FileRule.NEW_KEY),
    /** A certificate in our own directory: a plain file of the directory's owner that nobody else can change. */
    OWN_CERTIFICATE("rw-r--r--", "rwxr-xr-x", true, ", and check that nobody exchanged it"),
    /**
     * A key that somebody else looks after. Secret mounts swap symbolic links and hand the file to a group, so both are
     * fine; a key that every user can read is not.
     */
    GIVEN_KEY("rw-r-----", "rwxr-x---", false, " (Kubernetes: defaultMode: 0440)" + FileRule.NEW_KEY),
    /** A certificate that somebody else looks after: public, and useless without the key that it belongs to. */
    GIVEN_CERTIFICATE("rw-r--r--", "rwxrwxrwx", false, "");

    /** Bytes. Far above any chain or bundle; system-wide bundles have about 250 kB. */
    static final int MAX_SIZE = 1 << 20;

    private static final String NEW_KEY = ", and make a new key if others may have read this one";

    private final String expected;
    private final String allowed;
    private final boolean own;
    private final String advice;

    FileRule(String expected, String allowed, boolean own, String advice) {
        this.expected = expected;
        this.allowed = allowed;
        this.own = own;
        this.advice = advice;
    }

    /** The permissions that a file written under this rule gets. */
    Set<PosixFilePermission> permissions() {
        return PosixFilePermissions.fromString(expected);
    }

    /**
     * The whole content of the file.
     *
     * @throws TlsException when the file breaks this rule, is larger than {@link #MAX_SIZE} or cannot be read
     */
    byte[] read(Path file) throws TlsException {
        try {
            check(file);
            OpenOption[] options = own
                    ? new OpenOption[] {StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS}
                    : new OpenOption[] {StandardOpenOption.READ};
            byte[] content;
            try (InputStream in = Files.newInputStream(file, options)) {
                content = in.readNBytes(MAX_SIZE + 1);
            }
            if (content.length > MAX_SIZE) {
                throw new TlsException(
                        file + ": more than " + MAX_SIZE + " bytes (expected: a PEM file of at most that)",
                        "check that it is the file that was meant");
            }
            return content;
        } catch (NoSuchFileException e) {
            throw new TlsException(
                    file + ": there is no such file", "check its path, and that whatever brings it here has run", e);
        } catch (AccessDeniedException e) {
            throw new TlsException(
                    file + ": not readable for user " + System.getProperty("user.name"),
                    "give the file, and search permission on the directories above it, to the user that runs the server",
                    e);
        } catch (TlsException e) {
            throw e;
        } catch (IOException e) {
            throw new TlsException(file + ": cannot be read: " + e, "check the disk and the mount", e);
        }
    }

    private void check(Path file) throws IOException {
        LinkOption[] links = own ? new LinkOption[] {LinkOption.NOFOLLOW_LINKS} : new LinkOption[0];
        if (own && Files.isSymbolicLink(file)) {
            throw new TlsException(
                    file + ": a symbolic link (expected: a plain file)",
                    "put the file itself there; own files that live elsewhere are given as certificate and key instead");
        }
        PosixFileAttributeView view = Files.getFileAttributeView(file, PosixFileAttributeView.class, links);
        if (view == null) {
            return;
        }
        PosixFileAttributes attributes = view.readAttributes();
        if (!attributes.isRegularFile()) {
            // opening a pipe would wait for its writer for ever
            throw new TlsException(file + ": not a plain file", "check that it is the file that was meant");
        }
        Set<PosixFilePermission> harmless = PosixFilePermissions.fromString(allowed);
        if (!harmless.containsAll(attributes.permissions())) {
            Set<PosixFilePermission> mended = EnumSet.copyOf(attributes.permissions());
            mended.retainAll(harmless);
            throw new TlsException(
                    file + ": mode " + PosixFilePermissions.toString(attributes.permissions()) + " (expected: at most "
                            + expected + ")",
                    "chmod " + octal(mended) + " " + file + advice);
        }
        if (own) {
            UserPrincipal expectedOwner = Files.getOwner(file.toAbsolutePath().getParent());
            if (!attributes.owner().equals(expectedOwner)) {
                throw new TlsException(
                        file + ": belongs to user " + attributes.owner().getName() + " (expected: "
                                + expectedOwner.getName() + ", as its directory)",
                        "find out who put it there; if it is right, chown " + expectedOwner.getName() + " " + file);
            }
        }
    }

    private static String octal(Set<PosixFilePermission> permissions) {
        StringBuilder digits = new StringBuilder();
        String text = PosixFilePermissions.toString(permissions);
        for (int start = 0; start < text.length(); start += 3) {
            int digit = (text.charAt(start) == 'r' ? 4 : 0)
                    + (text.charAt(start + 1) == 'w' ? 2 : 0)
                    + (text.charAt(start + 2) == 'x' ? 1 : 0);
            digits.append(digit);
        }
        return digits.toString();
    }
}
