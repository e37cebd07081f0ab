package io.github.pgwatchrpc.rpc.grpc;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/**
 * A client of unary gRPC methods, with TLS or without: bytes of a message go out, bytes of a message come back. Many calls
 * may be in flight on its one connection; those beyond what the server takes at a time wait for their turn. Thread-safe.
 *
 * <p>When the connection is lost, the calls in flight fail, since it is not known whether they were carried out; none is
 * sent again by itself. The next call connects anew. While that fails, further attempts wait longer and longer, and calls
 * in between fail at once with the reason. A server that goes away in good order (GOAWAY) answers what it has begun, while
 * new calls already go to another connection.
 *
 * <p>Futures complete on the client's event loop: what is chained to them must not block, and must not call the blocking
 * methods, which would wait for that very loop.
 *
 * <p>Errors: an {@link io.github.pgwatchrpc.rpc.RpcException} holds the server's text and the kind that its status code
 * amounts to, and stands for what breaks a single call, an answer that is none of gRPC for instance; a {@link
 * io.github.pgwatchrpc.rpc.netrpc.CallTimeoutException} says that no answer came in time; any other {@link IOException} that
 * there is no connection.
 */
public final class GrpcClient implements AutoCloseable {

    /** Longest message by default, in bytes, in both directions: what the server of this project takes. */
    public static final int DEFAULT_MESSAGE_BYTES = GrpcLimits.DEFAULT.messageBytes();

    private static final Pattern NAME = Pattern.compile("[a-z0-9_.-]+");

    /** Headers and trailers of an answer that are longer, in bytes, fail their call (as in grpc-java). */
    static final int HEADER_BYTES = 8 << 10;

    record Settings(
            InetSocketAddress address,
            @Nullable SslContext tls,
            Duration connectTimeout,
            Duration callTimeout,
            Duration longestBackOff,
            int messageBytes) {

        String authority() {
            String host = address.getHostString();
            return (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
        }
    }

    private final Settings settings;
    private final EventLoopGroup group;
    private final boolean ownsGroup;
    private final Reconnection<GrpcClientConnection> connections;

    /** Those that are open: the one in use, and those that are going away. */
    private final Set<GrpcClientConnection> open = ConcurrentHashMap.newKeySet();

    private GrpcClient(Settings settings, @Nullable EventLoopGroup group) {
        this.settings = settings;
        this.ownsGroup = group == null;
        this.group = group != null
                ? group
                : new MultiThreadIoEventLoopGroup(
                        1, new DefaultThreadFactory("grpc-client", true), NioIoHandler.newFactory());
        this.connections = new Reconnection<>(this::open, GrpcClientConnection::isUsable, settings.longestBackOff());
    }

    /**
     * A builder of a client.
     *
     * @param address the server
     * @return the builder
     */
    public static Builder builder(InetSocketAddress address) {
        return new Builder(address);
    }

    /**
     * Calls a method and waits for the answer.
     *
     * @param path {@code /Service/Method}
     * @param message the argument, in protobuf
     * @param metadata see {@link #callAsync}
     * @return the answer, in protobuf
     * @throws IOException see the class comment
     */
    public byte[] call(String path, byte[] message, Map<String, String> metadata) throws IOException {
        return await(callAsync(path, message, metadata));
    }

    /**
     * Calls a method.
     *
     * @param path {@code /Service/Method}
     * @param message the argument, in protobuf; not to be changed until the answer is there
     * @param metadata what goes with the call, a key for instance: names of lower-case letters, digits, {@code - _ .} that
     *     neither begin with {@code grpc-} nor end in {@code -bin}, values of printable ASCII
     * @return the answer, in protobuf, completed on the client's event loop; its failures are those of the class comment
     * @throws IllegalArgumentException if the path or the metadata are not as said; the text never holds a value
     */
    public CompletableFuture<byte[]> callAsync(String path, byte[] message, Map<String, String> metadata) {
        int slash = path.lastIndexOf('/');
        if (!path.startsWith("/") || slash < 2 || slash == path.length() - 1) {
            throw new IllegalArgumentException("path: " + path + " (expected: /Service/Method)");
        }
        metadata.forEach(GrpcClient::requireGood);
        if (message.length > settings.messageBytes()) {
            return CompletableFuture.failedFuture(new IOException(
                    "rpc: bytes of a message: " + message.length + " (expected: <= " + settings.messageBytes() + ")"));
        }
        ClientCall call = new ClientCall(path, message, Map.copyOf(metadata), settings.messageBytes());
        connections.get().whenComplete((connection, failure) -> {
            if (failure != null) {
                call.fail(failure);
            } else {
                try {
                    connection.execute(() -> connection.send(call));
                } catch (RejectedExecutionException e) {
                    call.fail(new IOException("rpc: client is closed", e));
                }
            }
        });
        return call.answer;
    }

    /** By gRPC's PROTOCOL-HTTP2.md, Custom-Metadata. */
    private static void requireGood(String name, String value) {
        boolean good = NAME.matcher(name).matches();
        if (!good || name.startsWith("grpc-") || name.endsWith("-bin")) {
            throw new IllegalArgumentException("name of metadata: " + name
                    + " (expected: a-z 0-9 - _ . and neither grpc- in front nor -bin at the end)");
        }
        for (int i = 0; i < value.length(); i++) {
            if (value.charAt(i) < ' ' || value.charAt(i) > '~') {
                throw new IllegalArgumentException("metadata " + name + ": character " + (i + 1) + " of "
                        + value.length() + " is no printable ASCII");
            }
        }
    }

    private static <R> R await(CompletableFuture<R> future) throws IOException {
        try {
            return future.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            InterruptedIOException interrupted =
                    new InterruptedIOException("rpc: interrupted while waiting for the answer");
            interrupted.initCause(e);
            throw interrupted;
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            while (cause instanceof CompletionException && cause.getCause() != null) {
                cause = cause.getCause();
            }
            if (cause instanceof IOException io) {
                throw io;
            }
            throw new IOException("rpc: " + cause, cause);
        }
    }

    // ---- connecting ----

    private CompletableFuture<GrpcClientConnection> open() {
        CompletableFuture<GrpcClientConnection> ready = new CompletableFuture<>();
        InetSocketAddress given = settings.address();
        InetSocketAddress to =
                given.isUnresolved() ? new InetSocketAddress(given.getHostString(), given.getPort()) : given;
        if (to.isUnresolved()) {
            ready.completeExceptionally(new IOException("rpc: host " + to.getHostString() + " cannot be found"));
            return ready;
        }
        GrpcClientConnection connection = GrpcClientConnection.create(settings, ready);
        var connecting = new Bootstrap()
                .group(group)
                .channel(NioSocketChannel.class)
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.SO_KEEPALIVE, true)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int)
                        settings.connectTimeout().toMillis())
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        SslContext tls = settings.tls();
                        if (tls != null) {
                            channel.pipeline().addLast("tls", tlsHandler(tls, channel));
                        }
                        channel.pipeline().addLast("grpc", connection);
                        open.add(connection);
                        channel.closeFuture().addListener(closed -> open.remove(connection));
                    }
                })
                .connect(to);
        connecting.addListener(done -> {
            if (!done.isSuccess()) {
                ready.completeExceptionally(new IOException(
                        "rpc: cannot connect to " + to + ": " + done.cause().getMessage(), done.cause()));
            } else {
                connecting
                        .channel()
                        .eventLoop()
                        .schedule(
                                () -> {
                                    if (!ready.isDone()) {
                                        connection.close(new IOException("rpc: " + to + " did not begin HTTP/2 within "
                                                + settings.connectTimeout()));
                                    }
                                },
                                settings.connectTimeout().toMillis(),
                                TimeUnit.MILLISECONDS);
            }
        });
        return ready;
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

    /** Fails the calls in flight and closes the connection; every later call fails. */
    @Override
    public void close() {
        connections.close();
        for (GrpcClientConnection each : open) {
            try {
                each.execute(() -> each.close(new IOException("rpc: client is closed")));
            } catch (RejectedExecutionException e) {
                // shared threads that have ended have closed their connections
            }
        }
        if (ownsGroup) {
            group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
        }
    }

    /** Collects a client's settings. Not thread-safe. */
    public static final class Builder {
        private final InetSocketAddress address;
        private @Nullable SslContext tls;
        private Duration connectTimeout = Duration.ofSeconds(10);
        private Duration callTimeout = Duration.ofSeconds(60);
        private Duration longestBackOff = Duration.ofSeconds(10);
        private int messageBytes = DEFAULT_MESSAGE_BYTES;
        private @Nullable EventLoopGroup group;

        private Builder(InetSocketAddress address) {
            this.address = Objects.requireNonNull(address, "address");
        }

        /**
         * Speaks TLS. The server's certificate must be for the address's host.
         *
         * @param context trusts the server, and offers {@code h2} by ALPN, to which the server must agree
         * @return this builder
         */
        public Builder tls(SslContext context) {
            tls = Objects.requireNonNull(context, "tls");
            return this;
        }

        /**
         * Sets how long connecting may take, up to the server's first frame; also, how long a connection on which a call
         * was not answered may leave a ping unanswered.
         *
         * @param time more than nothing (default 10 s)
         * @return this builder
         */
        public Builder connectTimeout(Duration time) {
            if (time.isNegative() || time.isZero()) {
                throw new IllegalArgumentException("connectTimeout: " + time + " (expected: > 0)");
            }
            connectTimeout = time;
            return this;
        }

        /**
         * Sets how long a call may take. The server is told (grpc-timeout), so that it need not work for nobody.
         *
         * @param time zero for ever (default 60 s)
         * @return this builder
         */
        public Builder callTimeout(Duration time) {
            callTimeout = notNegative("callTimeout", time);
            return this;
        }

        /**
         * Sets the longest pause between attempts to connect.
         *
         * @param time zero for no pauses (default 10 s)
         * @return this builder
         */
        public Builder longestBackOff(Duration time) {
            longestBackOff = notNegative("longestBackOff", time);
            return this;
        }

        private static Duration notNegative(String name, Duration time) {
            if (time.isNegative()) {
                throw new IllegalArgumentException(name + ": " + time + " (expected: >= 0)");
            }
            return time;
        }

        /**
         * Sets the longest message in both directions. What is longer fails its call.
         *
         * @param bytes at least 1 (default {@link #DEFAULT_MESSAGE_BYTES})
         * @return this builder
         */
        public Builder messageBytes(int bytes) {
            if (bytes < 1) {
                throw new IllegalArgumentException("messageBytes: " + bytes + " (expected: >= 1)");
            }
            messageBytes = bytes;
            return this;
        }

        /**
         * Shares threads with others; they are the caller's to end.
         *
         * @param shared event loops for NIO
         * @return this builder
         */
        public Builder eventLoops(EventLoopGroup shared) {
            group = Objects.requireNonNull(shared, "eventLoops");
            return this;
        }

        /**
         * Makes a client that connects at its first call.
         *
         * @return the client
         */
        public GrpcClient build() {
            return new GrpcClient(
                    new Settings(address, tls, connectTimeout, callTimeout, longestBackOff, messageBytes), group);
        }

        /**
         * Makes a client and connects it.
         *
         * @return the client
         * @throws IOException if the server cannot be reached or does not begin HTTP/2
         */
        public GrpcClient connect() throws IOException {
            GrpcClient client = build();
            try {
                await(client.connections.get());
                return client;
            } catch (IOException e) {
                client.close();
                throw e;
            }
        }
    }
}
