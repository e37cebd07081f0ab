package io.github.pgwatchrpc.delivery;

import io.github.pgwatchrpc.delivery.disk.Disk;
import io.github.pgwatchrpc.delivery.disk.DiskFile;
import io.github.pgwatchrpc.delivery.record.FileHeader;
import io.github.pgwatchrpc.delivery.record.RecordReader;
import io.github.pgwatchrpc.delivery.record.RecordWriter;
import io.github.pgwatchrpc.measurement.BinaryReader;
import io.github.pgwatchrpc.measurement.BinaryWriter;
import io.github.pgwatchrpc.measurement.EnvelopeBuilder;
import io.github.pgwatchrpc.measurement.Measurement;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.measurement.ValueType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The definitions of metrics that each source has sent lately, in the file {@code definitions}.
 *
 * <p>A pgwatch sends all of its definitions at each refresh, so what it sends is one set, kept or replaced as a whole. Several
 * pgwatches may be one source: with other versions or configurations they send other sets, in turn. So a source has up to
 * {@value #MAX_SETS} sets; the one that was not sent for the longest time makes room for a new one, and what was not sent for
 * {@value #KEPT_DAYS} days is dropped.
 *
 * <p>All of it is bounded in bytes, in memory and on disk: a set is held as the bytes that are in the file. A change writes a
 * new file, record by record, and puts it in place of the old one. Thread-safe.
 */
final class Definitions {

    /** More sources than a fleet has; a peer who invents them must not fill the disk. */
    static final int MAX_SOURCES = 1_000;

    /** Sets of one source. */
    static final int MAX_SETS = 4;

    /** All sets of one source together; pgwatch's own definitions are 200 KB. */
    static final int MAX_SOURCE_BYTES = 4 << 20;

    /** Metrics and presets of a set; pgwatch has a hundred. */
    static final int MAX_NAMES = 10_000;

    /** All sets of all sources. */
    static final int MAX_BYTES = 32 << 20;

    /** After so many days without having been sent, a set is dropped. */
    static final int KEPT_DAYS = 7;

    /** How old the time in the file may become while a set is sent again and again. */
    private static final Duration TIME_IN_FILE = Duration.ofDays(1);

    private static final Logger LOG = LoggerFactory.getLogger(Definitions.class);

    /** The column that holds a set. */
    private static final String COLUMN = "definitions";

    /** A set of definitions. */
    private static final class Kept {
        /** Its number among those of its source; what takes its place has the same. */
        final int place;

        /** In an order that is the same whatever order it was sent in. */
        final byte[] bytes;

        /** When it was sent last, in nanoseconds since 1970. */
        final long sentAt;

        /** What the file has for that. */
        final long inFile;

        Kept(int place, byte[] bytes, long sentAt, long inFile) {
            this.place = place;
            this.bytes = bytes;
            this.sentAt = sentAt;
            this.inFile = inFile;
        }

        int size() {
            return bytes.length;
        }
    }

    /**
     * A set of definitions, for the sinks.
     *
     * @param name tells it from others; a set that takes its place has the same
     * @param values as in {@link io.github.pgwatchrpc.sink.Sink#define}
     */
    record Named(String name, Map<String, @Nullable Object> values) {}

    private final Disk disk;
    private final Path path;
    private final Clock clock;
    private Map<String, List<Kept>> bySource = new LinkedHashMap<>();

    Definitions(Disk disk, Path path, Clock clock) throws IOException {
        this.disk = disk;
        this.path = path;
        this.clock = clock;
        if (!Files.exists(path)) {
            return;
        }
        try (DiskFile file = disk.open(path)) {
            FileHeader header = FileHeader.read(file);
            if (header == null) {
                LOG.error("{}: damaged; the sinks get definitions when pgwatch sends them again", path);
                return;
            }
            RecordReader records = new RecordReader(
                    file,
                    header.salt(),
                    FileHeader.BYTES,
                    (from, to, torn) -> LOG.error("{}: damaged at {}", path, from));
            while (records.next(file.size())) {
                keep(records.content().envelope());
            }
        }
        bySource = withoutOld(now());
    }

    private void keep(MeasurementEnvelope stored) {
        Measurement row = stored.get(0);
        int column = row.find(COLUMN);
        if (column >= 0 && row.type(column) == ValueType.BYTES) {
            List<Kept> sets = bySource.computeIfAbsent(stored.database(), source -> new ArrayList<>());
            byte[] bytes = (byte[]) Objects.requireNonNull(row.value(column));
            sets.add(new Kept(firstFree(sets), bytes, stored.receivedAt(), stored.receivedAt()));
        }
    }

    private static int firstFree(List<Kept> sets) {
        int place = 0;
        for (int i = 0; i < sets.size(); i++) {
            int wanted = place;
            if (sets.stream().anyMatch(each -> each.place == wanted)) {
                place++;
            }
        }
        return place;
    }

    private long now() {
        var now = clock.instant();
        return now.getEpochSecond() * 1_000_000_000L + now.getNano();
    }

    private Map<String, List<Kept>> withoutOld(long now) {
        long oldest = now - Duration.ofDays(KEPT_DAYS).toNanos();
        Map<String, List<Kept>> young = new LinkedHashMap<>();
        bySource.forEach((source, sets) -> {
            List<Kept> left = new ArrayList<>(sets);
            left.removeIf(each -> each.sentAt < oldest);
            if (!left.isEmpty()) {
                young.put(source, left);
            }
        });
        return young;
    }

    /**
     * Stores a set of definitions of a source.
     *
     * @return the set for the sinks; null if they have it already
     * @throws DefinitionsTooLargeException if it is larger than a set may be, or there is no room
     * @throws IOException if it could not be written; then nothing has changed
     */
    synchronized @Nullable Named put(String source, Map<String, ? extends @Nullable Object> definitions)
            throws IOException {
        byte[] bytes = bytes(definitions);
        int size = bytes.length;
        requireAtMost("bytes of definitions", size, MAX_SOURCE_BYTES, "");
        requireAtMost("metrics and presets of definitions", names(definitions), MAX_NAMES, "");
        long now = now();
        Map<String, List<Kept>> all = withoutOld(now);
        List<Kept> sets = all.computeIfAbsent(source, name -> new ArrayList<>());
        for (int i = 0; i < sets.size(); i++) {
            Kept same = sets.get(i);
            if (Arrays.equals(same.bytes, bytes)) {
                boolean write = now - same.inFile >= TIME_IN_FILE.toNanos();
                sets.set(i, new Kept(same.place, same.bytes, now, write ? now : same.inFile));
                if (write) {
                    write(all);
                }
                bySource = all;
                return null;
            }
        }
        sets.sort(Comparator.comparingLong(each -> each.sentAt));
        while (sets.size() >= MAX_SETS || size(sets) + size > MAX_SOURCE_BYTES) {
            sets.remove(0);
        }
        String hint = "; what was not sent for " + KEPT_DAYS + " days makes room";
        requireAtMost("sources of definitions", all.size(), MAX_SOURCES, hint);
        long total = size + all.values().stream().mapToLong(Definitions::size).sum();
        requireAtMost("bytes of all definitions", total, MAX_BYTES, hint);
        Kept added = new Kept(firstFree(sets), bytes, now, now);
        sets.add(added);
        write(all);
        bySource = all;
        return named(source, added);
    }

    private static void requireAtMost(String what, long is, long most, String hint) throws IOException {
        if (is > most) {
            throw new DefinitionsTooLargeException(what + ": " + is + " (expected: <= " + most + ")" + hint);
        }
    }

    private static long size(List<Kept> sets) {
        return sets.stream().mapToLong(Kept::size).sum();
    }

    private static long names(Map<String, ? extends @Nullable Object> definitions) {
        return definitions.values().stream()
                .mapToLong(each -> each instanceof Map<?, ?> named ? named.size() : 0)
                .sum();
    }

    /** Go's maps come in another order each time. */
    private static byte[] bytes(Map<String, ? extends @Nullable Object> definitions) {
        BinaryWriter writer = new BinaryWriter();
        Map<String, @Nullable Object> sorted = new TreeMap<>();
        definitions.forEach((name, value) -> sorted.put(name, sorted(value)));
        writer.envelope(new EnvelopeBuilder().row(sorted).build());
        return Arrays.copyOf(writer.buffer(), writer.length());
    }

    private static @Nullable Object sorted(@Nullable Object value) {
        if (value instanceof Map<?, ?> map) {
            Map<String, @Nullable Object> sorted = new TreeMap<>();
            map.forEach((name, each) -> sorted.put((String) name, sorted(each)));
            return sorted;
        } else if (value instanceof List<?> list) {
            List<@Nullable Object> all = new ArrayList<>(list.size());
            list.forEach(each -> all.add(sorted(each)));
            return all;
        }
        return value;
    }

    private static Named named(String source, Kept kept) {
        try {
            MeasurementEnvelope set =
                    new BinaryReader().read(kept.bytes, 0, kept.size()).envelope();
            String name = kept.place == 0 ? source : source + " (" + (kept.place + 1) + ")";
            return new Named(name, set.get(0).columns());
        } catch (IOException e) {
            throw new IllegalStateException("definitions of " + source + " were stored and cannot be read", e);
        }
    }

    private void write(Map<String, List<Kept>> all) throws IOException {
        // what is in the file is written as a whole, so nothing can pass for a record of it
        int salt = path.hashCode();
        long number = 0;
        long at = FileHeader.BYTES;
        Path next = path.resolveSibling(path.getFileName() + ".new");
        disk.delete(next);
        EnvelopeBuilder builder = new EnvelopeBuilder();
        RecordWriter writer = new RecordWriter();
        try (DiskFile file = disk.create(next)) {
            file.writeFully(new FileHeader(salt, 0, 0, 0).toBytes(), 0);
            for (Map.Entry<String, List<Kept>> source : all.entrySet()) {
                for (Kept each : source.getValue()) {
                    builder.database(source.getKey()).receivedAt(each.inFile).beginRow();
                    builder.putBytes(builder.column(COLUMN), each.bytes, 0, each.size());
                    writer.clear();
                    writer.begin().envelope(builder.endRow().build());
                    int length = writer.end(salt, 1, number++, 0, 1);
                    file.writeFully(writer.bytes(), at);
                    at += length;
                }
            }
            file.sync();
        }
        disk.move(next, path);
        disk.syncDirectory(Objects.requireNonNull(path.getParent()));
    }

    /** All sets, those of a source in the order in which they were sent. */
    synchronized List<Named> all() {
        List<Named> all = new ArrayList<>();
        bySource.forEach((source, sets) -> sets.stream()
                .sorted(Comparator.comparingLong(each -> each.sentAt))
                .forEach(each -> all.add(named(source, each))));
        return all;
    }

    /** Bytes of all sets, which is what the file has, but for some bytes a set. */
    synchronized long bytes() {
        return bySource.values().stream().mapToLong(Definitions::size).sum();
    }
}
