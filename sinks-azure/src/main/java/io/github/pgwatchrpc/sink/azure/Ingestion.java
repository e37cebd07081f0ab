package io.github.pgwatchrpc.sink.azure;

import com.azure.core.credential.AccessToken;
import com.azure.core.credential.TokenCredential;
import com.azure.core.credential.TokenRequestContext;
import com.azure.core.exception.HttpResponseException;
import com.azure.core.http.HttpClient;
import com.azure.core.http.HttpHeaderName;
import com.azure.core.http.HttpResponse;
import com.azure.core.http.jdk.httpclient.JdkHttpClientBuilder;
import com.azure.core.http.policy.FixedDelay;
import com.azure.core.http.policy.RetryPolicy;
import com.azure.core.http.rest.RequestOptions;
import com.azure.core.util.BinaryData;
import com.azure.monitor.ingestion.LogsIngestionClient;
import com.azure.monitor.ingestion.LogsIngestionClientBuilder;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.http.RetryAfter;
import java.io.IOException;
import java.security.cert.CertificateException;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * The Logs Ingestion API by Azure's client: one request a call, with a body of our own making, since the client's own chunks
 * can be longer than the service takes. Nothing is tried again here. Thread-safe.
 */
final class Ingestion {

    private static final String CHECK =
            "check the credentials and the clock of this machine: 'pgwatch-rpc sinks azure' lists the options for credentials";

    private final AzureSettings settings;
    private final LogsIngestionClient client;

    /**
     * A client with credentials of its own, so that it begins without any token.
     *
     * @param settings where to, and as whom
     * @param http sends requests, those for tokens as well
     * @throws IOException if a file with credentials cannot be read; the message names it
     */
    Ingestion(AzureSettings settings, HttpClient http) throws IOException {
        this.settings = settings;
        client = new LogsIngestionClientBuilder()
                .endpoint(settings.endpoint())
                .credential(new Audience(Credentials.of(settings.identity(), http, once()), settings.audience()))
                .httpClient(http)
                .retryPolicy(once())
                .buildClient();
    }

    /** The delivery tries again, and it knows when. */
    private static RetryPolicy once() {
        return new RetryPolicy(new FixedDelay(0, Duration.ofMillis(1)));
    }

    /**
     * A way to send requests.
     *
     * @param settings whom to trust, and how long to wait
     * @throws IOException if a file cannot be read; the message names it
     */
    static HttpClient http(AzureSettings settings) throws IOException {
        java.net.http.HttpClient.Builder jdk = java.net.http.HttpClient.newBuilder()
                .version(java.net.http.HttpClient.Version.HTTP_1_1)
                .followRedirects(java.net.http.HttpClient.Redirect.NEVER)
                .sslContext(settings.tls().context());
        return new JdkHttpClientBuilder(jdk)
                .connectionTimeout(settings.timeout())
                .writeTimeout(settings.timeout())
                .responseTimeout(settings.timeout())
                .readTimeout(settings.timeout())
                .build();
    }

    /**
     * Sends rows.
     *
     * @param body a JSON array, compressed with gzip
     * @return written, refused, retry or paused
     * @throws InterruptedException if the thread was interrupted
     */
    Outcome upload(byte[] body) throws InterruptedException {
        RequestOptions options = new RequestOptions().setHeader(HttpHeaderName.CONTENT_ENCODING, "gzip");
        try {
            int status = client.uploadWithResponse(
                            settings.rule(), settings.stream(), BinaryData.fromBytes(body), options)
                    .getStatusCode();
            return Answers.of(settings, status, "", Duration.ZERO, Duration.ZERO);
        } catch (HttpResponseException e) {
            HttpResponse answer = e.getResponse();
            return answer == null ? failed(e) : answered(answer, e);
        } catch (RuntimeException e) {
            return failed(e);
        }
    }

    private Outcome answered(HttpResponse answer, HttpResponseException e) {
        String body;
        try {
            body = answer.getBodyAsBinaryData().toString();
        } catch (RuntimeException unread) {
            body = String.valueOf(e.getMessage());
        }
        return Answers.of(settings, answer.getStatusCode(), withoutSecrets(body), retryAfter(answer), ahead(answer));
    }

    /** When to come again; zero if it does not say. */
    static Duration retryAfter(HttpResponse answer) {
        return RetryAfter.of(
                header(answer, HttpHeaderName.RETRY_AFTER), header(answer, HttpHeaderName.DATE), Clock.systemUTC());
    }

    /** How far our clock is ahead of who answers. */
    private static Duration ahead(HttpResponse answer) {
        try {
            Instant now = Instant.from(DateTimeFormatter.RFC_1123_DATE_TIME.parse(header(answer, HttpHeaderName.DATE)));
            return Duration.between(now, Clock.systemUTC().instant());
        } catch (DateTimeException e) {
            return Duration.ZERO;
        }
    }

    private static String header(HttpResponse answer, HttpHeaderName name) {
        String value = answer.getHeaderValue(name);
        return value == null ? "" : value;
    }

    /** Nobody answered, or there is no token. */
    private Outcome failed(RuntimeException e) throws InterruptedException {
        InterruptedException interrupted = cause(e, InterruptedException.class);
        if (interrupted != null || Thread.interrupted()) {
            throw new InterruptedException("upload");
        }
        boolean token = cause(e, NoToken.class) != null;
        // exceptions that say no more than the one that they are wrapped around
        Throwable said = e;
        for (Throwable next = said.getCause(); next != null; next = said.getCause()) {
            if (!(said instanceof NoToken)
                    && said.getMessage() != null
                    && !said.getMessage().equals(next.toString())) {
                break;
            }
            said = next;
        }
        String text = said.getMessage() == null ? said.toString() : said.getMessage();
        String why = Answers.line(
                (token ? "no token from " + settings.identity().authority() : "no answer from " + settings.endpoint())
                        + ": " + withoutSecrets(text));
        Credentials.Busy busy = cause(e, Credentials.Busy.class);
        if (busy != null) {
            return new Outcome.Retry(busy.after(), why);
        } else if (cause(e, CertificateException.class) != null) {
            return new Outcome.Paused(
                    why,
                    "the certificate is not to be trusted: give its authority with option ca, or mend the address");
        } else if (cause(e, IOException.class) != null || cause(e, TimeoutException.class) != null || !token) {
            return Outcome.retry(why);
        }
        return new Outcome.Paused(why, CHECK);
    }

    private static <T extends Throwable> @Nullable T cause(Throwable e, Class<T> type) {
        for (Throwable each = e; each != null; each = each.getCause()) {
            if (type.isInstance(each)) {
                return type.cast(each);
            }
        }
        return null;
    }

    private String withoutSecrets(String text) {
        String clean = text;
        for (String secret : new @Nullable String[] {
            settings.identity().secret(), settings.identity().certificatePassword()
        }) {
            if (secret != null) {
                clean = clean.replace(secret, "...");
            }
        }
        return clean;
    }

    /** That there is no token, told apart from all that may happen to a request with one. */
    private static final class NoToken extends RuntimeException {
        private static final long serialVersionUID = 1;

        NoToken(Throwable cause) {
            super(cause);
        }
    }

    /** Asks for tokens for the audience of the cloud in use, since the client asks for that of the public one always. */
    private record Audience(TokenCredential credential, String audience) implements TokenCredential {
        @Override
        public Mono<AccessToken> getToken(TokenRequestContext request) {
            return credential.getToken(ours(request)).onErrorMap(NoToken::new);
        }

        @Override
        public AccessToken getTokenSync(TokenRequestContext request) {
            try {
                return credential.getTokenSync(ours(request));
            } catch (RuntimeException e) {
                throw new NoToken(e);
            }
        }

        private TokenRequestContext ours(TokenRequestContext request) {
            return new TokenRequestContext()
                    .addScopes(audience + "//.default")
                    .setClaims(request.getClaims())
                    .setCaeEnabled(request.isCaeEnabled());
        }
    }
}
