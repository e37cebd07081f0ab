package io.github.pgwatchrpc.rpc.listen;

import io.github.pgwatchrpc.log.PeerText;
import io.github.pgwatchrpc.log.Repeated;
import io.github.pgwatchrpc.rpc.Faults;
import io.github.pgwatchrpc.rpc.MemoryBudget;
import io.github.pgwatchrpc.rpc.MemoryBudgets;
import io.github.pgwatchrpc.rpc.RpcObserver;
import io.github.pgwatchrpc.rpc.RpcObserver.End;
import io.github.pgwatchrpc.rpc.detect.Protocol;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketOption;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import jdk.net.ExtendedSocketOptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A listening port. Each connection is counted, bounded and observed; its first bytes decide which protocol gets it.
 *
 * <p>When there are too many connections, or when those from which no call has been let in hold too much, one of these makes
 * room: first of all the address with most of them loses one. If all are in use, the new one is closed. A connection of which
 * a call has been let in is never closed to make room. Thread-safe.
 */
public final class RpcListener implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(RpcListener.class);

    /** How long a stop waits for event loops to note why connections end. */
    private static final Duration TELLING_ENDS = Duration.ofSeconds(1);

    private final Settings settings;
    private final EventLoopGroup acceptor;
    private final EventLoopGroup workers;
    private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
    private final Repeated repeated = new Repeated();
    private final List<LoopProbe> probes;
    private final Strangers strangers = new Strangers();

    /** What strangers hold that are about to be closed to make room. */
    private final AtomicLong condemned = new AtomicLong();

    private final Owner owner = new Owner();
    private final Channel channel;
    private volatile boolean stopping;

    private record Settings(
            Map<Protocol, ProtocolHandler> protocols,
            RpcObserver observer,
            int maxConnections,
            Duration firstRequest,
            MemoryBudgets memory) {}

    private RpcListener(InetSocketAddress address, Settings settings, int threads) throws IOException {
        this.settings = settings;
        this.acceptor =
                new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("rpc-accept"), NioIoHandler.newFactory());
        this.workers =
                new MultiThreadIoEventLoopGroup(threads, new DefaultThreadFactory("rpc"), NioIoHandler.newFactory());
        this.probes = Stream.of(acceptor, workers)
                .flatMap(group -> StreamSupport.stream(group.spliterator(), false))
                .map(LoopProbe::new)
                .toList();
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(acceptor, workers)
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, 1024)
                .option(ChannelOption.SO_REUSEADDR, true)
                // a dead peer is found by the kernel, never by a time-out of ours: see NetRpcLimits
                .childOption(ChannelOption.SO_KEEPALIVE, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel accepted) {
                        accept(accepted);
                    }
                });
        keepAlive(bootstrap);
        var bound = bootstrap.bind(address).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            acceptor.shutdownGracefully(0, 1, TimeUnit.SECONDS);
            workers.shutdownGracefully(0, 1, TimeUnit.SECONDS);
            throw new IOException(
                    "cannot listen on " + address + ": " + bound.cause().getMessage(), bound.cause());
        }
        this.channel = bound.channel();
        channel.pipeline().addLast("faults", new AcceptFaults());
    }

    /** Finds a dead peer within two minutes instead of the kernel's two hours, where the system lets us say so. */
    private static void keepAlive(ServerBootstrap bootstrap) throws IOException {
        try (SocketChannel any = SocketChannel.open()) {
            Map<SocketOption<Integer>, Integer> seconds = Map.of(
                    ExtendedSocketOptions.TCP_KEEPIDLE, 60,
                    ExtendedSocketOptions.TCP_KEEPINTERVAL, 15,
                    ExtendedSocketOptions.TCP_KEEPCOUNT, 4);
            seconds.forEach((option, value) -> {
                if (any.supportedOptions().contains(option)) {
                    bootstrap.childOption(NioChannelOption.of(option), value);
                }
            });
        }
    }

    private void accept(Channel accepted) {
        Connection connection = new Connection(accepted, owner, settings.memory(), settings.firstRequest(), repeated);
        accepted.config().setRecvByteBufAllocator(new ReadBuffers(connection));
        accepted.pipeline().addLast("connection", new Counting(connection));
        if (stopping) {
            connection.close(End.SHUTDOWN, "the server is stopping");
        } else if (connections.size() > settings.maxConnections() && !makeRoom(connection)) {
            connection.close(
                    End.TOO_MANY,
                    "connections: " + connections.size() + " (expected: <= " + settings.maxConnections() + ")");
        } else {
            accepted.pipeline().addLast("detect", new DetectingHandler(settings.protocols(), connection));
        }
    }

    private boolean makeRoom(Connection newcomer) {
        Connection next = strangers.removeNext(newcomer);
        if (next != null) {
            evict(next);
        }
        return next != null;
    }

    /** It is gone from here on, so that the next one does not count on the same room. */
    private void evict(Connection stranger) {
        long held = stranger.memory().used();
        condemned.addAndGet(held);
        stranger.memory().condemn();
        connections.remove(stranger);
        stranger.channel().eventLoop().execute(() -> {
            if (stranger.isAdmitted() && stranger.channel().isActive()) {
                // a call was let in meanwhile
                connections.add(stranger);
                condemned.addAndGet(-held);
            } else {
                stranger.channel().closeFuture().addListener(closed -> condemned.addAndGet(-held));
                stranger.abort(End.TOO_MANY, "made room for another connection; no call of it had been let in");
            }
        });
    }

    /** What connections tell of themselves. */
    private final class Owner implements Connection.Owner {

        /** When room is made, a bit more than is wanted, so that not each of a flood looks through all of them. */
        private static final int AT_ONCE = 16;

        @Override
        public boolean makeRoom(Connection connection, long bytes) {
            MemoryBudget budget = settings.memory().strangers();
            synchronized (strangers) {
                long missing = budget.used() - condemned.get() + bytes - budget.limit();
                if (missing <= 0) {
                    return true;
                }
                long wanted = Math.max(missing, budget.limit() / AT_ONCE);
                strangers.removeHolding(wanted, connection).forEach(RpcListener.this::evict);
                return budget.used() - condemned.get() + bytes <= budget.limit();
            }
        }

        @Override
        public void understood(Connection connection) {
            strangers.understood(connection);
        }

        @Override
        public void admitted(Connection connection) {
            strangers.remove(connection);
        }
    }

    /** Behind Netty's own, which waits for a second before it accepts again, and would tell each time with a stack. */
    private final class AcceptFaults extends ChannelInboundHandlerAdapter {
        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            Faults.reportIfFatal(cause);
            String why = PeerText.printable(cause.toString());
            repeated.tell("accept", "", more -> LOG.error("no connection can be accepted: {}{}", why, more));
        }
    }

    /** First in each pipeline, so that it is told of the end, and tells it on, before it counts. */
    private final class Counting extends ChannelInboundHandlerAdapter {
        private final Connection connection;

        Counting(Connection connection) {
            this.connection = connection;
        }

        @Override
        public void handlerAdded(ChannelHandlerContext ctx) {
            connections.add(connection);
            strangers.add(connection);
            settings.observer().opened(connection.address());
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            ctx.fireChannelInactive();
            connections.remove(connection);
            strangers.remove(connection);
            connection.ended();
            settings.observer()
                    .closed(
                            connection.address(),
                            connection.protocol(),
                            connection.end(),
                            connection.calls(),
                            connection.endReason());
        }
    }

    /**
     * Where it listens.
     *
     * @return the address with the port that was really bound
     */
    public InetSocketAddress address() {
        return (InetSocketAddress) channel.localAddress();
    }

    /**
     * How many connections are open.
     *
     * @return number of connections
     */
    public int connections() {
        return connections.size();
    }

    /**
     * Which event loops are dead, or have not answered for long. Each is sent a question when this is called, so that only
     * who calls now and then learns of one that hangs. Does not wait.
     *
     * @param patience how long an event loop may take to answer
     * @return a line for each; empty: all is well, or it is being stopped
     */
    public List<String> unresponsive(Duration patience) {
        if (stopping) {
            return List.of();
        }
        return probes.stream().flatMap(each -> each.look(patience).stream()).toList();
    }

    /**
     * Stops: accepts no more, lets every connection answer its calls in flight, closes them, and ends the threads.
     *
     * @param patience how long to wait for calls in flight
     */
    public void stop(Duration patience) {
        stopping = true;
        channel.close().awaitUninterruptibly();
        long deadline = System.nanoTime() + patience.toNanos();
        for (Connection connection : connections) {
            connection.channel().eventLoop().execute(connection::drain);
        }
        for (Connection connection : connections) {
            long left = deadline - System.nanoTime();
            connection.channel().closeFuture().awaitUninterruptibly(Math.max(0, left), TimeUnit.NANOSECONDS);
        }
        List<Future<?>> aborts = new ArrayList<>();
        for (Connection connection : connections) {
            aborts.add(connection
                    .channel()
                    .eventLoop()
                    .submit(() -> connection.abort(End.SHUTDOWN, "calls were still in flight after " + patience)));
        }
        // a loop that ends closes what is left by itself, and would tell that its peers did; one that hangs is not
        // waited for
        long told = System.nanoTime() + TELLING_ENDS.toNanos();
        for (Future<?> abort : aborts) {
            abort.awaitUninterruptibly(Math.max(0, told - System.nanoTime()), TimeUnit.NANOSECONDS);
        }
        acceptor.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
        workers.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    /** Stops with ten seconds of patience. */
    @Override
    public void close() {
        stop(Duration.ofSeconds(10));
    }

    /**
     * A builder of a listener.
     *
     * @return the builder, without any protocol
     */
    public static Builder builder() {
        return new Builder();
    }

    /** Collects what a listener needs. Not thread-safe. */
    public static final class Builder {
        private final Map<Protocol, ProtocolHandler> protocols = new EnumMap<>(Protocol.class);
        private RpcObserver observer = RpcObserver.NONE;
        private int connections = 10_000;
        private Duration firstRequest = Duration.ofSeconds(30);
        private int threads = Runtime.getRuntime().availableProcessors();
        private MemoryBudgets memory = MemoryBudgets.ofHeap(Runtime.getRuntime().maxMemory());

        private Builder() {}

        /**
         * Serves a protocol.
         *
         * @param protocol how a connection begins
         * @param handler who takes it
         * @return this builder
         */
        public Builder protocol(Protocol protocol, ProtocolHandler handler) {
            protocols.put(protocol, Objects.requireNonNull(handler, "handler"));
            return this;
        }

        /**
         * Sets who is told what happens.
         *
         * @param who the observer
         * @return this builder
         */
        public Builder observer(RpcObserver who) {
            observer = Objects.requireNonNull(who, "observer");
            return this;
        }

        /**
         * Sets the most connections at a time.
         *
         * @param count at least 1 (default 10,000)
         * @return this builder
         */
        public Builder maxConnections(int count) {
            connections = atLeastOne("maxConnections", count);
            return this;
        }

        /**
         * Sets how long a peer of which no call has been let in may take over anything that it has begun: a handshake, a
         * preamble, a request. While it has begun nothing it may be silent.
         *
         * @param time more than nothing (default 30 s)
         * @return this builder
         */
        public Builder firstRequest(Duration time) {
            if (time.isNegative() || time.isZero()) {
                throw new IllegalArgumentException("firstRequest: " + time + " (expected: > 0)");
            }
            firstRequest = time;
            return this;
        }

        /**
         * Sets how many threads serve connections.
         *
         * @param count at least 1 (default: one a processor)
         * @return this builder
         */
        public Builder threads(int count) {
            threads = atLeastOne("threads", count);
            return this;
        }

        /**
         * Sets how much memory connections may make the process hold.
         *
         * @param budgets for all protocols of the port together (default: shares of the heap)
         * @return this builder
         */
        public Builder memory(MemoryBudgets budgets) {
            memory = Objects.requireNonNull(budgets, "memory");
            return this;
        }

        private static int atLeastOne(String name, int value) {
            if (value < 1) {
                throw new IllegalArgumentException(name + ": " + value + " (expected: >= 1)");
            }
            return value;
        }

        /**
         * Begins to listen.
         *
         * @param address where; port 0 takes a free one
         * @return the listener
         * @throws IOException if the address cannot be bound
         */
        public RpcListener bind(InetSocketAddress address) throws IOException {
            return new RpcListener(
                    address,
                    new Settings(new EnumMap<>(protocols), observer, connections, firstRequest, memory),
                    threads);
        }
    }
}
