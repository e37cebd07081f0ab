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

    private TestConnections() {}

    public static Connection of(Channel channel, MemoryBudgets memory, Duration patience) {
        return new Connection(channel, memory.open(), patience, new Repeated());
    }

    public static ChannelHandler detecting(Map<Protocol, ProtocolHandler> protocols, Connection connection) {
        return new DetectingHandler(protocols, connection);
    }

    public static void ended(Connection connection) {
        connection.ended();
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
