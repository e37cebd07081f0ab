package io.github.pgwatchrpc.delivery;

import io.github.pgwatchrpc.delivery.disk.Disk;
import io.github.pgwatchrpc.delivery.disk.DiskFile;
import io.github.pgwatchrpc.delivery.record.FileHeader;
import io.github.pgwatchrpc.delivery.record.RecordReader;
import io.github.pgwatchrpc.delivery.record.RecordWriter;
import io.github.pgwatchrpc.measurement.EnvelopeBuilder;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The latest definition of each metric of each source, in the file {@code definitions}: a file of records, one a source, each an
 * envelope of one row that has the source's name in place of the database's. A change writes a new file and puts it in
 * place of the old one. Thread-safe.
 */
final class Definitions {

    /** More sources than a fleet has; a peer who invents them must not fill the disk. */
    static final int MAX_SOURCES = 1_000;

    private static final Logger LOG = LoggerFactory.getLogger(Definitions.class);

    private final Disk disk;
    private final Path path;
    private final Map<String, MeasurementEnvelope> bySource = new LinkedHashMap<>();

    Definitions(Disk disk, Path path) throws IOException {
        this.disk = disk;
        this.path = path;
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
                MeasurementEnvelope envelope = records.content().envelope();
                bySource.put(envelope.database(), envelope);
            }
        }
    }

    /**
     * Stores the definitions of a source. What has a name, such as a metric, takes the place of what had it before; what the
     * source does not name any more stays, since rows of it may still be on their way, and since several pgwatches may be
     * one source.
     *
     * @return whether they are others than before
     */
    synchronized boolean put(String source, Map<String, ? extends @Nullable Object> definitions) throws IOException {
        MeasurementEnvelope old = bySource.get(source);
        MeasurementEnvelope envelope = new EnvelopeBuilder()
                .database(source)
                .row(old == null ? definitions : merged(old.get(0).columns(), definitions))
                .build();
        if (envelope.equals(old)) {
            return false;
        } else if (old == null && bySource.size() == MAX_SOURCES) {
            throw new IOException(
                    "sources of definitions: " + (MAX_SOURCES + 1) + " (expected: <= " + MAX_SOURCES + ")");
        }
        Map<String, MeasurementEnvelope> all = new LinkedHashMap<>(bySource);
        all.put(source, envelope);
        write(all);
        bySource.put(source, envelope);
        return true;
    }

    private static Map<String, @Nullable Object> merged(
            Map<String, @Nullable Object> old, Map<String, ? extends @Nullable Object> latest) {
        Map<String, @Nullable Object> merged = new LinkedHashMap<>(old);
        latest.forEach((kind, named) -> {
            if (named instanceof Map<?, ?> now && old.get(kind) instanceof Map<?, ?> before) {
                Map<Object, @Nullable Object> both = new LinkedHashMap<>(before);
                both.putAll(now);
                merged.put(kind, both);
            } else {
                merged.put(kind, named);
            }
        });
        return merged;
    }

    private void write(Map<String, MeasurementEnvelope> all) throws IOException {
        RecordWriter writer = new RecordWriter();
        // what is in the file is written as a whole, so nothing can pass for a record of it
        int salt = path.hashCode();
        long number = 0;
        for (MeasurementEnvelope each : all.values()) {
            writer.begin().envelope(each);
            writer.end(salt, 1, number++, 0, 1);
        }
        Path next = path.resolveSibling(path.getFileName() + ".new");
        disk.delete(next);
        try (DiskFile file = disk.create(next)) {
            file.writeFully(new FileHeader(salt, 0, 0, 0).toBytes(), 0);
            file.writeFully(writer.bytes(), FileHeader.BYTES);
            file.sync();
        }
        disk.move(next, path);
        disk.syncDirectory(Objects.requireNonNull(path.getParent()));
    }

    synchronized Map<String, Map<String, @Nullable Object>> all() {
        Map<String, Map<String, @Nullable Object>> all = new LinkedHashMap<>();
        bySource.forEach((source, envelope) -> all.put(source, envelope.get(0).columns()));
        return all;
    }
}
