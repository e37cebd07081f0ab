package io.github.pgwatchrpc.sink.mongo;

import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoDatabase;
import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.Sink;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Writes rows into collections of one database. The client looks for its servers by itself, in threads of its own. */
final class MongoSink implements Sink {

    private final DriverUri uri;
    private final Layout layout;
    private final Catalog catalog;
    private final Calls calls = new Calls();

    private @Nullable MongoClient client;
    private boolean closed;

    MongoSink(DriverUri uri, Layout layout) {
        this.uri = uri;
        this.layout = layout;
        this.catalog = new Catalog(layout);
    }

    @Override
    public Readiness open() throws InterruptedException {
        return look(client -> {
            Readiness ready = new Probe(layout).look(client);
            if (!(ready instanceof Readiness.Ready)) {
                return ready;
            }
            // which collections metrics will need is not known yet
            Set<String> names = layout.isOneForAll() ? Set.of(layout.collection()) : Set.of();
            MongoDatabase database = client.getDatabase(layout.database());
            catalog.check(database, names);
            if (!layout.create()) {
                catalog.ensure(database, names, false);
            }
            return ready;
        });
    }

    @Override
    public Readiness provision() throws InterruptedException {
        return look(client -> {
            if (layout.isOneForAll()) {
                catalog.ensure(client.getDatabase(layout.database()), Set.of(layout.collection()), true);
            }
            return Readiness.ready();
        });
    }

    @Override
    public List<String> plan() {
        return List.of(Catalog.plan(layout));
    }

    @Override
    public Outcome write(Batch batch) throws InterruptedException {
        MongoClient target;
        try {
            target = client();
        } catch (RuntimeException e) {
            return Failures.outcome(e);
        }
        Writing writing = new Writing(layout, catalog, target.getDatabase(layout.database()), batch);
        return calls.call(writing::run);
    }

    @Override
    public void close() {
        MongoClient last;
        synchronized (this) {
            closed = true;
            last = client;
            client = null;
        }
        calls.end(last == null ? () -> {} : last::close);
    }

    private Readiness look(Function<MongoClient, Readiness> question) throws InterruptedException {
        Outcome failure;
        try {
            return calls.call(() -> question.apply(client()));
        } catch (Catalog.MendException e) {
            return e.paused();
        } catch (RuntimeException e) {
            failure = Failures.outcome(e);
        }
        if (failure instanceof Readiness answer) {
            return answer;
        } else if (failure instanceof Outcome.Refused no) {
            return new Outcome.Paused(no.why(), "give the sink names that the server takes");
        }
        throw new IllegalStateException(failure.toString());
    }

    private synchronized MongoClient client() {
        if (closed) {
            throw new IllegalStateException("sink: closed (expected: open)");
        }
        MongoClient made = client;
        if (made == null) {
            made = MongoClients.create(uri.settings());
            client = made;
        }
        return made;
    }

    /** Names hosts and database, which are no secret. */
    @Override
    public String toString() {
        return "MongoSink[" + uri + "/" + layout.database() + "]";
    }
}
