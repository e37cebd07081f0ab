package io.github.pgwatchrpc.rpc.listen;

import io.github.pgwatchrpc.rpc.Faults;
import io.github.pgwatchrpc.rpc.RpcObserver;
import io.github.pgwatchrpc.rpc.RpcObserver.End;
import io.github.pgwatchrpc.rpc.RpcObserver.Handshake;
import io.github.pgwatchrpc.rpc.detect.Protocol;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.io.IOException;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import javax.net.ssl.SSLException;

/**
 * Takes the TLS off a connection and looks again at what comes out: the bytes inside tell the protocol as bytes without
 * TLS do, since a pgwatch v3 offers no ALPN. Thread-safe.
 */
public final class TlsProtocol implements ProtocolHandler {

    private final SslContext tls;
    private final Map<Protocol, ProtocolHandler> inside;
    private final Duration firstRequest;
    private final RpcObserver observer;

    /**
     * TLS with other protocols inside.
     *
     * @param tls the server's side; asked for a new handler for each connection
     * @param inside what may be spoken inside
     * @param firstRequest how long the handshake may take, and then, once a byte has come, telling the protocol
     * @param observer is told how handshakes end
     */
    public TlsProtocol(
            SslContext tls, Map<Protocol, ProtocolHandler> inside, Duration firstRequest, RpcObserver observer) {
        this.tls = tls;
        this.inside = new EnumMap<>(inside);
        this.firstRequest = firstRequest;
        this.observer = observer;
    }

    @Override
    public void begin(ChannelPipeline pipeline, Connection connection) {
        SslHandler handler = tls.newHandler(pipeline.channel().alloc());
        handler.setHandshakeTimeoutMillis(firstRequest.toMillis());
        pipeline.addLast("tls", handler);
        pipeline.addLast("tls-end", new Handshakes(connection, observer));
        pipeline.addLast("detect-inside", new DetectingHandler(inside, firstRequest, connection));
    }

    /**
     * Says how a handshake ended, and why it failed or a record could not be read: nothing behind it can know. What the
     * network does once the handshake is done has nothing to do with TLS.
     */
    private static final class Handshakes extends ChannelInboundHandlerAdapter {
        private final Connection connection;
        private final RpcObserver observer;
        private final long began = System.currentTimeMillis();
        private boolean handshakeDone;

        Handshakes(Connection connection, RpcObserver observer) {
            this.connection = connection;
            this.observer = observer;
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event instanceof SslHandshakeCompletionEvent end) {
                handshakeDone |= end.isSuccess();
                observer.handshake(connection.address(), result(ctx, end));
            }
            ctx.fireUserEventTriggered(event);
        }

        /** Java does not say that a session was resumed, but such a session is older than the handshake. */
        private Handshake result(ChannelHandlerContext ctx, SslHandshakeCompletionEvent end) {
            SslHandler handler = ctx.pipeline().get(SslHandler.class);
            if (!end.isSuccess() || handler == null) {
                return Handshake.FAILED;
            }
            return handler.engine().getSession().getCreationTime() < began ? Handshake.RESUMED : Handshake.FULL;
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            Faults.reportIfFatal(cause);
            if (cause instanceof DecoderException || cause instanceof SSLException) {
                Throwable reason = cause.getCause() == null ? cause : cause.getCause();
                connection.close(End.TLS, "TLS: " + reason.getMessage());
            } else if (cause instanceof IOException) {
                String reason = String.valueOf(cause.getMessage());
                if (handshakeDone) {
                    connection.close(End.CUT, reason);
                } else {
                    connection.close(End.TLS, "TLS: " + reason);
                }
            } else {
                ctx.fireExceptionCaught(cause);
            }
        }
    }
}
