package io.github.pgwatchrpc.measurement;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.SplittableRandom;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

@NullMarked
class ShortestDecimalTest {

    private static final long SEED = 20261122;

    private final ShortestDecimal decimal = new ShortestDecimal();

    @Test
    void logarithmsAreExact() {
        BigInteger three = BigInteger.valueOf(3);
        for (int e = -1074; e <= 971; e++) {
            assertEquals(floorLog10(pow2(e)), ShortestDecimal.floorLog10OfPow2(e), "2^" + e);
            assertEquals(
                    floorLog10(pow2(e - 2).multiply(new BigDecimal(three))),
                    ShortestDecimal.floorLog10OfThreeQuartersPow2(e),
                    "3/4 * 2^" + e);
        }
        for (int e = -292; e <= 324; e++) {
            int expected = e >= 0
                    ? BigInteger.TEN.pow(e).bitLength() - 1
                    // 10^e is above 2^-n when 10^-e is below 2^n, and never equal to it
                    : -BigInteger.TEN.pow(-e).bitLength();
            assertEquals(expected, ShortestDecimal.floorLog2OfPow10(e), "10^" + e);
        }
    }

    private static BigDecimal pow2(int e) {
        return e >= 0
                ? new BigDecimal(BigInteger.ONE.shiftLeft(e))
                : BigDecimal.ONE.divide(new BigDecimal(BigInteger.ONE.shiftLeft(-e)));
    }

    private static int floorLog10(BigDecimal value) {
        return value.precision() - value.scale() - 1;
    }

    @Test
    void knownHardNumbers() {
        assertDecimal(5, -324, Double.MIN_VALUE);
        assertDecimal(1, -323, 2 * Double.MIN_VALUE);
        assertDecimal(15, -324, 3 * Double.MIN_VALUE);
        assertDecimal(2, 23, Double.parseDouble("2e23"));
        assertDecimal(9007199254740991L, 0, 9007199254740991.0);
        assertDecimal(22250738585072014L, -324, Double.MIN_NORMAL);
        assertDecimal(2225073858507201L, -323, Math.nextDown(Double.MIN_NORMAL));
        assertDecimal(17976931348623157L, 292, Double.MAX_VALUE);
        assertDecimal(1, 23, Double.parseDouble("1e23"));
        assertDecimal(9409340012568248L, 3, 9.409340012568248E18);
    }

    private void assertDecimal(long digits, int exponent, double value) {
        decimal.of(value);
        assertEquals(
                new BigDecimal(BigInteger.valueOf(digits), -exponent).stripTrailingZeros(),
                new BigDecimal(BigInteger.valueOf(decimal.digits), -decimal.exponent).stripTrailingZeros());
    }

    @Test
    void powersOfTwoAndTenAndTheirNeighbours() {
        for (int e = -1074; e <= 1023; e++) {
            checkAround(Math.scalb(1.0, e));
        }
        for (int e = -323; e <= 308; e++) {
            checkAround(Double.parseDouble("1e" + e));
        }
    }

    private void checkAround(double value) {
        check(value, true);
        check(Math.nextUp(value), true);
        if (value > Double.MIN_VALUE) {
            check(Math.nextDown(value), true);
        }
    }

    @Test
    void powersOfTwoAndTenAndTheirNeighboursInSinglePrecision() {
        for (int e = -149; e <= 127; e++) {
            checkAround(Math.scalb(1.0f, e));
        }
        for (int e = -45; e <= 38; e++) {
            checkAround(Float.parseFloat("1e" + e));
        }
    }

    private void checkAround(float value) {
        check(value, true);
        check(Math.nextUp(value), true);
        if (value > Float.MIN_VALUE) {
            check(Math.nextDown(value), true);
        }
    }

    @Test
    void subnormals() {
        SplittableRandom random = new SplittableRandom(SEED);
        for (int i = 1; i <= 2000; i++) {
            check(i * Double.MIN_VALUE, true);
            check(i * Float.MIN_VALUE, true);
            check(Double.longBitsToDouble(1 + random.nextLong((1L << 52) - 1)), i % 10 == 0);
            check(Float.intBitsToFloat(1 + random.nextInt((1 << 23) - 1)), true);
        }
    }

    @Test
    void numbersOfAllSizes() {
        SplittableRandom random = new SplittableRandom(SEED);
        for (int i = 0; i < 500_000; i++) {
            check(Double.longBitsToDouble(random.nextLong(1, Double.doubleToRawLongBits(Double.MAX_VALUE) + 1)), false);
        }
        for (int i = 0; i < 100_000; i++) {
            // of the size that measurements have, many with few digits
            double value = random.nextDouble() * 1e6;
            check(value, i % 10 == 0);
            check(Math.max(1, Math.rint(value * 1000)) / 1000, i % 10 == 0);
        }
    }

    @Test
    void numbersOfSinglePrecision() {
        SplittableRandom random = new SplittableRandom(SEED);
        for (int i = 0; i < 300_000; i++) {
            check(Float.intBitsToFloat(1 + random.nextInt(Float.floatToRawIntBits(Float.MAX_VALUE))), i % 20 == 0);
        }
    }

    /** Reads back as the same; nothing shorter does; and, if asked for (it is slow), nothing as short is nearer. */
    private void check(double value, boolean nearest) {
        decimal.of(value);
        long digits = decimal.digits;
        int exponent = decimal.exponent;
        while (digits % 10 == 0) {
            digits /= 10;
            exponent++;
        }
        assertEquals(value, parse(digits, exponent), message(value));
        if (digits >= 10) {
            assertTrue(parse(digits / 10, exponent + 1) != value, message(value));
            assertTrue(parse(digits / 10 + 1, exponent + 1) != value, message(value));
        }
        if (nearest) {
            BigDecimal exact = new BigDecimal(value);
            BigDecimal distance = exact.subtract(new BigDecimal(BigInteger.valueOf(digits), -exponent))
                    .abs();
            for (long other = digits - 1; other <= digits + 1; other += 2) {
                BigDecimal otherDistance = exact.subtract(new BigDecimal(BigInteger.valueOf(other), -exponent))
                        .abs();
                assertTrue(parse(other, exponent) != value || distance.compareTo(otherDistance) <= 0, message(value));
            }
        }
    }

    private void check(float value, boolean nearest) {
        decimal.of(value);
        long digits = decimal.digits;
        int exponent = decimal.exponent;
        while (digits % 10 == 0) {
            digits /= 10;
            exponent++;
        }
        assertEquals(value, parseFloat(digits, exponent), message(value));
        if (digits >= 10) {
            assertTrue(parseFloat(digits / 10, exponent + 1) != value, message(value));
            assertTrue(parseFloat(digits / 10 + 1, exponent + 1) != value, message(value));
        }
        if (nearest && digits > 9) {
            BigDecimal rounded = new BigDecimal(value)
                    .round(new MathContext(Long.toString(digits).length(), RoundingMode.HALF_EVEN));
            assertTrue(
                    rounded.compareTo(new BigDecimal(BigInteger.valueOf(digits), -exponent)) == 0
                            || rounded.floatValue() != value,
                    message(value));
        }
    }

    private static double parse(long digits, int exponent) {
        return Double.parseDouble(digits + "e" + exponent);
    }

    private static float parseFloat(long digits, int exponent) {
        return Float.parseFloat(digits + "e" + exponent);
    }

    private static String message(double value) {
        return "seed " + SEED + ", value " + Double.toHexString(value);
    }
}
