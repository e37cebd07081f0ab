package io.github.pgwatchrpc.sink.file;

import io.github.pgwatchrpc.sink.Capability;
import io.github.pgwatchrpc.sink.Limits;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.SinkConfig;
import io.github.pgwatchrpc.sink.SinkOption;
import io.github.pgwatchrpc.sink.SinkProvider;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Makes sinks for {@code jsonfile:PATH}. As with pgwatch, {@code jsonfile://PATH} is the same, so an absolute path has
 * three slashes then; a relative one begins at the working directory.
 */
public final class FileSinkProvider implements SinkProvider {

    /** What is on disk when a write has been answered. */
    enum Fsync {
        /** Everything: it survives a power cut. */
        ALWAYS,
        /** What the system has got round to: it survives a crash of this process, not one of the machine. */
        NEVER
    }

    /** pgwatch rotates at 100 MB: the default of its library lumberjack, whose megabytes have 1,024 × 1,024 bytes. */
    static final SinkOption<Long> MAX_SIZE = SinkOption.bytes(
                    "max-size", 4L << 10, 1L << 40, "a new file is begun before this one would become larger")
            .defaultsTo("100MB");

    static final SinkOption<Boolean> DAILY = SinkOption.flag("daily", "a new file is begun every day, at midnight UTC")
            .defaultsTo("true");

    static final SinkOption<Boolean> GZIP =
            SinkOption.flag("gzip", "files that are complete are compressed").defaultsTo("true");

    static final SinkOption<Integer> KEEP_FILES = SinkOption.integer(
            "keep-files", 1, 1_000_000, "so many complete files are kept, the oldest deleted; all if not given");

    static final SinkOption<Duration> KEEP_AGE = SinkOption.duration(
            "keep-age",
            Duration.ofMinutes(1),
            Duration.ofDays(36_500),
            "complete files are deleted when they are older than this; never if not given");

    static final SinkOption<Fsync> FSYNC = SinkOption.choice(
                    "fsync",
                    Fsync.class,
                    "always: a write is answered when it is on disk; never: when the system has taken it")
            .defaultsTo("always");

    private final Disk disk;

    /** For the service loader. */
    public FileSinkProvider() {
        this(Disk.REAL);
    }

    FileSinkProvider(Disk disk) {
        this.disk = disk;
    }

    @Override
    public Set<String> schemes() {
        return Set.of("jsonfile");
    }

    @Override
    public String description() {
        return "JSON lines in a file, as pgwatch's own jsonfile sink writes them";
    }

    @Override
    public String syntax() {
        return "jsonfile:PATH";
    }

    @Override
    public List<SinkOption<?>> options() {
        return List.of(MAX_SIZE, DAILY, GZIP, KEEP_FILES, KEEP_AGE, FSYNC);
    }

    @Override
    public Limits limits() {
        return Limits.DEFAULT;
    }

    @Override
    public Set<Capability> capabilities() {
        return Set.of(Capability.ORDERED);
    }

    @Override
    public Sink create(SinkConfig config) {
        Path path = path(config);
        FileSink.Settings settings = new FileSink.Settings(
                path == null ? Path.of("") : path,
                config.get(MAX_SIZE),
                config.get(DAILY),
                config.get(GZIP),
                config.find(KEEP_FILES),
                config.find(KEEP_AGE),
                config.get(FSYNC) == Fsync.ALWAYS);
        config.check();
        return new FileSink(settings, Clock.systemUTC(), disk);
    }

    private static @Nullable Path path(SinkConfig config) {
        String target = config.target();
        String text = target.startsWith("//") ? target.substring(2) : target;
        if (text.isEmpty()) {
            config.targetProblem("empty", "a path such as jsonfile:measurements.jsonl or jsonfile:///var/log/m.jsonl");
            return null;
        }
        Path path;
        try {
            path = Path.of(text).toAbsolutePath().normalize();
        } catch (InvalidPathException e) {
            config.targetProblem('"' + text + "\" is not a path: " + e.getReason(), "a path");
            return null;
        }
        if (Files.isSymbolicLink(path)) {
            // a file is rotated by giving it another name: that would move the link and not the file
            config.targetProblem('"' + path.toString() + "\" is a symbolic link", "a file");
        } else if (text.endsWith("/") || Files.isDirectory(path)) {
            config.targetProblem('"' + path.toString() + "\" is a directory", "a file");
        } else if (Files.exists(path, LinkOption.NOFOLLOW_LINKS) && !Files.isRegularFile(path)) {
            config.targetProblem('"' + path.toString() + "\" is a device, socket or pipe", "a file");
        } else if (Files.exists(path) && !Files.isWritable(path)) {
            config.targetProblem('"' + path.toString() + "\" cannot be written", "a file that this user may write");
        } else {
            checkDirectory(path, config);
        }
        return path;
    }

    /** Rotation makes files beside the file, so the directory must be there, or a parent in which it can be made. */
    private static void checkDirectory(Path path, SinkConfig config) {
        Path directory = path.getParent();
        while (directory != null && !Files.exists(directory)) {
            directory = directory.getParent();
        }
        if (directory == null) {
            return;
        }
        if (!Files.isDirectory(directory)) {
            config.targetProblem('"' + directory.toString() + "\" is a file", "a directory");
        } else if (!Files.isWritable(directory)) {
            config.targetProblem(
                    '"' + directory.toString() + "\" cannot be written",
                    "a directory in which this user may make files");
        }
    }
}
