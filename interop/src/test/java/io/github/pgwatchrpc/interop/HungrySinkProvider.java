package io.github.pgwatchrpc.interop;

import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.SinkConfig;
import io.github.pgwatchrpc.sink.SinkProvider;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;

/**
 * A plug-in that takes all there is of something at its first write: {@code hungry:heap}, {@code hungry:direct}, {@code
 * hungry:threads}; {@code hungry:wrapped} takes direct memory, and says so as a library does that catches everything.
 */
public final class HungrySinkProvider implements SinkProvider {

    /** For the service loader. */
    public HungrySinkProvider() {}

    @Override
    public Set<String> schemes() {
        return Set.of("hungry");
    }

    @Override
    public String description() {
        return "takes all there is";
    }

    @Override
    public Sink create(SinkConfig config) {
        String of = config.target();
        config.check();
        return new Sink() {
            @Override
            public Readiness open() {
                return Readiness.ready();
            }

            @Override
            public Outcome write(Batch batch) throws IOException {
                List<Object> all = new ArrayList<>();
                while (true) {
                    switch (of) {
                        case "heap" -> all.add(new byte[1 << 20]);
                        case "direct" -> all.add(ByteBuffer.allocateDirect(1 << 20));
                        case "wrapped" -> {
                            try {
                                all.add(ByteBuffer.allocateDirect(1 << 20));
                            } catch (OutOfMemoryError e) {
                                throw new IOException("could not send", new IllegalStateException(e));
                            }
                        }
                        default -> sleeper().start();
                    }
                }
            }

            @Override
            public void close() {}
        };
    }

    private static Thread sleeper() {
        Thread thread = new Thread(() -> {
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        thread.setDaemon(true);
        return thread;
    }
}
