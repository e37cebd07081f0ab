package io.github.pgwatchrpc.sink.cloudwatch;

import io.github.pgwatchrpc.sink.Capability;
import io.github.pgwatchrpc.sink.Limits;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.SinkConfig;
import io.github.pgwatchrpc.sink.SinkOption;
import io.github.pgwatchrpc.sink.SinkProvider;
import java.time.Clock;
import java.util.List;
import java.util.Set;

/** Makes sinks for {@code cloudwatchlogs://REGION/GROUP/STREAM}. */
public final class LogsProvider implements SinkProvider {

    static final String SCHEME = "cloudwatchlogs";

    /** A batch fills some twenty calls, so that the last one, which is not full, weighs little. */
    private static final Limits LIMITS = new Limits(20_000, 12 << 20, 4);

    /** <a href="https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html">Of AWS.</a> */
    private static final List<Integer> RETENTIONS = List.of(
            1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653);

    private static final SinkOption<Integer> RETENTION = SinkOption.of(
            "retention-days",
            "integer",
            "one of " + RETENTIONS,
            "days that a log group keeps events which 'provision' makes; for ever if not given",
            text -> {
                try {
                    Integer days = Integer.valueOf(text);
                    return RETENTIONS.contains(days) ? days : null;
                } catch (NumberFormatException e) {
                    return null;
                }
            });
    private static final SinkOption<String> EMF_NAMESPACE = SinkOption.of(
            "emf-namespace",
            "text",
            "1 to 255 of A-Za-z0-9._/#:- and space, no colon or AWS/ at its begin",
            "embedded metric format: CloudWatch makes metrics in this namespace of the numbers",
            text -> MetricsProvider.isNamespace(text) ? text : null);

    private static final String EXPECTED =
            "//REGION/GROUP/STREAM; GROUP has 1 to 512 of A-Za-z0-9._/#-, STREAM 1 to 512 characters without : * and /";

    /** For the service loader. */
    public LogsProvider() {}

    @Override
    public Set<String> schemes() {
        return Set.of(SCHEME);
    }

    @Override
    public String description() {
        return "Amazon CloudWatch Logs: rows as events in JSON or embedded metric format";
    }

    @Override
    public String syntax() {
        return SCHEME + "://REGION/GROUP/STREAM";
    }

    @Override
    public List<SinkOption<?>> options() {
        return AwsOptions.with(RETENTION, EMF_NAMESPACE);
    }

    @Override
    public Limits limits() {
        return LIMITS;
    }

    @Override
    public Set<Capability> capabilities() {
        return Set.of(Capability.PROVISION);
    }

    @Override
    public Sink create(SinkConfig config) {
        String target = config.target();
        int slash = target.indexOf('/', 2);
        int last = target.lastIndexOf('/');
        String region = target.startsWith("//") ? target.substring(2, slash < 0 ? target.length() : slash) : "";
        AwsAccess access = AwsOptions.read(config, region);
        String group = slash < 0 || last <= slash ? "" : target.substring(slash + 1, last);
        String stream = target.substring(last + 1);
        if (!group.matches("[A-Za-z0-9._/#-]{1,512}") || !stream.matches("[^:*\\p{Cntrl}]{1,512}")) {
            config.targetProblem("group \"" + group + "\", stream \"" + stream + '"', EXPECTED);
        }
        LogsTarget where = new LogsTarget(group, stream, config.find(RETENTION), config.find(EMF_NAMESPACE));
        config.check();
        MetricRules rules = new MetricRules(null, List.of(), List.of(), true, 60, false, Integer.MAX_VALUE);
        return new LogsSink(access, where, rules, Clock.systemUTC());
    }
}
