package io.github.pgwatchrpc.rpc.gob;

import java.util.Objects;

/**
 * What encoders and decoders are told beforehand. Immutable; {@link #DEFAULT} is meant to be changed bit by bit.
 *
 * @param limits what to refuse
 * @param names of the types inside interfaces
 * @param unwrapInterfaces whether a generic value shows what an interface holds, instead of a {@link GobInterface}
 */
public record GobConfig(GobLimits limits, GobNames names, boolean unwrapInterfaces) {

    /** The default limits, the basic names, and interfaces shown as such. */
    public static final GobConfig DEFAULT = new GobConfig(GobLimits.DEFAULT, GobNames.BASIC, false);

    /**
     * Nothing may be null.
     *
     * @param limits what to refuse
     * @param names of the types inside interfaces
     * @param unwrapInterfaces whether a generic value shows what an interface holds, instead of a {@link GobInterface}
     */
    public GobConfig {
        Objects.requireNonNull(limits, "limits");
        Objects.requireNonNull(names, "names");
    }

    /**
     * The same with other limits.
     *
     * @param other what to refuse
     * @return new configuration
     */
    public GobConfig withLimits(GobLimits other) {
        return new GobConfig(other, names, unwrapInterfaces);
    }

    /**
     * The same with other names.
     *
     * @param other names of the types inside interfaces
     * @return new configuration
     */
    public GobConfig withNames(GobNames other) {
        return new GobConfig(limits, other, unwrapInterfaces);
    }

    /**
     * The same, but generic values show what an interface holds. That is handier to use, and loses the names: an
     * {@code int16} cannot be told from an {@code int64} any more.
     *
     * @return new configuration
     */
    public GobConfig unwrapped() {
        return new GobConfig(limits, names, true);
    }
}
