package io.github.pgwatchrpc.measurement;

/**
 * Writes numbers as ASCII digits into an array, eight at a time. Each method returns the index after what it wrote; the
 * caller has made room for {@link #MAX_BYTES}, for what lies behind that index may be overwritten.
 */
final class Digits {

    /** The longest number is a double of the form {@code -0.0000012345678901234567}; the rest is for whole words. */
    static final int MAX_BYTES = 40;

    private static final long TEN_8 = 100_000_000;
    private static final long TEN_16 = TEN_8 * TEN_8;

    private static final long ZEROS = 0x3030_3030_3030_3030L;

    private static final long ZERO_POINT_ZEROS = 0x3030_3030_3030_2e30L;

    private Digits() {}

    static int signed(long value, byte[] out, int at) {
        if (value >= 0) {
            return unsigned(value, out, at);
        }
        out[at] = '-';
        // the smallest long is its own negative, and right when read without a sign
        return unsigned(-value, out, at + 1);
    }

    /** Writes an integer of 64 bits without a sign. */
    static int unsigned(long value, byte[] out, int at) {
        if (value < 0) {
            long high = Long.divideUnsigned(value, TEN_16);
            return sixteen(value - high * TEN_16, out, first(high, out, at));
        } else if (value < TEN_8) {
            return first(value, out, at);
        } else if (value < TEN_16) {
            long high = value / TEN_8;
            return eight(value - high * TEN_8, out, first(high, out, at));
        } else {
            long high = value / TEN_16;
            return sixteen(value - high * TEN_16, out, first(high, out, at));
        }
    }

    /**
     * Writes digits × 10<sup>exponent</sup> as Go's strconv does with the formats 'f' and 'e', the latter with an exponent
     * of as few digits as it needs, as in Go's encoding/json.
     *
     * @param digits 1 to 10<sup>17</sup>−1
     * @param scientific whether to write 'e'; true if the number is below 10<sup>−6</sup>
     */
    static int decimal(long digits, int exponent, boolean scientific, byte[] out, int at) {
        while (digits % 10 == 0) {
            digits /= 10;
            exponent++;
        }
        int end = unsigned(digits, out, at);
        if (scientific) {
            return scientific(end, exponent, out, at);
        }
        for (int i = 0; i < exponent; i++) {
            out[end++] = '0';
        }
        if (exponent >= 0) {
            return end;
        }
        int point = end + exponent;
        if (point > at) {
            insertPoint(out, point);
            return end + 1;
        }
        return end + prependZeros(out, at, at - point);
    }

    private static int scientific(int end, int exponent, byte[] out, int at) {
        int power = exponent + end - at - 1;
        if (end > at + 1) {
            insertPoint(out, at + 1);
            end++;
        }
        out[end] = 'e';
        out[end + 1] = (byte) (power < 0 ? '-' : '+');
        return unsigned(Math.abs(power), out, end + 2);
    }

    /** Makes room for a point: of at most 17 digits, at most 16 come after it, which is two words. */
    private static void insertPoint(byte[] out, int point) {
        long first = Words.get(out, point);
        long second = Words.get(out, point + 8);
        out[point] = '.';
        Words.set(out, point + 1, first);
        Words.set(out, point + 9, second);
    }

    /** Puts a zero, a point and up to five more zeros before at most 17 digits; returns how far these have moved. */
    private static int prependZeros(byte[] out, int at, int zeros) {
        long first = Words.get(out, at);
        long second = Words.get(out, at + 8);
        byte last = out[at + 16];
        int start = at + 2 + zeros;
        Words.set(out, at, ZERO_POINT_ZEROS);
        Words.set(out, start, first);
        Words.set(out, start + 8, second);
        out[start + 16] = last;
        return 2 + zeros;
    }

    /** Writes a number below 10<sup>8</sup> without leading zeros. */
    private static int first(long value, byte[] out, int at) {
        long digits = split(value);
        // the first digit is in the lowest byte; a zero keeps its last digit
        int leadingZeros = Long.numberOfTrailingZeros(digits | 1L << 56) >>> 3;
        Words.set(out, at, (digits | ZEROS) >>> (8 * leadingZeros));
        return at + 8 - leadingZeros;
    }

    /** Writes a number below 10<sup>8</sup> with leading zeros. */
    private static int eight(long value, byte[] out, int at) {
        Words.set(out, at, split(value) | ZEROS);
        return at + 8;
    }

    /** Writes a number below 10<sup>16</sup> with leading zeros. */
    private static int sixteen(long value, byte[] out, int at) {
        long high = value / TEN_8;
        return eight(value - high * TEN_8, out, eight(high, out, at));
    }

    /**
     * Splits a number below 10<sup>8</sup> into eight digits, the first in the lowest byte: into halves of four digits,
     * then both halves at once into pairs, then all pairs at once into digits. A division by 100 or 10 is a
     * multiplication and a shift that is exact for numbers so small.
     */
    private static long split(long value) {
        long high = value / 10_000;
        long fours = high | (value - high * 10_000) << 32;
        long hundreds = ((fours * 10_486) >>> 20) & 0x0000_007f_0000_007fL;
        long pairs = hundreds | (fours - hundreds * 100) << 16;
        long tens = ((pairs * 103) >>> 10) & 0x000f_000f_000f_000fL;
        return tens | (pairs - tens * 10) << 8;
    }
}
