package io.github.pgwatchrpc.sink.azure;

import io.github.pgwatchrpc.sink.Capability;
import io.github.pgwatchrpc.sink.Limits;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.SinkConfig;
import io.github.pgwatchrpc.sink.SinkOption;
import io.github.pgwatchrpc.sink.SinkProvider;
import io.github.pgwatchrpc.sink.http.HttpOptions;
import io.github.pgwatchrpc.sink.http.HttpTls;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Makes sinks for {@code azure://ENDPOINT/DCR-IMMUTABLE-ID/STREAM}. Loads nothing of Azure's. */
public final class AzureSinkProvider implements SinkProvider {

    static final String SCHEME = "azure";

    /**
     * Ten chunks or more make a batch, of which the last alone is not full; eight batches at once keep a distant service busy.
     */
    private static final Limits LIMITS = new Limits(50_000, 10 << 20, 8);

    private static final int MIN_CHUNK_BYTES = 64 << 10;

    static final SinkOption<Columns> COLUMNS = SinkOption.of(
            "columns",
            "columns",
            "NAME:TYPE,NAME:TYPE with names that a table may have, 400 at most; string, long, real, boolean or dynamic; string for tag_ columns",
            "columns of pgwatch's, such as tps:real,tag_datname:string, that get one of their own beside Tags and Fields",
            Columns::read);
    static final SinkOption<Long> CHUNK_SIZE = SinkOption.bytes(
                    "chunk-size",
                    MIN_CHUNK_BYTES,
                    ChunkWriter.MAX_BYTES,
                    "JSON in a request before it is compressed; the service takes 1MB")
            .defaultsTo("900KB");
    static final SinkOption<Identity.Kind> CREDENTIAL = SinkOption.choice(
                    "credential",
                    Identity.Kind.class,
                    "how tokens are got; default tries environment, workload identity, managed identity and signed-in tools in turn")
            .defaultsTo("default");
    static final SinkOption<String> TENANT = SinkOption.text("tenant-id", "the Entra tenant");
    static final SinkOption<String> CLIENT =
            SinkOption.text("client-id", "the application, or the user-assigned managed identity");
    static final SinkOption<String> SECRET =
            SinkOption.text("client-secret", "the application's secret").hidden();
    static final SinkOption<String> SECRET_FILE =
            SinkOption.text("client-secret-file", "file with the application's secret");
    static final SinkOption<String> CERTIFICATE =
            SinkOption.text("client-certificate", "file with the application's certificate and key: PEM, or .pfx");
    static final SinkOption<String> CERTIFICATE_PASSWORD = SinkOption.text(
                    "client-certificate-password", "password of the .pfx file")
            .hidden();
    static final SinkOption<String> TOKEN_FILE = SinkOption.text(
            "federated-token-file", "file with the workload's token, if not what AZURE_FEDERATED_TOKEN_FILE says");
    static final SinkOption<Cloud> CLOUD = SinkOption.choice(
                    "cloud", Cloud.class, "which of Azure's clouds the endpoint is in")
            .defaultsTo("public");
    static final SinkOption<String> AUTHORITY =
            SinkOption.text("authority", "https address of who gives tokens, in a cloud of one's own");
    static final SinkOption<String> AUDIENCE =
            SinkOption.text("audience", "what tokens are for, in a cloud of one's own");

    private static final String EXPECTED =
            "//ENDPOINT/DCR-IMMUTABLE-ID/STREAM such as //pgwatch-abcd.westeurope-1.ingest.monitor.azure.com/dcr-0123456789abcdef0123456789abcdef/Custom-Pgwatch";

    private static final Pattern TARGET =
            Pattern.compile("//([^/@]+)/(dcr-[0-9a-f]{32})/(Custom-[A-Za-z][A-Za-z0-9_]{0,62})");

    /** Stands in where problems keep the real one from being made. */
    private static final String UNKNOWN = "unknown";

    /** Which credentials need which options, and which may have them. */
    private static final Map<Identity.Kind, Set<SinkOption<?>>> NEEDED = Map.of(
            Identity.Kind.CLIENT_SECRET, Set.of(TENANT, CLIENT),
            Identity.Kind.CLIENT_CERTIFICATE, Set.of(TENANT, CLIENT, CERTIFICATE));

    private static final Map<SinkOption<String>, Identity.Kind> ONLY_FOR = Map.of(
            SECRET, Identity.Kind.CLIENT_SECRET,
            SECRET_FILE, Identity.Kind.CLIENT_SECRET,
            CERTIFICATE, Identity.Kind.CLIENT_CERTIFICATE,
            CERTIFICATE_PASSWORD, Identity.Kind.CLIENT_CERTIFICATE,
            TOKEN_FILE, Identity.Kind.WORKLOAD_IDENTITY);

    /** For the service loader. */
    public AzureSinkProvider() {}

    @Override
    public Set<String> schemes() {
        return Set.of(SCHEME);
    }

    @Override
    public String description() {
        return "Azure Monitor Logs: rows of a custom table, through the Logs Ingestion API";
    }

    @Override
    public String syntax() {
        return SCHEME + "://ENDPOINT/DCR-IMMUTABLE-ID/STREAM";
    }

    @Override
    public List<SinkOption<?>> options() {
        return List.of(
                COLUMNS,
                CHUNK_SIZE,
                CREDENTIAL,
                TENANT,
                CLIENT,
                SECRET,
                SECRET_FILE,
                CERTIFICATE,
                CERTIFICATE_PASSWORD,
                TOKEN_FILE,
                CLOUD,
                AUTHORITY,
                AUDIENCE,
                HttpOptions.TIMEOUT,
                HttpOptions.CA);
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
        Matcher target = TARGET.matcher(config.target());
        String host = UNKNOWN;
        String rule = UNKNOWN;
        String stream = UNKNOWN;
        if (!target.matches()) {
            // not the text: it may hold a password
            config.targetProblem("not so", EXPECTED);
        } else if (https("https://" + target.group(1)) == null) {
            config.targetProblem("ENDPOINT is no host", EXPECTED);
        } else {
            host = target.group(1);
            rule = target.group(2);
            stream = target.group(3);
        }
        Columns columns = config.find(COLUMNS);
        Cloud cloud = config.get(CLOUD);
        String audience = config.find(AUDIENCE);
        AzureSettings settings = new AzureSettings(
                "https://" + host,
                rule,
                stream,
                columns == null ? Columns.NONE : columns,
                Math.toIntExact(config.get(CHUNK_SIZE)),
                identity(config, cloud),
                audience == null ? cloud.audience() : withoutSlash(audience),
                tls(config),
                config.get(HttpOptions.TIMEOUT));
        config.check();
        return new AzureSink(settings);
    }

    private static Identity identity(SinkConfig config, Cloud cloud) {
        Identity.Kind kind = config.get(CREDENTIAL);
        for (SinkOption<?> option : NEEDED.getOrDefault(kind, Set.of())) {
            if (config.find(option) == null) {
                config.problem("option " + option.name(), "missing", "given, since credential=" + word(kind));
            }
        }
        ONLY_FOR.forEach((option, only) -> {
            if (only != kind && config.find(option) != null) {
                config.problem(
                        "option " + option.name(), "given beside credential=" + word(kind), "credential=" + word(only));
            }
        });
        if (kind == Identity.Kind.CLIENT_SECRET
                && (config.find(SECRET) == null) == (config.find(SECRET_FILE) == null)) {
            config.problem(
                    "option client-secret",
                    config.find(SECRET) == null ? "missing" : "given beside client-secret-file",
                    "client-secret or client-secret-file");
        }
        for (SinkOption<String> option : List.of(SECRET_FILE, CERTIFICATE, TOKEN_FILE)) {
            path(config, option);
        }
        String authority = config.find(AUTHORITY);
        if (authority != null && https(authority) == null) {
            config.problem("option authority", "no address", "https://HOST");
        }
        return new Identity(
                kind,
                config.find(TENANT),
                config.find(CLIENT),
                config.find(SECRET),
                config.find(SECRET_FILE),
                config.find(CERTIFICATE),
                config.find(CERTIFICATE_PASSWORD),
                config.find(TOKEN_FILE),
                authority == null ? cloud.authority() : withoutSlash(authority),
                authority == null);
    }

    private static String word(Identity.Kind kind) {
        return kind.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static HttpTls tls(SinkConfig config) {
        HttpTls tls = new HttpTls(path(config, HttpOptions.CA), null, null, false);
        try {
            tls.context();
        } catch (IOException e) {
            config.problem("TLS", String.valueOf(e.getMessage()), "a file that can be read");
        }
        return tls;
    }

    private static @Nullable Path path(SinkConfig config, SinkOption<String> option) {
        String text = config.find(option);
        try {
            return text == null ? null : Path.of(text);
        } catch (InvalidPathException e) {
            config.problem("option " + option.name(), "no path", "a path");
            return null;
        }
    }

    /** An address of a host and perhaps a port; null if it is anything else. */
    private static @Nullable URI https(String text) {
        try {
            URI uri = new URI(text);
            boolean plain = Objects.equals(uri.getScheme(), "https")
                    && uri.getHost() != null
                    && uri.getPort() != 0
                    && uri.getPort() <= 65_535
                    && uri.getRawUserInfo() == null
                    && uri.getRawQuery() == null
                    && uri.getRawFragment() == null;
            return plain ? uri : null;
        } catch (URISyntaxException e) {
            return null;
        }
    }

    private static String withoutSlash(String address) {
        return address.endsWith("/") ? address.substring(0, address.length() - 1) : address;
    }
}
