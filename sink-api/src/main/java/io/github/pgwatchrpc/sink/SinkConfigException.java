package io.github.pgwatchrpc.sink;

import java.util.List;

/** Everything that is wrong with the configuration of a sink, at once; each problem names thing, value and bound. */
public final class SinkConfigException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final transient List<String> problems;

    /**
     * A configuration that cannot be used.
     *
     * @param problems what is wrong, at least one line
     */
    public SinkConfigException(List<String> problems) {
        super(String.join("\n", problems));
        this.problems = List.copyOf(problems);
    }

    /**
     * What is wrong.
     *
     * @return one line each
     */
    public List<String> problems() {
        return problems;
    }
}
