package io.github.pgwatchrpc.rpc.auth;

import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How much a key may send, on average over ten seconds: what was not sent before may come at once. As text, each is a number
 * a second: {@code 100/s}; bytes may have a unit, of which each is 1024 of the one before: {@code 2MB/s}. Immutable.
 *
 * @param calls calls a second; 0 for any number
 * @param rows rows a second; 0 for any number
 * @param bytes bytes of messages a second; 0 for any number
 */
public record Rates(long calls, long rows, long bytes) {

    /** As much as the receiver takes. */
    public static final Rates NONE = new Rates(0, 0, 0);

    /** The highest rate, a terabyte a second. */
    static final long MAX = 1L << 40;

    private static final Pattern FORM = Pattern.compile("(\\d{1,13})([KMG]?B)?/s");
    private static final List<String> UNITS = List.of("B", "KB", "MB", "GB");

    /**
     * Nothing is negative, nor beyond what can be counted.
     *
     * @param calls calls a second; 0 for any number
     * @param rows rows a second; 0 for any number
     * @param bytes bytes of messages a second; 0 for any number
     */
    public Rates {
        check("calls", calls);
        check("rows", rows);
        check("bytes", bytes);
    }

    private static void check(String what, long rate) {
        if (rate < 0 || rate > MAX) {
            throw new IllegalArgumentException(what + ": " + rate + "/s (expected: 0 to " + MAX + "/s)");
        }
    }

    /**
     * Reads rates.
     *
     * @param calls such as {@code 100/s}; null for any number
     * @param rows such as {@code 5000/s}; null for any number
     * @param bytes such as {@code 2MB/s}; null for any number
     * @return the rates
     * @throws IllegalArgumentException if one is something else, or nothing at all
     */
    public static Rates parse(@Nullable String calls, @Nullable String rows, @Nullable String bytes) {
        return new Rates(rate("calls", calls, false), rate("rows", rows, false), rate("bytes", bytes, true));
    }

    private static long rate(String what, @Nullable String text, boolean units) {
        if (text == null) {
            return 0;
        }
        Matcher form = FORM.matcher(text);
        String unit = form.matches() && form.group(2) != null ? form.group(2).toUpperCase(Locale.ROOT) : "";
        if (!form.matches() || (!unit.isEmpty() && !units)) {
            throw wrong(what, text, units);
        }
        long number = Long.parseLong(form.group(1));
        int shift = unit.isEmpty() ? 0 : 10 * UNITS.indexOf(unit);
        if (number == 0 || number > MAX >> shift) {
            throw wrong(what, text, units);
        }
        return number << shift;
    }

    private static IllegalArgumentException wrong(String what, String text, boolean units) {
        return new IllegalArgumentException(what + ": " + text + " (expected: a number a second such as "
                + (units ? "500KB/s or 2MB/s" : "100/s") + ", from 1 to " + MAX + ")");
    }

    /** As they stand in the file of keys; empty if there are none. */
    @Override
    public String toString() {
        return (word("calls", calls) + word("rows", rows) + word("bytes", bytes)).strip();
    }

    private static String word(String what, long rate) {
        return rate == 0 ? "" : what + "=" + rate + "/s ";
    }
}
