package io.github.pgwatchrpc.server;

import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Capability;
import io.github.pgwatchrpc.sink.Limits;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.SinkConfig;
import io.github.pgwatchrpc.sink.SinkOption;
import io.github.pgwatchrpc.sink.SinkProvider;
import io.github.pgwatchrpc.sink.SyncEvent;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A provider of a plug-in as the receiver sees it. Calls run with the plug-in's class loader as the thread's own, which
 * many libraries ask for what they load; a class that is missing is an exception with the plug-in's name instead of an
 * error that ends a thread. What describes the sink has been read once.
 */
final class PluginProvider implements SinkProvider {

    private final String plugin;
    private final SinkProvider provider;
    private final Set<String> schemes;
    private final String description;
    private final String syntax;
    private final List<SinkOption<?>> options;
    private final Limits limits;
    private final Set<Capability> capabilities;

    /**
     * Reads what the provider says of itself.
     *
     * @throws RuntimeException or a LinkageError, if it fails at that
     */
    PluginProvider(String plugin, SinkProvider provider) {
        this.plugin = plugin;
        this.provider = provider;
        this.schemes = Set.copyOf(provider.schemes());
        if (schemes.isEmpty()) {
            throw new IllegalStateException("schemes: none (expected: at least one)");
        }
        this.description = String.valueOf(provider.description());
        this.syntax = String.valueOf(provider.syntax());
        this.options = List.copyOf(provider.options());
        this.limits = provider.limits();
        this.capabilities = Set.copyOf(provider.capabilities());
    }

    String plugin() {
        return plugin;
    }

    @Override
    public Set<String> schemes() {
        return schemes;
    }

    @Override
    public String description() {
        return description;
    }

    @Override
    public String syntax() {
        return syntax;
    }

    @Override
    public List<SinkOption<?>> options() {
        return options;
    }

    @Override
    public boolean passesOn(String option) {
        return provider.passesOn(option);
    }

    @Override
    public Limits limits() {
        return limits;
    }

    @Override
    public Set<Capability> capabilities() {
        return capabilities;
    }

    @Override
    public Sink create(SinkConfig config) {
        ClassLoader before = enter();
        try {
            return new PluginSink(provider.create(config));
        } catch (LinkageError e) {
            throw missing(e);
        } finally {
            leave(before);
        }
    }

    /** From here on, the thread's class loader is the plug-in's. */
    private @Nullable ClassLoader enter() {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(provider.getClass().getClassLoader());
        return before;
    }

    @SuppressWarnings("NullAway") // the JDK takes a null there, for the system's class loader
    private static void leave(@Nullable ClassLoader before) {
        Thread.currentThread().setContextClassLoader(before);
    }

    private IllegalStateException missing(LinkageError e) {
        return new IllegalStateException(
                "plug-in " + plugin + ": " + e + " (expected: all classes it needs in its jars)", e);
    }

    /** What is asked of a plug-in's sink. */
    private interface Call<T> {
        T call() throws IOException, InterruptedException;
    }

    private <T> T inside(Call<T> call) throws IOException, InterruptedException {
        ClassLoader before = enter();
        try {
            return call.call();
        } catch (LinkageError e) {
            throw missing(e);
        } finally {
            leave(before);
        }
    }

    private final class PluginSink implements Sink {
        private final Sink sink;

        PluginSink(Sink sink) {
            this.sink = sink;
        }

        @Override
        public Readiness open() throws IOException, InterruptedException {
            return inside(sink::open);
        }

        @Override
        public Outcome write(Batch batch) throws IOException, InterruptedException {
            return inside(() -> sink.write(batch));
        }

        @Override
        public void close() {
            ClassLoader before = enter();
            try {
                sink.close();
            } catch (LinkageError e) {
                throw missing(e);
            } finally {
                leave(before);
            }
        }

        @Override
        public Readiness provision() throws IOException, InterruptedException {
            return inside(sink::provision);
        }

        @Override
        public List<String> plan() {
            ClassLoader before = enter();
            try {
                return sink.plan();
            } catch (LinkageError e) {
                throw missing(e);
            } finally {
                leave(before);
            }
        }

        @Override
        public Readiness define(Map<String, @Nullable Object> definitions) throws IOException, InterruptedException {
            return inside(() -> sink.define(definitions));
        }

        @Override
        public Readiness sync(SyncEvent event) throws IOException, InterruptedException {
            return inside(() -> sink.sync(event));
        }

        @Override
        public String toString() {
            return sink.toString();
        }
    }
}
