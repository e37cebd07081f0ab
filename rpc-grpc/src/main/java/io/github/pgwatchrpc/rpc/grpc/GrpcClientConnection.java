package io.github.pgwatchrpc.rpc.grpc;

import io.github.pgwatchrpc.rpc.Faults;
import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcException.Kind;
import io.github.pgwatchrpc.rpc.netrpc.CallTimeoutException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.http2.AbstractHttp2ConnectionHandlerBuilder;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameAdapter;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One connection of a client: a stream of HTTP/2 for each call, and the rules of the connection as a whole. Lives on its
 * event loop, but for what is said to be for any thread.
 */
final class GrpcClientConnection extends Http2ConnectionHandler {

    private static final String HTTP_2 = "h2";

    /** Servers count pings that come sooner as a fault; ten seconds is the least that Go's lets be configured. */
    private static final long PING_INTERVAL_NANOS = Duration.ofSeconds(10).toNanos();

    private final GrpcClient.Settings settings;
    private final CompletableFuture<GrpcClientConnection> ready;

    /** By the number of their stream. */
    private final Map<Integer, ClientCall> calls = new HashMap<>();

    private volatile @Nullable Channel channel;
    private volatile boolean usable = true;
    private @Nullable ChannelHandlerContext context;
    private @Nullable IOException end;
    private boolean flushScheduled;
    private boolean pinging;
    private long lastPing = System.nanoTime() - PING_INTERVAL_NANOS;

    private GrpcClientConnection(
            GrpcClient.Settings settings,
            CompletableFuture<GrpcClientConnection> ready,
            Http2ConnectionDecoder decoder,
            Http2ConnectionEncoder encoder,
            Http2Settings http2) {
        super(decoder, encoder, http2);
        this.settings = settings;
        this.ready = ready;
        decoder.frameListener(new Frames());
    }

    static GrpcClientConnection create(GrpcClient.Settings settings, CompletableFuture<GrpcClientConnection> ready) {
        return new Builder(settings, ready).build();
    }

    private static final class Builder extends AbstractHttp2ConnectionHandlerBuilder<GrpcClientConnection, Builder> {
        private final GrpcClient.Settings settings;
        private final CompletableFuture<GrpcClientConnection> ready;

        Builder(GrpcClient.Settings settings, CompletableFuture<GrpcClientConnection> ready) {
            this.settings = settings;
            this.ready = ready;
        }

        @Override
        protected GrpcClientConnection build() {
            server(false);
            initialSettings(new Http2Settings().pushEnabled(false).maxHeaderListSize(GrpcClient.HEADER_BYTES));
            // calls beyond what the server takes at a time wait in the encoder
            encoderEnforceMaxConcurrentStreams(true);
            // when we close, what was in flight has been failed
            gracefulShutdownTimeoutMillis(0);
            return super.build();
        }

        @Override
        protected GrpcClientConnection build(
                Http2ConnectionDecoder decoder, Http2ConnectionEncoder encoder, Http2Settings http2) {
            return new GrpcClientConnection(settings, ready, decoder, encoder, http2);
        }
    }

    /** Whether further calls may be made on it; for any thread. */
    boolean isUsable() {
        Channel is = channel;
        return usable && is != null && is.isActive();
    }

    /** Runs something on the event loop; for any thread, once connected. */
    void execute(Runnable action) {
        Channel is = channel;
        if (is == null) {
            throw new IllegalStateException("not connected");
        }
        is.eventLoop().execute(action);
    }

    // ---- the way out ----

    void send(ClientCall call) {
        ChannelHandlerContext to = context;
        if (end != null || to == null) {
            call.fail(end == null ? new IOException("rpc: not connected") : end);
            return;
        }
        int stream = connection().local().incrementAndGetNextStreamId();
        if (stream < 0) {
            usable = false;
            call.fail(new IOException(
                    "rpc: the connection has no numbers for streams left; the next call makes another"));
            closeIfDone();
            return;
        }
        calls.put(stream, call);
        ChannelPromise written = to.newPromise();
        written.addListener(done -> {
            if (!done.isSuccess() && calls.remove(stream) != null) {
                // too long for the server's limit on headers, for instance
                call.fail(
                        new IOException("rpc: " + call.name() + " was not sent: " + text(done.cause()), done.cause()));
                closeIfDone();
            }
        });
        encoder().writeHeaders(to, stream, headers(call), 0, false, written);
        ByteBuf body = to.alloc().buffer(MessageAssembler.PREFIX + call.message.length);
        body.writeByte(0).writeInt(call.message.length).writeBytes(call.message);
        encoder().writeData(to, stream, body, 0, true, to.newPromise());
        flushSoon();
        if (!settings.callTimeout().isZero()) {
            var timer = to.executor()
                    .schedule(() -> timeOut(stream), settings.callTimeout().toNanos(), TimeUnit.NANOSECONDS);
            call.answer.whenComplete((reply, failure) -> timer.cancel(false));
        }
    }

    private Http2Headers headers(ClientCall call) {
        Http2Headers headers = new DefaultHttp2Headers(false)
                .method("POST")
                .scheme(settings.tls() == null ? "http" : "https")
                .path(call.path)
                .authority(settings.authority());
        headers.add("content-type", "application/grpc");
        headers.add("te", "trailers");
        if (!settings.callTimeout().isZero()) {
            headers.add("grpc-timeout", grpcTimeout(settings.callTimeout()));
        }
        call.metadata.forEach(headers::add);
        return headers;
    }

    /** At most eight digits and a unit (gRPC's PROTOCOL-HTTP2.md, Timeout); rounded up where it must be coarse. */
    static String grpcTimeout(Duration time) {
        long most = 99_999_999;
        if (time.compareTo(Duration.ofNanos(most)) <= 0) {
            return time.toNanos() + "n";
        }
        if (time.compareTo(Duration.ofMillis(most)) <= 0) {
            return time.plusNanos(999_999).toMillis() + "m";
        }
        return Math.min(most, time.plusNanos(999_999_999).toSeconds()) + "S";
    }

    private void timeOut(int stream) {
        ClientCall call = calls.remove(stream);
        if (call != null) {
            reset(stream);
            call.fail(new CallTimeoutException(
                    "rpc: " + call.name() + " was not answered within " + settings.callTimeout()));
            askForLife();
            closeIfDone();
        }
    }

    /** A server that leaves calls unanswered may be slow, or gone without a word: then it answers no ping either. */
    private void askForLife() {
        ChannelHandlerContext to = context;
        long now = System.nanoTime();
        if (to == null || pinging || end != null || now - lastPing < PING_INTERVAL_NANOS) {
            return;
        }
        pinging = true;
        lastPing = now;
        encoder().writePing(to, false, now, to.newPromise());
        flushSoon();
        to.executor()
                .schedule(
                        () -> {
                            if (pinging) {
                                close(new IOException("rpc: connection lost: no answer to a ping within "
                                        + settings.connectTimeout()));
                            }
                        },
                        settings.connectTimeout().toNanos(),
                        TimeUnit.NANOSECONDS);
    }

    private void reset(int stream) {
        ChannelHandlerContext to = context;
        if (to != null && end == null) {
            encoder().writeRstStream(to, stream, Http2Error.CANCEL.code(), to.newPromise());
            flushSoon();
        }
    }

    /** Calls that are made together go out together. */
    private void flushSoon() {
        ChannelHandlerContext to = context;
        if (!flushScheduled && to != null) {
            flushScheduled = true;
            to.executor().execute(() -> {
                flushScheduled = false;
                flush(to);
            });
        }
    }

    // ---- the way in ----

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) throws Exception {
        context = ctx;
        channel = ctx.channel();
        super.handlerAdded(ctx);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) throws Exception {
        if (event instanceof SslHandshakeCompletionEvent handshake) {
            SslHandler tls = ctx.pipeline().get(SslHandler.class);
            if (!handshake.isSuccess()) {
                close(new IOException(
                        "rpc: TLS with " + settings.authority() + ": " + text(handshake.cause()), handshake.cause()));
            } else if (tls != null && !HTTP_2.equals(tls.applicationProtocol())) {
                close(new IOException("rpc: " + settings.authority() + " does not speak gRPC: protocol by ALPN: "
                        + tls.applicationProtocol() + " (expected: " + HTTP_2 + ")"));
            }
        }
        super.userEventTriggered(ctx, event);
    }

    private final class Frames extends Http2FrameAdapter {

        /** The first frame that a server sends (RFC 9113, section 3.4). */
        @Override
        public void onSettingsRead(ChannelHandlerContext ctx, Http2Settings theirs) {
            ready.complete(GrpcClientConnection.this);
        }

        @Override
        public void onHeadersRead(
                ChannelHandlerContext ctx, int stream, Http2Headers headers, int padding, boolean last) {
            ClientCall call = calls.get(stream);
            if (call == null) {
                return; // it has ended for us
            }
            try {
                call.headers(headers, last);
            } catch (IOException e) {
                call.fail(e);
            }
            forgetIfDone(stream, call, last);
        }

        @Override
        public void onHeadersRead(
                ChannelHandlerContext ctx,
                int stream,
                Http2Headers headers,
                int dependency,
                short weight,
                boolean exclusive,
                int padding,
                boolean last) {
            onHeadersRead(ctx, stream, headers, padding, last);
        }

        @Override
        public int onDataRead(ChannelHandlerContext ctx, int stream, ByteBuf data, int padding, boolean last) {
            ClientCall call = calls.get(stream);
            if (call != null) {
                try {
                    call.data(ByteBufUtil.getBytes(data));
                    if (last) {
                        throw ClientCall.withoutStatus();
                    }
                } catch (IOException e) {
                    call.fail(e);
                }
                forgetIfDone(stream, call, last);
            }
            return data.readableBytes() + padding;
        }

        @Override
        public void onRstStreamRead(ChannelHandlerContext ctx, int stream, long code) {
            ClientCall call = calls.remove(stream);
            if (call != null) {
                call.reset(code);
                closeIfDone();
            }
        }

        @Override
        public void onPingAckRead(ChannelHandlerContext ctx, long data) {
            pinging = false;
        }

        /** The server will begin no more calls; those it has begun go on. */
        @Override
        public void onGoAwayRead(ChannelHandlerContext ctx, int lastStream, long code, ByteBuf text) {
            usable = false;
            String reason = name(code) + " " + text.toString(StandardCharsets.UTF_8);
            for (Map.Entry<Integer, ClientCall> each : new ArrayList<>(calls.entrySet())) {
                if (each.getKey() > lastStream && calls.remove(each.getKey()) != null) {
                    each.getValue()
                            .fail(new RpcException(
                                    Kind.UNAVAILABLE,
                                    "the server is going away and has not begun the call: " + reason.strip()));
                }
            }
            closeIfDone();
        }
    }

    private static String name(long code) {
        Http2Error error = Http2Error.valueOf(code);
        return error == null ? Long.toString(code) : error.name();
    }

    private void forgetIfDone(int stream, ClientCall call, boolean last) {
        if (call.answer.isDone()) {
            calls.remove(stream);
            if (!last) {
                reset(stream); // what is wrong with the answer is known, its rest is not wanted
            }
            closeIfDone();
        }
    }

    // ---- ends ----

    /** An unusable connection is kept only for the calls that are still open on it. */
    private void closeIfDone() {
        ChannelHandlerContext is = context;
        if (!usable && calls.isEmpty() && is != null) {
            // not from within Netty's book-keeping of streams
            is.executor().execute(() -> close(new IOException("rpc: connection lost: the server is going away")));
        }
    }

    @Override
    protected void onStreamError(
            ChannelHandlerContext ctx, boolean outbound, Throwable cause, Http2Exception.StreamException failure) {
        ClientCall call = calls.remove(failure.streamId());
        if (call != null) {
            call.fail(new RpcException(Kind.INTERNAL, "the answer cannot be read: " + failure.getMessage()));
            closeIfDone();
        }
        if (connection().goAwayReceived()
                && failure.streamId() > connection().local().lastStreamKnownByPeer()) {
            return; // a reset of a stream that the server has never had would end the whole connection there
        }
        super.onStreamError(ctx, outbound, cause, failure);
    }

    @Override
    protected void onConnectionError(
            ChannelHandlerContext ctx, boolean outbound, Throwable cause, @Nullable Http2Exception failure) {
        IOException why = new IOException("rpc: connection lost: " + text(cause), cause);
        usable = false;
        end = why; // what comes before the channel is closed has no other reason
        failAll(why);
        super.onConnectionError(ctx, outbound, cause, failure);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) throws Exception {
        close(new IOException("rpc: connection lost: closed by the server"));
        super.channelInactive(ctx);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) throws Exception {
        Faults.reportIfFatal(cause);
        if (Http2CodecUtil.getEmbeddedHttp2Exception(cause) != null) {
            super.exceptionCaught(ctx, cause);
        } else {
            close(new IOException("rpc: connection lost: " + text(cause), cause));
        }
    }

    private static String text(Throwable failure) {
        Throwable reason =
                failure instanceof DecoderException && failure.getCause() != null ? failure.getCause() : failure;
        return String.valueOf(reason.getMessage() == null ? reason : reason.getMessage());
    }

    /** Fails what waits, and closes. */
    void close(IOException why) {
        if (end != null) {
            return;
        }
        end = why;
        usable = false;
        Channel open = channel;
        if (open != null) {
            open.close();
        }
        failAll(why);
    }

    private void failAll(IOException why) {
        ready.completeExceptionally(why);
        for (ClientCall call : new ArrayList<>(calls.values())) {
            call.fail(why);
        }
        calls.clear();
    }
}
