package io.github.pgwatchrpc.rpc.listen;

import io.github.pgwatchrpc.rpc.RpcObserver.End;
import io.github.pgwatchrpc.rpc.detect.Protocol;
import io.github.pgwatchrpc.rpc.detect.ProtocolDetector;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.Map;

/** Holds back the first bytes until they tell the protocol, then gives way to it. */
final class DetectingHandler extends ChannelInboundHandlerAdapter {

    private final Map<Protocol, ProtocolHandler> protocols;
    private final Connection connection;
    private ByteBuf first = Unpooled.EMPTY_BUFFER;
    private int charged;

    DetectingHandler(Map<Protocol, ProtocolHandler> protocols, Connection connection) {
        this.protocols = protocols;
        this.connection = connection;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        if (connection.isEnding()) {
            bytes.release();
            return;
        }
        keep(ctx, bytes);
        byte[] look = ByteBufUtil.getBytes(
                first, first.readerIndex(), Math.min(first.readableBytes(), ProtocolDetector.MAX_BYTES));
        ProtocolDetector.Outcome outcome = ProtocolDetector.detect(look, 0, look.length);
        if (!outcome.complete()) {
            wait(look.length);
            return;
        }
        if (outcome.protocol() != null) {
            connection.speaks(outcome.protocol());
        }
        ProtocolHandler protocol = outcome.protocol() == null ? null : protocols.get(outcome.protocol());
        if (protocol == null) {
            connection.close(
                    End.UNKNOWN_PROTOCOL,
                    outcome.protocol() == null
                            ? "first bytes of no known protocol: " + ByteBufUtil.hexDump(look)
                            : "protocol " + outcome.protocol() + " is not served here");
            return;
        }
        protocol.begin(ctx.pipeline(), connection);
        // this handler's removal passes the bytes on
        ctx.pipeline().remove(this);
    }

    private void keep(ChannelHandlerContext ctx, ByteBuf bytes) {
        ByteBuf before = first;
        if (before.isReadable()) {
            first = ctx.alloc()
                    .buffer(before.readableBytes() + bytes.readableBytes())
                    .writeBytes(before)
                    .writeBytes(bytes);
            bytes.release();
        } else {
            first = bytes;
        }
        before.release();
    }

    /** Who has sent a byte must send the others; who has sent none may be silent. */
    private void wait(int bytes) {
        if (bytes == 0) {
            return;
        }
        connection.begun("the first bytes, which tell the protocol,");
        int more = first.capacity() - charged;
        if (connection.memory().take(more)) {
            charged += more;
        } else {
            connection.close(End.TOO_MANY, connection.memory().noRoomFor(more));
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        connection.failed(cause);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        connection.memory().giveBack(charged);
        charged = 0;
        ByteBuf bytes = first;
        first = Unpooled.EMPTY_BUFFER;
        if (bytes.isReadable() && ctx.channel().isActive() && !connection.isEnding()) {
            ctx.fireChannelRead(bytes);
            ctx.fireChannelReadComplete();
        } else {
            bytes.release();
        }
    }
}
