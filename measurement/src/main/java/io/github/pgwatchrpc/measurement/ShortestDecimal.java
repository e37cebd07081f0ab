package io.github.pgwatchrpc.measurement;

import java.math.BigInteger;

/**
 * Finds the decimal with the fewest digits that reads back as the same floating-point number and, among those, the
 * nearest: {@link #digits} × 10<sup>{@link #exponent}</sup>. An instance is a place for these two results, to be used
 * again; not thread-safe.
 *
 * <p>The method is Schubfach, by Raffaello Giulietti ("The Schubfach way to render doubles", 2020): the numbers that
 * read back as v form an interval around it, and k is chosen so that at least one, and of the ten times coarser grid at
 * most one, multiple of 10<sup>k</sup> lies inside. So only four candidates are looked at. Their comparison needs v and the
 * interval's ends in units of 10<sup>k</sup>, to a precision that one 126-bit power of ten gives.
 */
final class ShortestDecimal {

    /** The significant digits, as an integer; it may end in zeros. */
    long digits;

    /** The power of ten by which the digits are to be multiplied. */
    int exponent;

    private static final int DOUBLE_FRACTION_BITS = 52;
    private static final int FLOAT_FRACTION_BITS = 23;

    /** The exponents of the smallest steps, 2<sup>−1074</sup> and 2<sup>−149</sup>. */
    private static final int DOUBLE_MIN_EXPONENT = -1074;

    private static final int FLOAT_MIN_EXPONENT = -149;

    /**
     * Finds the shortest decimal.
     *
     * @param value above zero and finite
     */
    void of(double value) {
        long bits = Double.doubleToRawLongBits(value);
        long fraction = bits & ((1L << DOUBLE_FRACTION_BITS) - 1);
        int exponentField = (int) (bits >>> DOUBLE_FRACTION_BITS);
        if (exponentField == 0) {
            search(fraction, DOUBLE_MIN_EXPONENT, false);
        } else {
            search(
                    fraction | 1L << DOUBLE_FRACTION_BITS,
                    DOUBLE_MIN_EXPONENT - 1 + exponentField,
                    fraction == 0 && exponentField > 1);
        }
    }

    /**
     * Finds the shortest decimal that reads back in single precision.
     *
     * @param value above zero and finite
     */
    void of(float value) {
        int bits = Float.floatToRawIntBits(value);
        int fraction = bits & ((1 << FLOAT_FRACTION_BITS) - 1);
        int exponentField = bits >>> FLOAT_FRACTION_BITS;
        if (exponentField == 0) {
            search(fraction, FLOAT_MIN_EXPONENT, false);
        } else {
            search(
                    fraction | 1 << FLOAT_FRACTION_BITS,
                    FLOAT_MIN_EXPONENT - 1 + exponentField,
                    fraction == 0 && exponentField > 1);
        }
    }

    /**
     * The value is c × 2<sup>q</sup>. Its neighbours are one step of 2<sup>q</sup> away, only half a step downwards from a
     * power of two, and the interval ends half way to them. Both ends belong to it if c is even, for that is how a tie
     * is read.
     */
    private void search(long c, int q, boolean nearerBelow) {
        int k = nearerBelow ? floorLog10OfThreeQuartersPow2(q) : floorLog10OfPow2(q);
        int shift = q + floorLog2OfPow10(-k) + 2;
        long high = PowersOfTen.HIGH[-k - PowersOfTen.MIN];
        long low = PowersOfTen.LOW[-k - PowersOfTen.MIN];
        // from here on everything is in quarters of 10^k
        long odd = c & 1;
        long lower = times(high, low, (4 * c - (nearerBelow ? 1 : 2)) << shift) + odd;
        long value = times(high, low, (4 * c) << shift);
        long upper = times(high, low, (4 * c + 2) << shift) - odd;

        long floor = value >>> 2;
        if (floor >= 10) {
            long coarse = floor / 10;
            boolean floorInside = lower <= 40 * coarse;
            boolean ceilingInside = 40 * coarse + 40 <= upper;
            if (floorInside != ceilingInside) {
                digits = ceilingInside ? coarse + 1 : coarse;
                exponent = k + 1;
                return;
            }
        }
        boolean floorInside = lower <= 4 * floor;
        boolean ceilingInside = 4 * floor + 4 <= upper;
        boolean up;
        if (floorInside != ceilingInside) {
            up = ceilingInside;
        } else {
            long beyondMiddle = value - (4 * floor + 2);
            up = beyondMiddle > 0 || (beyondMiddle == 0 && (floor & 1) != 0);
        }
        digits = up ? floor + 1 : floor;
        exponent = k;
    }

    /**
     * The product of a power of ten, high × 2<sup>63</sup> + low, and a factor, divided by 2<sup>127</sup> and rounded to
     * odd: the last bit is set if anything is cut off, so that comparing with a multiple of four stays right.
     */
    private static long times(long high, long low, long factor) {
        long middle = ((high * factor) >>> 1) + Math.multiplyHigh(low, factor);
        long top = Math.multiplyHigh(high, factor) + (middle >>> 63);
        return (middle & Long.MAX_VALUE) == 0 ? top : top | 1;
    }

    // The logarithms are fixed-point constants of so many bits that the floor is exact for every exponent in use.

    static int floorLog10OfPow2(int e) {
        return (e * 1_262_611) >> 22;
    }

    static int floorLog10OfThreeQuartersPow2(int e) {
        return (e * 1_262_611 - 524_031) >> 22;
    }

    static int floorLog2OfPow10(int e) {
        return (e * 1_741_647) >> 19;
    }

    /**
     * Powers of ten scaled to 126 bits and rounded up, as high × 2<sup>63</sup> + low. A class of its own, so that they are
     * computed (in a few milliseconds) when the first floating-point number is written.
     */
    private static final class PowersOfTen {
        /** The largest double needs 10<sup>−292</sup>, the smallest 10<sup>324</sup>. */
        static final int MIN = -292;

        static final int MAX = 324;
        static final int BITS = 126;

        static final long[] HIGH = new long[MAX - MIN + 1];
        static final long[] LOW = new long[MAX - MIN + 1];

        static {
            for (int e = MIN; e <= MAX; e++) {
                int shift = BITS - 1 - floorLog2OfPow10(e);
                BigInteger power = BigInteger.TEN.pow(Math.abs(e));
                BigInteger scaled;
                if (e < 0) {
                    scaled = BigInteger.ONE.shiftLeft(shift).divide(power);
                } else {
                    scaled = shift >= 0 ? power.shiftLeft(shift) : power.shiftRight(-shift);
                }
                scaled = scaled.add(BigInteger.ONE);
                HIGH[e - MIN] = scaled.shiftRight(63).longValue();
                LOW[e - MIN] = scaled.longValue() & Long.MAX_VALUE;
            }
        }
    }
}
