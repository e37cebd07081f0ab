package io.github.pgwatchrpc.delivery.worker;

/**
 * How many writes may be under way: one more after each round in which all went well, half of it after a failure, a little
 * less when writes take much longer than they did at best (AIMD, as TCP does with its congestion window). Not thread-safe.
 */
final class Window {

    /** A latency of so many times the best one means that the target has a queue. */
    private static final double SLOW = 3;

    /** What is faster than this is never called slow: the differences are those of this machine. */
    private static final double SLOW_NANOS = 10_000_000;

    /** How fast the best latency is forgotten, for a target may become slower for good. */
    private static final double FORGET = 1.01;

    private static final double LESS = 0.9;
    private static final double HALF = 0.5;

    private final int max;
    private double size = 1;
    private double best = Double.MAX_VALUE;

    Window(int max) {
        this.max = max;
    }

    int size() {
        return (int) size;
    }

    void succeeded(long nanos, boolean full) {
        double latency = (double) nanos;
        best = Math.min(latency, best * FORGET);
        if (latency > SLOW_NANOS && latency > best * SLOW && size > 1) {
            size = Math.max(1, size * LESS);
        } else if (full) {
            size = Math.min(max, size + 1 / size);
        }
    }

    void failed() {
        size = Math.max(1, size * HALF);
    }
}
