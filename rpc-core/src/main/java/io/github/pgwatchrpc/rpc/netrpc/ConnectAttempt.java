package io.github.pgwatchrpc.rpc.netrpc;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/**
 * One attempt to reach a server: its name is looked up, then its addresses are tried in turn until one answers as net/rpc
 * does. All of that has the connect time-out, of which each address gets an equal share of what is left, so that a dead one
 * leaves time for the others.
 *
 * <p>Lives on an event loop. Looking a name up blocks for as long as the system likes, so it has a thread of its own, for
 * which nobody waits.
 */
final class ConnectAttempt {

    /** Looks a name up; blocks. */
    @FunctionalInterface
    interface Resolver {
        InetAddress[] resolve(String host) throws UnknownHostException;
    }

    private final NetRpcClient.Settings settings;
    private final EventLoop loop;
    private final CompletableFuture<ClientConnection> result = new CompletableFuture<>();
    private final long deadline;
    private final Queue<InetSocketAddress> left = new ArrayDeque<>();

    /** What is being tried, and what has come of those before it. */
    private @Nullable ClientConnection current;

    private @Nullable IOException failure;

    ConnectAttempt(NetRpcClient.Settings settings, EventLoop loop) {
        this.settings = settings;
        this.loop = loop;
        this.deadline = System.nanoTime() + settings.connectTimeout().toNanos();
    }

    /**
     * Begins.
     *
     * @return completed on the event loop, unless it is {@linkplain #cancel cancelled}
     * @throws RejectedExecutionException if the event loop has ended
     */
    CompletableFuture<ClientConnection> start() {
        loop.execute(this::begin);
        return result;
    }

    /** Gives up; for any thread. */
    void cancel(IOException why) {
        if (result.completeExceptionally(why)) {
            try {
                loop.execute(() -> closeCurrent(why));
            } catch (RejectedExecutionException e) {
                // the loop has ended, and its connections with it
            }
        }
    }

    private void begin() {
        var timer = loop.schedule(this::timeOut, settings.connectTimeout().toNanos(), TimeUnit.NANOSECONDS);
        result.whenComplete((connection, why) -> timer.cancel(false));
        InetSocketAddress address = settings.address();
        if (!address.isUnresolved()) {
            tryAll(List.of(address));
            return;
        }
        Thread lookUp = new Thread(() -> lookUp(address.getHostString()), "rpc-client-lookup");
        lookUp.setDaemon(true);
        lookUp.start();
    }

    private void timeOut() {
        IOException last = failure;
        String reason = last == null ? "" : ": " + last.getMessage();
        cancel(new IOException(
                "rpc: cannot connect to " + settings.address() + " within " + settings.connectTimeout() + reason,
                last));
    }

    private void lookUp(String host) {
        Runnable then;
        try {
            List<InetSocketAddress> found = Stream.of(settings.resolver().resolve(host))
                    .map(each -> new InetSocketAddress(each, settings.address().getPort()))
                    .toList();
            then = () -> tryAll(found);
        } catch (UnknownHostException | RuntimeException e) {
            then = () -> cancel(new IOException("rpc: host " + host + " cannot be found", e));
        }
        try {
            loop.execute(then);
        } catch (RejectedExecutionException e) {
            // the client has been closed meanwhile
        }
    }

    private void tryAll(List<InetSocketAddress> addresses) {
        left.addAll(addresses);
        tryNext();
    }

    private void tryNext() {
        if (result.isDone()) {
            return;
        }
        InetSocketAddress to = left.poll();
        if (to == null) {
            cancel(
                    failure == null
                            ? new IOException("rpc: host of " + settings.address() + " has no address")
                            : failure);
            return;
        }
        // the last one has all that is left, so that the whole attempt's time-out ends it
        Duration share = Duration.ofNanos(Math.max(0, deadline - System.nanoTime()) / (left.size() + 1));
        CompletableFuture<ClientConnection> ready = new CompletableFuture<>();
        ClientConnection connection = new ClientConnection(settings, ready);
        current = connection;
        var timer = loop.schedule(
                () -> connection.close(new IOException("rpc: " + to + " did not answer within " + share)),
                share.toNanos(),
                TimeUnit.NANOSECONDS);
        ready.whenComplete((done, why) -> {
            timer.cancel(false);
            if (why == null) {
                if (!result.complete(done)) {
                    done.close(new IOException("rpc: not wanted any more"));
                }
            } else {
                note(why);
                tryNext();
            }
        });
        Channel channel = connect(to, connection);
        ready.whenComplete((done, why) -> {
            if (why != null) {
                channel.close();
            }
        });
    }

    private Channel connect(InetSocketAddress to, ClientConnection connection) {
        var connecting = new Bootstrap()
                .group(loop)
                .channel(NioSocketChannel.class)
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.SO_KEEPALIVE, true)
                // the share of each address has its own timer
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 0)
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        SslContext tls = settings.tls();
                        if (tls != null) {
                            channel.pipeline().addLast("tls", tlsHandler(tls, channel));
                        }
                        channel.pipeline().addLast("net-rpc", connection);
                    }
                })
                .connect(to);
        connecting.addListener(done -> {
            if (!done.isSuccess()) {
                connection.close(new IOException(
                        "rpc: cannot connect to " + to + ": " + done.cause().getMessage(), done.cause()));
            }
        });
        return connecting.channel();
    }

    /** The name in the certificate must be the host's, as Go's crypto/tls wants it. */
    private SslHandler tlsHandler(SslContext tls, Channel channel) {
        InetSocketAddress address = settings.address();
        SslHandler handler = tls.newHandler(channel.alloc(), address.getHostString(), address.getPort());
        SSLParameters parameters = handler.engine().getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        handler.engine().setSSLParameters(parameters);
        handler.setHandshakeTimeoutMillis(settings.connectTimeout().toMillis());
        return handler;
    }

    private void note(Throwable why) {
        IOException next = why instanceof IOException io ? io : new IOException(why);
        if (failure != null) {
            next.addSuppressed(failure);
        }
        failure = next;
    }

    private void closeCurrent(IOException why) {
        if (current != null) {
            current.close(why);
        }
    }
}
