package io.github.pgwatchrpc.rpc.listen;

import io.netty.channel.Channel;

/** Makes connections that no listener has accepted. */
public final class TestConnections {

    private TestConnections() {}

    /**
     * A connection.
     *
     * @param channel where it ends
     * @return the connection
     */
    public static Connection of(Channel channel) {
        return new Connection(channel);
    }
}
