package io.github.pgwatchrpc.sink.cloudwatch;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Tells the unit from the end of a column's name, where that says it. Only these, since a wrong unit is worse than none:
 * CloudWatch never mixes units, and converts none.
 */
final class Units {

    private record Ending(String text, String unit) {}

    /** Longer endings first. */
    private static final List<Ending> ENDINGS = List.of(
            new Ending("_bytes_per_second", "Bytes/Second"),
            new Ending("_bytes_per_s", "Bytes/Second"),
            new Ending("_per_second", "Count/Second"),
            new Ending("_per_s", "Count/Second"),
            new Ending("_microseconds", "Microseconds"),
            new Ending("_milliseconds", "Milliseconds"),
            new Ending("_seconds", "Seconds"),
            new Ending("_percent", "Percent"),
            new Ending("_bytes", "Bytes"),
            new Ending("_count", "Count"),
            new Ending("_secs", "Seconds"),
            new Ending("_sec", "Seconds"),
            new Ending("_pct", "Percent"),
            new Ending("_kb", "Kilobytes"),
            new Ending("_mb", "Megabytes"),
            new Ending("_gb", "Gigabytes"),
            new Ending("_us", "Microseconds"),
            new Ending("_ms", "Milliseconds"),
            new Ending("_b", "Bytes"),
            new Ending("_s", "Seconds"));

    private Units() {}

    /** One of CloudWatch's units, or null. */
    static @Nullable String of(String column) {
        for (Ending each : ENDINGS) {
            if (column.endsWith(each.text())) {
                return each.unit();
            }
        }
        return null;
    }
}
