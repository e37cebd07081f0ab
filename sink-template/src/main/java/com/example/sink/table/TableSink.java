package com.example.sink.table;

import io.github.pgwatchrpc.measurement.JsonWriter;
import io.github.pgwatchrpc.measurement.Measurement;
import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.Sink;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/**
 * Writes each row as a line: time, database, metric, tags, fields, separated by tabs. It neither tries again nor waits nor
 * counts: it says what happened, and the receiver does the rest. Not thread-safe, since its provider's limits allow one
 * write at a time.
 */
final class TableSink implements Sink {

    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern(
                    "uuuu-MM-dd'T'HH:mm:ss.SSSSSSSSS'Z'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    private static final int DATABASE_WIDTH = 20;
    private static final int METRIC_WIDTH = 24;

    private final Path path;
    private final boolean flush;
    private final JsonWriter json = new JsonWriter();

    TableSink(Path path, boolean flush) {
        this.path = path;
        this.flush = flush;
    }

    // CHANGE: connect, and look whether the target would take rows, without writing any.
    @Override
    public Readiness open() {
        try (FileChannel file = openFile()) {
            return file.isOpen() ? Readiness.ready() : Outcome.retry("file " + path + ": closed");
        } catch (FileSystemException e) {
            return paused(e);
        } catch (IOException e) {
            return Outcome.retry("file " + path + ": " + e.getMessage());
        }
    }

    // CHANGE: write the rows, and come back when they are safe or it is clear that they are not. The outcomes:
    //   Written  all rows are safe: only now may the receiver forget them
    //   Partly   some were refused for good (name them and why), some are to come again
    //   Retry    the target is away or busy: all rows come again, after the time that it asked for
    //   Paused   a person must mend something: say what is wrong and what to do
    //   Refused  the target will never take this batch: the receiver halves it until the bad rows are found
    // An IOException counts as Retry, so you need not catch what you know nothing about.
    @Override
    public Outcome write(Batch batch) throws IOException, InterruptedException {
        json.clear();
        for (Measurement row : batch.rows()) {
            append(row);
        }
        try (FileChannel file = openFile()) {
            long before = file.size();
            try {
                ByteBuffer bytes = ByteBuffer.wrap(json.buffer(), 0, json.length());
                while (bytes.hasRemaining()) {
                    file.write(bytes);
                }
                if (flush) {
                    file.force(false);
                }
            } catch (ClosedByInterruptException e) {
                Thread.interrupted();
                throw new InterruptedException("file " + path);
            } catch (IOException e) {
                file.truncate(before); // the rows come again, so nothing of them may stay
                throw e;
            }
            return Outcome.written();
        } catch (FileSystemException e) {
            return paused(e);
        }
    }

    // CHANGE: give back connections and threads. This sink has none: it opens the file anew for each batch.
    @Override
    public void close() {}

    // CHANGE: how a row looks at your target. Of a row there are timeNanos(), tags() and fields(); of its envelope,
    // database() and metric(). The JSON writer keeps every type exactly.
    private void append(Measurement row) {
        long nanos = row.timeNanos();
        Instant time = Instant.ofEpochSecond(
                Math.floorDiv(nanos, 1_000_000_000L), Math.floorMod(nanos, 1_000_000_000L));
        json.raw(TIME.format(time)).raw("\t");
        cell(row.envelope().database(), DATABASE_WIDTH);
        cell(row.envelope().metric(), METRIC_WIDTH);
        json.value(row.tags()).raw("\t").value(row.fields()).raw("\n");
    }

    /** Text in quotes, so that a tab or line break in it does no harm, filled up with spaces. */
    private void cell(String text, int width) {
        int begin = json.length();
        json.text(text);
        json.raw(" ".repeat(Math.max(0, width - (json.length() - begin)))).raw("\t");
    }

    private FileChannel openFile() throws IOException {
        return FileChannel.open(
                path, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
    }

    private Outcome.Paused paused(FileSystemException e) {
        String reason = e.getReason() == null ? e.getClass().getSimpleName() : e.getReason();
        return new Outcome.Paused(
                "file " + path + ": " + reason, "let this user make and write that file, or choose another path");
    }
}
