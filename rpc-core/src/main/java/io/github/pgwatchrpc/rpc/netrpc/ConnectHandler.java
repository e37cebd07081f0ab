package io.github.pgwatchrpc.rpc.netrpc;

import io.github.pgwatchrpc.rpc.RpcObserver.End;
import io.github.pgwatchrpc.rpc.listen.Connection;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.concurrent.ScheduledFuture;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Answers the HTTP preamble of net/rpc, {@code CONNECT /_goRPC_ HTTP/1.0} and an empty line, and gives way to {@link
 * ServerConnection}. Lines may end in LF or CRLF; headers are allowed and ignored. The answer's status text is what Go's
 * client compares (net/rpc's client.go, DialHTTPPath).
 */
final class ConnectHandler extends ChannelInboundHandlerAdapter {

    static final String PATH = "/_goRPC_";
    private static final String CONNECTED = "HTTP/1.0 200 Connected to Go RPC\n\n";

    private final NetRpcServer server;
    private final Connection connection;
    private ByteBuf preamble = Unpooled.EMPTY_BUFFER;
    private @Nullable ScheduledFuture<?> deadline;

    ConnectHandler(NetRpcServer server, Connection connection) {
        this.server = server;
        this.connection = connection;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        // the first bytes are here already: from now on it is a preamble that has to end
        deadline = ctx.executor()
                .schedule(
                        () -> connection.close(
                                End.TIMEOUT,
                                "the preamble did not end within "
                                        + server.limits().firstRequest()),
                        server.limits().firstRequest().toMillis(),
                        TimeUnit.MILLISECONDS);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        if (connection.isEnding()) {
            bytes.release();
            return;
        }
        ByteBuf all = preamble.isReadable() ? Unpooled.wrappedBuffer(preamble, bytes) : bytes;
        preamble = all;
        int end = endOfPreamble(all);
        int limit = server.limits().preambleBytes();
        if (end < 0 ? all.readableBytes() > limit : end - all.readerIndex() > limit) {
            refuse(ctx, "431 Request Header Fields Too Large", "bytes of the preamble: more than " + limit);
            return;
        }
        if (end < 0) {
            return;
        }
        String text = all.toString(all.readerIndex(), end - all.readerIndex(), StandardCharsets.ISO_8859_1);
        String path = path(text);
        if (path == null || !path.equals(PATH)) {
            refuse(ctx, "404 Not Found", "path of CONNECT: " + path + " (expected: " + PATH + ")");
            return;
        }
        all.readerIndex(end);
        ctx.writeAndFlush(Unpooled.copiedBuffer(CONNECTED, StandardCharsets.US_ASCII), ctx.voidPromise());
        ctx.pipeline().addLast("net-rpc", new ServerConnection(server, connection));
        ctx.pipeline().remove(this);
    }

    /** The index behind the empty line, or -1. */
    private static int endOfPreamble(ByteBuf bytes) {
        boolean lineIsEmpty = false;
        for (int i = bytes.readerIndex(); i < bytes.writerIndex(); i++) {
            byte each = bytes.getByte(i);
            if (each == '\n') {
                if (lineIsEmpty) {
                    return i + 1;
                }
                lineIsEmpty = true;
            } else if (each != '\r') {
                lineIsEmpty = false;
            }
        }
        return -1;
    }

    private static @Nullable String path(String preamble) {
        int begin = preamble.indexOf(' ') + 1;
        int end = preamble.indexOf(' ', begin);
        int line = preamble.indexOf('\n');
        return begin > 0 && end > 0 && end < line ? preamble.substring(begin, end) : null;
    }

    private void refuse(ChannelHandlerContext ctx, String status, String reason) {
        String answer = "HTTP/1.0 " + status + "\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + reason + "\n";
        ctx.write(Unpooled.copiedBuffer(answer, StandardCharsets.UTF_8), ctx.voidPromise());
        connection.close(End.UNKNOWN_PROTOCOL, reason);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        if (deadline != null) {
            deadline.cancel(false);
        }
        ByteBuf rest = preamble;
        preamble = Unpooled.EMPTY_BUFFER;
        if (rest.isReadable() && ctx.channel().isActive()) {
            ctx.fireChannelRead(rest);
            ctx.fireChannelReadComplete();
        } else {
            rest.release();
        }
    }
}
