package io.github.pgwatchrpc.rpc.grpc;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2GoAwayFrame;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2StreamChannelBootstrap;
import io.netty.util.ReferenceCountUtil;
import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** A client of gRPC as far as tests need one: one connection, calls with all that can go wrong left to the caller. */
public final class TestClient implements AutoCloseable {

    private static final int PATIENCE_SECONDS = 20;

    private final EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final Channel connection;
    private final BlockingQueue<String> goAways = new LinkedBlockingQueue<>();

    /**
     * Connects.
     *
     * @param address to where
     */
    public TestClient(InetSocketAddress address) {
        this(address, Http2Settings.defaultSettings());
    }

    TestClient(InetSocketAddress address, Http2Settings settings) {
        connection = new Bootstrap()
                .group(group)
                .channel(NioSocketChannel.class)
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel made) {
                        made.pipeline()
                                .addLast(Http2FrameCodecBuilder.forClient()
                                        .encoderIgnoreMaxHeaderListSize(true)
                                        .initialSettings(settings)
                                        .build())
                                .addLast(new Http2MultiplexHandler(new ChannelInboundHandlerAdapter()))
                                .addLast(new ConnectionFrames());
                    }
                })
                .connect(address)
                .syncUninterruptibly()
                .channel();
    }

    private final class ConnectionFrames extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext ctx, Object frame) {
            if (frame instanceof Http2GoAwayFrame goAway) {
                goAways.add(goAway.errorCode() + " " + goAway.content().toString(StandardCharsets.UTF_8));
            }
            ReferenceCountUtil.release(frame);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }

    /**
     * How a call ended.
     *
     * @param http status of HTTP
     * @param status grpc-status, -1 if there was none
     * @param message grpc-message, decoded
     * @param messages what came
     * @param reset code of the reset that ended the stream, -1 if none
     * @param headers the last headers
     */
    public record Answer(
            String http, int status, String message, List<byte[]> messages, long reset, Map<String, String> headers) {

        /**
         * The text of the only message, a {@code Reply}.
         *
         * @return its logmsg
         */
        public String logmsg() {
            byte[] reply = messages.get(0);
            return reply.length == 0 ? "" : new String(reply, 2, reply.length - 2, StandardCharsets.UTF_8);
        }

        /** Short, for failures. */
        @Override
        public String toString() {
            return http + " " + status + " " + message + " (" + messages.size() + " messages, reset " + reset + ")";
        }
    }

    static Http2Headers headers(String path) {
        return new DefaultHttp2Headers()
                .method("POST")
                .scheme("http")
                .path(path)
                .authority("test")
                .add("content-type", "application/grpc")
                .add("te", "trailers")
                .add("username", "")
                .add("password", "");
    }

    static byte[] framed(byte[] message) {
        return ByteBuffer.allocate(5 + message.length)
                .put((byte) 0)
                .putInt(message.length)
                .put(message)
                .array();
    }

    /**
     * Makes a call with one message and waits for its end.
     *
     * @param path {@code /Service/Method}
     * @param message the message
     * @return how it ended
     */
    public Answer call(String path, byte[] message) {
        return call(headers(path), framed(message));
    }

    Answer call(Http2Headers headers, byte[] body) {
        Stream stream = open(headers, false);
        stream.send(body, true);
        return stream.answer();
    }

    Stream open(Http2Headers headers, boolean end) {
        Stream stream = new Stream();
        Channel channel = new Http2StreamChannelBootstrap(connection)
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel made) {
                        made.pipeline().addLast(stream.new Frames());
                    }
                })
                .open()
                .syncUninterruptibly()
                .getNow();
        stream.channel = channel;
        channel.writeAndFlush(new DefaultHttp2HeadersFrame(headers, end));
        return stream;
    }

    /** One call. */
    final class Stream {
        private final CompletableFuture<Answer> answer = new CompletableFuture<>();
        private final ByteArrayOutputStream body = new ByteArrayOutputStream();
        private final BlockingQueue<Integer> sizes = new LinkedBlockingQueue<>();
        private @Nullable Http2Headers first;
        private @Nullable Channel channel;

        private Channel channel() {
            Channel is = channel;
            if (is == null) {
                throw new IllegalStateException("not open");
            }
            return is;
        }

        void send(byte[] bytes, boolean end) {
            channel().writeAndFlush(new DefaultHttp2DataFrame(Unpooled.wrappedBuffer(bytes), end));
        }

        void reset() {
            channel()
                    .writeAndFlush(new DefaultHttp2ResetFrame(Http2Error.CANCEL))
                    .awaitUninterruptibly();
        }

        Answer answer() {
            return get(answer);
        }

        boolean isAnswered() {
            return answer.isDone();
        }

        /** Waits until so many messages have come in all. */
        List<byte[]> messages(int count) throws InterruptedException {
            List<byte[]> all = all();
            while (all.size() < count) {
                if (sizes.poll(PATIENCE_SECONDS, TimeUnit.SECONDS) == null) {
                    throw new AssertionError("messages: " + all.size() + " (expected: " + count + ")");
                }
                all = all();
            }
            return all;
        }

        private synchronized List<byte[]> all() {
            List<byte[]> all = new ArrayList<>();
            ByteBuffer bytes = ByteBuffer.wrap(body.toByteArray());
            while (bytes.remaining() >= 5) {
                bytes.get();
                int length = bytes.getInt();
                if (bytes.remaining() < length) {
                    break;
                }
                byte[] message = new byte[length];
                bytes.get(message);
                all.add(message);
            }
            return all;
        }

        private void end(Http2Headers last, long reset) {
            Http2Headers begin = first == null ? last : first;
            CharSequence status = last.get("grpc-status");
            CharSequence message = last.get("grpc-message");
            Map<String, String> map = new java.util.TreeMap<>();
            last.forEach(
                    each -> map.put(each.getKey().toString(), each.getValue().toString()));
            answer.complete(new Answer(
                    String.valueOf(begin.status()),
                    status == null ? -1 : Integer.parseInt(status.toString()),
                    message == null
                            ? ""
                            : URLDecoder.decode(message.toString().replace("+", "%2B"), StandardCharsets.UTF_8),
                    all(),
                    reset,
                    map));
        }

        private final class Frames extends SimpleChannelInboundHandler<Object> {
            @Override
            protected void channelRead0(ChannelHandlerContext ctx, Object frame) {
                if (frame instanceof Http2HeadersFrame headers) {
                    if (headers.isEndStream()) {
                        end(headers.headers(), -1);
                    } else {
                        first = headers.headers();
                    }
                } else if (frame instanceof Http2DataFrame data) {
                    ByteBuf content = data.content();
                    synchronized (Stream.this) {
                        body.writeBytes(ByteBufUtil.getBytes(content));
                    }
                    sizes.add(content.readableBytes());
                } else if (frame instanceof Http2ResetFrame reset) {
                    end(new DefaultHttp2Headers(), reset.errorCode());
                }
            }

            @Override
            public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
                if (event instanceof Http2ResetFrame reset) {
                    end(new DefaultHttp2Headers(), reset.errorCode());
                }
            }

            @Override
            public void channelInactive(ChannelHandlerContext ctx) {
                end(new DefaultHttp2Headers(), -2);
            }
        }
    }

    /** The next GOAWAY, as code and text. */
    String goAway() throws InterruptedException {
        String next = goAways.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        if (next == null) {
            throw new AssertionError("no GOAWAY came");
        }
        return next;
    }

    void awaitClosed() {
        if (!connection.closeFuture().awaitUninterruptibly(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError("the connection was not closed");
        }
    }

    boolean isOpen() {
        return connection.isActive();
    }

    Channel connection() {
        return connection;
    }

    static <T> T get(CompletableFuture<T> future) {
        try {
            return future.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        connection.close().awaitUninterruptibly();
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }
}
