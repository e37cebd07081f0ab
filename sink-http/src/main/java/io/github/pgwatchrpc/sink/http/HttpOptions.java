package io.github.pgwatchrpc.sink.http;

import io.github.pgwatchrpc.sink.SinkConfig;
import io.github.pgwatchrpc.sink.SinkOption;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The options that all HTTP sinks have, so that they are called the same everywhere. A provider lists {@link #ALL} beside
 * its own and calls {@link #transport}. Credentials are each sink's own, since services differ in them.
 */
public final class HttpOptions {

    /** How long an attempt may take. */
    public static final SinkOption<Duration> TIMEOUT = SinkOption.duration(
                    "timeout",
                    Duration.ofMillis(10),
                    Duration.ofMinutes(10),
                    "how long a request may take, from connecting to the end of the answer")
            .defaultsTo("30s");

    /** Whether bodies are compressed. */
    public static final SinkOption<Boolean> GZIP =
            SinkOption.flag("gzip", "requests are compressed").defaultsTo("true");

    /** Whom to trust. */
    public static final SinkOption<String> CA =
            SinkOption.text("ca", "file of the authorities (PEM) to trust instead of the JDK's");

    /** What to show. */
    public static final SinkOption<String> CLIENT_CERT =
            SinkOption.text("client-cert", "file of the certificate (PEM, with its chain) to show to the service");

    /** Its key. */
    public static final SinkOption<String> CLIENT_KEY =
            SinkOption.text("client-key", "file of the private key (PEM, no passphrase) of client-cert");

    /** Whom not to ask. */
    public static final SinkOption<Boolean> INSECURE = SinkOption.flag(
                    "insecure", "takes any certificate: whoever is in between can read and change everything")
            .defaultsTo("false");

    /** All of these, in the order in which they are to be listed. */
    public static final List<SinkOption<?>> ALL = List.of(TIMEOUT, GZIP, CA, CLIENT_CERT, CLIENT_KEY, INSECURE);

    private HttpOptions() {}

    /**
     * Reads endpoints and options. Whatever is wrong becomes a {@link SinkConfig#problem}.
     *
     * @param config the sink's configuration; its target is {@code https://HOST:PORT}, or several of them with commas
     * @return a builder to which the sink adds its credentials; null if there are problems, which {@link
     *     SinkConfig#check} then tells
     */
    public static HttpTransport.@Nullable Builder transport(SinkConfig config) {
        return transport(
                config,
                List.of(config.target().split(",", -1)),
                "https://HOST:PORT, several with commas between; credentials are options");
    }

    /**
     * Reads options, for a sink whose target is written in a way of its own. Whatever is wrong becomes a {@link
     * SinkConfig#problem}.
     *
     * @param config the sink's configuration
     * @param addresses the endpoints as {@code http://HOST:PORT} or {@code https://HOST:PORT}, right or wrong
     * @param expected what an error about them says after "expected:"
     * @return a builder to which the sink adds its credentials; null if there are problems, which {@link
     *     SinkConfig#check} then tells
     */
    public static HttpTransport.@Nullable Builder transport(
            SinkConfig config, List<String> addresses, String expected) {
        List<URI> endpoints = endpoints(config, addresses, expected);
        HttpTls tls = tls(config);
        if (endpoints == null || tls == null) {
            return null;
        }
        return HttpTransport.builder(endpoints)
                .timeout(config.get(TIMEOUT))
                .gzip(config.get(GZIP))
                .tls(tls);
    }

    private static @Nullable List<URI> endpoints(SinkConfig config, List<String> addresses, String expected) {
        List<URI> endpoints = new ArrayList<>();
        boolean wrong = false;
        for (String text : addresses) {
            String problem;
            try {
                URI endpoint = new URI(text.strip());
                problem = HttpTransport.Builder.problem(endpoint);
                endpoints.add(endpoint);
            } catch (URISyntaxException e) {
                problem = "not an address";
            }
            if (problem != null) {
                wrong = true;
                // not the text: it may hold a password
                config.targetProblem(problem, expected);
            }
        }
        return wrong ? null : endpoints;
    }

    private static @Nullable HttpTls tls(SinkConfig config) {
        Path ca = path(config, CA);
        Path certificate = path(config, CLIENT_CERT);
        Path key = path(config, CLIENT_KEY);
        if (config.find(CLIENT_CERT) == null != (config.find(CLIENT_KEY) == null)) {
            SinkOption<?> lonely = config.find(CLIENT_CERT) == null ? CLIENT_KEY : CLIENT_CERT;
            config.problem("option " + lonely.name(), "alone", "client-cert and client-key, or none of them");
            return null;
        }
        HttpTls tls = new HttpTls(ca, certificate, key, config.get(INSECURE));
        try {
            tls.context();
            return tls;
        } catch (IOException e) {
            config.problem("TLS", String.valueOf(e.getMessage()), "files that can be read");
            return null;
        }
    }

    private static @Nullable Path path(SinkConfig config, SinkOption<String> option) {
        String text = config.find(option);
        try {
            return text == null ? null : Path.of(text);
        } catch (InvalidPathException e) {
            config.problem("option " + option.name(), '"' + text + '"', "a path");
            return null;
        }
    }
}
