package io.github.pgwatchrpc.sink.mongo;

import io.github.pgwatchrpc.sink.Capability;
import io.github.pgwatchrpc.sink.Limits;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.SinkConfig;
import io.github.pgwatchrpc.sink.SinkOption;
import io.github.pgwatchrpc.sink.SinkProvider;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Makes sinks for MongoDB's own connection strings, {@code mongodb://} and {@code mongodb+srv://}. The sink's options stand
 * among the driver's; no name is in both, since the sink's are lower case with hyphens or such as the driver has none of.
 */
public final class MongoSinkProvider implements SinkProvider {

    /** Bytes of a database's name; source as in {@link Names}. */
    private static final int MAX_DATABASE_BYTES = 63;

    private static final Pattern DATABASE_NAME = Pattern.compile("[^/\\\\. \"$*<>:|?\\x00]+");
    private static final Pattern FIELD_NAME = Pattern.compile("[A-Za-z][A-Za-z0-9_]{0,63}");

    static final SinkOption<String> DATABASE = SinkOption.of(
            "database",
            "text",
            "at most " + MAX_DATABASE_BYTES + " bytes without / \\ . \" $ * < > : | ? and spaces",
            "database to write to; without it the one that the connection string names, or else pgwatch",
            text -> isDatabase(text) ? text : null);

    static final SinkOption<String> COLLECTION = SinkOption.of(
                    "collection",
                    "text",
                    "at most 100 bytes without $ and NUL, not beginning with system. or a dot",
                    "collection to write to; " + Layout.METRIC + " stands for the metric's name",
                    text -> isCollection(text) ? text : null)
            .defaultsTo(Layout.METRIC);

    static final SinkOption<Layout.Mode> MODE = SinkOption.choice(
                    "mode",
                    Layout.Mode.class,
                    "kind of collections: time-series, which the server compresses, or plain, where a row that comes twice is there once")
            .defaultsTo("time-series");

    static final SinkOption<String> TIME_FIELD =
            field("time-field", "field that holds a document's time").defaultsTo("time");

    static final SinkOption<String> META_FIELD =
            field("meta-field", "field that holds database, metric and tags").defaultsTo("meta");

    static final SinkOption<Layout.Granularity> GRANULARITY = SinkOption.choice(
                    "granularity",
                    Layout.Granularity.class,
                    "how far apart the rows of one series are, for time-series collections that are made")
            .defaultsTo("minutes");

    static final SinkOption<Duration> EXPIRE_AFTER = SinkOption.duration(
            "expire-after",
            Duration.ofMinutes(1),
            Duration.ofDays(36_500),
            "age at which the server deletes documents, for collections that are made; without it never");

    static final SinkOption<Boolean> CREATE = SinkOption.flag(
                    "create", "whether a collection that is missing is made when the first row for it comes")
            .defaultsTo("true");

    static final SinkOption<Integer> MAX_COLLECTIONS = SinkOption.integer(
                    "max-collections",
                    1,
                    100_000,
                    "collections in the database above which none is made for a new metric: its rows are refused")
            .defaultsTo("1000");

    /** 10,000 rows or 8 MiB, which make messages of about 5 MB; four at a time hide the way to the server and back. */
    private static final Limits LIMITS = new Limits(10_000, 8 << 20, 4);

    private final Set<Capability> capabilities;

    /** For the service loader. */
    public MongoSinkProvider() {
        this(Set.of(Capability.PROVISION));
    }

    /** For tests of one mode: only plain collections keep one copy of a row, so the kind as a whole does not promise it. */
    MongoSinkProvider(Set<Capability> capabilities) {
        this.capabilities = capabilities;
    }

    @Override
    public Set<String> schemes() {
        return Set.of("mongodb", "mongodb+srv");
    }

    @Override
    public String description() {
        return "writes documents into MongoDB, into time-series or plain collections";
    }

    @Override
    public String syntax() {
        return "mongodb://USER:PASSWORD@HOST:PORT,HOST:PORT/DATABASE (the driver's options are taken as well)";
    }

    @Override
    public List<SinkOption<?>> options() {
        return List.of(
                DATABASE, COLLECTION, MODE, TIME_FIELD, META_FIELD, GRANULARITY, EXPIRE_AFTER, CREATE, MAX_COLLECTIONS);
    }

    @Override
    public boolean passesOn(String option) {
        return DriverUri.OPTIONS.contains(option.toLowerCase(Locale.ROOT));
    }

    @Override
    public Limits limits() {
        return LIMITS;
    }

    @Override
    public Set<Capability> capabilities() {
        return capabilities;
    }

    @Override
    public Sink create(SinkConfig config) {
        DriverUri uri = DriverUri.read(config);
        String database = config.find(DATABASE);
        if (database == null) {
            String named = uri == null ? null : uri.database();
            database = named == null ? "pgwatch" : named;
            if (!isDatabase(database)) {
                config.problem("database", '"' + database + '"', DATABASE.expected());
            }
        }
        Layout layout = new Layout(
                database,
                config.get(COLLECTION),
                config.get(MODE),
                config.get(TIME_FIELD),
                config.get(META_FIELD),
                config.get(GRANULARITY),
                config.find(EXPIRE_AFTER),
                config.get(CREATE),
                config.get(MAX_COLLECTIONS));
        if (layout.timeField().equals(layout.metaField())) {
            config.problem("option meta-field", '"' + layout.metaField() + '"', "another name than time-field's");
        }
        for (String name : List.of(layout.timeField(), layout.metaField())) {
            if (name.equals(Layout.NANOS_FIELD)) {
                config.problem("options time-field and meta-field", '"' + name + '"', "other names: this one is taken");
            }
        }
        config.check();
        if (uri == null) {
            // the check has failed already, with what is wrong with it
            return batch -> Outcome.retry("no connection string");
        }
        return new MongoSink(uri, layout);
    }

    private static SinkOption<String> field(String name, String meaning) {
        return SinkOption.of(
                name,
                "text",
                "a letter, then at most 63 letters, digits and _",
                meaning,
                text -> FIELD_NAME.matcher(text).matches() ? text : null);
    }

    private static boolean isDatabase(String text) {
        return DATABASE_NAME.matcher(text).matches()
                && text.getBytes(StandardCharsets.UTF_8).length <= MAX_DATABASE_BYTES;
    }

    private static boolean isCollection(String text) {
        return !text.isEmpty()
                && text.getBytes(StandardCharsets.UTF_8).length <= 100
                && !text.startsWith("system.")
                && !text.startsWith(".")
                && text.indexOf('$') < 0
                && text.indexOf('\0') < 0;
    }
}
