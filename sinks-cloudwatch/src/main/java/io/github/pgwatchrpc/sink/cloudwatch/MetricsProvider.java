package io.github.pgwatchrpc.sink.cloudwatch;

import io.github.pgwatchrpc.sink.Limits;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.SinkConfig;
import io.github.pgwatchrpc.sink.SinkOption;
import io.github.pgwatchrpc.sink.SinkProvider;
import java.time.Clock;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** Makes sinks for {@code cloudwatch://REGION/NAMESPACE}. */
public final class MetricsProvider implements SinkProvider {

    static final String SCHEME = "cloudwatch";

    /** A batch fills some twenty calls, so that the last one, which is not full, weighs little. */
    private static final Limits LIMITS = new Limits(2_000, 2 << 20, 8);

    private static final SinkOption<List<String>> DIMENSIONS = list(
                    "dimensions", "tags that become dimensions, beside the database; * for all of them")
            .defaultsTo("*");
    private static final SinkOption<List<String>> INCLUDE = list(
                    "include", "metrics to be written, as METRIC.COLUMN with * for any text; others are left out")
            .defaultsTo("*");
    private static final SinkOption<List<String>> EXCLUDE =
            list("exclude", "metrics that are left out all the same, in the same form");
    private static final SinkOption<Integer> MAX_SERIES = SinkOption.integer(
                    "max-series",
                    1,
                    10_000_000,
                    "metrics (names and dimensions) in an hour; rows with more become dead letters, since AWS bills each")
            .defaultsTo("10000");
    private static final SinkOption<Integer> RESOLUTION = SinkOption.of(
                    "resolution",
                    "integer",
                    "60 or 1",
                    "seconds that CloudWatch keeps apart",
                    text -> text.equals("60") || text.equals("1") ? Integer.valueOf(text) : null)
            .defaultsTo("60");
    private static final SinkOption<Boolean> VALUE_ARRAYS = SinkOption.flag(
                    "value-arrays",
                    "values of one metric in one period share a datum, which saves calls; false keeps their milliseconds")
            .defaultsTo("true");
    private static final SinkOption<Boolean> LENIENT = SinkOption.flag(
                    "lenient",
                    "leave out numbers that CloudWatch cannot hold (NaN), and rows without numbers; false makes dead letters of their rows")
            .defaultsTo("false");

    private static final String EXPECTED =
            "//REGION/NAMESPACE; the namespace has 1 to 255 of A-Za-z0-9._/#:- and space, no colon or AWS/ at its begin";

    /** For the service loader. */
    public MetricsProvider() {}

    private static SinkOption<List<String>> list(String name, String meaning) {
        return SinkOption.of(name, "text", "names joined by commas", meaning, text -> {
            List<String> names =
                    Stream.of(text.split(",", -1)).map(String::strip).toList();
            return names.contains("") ? null : names;
        });
    }

    @Override
    public Set<String> schemes() {
        return Set.of(SCHEME);
    }

    @Override
    public String description() {
        return "Amazon CloudWatch: numbers as metrics, tags as dimensions";
    }

    @Override
    public String syntax() {
        return SCHEME + "://REGION/NAMESPACE";
    }

    @Override
    public List<SinkOption<?>> options() {
        return AwsOptions.with(DIMENSIONS, INCLUDE, EXCLUDE, MAX_SERIES, RESOLUTION, VALUE_ARRAYS, LENIENT);
    }

    @Override
    public Limits limits() {
        return LIMITS;
    }

    @Override
    public Sink create(SinkConfig config) {
        String target = config.target();
        int slash = target.indexOf('/', 2);
        String region = target.startsWith("//") ? target.substring(2, slash < 0 ? target.length() : slash) : "";
        String namespace = slash < 0 ? "" : target.substring(slash + 1);
        AwsAccess access = AwsOptions.read(config, region);
        if (!isNamespace(namespace)) {
            config.targetProblem("namespace \"" + namespace + '"', EXPECTED);
        }
        List<String> dimensions = config.get(DIMENSIONS);
        List<String> include = config.get(INCLUDE);
        List<String> exclude = config.find(EXCLUDE);
        MetricRules rules = new MetricRules(
                dimensions.contains("*") ? null : Set.copyOf(dimensions),
                include.contains("*") ? List.of() : include,
                exclude == null ? List.of() : exclude,
                config.get(LENIENT),
                config.get(RESOLUTION),
                config.get(VALUE_ARRAYS),
                config.get(MAX_SERIES));
        config.check();
        return new MetricsSink(access, namespace, rules, Clock.systemUTC());
    }

    /**
     * As <a href="https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html">PutMetricData</a>
     * takes it; names that begin with {@code AWS/} are AWS's own.
     */
    static boolean isNamespace(String text) {
        return text.matches("[A-Za-z0-9._/# -][A-Za-z0-9._/#: -]{0,254}")
                && !text.isBlank()
                && !text.startsWith("AWS/");
    }
}
