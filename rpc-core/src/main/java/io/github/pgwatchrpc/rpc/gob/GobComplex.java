package io.github.pgwatchrpc.rpc.gob;

/**
 * A complex number: Go's {@code complex64} and {@code complex128}, which look alike on the wire.
 *
 * @param real the real part
 * @param imaginary the imaginary part
 */
public record GobComplex(double real, double imaginary) {

    /** Nothing. */
    public static final GobComplex ZERO = new GobComplex(0, 0);
}
