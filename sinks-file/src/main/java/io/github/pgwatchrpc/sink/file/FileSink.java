package io.github.pgwatchrpc.sink.file;

import io.github.pgwatchrpc.measurement.JsonWriter;
import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.Sink;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Writes batches as JSON lines, each batch by one append, and decides when a new file begins. Not thread-safe. */
final class FileSink implements Sink {

    /** What the system says when it takes a person to help; everything else may pass by itself. */
    private static final List<String> TO_BE_MENDED =
            List.of("Read-only file system", "Is a directory", "Not a directory", "Too many levels of symbolic links");

    /**
     * What can be configured.
     *
     * @param path absolute path of the file
     * @param maxSize a new file is begun before this one would have more bytes
     * @param daily whether a new file is begun every day
     * @param gzip whether complete files are compressed
     * @param keepFiles how many complete files are kept; null for all
     * @param keepAge how old complete files become; null for any age
     * @param flush whether a write is on disk when it is answered
     */
    record Settings(
            Path path,
            long maxSize,
            boolean daily,
            boolean gzip,
            @Nullable Integer keepFiles,
            @Nullable Duration keepAge,
            boolean flush) {}

    /** What there is from opening to closing; each needs the one before it. */
    private record Opened(OwnerLock lock, Archive archive, LineFile current) {}

    private final Settings settings;
    private final Clock clock;
    private final Disk disk;
    private final JsonWriter json = new JsonWriter();
    private @Nullable Opened opened;

    FileSink(Settings settings, Clock clock, Disk disk) {
        this.settings = settings;
        this.clock = clock;
        this.disk = disk;
    }

    @Override
    public Readiness open() throws InterruptedException {
        try {
            opened().current().settle();
            return Readiness.ready();
        } catch (IOException e) {
            return isToBeMended(e) ? paused(e) : retry(e);
        }
    }

    @Override
    public Outcome write(Batch batch) throws InterruptedException {
        json.clear();
        for (Batch.Slice slice : batch.slices()) {
            json.line(slice.envelope(), slice.from(), slice.to());
        }
        try {
            Opened files = opened();
            LineFile current = files.current();
            current.settle();
            Instant now = clock.instant();
            if (isComplete(current, json.length(), now)) {
                files.archive().take(settings.path());
                current.restart();
            }
            current.append(ByteBuffer.wrap(json.buffer(), 0, json.length()), now);
            return Outcome.written();
        } catch (IOException e) {
            return isToBeMended(e) ? paused(e) : retry(e);
        }
    }

    @Override
    public void close() {
        Opened files = opened;
        opened = null;
        if (files != null) {
            files.current().close();
            files.archive().close();
            files.lock().close();
        }
    }

    /** Waits until the complete files are as they are to be. */
    void awaitArchive() throws InterruptedException {
        Objects.requireNonNull(opened).archive().await();
    }

    private Opened opened() throws IOException {
        if (opened == null) {
            Path path = settings.path();
            disk.createDirectories(Objects.requireNonNull(path.getParent()));
            OwnerLock lock = new OwnerLock(path, disk);
            try {
                LineFile current = new LineFile(path, disk, settings.flush());
                try {
                    opened = new Opened(lock, new Archive(settings, clock, disk), current);
                } catch (IOException e) {
                    current.close();
                    throw e;
                }
            } catch (IOException e) {
                lock.close();
                throw e;
            }
        }
        return opened;
    }

    /** Whether a new file must begin before these bytes are written. A file has at least one batch. */
    private boolean isComplete(LineFile current, int bytes, Instant now) {
        return current.size() > 0
                && (current.size() + bytes > settings.maxSize()
                        || (settings.daily() && day(now).isAfter(day(current.lastWrite()))));
    }

    private static LocalDate day(Instant time) {
        return LocalDate.ofInstant(time, ZoneOffset.UTC);
    }

    private static boolean isToBeMended(IOException e) {
        return e instanceof AccessDeniedException
                || e instanceof FileAlreadyExistsException
                || e instanceof NoSuchFileException
                || e instanceof NotDirectoryException
                || e instanceof OwnerLock.TakenException
                || e instanceof LineFile.NotLinesException
                || TO_BE_MENDED.stream().anyMatch(reason(e)::startsWith);
    }

    private Outcome.Paused paused(IOException e) {
        if (e instanceof OwnerLock.TakenException) {
            return new Outcome.Paused(reason(e), "stop the other one, or give each a path of its own");
        } else if (e instanceof LineFile.NotLinesException) {
            return new Outcome.Paused(reason(e), "move the file away, or choose another path");
        }
        return new Outcome.Paused(
                "file " + settings.path() + ": " + reason(e),
                "let this user make and write files there, or choose another path");
    }

    private Outcome.Retry retry(IOException e) throws InterruptedException {
        if (e instanceof ClosedByInterruptException) {
            Thread.interrupted();
            InterruptedException interruption = new InterruptedException("file " + settings.path());
            interruption.initCause(e);
            throw interruption;
        }
        return Outcome.retry("file " + settings.path() + ": " + reason(e));
    }

    /** What is wrong, for people; the names of Java's exceptions tell them little, and the path is told already. */
    private static String reason(IOException e) {
        if (e instanceof AccessDeniedException) {
            return "permission denied";
        } else if (e instanceof NoSuchFileException) {
            return "its directory is missing";
        } else if (e instanceof FileAlreadyExistsException) {
            return e.getMessage() + " is a file (expected: a directory)";
        } else if (e instanceof FileSystemException f && f.getReason() != null) {
            return f.getReason();
        }
        String message = e.getMessage();
        return message == null ? e.getClass().getSimpleName() : message;
    }
}
