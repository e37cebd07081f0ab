package io.github.pgwatchrpc.delivery.worker;

import io.github.pgwatchrpc.sink.Capability;
import io.github.pgwatchrpc.sink.Limits;
import io.github.pgwatchrpc.sink.Sink;
import java.util.Set;

/**
 * A sink that is to be delivered to.
 *
 * @param name by which its cursor is known from run to run; two sinks never have the same
 * @param sink the sink, not opened yet; it is closed with the delivery
 * @param limits how much it takes at once
 * @param capabilities what it is able to do
 * @param start where it begins if it is new
 */
public record SinkTarget(String name, Sink sink, Limits limits, Set<Capability> capabilities, Start start) {

    /** Longest name, in characters. */
    public static final int MAX_NAME = 1_000;

    /** Where a sink begins that has no cursor yet. */
    public enum Start {
        /** With what is accepted from now on. */
        NOW,
        /** With the oldest record that the spool still has. */
        BEGINNING
    }

    /**
     * Checks the name.
     *
     * @param name by which its cursor is known
     * @param sink the sink
     * @param limits how much it takes at once
     * @param capabilities what it is able to do
     * @param start where it begins
     * @throws IllegalArgumentException if the name is empty or too long
     */
    public SinkTarget {
        if (name.isEmpty() || name.length() > MAX_NAME) {
            throw new IllegalArgumentException(
                    "characters of a sink's name: " + name.length() + " (expected: 1 to " + MAX_NAME + ")");
        }
        capabilities = Set.copyOf(capabilities);
    }
}
