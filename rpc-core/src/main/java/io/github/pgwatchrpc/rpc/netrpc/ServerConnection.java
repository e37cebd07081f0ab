package io.github.pgwatchrpc.rpc.netrpc;

import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcObserver;
import io.github.pgwatchrpc.rpc.RpcObserver.End;
import io.github.pgwatchrpc.rpc.gob.GobEncoder;
import io.github.pgwatchrpc.rpc.gob.GobException;
import io.github.pgwatchrpc.rpc.listen.Connection;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.FastThreadLocal;
import io.netty.util.concurrent.ScheduledFuture;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The end of a pipeline in which net/rpc is spoken: feeds bytes to framing and session, sends answers in the order in
 * which calls end, and stops reading while too many calls or answers are waiting.
 */
final class ServerConnection extends ChannelInboundHandlerAdapter implements ServerSession.Calls {

    private static final Logger LOG = LoggerFactory.getLogger(NetRpcServer.class);

    private final NetRpcServer server;
    private final NetRpcLimits limits;
    private final RpcObserver observer;
    private final Connection connection;
    private final ServerSession session;
    private final MessageFraming framing;
    private final ResponseEncoder responses = new ResponseEncoder();
    private final ReplyEncoder replies = new ReplyEncoder();

    private @Nullable ChannelHandlerContext context;
    private @Nullable ScheduledFuture<?> deadline;
    private int inFlight;
    private boolean reading;
    private boolean draining;

    ServerConnection(NetRpcServer server, Connection connection) {
        this.server = server;
        this.limits = server.limits();
        this.observer = server.observer();
        this.connection = connection;
        this.session = new ServerSession(server.methods(), limits.gob(), server.budget(), this);
        this.framing = new MessageFraming(limits.gob().messageBytes(), server.budget(), session);
    }

    private ChannelHandlerContext context() {
        ChannelHandlerContext is = context;
        if (is == null) {
            throw new IllegalStateException("not in a pipeline");
        }
        return is;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
        connection.onDrain(this::drain);
    }

    // ---- bytes in ----

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (!(message instanceof ByteBuf bytes)) {
            ctx.fireChannelRead(message);
            return;
        }
        reading = true;
        try {
            if (!connection.isEnding()) {
                feed(bytes);
            }
        } catch (GobException e) {
            connection.close(End.BROKEN_STREAM, String.valueOf(e.getMessage()));
        } finally {
            ReferenceCountUtil.release(bytes);
        }
        if (connection.calls() == 0) {
            watchFirstRequest();
        } else {
            forgetDeadline();
        }
    }

    private void feed(ByteBuf bytes) throws GobException {
        int length = bytes.readableBytes();
        if (bytes.hasArray()) {
            framing.feed(bytes.array(), bytes.arrayOffset() + bytes.readerIndex(), length);
        } else {
            // the codec reads arrays: one bulk copy costs less than a checked access for every byte
            byte[] copy = server.scratch().get();
            for (int at = bytes.readerIndex(), end = at + length; at < end; at += copy.length) {
                int count = Math.min(copy.length, end - at);
                bytes.getBytes(at, copy, 0, count);
                framing.feed(copy, 0, count);
            }
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        reading = false;
        ctx.flush();
        throttle();
    }

    /** A peer that has begun its first request must end it; one that is silent, or has made a call, may be silent. */
    private void watchFirstRequest() {
        boolean begun = framing.isInMessage() || session.isInCall();
        if (begun && deadline == null) {
            deadline = context()
                    .executor()
                    .schedule(
                            () -> connection.close(
                                    End.TIMEOUT, "the first request did not end within " + limits.firstRequest()),
                            limits.firstRequest().toMillis(),
                            TimeUnit.MILLISECONDS);
        } else if (!begun) {
            forgetDeadline();
        }
    }

    private void forgetDeadline() {
        if (deadline != null) {
            deadline.cancel(false);
            deadline = null;
        }
    }

    // ---- calls ----

    @Override
    public <A, R> void call(MethodTable.Entry<A, R> method, long seq, A argument, int bytes) {
        connection.called();
        observer.called(method.name, bytes);
        long begin = System.nanoTime();
        CompletionStage<R> stage;
        inFlight++;
        try {
            stage = method.method.call(argument, connection);
        } catch (RpcException | RuntimeException e) {
            answered(method, seq, begin, null, e);
            return;
        }
        stage.whenComplete((reply, failure) -> {
            ChannelHandlerContext ctx = context();
            if (ctx.executor().inEventLoop()) {
                answered(method, seq, begin, reply, failure);
            } else {
                ctx.executor().execute(() -> answered(method, seq, begin, reply, failure));
            }
        });
    }

    @Override
    public void refuse(byte[] method, long seq, RpcObserver.Refusal refusal, String reason) {
        connection.called();
        String name = new String(method, StandardCharsets.UTF_8);
        observer.refused(connection.address(), name, refusal, reason);
        responses.header(method, seq, reason);
        responses.text("");
        send();
    }

    private <A, R> void answered(
            MethodTable.Entry<A, R> method, long seq, long begin, @Nullable R reply, @Nullable Throwable failure) {
        inFlight--;
        observer.answered(method.name, System.nanoTime() - begin, failure != null);
        if (failure != null) {
            responses.header(method.utf8, seq, errorText(method.name, failure));
            responses.text("");
        } else {
            reply(method, seq, reply);
        }
        send();
    }

    private <A, R> void reply(MethodTable.Entry<A, R> method, long seq, @Nullable R reply) {
        if (reply instanceof String text) {
            responses.header(method.utf8, seq, "");
            responses.text(text);
            return;
        }
        try {
            GobEncoder encoded = replies.encode(reply);
            responses.header(method.utf8, seq, "");
            responses.encoded(encoded.array(), 0, encoded.size());
            encoded.clear();
        } catch (GobException e) {
            // Go's server closes here; an error answer loses less
            responses.header(method.utf8, seq, errorText(method.name, e));
            responses.text("");
        }
    }

    private static String errorText(String method, Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof RpcException) {
            // an empty text would read as success
            String text = cause.getMessage();
            return text == null || text.isEmpty() ? "rpc: error without a text" : text;
        }
        LOG.error("call of {} failed", method, cause);
        return "rpc: internal error";
    }

    private void send() {
        ChannelHandlerContext ctx = context();
        if (ctx.channel().isActive()) {
            ByteBuf out = ctx.alloc().buffer(responses.size());
            out.writeBytes(responses.buffer(), 0, responses.size());
            ctx.write(out, ctx.voidPromise());
            if (!reading) {
                ctx.flush();
                throttle();
            }
        }
        responses.clear();
        closeIfDrained();
    }

    @Override
    public void headerWithoutBody(String method) {
        observer.headerWithoutBody(connection.address(), method);
    }

    @Override
    public void badTypeDefinition(String reason) {
        observer.badTypeDefinition(connection.address(), reason);
    }

    // ---- how much waits ----

    private void throttle() {
        ChannelHandlerContext ctx = context();
        boolean read =
                !draining && inFlight < limits.callsInFlight() && ctx.channel().isWritable();
        if (ctx.channel().config().isAutoRead() != read) {
            ctx.channel().config().setAutoRead(read);
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        throttle();
    }

    // ---- ends ----

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        connection.close(End.CUT, String.valueOf(cause.getMessage()));
        if (!(cause instanceof java.io.IOException)) {
            LOG.error(
                    "connection of {} ended by a fault of this program",
                    ctx.channel().remoteAddress(),
                    cause);
        }
    }

    /** For the server's stop: takes no more calls, answers those in flight, then closes. */
    private void drain() {
        draining = true;
        throttle();
        closeIfDrained();
    }

    private void closeIfDrained() {
        if (draining && inFlight == 0) {
            connection.close(End.SHUTDOWN, "the server is stopping");
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (framing.isInMessage() || session.isInCall()) {
            connection.noteEnd(End.CUT, "ended by the peer in the middle of a call");
        }
        forgetDeadline();
        framing.close();
        session.close();
        ctx.fireChannelInactive();
    }

    /** Room for one read of a socket; one an event loop, not one a connection. */
    static final class Scratch extends FastThreadLocal<byte[]> {
        @Override
        protected byte[] initialValue() {
            return new byte[64 << 10];
        }
    }
}
