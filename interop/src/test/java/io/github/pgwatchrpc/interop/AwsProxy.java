package io.github.pgwatchrpc.interop;

import io.github.pgwatchrpc.sink.testkit.FaultAnswer;
import io.github.pgwatchrpc.sink.testkit.FaultRequest;
import io.github.pgwatchrpc.sink.testkit.FaultServer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Stands before a service of AWS and keeps the calls that it took, since the stand-ins keep nothing over their end. Where the
 * service is away, the caller's connection is reset. A number of calls can be throttled instead.
 */
final class AwsProxy implements AutoCloseable {

    /** What the JDK's client sets itself. */
    private static final Set<String> OWN =
            Set.of("accept", "connection", "content-length", "expect", "host", "transfer-encoding", "upgrade");

    /** A call that was answered with 200. */
    record Taken(FaultRequest request, String answer) {}

    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final List<Taken> taken = new ArrayList<>();
    private final List<String> refused = new ArrayList<>();
    private final URI service;
    private final FaultServer server;

    AwsProxy(URI service) throws IOException {
        this.service = service;
        server = FaultServer.start().otherwise(this::answer);
    }

    URI uri() {
        return server.uri();
    }

    /** Throttles the next calls, as AWS does it. */
    void throttle(int calls) {
        for (int i = 0; i < calls; i++) {
            server.then(FaultAnswer.status(429)
                    .with("Content-Type", "application/x-amz-json-1.1")
                    .body("{\"__type\":\"ThrottlingException\",\"message\":\"Rate exceeded\"}"));
        }
    }

    /** Calls that were answered with success, in their order; waits for the one that is under way. */
    synchronized List<Taken> taken() {
        return List.copyOf(taken);
    }

    /** What the service said to the others. */
    synchronized List<String> refused() {
        return List.copyOf(refused);
    }

    private synchronized FaultAnswer answer(FaultRequest request) {
        HttpRequest.Builder call = HttpRequest.newBuilder(service.resolve(request.path()))
                .method(request.method(), HttpRequest.BodyPublishers.ofByteArray(request.body()));
        request.headers().forEach((name, value) -> {
            if (!OWN.contains(name.toLowerCase(Locale.ROOT))) {
                call.header(name, value);
            }
        });
        HttpResponse<byte[]> response;
        try {
            response = client.send(call.build(), HttpResponse.BodyHandlers.ofByteArray());
        } catch (IOException e) {
            return FaultAnswer.reset();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return FaultAnswer.reset();
        }
        String text = new String(response.body(), StandardCharsets.UTF_8);
        if (response.statusCode() == 200) {
            taken.add(new Taken(request, text));
        } else {
            refused.add(response.statusCode() + " " + text);
        }
        FaultAnswer answer = FaultAnswer.status(response.statusCode()).body(response.body());
        for (String name : List.of("Content-Type", "smithy-protocol", "x-amzn-errortype")) {
            String value = response.headers().firstValue(name).orElse(null);
            if (value != null) {
                answer = answer.with(name, value);
            }
        }
        return answer;
    }

    @Override
    public void close() {
        server.close();
    }
}
