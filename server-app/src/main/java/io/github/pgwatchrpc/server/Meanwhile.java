package io.github.pgwatchrpc.server;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** A part of the start that is made on a thread of its own while others are made. */
final class Meanwhile<T> implements AutoCloseable {

    private final FutureTask<T> task;
    private final Thread thread;

    /** Begins. */
    Meanwhile(Callable<T> making) {
        task = new FutureTask<>(making);
        thread = new Thread(task, "start");
        thread.start();
    }

    /**
     * Waits for what is made.
     *
     * @throws ConfigException what making it has thrown
     */
    T result() throws ConfigException {
        try {
            return task.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof ConfigException wrong) {
                throw wrong;
            } else if (e.getCause() instanceof RuntimeException fault) {
                throw fault;
            } else if (e.getCause() instanceof Error fault) {
                throw fault;
            }
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ConfigException("interrupted while starting", "start again", e);
        }
    }

    /** Waits until nothing is being made any more: what stops next would be used otherwise. */
    @Override
    public void close() {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
