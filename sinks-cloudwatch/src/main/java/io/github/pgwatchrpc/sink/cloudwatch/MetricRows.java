package io.github.pgwatchrpc.sink.cloudwatch;

import io.github.pgwatchrpc.measurement.Measurement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Tells what a row becomes: each column with a number a metric {@code METRIC.COLUMN}, database and tags its dimensions. What
 * CloudWatch would refuse is refused here, by name; limits are those of <a
 * href="https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html">MetricDatum</a> and <a
 * href="https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Dimension.html">Dimension</a>. Thread-safe.
 */
final class MetricRows {

    /** The dimension that names the database. */
    static final String DATABASE = "dbname";

    static final int MAX_DIMENSIONS = 30;
    static final int MAX_NAME = 255;
    static final int MAX_VALUE = 1024;

    /** Numbers further from zero are refused. */
    static final double MAX_NUMBER = 0x1p360;

    /** More than any pgwatch has; beyond it they are forgotten, not refused. */
    private static final int MAX_NAMES = 100_000;

    private final MetricRules rules;
    private final @Nullable Pattern include;
    private final @Nullable Pattern exclude;
    private final Map<String, Map<String, MetricName>> names = new ConcurrentHashMap<>();

    MetricRows(MetricRules rules) {
        this.rules = rules;
        include = pattern(rules.include());
        exclude = pattern(rules.exclude());
    }

    private static @Nullable Pattern pattern(List<String> globs) {
        return globs.isEmpty()
                ? null
                : Pattern.compile(globs.stream()
                        .map(glob -> Arrays.stream(glob.split("\\*", -1))
                                .map(Pattern::quote)
                                .collect(Collectors.joining(".*")))
                        .collect(Collectors.joining("|")));
    }

    /** Fails with what is wrong with a row. */
    MetricRow of(Measurement row, TimeWindow window) throws UnfitRow {
        long millis = Math.floorDiv(row.timeNanos(), 1_000_000L);
        String metric = row.envelope().metric();
        Map<String, MetricName> columns = columns(metric);
        int size = row.size();
        List<MetricName> found = new ArrayList<>(size);
        double[] values = new double[size];
        boolean unwanted = false;
        for (int column = 0; column < size; column++) {
            String name = row.name(column);
            if (!isNumber(row, column) || name.startsWith("tag_") || name.equals("epoch_ns")) {
                continue;
            }
            MetricName to = columns.get(name);
            if (to == null) {
                to = name(metric, name);
                columns.put(name, to);
            }
            if (!to.wanted()) {
                unwanted = true;
                continue;
            }
            double value = number(row, column);
            String problem = to.problem() != null ? to.problem() : problem(name, value);
            if (problem == null) {
                values[found.size()] = value;
                found.add(to);
            } else if (rules.lenient()) {
                unwanted = true;
            } else {
                throw new UnfitRow(problem);
            }
        }
        if (found.isEmpty()) {
            if (unwanted || rules.lenient()) {
                return new MetricRow(new Dimensions(Map.of()), millis, List.of(), new double[0]);
            }
            throw new UnfitRow("columns with numbers: 0 (expected: >= 1; exclude the metric, or set lenient=true)");
        }
        window.check(millis);
        return new MetricRow(new Dimensions(dimensions(row)), millis, found, values);
    }

    private static boolean isNumber(Measurement row, int column) {
        return switch (row.type(column)) {
            case INT64, UINT64, FLOAT32, DOUBLE -> true;
            case NULL, BOOLEAN, TEXT, BYTES, LIST, OBJECT -> false;
        };
    }

    private static double number(Measurement row, int column) {
        return switch (row.type(column)) {
            case INT64 -> (double) row.longValue(column);
            case DOUBLE -> row.doubleValue(column);
            default -> row.value(column) instanceof Number number ? number.doubleValue() : Double.NaN;
        };
    }

    private static @Nullable String problem(String column, double value) {
        // written so that NaN does not pass
        return Math.abs(value) <= MAX_NUMBER
                ? null
                : "column " + column + ": " + value + " (expected: a number from -2^360 to 2^360)";
    }

    // ---- names ----

    private Map<String, MetricName> columns(String metric) {
        Map<String, MetricName> columns = names.get(metric);
        if (columns == null || columns.size() > MAX_NAMES) {
            if (names.size() > MAX_NAMES) {
                names.clear();
            }
            columns = new ConcurrentHashMap<>();
            names.put(metric, columns);
        }
        return columns;
    }

    private MetricName name(String metric, String column) {
        String text = metric + '.' + column;
        boolean wanted = (include == null || include.matcher(text).matches())
                && (exclude == null || !exclude.matcher(text).matches());
        String problem = metric.isBlank() || column.isBlank()
                ? "name of a metric: \"" + text + "\" (expected: metric and column that are not empty)"
                : problem("name of a metric", text, MAX_NAME);
        return new MetricName(text, Units.of(column), wanted, problem);
    }

    // ---- dimensions ----

    private Map<String, String> dimensions(Measurement row) throws UnfitRow {
        Map<String, String> dimensions = new LinkedHashMap<>();
        dimensions.put(DATABASE, row.envelope().database());
        for (Map.Entry<String, String> tag : row.tags().entrySet()) {
            if (rules.dimensions() == null || rules.dimensions().contains(tag.getKey())) {
                // a tag of that name is the row's own word for it
                dimensions.put(tag.getKey(), tag.getValue());
            }
        }
        if (dimensions.size() > MAX_DIMENSIONS) {
            throw new UnfitRow("dimensions: " + dimensions.size() + " (expected: <= " + MAX_DIMENSIONS
                    + "; name those that are wanted with the option dimensions)");
        }
        for (Map.Entry<String, String> each : dimensions.entrySet()) {
            String name = each.getKey();
            String problem = problem("name of a dimension", name, MAX_NAME);
            if (problem == null && name.startsWith(":")) {
                problem = "name of a dimension: \"" + name + "\" (expected: no colon at its begin)";
            }
            if (problem == null) {
                problem = problem("dimension " + name, each.getValue(), MAX_VALUE);
            }
            if (problem != null) {
                throw new UnfitRow(problem);
            }
        }
        return dimensions;
    }

    /** ASCII without control characters, one that is no space among them. */
    private static @Nullable String problem(String thing, String text, int max) {
        if (text.length() > max) {
            return thing + ": " + text.length() + " characters (expected: <= " + max + ")";
        }
        boolean blank = true;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < ' ' || c > '~') {
                return thing + ": \"" + text + "\" (expected: ASCII without control characters)";
            }
            blank &= c == ' ';
        }
        return blank ? thing + ": \"" + text + "\" (expected: not empty)" : null;
    }
}
