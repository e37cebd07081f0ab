package io.github.pgwatchrpc.sink.pubsub;

import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.Sink;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/**
 * Publishes rows to a topic. The service keeps no copy apart from another, so a row that comes again is there twice; its id
 * is an attribute, for subscribers to tell. Thread-safe.
 */
final class PubSubSink implements Sink {

    private final PubSubSettings settings;
    private final Object lock = new Object();
    private final Queue<Messages> free = new ConcurrentLinkedQueue<>();
    private @Nullable Topic topic;

    PubSubSink(PubSubSettings settings) {
        this.settings = settings;
    }

    @Override
    public Readiness open() throws InterruptedException {
        // credentials may have been mended since the last time
        drop(topic(false));
        Topic opened;
        try {
            opened = connect();
        } catch (IOException e) {
            return Failure.credentials(e);
        }
        return opened.probe(settings.emulator() == null);
    }

    @Override
    public Outcome write(Batch batch) throws InterruptedException {
        Topic to;
        try {
            to = connect();
        } catch (IOException e) {
            return Failure.credentials(e);
        }
        Messages messages = free.poll();
        Publishing publishing =
                new Publishing(batch, to, messages == null ? new Messages(settings) : messages, settings);
        Outcome outcome = publishing.run();
        free.add(publishing.messages());
        if (publishing.lostConnection()) {
            // a channel that failed waits longer and longer before it connects again, as does whoever calls this
            drop(to);
        }
        return outcome;
    }

    // ---- what the target needs ----

    @Override
    public Readiness provision() throws InterruptedException {
        try {
            return connect().provision(schema());
        } catch (IOException e) {
            return Failure.credentials(e);
        }
    }

    @Override
    public List<String> plan() {
        List<String> plan = new ArrayList<>();
        String named = "";
        if (settings.schema() != null) {
            plan.add("gcloud pubsub schemas create " + settings.schema() + " --project=" + settings.project()
                    + " --type=avro --definition='" + schema() + "'");
            named = " --schema=" + settings.schema() + " --message-encoding=json";
        }
        plan.add("gcloud pubsub topics create " + settings.topic() + " --project=" + settings.project() + named);
        return plan;
    }

    /** The Avro schema of the messages. */
    private String schema() {
        try (InputStream in =
                PubSubSink.class.getResourceAsStream(settings.form().schemaFile())) {
            if (in == null) {
                throw new IllegalStateException(settings.form().schemaFile() + ": missing (expected: in this jar)");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // ---- the connection ----

    private Topic connect() throws IOException {
        synchronized (lock) {
            Topic there = topic;
            if (there == null) {
                there = Topic.connect(settings);
                topic = there;
            }
            return there;
        }
    }

    private @Nullable Topic topic(boolean last) {
        synchronized (lock) {
            Topic there = topic;
            if (last) {
                topic = null;
            }
            return there;
        }
    }

    /** Lets a connection go; what others still send on it goes through. */
    private void drop(@Nullable Topic old) {
        if (old != null) {
            synchronized (lock) {
                if (topic == old) {
                    topic = null;
                }
            }
            old.retire();
        }
    }

    @Override
    public void close() {
        Topic last = topic(true);
        if (last != null) {
            last.close();
        }
    }

    @Override
    public String toString() {
        return "PubSubSink[" + settings.topicPath() + "]";
    }
}
