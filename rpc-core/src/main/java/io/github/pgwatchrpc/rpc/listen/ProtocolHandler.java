package io.github.pgwatchrpc.rpc.listen;

import io.netty.channel.ChannelPipeline;

/** A protocol that a listener can hand connections to. Thread-safe. */
@FunctionalInterface
public interface ProtocolHandler {

    /**
     * Takes over a connection: adds this protocol's handlers at the end of the pipeline. The bytes that were looked at are
     * passed on to them right after.
     *
     * @param pipeline the connection's, on its event loop
     * @param connection what is known of it; the handlers report calls and the end to it
     */
    void begin(ChannelPipeline pipeline, Connection connection);
}
