package io.github.pgwatchrpc.rpc.netrpc;

import io.github.pgwatchrpc.rpc.RpcObserver;
import io.github.pgwatchrpc.rpc.detect.Protocol;
import java.net.SocketAddress;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Writes down what an observer is told; tests wait for events instead of for time. */
public final class Events implements RpcObserver {

    private final BlockingQueue<String> events = new LinkedBlockingQueue<>();

    @Override
    public void opened(SocketAddress peer) {
        events.add("opened");
    }

    @Override
    public void closed(SocketAddress peer, @Nullable Protocol protocol, End end, long calls, String reason) {
        events.add("closed " + end + " " + calls + " " + reason);
    }

    @Override
    public void called(String method, int bytes) {
        events.add("called " + method + " " + bytes);
    }

    @Override
    public void answered(String method, long nanos, boolean failed) {
        events.add("answered " + method + (failed ? " failed" : ""));
    }

    @Override
    public void refused(SocketAddress peer, String method, Refusal refusal, String reason) {
        events.add("refused " + method + " " + refusal + " " + reason);
    }

    @Override
    public void headerWithoutBody(SocketAddress peer, String method) {
        events.add("orphan " + method);
    }

    @Override
    public void badTypeDefinition(SocketAddress peer, String reason) {
        events.add("bad type " + reason);
    }

    /** What has been told since the last time. */
    public List<String> take() {
        List<String> taken = new java.util.ArrayList<>();
        events.drainTo(taken);
        return taken;
    }

    /** Waits for an event that begins so; those before it are thrown away. */
    public String await(String prefix) throws InterruptedException {
        while (true) {
            String event = events.poll(60, TimeUnit.SECONDS);
            if (event == null) {
                throw new AssertionError("no event " + prefix);
            }
            if (event.startsWith(prefix)) {
                return event;
            }
        }
    }
}
