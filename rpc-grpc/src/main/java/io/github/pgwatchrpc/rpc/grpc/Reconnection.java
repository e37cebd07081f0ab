package io.github.pgwatchrpc.rpc.grpc;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A client's connection, opened when it is needed: the one that is there as long as it can be used, then another. While
 * opening fails, further attempts wait longer and longer, and in between there is the reason at once. Thread-safe.
 *
 * @param <C> a connection
 */
final class Reconnection<C> {

    private static final Duration FIRST_BACK_OFF = Duration.ofMillis(100);

    private final Supplier<CompletableFuture<C>> opener;
    private final Predicate<C> usable;
    private final Duration longestBackOff;

    private @Nullable CompletableFuture<C> current;
    private int failures;
    private long notBefore = System.nanoTime();
    private IOException lastFailure = new IOException("rpc: not connected yet");
    private boolean closed;

    Reconnection(Supplier<CompletableFuture<C>> opener, Predicate<C> usable, Duration longestBackOff) {
        this.opener = opener;
        this.usable = usable;
        this.longestBackOff = longestBackOff;
    }

    synchronized CompletableFuture<C> get() {
        if (closed) {
            return CompletableFuture.failedFuture(new IOException("rpc: client is closed"));
        }
        CompletableFuture<C> is = current;
        if (is != null && (!is.isDone() || isUsable(is))) {
            return is;
        }
        long wait = notBefore - System.nanoTime();
        if (wait > 0) {
            return CompletableFuture.failedFuture(new IOException(
                    "rpc: not connected, next attempt in " + TimeUnit.NANOSECONDS.toMillis(wait) + " ms: "
                            + lastFailure.getMessage(),
                    lastFailure));
        }
        CompletableFuture<C> next = opener.get();
        current = next;
        next.whenComplete((connection, failure) -> noteAttempt(failure));
        return next;
    }

    private boolean isUsable(CompletableFuture<C> done) {
        return !done.isCompletedExceptionally() && usable.test(done.join());
    }

    /** Back-off doubles, and chance spreads those who lost the same server. */
    private synchronized void noteAttempt(@Nullable Throwable failure) {
        if (failure == null) {
            failures = 0;
            return;
        }
        long span = Math.min(longestBackOff.toNanos(), FIRST_BACK_OFF.toNanos() << Math.min(failures, 20));
        failures++;
        notBefore =
                System.nanoTime() + (span == 0 ? 0 : ThreadLocalRandom.current().nextLong(span));
        lastFailure = failure instanceof IOException io ? io : new IOException(failure);
    }

    /** There will be no other. */
    synchronized void close() {
        closed = true;
    }
}
