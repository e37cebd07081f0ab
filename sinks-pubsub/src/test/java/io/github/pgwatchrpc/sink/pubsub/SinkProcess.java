package io.github.pgwatchrpc.sink.pubsub;

import io.github.pgwatchrpc.measurement.EnvelopeBuilder;
import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.Sinks;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/**
 * A program with a sink, since Google looks for credentials in a process's environment. It opens it for each line {@code
 * open} of its standard input, writes a row for each other line, and prints what came of it.
 */
final class SinkProcess {

    private SinkProcess() {}

    @SuppressWarnings("SystemOut") // that is its purpose
    public static void main(String[] args) throws IOException, InterruptedException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        try (Sink sink = Sinks.load(SinkProcess.class.getClassLoader()).create(args[0], Map.of())) {
            int position = 0;
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                System.out.println(line.equals("open") ? sink.open() : sink.write(row(position++)));
            }
        }
    }

    private static Batch row(int position) {
        return new Batch(
                "t",
                List.of(new Batch.Slice(
                        new EnvelopeBuilder()
                                .database("a")
                                .metric("m")
                                .row(Map.of("epoch_ns", 1_795_367_430_436_993_182L))
                                .build(),
                        position,
                        0,
                        1)));
    }
}
