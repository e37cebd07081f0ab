package io.github.pgwatchrpc.sink.http;

import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.LongSupplier;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * Sends requests to a service that has one or several endpoints, and says what came of them in the words of the sink's
 * contract. It never tries again by itself, except at the next endpoint: that is the delivery's part.
 *
 * <ul>
 *   <li>An endpoint that gives no answer, or 502, 503 or 504, is passed over for the next one, rests for a while, and is
 *       then preferred again. If all fail, what the last one said counts.
 *   <li>An attempt ends within the time-out, whatever part of it is slow; the calling thread's interruption ends it at once.
 *   <li>Of an answer's body only so much is read as the transport takes.
 *   <li>HTTP/1.1; redirections are not followed, since credentials would go with them; no cookies.
 * </ul>
 *
 * <table>
 *   <caption>Answers and outcomes</caption>
 *   <tr><th>answer</th><th>outcome</th></tr>
 *   <tr><td>408, 425, 429, 5xx</td><td>Retry, after the time that {@code Retry-After} says</td></tr>
 *   <tr><td>401, 403, 407</td><td>Paused: credentials</td></tr>
 *   <tr><td>404, 405, 410, 3xx</td><td>Paused: the address is wrong or its target is missing, which is no fault of rows</td></tr>
 *   <tr><td>413</td><td>Refused: too large</td></tr>
 *   <tr><td>other 4xx</td><td>Refused</td></tr>
 *   <tr><td>none: certificate</td><td>Paused</td></tr>
 *   <tr><td>none: connection, time-out, broken off</td><td>Retry</td></tr>
 * </table>
 *
 * <p>Thread-safe. Connections are kept by the JDK's client and given back when the transport is no longer reachable; its
 * threads are daemons.
 */
public final class HttpTransport {

    /** What a bulk answer of ten thousand rows may need. */
    public static final int DEFAULT_MAX_REPLY_BYTES = 16 << 20;

    private static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(30);
    private static final Duration DEFAULT_REST = Duration.ofSeconds(30);

    /** Answers of a proxy or node that another one may not give. */
    private static final Set<Integer> ELSEWHERE = Set.of(502, 503, 504);

    private final HttpClient client;
    private final Endpoints endpoints;
    private final HttpAuth auth;
    private final Duration timeout;
    private final boolean gzip;
    private final int maxReplyBytes;
    private final Failures failures;

    /** The same with other endpoints. */
    private HttpTransport(HttpTransport other, Endpoints endpoints) {
        this.client = other.client;
        this.endpoints = endpoints;
        this.auth = other.auth;
        this.timeout = other.timeout;
        this.gzip = other.gzip;
        this.maxReplyBytes = other.maxReplyBytes;
        this.failures = other.failures;
    }

    private HttpTransport(Builder builder, @Nullable SSLContext tls) {
        HttpClient.Builder http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(builder.timeout);
        if (tls != null) {
            http.sslContext(tls);
        }
        this.client = http.build();
        this.endpoints = new Endpoints(builder.endpoints, builder.rest, builder.nanos);
        this.auth = builder.auth;
        this.timeout = builder.timeout;
        this.gzip = builder.gzip;
        this.maxReplyBytes = builder.maxReplyBytes;
        this.failures = new Failures(builder.auth, builder.clock);
    }

    /**
     * A transport to be configured.
     *
     * @param endpoints addresses, the preferred one first; {@code http} or {@code https}, with a path or not, without user,
     *     query and fragment
     * @return a builder
     * @throws IllegalArgumentException if there is none, or one is not so
     */
    public static Builder builder(List<URI> endpoints) {
        return new Builder(endpoints);
    }

    /**
     * Sends what a write has to send.
     *
     * @param call the request
     * @param taken reads an answer with a status from 200 to 299, of which nothing has been cut off
     * @return what it says, or what the failure means for the batch: see the table above
     * @throws InterruptedException if the thread was interrupted; whether the service has the request is then not known
     */
    public Outcome write(HttpCall call, Function<HttpReply, Outcome> taken) throws InterruptedException {
        return write(call, taken, (reply, outcome) -> outcome);
    }

    /**
     * Sends what a write has to send, to a service whose failures tell more than their status.
     *
     * @param call the request
     * @param taken reads an answer with a status from 200 to 299, of which nothing has been cut off
     * @param failed reads any other answer, of which the end may have been cut off; it gets what the table above makes of
     *     it, whose reason quotes the answer without secrets. Whether the next endpoint is tried does not depend on it
     * @return what one of them says, or what the lack of an answer means for the batch
     * @throws InterruptedException if the thread was interrupted; whether the service has the request is then not known
     */
    public Outcome write(
            HttpCall call, Function<HttpReply, Outcome> taken, BiFunction<HttpReply, Outcome, Outcome> failed)
            throws InterruptedException {
        List<URI> order = endpoints.inOrder();
        Outcome last = Outcome.retry("no endpoint");
        for (int i = 0; i < order.size(); i++) {
            URI endpoint = order.get(i);
            HttpReply reply;
            try {
                reply = send(call, endpoint);
            } catch (IOException e) {
                endpoints.failed(endpoint);
                last = failures.of(call, endpoint, e, timeout);
                continue;
            }
            if (reply.status() >= 200 && reply.status() < 300) {
                endpoints.answered(endpoint);
                return reply.isCut()
                        ? Outcome.retry(call + " at " + endpoint + ": bytes of the answer: more than " + maxReplyBytes
                                + " (expected: <= " + maxReplyBytes + ")")
                        : taken.apply(reply);
            }
            last = failed.apply(reply, failures.of(call, reply));
            if (!ELSEWHERE.contains(reply.status())) {
                endpoints.answered(endpoint);
                return last;
            }
            endpoints.failed(endpoint);
        }
        return last;
    }

    /**
     * The same transport for one of its endpoints: for what only that one knows which took an earlier request.
     *
     * @param endpoint what {@link HttpReply#endpoint} told
     * @return a transport that shares the connections and goes nowhere else
     */
    public HttpTransport at(URI endpoint) {
        return new HttpTransport(this, endpoints.only(endpoint));
    }

    /**
     * Asks the service whether it is there.
     *
     * @param call a request that changes nothing
     * @param taken reads an answer with a status from 200 to 299
     * @return what it says, or what stands in the way; an answer that would refuse a batch is one to be mended
     * @throws InterruptedException if the thread was interrupted
     */
    public Readiness probe(HttpCall call, Function<HttpReply, Readiness> taken) throws InterruptedException {
        Readiness[] said = {Readiness.ready()};
        Outcome outcome = write(call, reply -> {
            said[0] = taken.apply(reply);
            return Outcome.written();
        });
        if (outcome instanceof Outcome.Written) {
            return said[0];
        } else if (outcome instanceof Outcome.Refused refused) {
            return new Outcome.Paused(refused.why(), "check the address and the options");
        } else if (outcome instanceof Readiness readiness) {
            return readiness;
        }
        throw new AssertionError(outcome);
    }

    private HttpReply send(HttpCall call, URI endpoint) throws IOException, InterruptedException {
        CompletableFuture<HttpResponse<BoundedBody.Bytes>> answer =
                client.sendAsync(request(call, endpoint), info -> new BoundedBody(maxReplyBytes));
        try {
            HttpResponse<BoundedBody.Bytes> response = answer.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
            return new HttpReply(
                    endpoint,
                    response.statusCode(),
                    response.headers(),
                    response.body().all().toByteArray(),
                    response.body().cut());
        } catch (TimeoutException e) {
            throw new HttpTimeoutException("no answer");
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException cause) {
                throw cause;
            } else if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new IOException(e.getCause());
        } finally {
            // gives up the connection if there was no answer, otherwise does nothing
            answer.cancel(true);
        }
    }

    private HttpRequest request(HttpCall call, URI endpoint) {
        String path = endpoint.getRawPath() == null ? "" : endpoint.getRawPath();
        String base = path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
        URI target = URI.create(endpoint.getScheme() + "://" + endpoint.getRawAuthority() + base + call.path());
        HttpRequest.Builder request = HttpRequest.newBuilder(target).header("User-Agent", "pgwatch-rpc");
        call.headers().forEach(request::setHeader);
        String header = auth.header();
        if (header != null) {
            request.setHeader(header, auth.value());
        }
        Iterable<byte[]> body = call.body();
        if (body != null && gzip) {
            request.setHeader("Content-Encoding", "gzip");
        }
        return request.method(call.method(), body == null ? BodyPublishers.noBody() : publisher(call, body))
                .build();
    }

    private BodyPublisher publisher(HttpCall call, Iterable<byte[]> body) {
        if (call.isWhole()) {
            byte[] bytes = body.iterator().next();
            return BodyPublishers.ofByteArray(gzip ? Gzip.whole(bytes) : bytes);
        }
        return BodyPublishers.ofByteArrays(gzip ? new Gzip(body) : body);
    }

    /** Names no credentials. */
    @Override
    public String toString() {
        return "HttpTransport" + endpoints.inOrder();
    }

    /** Configures a transport. Not thread-safe. */
    public static final class Builder {
        private final List<URI> endpoints;
        private HttpAuth auth = HttpAuth.none();
        private HttpTls tls = HttpTls.DEFAULT;
        private Duration timeout = DEFAULT_TIMEOUT;
        private Duration rest = DEFAULT_REST;
        private boolean gzip = true;
        private int maxReplyBytes = DEFAULT_MAX_REPLY_BYTES;
        private Clock clock = Clock.systemUTC();
        private LongSupplier nanos = System::nanoTime;

        private Builder(List<URI> endpoints) {
            if (endpoints.isEmpty()) {
                throw new IllegalArgumentException("endpoints: none (expected: at least one)");
            }
            this.endpoints = List.copyOf(endpoints);
            for (int i = 0; i < endpoints.size(); i++) {
                String problem = problem(endpoints.get(i));
                if (problem != null) {
                    // the address itself may hold a password
                    throw new IllegalArgumentException("endpoint " + (i + 1) + ": " + problem
                            + " (expected: http://HOST:PORT or https://HOST:PORT)");
                }
            }
        }

        /** What is wrong with an address; null if nothing is. */
        static @Nullable String problem(URI endpoint) {
            String scheme = endpoint.getScheme();
            if (!"http".equals(scheme) && !"https".equals(scheme)) {
                return "neither http nor https";
            } else if (endpoint.getHost() == null) {
                return "no host";
            } else if (endpoint.getPort() == 0 || endpoint.getPort() > 65_535) {
                return "port " + endpoint.getPort();
            } else if (endpoint.getRawUserInfo() != null) {
                return "has a user";
            } else if (endpoint.getRawQuery() != null || endpoint.getRawFragment() != null) {
                return "has a query or a fragment";
            }
            return null;
        }

        /**
         * Credentials; none by default.
         *
         * @param value the header to send
         * @return this builder
         */
        public Builder auth(HttpAuth value) {
            auth = value;
            return this;
        }

        /**
         * TLS; the JDK's authorities and no client certificate by default.
         *
         * @param value whom to trust and what to show
         * @return this builder
         */
        public Builder tls(HttpTls value) {
            tls = value;
            return this;
        }

        /**
         * How long an attempt at one endpoint may take, from connecting to the last byte; 30 seconds by default.
         *
         * @param value more than zero
         * @return this builder
         */
        public Builder timeout(Duration value) {
            if (value.isNegative() || value.isZero()) {
                throw new IllegalArgumentException("timeout: " + value + " (expected: > 0)");
            }
            timeout = value;
            return this;
        }

        /**
         * How long an endpoint that failed stands behind the others; 30 seconds by default.
         *
         * @param value not negative
         * @return this builder
         */
        public Builder rest(Duration value) {
            if (value.isNegative()) {
                throw new IllegalArgumentException("rest: " + value + " (expected: >= 0)");
            }
            rest = value;
            return this;
        }

        /**
         * Whether bodies are compressed; they are by default.
         *
         * @param value true to compress
         * @return this builder
         */
        public Builder gzip(boolean value) {
            gzip = value;
            return this;
        }

        /**
         * How many bytes of an answer's body are read; {@link #DEFAULT_MAX_REPLY_BYTES} by default.
         *
         * @param value 1 and up
         * @return this builder
         */
        public Builder maxReplyBytes(int value) {
            if (value < 1) {
                throw new IllegalArgumentException("bytes of an answer: " + value + " (expected: >= 1)");
            }
            maxReplyBytes = value;
            return this;
        }

        /** For tests. */
        Builder clocks(Clock forDates, LongSupplier forRests) {
            clock = forDates;
            nanos = forRests;
            return this;
        }

        /**
         * Makes the transport; it connects to nothing yet.
         *
         * @return the transport
         * @throws IOException if a file of its TLS cannot be used; the message names it
         */
        public HttpTransport build() throws IOException {
            boolean secured = endpoints.stream().anyMatch(each -> "https".equals(each.getScheme()));
            return new HttpTransport(this, secured ? tls.context() : null);
        }
    }
}
