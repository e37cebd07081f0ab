package io.github.pgwatchrpc.sink;

import java.util.List;
import java.util.Set;

/**
 * Describes a kind of sink and builds sinks of it. Found by {@link java.util.ServiceLoader}, so it has a public
 * constructor without arguments, which does nothing. The descriptions are what {@code pgwatch-rpc sinks NAME} prints.
 * Thread-safe.
 */
public interface SinkProvider {

    /**
     * The schemes of the URIs that name such a sink.
     *
     * @return at least one, in lower case
     */
    Set<String> schemes();

    /**
     * What the sink does.
     *
     * @return one line
     */
    String description();

    /**
     * What stands between the scheme and the options in a URI.
     *
     * @return for instance {@code jsonfile:PATH}
     */
    default String syntax() {
        return schemes().iterator().next() + ":";
    }

    /**
     * Everything that can be configured.
     *
     * @return the options, in the order in which they are to be listed
     */
    default List<SinkOption<?>> options() {
        return List.of();
    }

    /**
     * Whether an option in a URI is for the client library that the sink uses, which reads such URIs itself. It is left
     * as it stands in {@link SinkConfig#passedOn}; more than once is fine.
     *
     * @param option its name as it was given
     * @return false unless overridden
     */
    default boolean passesOn(String option) {
        return false;
    }

    /**
     * How much such a sink takes at once.
     *
     * @return the limits
     */
    default Limits limits() {
        return Limits.DEFAULT;
    }

    /**
     * What such a sink is able to do beyond writing rows.
     *
     * @return the capabilities
     */
    default Set<Capability> capabilities() {
        return Set.of();
    }

    /**
     * Builds a sink; it connects to nothing yet. Whatever is wrong is handed to {@link SinkConfig#problem}, and {@link
     * SinkConfig#check} then fails with all of it at once, so it is called when everything has been looked at.
     *
     * @param config the target and the options, already checked against {@link #options}
     * @return a sink
     * @throws SinkConfigException if anything is wrong
     */
    Sink create(SinkConfig config);
}
