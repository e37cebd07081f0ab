package io.github.pgwatchrpc.rpc.netrpc;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.pgwatchrpc.rpc.gob.GobLimits;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import java.lang.reflect.Type;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** One connection of a client without a socket, with a clock that stands still. */
final class EmbeddedClient implements AutoCloseable {

    final CompletableFuture<ClientConnection> ready = new CompletableFuture<>();
    final EmbeddedChannel channel = new EmbeddedChannel();
    final ClientConnection connection;

    private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(true);

    EmbeddedClient(boolean http, GobLimits limits) {
        connection = new ClientConnection(
                new NetRpcClient.Settings(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 1),
                        InetAddress::getAllByName,
                        http,
                        null,
                        Duration.ofSeconds(10),
                        Duration.ofSeconds(60),
                        Duration.ZERO,
                        limits),
                ready);
        channel.freezeTime();
        channel.config().setAllocator(allocator);
        channel.pipeline().addLast(connection);
        // it was active before the handler came
        channel.pipeline().fireChannelActive();
    }

    /** Calls, and expects an object of a type, or anything for null. */
    CompletableFuture<Object> call(@Nullable Type reply) {
        CompletableFuture<Object> future = new CompletableFuture<>();
        connection.send(new PendingCall<>("Any.Method", reply, future), "x");
        return future;
    }

    void receive(byte[] bytes) {
        receive(bytes, 0, bytes.length);
    }

    void receive(byte[] bytes, int offset, int length) {
        if (channel.isOpen()) {
            channel.writeInbound(allocator.heapBuffer(length).writeBytes(bytes, offset, length));
            channel.checkException();
        }
    }

    /** Ends the connection and fails if a call has no outcome or a buffer has not been released. */
    @Override
    public void close() {
        connection.close(new IOException("the test is over"));
        channel.finishAndReleaseAll();
        assertEquals(0, allocator.metric().usedHeapMemory(), "heap buffers that were not released");
        assertEquals(0, allocator.metric().usedDirectMemory(), "direct buffers that were not released");
    }
}
