package io.github.pgwatchrpc.sink.file;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.pgwatchrpc.measurement.EnvelopeBuilder;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.sink.Batch;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.NullMarked;

/** Batches of numbered rows, and what has become of them on disk. */
@NullMarked
final class Lines {

    private static final ObjectMapper JSON = new ObjectMapper();

    private Lines() {}

    /** Rows {@code from} to {@code to}-1, each with its number, in envelopes of one row. */
    static Batch batch(String database, int from, int to) {
        EnvelopeBuilder builder = new EnvelopeBuilder();
        List<MeasurementEnvelope> envelopes = new ArrayList<>();
        for (int n = from; n < to; n++) {
            builder.database(database).metric("m").beginRow();
            builder.put("n", (long) n).put("pad", "x".repeat(20)).endRow();
            envelopes.add(builder.build());
        }
        return Batch.of("test", envelopes);
    }

    /** The line of one such row. */
    static String line(String database, int n) {
        return "{\"custom_tags\":null,\"data\":[{\"n\":" + n + ",\"pad\":\"" + "x".repeat(20) + "\"}],\"dbname\":\""
                + database + "\",\"metric\":\"m\"}\n";
    }

    /** Lines of rows {@code from} to {@code to}-1. */
    static String lines(String database, int from, int to) {
        StringBuilder lines = new StringBuilder();
        for (int n = from; n < to; n++) {
            lines.append(line(database, n));
        }
        return lines.toString();
    }

    /** All lines of one file, compressed or not; fails if the last is torn. */
    static List<String> read(Path file) throws IOException {
        byte[] bytes;
        try (InputStream in = Files.newInputStream(file)) {
            bytes = file.toString().endsWith(".gz") ? new GZIPInputStream(in).readAllBytes() : in.readAllBytes();
        }
        if (bytes.length > 0 && bytes[bytes.length - 1] != '\n') {
            throw new AssertionError("torn line at the end of " + file);
        }
        return new String(bytes, StandardCharsets.UTF_8).lines().toList();
    }

    /** The files of a directory in the order of their names, which is that of their times; locks left out. */
    static List<Path> files(Path directory) throws IOException {
        try (Stream<Path> all = Files.list(directory)) {
            return all.filter(path -> !path.getFileName().toString().endsWith(".lock"))
                    .sorted()
                    .toList();
        }
    }

    /** The numbers of a database's rows in complete files and then the current one, in the order in which they stand. */
    static List<Integer> numbers(Path current, String database) throws IOException {
        List<Path> files = new ArrayList<>(files(Objects.requireNonNull(current.getParent())));
        files.remove(current);
        files.add(current);
        List<Integer> numbers = new ArrayList<>();
        for (Path file : files) {
            for (String line : read(file)) {
                JsonNode envelope = parse(line);
                if (envelope.get("dbname").textValue().equals(database)) {
                    envelope.get("data").forEach(row -> numbers.add(row.get("n").intValue()));
                }
            }
        }
        return numbers;
    }

    /** Fails, without listing thousands of numbers, unless they are {@code from} to {@code to}-1. */
    static void assertRange(int from, int to, List<Integer> numbers, String message) {
        for (int i = 0; i < Math.min(to - from, numbers.size()); i++) {
            assertEquals(from + i, numbers.get(i), message + ", row " + i);
        }
        assertEquals(to - from, numbers.size(), message + ", number of rows");
    }

    private static JsonNode parse(String line) {
        try {
            return JSON.readTree(line);
        } catch (IOException e) {
            throw new UncheckedIOException("not JSON: " + line, e);
        }
    }
}
