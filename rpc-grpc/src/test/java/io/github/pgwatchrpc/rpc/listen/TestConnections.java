package io.github.pgwatchrpc.rpc.listen;

import io.github.pgwatchrpc.log.Repeated;
import io.github.pgwatchrpc.rpc.MemoryBudgets;
import io.netty.channel.Channel;
import java.time.Duration;

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
        return new Connection(channel, MemoryBudgets.ofHeap(1L << 30).open(), Duration.ofSeconds(30), new Repeated());
    }
}
