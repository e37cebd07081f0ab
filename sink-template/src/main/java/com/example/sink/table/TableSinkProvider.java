package com.example.sink.table;

import io.github.pgwatchrpc.sink.Capability;
import io.github.pgwatchrpc.sink.Limits;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.SinkConfig;
import io.github.pgwatchrpc.sink.SinkOption;
import io.github.pgwatchrpc.sink.SinkProvider;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * Describes the sink and builds it. The receiver finds this class by its name in {@code META-INF/services}; CHANGE it there
 * as well when you give the class another name.
 */
public final class TableSinkProvider implements SinkProvider {

    // CHANGE: one constant for each thing that can be configured. Each says its type, default and meaning, from which
    // 'pgwatch-rpc sinks NAME' makes its page. Passwords and tokens are .hidden(), so that nothing ever prints them.
    static final SinkOption<Boolean> FLUSH = SinkOption.flag(
                    "flush", "true: a write is answered when it is on the disk; false: when the system has it")
            .defaultsTo("true");

    /** For the service loader, which needs it public, without parameters, and quick. */
    public TableSinkProvider() {}

    // CHANGE: what a URI of your sink begins with. No other sink may have it.
    @Override
    public Set<String> schemes() {
        return Set.of("table");
    }

    // CHANGE: one line for the list of sinks.
    @Override
    public String description() {
        return "rows as a table in a text file";
    }

    // CHANGE: how a URI of your sink looks.
    @Override
    public String syntax() {
        return "table:PATH";
    }

    // CHANGE: list your options here, or nobody can give them.
    @Override
    public List<SinkOption<?>> options() {
        return List.of(FLUSH);
    }

    // CHANGE: what your service takes at once, from its documentation. With more than one write at a time, your sink
    // must be thread-safe.
    @Override
    public Limits limits() {
        return Limits.DEFAULT;
    }

    // CHANGE: what you promise. ORDERED: the target keeps the order of rows. IDEMPOTENT: a row that comes again with the
    // same id (Batch.id) leaves one copy. The kit tests what you list, and also that you do not do what you do not list.
    @Override
    public Set<Capability> capabilities() {
        return Set.of(Capability.ORDERED);
    }

    // CHANGE: read your configuration. Hand everything that is wrong to config, then let it fail once with all of it, so
    // that nobody has to start five times to find five mistakes. Connect to nothing yet.
    @Override
    public Sink create(SinkConfig config) {
        Path path = Path.of("");
        try {
            path = Path.of(config.target()).toAbsolutePath();
            if (config.target().isEmpty()) {
                config.targetProblem("empty", "the path of a file");
            }
        } catch (InvalidPathException e) {
            config.targetProblem("not a path: " + e.getReason(), "the path of a file");
        }
        config.check();
        return new TableSink(path, config.get(FLUSH));
    }
}
