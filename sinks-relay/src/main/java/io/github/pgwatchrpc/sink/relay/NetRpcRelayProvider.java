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
 * Makes sinks for {@code rpc://HOST:PORT}: a receiver is called over net/rpc, as pgwatch 3 does it, with the key in a field of
 * its own. Every value keeps its exact type; only lists and objects arrive as the JSON text that they are. Definitions of
 * metrics cannot be said in this protocol.
 */
public final class NetRpcRelayProvider implements SinkProvider {

    /** For the service loader. */
    public NetRpcRelayProvider() {}

    @Override
    public Set<String> schemes() {
        return Set.of("rpc");
    }

    @Override
    public String description() {
        return "forwards to a receiver over net/rpc, which keeps every type exactly";
    }

    @Override
    public String syntax() {
        return "rpc://HOST:PORT";
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
        return Set.of(Capability.ORDERED, Capability.SYNC);
    }

    @Override
    public Sink create(SinkConfig config) {
        return RelayOptions.sink(config, NetRpcLink::open);
    }
}
