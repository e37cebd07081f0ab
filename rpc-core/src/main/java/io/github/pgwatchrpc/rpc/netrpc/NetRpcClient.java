package io.github.pgwatchrpc.rpc.netrpc;

import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.gob.GobLimits;
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
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/**
 * A client of Go's net/rpc: calls any method of a server, over {@code CONNECT} or raw, with TLS or without. Many calls may
 * be in flight, and answers come in any order. Thread-safe.
 *
 * <p>When the connection is lost, the calls in flight fail, since it is not known whether they were carried out; none is
 * sent again by itself. The next call connects anew. While that fails, further attempts wait longer and longer, and calls
 * in between fail at once with the reason.
 *
 * <p>Futures complete on the client's event loop: what is chained to them must not block, and must not call the blocking
 * methods, which would wait for that very loop.
 *
 * <p>Errors: an {@link RpcException} holds the server's text, a {@link CallTimeoutException} says that no answer came, a
 * {@link io.github.pgwatchrpc.rpc.gob.GobException} that an argument or a reply does not fit gob or its class, any other
 * {@link IOException} that there is no connection.
 */
public final class NetRpcClient implements AutoCloseable {

    record Settings(
            InetSocketAddress address,
            boolean http,
            @Nullable SslContext tls,
            Duration connectTimeout,
            Duration callTimeout,
            Duration longestBackOff,
            GobLimits limits) {

        /** More is no answer of Go's. */
        int preambleBytes() {
            return 4 << 10;
        }
    }

    private static final Duration FIRST_BACK_OFF = Duration.ofMillis(100);

    private final Settings settings;
    private final EventLoopGroup group;
    private final boolean ownsGroup;
    private final Object lock = new Object();

    private @Nullable CompletableFuture<ClientConnection> current;
    private int failures;
    private long notBefore = System.nanoTime();
    private IOException lastFailure = new IOException("rpc: not connected yet");
    private boolean closed;

    private NetRpcClient(Settings settings, @Nullable EventLoopGroup group) {
        this.settings = settings;
        this.ownsGroup = group == null;
        this.group = group != null
                ? group
                : new MultiThreadIoEventLoopGroup(
                        1, new DefaultThreadFactory("rpc-client", true), NioIoHandler.newFactory());
    }

    /**
     * Connects over {@code CONNECT}, as Go's {@code rpc.DialHTTP}, with the default settings.
     *
     * @param address the server
     * @return a connected client
     * @throws IOException if it cannot be reached or is no net/rpc server
     */
    public static NetRpcClient connect(InetSocketAddress address) throws IOException {
        return builder(address).connect();
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
     * @param method {@code Service.Method}
     * @param argument what the encoder can write; see {@link io.github.pgwatchrpc.rpc.gob.GobEncoder}
     * @param reply class of the answer; see {@link io.github.pgwatchrpc.rpc.gob.GobDecoder}
     * @param <R> the answer
     * @return the answer
     * @throws IOException see the class comment
     */
    public <R> R call(String method, Object argument, Class<R> reply) throws IOException {
        return await(callAsync(method, argument, reply));
    }

    /**
     * Calls a method.
     *
     * @param method {@code Service.Method}
     * @param argument what the encoder can write
     * @param reply class of the answer
     * @param <R> the answer
     * @return the answer, completed on the client's event loop; its failures are those of the class comment
     */
    public <R> CompletableFuture<R> callAsync(String method, Object argument, Class<R> reply) {
        Objects.requireNonNull(argument, "argument");
        return start(reply, (connection, call) -> connection.send(method, argument, call));
    }

    /**
     * Calls a method and waits for the answer in generic form.
     *
     * @param method {@code Service.Method}
     * @param argument what the encoder can write
     * @return the answer as the decoder makes it without a class; null for a nil interface
     * @throws IOException see the class comment
     */
    public @Nullable Object call(String method, Object argument) throws IOException {
        Objects.requireNonNull(argument, "argument");
        CompletableFuture<@Nullable Object> answer =
                start(null, (connection, call) -> connection.send(method, argument, call));
        return await(answer);
    }

    /**
     * A method whose argument writes itself, for those who call it very often.
     *
     * @param method {@code Service.Method}
     * @param encoders makes an encoder for each connection
     * @param reply class of the answer
     * @param <A> the argument
     * @param <R> the answer
     * @return the method, to be called by any thread
     */
    public <A, R> Method<A, R> method(String method, Supplier<ArgumentEncoder<A>> encoders, Class<R> reply) {
        return new Method<>(this, method, encoders, reply);
    }

    /**
     * One method of a server. Thread-safe.
     *
     * @param <A> its argument
     * @param <R> its answer
     */
    public static final class Method<A, R> {
        private final NetRpcClient client;
        private final String name;
        private final Supplier<ArgumentEncoder<A>> encoders;
        private final Class<R> reply;

        private Method(NetRpcClient client, String name, Supplier<ArgumentEncoder<A>> encoders, Class<R> reply) {
            this.client = client;
            this.name = name;
            this.encoders = encoders;
            this.reply = reply;
        }

        /**
         * Calls the method.
         *
         * @param argument the argument
         * @return the answer, completed on the client's event loop
         */
        public CompletableFuture<R> callAsync(A argument) {
            return client.start(reply, (connection, call) -> connection.send(this, name, encoders, argument, call));
        }

        /**
         * Calls the method and waits for the answer.
         *
         * @param argument the argument
         * @return the answer
         * @throws IOException see the client's comment
         */
        public R call(A argument) throws IOException {
            return await(callAsync(argument));
        }
    }

    private interface Sending {
        void send(ClientConnection connection, ClientConnection.Pending<?> call);
    }

    private <R> CompletableFuture<R> start(@Nullable Class<R> reply, Sending sending) {
        CompletableFuture<R> future = new CompletableFuture<>();
        ClientConnection.Pending<R> call = new ClientConnection.Pending<>(future, reply);
        connection().whenComplete((connection, failure) -> {
            if (failure != null) {
                future.completeExceptionally(failure);
            } else {
                connection.channel().eventLoop().execute(() -> sending.send(connection, call));
            }
        });
        return future;
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

    private CompletableFuture<ClientConnection> connection() {
        synchronized (lock) {
            if (closed) {
                return CompletableFuture.failedFuture(new IOException("rpc: client is closed"));
            }
            CompletableFuture<ClientConnection> is = current;
            if (is != null && (!is.isDone() || isOpen(is))) {
                return is;
            }
            long wait = notBefore - System.nanoTime();
            if (wait > 0) {
                return CompletableFuture.failedFuture(new IOException(
                        "rpc: not connected, next attempt in " + TimeUnit.NANOSECONDS.toMillis(wait) + " ms: "
                                + lastFailure.getMessage(),
                        lastFailure));
            }
            CompletableFuture<ClientConnection> next = open();
            current = next;
            next.whenComplete((connection, failure) -> noteAttempt(failure));
            return next;
        }
    }

    private static boolean isOpen(CompletableFuture<ClientConnection> future) {
        return !future.isCompletedExceptionally() && future.join().isOpen();
    }

    /** Back-off doubles, and chance spreads those who lost the same server. */
    private void noteAttempt(@Nullable Throwable failure) {
        synchronized (lock) {
            if (failure == null) {
                failures = 0;
                return;
            }
            long longest = settings.longestBackOff().toNanos();
            long span = Math.min(longest, FIRST_BACK_OFF.toNanos() << Math.min(failures, 20));
            failures++;
            notBefore = System.nanoTime()
                    + (span == 0 ? 0 : ThreadLocalRandom.current().nextLong(span));
            lastFailure = failure instanceof IOException io ? io : new IOException(failure);
        }
    }

    private CompletableFuture<ClientConnection> open() {
        CompletableFuture<ClientConnection> ready = new CompletableFuture<>();
        ClientConnection connection = new ClientConnection(settings, ready);
        InetSocketAddress to = settings.address().isUnresolved()
                ? new InetSocketAddress(
                        settings.address().getHostString(), settings.address().getPort())
                : settings.address();
        if (to.isUnresolved()) {
            ready.completeExceptionally(new IOException("rpc: host " + to.getHostString() + " cannot be found"));
            return ready;
        }
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
                        channel.pipeline().addLast("net-rpc", connection);
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
                                        connection.close(new IOException("rpc: " + to
                                                + " did not answer CONNECT within " + settings.connectTimeout()));
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
        CompletableFuture<ClientConnection> is;
        synchronized (lock) {
            closed = true;
            is = current;
        }
        if (is != null) {
            is.whenComplete((connection, failure) -> {
                if (failure == null) {
                    connection
                            .channel()
                            .eventLoop()
                            .execute(() -> connection.close(new IOException("rpc: client is closed")));
                }
            });
        }
        if (ownsGroup) {
            group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
        }
    }

    /** Collects a client's settings. Not thread-safe. */
    public static final class Builder {
        private final InetSocketAddress address;
        private boolean http = true;
        private @Nullable SslContext tls;
        private Duration connectTimeout = Duration.ofSeconds(10);
        private Duration callTimeout = Duration.ofSeconds(60);
        private Duration longestBackOff = Duration.ofSeconds(10);
        private GobLimits limits = GobLimits.DEFAULT;
        private @Nullable EventLoopGroup group;

        private Builder(InetSocketAddress address) {
            this.address = Objects.requireNonNull(address, "address");
        }

        /**
         * Speaks gob straight away, as Go's {@code rpc.Dial}, instead of beginning with {@code CONNECT}.
         *
         * @return this builder
         */
        public Builder raw() {
            http = false;
            return this;
        }

        /**
         * Protects the connection. The server's certificate must name the host.
         *
         * @param context a client's context
         * @return this builder
         */
        public Builder tls(SslContext context) {
            tls = Objects.requireNonNull(context, "context");
            return this;
        }

        /**
         * Sets how long connecting may take, with TLS and preamble.
         *
         * @param time at least a millisecond (default 10 s)
         * @return this builder
         */
        public Builder connectTimeout(Duration time) {
            connectTimeout = time;
            return this;
        }

        /**
         * Sets how long a call may take.
         *
         * @param time zero for ever (default 60 s)
         * @return this builder
         */
        public Builder callTimeout(Duration time) {
            callTimeout = time;
            return this;
        }

        /**
         * Sets the longest pause between attempts to connect.
         *
         * @param time zero for no pauses (default 10 s)
         * @return this builder
         */
        public Builder longestBackOff(Duration time) {
            longestBackOff = time;
            return this;
        }

        /**
         * Sets what the server may send.
         *
         * @param bounds the limits
         * @return this builder
         */
        public Builder limits(GobLimits bounds) {
            limits = Objects.requireNonNull(bounds, "limits");
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
        public NetRpcClient build() {
            return new NetRpcClient(
                    new Settings(address, http, tls, connectTimeout, callTimeout, longestBackOff, limits), group);
        }

        /**
         * Makes a client and connects it.
         *
         * @return the client
         * @throws IOException if the server cannot be reached or is no net/rpc server
         */
        public NetRpcClient connect() throws IOException {
            NetRpcClient client = build();
            try {
                await(client.connection());
                return client;
            } catch (IOException e) {
                client.close();
                throw e;
            }
        }
    }
}
