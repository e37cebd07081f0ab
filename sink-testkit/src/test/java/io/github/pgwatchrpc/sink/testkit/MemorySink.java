package io.github.pgwatchrpc.sink.testkit;

import io.github.pgwatchrpc.measurement.Measurement;
import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Limits;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.SyncEvent;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/** See {@link MemorySinkProvider}. */
final class MemorySink implements Sink {

    private static final Duration TIMEOUT = Duration.ofMillis(200);

    private final MemoryBackend backend;
    private final Flaw flaw;
    private final String token;
    private final Limits limits;
    private Thread first;
    private boolean failed;
    private boolean closed;

    MemorySink(MemoryBackend backend, Flaw flaw, String token, Limits limits) {
        this.backend = backend;
        this.flaw = flaw;
        this.token = token;
        this.limits = limits;
    }

    @Override
    public Readiness open() throws IOException, InterruptedException {
        if (flaw == Flaw.OPENING_WRITES) {
            backend.put("open", new Arrived("db", "probe", 1, Map.of(), Map.of()));
        }
        if (flaw == Flaw.OPENING_LIES) {
            return Readiness.ready();
        }
        Outcome trouble = trouble();
        return trouble == null ? Readiness.ready() : (Readiness) trouble;
    }

    /** What stands in the way of anything; null if nothing does. */
    private Outcome trouble() throws IOException, InterruptedException {
        if (flaw == Flaw.NEVER_RECOVERS && failed) {
            return Outcome.retry("no connection");
        }
        if (backend.is(Fault.AWAY)) {
            failed = true;
            return switch (flaw) {
                case PAUSED_WHEN_AWAY, PLAIN_PAUSES -> new Outcome.Paused("no connection", "mend it");
                case PLAIN_MAKES_UP_A_TIME -> new Outcome.Retry(Duration.ofSeconds(1), "no connection");
                default -> throw new IOException("no connection");
            };
        } else if (backend.is(Fault.UNUSABLE)) {
            return flaw == Flaw.RETRIES_WHAT_MUST_BE_MENDED
                    ? Outcome.retry("no table")
                    : new Outcome.Paused("no table", "make one");
        } else if (backend.is(Fault.DENIED)) {
            return new Outcome.Paused(
                    flaw == Flaw.TELLS_THE_TOKEN ? "token " + token + " refused" : "token refused", "get another");
        } else if (backend.is(Fault.BUSY)) {
            return flaw == Flaw.IGNORES_RETRY_AFTER
                    ? Outcome.retry("busy")
                    : new Outcome.Retry(SinkCompatibilityTest.BUSY_FOR, "busy");
        } else if (backend.is(Fault.HANGING)) {
            return hang();
        }
        return null;
    }

    private Outcome hang() throws InterruptedException {
        long end = System.nanoTime() + TIMEOUT.toNanos();
        while (backend.is(Fault.HANGING)
                && (flaw == Flaw.NEVER_TIMES_OUT || flaw == Flaw.IGNORES_INTERRUPTION || System.nanoTime() < end)) {
            try {
                new CountDownLatch(1).await(10, java.util.concurrent.TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                if (flaw != Flaw.IGNORES_INTERRUPTION) {
                    throw e;
                }
            }
        }
        return Outcome.retry("no answer");
    }

    @Override
    public Outcome write(Batch batch) throws IOException, InterruptedException {
        if (flaw == Flaw.REFUSES_WHEN_INTERRUPTED && Thread.currentThread().isInterrupted()) {
            return new Outcome.Refused("interrupted");
        } else if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        if (flaw == Flaw.LEAVES_A_THREAD && first == null) {
            Thread thread = new Thread(MemorySink::forever);
            thread.setDaemon(false);
            thread.start();
        }
        synchronized (this) {
            first = first == null ? Thread.currentThread() : first;
        }
        if (backend.is(Fault.AWAY) && flaw == Flaw.WRITTEN_WHEN_AWAY) {
            return Outcome.written();
        } else if (backend.is(Fault.AWAY) && flaw == Flaw.PLAIN_WRITES_HALF) {
            store(batch.part(0, 1), List.of());
        } else if (backend.is(Fault.AWAY) && flaw == Flaw.PLAIN_WRITES_AND_FAILS) {
            store(batch, List.of());
        }
        Outcome trouble = trouble();
        if (trouble != null) {
            return trouble;
        }
        if (backend.is(Fault.TOO_LARGE) && batch.size() > SinkCompatibilityTest.FEW) {
            return flaw == Flaw.RETRIES_WHAT_IS_TOO_LARGE
                    ? Outcome.retry("too large")
                    : new Outcome.Refused("too large");
        } else if (backend.is(Fault.ANSWER_LOST)) {
            store(batch, List.of());
            return flaw == Flaw.WRITTEN_WITHOUT_ANSWER ? Outcome.written() : Outcome.retry("no answer");
        } else if (backend.is(Fault.PARTLY_BUSY)) {
            store(batch.part(0, batch.size() / 2), List.of());
            List<Integer> rest = new ArrayList<>();
            for (int row = batch.size() / 2; row < batch.size(); row++) {
                rest.add(row);
            }
            if (flaw == Flaw.DROPS_ROWS_THAT_WAIT) {
                rest.remove(0);
            }
            return Outcome.of(List.of(), rest, Duration.ZERO, "busy");
        } else if (flaw == Flaw.REFUSES_MANY_BYTES && batch.sizeInBytes() > limits.bytes() / 2) {
            return Outcome.retry("too many bytes");
        } else if (flaw == Flaw.SWALLOWS_LARGE_ROWS && batch.sizeInBytes() > limits.bytes()) {
            return Outcome.written();
        } else if (flaw == Flaw.KNOWS_ONE_THREAD && Thread.currentThread() != first) {
            return Outcome.written();
        }
        List<Outcome.RefusedRow> refused = new ArrayList<>();
        List<Integer> skipped = new ArrayList<>();
        for (int row = 0; row < batch.size(); row++) {
            boolean bad = batch.row(row).find(SinkCompatibilityTest.BAD_COLUMN) >= 0;
            if (bad && (backend.is(Fault.BAD_ROW) || flaw == Flaw.PLAIN_REFUSES_A_ROW)) {
                skipped.add(row);
                switch (flaw) {
                    case NAMES_WRONG_ROWS -> refused.add(new Outcome.RefusedRow(row == 0 ? 0 : row - 1, "bad"));
                    case NAMES_ROWS_THAT_ARE_NONE -> refused.add(new Outcome.RefusedRow(row + batch.size(), "bad"));
                    case DROPS_BAD_ROWS -> {}
                    default -> refused.add(new Outcome.RefusedRow(row, "bad"));
                }
            }
        }
        store(batch, skipped);
        return Outcome.of(refused, List.of(), Duration.ZERO, "");
    }

    private static void forever() {
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            // ends
        }
    }

    private void store(Batch batch, List<Integer> skipped) {
        Batch all = batch;
        if (flaw == Flaw.WRITES_WHOLE_ENVELOPES) {
            List<Batch.Slice> whole = batch.slices().stream()
                    .map(each -> new Batch.Slice(
                            each.envelope(), each.position(), 0, each.envelope().size()))
                    .toList();
            all = new Batch("kit", whole);
        }
        List<Integer> order = new ArrayList<>();
        for (int row = 0; row < all.size(); row++) {
            order.add(row);
        }
        if (flaw == Flaw.REVERSES) {
            Collections.reverse(order);
        } else if (flaw == Flaw.LOSES_EVERYTHING) {
            order.clear();
        } else if ((flaw == Flaw.LOSES_LAST_ROW && order.size() > 1)
                || (flaw == Flaw.LOSES_A_FULL_BATCH_S_END && order.size() == limits.rows())) {
            order.remove(order.size() - 1);
        }
        order.removeAll(skipped);
        for (int row : order) {
            Measurement measurement = all.row(row);
            if (flaw == Flaw.DROPS_EMPTY_ROWS && measurement.size() == 0) {
                continue;
            }
            Arrived arrived = changed(Arrived.of(measurement), measurement);
            backend.put(id(all, row, arrived), arrived);
        }
    }

    private String id(Batch batch, int row, Arrived arrived) {
        boolean once = flaw.isPlain() ? flaw == Flaw.PLAIN_KEEPS_ONE_COPY : flaw != Flaw.DOUBLES_WHAT_COMES_AGAIN;
        if (flaw == Flaw.KNOWS_ROWS_BY_CONTENT) {
            return arrived.canonical();
        }
        return once ? batch.id(row) : Long.toString(backend.serial.incrementAndGet());
    }

    private Arrived changed(Arrived row, Measurement measurement) {
        return switch (flaw) {
            case INTEGERS_AS_DOUBLES ->
                row.withValues(value -> value instanceof Long n ? (Object) n.doubleValue() : value);
            case TRUNCATES_FRACTIONS ->
                row.withValues(value -> value instanceof Double n ? (Object) n.longValue() : value);
            case CUTS_TEXT ->
                row.withValues(
                        value -> value instanceof String s && s.length() > 32_766 ? s.substring(0, 32_766) : value);
            case ASCII_ONLY ->
                new Arrived(
                        row.database().replaceAll("[^ -~]", "?"),
                        row.metric(),
                        row.timeNanos(),
                        row.tags(),
                        row.fields());
            case MILLISECONDS -> row.withTime(row.timeNanos() / 1_000_000 * 1_000_000);
            case FORGETS_CUSTOM_TAGS -> {
                Map<String, String> tags = new HashMap<>(row.tags());
                tags.keySet().removeAll(measurement.envelope().customTags().keySet());
                yield row.withTags(tags);
            }
            case DROPS_NULLS -> {
                Map<String, Object> fields = new HashMap<>(row.fields());
                fields.values().removeIf(value -> value == null);
                yield row.withFields(fields);
            }
            default -> row;
        };
    }

    @Override
    public void close() {
        if (flaw == Flaw.HANGS_ON_CLOSE) {
            forever();
        } else if (flaw == Flaw.FAILS_ON_SECOND_CLOSE && closed) {
            throw new IllegalStateException("closed");
        } else if (flaw == Flaw.SWALLOWS_INTERRUPTION) {
            Thread.interrupted();
        }
        closed = true;
    }

    @Override
    public Readiness provision() throws IOException, InterruptedException {
        if (flaw == Flaw.PLAIN_OTHER_MESSAGE) {
            throw new UnsupportedOperationException("no");
        }
        return flaw.isPlain() || flaw == Flaw.CANNOT_PROVISION ? Sink.super.provision() : Readiness.ready();
    }

    @Override
    public Readiness define(Map<String, Object> definitions) throws IOException, InterruptedException {
        return flaw.isPlain() || flaw == Flaw.CANNOT_DEFINE ? Sink.super.define(definitions) : Readiness.ready();
    }

    @Override
    public Readiness sync(SyncEvent event) throws IOException, InterruptedException {
        return flaw.isPlain() || flaw == Flaw.CANNOT_SYNC ? Sink.super.sync(event) : Readiness.ready();
    }

    @Override
    public String toString() {
        return flaw == Flaw.SHOWS_SECRET ? "MemorySink[" + token + "]" : "MemorySink";
    }
}
