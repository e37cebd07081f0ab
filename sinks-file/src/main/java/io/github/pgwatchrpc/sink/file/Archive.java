package io.github.pgwatchrpc.sink.file;

import io.github.pgwatchrpc.sink.file.ArchiveNames.Kind;
import io.github.pgwatchrpc.sink.file.ArchiveNames.Named;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The complete files beside the one being written: takes in a new one, compresses, deletes what is too many or too old.
 * The work is done by a thread of its own, so that no write waits for it, in steps of which each can be the last before
 * the process is killed, so that in the end every line is in exactly one file:
 *
 * <ol>
 *   <li>{@code X} is compressed into {@code X.gz.part}; if killed here, the part is deleted and made anew;
 *   <li>the part is flushed and becomes {@code X.gz} in one step; {@code X.gz} is whole then, so
 *   <li>{@code X} is deleted, if killed before that at the next opening.
 * </ol>
 */
final class Archive implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Archive.class);

    private static final int BUFFER_BYTES = 64 << 10;

    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(5);

    private final ArchiveNames names;
    private final Disk disk;
    private final Clock clock;
    private final boolean gzip;
    private final @Nullable Integer keepFiles;
    private final @Nullable Duration keepAge;
    private final ExecutorService worker;
    private volatile boolean stopping;
    private Instant last = Instant.MIN;

    /**
     * The archive beside a file. What an earlier process has left half done is put in order at once.
     *
     * @throws IOException if the directory cannot be read or changed
     */
    Archive(FileSink.Settings settings, Clock clock, Disk disk) throws IOException {
        this.names = new ArchiveNames(settings.path());
        this.disk = disk;
        this.clock = clock;
        this.gzip = settings.gzip();
        this.keepFiles = settings.keepFiles();
        this.keepAge = settings.keepAge();
        repair();
        worker = Executors.newSingleThreadExecutor(task -> {
            Thread thread = new Thread(task, "jsonfile-archive");
            thread.setDaemon(true);
            return thread;
        });
        tidyLater();
    }

    /**
     * Takes in the file that has been written so far: its name changes to one with the time. To have this on disk, the
     * directory is to be flushed.
     *
     * @param current the file
     * @throws IOException if it cannot be renamed; it is then still there
     */
    void take(Path current) throws IOException {
        Instant time = clock.instant().truncatedTo(ChronoUnit.MILLIS);
        // in order, also when the clock is set back, and never over another file
        while (time.compareTo(last) <= 0
                || Files.exists(names.of(time, Kind.PLAIN))
                || Files.exists(names.of(time, Kind.GZIP))) {
            time = (time.compareTo(last) <= 0 ? last : time).plusMillis(1);
        }
        Files.move(current, names.of(time, Kind.PLAIN), StandardCopyOption.ATOMIC_MOVE);
        last = time;
        tidyLater();
    }

    /** Waits until everything that has been taken in so far is compressed. */
    void await() throws InterruptedException {
        try {
            worker.submit(() -> {}).get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Stops; what is not compressed yet will be when the file is next opened. */
    @Override
    public void close() {
        // not by interrupting: between making the compressed file and deleting the original is no good moment to stop
        stopping = true;
        worker.shutdown();
        boolean interrupted = Thread.interrupted();
        try {
            if (!worker.awaitTermination(CLOSE_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                LOG.warn("directory {}: compressing did not stop within {}", names.directory(), CLOSE_LIMIT);
            }
        } catch (InterruptedException e) {
            interrupted = true;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void repair() throws IOException {
        for (Named file : files()) {
            boolean superfluous = file.kind() == Kind.PART
                    || (file.kind() == Kind.PLAIN && Files.exists(names.of(file.time(), Kind.GZIP)));
            if (superfluous) {
                Files.delete(file.path());
                LOG.info("file {}: deleted, compressing it had been interrupted", file.path());
            } else if (file.time().isAfter(last)) {
                last = file.time();
            }
        }
    }

    private void tidyLater() {
        worker.execute(() -> {
            try {
                tidy();
            } catch (IOException e) {
                LOG.warn("directory {}: {}", names.directory(), e.toString());
            }
        });
    }

    private void tidy() throws IOException {
        deleteOld();
        if (gzip) {
            for (Named file : files()) {
                if (file.kind() == Kind.PLAIN && !stopping) {
                    tryToCompress(file);
                }
            }
        }
    }

    private void deleteOld() throws IOException {
        List<Named> files = files();
        for (int i = 0; i < files.size(); i++) {
            Named file = files.get(i);
            boolean tooMany = keepFiles != null && files.size() - i > keepFiles;
            boolean tooOld =
                    keepAge != null && file.time().isBefore(clock.instant().minus(keepAge));
            if (tooMany || tooOld) {
                Files.deleteIfExists(file.path());
                LOG.info("file {}: deleted, {}", file.path(), tooMany ? "keep-files" : "keep-age");
            }
        }
    }

    private void tryToCompress(Named file) {
        try {
            compress(file);
        } catch (IOException e) {
            if (!stopping) {
                LOG.warn("file {}: {}; tried again after the next rotation", file.path(), e.toString());
            }
        }
    }

    private void compress(Named file) throws IOException {
        Path part = names.of(file.time(), Kind.PART);
        Files.deleteIfExists(part);
        try {
            try (InputStream in = Files.newInputStream(file.path());
                    FileChannel out = disk.openOrCreate(part);
                    FastGzip gzipped = new FastGzip(Channels.newOutputStream(out))) {
                byte[] block = new byte[BUFFER_BYTES];
                for (int count = in.read(block); count >= 0; count = in.read(block)) {
                    if (stopping) {
                        throw new InterruptedIOException("closed");
                    }
                    gzipped.write(block, 0, count);
                }
                gzipped.finish();
                out.force(true);
            }
            Files.move(part, names.of(file.time(), Kind.GZIP), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            Files.deleteIfExists(part);
            throw e;
        }
        disk.flushDirectory(names.directory());
        Files.delete(file.path());
    }

    /** All files of the archive, the oldest first. */
    private List<Named> files() throws IOException {
        List<Named> files = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(names.directory())) {
            for (Path path : all) {
                Named file = names.parse(path);
                if (file != null) {
                    files.add(file);
                }
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        files.sort(Comparator.comparing(Named::time).thenComparing(Named::kind));
        return files;
    }

    /**
     * Level 1 instead of 6: on lines of statistics it takes two thirds of the time, and the file is a sixth larger (a
     * quarter of the original instead of a fifth).
     */
    private static final class FastGzip extends GZIPOutputStream {
        FastGzip(OutputStream out) throws IOException {
            super(out, BUFFER_BYTES);
            def.setLevel(Deflater.BEST_SPEED);
        }
    }
}
