package io.github.pgwatchrpc.rpc.grpc;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What a server says of itself when it is asked by {@code grpc.health.v1.Health}: one answer for the server as a whole
 * (the empty name) and for each of its services. Begins with serving. Thread-safe.
 */
public final class GrpcHealth {

    private static final int STRANGERS = 1_000;

    static final String TOO_MANY = "watchers of health that have not been let in: more than " + STRANGERS;

    private final AtomicInteger strangers = new AtomicInteger();
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

    /** Strangers that watch are bounded, so that they are told in no time. */
    boolean watch(Runnable watcher, boolean stranger) {
        if (stranger && strangers.incrementAndGet() > STRANGERS) {
            strangers.decrementAndGet();
            return false;
        }
        watchers.add(watcher);
        return true;
    }

    void forget(Runnable watcher, boolean stranger) {
        if (watchers.remove(watcher) && stranger) {
            strangers.decrementAndGet();
        }
    }
}
