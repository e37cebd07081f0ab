package io.github.pgwatchrpc.sink.splunk;

import io.github.pgwatchrpc.sink.Capability;
import io.github.pgwatchrpc.sink.Limits;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.SinkConfig;
import io.github.pgwatchrpc.sink.SinkOption;
import io.github.pgwatchrpc.sink.SinkProvider;
import io.github.pgwatchrpc.sink.http.HttpOptions;
import io.github.pgwatchrpc.sink.http.HttpTransport;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Describes and builds the sink for Splunk's HTTP Event Collector: {@code splunk://HOST:8088?token=…} for TLS, {@code
 * splunk+http://} without.
 */
public final class SplunkSinkProvider implements SinkProvider {

    private static final String SECURE = "splunk";
    private static final String PLAIN = "splunk+http";

    /** HEC's own, unless inputs.conf says otherwise. */
    private static final int DEFAULT_PORT = 8088;

    private static final SinkOption<String> TOKEN =
            SinkOption.text("token", "the token of the HTTP event collector").hidden();

    private static final SinkOption<String> TOKEN_FILE = SinkOption.text(
            "token-file", "a file that holds the token; read again when Splunk does not take it any more");

    private static final SinkOption<Layout.Mode> MODE = SinkOption.choice(
                    "mode", Layout.Mode.class, "each row an event, or its numbers measurements in an index of metrics")
            .defaultsTo("events");

    private static final SinkOption<Template> INDEX =
            template("index", "index to write to, if not the token's default; what it may not have becomes _");

    private static final SinkOption<Template> SOURCE =
            template("source", "source of the events").defaultsTo("pgwatch");

    private static final SinkOption<Template> SOURCETYPE =
            template("sourcetype", "source type of the events").defaultsTo("pgwatch:{metric}");

    private static final SinkOption<Template> HOST =
            template("host", "host of the events").defaultsTo("{database}");

    private static final SinkOption<String> METRIC_PREFIX = SinkOption.of(
                    "metric-prefix",
                    "text",
                    "text, which may be empty",
                    "with mode=metrics: measurements are called PREFIX.METRIC.COLUMN",
                    text -> text)
            .defaultsTo("pgwatch");

    private static final SinkOption<Boolean> TEXT_DIMENSIONS = SinkOption.flag(
                    "text-dimensions", "with mode=metrics: columns with text are dimensions, not only tags")
            .defaultsTo("true");

    private static final SinkOption<Long> MAX_BODY = SinkOption.bytes(
                    "max-body", 1 << 10, 512 << 20, "how large a request may be before it is compressed")
            .defaultsTo("1MB");

    private static final SinkOption<Boolean> ACK = SinkOption.flag(
                    "ack", "rows count as written when the indexer confirms them; the token must be made for that")
            .defaultsTo("false");

    private static final SinkOption<Duration> ACK_TIMEOUT = SinkOption.duration(
                    "ack-timeout",
                    Duration.ofMillis(100),
                    Duration.ofMinutes(30),
                    "with ack=true: what is not confirmed by then is sent again")
            .defaultsTo("1m");

    /** For the service loader. */
    public SplunkSinkProvider() {}

    @Override
    public Set<String> schemes() {
        return Set.of(SECURE, PLAIN, "splunk+https");
    }

    @Override
    public String description() {
        return "Splunk, through its HTTP Event Collector, as events or metrics";
    }

    @Override
    public String syntax() {
        return SECURE + "://HOST:" + DEFAULT_PORT + " (TLS) or " + PLAIN + "://HOST:" + DEFAULT_PORT
                + ", several hosts with commas";
    }

    @Override
    public List<SinkOption<?>> options() {
        return Stream.concat(
                        Stream.of(
                                TOKEN,
                                TOKEN_FILE,
                                MODE,
                                INDEX,
                                SOURCE,
                                SOURCETYPE,
                                HOST,
                                METRIC_PREFIX,
                                TEXT_DIMENSIONS,
                                MAX_BODY,
                                ACK,
                                ACK_TIMEOUT),
                        HttpOptions.ALL.stream())
                .toList();
    }

    /** Several requests' worth, since all of them are confirmed together; several writes, since confirming takes time. */
    @Override
    public Limits limits() {
        return new Limits(10_000, 8 << 20, 8);
    }

    @Override
    public Set<Capability> capabilities() {
        return Set.of(Capability.PROVISION);
    }

    @Override
    public Sink create(SinkConfig config) {
        HttpTransport.Builder builder = HttpOptions.transport(
                config,
                addresses(config),
                "//HOST:" + DEFAULT_PORT + ", several with commas between; credentials are options");
        Token token = token(config);
        boolean ack = config.get(ACK);
        Layout layout = new Layout(
                config.get(MODE),
                config.find(INDEX),
                config.get(SOURCE),
                config.get(SOURCETYPE),
                config.get(HOST),
                config.get(METRIC_PREFIX),
                config.get(TEXT_DIMENSIONS));
        Template index = layout.index();
        if (index != null
                && layout.hasOneIndex()
                && Layout.indexName(index.toString()).isEmpty()) {
            config.problem("option index", '"' + index.toString() + '"', "a letter or digit in it");
        }
        config.check();
        try {
            if (builder == null || token == null) {
                throw new IllegalStateException("problems: none (expected: those that were found)");
            }
            return new SplunkSink(
                    builder,
                    token,
                    layout,
                    config.get(MAX_BODY),
                    ack ? config.get(ACK_TIMEOUT) : null,
                    new Setup(layout, ack));
        } catch (IOException e) {
            config.problem("TLS", String.valueOf(e.getMessage()), "files that can be read");
            config.check();
            throw new IllegalStateException(e);
        }
    }

    private static List<String> addresses(SinkConfig config) {
        String target = config.target();
        if (!target.startsWith("//")) {
            return List.of("");
        }
        String protocol = config.scheme().equals(PLAIN) ? "http://" : "https://";
        List<String> addresses = new ArrayList<>();
        for (String each : target.substring(2).split(",", -1)) {
            String address = each.strip();
            addresses.add(protocol + (hasPort(address) ? address : withPort(address)));
        }
        return addresses;
    }

    private static boolean hasPort(String address) {
        int slash = address.indexOf('/');
        String authority = slash < 0 ? address : address.substring(0, slash);
        return authority.lastIndexOf(':') > authority.lastIndexOf(']');
    }

    private static String withPort(String address) {
        int slash = address.indexOf('/');
        return slash < 0
                ? address + ':' + DEFAULT_PORT
                : address.substring(0, slash) + ':' + DEFAULT_PORT + address.substring(slash);
    }

    private static @Nullable Token token(SinkConfig config) {
        String value = config.find(TOKEN);
        String file = config.find(TOKEN_FILE);
        if (value == null == (file == null)) {
            config.problem(
                    "option token", value == null ? "missing" : "beside token-file", "one of token and token-file");
            return null;
        }
        try {
            return value != null ? Token.of(value) : Token.of(Path.of(String.valueOf(file)));
        } catch (InvalidPathException e) {
            config.problem("option token-file", '"' + file + '"', "a path");
        } catch (IOException e) {
            if (value != null) {
                config.problem("option token", "(secret)", "printable ASCII without spaces");
            } else {
                config.problem("option token-file", String.valueOf(e.getMessage()), "a file that holds the token");
            }
        }
        return null;
    }

    private static SinkOption<Template> template(String name, String meaning) {
        return SinkOption.of(name, "template", Template.EXPECTED, meaning, Template::parse);
    }
}
