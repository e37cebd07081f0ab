package io.github.pgwatchrpc.rpc.netrpc;

import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.gob.GobLimits;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.handler.ssl.SslContext;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.reflect.Type;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A client of Go's net/rpc: calls any method of a server, over {@code CONNECT} or raw, with TLS or without. Many calls may
 * be in flight, and answers come in any order. Thread-safe.
 *
 * <p>When the connection is lost, the calls in flight fail, since it is not known whether they were carried out; none is
 * sent again by itself. The next call connects anew. While that fails, further attempts wait longer and longer, and calls
 * in between fail at once with the reason.
 *
 * <p>Futures complete on the client's event loop: what is chained to them must not block. The blocking methods would wait
 * there for that very loop, so they throw an {@link IllegalStateException} at once.
 *
 * <p>Errors: an {@link RpcException} holds the server's text, a {@link CallTimeoutException} says that no answer came, a
 * {@link io.github.pgwatchrpc.rpc.gob.GobException} that an argument or a reply does not fit gob, its class or the limits:
 * they cost only their call. Any other {@link IOException} says that there is no connection, or that it was lost; then all
 * calls in flight have failed with the same cause.
 */
public final class NetRpcClient implements AutoCloseable {

    record Settings(
            InetSocketAddress address,
            ConnectAttempt.Resolver resolver,
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
     * @param address the server; if it is {@linkplain InetSocketAddress#createUnresolved unresolved}, its name is looked up
     *     anew for each attempt to connect, and its addresses are tried one after the other
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
        requireOtherThread();
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
        return start(method, reply, (connection, call) -> connection.send(call, argument));
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
        requireOtherThread();
        CompletableFuture<@Nullable Object> answer =
                start(method, null, (connection, call) -> connection.send(call, argument));
        return await(answer);
    }

    /**
     * A method whose argument or reply no class can describe: for a {@code map[string]string}, {@code new
     * TypeOf<Map<String, String>>() {}}. A Map that is passed to {@link #call} is a {@code map[string]interface {}}.
     *
     * @param method {@code Service.Method}
     * @param argument type of the argument, as which it is sent
     * @param reply type of the answer
     * @param <A> the argument
     * @param <R> the answer
     * @return the method, to be called by any thread
     */
    public <A, R> Method<A, R> method(String method, TypeOf<A> argument, TypeOf<R> reply) {
        return new Method<>(
                this, method, (connection, value, call) -> connection.send(call, value, argument.type()), reply.type());
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
        return new Method<>(this, method, (connection, value, call) -> connection.send(call, value, encoders), reply);
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
        private final Sender<A> sender;
        private final Type reply;

        private interface Sender<A> {
            void send(ClientConnection connection, A argument, PendingCall<?> call);
        }

        private Method(NetRpcClient client, String name, Sender<A> sender, Type reply) {
            this.client = client;
            this.name = name;
            this.sender = sender;
            this.reply = reply;
        }

        /**
         * Calls the method.
         *
         * @param argument the argument
         * @return the answer, completed on the client's event loop
         */
        public CompletableFuture<R> callAsync(A argument) {
            return client.start(name, reply, (connection, call) -> sender.send(connection, argument, call));
        }

        /**
         * Calls the method and waits for the answer.
         *
         * @param argument the argument
         * @return the answer
         * @throws IOException see the client's comment
         */
        public R call(A argument) throws IOException {
            client.requireOtherThread();
            return await(callAsync(argument));
        }
    }

    private interface Sending {
        void send(ClientConnection connection, PendingCall<?> call);
    }

    private <R> CompletableFuture<R> start(String method, @Nullable Type reply, Sending sending) {
        CompletableFuture<R> future = new CompletableFuture<>();
        PendingCall<R> call = new PendingCall<>(method, reply, future);
        connection().whenComplete((connection, failure) -> {
            if (failure != null) {
                call.fail(failure);
                return;
            }
            try {
                connection.channel().eventLoop().execute(() -> sending.send(connection, call));
            } catch (RejectedExecutionException e) {
                call.fail(closed());
            }
        });
        return future;
    }

    private boolean isOnEventLoop() {
        for (EventExecutor each : group) {
            if (each.inEventLoop()) {
                return true;
            }
        }
        return false;
    }

    private void requireOtherThread() {
        if (isOnEventLoop()) {
            throw new IllegalStateException("rpc: a blocking call on the client's event loop "
                    + Thread.currentThread().getName()
                    + " would wait for itself (expected: callAsync, or another thread)");
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

    /** The connection, or the attempt to have one. The lock is held only to look: whatever may take time is outside. */
    private CompletableFuture<ClientConnection> connection() {
        CompletableFuture<ClientConnection> next;
        synchronized (lock) {
            if (closed) {
                return CompletableFuture.failedFuture(closed());
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
            next = new CompletableFuture<>();
            current = next;
        }
        connect(next);
        return next;
    }

    private void connect(CompletableFuture<ClientConnection> next) {
        ConnectAttempt attempt = new ConnectAttempt(settings, group.next());
        try {
            attempt.start().whenComplete((connection, failure) -> {
                noteAttempt(failure);
                if (failure != null) {
                    next.completeExceptionally(failure);
                } else if (!next.complete(connection)) {
                    connection.close(closed());
                }
            });
        } catch (RejectedExecutionException e) {
            next.completeExceptionally(new IOException("rpc: the client's event loops have ended", e));
        }
        // who closes the client ends the attempt too
        next.whenComplete((connection, failure) -> {
            if (failure != null) {
                attempt.cancel(closed());
            }
        });
    }

    private static IOException closed() {
        return new IOException("rpc: client is closed");
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

    /**
     * Fails the calls in flight and closes the connection; every later call fails. Waits for the client's own thread to
     * end, unless it is called there.
     */
    @Override
    public void close() {
        CompletableFuture<ClientConnection> is;
        synchronized (lock) {
            closed = true;
            is = current;
        }
        // an attempt to connect ends here; a connection that is there is closed where it lives
        if (is != null && !is.completeExceptionally(closed()) && !is.isCompletedExceptionally()) {
            ClientConnection connection = is.join();
            try {
                connection.channel().eventLoop().execute(() -> connection.close(closed()));
            } catch (RejectedExecutionException e) {
                // closed before
            }
        }
        if (ownsGroup) {
            var ended = group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
            if (!isOnEventLoop()) {
                ended.awaitUninterruptibly();
            }
        }
    }

    /** Collects a client's settings. Not thread-safe. */
    public static final class Builder {
        private final InetSocketAddress address;
        private ConnectAttempt.Resolver resolver = InetAddress::getAllByName;
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

        /** For tests of what the system's names cannot do. */
        Builder resolver(ConnectAttempt.Resolver names) {
            resolver = names;
            return this;
        }

        /**
         * Sets how long connecting may take: looking the name up, and TCP, TLS and preamble with whichever of its addresses
         * answers. Of several addresses each has an equal share of the time that is left.
         *
         * @param time a millisecond to {@value #MOST_DAYS} days (default 10 s)
         * @return this builder
         */
        public Builder connectTimeout(Duration time) {
            connectTimeout = inRange("connectTimeout", time, Duration.ofMillis(1));
            return this;
        }

        /**
         * Sets how long a call may take from when it is sent.
         *
         * @param time zero for ever, at most {@value #MOST_DAYS} days (default 60 s)
         * @return this builder
         */
        public Builder callTimeout(Duration time) {
            callTimeout = inRange("callTimeout", time, Duration.ZERO);
            return this;
        }

        /**
         * Sets the longest pause between attempts to connect.
         *
         * @param time zero for no pauses, at most {@value #MOST_DAYS} days (default 10 s)
         * @return this builder
         */
        public Builder longestBackOff(Duration time) {
            longestBackOff = inRange("longestBackOff", time, Duration.ZERO);
            return this;
        }

        /** Keeps sums of nanoseconds far from a long's end. */
        private static final int MOST_DAYS = 365;

        private static Duration inRange(String name, Duration time, Duration least) {
            Duration most = Duration.ofDays(MOST_DAYS);
            if (time.compareTo(least) < 0 || time.compareTo(most) > 0) {
                throw new IllegalArgumentException(name + ": " + time + " (expected: " + least + " to " + most + ")");
            }
            return time;
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
                    new Settings(address, resolver, http, tls, connectTimeout, callTimeout, longestBackOff, limits),
                    group);
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
                client.requireOtherThread();
                await(client.connection());
                return client;
            } catch (IOException | RuntimeException e) {
                client.close();
                throw e;
            }
        }
    }
}
