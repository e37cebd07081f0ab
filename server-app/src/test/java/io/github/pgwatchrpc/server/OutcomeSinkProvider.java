package io.github.pgwatchrpc.server;

import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.SinkConfig;
import io.github.pgwatchrpc.sink.SinkProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/** Sinks that do what their URI says, such as {@code outcome:refused}, {@code outcome:open-paused}, {@code outcome:after:FILE}. */
public final class OutcomeSinkProvider implements SinkProvider {

    /** For the service loader. */
    public OutcomeSinkProvider() {}

    @Override
    public Set<String> schemes() {
        return Set.of("outcome");
    }

    @Override
    public String description() {
        return "for tests";
    }

    @Override
    public Sink create(SinkConfig config) {
        String wanted = config.target();
        config.check();
        return new Sink() {
            @Override
            public Readiness open() throws IOException {
                return switch (wanted) {
                    case "open-retry" -> Outcome.retry("not there yet");
                    case "open-paused" -> new Outcome.Paused("no permission", "give it some");
                    case "open-fails" -> throw new IOException("no route");
                    default -> Readiness.ready();
                };
            }

            @Override
            public Outcome write(Batch batch) throws InterruptedException {
                if (wanted.startsWith("after:")) {
                    while (!Files.exists(Path.of(wanted.substring("after:".length())))) {
                        Thread.sleep(5);
                    }
                    return Outcome.written();
                }
                return switch (wanted) {
                    case "retry" -> Outcome.retry("busy");
                    case "paused" -> new Outcome.Paused("no permission", "give it some");
                    case "refused" -> new Outcome.Refused("too old");
                    case "partly" ->
                        Outcome.of(List.of(new Outcome.RefusedRow(0, "too old")), List.of(), Duration.ZERO, "too old");
                    case "interrupted" -> throw new InterruptedException();
                    case "no-memory" -> throw new IllegalStateException("wrapped", new OutOfMemoryError("on purpose"));
                    case "broken" -> throw new IllegalStateException("a fault");
                    default -> Outcome.written();
                };
            }

            @Override
            public void close() {}
        };
    }
}
