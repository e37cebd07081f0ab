package io.github.pgwatchrpc.sink.pubsub;

import io.github.pgwatchrpc.sink.Capability;
import io.github.pgwatchrpc.sink.Limits;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.SinkConfig;
import io.github.pgwatchrpc.sink.SinkOption;
import io.github.pgwatchrpc.sink.SinkProvider;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Makes sinks for {@code pubsub://PROJECT/TOPIC}. */
public final class PubSubSinkProvider implements SinkProvider {

    /** Google's clients and emulator agree on this variable. */
    static final String EMULATOR_VARIABLE = "PUBSUB_EMULATOR_HOST";

    /** Google's clients look here for a file with credentials. */
    static final String CREDENTIALS_VARIABLE = "GOOGLE_APPLICATION_CREDENTIALS";

    /** Five requests of row messages: 1 to 5 MB of JSON, below what a request may have even as one message. */
    private static final Limits LIMITS = new Limits(5_000, 4 << 20, 4);

    /** Project ids have 6 to 30 characters today, older ones a domain as well; emulators take any. */
    private static final Pattern PROJECT = Pattern.compile("([a-z0-9.-]{1,100}:)?[a-z][a-z0-9-]{0,99}");

    /** <a href="https://cloud.google.com/pubsub/docs/pubsub-basics#resource_names">Names of topics and schemas</a>. */
    private static final Pattern NAME = Pattern.compile("(?!goog)[a-zA-Z][a-zA-Z0-9._~+%-]{2,254}");

    private static final Pattern ADDRESS =
            Pattern.compile("([a-zA-Z0-9._-]{1,253}|\\[[0-9a-fA-F:.]{2,45}]):([0-9]{1,5})");

    private static final int MAX_PORT = 65_535;

    private static final String EXAMPLE = "//PROJECT/TOPIC, for example pubsub://my-project/pgwatch";

    static final SinkOption<PubSubSettings.Form> MESSAGE = SinkOption.choice(
                    "message",
                    PubSubSettings.Form.class,
                    "what a message holds: a row, or the rows of a call together, which costs less")
            .defaultsTo("row");
    static final SinkOption<PubSubSettings.OrderingKey> ORDERING_KEY = SinkOption.choice(
                    "ordering-key",
                    PubSubSettings.OrderingKey.class,
                    "messages of a database, or of a database and metric, stay in order; the service then takes 1 MB/s"
                            + " of each")
            .defaultsTo("none");
    static final SinkOption<PubSubSettings.Compression> COMPRESSION = SinkOption.choice(
                    "compression",
                    PubSubSettings.Compression.class,
                    "gzip for requests on their way, or for messages, which subscribers then have to decompress")
            .defaultsTo("none");
    static final SinkOption<List<String>> TAG_ATTRIBUTES = SinkOption.of(
            "tag-attributes",
            "names",
            "at most 50 names joined by commas, each of 1 to 256 bytes, not beginning with goog",
            "tags that become attributes of row messages, for filters of subscriptions",
            PubSubSinkProvider::names);
    static final SinkOption<String> SCHEMA = SinkOption.of(
            "schema",
            "name",
            "3 to 255 of a-zA-Z0-9-_.~+%, a letter first, not beginning with goog",
            "the topic's schema, made by 'provision'; fields are then JSON inside a text",
            text -> NAME.matcher(text).matches() ? text : null);
    static final SinkOption<Integer> BATCH_MESSAGES = SinkOption.integer(
                    "batch-messages", 1, ServiceLimits.MAX_MESSAGES, "most messages of a request")
            .defaultsTo("1000");
    static final SinkOption<Long> BATCH_BYTES = SinkOption.bytes(
                    "batch-bytes",
                    1 << 10,
                    ServiceLimits.MAX_REQUEST_BYTES,
                    "about as many bytes has a request at most, unless one row has more")
            .defaultsTo("8MB");
    static final SinkOption<Integer> IN_FLIGHT = SinkOption.integer(
                    "in-flight", 1, 1024, "so many requests of a batch may wait for their answers at once")
            .defaultsTo("32");
    static final SinkOption<String> ENDPOINT = SinkOption.of(
            "endpoint",
            "address",
            "HOST:PORT",
            "where the service is, for example europe-west1-pubsub.googleapis.com:443",
            PubSubSinkProvider::address);
    static final SinkOption<String> EMULATOR = SinkOption.of(
            "emulator",
            "address",
            "HOST:PORT",
            "an emulator, in the clear and without credentials; the variable " + EMULATOR_VARIABLE
                    + " is looked at without it",
            PubSubSinkProvider::address);
    static final SinkOption<Duration> TIMEOUT = SinkOption.duration(
                    "timeout", Duration.ofMillis(100), Duration.ofMinutes(10), "how long an answer may take")
            .defaultsTo("60s");

    private final Map<String, String> environment;

    /** For the service loader. */
    public PubSubSinkProvider() {
        this(System.getenv());
    }

    PubSubSinkProvider(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public Set<String> schemes() {
        return Set.of("pubsub");
    }

    @Override
    public String description() {
        return "publishes to a topic of Google Cloud Pub/Sub, as JSON";
    }

    @Override
    public String syntax() {
        return "pubsub://PROJECT/TOPIC";
    }

    @Override
    public List<SinkOption<?>> options() {
        return List.of(
                MESSAGE,
                ORDERING_KEY,
                COMPRESSION,
                TAG_ATTRIBUTES,
                SCHEMA,
                BATCH_MESSAGES,
                BATCH_BYTES,
                IN_FLIGHT,
                ENDPOINT,
                EMULATOR,
                TIMEOUT);
    }

    @Override
    public Limits limits() {
        return LIMITS;
    }

    @Override
    public Set<Capability> capabilities() {
        return Set.of(Capability.ORDERED, Capability.PROVISION);
    }

    @Override
    public Sink create(SinkConfig config) {
        String[] target = target(config);
        String emulator = config.find(EMULATOR);
        String variable = variable(EMULATOR_VARIABLE);
        if (emulator == null && variable != null) {
            emulator = address(variable);
            if (emulator == null) {
                config.problem("variable " + EMULATOR_VARIABLE, '"' + variable + '"', EMULATOR.expected());
            }
        }
        String endpoint = config.find(ENDPOINT);
        if (config.find(EMULATOR) != null && endpoint != null) {
            config.problem("option endpoint", "beside emulator", "one of them");
        }
        if (config.find(SCHEMA) != null && config.get(COMPRESSION) == PubSubSettings.Compression.MESSAGE) {
            config.problem("option compression", "message, beside schema", "none or transport: a schema is for JSON");
        }
        List<String> tags = config.find(TAG_ATTRIBUTES);
        if (tags != null && config.get(MESSAGE) == PubSubSettings.Form.ENVELOPE) {
            config.problem(
                    "option tag-attributes", "beside message=envelope", "message=row: rows have tags of their own");
        }
        PubSubSettings settings = new PubSubSettings(
                target[0],
                target[1],
                config.get(MESSAGE),
                config.get(ORDERING_KEY),
                config.get(COMPRESSION),
                tags == null ? List.of() : tags,
                config.find(SCHEMA),
                config.get(BATCH_MESSAGES),
                Math.toIntExact(config.get(BATCH_BYTES)),
                config.get(IN_FLIGHT),
                endpoint,
                emulator,
                variable(CREDENTIALS_VARIABLE),
                config.get(TIMEOUT));
        config.check();
        return new PubSubSink(settings);
    }

    /** A variable's value; null if it is empty, as Google's clients take it. */
    private @Nullable String variable(String name) {
        String value = environment.getOrDefault(name, "");
        return value.isEmpty() ? null : value;
    }

    private static String[] target(SinkConfig config) {
        String target = config.target();
        String[] parts = target.startsWith("//") ? target.substring(2).split("/", -1) : new String[0];
        if (parts.length != 2) {
            config.targetProblem('"' + target + '"', EXAMPLE);
            return new String[] {"", ""};
        }
        if (!PROJECT.matcher(parts[0]).matches()) {
            config.targetProblem("project \"" + parts[0] + '"', "a project's id, of a-z0-9-, a letter first");
        }
        if (!NAME.matcher(parts[1]).matches()) {
            config.targetProblem("topic \"" + parts[1] + '"', SCHEMA.expected());
        }
        return parts;
    }

    private static @Nullable String address(String text) {
        Matcher matcher = ADDRESS.matcher(text);
        if (!matcher.matches()) {
            return null;
        }
        int port = Integer.parseInt(matcher.group(2));
        return port >= 1 && port <= MAX_PORT ? text : null;
    }

    private static @Nullable List<String> names(String text) {
        List<String> names =
                Stream.of(text.split(",", -1)).map(String::strip).distinct().toList();
        boolean good = names.size() <= ServiceLimits.MAX_TAG_ATTRIBUTES
                && names.stream()
                        .allMatch(name -> !name.isEmpty()
                                && !name.startsWith("goog")
                                && !ServiceLimits.OWN_ATTRIBUTES.contains(name)
                                && name.getBytes(StandardCharsets.UTF_8).length <= ServiceLimits.MAX_KEY_BYTES);
        return good ? names : null;
    }
}
