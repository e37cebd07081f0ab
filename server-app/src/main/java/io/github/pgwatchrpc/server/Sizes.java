package io.github.pgwatchrpc.server;

import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads numbers of bytes as the options of sinks have them: {@code 512}, {@code 64KB}, {@code 100MB}, {@code 2GB}. */
final class Sizes implements ITypeConverter<Long> {

    private static final Pattern FORM = Pattern.compile("(\\d{1,18})([KMGT]?B)?");
    private static final List<String> UNITS = List.of("B", "KB", "MB", "GB", "TB");

    @Override
    public Long convert(String text) {
        Matcher matcher = FORM.matcher(text.toUpperCase(Locale.ROOT));
        int shift = matcher.matches() && matcher.group(2) != null ? 10 * UNITS.indexOf(matcher.group(2)) : 0;
        if (!matcher.matches() || Long.parseLong(matcher.group(1)) > Long.MAX_VALUE >> shift) {
            throw new TypeConversionException(text
                    + " (expected: a number of bytes such as 64KB, 100MB or 2GB; a unit is 1024 of the one before)");
        }
        return Long.parseLong(matcher.group(1)) << shift;
    }

    /** With the largest unit of which there is at least one. */
    static String print(long bytes) {
        int unit = 0;
        double value = (double) bytes;
        while (value >= 1024 && unit < UNITS.size() - 1) {
            value /= 1024;
            unit++;
        }
        return unit == 0 ? bytes + " B" : String.format(Locale.ROOT, "%.1f %s", value, UNITS.get(unit));
    }
}
