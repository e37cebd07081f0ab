package io.github.pgwatchrpc.rpc.grpc;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What a server says of itself when it is asked by {@code grpc.health.v1.Health}: one answer for the server as a whole
 * (the empty name) and for each of its services. Begins with serving. Thread-safe.
 */
public final class GrpcHealth {

    private final Set<Runnable> watchers = ConcurrentHashMap.newKeySet();
    private volatile boolean serving = true;

    GrpcHealth() {}

    /**
     * Changes the answer and tells those who watch.
     *
     * @param value whether calls are taken
     */
    public void serving(boolean value) {
        serving = value;
        watchers.forEach(Runnable::run);
    }

    /**
     * The answer.
     *
     * @return whether calls are taken
     */
    public boolean isServing() {
        return serving;
    }

    void watch(Runnable watcher) {
        watchers.add(watcher);
    }

    void forget(Runnable watcher) {
        watchers.remove(watcher);
    }
}
