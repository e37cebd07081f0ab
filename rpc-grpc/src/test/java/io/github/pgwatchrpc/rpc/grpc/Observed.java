package io.github.pgwatchrpc.rpc.grpc;

import io.github.pgwatchrpc.rpc.RpcObserver;
import io.github.pgwatchrpc.rpc.detect.Protocol;
import java.net.SocketAddress;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Remembers what an observer is told. */
final class Observed implements RpcObserver {

    final BlockingQueue<String> events = new LinkedBlockingQueue<>();

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
        events.add("answered " + method + " " + (failed ? "failed" : "ok"));
    }

    @Override
    public void refused(SocketAddress peer, String method, Refusal refusal, String reason) {
        events.add("refused " + method + " " + refusal + " " + reason);
    }

    String next() throws InterruptedException {
        return String.valueOf(events.poll(20, TimeUnit.SECONDS));
    }
}
