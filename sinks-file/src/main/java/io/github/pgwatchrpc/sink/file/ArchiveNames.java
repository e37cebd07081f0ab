package io.github.pgwatchrpc.sink.file;

import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.ResolverStyle;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The names of complete files, made as pgwatch's library lumberjack makes them, so that scripts find either: {@code
 * measurements.jsonl} becomes {@code measurements-2026-11-22T18-30-00.000.jsonl}, with the time in UTC, and compressed
 * {@code measurements-2026-11-22T18-30-00.000.jsonl.gz}. Immutable.
 */
final class ArchiveNames {

    private static final String GZIP_SUFFIX = ".gz";

    /** What a compressed file is called until it is whole. */
    private static final String PART_SUFFIX = ".gz.part";

    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH-mm-ss.SSS", Locale.ROOT)
            .withResolverStyle(ResolverStyle.STRICT);

    private final Path directory;
    private final String stem;
    private final String extension;
    private final Pattern pattern;

    ArchiveNames(Path current) {
        directory = Objects.requireNonNull(current.getParent());
        String name = Objects.requireNonNull(current.getFileName()).toString();
        int dot = name.lastIndexOf('.');
        stem = dot < 0 ? name : name.substring(0, dot);
        extension = dot < 0 ? "" : name.substring(dot);
        pattern = Pattern.compile(Pattern.quote(stem) + "-(\\d{4}-\\d\\d-\\d\\dT\\d\\d-\\d\\d-\\d\\d\\.\\d{3})"
                + Pattern.quote(extension) + "((?:\\.gz|\\.gz\\.part)?)");
    }

    /** What kinds of files are named so. */
    enum Kind {
        PLAIN,
        GZIP,
        PART
    }

    /**
     * A complete file.
     *
     * @param time when it was completed, to the millisecond
     * @param kind what it is
     * @param path where it is
     */
    record Named(Instant time, Kind kind, Path path) {}

    Path directory() {
        return directory;
    }

    Path of(Instant time, Kind kind) {
        String suffix = switch (kind) {
            case PLAIN -> "";
            case GZIP -> GZIP_SUFFIX;
            case PART -> PART_SUFFIX;
        };
        return directory.resolve(
                stem + '-' + TIME.format(LocalDateTime.ofInstant(time, ZoneOffset.UTC)) + extension + suffix);
    }

    /** Reads a name; null if it is none of ours. */
    @Nullable
    Named parse(Path path) {
        Matcher matcher =
                pattern.matcher(Objects.requireNonNull(path.getFileName()).toString());
        if (!matcher.matches()) {
            return null;
        }
        Kind kind = switch (matcher.group(2)) {
            case GZIP_SUFFIX -> Kind.GZIP;
            case PART_SUFFIX -> Kind.PART;
            default -> Kind.PLAIN;
        };
        try {
            return new Named(LocalDateTime.parse(matcher.group(1), TIME).toInstant(ZoneOffset.UTC), kind, path);
        } catch (DateTimeException e) {
            // looks like a name of ours, but there is no such time
            return null;
        }
    }
}
