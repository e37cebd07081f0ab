package io.github.pgwatchrpc.rpc.grpc;

import static java.util.concurrent.CompletableFuture.completedFuture;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.rpc.detect.Protocol;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoReader;
import io.github.pgwatchrpc.rpc.listen.RpcListener;
import io.github.pgwatchrpc.rpc.listen.TestConnections;
import io.github.pgwatchrpc.rpc.netrpc.NetRpcServer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.DefaultHttp2PingFrame;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What concerns a whole connection: its bounds, its end, and those beside it. */
final class GrpcConnectionTest {

    private static final String WAIT = "/Test/Wait";
    private static final String NOW = "/Test/Now";
    private static final byte[] NOTHING = {};

    private final Observed observed = new Observed();
    private final BlockingQueue<CompletableFuture<byte[]>> waiting = new LinkedBlockingQueue<>();
    private final List<AutoCloseable> open = new ArrayList<>();

    private final GrpcServer.Builder builder = GrpcServer.builder()
            .observer(observed)
            .method("Test", "Now", ProtoReader::array, (bytes, peer) -> completedFuture(NOTHING), bytes -> bytes)
            .method(
                    "Test",
                    "Wait",
                    ProtoReader::array,
                    (bytes, peer) -> {
                        CompletableFuture<byte[]> answer = new CompletableFuture<>();
                        waiting.add(answer);
                        return answer;
                    },
                    bytes -> bytes);

    private RpcListener listener() throws IOException {
        RpcListener listener = RpcListener.builder()
                .protocol(Protocol.HTTP2, builder.build().protocol())
                .protocol(Protocol.HTTP_CONNECT, NetRpcServer.builder().build().overHttp())
                .observer(observed)
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        open.add(() -> listener.stop(Duration.ofSeconds(1)));
        return listener;
    }

    private TestClient client(RpcListener listener) {
        TestClient client = new TestClient(listener.address());
        open.add(0, client);
        return client;
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable each : open) {
            each.close();
        }
    }

    private String closed() throws InterruptedException {
        String event = observed.next();
        while (!event.startsWith("closed") && !event.equals("null")) {
            event = observed.next();
        }
        return event;
    }

    // ---- stopping ----

    @Test
    void stoppingAnswersTheCallsInFlight() throws Exception {
        RpcListener listener = listener();
        TestClient busy = client(listener);
        TestClient idle = client(listener);
        assertEquals(0, idle.call(NOW, NOTHING).status());
        TestClient.Stream call = busy.open(TestClient.headers(WAIT), false);
        call.send(TestClient.framed(NOTHING), true);
        CompletableFuture<byte[]> answer = waiting.take();
        CompletableFuture<Void> stopped = CompletableFuture.runAsync(() -> listener.stop(Duration.ofSeconds(20)));
        assertEquals("0 the server is stopping", idle.goAway());
        idle.awaitClosed();
        assertEquals("0 the server is stopping", busy.goAway());
        assertEquals("0 the server is stopping", busy.goAway(), "told twice: soon, and where the end is");
        assertTrue(busy.isOpen());
        assertFalse(call.isAnswered());
        answer.complete(new byte[] {10, 1, 'x'});
        assertEquals("x", call.answer().logmsg());
        busy.awaitClosed();
        TestClient.get(stopped);
        assertEquals("closed SHUTDOWN 1 the server is stopping", closed());
        assertEquals("closed SHUTDOWN 1 the server is stopping", closed());
    }

    @Test
    void whatTakesTooLongIsClosed() throws Exception {
        RpcListener listener = listener();
        TestClient client = client(listener);
        client.open(TestClient.headers(WAIT), false).send(TestClient.framed(NOTHING), true);
        waiting.take().isDone();
        listener.stop(Duration.ofMillis(1));
        client.awaitClosed();
        assertEquals("closed SHUTDOWN 1 calls were still in flight after PT0.001S", closed());
    }

    // ---- floods ----

    @Test
    void aFloodOfPingsIsDisconnected() throws Exception {
        TestClient client = client(listener());
        for (int i = 0; i < 4; i++) {
            client.connection().writeAndFlush(new DefaultHttp2PingFrame(i));
        }
        assertEquals("11 too_many_pings", client.goAway());
        client.awaitClosed();
        assertEquals("closed BROKEN_STREAM 0 too_many_pings", closed());
    }

    @Test
    void pingsBetweenCallsAreFine() throws Exception {
        TestClient client = client(listener());
        for (int i = 0; i < 20; i++) {
            client.connection().writeAndFlush(new DefaultHttp2PingFrame(i));
            assertEquals(0, client.call(NOW, NOTHING).status());
        }
    }

    @Test
    void pingsForgiveAndForget() {
        PingGuard guard = new PingGuard(100);
        assertFalse(guard.isTooMany(0));
        assertFalse(guard.isTooMany(50));
        assertFalse(guard.isTooMany(150), "not too early");
        assertFalse(guard.isTooMany(200));
        assertTrue(guard.isTooMany(201));
        guard.sent();
        assertFalse(guard.isTooMany(202));
        assertFalse(guard.isTooMany(203));
        assertFalse(guard.isTooMany(204));
        assertTrue(guard.isTooMany(205));
    }

    @Test
    void aFloodOfResetsIsDisconnected() throws Exception {
        builder.limits(GrpcLimits.DEFAULT.toBuilder().resets(10).build());
        TestClient client = client(listener());
        for (int i = 0; i < 12 && client.isOpen(); i++) {
            TestClient.Stream stream = client.open(TestClient.headers(WAIT), false);
            stream.send(new byte[1], false);
            stream.reset();
        }
        // a GOAWAY is sent, but may be lost: the flood goes on while the server closes, and the kernel answers with a
        // reset
        client.awaitClosed();
        assertTrue(closed().startsWith("closed BROKEN_STREAM "));
    }

    /** The streams of a refused peer are reset so that it stops sending; that is not held against it. */
    @Test
    void refusalsAreNoFlood() throws Exception {
        builder.limits(GrpcLimits.DEFAULT.toBuilder().resets(10).build());
        TestClient client = client(listener());
        for (int i = 0; i < 50; i++) {
            TestClient.Answer answer =
                    client.open(TestClient.headers("/Test/Nothing"), false).answer();
            assertEquals(12, answer.status());
        }
        assertEquals(0, client.call(NOW, NOTHING).status());
    }

    // ---- bytes that are no HTTP/2 ----

    private static byte[] preface() {
        byte[] text = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
        return ByteBuffer.allocate(text.length + 9)
                .put(text)
                .put(new byte[] {0, 0, 0, 4, 0, 0, 0, 0, 0}) // empty SETTINGS
                .array();
    }

    @Test
    void aBrokenStreamClosesItsConnectionAlone() throws Exception {
        RpcListener listener = listener();
        TestClient other = client(listener);
        assertEquals(0, other.call(NOW, NOTHING).status());
        try (Socket socket =
                new Socket(listener.address().getAddress(), listener.address().getPort())) {
            OutputStream out = socket.getOutputStream();
            out.write(preface());
            out.write(new byte[] {0, 0, 1, 4, 0, 0, 0, 0, 0, 7}); // SETTINGS of one byte
            out.flush();
            socket.getInputStream().readAllBytes();
        }
        assertTrue(closed().startsWith("closed BROKEN_STREAM 0 "));
        assertEquals(0, other.call(NOW, NOTHING).status());
    }

    @Test
    void bytesMayComeOneByOne() throws Exception {
        RpcListener listener = listener();
        try (Socket socket =
                new Socket(listener.address().getAddress(), listener.address().getPort())) {
            socket.setTcpNoDelay(true);
            for (byte each : preface()) {
                socket.getOutputStream().write(each);
            }
            InputStream in = socket.getInputStream();
            byte[] settings = in.readNBytes(9);
            assertEquals(4, settings[3], "the server's SETTINGS");
        }
    }

    @Test
    void aPeerThatVanishesInACallIsSeen() throws Exception {
        RpcListener listener = listener();
        TestClient client = new TestClient(listener.address());
        client.open(TestClient.headers(WAIT), false).send(TestClient.framed(NOTHING), true);
        CompletableFuture<byte[]> answer = waiting.take();
        client.close();
        assertEquals("closed CUT 1 ended by the peer in the middle of a call", closed());
        answer.complete(NOTHING);
    }

    /** A peer that calls and does not read must not make the server keep its answers: it is not read until it reads. */
    @Test
    void aPeerThatDoesNotReadIsNotRead() {
        int[] reads = new int[1];
        EmbeddedChannel channel = new EmbeddedChannel(new ChannelOutboundHandlerAdapter() {
            @Override
            public void read(ChannelHandlerContext ctx) {
                reads[0]++;
                ctx.read();
            }
        });
        open.add(channel::finishAndReleaseAll);
        channel.pipeline().addLast(GrpcConnection.create(builder.build(), TestConnections.of(channel)));
        channel.writeInbound(Unpooled.wrappedBuffer(preface()));
        assertTrue(channel.config().isAutoRead());
        channel.unsafe().outboundBuffer().setUserDefinedWritability(1, false);
        channel.runPendingTasks();
        assertFalse(channel.config().isAutoRead());
        reads[0] = 0;
        channel.pipeline().fireChannelReadComplete();
        assertEquals(0, reads[0], "not read behind autoRead's back");
        channel.unsafe().outboundBuffer().setUserDefinedWritability(1, true);
        channel.runPendingTasks();
        assertTrue(channel.config().isAutoRead());
    }

    /** A peer that does not wait for SETTINGS, or ignores them, is bound from its first frame on. */
    @Test
    void callsBeyondTheBoundAreRefusedOneByOne() throws Exception {
        builder.limits(GrpcLimits.DEFAULT.toBuilder().callsInFlight(2).build());
        EmbeddedChannel channel = new EmbeddedChannel();
        open.add(channel::finishAndReleaseAll);
        channel.pipeline().addLast(GrpcConnection.create(builder.build(), TestConnections.of(channel)));
        channel.writeInbound(Unpooled.wrappedBuffer(preface()));
        channel.releaseOutbound();
        DefaultHttp2HeadersEncoder encoder = new DefaultHttp2HeadersEncoder();
        for (int stream = 1; stream <= 5; stream += 2) {
            channel.releaseOutbound();
            ByteBuf block = Unpooled.buffer();
            encoder.encodeHeaders(stream, TestClient.headers(WAIT), block);
            ByteBuf frame = Unpooled.buffer().writeMedium(block.readableBytes());
            frame.writeByte(1).writeByte(4).writeInt(stream).writeBytes(block); // HEADERS, END_HEADERS
            channel.writeInbound(frame);
        }
        ByteBuf out = channel.readOutbound();
        assertEquals("000004030000000005" + "00000007", ByteBufUtil.hexDump(out), "RST_STREAM of 5, REFUSED_STREAM");
        out.release();
        assertTrue(channel.isOpen());
    }

    @Test
    void netRpcLivesOnTheSamePort() throws Exception {
        RpcListener listener = listener();
        TestClient client = client(listener);
        try (Socket socket =
                new Socket(listener.address().getAddress(), listener.address().getPort())) {
            socket.getOutputStream().write("CONNECT /_goRPC_ HTTP/1.0\n\n".getBytes(StandardCharsets.US_ASCII));
            assertEquals(
                    "HTTP/1.0 200 Connected to Go RPC",
                    new String(socket.getInputStream().readNBytes(32), StandardCharsets.US_ASCII));
            assertEquals(0, client.call(NOW, NOTHING).status());
        }
    }
}
