package io.github.pgwatchrpc.sink.azure;

import io.github.pgwatchrpc.measurement.JsonWriter;
import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Outcome.RefusedRow;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * Writes a batch in chunks: requests that are as full as they may be, one after the other. A chunk that is refused is halved
 * until it passes or a single row is left; when the service is busy or wants something mended, what has not been written yet
 * is to come again. Meant to be kept and used again; not thread-safe.
 */
final class ChunkWriter {

    /**
     * Bytes of JSON in a request, compressed or not: below the <a
     * href="https://learn.microsoft.com/azure/azure-monitor/fundamentals/service-limits#logs-ingestion-api">1 MB</a> that the
     * service takes, 1,048,576 as its own answers say.
     */
    static final int MAX_BYTES = 1_000 << 10;

    private static final byte[] COMMA = {','};
    private static final int BRACKETS = 2;

    /** What sends a request. */
    @FunctionalInterface
    interface Upload {
        /**
         * Sends rows.
         *
         * @param body a JSON array, compressed with gzip
         * @return any outcome but {@link Outcome.Partly}: the service takes a request whole or not at all
         * @throws InterruptedException if the thread was interrupted
         */
        Outcome send(byte[] body) throws InterruptedException;
    }

    private final int chunkBytes;
    private final JsonWriter json = new JsonWriter();
    private final RowJson rows;
    private final Body body = new Body();

    // the chunk: rows, and where they begin and end in the buffer
    private int[] numbers = new int[1024];
    private int[] begins = new int[1024];
    private int[] ends = new int[1024];
    private int count;

    // what came of the batch so far
    private final List<RefusedRow> refused = new ArrayList<>();
    private final List<Integer> rest = new ArrayList<>();
    private @Nullable Outcome stopped;
    private boolean written;

    /**
     * A writer.
     *
     * @param columns what gets a column of its own
     * @param chunkBytes how many bytes of JSON a chunk has at most, unless a single row is longer
     */
    ChunkWriter(Columns columns, int chunkBytes) {
        this.chunkBytes = chunkBytes;
        rows = new RowJson(json, columns);
    }

    /**
     * Writes a batch.
     *
     * @param batch the rows
     * @param upload sends each chunk
     * @return what came of it
     * @throws InterruptedException if the thread was interrupted
     */
    Outcome write(Batch batch, Upload upload) throws InterruptedException {
        json.clear();
        count = 0;
        refused.clear();
        rest.clear();
        stopped = null;
        written = false;
        int number = 0;
        for (Batch.Slice slice : batch.slices()) {
            rows.begin(batch.origin(), slice);
            for (int at = slice.from(); at < slice.to(); at++) {
                if (stopped == null) {
                    add(slice, at, number, upload);
                } else {
                    rest.add(number);
                }
                number++;
            }
        }
        send(upload);
        return outcome();
    }

    private Outcome outcome() {
        Outcome why = stopped;
        if (why == null) {
            return Outcome.of(refused, List.of(), Duration.ZERO, "");
        } else if (!written && refused.isEmpty()) {
            return why;
        } else if (why instanceof Outcome.Retry retry) {
            return Outcome.of(refused, rest, retry.after(), retry.why());
        } else if (why instanceof Outcome.Paused paused) {
            return Outcome.of(refused, rest, Duration.ZERO, paused.why());
        }
        throw new AssertionError(why);
    }

    private void add(Batch.Slice slice, int at, int number, Upload upload) throws InterruptedException {
        int before = json.length();
        if (count > 0) {
            json.raw(COMMA);
        }
        int begin = json.length();
        String problem = rows.write(slice.envelope().get(at), (long) slice.offset() + at);
        int length = json.length() - begin;
        if (problem == null && length + BRACKETS > MAX_BYTES) {
            problem = "row: " + length + " bytes of JSON (expected: <= " + (MAX_BYTES - BRACKETS) + ")";
        }
        if (problem != null) {
            refused.add(new RefusedRow(number, problem));
            json.truncate(before);
            return;
        }
        if (count > 0 && json.length() + BRACKETS > chunkBytes) {
            byte[] row = Arrays.copyOfRange(json.buffer(), begin, begin + length);
            json.truncate(before);
            send(upload);
            if (stopped != null) {
                rest.add(number);
                return;
            }
            begin = 0;
            json.raw(row);
        }
        if (count == numbers.length) {
            numbers = Arrays.copyOf(numbers, 2 * count);
            begins = Arrays.copyOf(begins, 2 * count);
            ends = Arrays.copyOf(ends, 2 * count);
        }
        numbers[count] = number;
        begins[count] = begin;
        ends[count] = json.length();
        count++;
    }

    /** Sends what there is of a chunk and begins another. */
    private void send(Upload upload) throws InterruptedException {
        if (count > 0) {
            send(0, count, upload);
        }
        count = 0;
        json.clear();
    }

    private void send(int from, int to, Upload upload) throws InterruptedException {
        if (stopped != null) {
            comeAgain(from, to);
            return;
        }
        Outcome outcome = upload.send(body.of(json.buffer(), begins[from], ends[to - 1]));
        if (outcome instanceof Outcome.Written) {
            written = true;
        } else if (!(outcome instanceof Outcome.Refused no)) {
            stopped = outcome;
            comeAgain(from, to);
        } else if (to - from == 1) {
            refused.add(new RefusedRow(numbers[from], no.why()));
        } else {
            int middle = (from + to) >>> 1;
            send(from, middle, upload);
            send(middle, to, upload);
        }
    }

    private void comeAgain(int from, int to) {
        for (int i = from; i < to; i++) {
            rest.add(numbers[i]);
        }
    }

    /** A JSON array, compressed: little effort gets most of what there is to get, since rows repeat their names. */
    static final class Body {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        byte[] of(byte[] rows, int from, int to) {
            bytes.reset();
            try (GZIPOutputStream gzip = new GZIPOutputStream(bytes, 16 << 10) {
                {
                    def.setLevel(Deflater.BEST_SPEED);
                }
            }) {
                gzip.write('[');
                gzip.write(rows, from, to - from);
                gzip.write(']');
            } catch (IOException e) {
                throw new UncheckedIOException(e); // there is only memory
            }
            return bytes.toByteArray();
        }
    }
}
