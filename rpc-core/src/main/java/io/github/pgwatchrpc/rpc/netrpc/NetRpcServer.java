package io.github.pgwatchrpc.rpc.netrpc;

import io.github.pgwatchrpc.rpc.Faults;
import io.github.pgwatchrpc.rpc.MemoryAccount;
import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcObserver;
import io.github.pgwatchrpc.rpc.RpcPeer;
import io.github.pgwatchrpc.rpc.detect.Protocol;
import io.github.pgwatchrpc.rpc.listen.ProtocolHandler;
import io.github.pgwatchrpc.rpc.listen.RpcListener;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A server of Go's net/rpc: methods by their names, for connections that begin with {@code CONNECT} or with gob straight
 * away. It has no port of its own; {@link #listen} gives it one, or a {@link RpcListener} shares one between protocols.
 *
 * <pre>{@code
 * NetRpcServer server = NetRpcServer.builder()
 *         .method("Arith.Multiply", Args.class, (args, peer) -> completedFuture(args.a() * args.b()))
 *         .build();
 * RpcListener listener = server.listen(new InetSocketAddress(1234));
 * }</pre>
 *
 * <p>Thread-safe.
 */
public final class NetRpcServer {

    private final MethodTable methods;
    private final NetRpcLimits limits;
    private final RpcObserver observer;
    private final Function<? super RpcPeer, ? extends ArgumentGate> gates;
    private final boolean refusing;
    private final ServerConnection.Scratch scratch = new ServerConnection.Scratch();

    private NetRpcServer(
            MethodTable methods,
            NetRpcLimits limits,
            RpcObserver observer,
            Function<? super RpcPeer, ? extends ArgumentGate> gates,
            boolean refusing) {
        this.methods = methods;
        this.limits = limits;
        this.observer = observer;
        this.gates = gates;
        this.refusing = refusing;
    }

    /**
     * For connections that begin with HTTP's {@code CONNECT}. Other requests of HTTP/1 are answered with an error.
     *
     * @return a protocol for {@link Protocol#HTTP_CONNECT}, and for {@link Protocol#HTTP} where nobody else wants it
     */
    public ProtocolHandler overHttp() {
        return (pipeline, connection) -> pipeline.addLast("connect", new ConnectHandler(this, connection));
    }

    /**
     * For connections that begin with gob straight away.
     *
     * @return a protocol for {@link Protocol#GOB}
     */
    public ProtocolHandler raw() {
        return (pipeline, connection) -> pipeline.addLast("net-rpc", new ServerConnection(this, connection));
    }

    /**
     * Listens on a port of its own, for both.
     *
     * @param address where; port 0 takes a free one
     * @return the listener, to be closed
     * @throws IOException if the address cannot be bound
     */
    public RpcListener listen(InetSocketAddress address) throws IOException {
        return RpcListener.builder()
                .protocol(Protocol.HTTP_CONNECT, overHttp())
                .protocol(Protocol.HTTP, overHttp())
                .protocol(Protocol.GOB, raw())
                .observer(observer)
                .maxConnections(limits.connections())
                .firstRequest(limits.firstRequest())
                .bind(address);
    }

    MethodTable methods() {
        return methods;
    }

    NetRpcLimits limits() {
        return limits;
    }

    RpcObserver observer() {
        return observer;
    }

    /** Whether a connection is closed behind the first answer. */
    boolean isRefusing() {
        return refusing;
    }

    ArgumentGate gate(RpcPeer peer) {
        return gates.apply(peer);
    }

    ServerConnection.Scratch scratch() {
        return scratch;
    }

    /**
     * A method that may block.
     *
     * @param <A> its argument
     * @param <R> its reply
     */
    @FunctionalInterface
    public interface BlockingMethod<A, R> {

        /**
         * Carries the call out.
         *
         * @param argument the argument
         * @param peer who calls
         * @return the reply
         * @throws Exception an {@link RpcException} to answer with its text, anything else for an internal error
         */
        R call(A argument, RpcPeer peer) throws Exception;
    }

    /**
     * A builder of a server.
     *
     * @return the builder, without any method
     */
    public static Builder builder() {
        return new Builder();
    }

    /** Collects methods and settings. Not thread-safe. */
    public static final class Builder {
        private final Map<String, MethodTable.Entry<?, ?>> methods = new LinkedHashMap<>();
        private boolean refusing;
        private NetRpcLimits limits = NetRpcLimits.DEFAULT;
        private RpcObserver observer = RpcObserver.NONE;
        private Function<? super RpcPeer, ? extends ArgumentGate> gates = ArgumentGate::open;

        private Builder() {}

        /**
         * Adds a method that decodes its argument itself.
         *
         * @param name {@code Service.Method}, as peers call it
         * @param decoders makes a decoder for each connection that calls the method
         * @param method what to do
         * @param <A> the argument
         * @param <R> the reply
         * @return this builder
         * @throws IllegalArgumentException if the name has no dot or is taken
         */
        public <A, R> Builder method(
                String name, Supplier<? extends ArgumentDecoder<A>> decoders, RpcMethod<A, R> method) {
            return method(name, memory -> decoders.get(), method);
        }

        /**
         * Adds a method that decodes its argument itself, and says what it takes in memory.
         *
         * @param name {@code Service.Method}, as peers call it
         * @param decoders makes a decoder for each connection that calls the method; it takes from the connection's account
         *     what an argument needs, which is given back when the call has been answered or the argument refused
         * @param method what to do
         * @param <A> the argument
         * @param <R> the reply
         * @return this builder
         * @throws IllegalArgumentException if the name has no dot or is taken
         */
        public <A, R> Builder method(
                String name,
                Function<? super MemoryAccount, ? extends ArgumentDecoder<A>> decoders,
                RpcMethod<A, R> method) {
            if (name.lastIndexOf('.') < 0) {
                throw new IllegalArgumentException("name of a method: " + name + " (expected: Service.Method)");
            }
            if (methods.putIfAbsent(name, new MethodTable.Entry<>(name, decoders, method)) != null) {
                throw new IllegalArgumentException("name of a method: " + name + " is taken");
            }
            return this;
        }

        /**
         * Adds a method whose argument becomes an object of a class.
         *
         * @param name {@code Service.Method}, as peers call it
         * @param argument class of the argument; see {@link io.github.pgwatchrpc.rpc.gob.GobDecoder}
         * @param method what to do
         * @param <A> the argument
         * @param <R> the reply; see {@link io.github.pgwatchrpc.rpc.gob.GobEncoder}
         * @return this builder
         * @throws IllegalArgumentException if the name has no dot or is taken
         */
        public <A, R> Builder method(String name, Class<A> argument, RpcMethod<A, R> method) {
            return method(name, memory -> new ObjectDecoder<>(argument), method);
        }

        /**
         * Adds a method that blocks. It runs on an executor, so that the event loops go on; its exceptions become the
         * call's answer as {@link RpcMethod} says.
         *
         * @param name {@code Service.Method}, as peers call it
         * @param argument class of the argument
         * @param executor where it runs; what it rejects is answered with an error
         * @param method what to do
         * @param <A> the argument
         * @param <R> the reply
         * @return this builder
         * @throws IllegalArgumentException if the name has no dot or is taken
         */
        public <A, R> Builder blockingMethod(
                String name, Class<A> argument, Executor executor, BlockingMethod<A, R> method) {
            return method(name, argument, (A value, RpcPeer peer) -> {
                CompletableFuture<R> reply = new CompletableFuture<>();
                try {
                    executor.execute(() -> {
                        try {
                            reply.complete(method.call(value, peer));
                        } catch (Throwable e) {
                            // an Error too: the peer waits for an answer, for ever if need be
                            reply.completeExceptionally(e);
                            Faults.rethrowIfFatal(e);
                        }
                    });
                } catch (RejectedExecutionException e) {
                    throw new RpcException("rpc: server is busy");
                }
                return reply;
            });
        }

        /**
         * Answers the first call with an error, whatever it asks for, and closes the connection: for peers who must come in
         * another way. They are strangers to the end.
         *
         * @param reason what they are told
         * @return this builder
         */
        public Builder refuseAll(String reason) {
            methods.clear();
            gates = peer -> ArgumentGate.closed(reason);
            refusing = true;
            return this;
        }

        /**
         * Sets the bounds on what peers may do.
         *
         * @param bounds the limits
         * @return this builder
         */
        public Builder limits(NetRpcLimits bounds) {
            limits = Objects.requireNonNull(bounds, "limits");
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
         * Sets who decides which calls may go on; without it, all may.
         *
         * @param eachPeer makes the gate of a connection
         * @return this builder
         */
        public Builder gate(Function<? super RpcPeer, ? extends ArgumentGate> eachPeer) {
            gates = Objects.requireNonNull(eachPeer, "gate");
            return this;
        }

        /**
         * Makes the server.
         *
         * @return the server
         */
        public NetRpcServer build() {
            return new NetRpcServer(new MethodTable(methods), limits, observer, gates, refusing);
        }
    }
}
