package io.github.pgwatchrpc.rpc.grpc;

import io.github.pgwatchrpc.rpc.RpcObserver;
import io.github.pgwatchrpc.rpc.detect.Protocol;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoException;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoReader;
import io.github.pgwatchrpc.rpc.listen.ProtocolHandler;
import io.github.pgwatchrpc.rpc.listen.RpcListener;
import io.netty.util.concurrent.FastThreadLocal;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A server of gRPC: unary methods by their names, health and reflection, for connections that begin with HTTP/2. It has no
 * port of its own; {@link #listen} gives it one, or an {@link RpcListener} shares one between protocols. Under TLS it takes
 * what is inside.
 *
 * <pre>{@code
 * GrpcServer server = GrpcServer.builder()
 *         .method("Greeter", "Hello", decoder, (name, peer) -> completedFuture("hello " + name), encoder)
 *         .build();
 * RpcListener listener = RpcListener.builder()
 *         .protocol(Protocol.HTTP2, server.protocol())
 *         .bind(new InetSocketAddress(5000));
 * }</pre>
 *
 * <p>Thread-safe.
 */
public final class GrpcServer {

    private final MethodTable methods;
    private final GrpcLimits limits;
    private final RpcObserver observer;
    private final CallGate gate;
    private final GrpcHealth health;
    private final @Nullable String refusal;
    private final FastThreadLocal<Scratch> scratch = new FastThreadLocal<>() {
        @Override
        protected Scratch initialValue() {
            return new Scratch();
        }
    };

    /** What reading needs at a time; one an event loop, not one a connection. */
    static final class Scratch {
        final byte[] bytes = new byte[16 << 10];
        final ProtoReader reader = new ProtoReader();
    }

    private GrpcServer(Builder builder, MethodTable methods) {
        this.methods = methods;
        this.limits = builder.limits;
        this.observer = builder.observer;
        this.gate = builder.gate;
        this.health = builder.health;
        this.refusal = builder.refusal;
    }

    /**
     * For connections that begin with HTTP/2.
     *
     * @return a protocol for {@link Protocol#HTTP2}
     */
    public ProtocolHandler protocol() {
        return (pipeline, connection) -> {
            connection.begun("the first call that is let in");
            pipeline.addLast("grpc", GrpcConnection.create(this, connection));
        };
    }

    /**
     * Listens on a port of its own.
     *
     * @param address where; port 0 takes a free one
     * @return the listener, to be closed
     * @throws IOException if the address cannot be bound
     */
    public RpcListener listen(InetSocketAddress address) throws IOException {
        return RpcListener.builder()
                .protocol(Protocol.HTTP2, protocol())
                .observer(observer)
                .bind(address);
    }

    /**
     * What the server says of itself.
     *
     * @return its health, to be changed
     */
    public GrpcHealth health() {
        return health;
    }

    MethodTable methods() {
        return methods;
    }

    GrpcLimits limits() {
        return limits;
    }

    RpcObserver observer() {
        return observer;
    }

    CallGate gate() {
        return gate;
    }

    /** Why all calls are refused, or null. */
    @Nullable
    String refusal() {
        return refusal;
    }

    FastThreadLocal<Scratch> scratch() {
        return scratch;
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

        /** Longest question about health or a service: they are names. */
        private static final int SMALL = 4 << 10;

        /** Makes a method once the observer is known. */
        private record Method(String name, Function<RpcObserver, Function<Call, Handler>> handlers) {}

        private final Map<String, Method> methods = new LinkedHashMap<>();
        private final Descriptors descriptors = new Descriptors();
        private final GrpcHealth health = new GrpcHealth();
        private GrpcLimits limits = GrpcLimits.DEFAULT;
        private RpcObserver observer = RpcObserver.NONE;
        private CallGate gate = CallGate.OPEN;
        private @Nullable String refusal;

        private Builder() {}

        /**
         * Adds a method.
         *
         * @param service name of the service, with its package if it has one
         * @param name name of the method
         * @param decoder reads its argument
         * @param method what to do
         * @param encoder writes its reply as a protobuf message
         * @param <A> the argument
         * @param <R> the reply
         * @return this builder
         * @throws IllegalArgumentException if the name is taken
         */
        public <A, R> Builder method(
                String service,
                String name,
                MessageDecoder<A> decoder,
                UnaryMethod<A, R> method,
                Function<? super R, byte[]> encoder) {
            return add(service, name, told -> call -> new UnaryHandler<A, R>(call, told, decoder, method, encoder));
        }

        private Builder add(String service, String name, Function<RpcObserver, Function<Call, Handler>> handlers) {
            Method method = new Method(service + "." + name, handlers);
            if (methods.putIfAbsent("/" + service + "/" + name, method) != null) {
                throw new IllegalArgumentException("name of a method: " + method.name() + " is taken");
            }
            return this;
        }

        /**
         * Describes services to those who ask by reflection.
         *
         * @param fileDescriptorSet what {@code protoc --include_imports --descriptor_set_out} writes
         * @return this builder
         * @throws IllegalArgumentException if it is not that
         */
        public Builder describe(byte[] fileDescriptorSet) {
            try {
                descriptors.add(fileDescriptorSet);
            } catch (ProtoException e) {
                throw new IllegalArgumentException("not a set of descriptors: " + e.getMessage(), e);
            }
            return this;
        }

        /**
         * Sets the bounds on what peers may do.
         *
         * @param bounds the limits
         * @return this builder
         */
        public Builder limits(GrpcLimits bounds) {
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
         * Sets who decides which calls may go on.
         *
         * @param decides the gate
         * @return this builder
         */
        public Builder gate(CallGate decides) {
            gate = Objects.requireNonNull(decides, "gate");
            return this;
        }

        /**
         * Refuses all calls with {@code UNAVAILABLE}, health too; each connection is closed once its first call has been
         * answered so. For peers that must not come this way, and are to learn why.
         *
         * @param why what they are told
         * @return this builder
         */
        public Builder refuseAll(String why) {
            refusal = Objects.requireNonNull(why, "why");
            return this;
        }

        /**
         * Makes the server, with health and reflection.
         *
         * @return the server
         */
        public GrpcServer build() {
            // the small services know all services, themselves included
            MethodTable[] table = new MethodTable[1];
            Map<String, MethodTable.Entry> entries = new LinkedHashMap<>();
            methods.forEach((path, method) -> entries.put(
                    path,
                    new MethodTable.Entry(
                            method.name(),
                            limits.messageBytes(),
                            method.handlers().apply(observer))));
            HealthService asked = new HealthService(health, () -> table[0].services());
            addSmall(entries, HealthService.NAME, "Check", asked::check);
            addSmall(entries, HealthService.NAME, "Watch", asked::watch);
            addSmall(entries, HealthService.NAME, "List", asked::list);
            describe(resource("grpc.binpb"));
            ReflectionService reflection = new ReflectionService(descriptors, () -> table[0].services());
            for (String name : ReflectionService.NAMES) {
                addSmall(entries, name, "ServerReflectionInfo", reflection::info);
            }
            table[0] = new MethodTable(entries);
            return new GrpcServer(this, table[0]);
        }

        private static void addSmall(
                Map<String, MethodTable.Entry> entries, String service, String name, Function<Call, Handler> handlers) {
            entries.putIfAbsent(
                    "/" + service + "/" + name, new MethodTable.Entry(service + "." + name, SMALL, handlers));
        }

        private static byte[] resource(String name) {
            try (InputStream in = Objects.requireNonNull(GrpcServer.class.getResourceAsStream(name), name)) {
                return in.readAllBytes();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
