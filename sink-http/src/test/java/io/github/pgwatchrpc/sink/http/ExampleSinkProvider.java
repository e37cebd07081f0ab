package io.github.pgwatchrpc.sink.http;

import io.github.pgwatchrpc.measurement.JsonWriter;
import io.github.pgwatchrpc.measurement.Measurement;
import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Capability;
import io.github.pgwatchrpc.sink.Limits;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.SinkConfig;
import io.github.pgwatchrpc.sink.SinkOption;
import io.github.pgwatchrpc.sink.SinkProvider;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** How a sink on this transport looks: JSON lines to a service that answers with the rows that it did not take. */
public final class ExampleSinkProvider implements SinkProvider {

    private static final SinkOption<String> TOKEN =
            SinkOption.text("token", "what to log in with").hidden();

    /** For the service loader. */
    public ExampleSinkProvider() {}

    @Override
    public Set<String> schemes() {
        return Set.of("example");
    }

    @Override
    public String description() {
        return "JSON lines over HTTP";
    }

    @Override
    public String syntax() {
        return "example:https://HOST:PORT";
    }

    @Override
    public List<SinkOption<?>> options() {
        return Stream.concat(HttpOptions.ALL.stream(), Stream.of(TOKEN)).toList();
    }

    @Override
    public Limits limits() {
        return new Limits(1000, 1 << 20, 4);
    }

    @Override
    public Set<Capability> capabilities() {
        return Set.of(Capability.IDEMPOTENT);
    }

    @Override
    public Sink create(SinkConfig config) {
        HttpTransport.Builder builder = HttpOptions.transport(config);
        HttpAuth auth = auth(config);
        config.check();
        try {
            return new ExampleSink(builder.auth(auth).build());
        } catch (IOException e) {
            config.problem("TLS", e.getMessage(), "files that can be read");
            config.check();
            throw new IllegalStateException(e);
        }
    }

    private static HttpAuth auth(SinkConfig config) {
        String token = config.find(TOKEN);
        try {
            return token == null ? HttpAuth.none() : HttpAuth.bearer(token);
        } catch (IllegalArgumentException e) {
            config.problem("option token", "(secret)", "printable ASCII");
            return HttpAuth.none();
        }
    }

    private record ExampleSink(HttpTransport http) implements Sink {

        @Override
        public Readiness open() throws InterruptedException {
            return http.probe(HttpCall.get("/health"), reply -> Readiness.ready());
        }

        @Override
        public Outcome write(Batch batch) throws InterruptedException {
            JsonWriter json = new JsonWriter();
            for (int row = 0; row < batch.size(); row++) {
                Measurement each = batch.row(row);
                json.raw("{")
                        .name("id")
                        .text(batch.id(row))
                        .raw(",")
                        .name("db")
                        .text(each.envelope().database());
                json.raw(",")
                        .name("metric")
                        .text(each.envelope().metric())
                        .raw(",")
                        .name("time")
                        .number(each.timeNanos());
                json.raw(",")
                        .name("tags")
                        .value(each.tags())
                        .raw(",")
                        .name("fields")
                        .value(each.fields())
                        .raw("}\n");
            }
            byte[] body = Arrays.copyOf(json.buffer(), json.length());
            return http.write(HttpCall.post("/rows", "application/x-ndjson", body), ExampleSink::read);
        }

        private static Outcome read(HttpReply reply) {
            List<Outcome.RefusedRow> refused = new ArrayList<>();
            List<Integer> busy = new ArrayList<>();
            reply.text().lines().forEach(line -> {
                int row = Integer.parseInt(line.substring(line.indexOf(' ') + 1));
                if (line.startsWith("refused ")) {
                    refused.add(new Outcome.RefusedRow(row, "bad"));
                } else {
                    busy.add(row);
                }
            });
            return Outcome.of(refused, busy, Duration.ZERO, busy.isEmpty() ? "" : "busy");
        }
    }
}
