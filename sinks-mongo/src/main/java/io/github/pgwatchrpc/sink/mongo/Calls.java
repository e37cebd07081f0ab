package io.github.pgwatchrpc.sink.mongo;

import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Makes calls of the driver on threads of their own: a thread that reads a socket does not notice that it is interrupted,
 * one that waits for another does. What was called goes on then, until the connection's own time is over. Thread-safe.
 */
final class Calls {

    private static final long CLOSE_SECONDS = 3;

    private final ExecutorService threads;

    /** Threads are made when they are needed, and end when they have not been for a minute. */
    Calls() {
        AtomicInteger number = new AtomicInteger();
        threads = Executors.newCachedThreadPool(task -> daemon(task, "mongo-" + number.incrementAndGet()));
    }

    /**
     * Makes a call and waits for its end.
     *
     * @throws InterruptedException if this thread was interrupted; what becomes of the call is then unknown
     */
    <T> T call(Callable<T> call) throws InterruptedException {
        Future<T> running = threads.submit(call);
        try {
            return running.get();
        } catch (InterruptedException e) {
            running.cancel(true);
            throw e;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            } else if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    /** Makes a last call, waits a few seconds for its end, and gives the threads back. An interruption stays. */
    void end(Runnable last) {
        CountDownLatch ended = new CountDownLatch(1);
        Thread thread = daemon(
                () -> {
                    try {
                        last.run();
                    } finally {
                        ended.countDown();
                    }
                },
                "mongo-close");
        thread.start();
        try {
            boolean inTime = ended.await(CLOSE_SECONDS, TimeUnit.SECONDS);
            if (!inTime) {
                thread.interrupt();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        threads.shutdownNow();
    }

    private static Thread daemon(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
    }
}
