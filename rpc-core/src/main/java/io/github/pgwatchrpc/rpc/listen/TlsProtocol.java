package io.github.pgwatchrpc.rpc.listen;

import io.github.pgwatchrpc.rpc.Faults;
import io.github.pgwatchrpc.rpc.RpcObserver;
import io.github.pgwatchrpc.rpc.RpcObserver.End;
import io.github.pgwatchrpc.rpc.RpcObserver.Handshake;
import io.github.pgwatchrpc.rpc.detect.Protocol;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;

/**
 * Takes the TLS off a connection and looks again at what comes out: the bytes inside tell the protocol as bytes without
 * TLS do, since a pgwatch v3 offers no ALPN. Thread-safe.
 */
public final class TlsProtocol implements ProtocolHandler {

    /** What Java's engine and Netty's handler keep of a connection, measured with TLS 1.3, with room for what is not. */
    private static final int CONNECTION_BYTES = 24 << 10;

    private static final int IDLE_SECONDS = 10;

    private static final String HANDSHAKE = "the TLS handshake";
    private static final String RECORD = "a TLS record";

    private final SslContext tls;
    private final Map<Protocol, ProtocolHandler> inside;
    private final RpcObserver observer;

    /**
     * Signs and agrees on keys: half a millisecond for each handshake, which on an event loop would keep all of its connections
     * waiting while thousands come. A connection has one task at a time, so no more wait than there are connections.
     */
    private final Executor computing;

    /**
     * TLS with other protocols inside.
     *
     * @param tls the server's side; asked for a new handler for each connection
     * @param inside what may be spoken inside
     * @param observer is told how handshakes end
     */
    public TlsProtocol(SslContext tls, Map<Protocol, ProtocolHandler> inside, RpcObserver observer) {
        this.tls = tls;
        this.inside = new EnumMap<>(inside);
        this.observer = observer;
        ThreadPoolExecutor one = new ThreadPoolExecutor(
                1,
                1,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                new DefaultThreadFactory("rpc-tls", true));
        one.allowCoreThreadTimeOut(true); // nobody has to end it
        this.computing = one;
    }

    @Override
    public void begin(ChannelPipeline pipeline, Connection connection) {
        if (!connection.memory().take(CONNECTION_BYTES)) {
            connection.close(End.TOO_MANY, connection.memory().noRoomFor(CONNECTION_BYTES));
            return;
        }
        connection.begun(HANDSHAKE);
        Channel channel = pipeline.channel();
        // of those that have gone meanwhile nothing is computed any more
        SslHandler handler = tls.newHandler(
                channel.alloc(),
                task -> computing.execute(() -> {
                    if (channel.isActive()) {
                        task.run();
                    }
                }));
        handler.setHandshakeTimeoutMillis(0); // the connection has a deadline already
        pipeline.addLast("tls-records", new Records(connection));
        pipeline.addLast("tls", handler);
        pipeline.addLast("tls-end", new Handshakes(connection, observer));
        pipeline.addLast("detect-inside", new DetectingHandler(inside, connection));
    }

    /**
     * Knows where records end: of half a record nobody behind is told, and who has begun one must end it. A record has five
     * bytes in front, the last two of which are its length (RFC 8446, 5.1).
     */
    private static final class Records extends ChannelInboundHandlerAdapter {
        private static final int HEADER = 5;

        private final Connection connection;

        /** How many bytes of the header have come, or how many of the rest are still to come. */
        private int header;

        private int rest;

        Records(Connection connection) {
            this.connection = connection;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            if (connection.isAdmitted()) {
                ctx.fireChannelRead(message);
                return;
            }
            follow((ByteBuf) message);
            ctx.fireChannelRead(message);
            if (header > 0) {
                connection.begunOutside(RECORD);
            } else {
                connection.settledOutside(RECORD);
            }
        }

        private void follow(ByteBuf bytes) {
            int at = bytes.readerIndex();
            int end = bytes.writerIndex();
            while (at < end) {
                if (header < HEADER) {
                    int next = bytes.getUnsignedByte(at++);
                    header++;
                    rest = header > HEADER - 2 ? rest << Byte.SIZE | next : 0;
                } else {
                    int count = Math.min(rest, end - at);
                    at += count;
                    rest -= count;
                }
                if (header == HEADER && rest == 0) {
                    header = 0;
                }
            }
        }
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
                if (end.isSuccess()) {
                    connection.settled();
                }
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
