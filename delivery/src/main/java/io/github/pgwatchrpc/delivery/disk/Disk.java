package io.github.pgwatchrpc.delivery.disk;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A file system. What it makes belongs to its owner alone. Thread-safe. */
public interface Disk {

    /**
     * The real one.
     *
     * @return the machine's file system
     */
    static Disk real() {
        return RealDisk.INSTANCE;
    }

    /**
     * Makes a file.
     *
     * @param file where
     * @return the file, for reading and writing
     * @throws IOException if it is there already, or cannot be made
     */
    DiskFile create(Path file) throws IOException;

    /**
     * Opens a file.
     *
     * @param file which
     * @return the file, for reading and writing
     * @throws IOException if it is not there, or cannot be opened
     */
    DiskFile open(Path file) throws IOException;

    /**
     * Makes a directory with all that is missing above it.
     *
     * @param directory where
     * @throws IOException if it cannot be made
     */
    void createDirectories(Path directory) throws IOException;

    /**
     * What a directory holds.
     *
     * @param directory which
     * @return its files, sorted by name; none if there is no such directory
     * @throws IOException if it cannot be read
     */
    List<Path> list(Path directory) throws IOException;

    /**
     * Deletes a file, if it is there.
     *
     * @param file which
     * @throws IOException if it cannot be deleted
     */
    void delete(Path file) throws IOException;

    /**
     * Gives a file another name in one step, in place of a file that has it.
     *
     * @param from the file
     * @param to its new name, in the same file system
     * @throws IOException if that cannot be
     */
    void move(Path from, Path to) throws IOException;

    /**
     * Makes the names in a directory survive a power cut.
     *
     * @param directory which
     * @throws IOException if the disk does not take them
     */
    void syncDirectory(Path directory) throws IOException;

    /**
     * How much room there is.
     *
     * @param directory where
     * @return bytes that this process may still write there
     * @throws IOException if that cannot be known
     */
    long freeBytes(Path directory) throws IOException;
}
