package io.github.pgwatchrpc.sink.elastic;

import io.github.pgwatchrpc.sink.SinkConfig;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * Where rows go: to data streams, or to indices by a pattern. Immutable.
 *
 * <p>Names follow the <a href="https://www.elastic.co/docs/reference/fleet/data-streams">naming scheme of data streams</a>
 * (type, dataset, namespace; the latter two without hyphens and of at most 100 bytes) and the <a
 * href="https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-indices-create">rules of indices</a> (lower
 * case, no white space, none of {@code \/*?"<>|,#:}). What a metric or database has beyond {@code a-z0-9_.} becomes an
 * underscore; documents hold the true names.
 *
 * @param pattern the name with its variables
 * @param stream whether these are data streams
 */
record IndexNames(String pattern, boolean stream) {

    static final String TYPE = "metrics";
    static final String DATASET = "pgwatch";
    static final String LATE = ".late";

    /** With type, {@code pgwatch.} and {@link #LATE} a dataset stays within 100 bytes. */
    private static final int MAX_PART = 80;

    private static final Pattern VARIABLE = Pattern.compile("\\{([a-z]*)}");
    private static final List<String> VARIABLES = List.of("metric", "database", "date");
    private static final Pattern INDEX = Pattern.compile("[a-z0-9.][a-z0-9._+-]*");
    private static final Pattern NAMESPACE = Pattern.compile("[a-z0-9_.]{1,100}");

    /** Data streams of a namespace. */
    static IndexNames streams(String namespace) {
        return new IndexNames(TYPE + '-' + DATASET + ".{metric}-" + namespace, true);
    }

    /** The same for points that are too late for a time series. */
    IndexNames late() {
        return new IndexNames(pattern.replace("{metric}", "{metric}" + LATE), stream);
    }

    static @Nullable String namespace(String text) {
        return NAMESPACE.matcher(text).matches() ? text : null;
    }

    /** Reads a pattern for indices; what is wrong with it becomes a problem. */
    static IndexNames indices(String text, SinkConfig config) {
        Matcher variables = VARIABLE.matcher(text);
        String plain = variables.replaceAll(
                variable -> VARIABLES.contains(variable.group(1)) ? "x" : Matcher.quoteReplacement("{"));
        if (!INDEX.matcher(plain).matches() || plain.length() > 100 || plain.matches("\\.+")) {
            config.problem(
                    "option index",
                    '"' + text + '"',
                    "at most 100 of a-z0-9._+- and {metric}, {database}, {date}, for instance pgwatch-{metric}-{date}");
        }
        return new IndexNames(text, false);
    }

    boolean isDaily() {
        return pattern.contains("{date}");
    }

    boolean isByDatabase() {
        return pattern.contains("{database}");
    }

    /**
     * A name.
     *
     * @param day since 1970; used only if the pattern {@linkplain #isDaily has the date}
     */
    String of(String database, String metric, long day) {
        return VARIABLE.matcher(pattern).replaceAll(variable -> switch (variable.group(1)) {
            case "metric" -> clean(metric);
            case "database" -> clean(database);
            default -> LocalDate.ofEpochDay(day).toString().replace('-', '.');
        });
    }

    /** The pattern as index templates have it. */
    String wildcard() {
        return VARIABLE.matcher(pattern).replaceAll("*");
    }

    /** The name of the index template: all that is fixed in the pattern. */
    String template() {
        String fixed = VARIABLE.matcher(pattern).replaceAll("").replaceAll("[.+_-]*-[.+_-]*", "-");
        return fixed.replaceAll("^[.+_-]+|[.+_-]+$", "").isEmpty()
                ? "pgwatch-rpc"
                : fixed.replaceAll("^[.+_-]+|[.+_-]+$", "");
    }

    static String clean(String name) {
        StringBuilder clean = new StringBuilder();
        for (char c : name.toLowerCase(Locale.ROOT).toCharArray()) {
            boolean kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
            clean.append(kept ? c : '_');
        }
        if (clean.isEmpty()) {
            return "unnamed";
        } else if (clean.length() > MAX_PART) {
            // cut, and told apart from others that begin alike
            CRC32 rest = new CRC32();
            rest.update(name.getBytes(StandardCharsets.UTF_8));
            clean.setLength(MAX_PART - 9);
            clean.append(String.format("_%08x", rest.getValue()));
        }
        return clean.toString();
    }
}
