package io.github.pgwatchrpc.sink.elastic;

import io.github.pgwatchrpc.sink.Capability;
import io.github.pgwatchrpc.sink.Limits;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.SinkConfig;
import io.github.pgwatchrpc.sink.SinkOption;
import io.github.pgwatchrpc.sink.SinkProvider;
import io.github.pgwatchrpc.sink.http.HttpAuth;
import io.github.pgwatchrpc.sink.http.HttpOptions;
import io.github.pgwatchrpc.sink.http.HttpTransport;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Makes sinks for {@code elasticsearch://HOST:PORT} and, with TLS, {@code elasticsearch+https://HOST:PORT}. */
public final class ElasticSinkProvider implements SinkProvider {

    static final String SCHEME = "elasticsearch";
    static final String SCHEME_TLS = "elasticsearch+https";

    /**
     * Bodies of these come to 2 to 6 MB, since JSON takes up to twice the bytes that a batch counts; <a
     * href="https://www.elastic.co/docs/deploy-manage/production-guidance/optimize-performance/indexing-speed">more does
     * not help</a>, and four at once keep a distant cluster busy.
     */
    private static final Limits LIMITS = new Limits(5_000, 3 << 20, 4);

    static final SinkOption<String> CLOUD_ID =
            SinkOption.text("cloud-id", "the deployment's Cloud ID, in place of hosts: elasticsearch+https:?cloud-id=ID");
    static final SinkOption<String> API_KEY = SinkOption.text(
                    "api-key", "API key, as ID:KEY or in the encoded form that Elasticsearch shows")
            .hidden();
    static final SinkOption<String> USER = SinkOption.text("user", "user for basic authentication");
    static final SinkOption<String> PASSWORD =
            SinkOption.text("password", "the user's password").hidden();
    static final SinkOption<String> TOKEN =
            SinkOption.text("token", "bearer token, of a service account for instance").hidden();
    static final SinkOption<String> NAMESPACE = SinkOption.of(
                    "namespace",
                    "text",
                    "1 to 100 of a-z0-9_.",
                    "data streams are metrics-pgwatch.METRIC-NAMESPACE",
                    IndexNames::namespace)
            .defaultsTo("default");
    static final SinkOption<String> INDEX = SinkOption.text(
            "index", "indices instead of data streams, named with {metric}, {database} and {date} (of the row, UTC)");
    static final SinkOption<String> PIPELINE = SinkOption.text("pipeline", "ingest pipeline that documents go through");
    static final SinkOption<Boolean> MANAGE_TEMPLATE = SinkOption.flag(
                    "manage-template",
                    "'provision' makes the index template, and without it nothing is written; false if somebody else makes it")
            .defaultsTo("true");
    static final SinkOption<Boolean> TIME_SERIES = SinkOption.flag(
                    "time-series",
                    "data streams are time series (TSDS); rows that they do not take go to metrics-pgwatch.METRIC.late-NAMESPACE")
            .defaultsTo("false");
    static final SinkOption<Duration> RETENTION = SinkOption.duration(
            "retention",
            Duration.ofDays(1),
            Duration.ofDays(36_500),
            "data streams delete what is older, by their own life cycle; never if not given");
    static final SinkOption<String> ILM_POLICY =
            SinkOption.text("ilm-policy", "index life cycle policy to be named in the index template");
    static final SinkOption<Integer> FIELD_LIMIT = SinkOption.integer(
                    "field-limit",
                    100,
                    100_000,
                    "fields of an index; columns beyond it are kept in documents, but cannot be searched")
            .defaultsTo("1000");

    private static final String EXPECTED_HOSTS =
            "//HOST:PORT, several as //HOST:PORT,HOST:PORT; credentials are options";
    private static final int DEFAULT_PORT = 9200;

    /** For the service loader. */
    public ElasticSinkProvider() {}

    @Override
    public Set<String> schemes() {
        return Set.of(SCHEME, SCHEME_TLS);
    }

    @Override
    public String description() {
        return "Elasticsearch: a data stream for each metric, or indices by a pattern";
    }

    @Override
    public String syntax() {
        return SCHEME_TLS + "://HOST:PORT[,HOST:PORT]";
    }

    @Override
    public List<SinkOption<?>> options() {
        return Stream.concat(
                        Stream.of(
                                API_KEY,
                                USER,
                                PASSWORD,
                                TOKEN,
                                CLOUD_ID,
                                NAMESPACE,
                                INDEX,
                                PIPELINE,
                                MANAGE_TEMPLATE,
                                TIME_SERIES,
                                RETENTION,
                                ILM_POLICY,
                                FIELD_LIMIT),
                        HttpOptions.ALL.stream())
                .toList();
    }

    @Override
    public Limits limits() {
        return LIMITS;
    }

    @Override
    public Set<Capability> capabilities() {
        return Set.of(Capability.IDEMPOTENT, Capability.PROVISION, Capability.DEFINITIONS);
    }

    @Override
    public Sink create(SinkConfig config) {
        HttpTransport.Builder builder = HttpOptions.transport(config, addresses(config), EXPECTED_HOSTS);
        HttpAuth auth = auth(config);
        ElasticSettings settings = settings(config);
        config.check();
        try {
            return new ElasticSink(Objects.requireNonNull(builder).auth(auth).build(), settings);
        } catch (IOException e) {
            config.problem("TLS", String.valueOf(e.getMessage()), "files that can be read");
            config.check();
            throw new IllegalStateException(e);
        }
    }

    private static ElasticSettings settings(SinkConfig config) {
        String index = config.find(INDEX);
        IndexNames names =
                index == null ? IndexNames.streams(config.get(NAMESPACE)) : IndexNames.indices(index, config);
        boolean timeSeries = config.get(TIME_SERIES);
        Duration retention = config.find(RETENTION);
        if (index != null && timeSeries) {
            config.problem("option time-series", "\"true\" beside index", "data streams, that is no option index");
        }
        if (index != null && retention != null) {
            config.problem("option retention", "given beside index", "data streams; ilm-policy for indices");
        }
        if (retention != null && config.find(ILM_POLICY) != null) {
            config.problem("option retention", "given beside ilm-policy", "one of them");
        }
        return new ElasticSettings(
                names,
                timeSeries,
                config.get(MANAGE_TEMPLATE),
                config.get(FIELD_LIMIT),
                retention,
                config.find(ILM_POLICY),
                config.find(PIPELINE));
    }

    // ---- where ----

    private static List<String> addresses(SinkConfig config) {
        String scheme = config.scheme().equals(SCHEME_TLS) ? "https://" : "http://";
        String target = config.target();
        String cloudId = config.find(CLOUD_ID);
        if (cloudId != null) {
            if (!target.isEmpty() && !target.equals("//")) {
                config.targetProblem("given beside cloud-id", "none: the Cloud ID says where");
            }
            if (!config.scheme().equals(SCHEME_TLS)) {
                config.problem("option cloud-id", "with scheme " + SCHEME, "scheme " + SCHEME_TLS);
            }
            return List.of(cloudAddress(cloudId, config));
        }
        if (!target.startsWith("//")) {
            // what cannot be an address is told to be none
            return List.of(target);
        }
        return Stream.of(target.substring(2).split(",", -1))
                .map(String::strip)
                .map(host -> scheme + withPort(host))
                .toList();
    }

    private static String withPort(String address) {
        int slash = address.indexOf('/');
        String host = slash < 0 ? address : address.substring(0, slash);
        boolean hasPort = host.indexOf(':', host.lastIndexOf(']') + 1) >= 0;
        return hasPort || host.isEmpty()
                ? address
                : host + ':' + DEFAULT_PORT + (slash < 0 ? "" : address.substring(slash));
    }

    /**
     * A <a href="https://www.elastic.co/docs/deploy-manage/deploy/elastic-cloud/find-cloud-id">Cloud ID</a>: a name, a
     * colon, and in base64 domain, Elasticsearch's part of the host and Kibana's, with {@code $} between.
     */
    private static String cloudAddress(String cloudId, SinkConfig config) {
        try {
            byte[] decoded = Base64.getDecoder().decode(cloudId.substring(cloudId.lastIndexOf(':') + 1));
            String[] parts = new String(decoded, StandardCharsets.UTF_8).split("\\$", -1);
            if (parts.length >= 2 && !parts[0].isEmpty() && !parts[1].isEmpty()) {
                int colon = parts[0].lastIndexOf(':');
                String domain = colon < 0 ? parts[0] : parts[0].substring(0, colon);
                String port = colon < 0 ? "443" : parts[0].substring(colon + 1);
                return "https://" + parts[1] + '.' + domain + ':' + port;
            }
        } catch (IllegalArgumentException e) {
            // told below
        }
        config.problem("option cloud-id", '"' + cloudId + '"', "NAME:BASE64, as the deployment's page shows it");
        return "https://unknown";
    }

    // ---- who ----

    private static HttpAuth auth(SinkConfig config) {
        String key = config.find(API_KEY);
        String user = config.find(USER);
        String password = config.find(PASSWORD);
        String token = config.find(TOKEN);
        if ((user == null) != (password == null)) {
            config.problem("option " + (user == null ? "password" : "user"), "alone", "user and password");
        }
        if (Stream.of(key, user == null ? password : user, token)
                        .filter(Objects::nonNull)
                        .count()
                > 1) {
            config.problem("credentials", "several", "one of api-key, user and password, or token");
        }
        if (key != null) {
            String encoded = key.indexOf(':') < 0
                    ? key
                    : Base64.getEncoder().encodeToString(key.getBytes(StandardCharsets.UTF_8));
            return header(config, API_KEY, () -> HttpAuth.scheme("ApiKey", encoded));
        } else if (token != null) {
            return header(config, TOKEN, () -> HttpAuth.bearer(token));
        } else if (user != null && password != null) {
            return header(config, USER, () -> HttpAuth.basic(user, password));
        }
        return HttpAuth.none();
    }

    private static HttpAuth header(SinkConfig config, SinkOption<String> option, Supplier<HttpAuth> header) {
        try {
            return header.get();
        } catch (IllegalArgumentException e) {
            config.problem(
                    "option " + option.name(),
                    option.isSecret() ? "(secret)" : "has a colon",
                    option.isSecret() ? "printable ASCII" : "none");
            return HttpAuth.none();
        }
    }
}
