package io.github.pgwatchrpc.server;

import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.SinkConfig;
import io.github.pgwatchrpc.sink.SinkConfigException;
import io.github.pgwatchrpc.sink.SinkProvider;
import io.github.pgwatchrpc.sink.Sinks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Stores by writing to the sinks themselves, one after the other: a call is answered when all of them have its rows. */
final class SinkStore implements Store {

    private record Named(String name, Sink sink) {}

    private final List<Named> sinks;
    private long position;
    private volatile boolean healthy = true;

    private SinkStore(List<Named> sinks) {
        this.sinks = sinks;
    }

    /**
     * Opens the sinks.
     *
     * @param providers the kinds of sinks there are
     * @param uris where to; none: the file that is the default
     * @throws ConfigException if one of them is wrong or not ready; then none is open
     */
    static SinkStore open(Sinks providers, List<String> uris, Path data, Durability durability) throws ConfigException {
        SinkStore store = new SinkStore(new ArrayList<>());
        try {
            for (String uri : wanted(uris, data)) {
                Sink sink = providers.create(uri, defaults(providers, uri, durability));
                store.sinks.add(new Named(shown(uri), sink));
                requireReady(uri, sink.open());
            }
            return store;
        } catch (SinkConfigException e) {
            store.close();
            throw new ConfigException(
                    "--sink: " + String.join("; ", e.problems()),
                    "for example --sink jsonfile:/var/lib/pgwatch/m.jsonl",
                    e);
        } catch (IOException e) {
            store.close();
            throw new ConfigException("--sink: " + e.getMessage(), "check that it can be reached and written", e);
        } catch (InterruptedException e) {
            store.close();
            Thread.currentThread().interrupt();
            throw new ConfigException("--sink: interrupted while opening", "start again", e);
        } catch (ConfigException e) {
            store.close();
            throw e;
        }
    }

    /** The sinks to open: those that were given, or the file that is the default. */
    static List<String> wanted(List<String> uris, Path data) {
        return uris.isEmpty()
                ? List.of("jsonfile:"
                        + SinkConfig.encode(data.resolve("measurements.jsonl").toString()))
                : List.copyOf(uris);
    }

    /** A URI as it may be printed: options can be secrets. */
    static String shown(String uri) {
        int question = uri.indexOf('?');
        return question < 0 ? uri : uri.substring(0, question);
    }

    /** What the receiver promises when it answers decides how a sink syncs, unless its URI says something else. */
    private static Map<String, String> defaults(Sinks providers, String uri, Durability durability) {
        SinkProvider provider = providers.provider(uri);
        boolean syncs =
                provider.options().stream().anyMatch(option -> option.name().equals("fsync"));
        boolean said = uri.contains("?fsync=") || uri.contains("&fsync=");
        return syncs && !said ? Map.of("fsync", durability == Durability.FSYNC ? "always" : "never") : Map.of();
    }

    private static void requireReady(String uri, Readiness readiness) throws ConfigException {
        if (readiness instanceof Outcome.Paused paused) {
            throw new ConfigException("--sink: " + shown(uri) + ": " + paused.why(), paused.mend());
        } else if (readiness instanceof Outcome.Retry retry) {
            throw new ConfigException("--sink: " + shown(uri) + ": " + retry.why(), "is it there? Then start again");
        }
    }

    List<String> names() {
        return sinks.stream().map(Named::name).toList();
    }

    @Override
    public void write(List<MeasurementEnvelope> envelopes) throws IOException {
        List<Batch.Slice> slices = new ArrayList<>(envelopes.size());
        for (MeasurementEnvelope envelope : envelopes) {
            slices.add(new Batch.Slice(envelope, position++, 0, envelope.size()));
        }
        Batch batch = new Batch("receiver", slices);
        try {
            for (Named each : sinks) {
                write(each, batch);
            }
            healthy = true;
        } catch (IOException | RuntimeException e) {
            healthy = false;
            throw e;
        }
    }

    private static void write(Named target, Batch batch) throws IOException {
        Outcome outcome;
        try {
            outcome = target.sink().write(batch);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(target.name() + ": interrupted", e);
        }
        if (outcome instanceof Outcome.Written) {
            return;
        }
        String why;
        if (outcome instanceof Outcome.Retry retry) {
            why = retry.why();
        } else if (outcome instanceof Outcome.Paused paused) {
            why = paused.why() + " (" + paused.mend() + ")";
        } else if (outcome instanceof Outcome.Refused refused) {
            why = refused.why();
        } else if (outcome instanceof Outcome.Partly partly) {
            why = partly.refused().size() + " rows refused, " + partly.retry().size() + " not written: " + partly.why();
        } else {
            throw new AssertionError(outcome);
        }
        throw new IOException(target.name() + ": " + why);
    }

    @Override
    public boolean isHealthy() {
        return healthy;
    }

    @Override
    public void close() {
        for (Named each : sinks) {
            each.sink().close();
        }
    }
}
