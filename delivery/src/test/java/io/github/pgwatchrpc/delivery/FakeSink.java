package io.github.pgwatchrpc.delivery;

import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.SyncEvent;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;

/** Keeps the numbers and ids of the rows that it writes; answers as it is told. */
@NullMarked
public class FakeSink implements Sink {

    /** What to answer to a write. */
    public interface Answer {
        @Nullable
        Outcome to(Batch batch) throws IOException, InterruptedException;
    }

    public volatile Answer answer = batch -> Outcome.written();
    public volatile Readiness ready = Readiness.ready();
    public final CountDownLatch closed = new CountDownLatch(1);

    /** Everything that was written or told, in order: numbers of rows, events, names of definitions. */
    public final List<Object> log = new ArrayList<>();

    public final List<String> ids = new ArrayList<>();
    public int opens;

    @Override
    public synchronized Readiness open() {
        opens++;
        return ready;
    }

    @Override
    @SuppressWarnings("NullAway")
    public Outcome write(Batch batch) throws IOException, InterruptedException {
        Outcome outcome = answer.to(batch);
        if (outcome instanceof Outcome.Written || outcome instanceof Outcome.Partly) {
            synchronized (this) {
                for (int i = 0; i < batch.size(); i++) {
                    int row = i;
                    boolean written = !(outcome instanceof Outcome.Partly partly)
                            || (!partly.retry().contains(row)
                                    && partly.refused().stream().noneMatch(each -> each.row() == row));
                    if (written) {
                        log.add(Samples.number(batch.row(i)));
                        ids.add(batch.id(i));
                    }
                }
            }
        }
        return outcome;
    }

    @Override
    public synchronized Readiness define(Map<String, @Nullable Object> definitions) {
        log.add(definitions);
        return Readiness.ready();
    }

    @Override
    public synchronized Readiness sync(SyncEvent event) {
        log.add(event);
        return Readiness.ready();
    }

    @Override
    public void close() {
        closed.countDown();
    }

    public synchronized List<Object> log() {
        return List.copyOf(log);
    }

    public synchronized List<String> ids() {
        return List.copyOf(ids);
    }

    public synchronized int size() {
        return log.size();
    }
}
