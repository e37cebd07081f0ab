package io.github.pgwatchrpc.sink;

import java.util.Locale;

/** What a sink may be able to do beyond writing rows, and what it may promise about them. */
public enum Capability {
    /** Writing a row again with the same {@link Batch#id id} leaves one copy of it. */
    IDEMPOTENT,
    /** The target keeps order, so rows of one database and metric are to come in order and never at the same time. */
    ORDERED,
    /** {@link Sink#provision} makes what is missing at the target. */
    PROVISION,
    /** {@link Sink#define} takes metric definitions. */
    DEFINITIONS,
    /** {@link Sink#sync} takes SyncMetric events. */
    SYNC;

    /**
     * What a call fails with that needs this capability of a sink that lacks it.
     *
     * @return the exception, to be thrown
     */
    public UnsupportedOperationException missing() {
        return new UnsupportedOperationException("capability " + name().toLowerCase(Locale.ROOT)
                + ": missing (expected: a sink that overrides the method, of a provider that lists the capability)");
    }
}
