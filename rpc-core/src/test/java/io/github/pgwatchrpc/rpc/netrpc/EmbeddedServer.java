package io.github.pgwatchrpc.rpc.netrpc;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.pgwatchrpc.rpc.MemoryBudget;
import io.github.pgwatchrpc.rpc.MemoryBudgets;
import io.github.pgwatchrpc.rpc.RpcObserver.End;
import io.github.pgwatchrpc.rpc.detect.Protocol;
import io.github.pgwatchrpc.rpc.listen.Connection;
import io.github.pgwatchrpc.rpc.listen.TestConnections;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One connection of a server without a socket, with a clock that stands still until told to go, and a network that takes
 * nothing while it is told to.
 */
public final class EmbeddedServer implements AutoCloseable {

    private boolean blocked;

    public final EmbeddedChannel channel = new EmbeddedChannel() {
        @Override
        protected void doWrite(ChannelOutboundBuffer out) throws Exception {
            if (!blocked) {
                super.doWrite(out);
            }
        }
    };
    public final Connection connection;

    private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(true);
    private final ByteArrayOutputStream unread = new ByteArrayOutputStream();
    private boolean direct;

    private EmbeddedServer(NetRpcServer server, MemoryBudgets memory) {
        this.connection = TestConnections.of(channel, memory, server.limits().firstRequest());
        channel.freezeTime();
        channel.config().setAllocator(allocator);
    }

    /** Bytes are looked at first, as on a port that several protocols share. */
    public static EmbeddedServer detecting(NetRpcServer server) {
        EmbeddedServer embedded = new EmbeddedServer(server, plenty());
        embedded.add(TestConnections.detecting(
                Map.of(
                        Protocol.HTTP_CONNECT, server.overHttp(),
                        Protocol.HTTP, server.overHttp(),
                        Protocol.GOB, server.raw()),
                embedded.connection));
        return embedded;
    }

    /** gob straight away. */
    public static EmbeddedServer raw(NetRpcServer server) {
        return raw(server, plenty());
    }

    private static MemoryBudgets plenty() {
        return new MemoryBudgets(new MemoryBudget(1 << 30), new MemoryBudget(1 << 30), 1 << 20);
    }

    /** gob straight away, with little memory. */
    public static EmbeddedServer raw(NetRpcServer server, MemoryBudgets memory) {
        EmbeddedServer embedded = new EmbeddedServer(server, memory);
        embedded.add(new ServerConnection(server, embedded.connection));
        return embedded;
    }

    private void add(ChannelHandler handler) {
        channel.pipeline().addLast(handler);
    }

    public void send(byte[] bytes) {
        send(bytes, 0, bytes.length);
    }

    public void send(byte[] bytes, int offset, int length) {
        if (!channel.isOpen()) {
            return;
        }
        // by turns both kinds of buffers
        direct = !direct;
        ByteBuf in = direct ? allocator.directBuffer(length) : allocator.heapBuffer(length);
        channel.writeInbound(in.writeBytes(bytes, offset, length));
        channel.checkException();
    }

    /** From now on the peer reads nothing, and the buffers between have run full; or it reads again. */
    public void block(boolean now) {
        blocked = now;
        if (!now) {
            channel.flush();
        }
    }

    /** Bytes that have been written and have not gone out. */
    public long unsent() {
        return channel.unsafe().outboundBuffer().totalPendingWriteBytes();
    }

    /** Everything that has been written since the last time. */
    public byte[] output() {
        channel.runPendingTasks();
        for (ByteBuf out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
            byte[] bytes = new byte[out.readableBytes()];
            out.readBytes(bytes).release();
            unread.writeBytes(bytes);
        }
        byte[] all = unread.toByteArray();
        unread.reset();
        return all;
    }

    public String outputText() {
        return new String(output(), StandardCharsets.ISO_8859_1);
    }

    private final ByteArrayOutputStream answered = new ByteArrayOutputStream();
    private int answersRead;

    /** The answers since the last time. */
    public List<Answers.Answer> answers() {
        answered.writeBytes(output());
        List<Answers.Answer> all = Answers.read(answered.toByteArray());
        List<Answers.Answer> fresh = all.subList(answersRead, all.size());
        answersRead = all.size();
        return fresh;
    }

    public List<String> answerTexts() {
        return answers().stream().map(Answers.Answer::toString).toList();
    }

    public @Nullable End end() {
        return TestConnections.end(connection);
    }

    public String endReason() {
        return TestConnections.endReason(connection);
    }

    /** Ends the connection and fails if any buffer or budget has not been given back. */
    @Override
    public void close() {
        output();
        channel.finishAndReleaseAll();
        assertEquals(0, allocator.metric().usedHeapMemory(), "heap buffers that were not released");
        assertEquals(0, allocator.metric().usedDirectMemory(), "direct buffers that were not released");
        assertEquals(0, connection.memory().used(), "memory that was not given back");
        TestConnections.ended(connection);
    }
}
