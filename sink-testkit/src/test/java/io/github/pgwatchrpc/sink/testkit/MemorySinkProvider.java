package io.github.pgwatchrpc.sink.testkit;

import io.github.pgwatchrpc.sink.Capability;
import io.github.pgwatchrpc.sink.Limits;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.SinkConfig;
import io.github.pgwatchrpc.sink.SinkConfigException;
import io.github.pgwatchrpc.sink.SinkOption;
import io.github.pgwatchrpc.sink.SinkProvider;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/** A sink into memory that does everything right but the one thing it was told to do wrong. */
public class MemorySinkProvider implements SinkProvider {

    static final SinkOption<String> TOKEN =
            SinkOption.text("token", "what to log in with").hidden();
    static final SinkOption<Duration> TIMEOUT = SinkOption.duration(
                    "timeout", Duration.ofMillis(1), Duration.ofMinutes(1), "how long an answer may take")
            .defaultsTo("200ms");
    static final SinkOption<Integer> COUNT =
            SinkOption.integer("count", 1, 10, "nothing").defaultsTo("1");
    static final SinkOption<Boolean> FLAG = SinkOption.flag("flag", "nothing").defaultsTo("true");

    private final MemoryBackend backend;
    private final Flaw flaw;

    /** For the service loader. */
    public MemorySinkProvider() {
        this(new MemoryBackend(), Flaw.NONE);
    }

    MemorySinkProvider(MemoryBackend backend, Flaw flaw) {
        this.backend = backend;
        this.flaw = flaw;
    }

    static SinkProvider of(MemoryBackend backend, Flaw flaw) {
        return flaw == Flaw.NOT_REGISTERED
                ? new MemorySinkProvider(backend, flaw) {}
                : new MemorySinkProvider(backend, flaw);
    }

    @Override
    public Set<String> schemes() {
        return Set.of("memory");
    }

    @Override
    public String description() {
        return flaw == Flaw.WRONG_DESCRIPTION ? "two\nlines" : "rows in memory";
    }

    @Override
    public List<SinkOption<?>> options() {
        if (!flaw.isPlain()) {
            return List.of(COUNT, FLAG, TIMEOUT, TOKEN);
        }
        return flaw == Flaw.PLAIN_SECRET
                ? List.of(COUNT, TOKEN)
                : flaw == Flaw.PLAIN_TIMEOUT ? List.of(COUNT, TIMEOUT) : List.of(COUNT);
    }

    @Override
    public Limits limits() {
        return new Limits(50, 64 << 10, flaw.isPlain() ? 1 : 4);
    }

    @Override
    public Set<Capability> capabilities() {
        return flaw.isPlain() ? Set.of() : Set.of(Capability.values());
    }

    @Override
    public Sink create(SinkConfig config) {
        if (flaw == Flaw.TELLS_ONE_PROBLEM) {
            try {
                config.check();
            } catch (SinkConfigException e) {
                throw new SinkConfigException(e.problems().subList(0, 1));
            }
        }
        if (flaw == Flaw.FAILS_ON_ODD_TARGETS) {
            URI.create(config.target());
        }
        if (config.target().isEmpty()) {
            config.targetProblem("empty", "a name");
        }
        config.check();
        if (flaw == Flaw.CREATING_CONNECTS && backend.is(Fault.AWAY)) {
            throw new IllegalStateException("no connection");
        }
        if (flaw == Flaw.BEGINS_ANEW) {
            backend.clear();
        }
        String token = flaw.isPlain() ? "" : String.valueOf(config.find(TOKEN));
        return new MemorySink(backend, flaw, token, limits());
    }
}
