package io.github.pgwatchrpc.rpc.listen;

import io.netty.util.concurrent.EventExecutor;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;

/** Asks an event loop now and then whether it still runs what it is given. Thread-safe. */
final class LoopProbe {

    private final EventExecutor loop;

    /** When the question was put that has not been answered yet. */
    private final AtomicReference<Long> asked = new AtomicReference<>();

    private volatile String name = "an event loop that never began";

    LoopProbe(EventExecutor loop) {
        this.loop = loop;
    }

    /** Looks at the last question and, if it has been answered, puts the next one. */
    Optional<String> look(Duration patience) {
        if (loop.isShuttingDown()) {
            return Optional.of(name + " has ended");
        }
        long now = System.nanoTime();
        if (asked.compareAndSet(null, now)) {
            try {
                loop.execute(this::answer);
            } catch (RejectedExecutionException e) {
                return Optional.of(name + " has ended");
            }
            return Optional.empty();
        }
        Long since = asked.get();
        return since != null && now - since > patience.toNanos()
                ? Optional.of(name + " has not answered for " + (now - since) / 1_000_000_000L + " s")
                : Optional.empty();
    }

    private void answer() {
        name = Thread.currentThread().getName();
        asked.set(null);
    }
}
