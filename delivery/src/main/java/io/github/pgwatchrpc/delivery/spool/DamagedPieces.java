package io.github.pgwatchrpc.delivery.spool;

import io.github.pgwatchrpc.delivery.disk.Disk;
import io.github.pgwatchrpc.delivery.disk.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts pieces of files that are damaged aside, under {@code damaged/} with the name of the file and the place, for whoever
 * wants to look at them. Each is reported and counted once a run, however many readers meet it. Thread-safe.
 */
final class DamagedPieces {

    private static final Logger LOG = LoggerFactory.getLogger(DamagedPieces.class);

    private static final int BLOCK = 64 << 10;

    private final Disk disk;
    private final Path directory;
    private final Set<String> known = new HashSet<>();
    private long bytes;

    DamagedPieces(Disk disk, Path directory) {
        this.disk = disk;
        this.directory = directory;
    }

    synchronized long count() {
        return known.size();
    }

    synchronized long bytes() {
        return bytes;
    }

    synchronized void found(Path file, DiskFile content, long from, long to) {
        String name = file.getFileName() + "-" + from + "-" + (to - from);
        if (!known.add(name)) {
            return;
        }
        bytes += to - from;
        Path aside = directory.resolve(name);
        try {
            disk.createDirectories(directory);
            if (!Files.exists(aside)) {
                copy(content, from, to, aside);
            }
            LOG.error(
                    "{}: {} bytes at {} are damaged and were passed over; a copy is {}", file, to - from, from, aside);
        } catch (IOException e) {
            LOG.error(
                    "{}: {} bytes at {} are damaged and were passed over; they could not be copied to {}: {}",
                    file,
                    to - from,
                    from,
                    aside,
                    e.toString());
        }
    }

    /** A whole file that is none of ours any more. */
    synchronized void moveAside(Path file, String why) {
        known.add(String.valueOf(file.getFileName()));
        Path aside = directory.resolve(String.valueOf(file.getFileName()));
        try {
            bytes += Files.size(file);
            disk.createDirectories(directory);
            disk.move(file, aside);
            LOG.error("{}: {}; moved to {}", file, why, aside);
        } catch (IOException e) {
            LOG.error("{}: {}; it could not be moved to {}: {}", file, why, aside, e.toString());
        }
    }

    private void copy(DiskFile content, long from, long to, Path aside) throws IOException {
        try (DiskFile copy = disk.create(aside)) {
            ByteBuffer block = ByteBuffer.allocate(BLOCK);
            for (long at = from; at < to; at += BLOCK) {
                block.clear().limit((int) Math.min(BLOCK, to - at));
                content.readFully(block, at);
                copy.writeFully(block.flip(), at - from);
            }
            copy.sync();
        }
    }
}
