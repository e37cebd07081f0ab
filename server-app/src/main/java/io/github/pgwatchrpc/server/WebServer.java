package io.github.pgwatchrpc.server;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.HttpResponseEncoder;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * The web address: {@code /liveness}, {@code /readiness}, {@code /metrics}, {@code /api/status}. It changes nothing and
 * knows no secret.
 *
 * <p>A connection has one request and is closed behind its answer: for a few requests a second that costs nothing, and
 * leaves nothing to be held open. Everything of a connection happens on one event loop that never waits; pages that may
 * have to wait are made by two other threads. When there are too many connections, the oldest makes room, since whoever
 * holds one open for long is not asking for a page.
 */
final class WebServer implements AutoCloseable {

    private static final int PAGES_AT_ONCE = 2;

    private final Limits limits;
    private final WebHosts hosts;
    private final EventLoopGroup loop =
            new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("web", true), NioIoHandler.newFactory());
    private final ExecutorService making;
    private final Map<String, Source> pages = new ConcurrentHashMap<>();

    /** The oldest first; used on the event loop. */
    private final Deque<WebConnection> connections = new ArrayDeque<>();

    private final Channel channel;

    /**
     * What one peer, or all of them, can make it hold.
     *
     * @param connections most at a time
     * @param lineBytes longest request line
     * @param headerBytes longest header
     * @param waitingPages how many requests may wait for a page to be made
     * @param patience for a request to come whole, then for its page, then for the peer to take it
     */
    record Limits(int connections, int lineBytes, int headerBytes, int waitingPages, Duration patience) {
        static final Limits DEFAULT = new Limits(50, 4096, 16 << 10, 32, Duration.ofSeconds(10));
    }

    /** What a page answers. */
    record Page(int status, String type, String body) {
        static Page text(int status, String body) {
            return new Page(status, "text/plain; charset=utf-8", body + "\n");
        }
    }

    /**
     * Where a page comes from.
     *
     * @param page makes it
     * @param quick whether that never waits, so that it is made on the event loop, whatever else hangs
     */
    record Source(Supplier<Page> page, boolean quick) {}

    /**
     * Takes the address, and nothing that comes to it before {@link #start}.
     *
     * @throws IOException if the address cannot be had
     */
    WebServer(InetSocketAddress address, WebHosts hosts, Limits limits) throws IOException {
        this.hosts = hosts;
        this.limits = limits;
        DefaultThreadFactory makers = new DefaultThreadFactory("web-page", true);
        this.making = new ThreadPoolExecutor(
                PAGES_AT_ONCE,
                PAGES_AT_ONCE,
                0,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(limits.waitingPages()),
                makers);
        var bound = new ServerBootstrap()
                .group(loop)
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_REUSEADDR, true)
                .option(ChannelOption.AUTO_READ, false)
                // who has sent the request and closed that half still wants the answer
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel accepted) {
                        accept(accepted);
                    }
                })
                .bind(address)
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
            making.shutdownNow();
            throw new IOException(bound.cause().getMessage(), bound.cause());
        }
        channel = bound.channel();
    }

    private void accept(Channel accepted) {
        WebConnection connection = new WebConnection(this, accepted);
        connections.add(connection);
        accepted.closeFuture().addListener(closed -> connections.remove(connection));
        accepted.pipeline()
                .addLast(new HttpResponseEncoder())
                .addLast(
                        WebConnection.DECODER,
                        new HttpRequestDecoder(new HttpDecoderConfig()
                                .setMaxInitialLineLength(limits.lineBytes())
                                .setMaxHeaderSize(limits.headerBytes())))
                .addLast(connection);
        if (connections.size() > limits.connections()) {
            connections.remove().close();
        }
    }

    /** A page that may wait for others. */
    void page(String path, Supplier<Page> page) {
        pages.put(path, new Source(page, false));
    }

    /** A page that never waits. */
    void quickPage(String path, Supplier<Page> page) {
        pages.put(path, new Source(page, true));
    }

    Map<String, Source> pages() {
        return pages;
    }

    /** The paths of all pages, for people. */
    List<String> paths() {
        return pages.keySet().stream().sorted().toList();
    }

    WebHosts hosts() {
        return hosts;
    }

    Limits limits() {
        return limits;
    }

    ExecutorService making() {
        return making;
    }

    /** Begins to answer. */
    void start() {
        channel.config().setAutoRead(true);
    }

    InetSocketAddress address() {
        return (InetSocketAddress) channel.localAddress();
    }

    @Override
    public void close() {
        channel.close().awaitUninterruptibly();
        making.shutdownNow();
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }
}
