package io.github.pgwatchrpc.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * What users who are neither the owner of a file nor in its group may do with it. On a file system without such permissions,
 * and with a file that is not there, nothing is known against them.
 */
final class OtherUsers {

    private OtherUsers() {}

    static boolean canRead(Path path) {
        return permissions(path).contains(PosixFilePermission.OTHERS_READ);
    }

    /**
     * Refuses what every user of the machine can change, and so whatever the receiver does by it.
     *
     * @param path a file or directory
     * @param what names it for people, such as an option and a blank; may be empty
     * @throws ConfigException if they can write
     */
    static void refuseWriters(Path path, String what) throws ConfigException {
        Set<PosixFilePermission> permissions = permissions(path);
        if (permissions.contains(PosixFilePermission.OTHERS_WRITE)) {
            throw new ConfigException(
                    what + path + ": mode " + PosixFilePermissions.toString(permissions)
                            + " (expected: no other user can write there)",
                    "chmod o-w " + path + ", and check what others may have put there");
        }
    }

    private static Set<PosixFilePermission> permissions(Path path) {
        PosixFileAttributeView view = Files.getFileAttributeView(path, PosixFileAttributeView.class);
        if (view == null) {
            return Set.of();
        }
        try {
            return view.readAttributes().permissions();
        } catch (IOException e) {
            return Set.of(); // whoever reads it will say what is wrong
        }
    }
}
