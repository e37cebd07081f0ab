package io.github.pgwatchrpc.rpc.listen;

import io.github.pgwatchrpc.rpc.RpcObserver.End;
import io.github.pgwatchrpc.rpc.RpcPeer;
import io.netty.channel.Channel;
import java.net.SocketAddress;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One accepted connection: who is at its other end, how much it has done, and why it ended. It is written on its event
 * loop and may be read by any thread.
 */
public final class Connection implements RpcPeer {

    private final Channel channel;
    private final SocketAddress address;
    private final long opened = System.nanoTime();
    private volatile long calls;
    private @Nullable End end;
    private String endReason = "";
    private volatile @Nullable Runnable drain;

    Connection(Channel channel) {
        this.channel = channel;
        this.address = channel.remoteAddress();
    }

    @Override
    public SocketAddress address() {
        return address;
    }

    /** Counts a call. To be called on the event loop. */
    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
    public void called() {
        calls++;
    }

    /**
     * How many calls it has made.
     *
     * @return number of calls
     */
    public long calls() {
        return calls;
    }

    /**
     * Closes the connection behind what has been written. Only the first reason counts. To be called on the event loop.
     *
     * @param why for metrics
     * @param reason for the log
     */
    public void close(End why, String reason) {
        if (noteEnd(why, reason)) {
            channel.flush();
            channel.close();
        }
    }

    /**
     * Says why the connection is ending, when it is ending by itself. Only the first reason counts. To be called on the
     * event loop.
     *
     * @param why for metrics
     * @param reason for the log
     * @return whether it was the first
     */
    public boolean noteEnd(End why, String reason) {
        if (end != null) {
            return false;
        }
        end = why;
        endReason = reason;
        return true;
    }

    /**
     * Whether an end has been noted.
     *
     * @return true if no more bytes need to be looked at
     */
    public boolean isEnding() {
        return end != null;
    }

    /**
     * Says how to stop without losing a call in flight. It is run on the event loop when the listener stops, and calls
     * {@link #close} once everything is answered. Without it the connection is closed at once.
     *
     * @param action what to run
     */
    public void onDrain(Runnable action) {
        drain = action;
    }

    void drain() {
        Runnable action = drain;
        if (action != null) {
            action.run();
        } else {
            close(End.SHUTDOWN, "the server is stopping");
        }
    }

    Channel channel() {
        return channel;
    }

    End end() {
        return end == null ? End.PEER : end;
    }

    String endReason() {
        return end == null ? "closed by the peer" : endReason;
    }

    /** Whether it has been open for long without a single call. */
    boolean isUnused(long nanos) {
        return calls == 0 && System.nanoTime() - opened > nanos;
    }

    long ageNanos() {
        return System.nanoTime() - opened;
    }

    @Override
    public String toString() {
        return address + " (" + calls + " calls in " + TimeUnit.NANOSECONDS.toSeconds(ageNanos()) + " s)";
    }
}
