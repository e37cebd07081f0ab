package io.github.pgwatchrpc.sink.relay;

import io.github.pgwatchrpc.log.PeerText;
import io.github.pgwatchrpc.log.Repeated;
import io.github.pgwatchrpc.rpc.pgwatch.SyncMetric;
import io.github.pgwatchrpc.rpc.tls.TlsException;
import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.SyncEvent;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends what it gets to another receiver. Thread-safe. */
final class RelaySink implements Sink {

    private static final Logger LOG = LoggerFactory.getLogger(RelaySink.class);

    private final Destination destination;
    private final Link.Opener opener;
    private final Repeated repeated = new Repeated();
    private final int calls;
    private volatile @Nullable Link link;

    RelaySink(Destination destination, Link.Opener opener, int calls) {
        this.destination = destination;
        this.opener = opener;
        this.calls = calls;
    }

    /** Reads the files anew: whatever was wrong with them may have been mended. */
    @Override
    public Readiness open() throws InterruptedException {
        close();
        Link fresh;
        try {
            fresh = opener.open(destination);
        } catch (TlsException e) {
            return new Outcome.Paused(String.valueOf(e.getMessage()), e.hint());
        } catch (IOException e) {
            return new Outcome.Paused(String.valueOf(e.getMessage()), "mend the file; it is read again");
        }
        link = fresh;
        Answer answer = await(fresh.ping());
        // whoever is told that a key is not good for a database, or the like, has a key that is good
        boolean refused = answer instanceof Answer.Mend mend && !mend.everything();
        return refused || answer instanceof Answer.Never ? Readiness.ready() : readiness(answer, "ping");
    }

    @Override
    public Outcome write(Batch batch) throws InterruptedException {
        Link is = link;
        return is == null ? Outcome.retry("not connected to " + destination) : new Forwarding(is, batch, calls).run();
    }

    @Override
    public Readiness sync(SyncEvent event) throws InterruptedException {
        SyncMetric.Operation operation = switch (event.kind()) {
            case ADDED -> SyncMetric.Operation.ADD;
            case REMOVED -> SyncMetric.Operation.DELETE;
        };
        return call("SyncMetric", to -> to.sync(new SyncMetric(event.database(), event.metric(), operation)));
    }

    @Override
    public Readiness define(Map<String, @Nullable Object> definitions) throws InterruptedException {
        return call("DefineMetrics", to -> to.define(definitions));
    }

    @FunctionalInterface
    private interface Call {
        CompletableFuture<String> on(Link link);
    }

    private Readiness call(String name, Call call) throws InterruptedException {
        Link is = link;
        return is == null ? Outcome.retry("not connected to " + destination) : readiness(await(call.on(is)), name);
    }

    private Readiness readiness(Answer answer, String call) {
        if (answer instanceof Answer.Later later) {
            return Outcome.retry(later.why());
        } else if (answer instanceof Answer.Mend mend) {
            return new Outcome.Paused(mend.why(), mend.mend());
        } else if (answer instanceof Answer.Never never) {
            // there is no outcome for it, and no row in it
            refused(call, never.why());
        } else if (answer instanceof Answer.TooLarge large) {
            refused(call, large.why());
        }
        return Readiness.ready();
    }

    private void refused(String call, String why) {
        String line = PeerText.printable(why);
        repeated.tell(call, "", more -> LOG.warn("{} refused by {} for good: {}{}", call, destination, line, more));
    }

    private static Answer await(CompletableFuture<String> call) throws InterruptedException {
        try {
            call.get();
            return new Answer.Stored();
        } catch (ExecutionException e) {
            return Answer.of(e);
        }
    }

    @Override
    public void close() {
        Link is = link;
        link = null;
        if (is != null) {
            is.close();
        }
    }

    /** Without the key. */
    @Override
    public String toString() {
        return "RelaySink[" + destination + "]";
    }
}
