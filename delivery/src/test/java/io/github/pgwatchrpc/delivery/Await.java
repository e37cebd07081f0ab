package io.github.pgwatchrpc.delivery;

import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Assertions;

/** Waits for what another thread brings about and tells nobody of. */
@NullMarked
public final class Await {

    private Await() {}

    public static void until(String what, Callable<Boolean> condition) throws Exception {
        long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (!condition.call()) {
            if (System.nanoTime() > end) {
                Assertions.fail("not within a minute: " + what);
            }
            Thread.onSpinWait();
            Thread.yield();
        }
    }
}
