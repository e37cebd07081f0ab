package io.github.pgwatchrpc.rpc.listen;

import io.github.pgwatchrpc.log.Repeated;
import io.github.pgwatchrpc.rpc.MemoryBudgets;
import io.github.pgwatchrpc.rpc.RpcObserver.End;
import io.github.pgwatchrpc.rpc.detect.Protocol;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Opens to tests of other packages what a listener does by itself. */
public final class TestConnections {

    private static final MemoryBudgets TEST_BUDGETS = MemoryBudgets.ofHeap(1L << 30);

    private TestConnections() {}

    public static Connection of(Channel channel) {
        return new Connection(channel, TEST_BUDGETS.open(), Duration.ofSeconds(30), new Repeated());
    }

    public static ChannelHandler detecting(
            Map<Protocol, ProtocolHandler> protocols, Duration timeout, Connection connection) {
        return new DetectingHandler(protocols, timeout, connection);
    }

    public static void drain(Connection connection) {
        connection.drain();
    }

    /** Null while nothing has ended it. */
    public static @Nullable End end(Connection connection) {
        return connection.isEnding() ? connection.end() : null;
    }

    public static String endReason(Connection connection) {
        return connection.endReason();
    }
}
