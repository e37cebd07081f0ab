package io.github.pgwatchrpc.rpc.listen;

import io.github.pgwatchrpc.rpc.RpcObserver.End;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Answers whatever HTTP/1 request comes with one text and closes: for a browser that has found this port, or a client that
 * must come in another way. Thread-safe.
 */
public final class HttpAnswer implements ProtocolHandler {

    private static final List<String> LOOKS = List.of("GET ", "HEAD ");

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
        this.reason = "HTTP request, answered " + status + ": " + text;
    }

    /**
     * Gives this answer to those who look ({@code GET} and {@code HEAD}), and another one to those who want something done:
     * a call that a proxy has made such a request of must fail.
     *
     * @param others for every other method
     * @return a protocol that answers so
     */
    public ProtocolHandler orElse(HttpAnswer others) {
        return (pipeline, connection) -> pipeline.addLast("http-answer", new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext ctx, Object message) {
                (isLook((ByteBuf) message) ? HttpAnswer.this : others).answer(ctx, (ByteBuf) message, connection);
            }

            @Override
            public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
                connection.failed(cause);
            }
        });
    }

    /** The first bytes that are passed on are enough to tell the protocol, and so have all of the method. */
    private static boolean isLook(ByteBuf begin) {
        return LOOKS.stream()
                .anyMatch(each -> begin.readableBytes() >= each.length()
                        && begin.toString(begin.readerIndex(), each.length(), StandardCharsets.US_ASCII)
                                .equals(each));
    }

    @Override
    public void begin(ChannelPipeline pipeline, Connection connection) {
        orElse(this).begin(pipeline, connection);
    }

    private void answer(ChannelHandlerContext ctx, ByteBuf request, Connection connection) {
        request.release();
        if (!connection.isEnding()) {
            ctx.write(Unpooled.wrappedBuffer(answer), ctx.voidPromise());
            connection.close(end, reason);
        }
    }
}
