package io.github.pgwatchrpc.sink.cloudwatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.sink.SinkConfigException;
import io.github.pgwatchrpc.sink.SinkOption;
import io.github.pgwatchrpc.sink.SinkProvider;
import io.github.pgwatchrpc.sink.Sinks;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ProvidersTest {

    private static String problems(String uri) {
        return assertThrows(SinkConfigException.class, () -> Rows.sink(uri), uri)
                .problems()
                .toString();
    }

    @Test
    void everythingThatIsWrongIsSaidAtOnce() {
        String problems = problems("cloudwatch://Frankfurt/AWS/mine?role-arn=x&resolution=5&endpoint=ftp://x"
                + "&web-identity-token-file=/t&profile=p&max-series=0&dimensions=a,,b");
        for (String part : List.of(
                "region \"Frankfurt\"",
                "namespace \"AWS/mine\"",
                "option role-arn",
                "option resolution",
                "option endpoint",
                "option web-identity-token-file of sink cloudwatch: without role-arn",
                "option profile of sink cloudwatch: given beside",
                "option max-series",
                "option dimensions")) {
            assertTrue(problems.contains(part), part + " in " + problems);
        }
        assertTrue(problems("cloudwatch://eu-central-1").contains("namespace \"\""));
        assertTrue(problems("cloudwatch://eu-central-1/x?endpoint=https://h&fips=true")
                .contains("beside fips"));
        problems = problems("cloudwatchlogs://eu-central-1/group?retention-days=2&emf-namespace=:x");
        for (String part : List.of("group \"\"", "option retention-days", "option emf-namespace")) {
            assertTrue(problems.contains(part), part + " in " + problems);
        }
    }

    @Test
    void targetsAreRead() {
        assertEquals(
                "LogsSink[/pgwatch/prod one in eu-central-1]",
                Rows.sink("cloudwatchlogs://eu-central-1//pgwatch/prod/one").toString());
        assertEquals(
                "MetricsSink[a/b in us-gov-west-1]",
                Rows.sink("cloudwatch://us-gov-west-1/a/b").toString());
    }

    @Test
    void everyOptionIsInTheManual() throws Exception {
        String manual = Files.readString(Path.of("..", "docs", "sinks", "cloudwatch.md"));
        for (SinkProvider provider : List.of(new MetricsProvider(), new LogsProvider())) {
            for (SinkOption<?> option : provider.options()) {
                assertTrue(manual.contains("`" + option.name() + "`"), option.name());
            }
        }
    }

    /** {@code check} opens the sink, which says it. */
    @Test
    void theCostIsToldBeforeTheFirstRow() {
        try (MetricsSink sink = (MetricsSink) Rows.sink("cloudwatch://eu-central-1/mine?max-series=1300")) {
            assertEquals(
                    "CloudWatch namespace mine: at most 1,300 metrics in an hour (max-series), up to 390 USD a month at list "
                            + "price (dimensions: all tags; each 60 s); a million values take about 1,000 calls, 0.01 USD",
                    sink.costs());
        }
    }

    @Test
    void theCostIsToldInTiers() {
        assertEquals(3, Cost.ofMetrics(10));
        assertEquals(3_000, Cost.ofMetrics(10_000));
        assertEquals(27_000, Cost.ofMetrics(250_000));
        assertEquals(64_500 + 20_000, Cost.ofMetrics(2_000_000));
    }

    /** Whoever lists sinks, or uses others, loads nothing of AWS. */
    @Test
    void providersAreReadWithoutTheSdk() throws Exception {
        URL[] places = {
            MetricsProvider.class.getProtectionDomain().getCodeSource().getLocation()
        };
        try (URLClassLoader without = new URLClassLoader(places, new WithoutAws())) {
            Sinks sinks = Sinks.load(without);
            assertEquals(List.of(), sinks.problems());
            for (SinkProvider each : sinks.providers()) {
                assertTrue(each.options().size() > 10, each.description());
                assertThrows(SinkConfigException.class, () -> sinks.create(each.syntax() + "?timeout=x", Map.of()));
            }
            assertEquals(2, sinks.providers().size());
        }
    }

    /** The tests' class path without the SDK, and without this module, so that the child loads it. */
    private static final class WithoutAws extends ClassLoader {
        WithoutAws() {
            super(ClassLoader.getPlatformClassLoader());
        }

        @Override
        protected Class<?> findClass(String name) throws ClassNotFoundException {
            if (name.startsWith("software.amazon.") || name.startsWith("io.github.pgwatchrpc.sink.cloudwatch.")) {
                throw new ClassNotFoundException(name);
            }
            return ProvidersTest.class.getClassLoader().loadClass(name);
        }
    }
}
