package io.github.pgwatchrpc.rpc.tls;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A real server on a loopback address that sends back what it gets. */
final class TestServer implements AutoCloseable {
    private final MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final BlockingQueue<SslHandler> handlers = new LinkedBlockingQueue<>();
    private final InetSocketAddress address;

    TestServer(SslContext context) throws InterruptedException {
        this(context, InetAddress.getLoopbackAddress());
    }

    TestServer(SslContext context, InetAddress bound) throws InterruptedException {
        Channel channel = new ServerBootstrap()
                .group(group)
                .channel(NioServerSocketChannel.class)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel child) {
                        SslHandler handler = context.newHandler(child.alloc());
                        handlers.add(handler);
                        child.pipeline().addLast(handler, new Echo());
                    }
                })
                .bind(new InetSocketAddress(bound, 0))
                .sync()
                .channel();
        address = (InetSocketAddress) channel.localAddress();
    }

    InetSocketAddress address() {
        return address;
    }

    /** The handler of the connection that was accepted first of those not asked for yet. */
    SslHandler nextHandler() throws InterruptedException {
        SslHandler handler = handlers.poll(1, TimeUnit.MINUTES);
        if (handler == null) {
            throw new AssertionError("no connection came");
        }
        return handler;
    }

    @Override
    public void close() {
        group.shutdownGracefully(0, 10, TimeUnit.SECONDS).syncUninterruptibly();
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the client sees what becomes of it
    private static final class Echo extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            context.writeAndFlush(message);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }
}
