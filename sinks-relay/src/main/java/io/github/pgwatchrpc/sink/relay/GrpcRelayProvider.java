package io.github.pgwatchrpc.sink.relay;

import io.github.pgwatchrpc.sink.Capability;
import io.github.pgwatchrpc.sink.Limits;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.SinkConfig;
import io.github.pgwatchrpc.sink.SinkOption;
import io.github.pgwatchrpc.sink.SinkProvider;
import java.util.List;
import java.util.Set;

/**
 * Makes sinks for {@code grpc://NAME:KEY@HOST:PORT/}: a receiver is called over gRPC, as pgwatch 4 and later do it. That
 * protocol has fewer types than the model: numbers arrive as doubles, bytes as base64 text.
 */
public final class GrpcRelayProvider implements SinkProvider {

    /** For the service loader. */
    public GrpcRelayProvider() {}

    @Override
    public Set<String> schemes() {
        return Set.of("grpc");
    }

    @Override
    public String description() {
        return "forwards to a receiver over gRPC, which makes doubles of all numbers";
    }

    @Override
    public String syntax() {
        return "grpc://NAME:KEY@HOST:PORT/";
    }

    @Override
    public List<SinkOption<?>> options() {
        return RelayOptions.ALL;
    }

    @Override
    public Limits limits() {
        return RelayOptions.LIMITS;
    }

    @Override
    public Set<Capability> capabilities() {
        return Set.of(Capability.ORDERED, Capability.SYNC, Capability.DEFINITIONS);
    }

    @Override
    public Sink create(SinkConfig config) {
        return RelayOptions.sink(config, GrpcLink::open);
    }
}
