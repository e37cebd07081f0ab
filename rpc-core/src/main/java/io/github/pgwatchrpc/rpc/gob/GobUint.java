package io.github.pgwatchrpc.rpc.gob;

import java.math.BigInteger;

/**
 * An unsigned integer. Gob tells signed from unsigned and sends 64 bits of either, which no number of Java's own does.
 *
 * @param bits the 64 bits; negative from 2^63 on
 */
public record GobUint(long bits) implements Comparable<GobUint> {

    /** Nothing. */
    public static final GobUint ZERO = new GobUint(0);

    /**
     * A number that a long can hold.
     *
     * @param value 0 and up
     * @return the number
     * @throws IllegalArgumentException if it is negative
     */
    public static GobUint of(long value) {
        if (value < 0) {
            throw new IllegalArgumentException("unsigned integer: " + value + " (expected: >= 0)");
        }
        return value == 0 ? ZERO : new GobUint(value);
    }

    /**
     * Reads a decimal number.
     *
     * @param text from {@code 0} to {@code 18446744073709551615}
     * @return the number
     * @throws NumberFormatException if it is none
     */
    public static GobUint parse(String text) {
        return new GobUint(Long.parseUnsignedLong(text));
    }

    /**
     * The number as a long.
     *
     * @return 0 and up
     * @throws ArithmeticException if it is 2^63 or more
     */
    public long toLong() {
        if (bits < 0) {
            throw new ArithmeticException("unsigned integer: " + this + " (expected: <= " + Long.MAX_VALUE + ")");
        }
        return bits;
    }

    /**
     * The number, however great.
     *
     * @return 0 and up
     */
    public BigInteger toBigInteger() {
        return bits >= 0 ? BigInteger.valueOf(bits) : new BigInteger(toString());
    }

    @Override
    public int compareTo(GobUint other) {
        return Long.compareUnsigned(bits, other.bits);
    }

    /** The number in decimal. */
    @Override
    public String toString() {
        return Long.toUnsignedString(bits);
    }
}
