package io.github.pgwatchrpc.rpc.listen;

import io.github.pgwatchrpc.rpc.RpcObserver.End;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import java.nio.charset.StandardCharsets;

/**
 * Answers whatever HTTP/1 request comes with one text and closes: for a browser that has found this port, or a client that
 * must come in another way. Thread-safe.
 */
public final class HttpAnswer implements ProtocolHandler {

    private final byte[] answer;
    private final End end;
    private final String reason;

    /**
     * One answer for all.
     *
     * @param status the status line's number and text; Go's net/rpc shows it when it is not the one it wants
     * @param text the body, for people
     */
    public HttpAnswer(String status, String text) {
        byte[] body = (text + "\n").getBytes(StandardCharsets.UTF_8);
        byte[] head = ("HTTP/1.0 " + status + "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: "
                        + body.length + "\r\nConnection: close\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII);
        this.answer = new byte[head.length + body.length];
        System.arraycopy(head, 0, answer, 0, head.length);
        System.arraycopy(body, 0, answer, head.length, body.length);
        this.end = status.startsWith("200") ? End.PEER : End.UNKNOWN_PROTOCOL;
        this.reason = "HTTP request, answered " + status;
    }

    @Override
    public void begin(ChannelPipeline pipeline, Connection connection) {
        pipeline.addLast("http-answer", new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext ctx, Object message) {
                ((ByteBuf) message).release();
                if (!connection.isEnding()) {
                    ctx.write(Unpooled.wrappedBuffer(answer), ctx.voidPromise());
                    connection.close(end, reason);
                }
            }

            @Override
            public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
                connection.failed(cause);
            }
        });
    }
}
