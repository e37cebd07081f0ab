package io.github.pgwatchrpc.rpc.netrpc;

import io.github.pgwatchrpc.log.PeerText;
import io.github.pgwatchrpc.rpc.RpcObserver.End;
import io.github.pgwatchrpc.rpc.listen.Connection;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.nio.charset.StandardCharsets;

/**
 * Answers the HTTP preamble of net/rpc, {@code CONNECT /_goRPC_ HTTP/1.0} and an empty line, and gives way to {@link
 * ServerConnection}. Lines may end in LF or CRLF; headers are allowed and ignored. The answer's status text is what Go's
 * client compares (net/rpc's client.go, DialHTTPPath); other requests are answered as Go's server does (server.go,
 * ServeHTTP) and closed.
 */
final class ConnectHandler extends ChannelInboundHandlerAdapter {

    static final String PATH = "/_goRPC_";
    /** How much of a request stands in the answer to it, in characters. */
    private static final int ECHOED = 100;

    static final String CONNECTED = "HTTP/1.0 200 Connected to Go RPC\n\n";

    private final NetRpcServer server;
    private final Connection connection;

    /** Everything that has come, and how much of it has been looked at. */
    private ByteBuf preamble = Unpooled.EMPTY_BUFFER;

    private int looked;
    private boolean lineIsEmpty;
    private int charged;

    ConnectHandler(NetRpcServer server, Connection connection) {
        this.server = server;
        this.connection = connection;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        // the first bytes are here already: from now on it is a preamble that has to end
        connection.begun("the preamble");
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        if (connection.isEnding()) {
            bytes.release();
            return;
        }
        keep(ctx, bytes);
        int limit = server.limits().preambleBytes();
        boolean ended = lookForEnd(limit);
        if (ended) {
            String text = preamble.readCharSequence(looked, StandardCharsets.ISO_8859_1)
                    .toString();
            answer(ctx, text.substring(0, text.indexOf('\n')).stripTrailing());
        } else if (looked == limit) {
            refuse(ctx, "431 Request Header Fields Too Large", "bytes of the preamble: more than " + limit);
        } else {
            charge();
        }
    }

    private void charge() {
        int more = preamble.capacity() - charged;
        if (connection.memory().take(more)) {
            charged += more;
        } else {
            connection.close(End.TOO_MANY, connection.memory().noRoomFor(more));
        }
    }

    private void keep(ChannelHandlerContext ctx, ByteBuf bytes) {
        if (!preamble.isReadable()) {
            preamble.release();
            preamble = bytes;
        } else {
            ByteBuf all = ctx.alloc().buffer(preamble.readableBytes() + bytes.readableBytes());
            all.writeBytes(preamble).writeBytes(bytes);
            preamble.release();
            bytes.release();
            preamble = all;
        }
    }

    /** Looks for the empty line, no further than to the limit. */
    private boolean lookForEnd(int limit) {
        int most = Math.min(preamble.readableBytes(), limit);
        while (looked < most) {
            byte each = preamble.getByte(preamble.readerIndex() + looked);
            looked++;
            if (each == '\n') {
                if (lineIsEmpty) {
                    return true;
                }
                lineIsEmpty = true;
            } else if (each != '\r') {
                lineIsEmpty = false;
            }
        }
        return false;
    }

    private void answer(ChannelHandlerContext ctx, String requestLine) {
        String[] parts = requestLine.split(" ", -1);
        if (parts.length != 3 || !parts[2].startsWith("HTTP/1.")) {
            refuse(
                    ctx,
                    "400 Bad Request",
                    "request: " + PeerText.printable(requestLine, ECHOED) + " (expected: CONNECT " + PATH
                            + " HTTP/1.0)");
        } else if (!parts[1].equals(PATH)) {
            refuse(ctx, "404 Not Found", "path: " + PeerText.printable(parts[1], ECHOED) + " (expected: " + PATH + ")");
        } else if (!parts[0].equals("CONNECT")) {
            refuse(ctx, "405 Method Not Allowed", "405 must CONNECT");
        } else {
            ctx.writeAndFlush(Unpooled.copiedBuffer(CONNECTED, StandardCharsets.US_ASCII), ctx.voidPromise());
            connection.settled();
            ctx.pipeline().addLast("net-rpc", new ServerConnection(server, connection));
            ctx.pipeline().remove(this);
        }
    }

    private void refuse(ChannelHandlerContext ctx, String status, String reason) {
        String answer = "HTTP/1.0 " + status + "\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + reason + "\n";
        ctx.write(Unpooled.copiedBuffer(answer, StandardCharsets.UTF_8), ctx.voidPromise());
        connection.close(End.UNKNOWN_PROTOCOL, reason);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        connection.failed(cause);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        connection.memory().giveBack(charged);
        charged = 0;
        ByteBuf rest = preamble;
        preamble = Unpooled.EMPTY_BUFFER;
        if (rest.isReadable() && ctx.channel().isActive() && !connection.isEnding()) {
            ctx.fireChannelRead(rest);
            ctx.fireChannelReadComplete();
        } else {
            rest.release();
        }
    }
}
