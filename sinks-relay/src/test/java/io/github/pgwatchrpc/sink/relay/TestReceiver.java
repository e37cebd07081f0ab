package io.github.pgwatchrpc.sink.relay;

import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.rpc.RpcObserver;
import io.github.pgwatchrpc.rpc.RpcPeer;
import io.github.pgwatchrpc.rpc.auth.ApiKey;
import io.github.pgwatchrpc.rpc.auth.Databases;
import io.github.pgwatchrpc.rpc.auth.KeyAuthenticator;
import io.github.pgwatchrpc.rpc.auth.NamedKey;
import io.github.pgwatchrpc.rpc.auth.ReloadingKeys;
import io.github.pgwatchrpc.rpc.detect.Protocol;
import io.github.pgwatchrpc.rpc.grpc.GrpcServer;
import io.github.pgwatchrpc.rpc.grpc.pgwatch.MetadataGate;
import io.github.pgwatchrpc.rpc.grpc.pgwatch.ReceiverService;
import io.github.pgwatchrpc.rpc.listen.ProtocolHandler;
import io.github.pgwatchrpc.rpc.listen.RpcListener;
import io.github.pgwatchrpc.rpc.listen.TlsProtocol;
import io.github.pgwatchrpc.rpc.netrpc.NetRpcServer;
import io.github.pgwatchrpc.rpc.pgwatch.KeyGate;
import io.github.pgwatchrpc.rpc.pgwatch.MetricDefinitions;
import io.github.pgwatchrpc.rpc.pgwatch.ModelLimits;
import io.github.pgwatchrpc.rpc.pgwatch.Receiver;
import io.github.pgwatchrpc.rpc.pgwatch.ReceiverMethods;
import io.github.pgwatchrpc.rpc.pgwatch.SyncMetric;
import io.github.pgwatchrpc.rpc.tls.ServerTls;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/** A receiver with a key and TLS, on a free port, that keeps what it gets. */
final class TestReceiver implements Receiver, AutoCloseable {

    /** When it gets things, by its own account. */
    static final long NOW = 1_800_000_000_000_000_000L;

    final List<MeasurementEnvelope> stored = Collections.synchronizedList(new ArrayList<>());
    final List<Object> told = Collections.synchronizedList(new ArrayList<>());
    final ApiKey key = ApiKey.generate(new SecureRandom());

    /** How many calls were waiting for their answers at once, at most. */
    final AtomicInteger most = new AtomicInteger();

    private final AtomicInteger waiting = new AtomicInteger();
    private volatile Function<MeasurementEnvelope, CompletionStage<String>> answers =
            envelope -> CompletableFuture.completedFuture("");
    private volatile List<NamedKey> keys;
    private final ReloadingKeys reloading;
    private final Path authority;
    private final Map<Protocol, ProtocolHandler> all = new EnumMap<>(Protocol.class);
    private RpcListener listener;

    TestReceiver(Path directory) throws Exception {
        this.keys = List.of(named("*"));
        this.reloading = new ReloadingKeys(List.of(() -> keys));
        KeyAuthenticator authenticator = KeyAuthenticator.builder(reloading).build();
        NetRpcServer netRpc = ReceiverMethods.add(NetRpcServer.builder(), this, () -> NOW)
                .gate(peer -> new KeyGate(authenticator, peer))
                .build();
        GrpcServer grpc = ReceiverService.add(GrpcServer.builder(), this, () -> NOW, ModelLimits.DEFAULT)
                .gate(new MetadataGate(authenticator))
                .build();
        ServerTls tls = ServerTls.withAuthority(directory, List.of()).open();
        authority = directory.resolve("ca.crt");
        all.put(Protocol.HTTP_CONNECT, netRpc.overHttp());
        all.put(Protocol.GOB, netRpc.raw());
        all.put(Protocol.HTTP2, grpc.protocol());
        all.put(Protocol.TLS, new TlsProtocol(tls.context(), new EnumMap<>(all), RpcObserver.NONE));
        listener = listen(0);
    }

    private RpcListener listen(int port) throws Exception {
        RpcListener.Builder builder = RpcListener.builder();
        all.forEach(builder::protocol);
        return builder.bind(new InetSocketAddress("127.0.0.1", port));
    }

    private NamedKey named(String databases) {
        return new NamedKey(
                "berlin",
                key.hash(),
                NamedKey.Users.ANY,
                Instant.EPOCH,
                Optional.empty(),
                Optional.empty(),
                Databases.parse(databases));
    }

    void allow(String databases) {
        keys = List.of(named(databases));
        reloading.check();
    }

    void answer(Function<MeasurementEnvelope, CompletionStage<String>> with) {
        answers = with;
    }

    Path authority() {
        return authority;
    }

    String uri(String scheme, String options) {
        return scheme + "://localhost:" + listener.address().getPort() + "?token=" + key.text() + options;
    }

    String tls() {
        return "&sslrootca=" + authority;
    }

    /** As after a crash: the port is the same. */
    void restart() throws Exception {
        int port = listener.address().getPort();
        listener.close();
        listener = listen(port);
    }

    @Override
    public CompletionStage<String> updateMeasurements(MeasurementEnvelope envelope, RpcPeer peer) {
        most.accumulateAndGet(waiting.incrementAndGet(), Math::max);
        return answers.apply(envelope).whenComplete((text, failure) -> {
            waiting.decrementAndGet();
            if (failure == null) {
                stored.add(envelope);
            }
        });
    }

    @Override
    public CompletionStage<String> syncMetric(SyncMetric sync, RpcPeer peer) {
        told.add(sync);
        return CompletableFuture.completedFuture("");
    }

    @Override
    public CompletionStage<String> defineMetrics(MetricDefinitions definitions, RpcPeer peer) {
        told.add(definitions);
        return CompletableFuture.completedFuture("");
    }

    @Override
    public void close() {
        listener.close();
    }
}
