package io.github.pgwatchrpc.rpc.netrpc;

import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcPeer;
import io.github.pgwatchrpc.rpc.gob.GobException;
import io.github.pgwatchrpc.rpc.gob.GobReader;
import io.github.pgwatchrpc.rpc.gob.GobSkipper;
import io.github.pgwatchrpc.rpc.gob.GobTypes;
import java.util.AbstractList;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;

/** Methods that do what a test wants. */
final class TestService {

    /** A call that is answered when the test says so. */
    record Pending(String argument, CompletableFuture<String> reply) {}

    final BlockingQueue<Pending> pending = new LinkedBlockingQueue<>();

    NetRpcServer.Builder addTo(NetRpcServer.Builder server) {
        return server.method("Echo.Text", () -> TestService::text, (String text, RpcPeer peer) -> reply("re: " + text))
                .method("Echo.Later", () -> TestService::text, this::later)
                .method("Echo.Fail", () -> TestService::text, (String text, RpcPeer peer) -> {
                    throw new RpcException(text);
                })
                .method(
                        "Echo.FailLater",
                        () -> TestService::text,
                        (String text, RpcPeer peer) -> CompletableFuture.failedFuture(new RpcException(text)))
                .method("Echo.Crash", () -> TestService::text, (String text, RpcPeer peer) -> {
                    throw new IllegalStateException("on purpose");
                })
                .method(
                        "Echo.CrashLater",
                        () -> TestService::text,
                        (String text, RpcPeer peer) -> reply(text).thenApply(each -> each.substring(1000)))
                .method("Echo.NoClass", () -> TestService::text, (String text, RpcPeer peer) -> {
                    throw new NoClassDefFoundError("on purpose");
                })
                .method("Echo.Deep", () -> TestService::text, (String text, RpcPeer peer) -> reply(deep(text, 0)))
                .method("Echo.DeepReply", () -> TestService::text, (String text, RpcPeer peer) -> endless())
                .method("Echo.DeepDecoder", () -> TestService::deepDecoder, (String text, RpcPeer peer) -> reply(text))
                .method("Echo.OutOfMemory", () -> TestService::text, (String text, RpcPeer peer) -> {
                    throw new OutOfMemoryError("on purpose");
                })
                .method("Echo.Null", () -> TestService::text, (String text, RpcPeer peer) -> nothing())
                .method("Echo.Any", () -> TestService::any, (String text, RpcPeer peer) -> reply(text))
                .method("Echo.Refuse", () -> TestService::refuse, (String text, RpcPeer peer) -> reply(text))
                .method("Echo.CrashingDecoder", () -> TestService::crash, (String text, RpcPeer peer) -> reply(text));
    }

    private CompletionStage<String> later(String text, RpcPeer peer) {
        CompletableFuture<String> reply = new CompletableFuture<>();
        pending.add(new Pending(text, reply));
        return reply;
    }

    Pending next() throws InterruptedException {
        Pending next = pending.poll(60, java.util.concurrent.TimeUnit.SECONDS);
        if (next == null) {
            throw new AssertionError("no call came");
        }
        return next;
    }

    static CompletableFuture<String> reply(String text) {
        return CompletableFuture.completedFuture(text);
    }

    @SuppressWarnings("NullAway") // against the rules, as some service will
    private static CompletableFuture<String> nothing() {
        return null;
    }

    static String text(GobReader reader, GobTypes types, int type) throws GobException {
        if (type != 6) {
            throw new GobException("gob: type of a text: " + type + " (expected: 6)");
        }
        reader.readUint();
        return reader.readString();
    }

    @SuppressWarnings("InfiniteRecursion") // that is the point
    private static String deep(String text, int depth) {
        return deep(text, depth + 1) + depth;
    }

    static String deepDecoder(GobReader reader, GobTypes types, int type) throws GobException {
        reader.readUint();
        return deep(reader.readString(), 0);
    }

    /** A list whose end the encoder does not come to. */
    private static CompletableFuture<Object> endless() {
        return CompletableFuture.completedFuture(new AbstractList<String>() {
            @Override
            public String get(int index) {
                return deep("", index);
            }

            @Override
            public int size() {
                return 1;
            }
        });
    }

    /** Takes whatever comes, to its end. */
    static String any(GobReader reader, GobTypes types, int type) throws GobException {
        GobSkipper.skipTop(reader, types, type);
        return "type " + type;
    }

    /** Refuses in the middle of the value. */
    static String refuse(GobReader reader, GobTypes types, int type) throws GobException, RpcException {
        reader.skip(Math.min(1, reader.remaining()));
        throw new RpcException("not wanted");
    }

    @SuppressWarnings("DoNotCallSuggester")
    static String crash(GobReader reader, GobTypes types, int type) {
        throw new IllegalStateException("on purpose");
    }
}
