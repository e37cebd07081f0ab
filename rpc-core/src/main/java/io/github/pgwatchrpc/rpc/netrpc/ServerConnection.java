package io.github.pgwatchrpc.rpc.netrpc;

import io.github.pgwatchrpc.log.PeerText;
import io.github.pgwatchrpc.rpc.Faults;
import io.github.pgwatchrpc.rpc.MemoryAccount;
import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcObserver;
import io.github.pgwatchrpc.rpc.RpcObserver.End;
import io.github.pgwatchrpc.rpc.RpcObserver.Refusal;
import io.github.pgwatchrpc.rpc.RpcPeer;
import io.github.pgwatchrpc.rpc.gob.GobEncoder;
import io.github.pgwatchrpc.rpc.gob.GobException;
import io.github.pgwatchrpc.rpc.listen.Connection;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.util.concurrent.FastThreadLocal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The end of a pipeline in which net/rpc is spoken: feeds bytes to framing and session, sends answers in the order in
 * which calls end, and takes no more calls while too many of them or of their answers are waiting.
 */
final class ServerConnection extends ChannelInboundHandlerAdapter implements ServerSession.Calls {

    private final NetRpcServer server;
    private final NetRpcLimits limits;
    private final RpcObserver observer;
    private final Connection connection;
    private final MemoryAccount memory;
    private final ArgumentGate gate;
    private final ServerSession session;
    private final MessageFraming framing;
    private final ResponseEncoder responses = new ResponseEncoder();
    private final ReplyEncoder replies = new ReplyEncoder();

    private @Nullable ChannelHandlerContext context;
    /** Bytes that have been read from the socket and not been taken: a few buffers at most, since it is not read on. */
    private final Queue<ByteBuf> waiting = new ArrayDeque<>(1);

    /** What is charged for bytes that wait, in either direction. */
    private long charged;

    /** It will be told when the peer has read what is there for it now. */
    private boolean watchingOutput;

    private int inFlight;

    /** Between a read and its completion, which flushes. */
    private boolean reading;

    /** An answer is waiting for its time: until then no other call is taken. */
    private boolean slowed;

    private boolean taking;
    private boolean flushing;

    /** Why no more calls are taken; the connection ends when those in flight have been answered. */
    private @Nullable End ending;

    private String endingReason = "";

    /** The peer sends no more bytes, but may still read the answers. */
    private boolean inputEnded;

    ServerConnection(NetRpcServer server, Connection connection) {
        this.server = server;
        this.limits = server.limits();
        this.observer = server.observer();
        this.connection = connection;
        this.gate = server.gate(connection);
        this.memory = connection.memory();
        this.session = new ServerSession(server.methods(), limits, memory, gate, this);
        this.framing = new MessageFraming(limits.gob().messageBytes(), memory, session);
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
        // Go's server too answers what is in flight when its peer has sent everything
        ctx.channel().config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
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
        waiting.add(bytes);
        take();
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        reading = false;
        flush();
    }

    @Override
    public boolean isReady() {
        return ending == null
                && !slowed
                && inFlight < limits.callsInFlight()
                && context().channel().isWritable()
                && !connection.isEnding();
    }

    /** Takes what is waiting, as far as it may. */
    private void take() {
        if (taking) {
            return;
        }
        taking = true;
        boolean fed = false;
        try {
            while (isReady() && !waiting.isEmpty()) {
                ByteBuf bytes = waiting.element();
                fed = true;
                feed(bytes);
                if (!bytes.isReadable()) {
                    waiting.remove().release();
                }
            }
        } catch (GobException e) {
            endAfterCalls(End.BROKEN_STREAM, String.valueOf(e.getMessage()));
        } finally {
            taking = false;
        }
        if (ending != null || connection.isEnding()) {
            releaseWaiting();
        }
        throttle();
        if (fed) {
            watchDeadline();
        }
        closeIfDone();
    }

    private void feed(ByteBuf bytes) throws GobException {
        if (bytes.hasArray()) {
            int taken = framing.feed(bytes.array(), bytes.arrayOffset() + bytes.readerIndex(), bytes.readableBytes());
            bytes.skipBytes(taken);
            return;
        }
        // the codec reads arrays: one bulk copy costs less than a checked access for every byte
        byte[] copy = server.scratch().get();
        while (bytes.isReadable()) {
            int count = Math.min(copy.length, bytes.readableBytes());
            bytes.getBytes(bytes.readerIndex(), copy, 0, count);
            int taken = framing.feed(copy, 0, count);
            bytes.skipBytes(taken);
            if (taken < count) {
                return;
            }
        }
    }

    private void releaseWaiting() {
        for (ByteBuf bytes = waiting.poll(); bytes != null; bytes = waiting.poll()) {
            bytes.release();
        }
    }

    /** Stops reading, so that the peer feels that it is too fast, or goes on. */
    private void throttle() {
        if (!connection.isEnding()) {
            boolean read = isReady() && waiting.isEmpty();
            if (context().channel().config().isAutoRead() != read) {
                context().channel().config().setAutoRead(read);
            }
        }
    }

    /** A stranger that has begun a request must end it, and must read its answers; between two it may be silent. */
    private void watchDeadline() {
        if (framing.isInMessage() || session.isInCall()) {
            connection.begun("the first request");
        } else if (watchingOutput) {
            connection.begun("reading the answers");
        } else {
            connection.settled();
        }
    }

    /** Charges what waits to be taken or to be read by the peer. */
    private void chargeBuffers() {
        ChannelOutboundBuffer out = context().channel().unsafe().outboundBuffer();
        long unsent = out == null ? 0 : out.totalPendingWriteBytes();
        long now = unsent;
        for (ByteBuf each : waiting) {
            now += each.capacity();
        }
        if (now > charged && !memory.take(now - charged)) {
            if (!connection.isAdmitted()) {
                connection.close(End.TOO_MANY, memory.noRoomFor(now - charged));
                return;
            }
            // it is read no further until the peer has read its answers, so this has an end
            memory.charge(now - charged);
        } else if (now < charged) {
            memory.giveBack(charged - now);
        }
        charged = now;
        if (unsent > 0 && !watchingOutput && !connection.isEnding()) {
            watchOutput();
        }
    }

    /** To be told when the peer has read what is there now: behind it, in the same order, goes nothing. */
    private void watchOutput() {
        watchingOutput = true;
        connection.begun("reading the answers");
        ChannelHandlerContext ctx = context();
        // told from within the buffer's own book-keeping, so what is left in it is looked at later
        ctx.pipeline()
                .firstContext()
                .writeAndFlush(Unpooled.EMPTY_BUFFER)
                .addListener(read -> ctx.executor().execute(this::outputRead));
    }

    private void outputRead() {
        watchingOutput = false;
        if (!context().isRemoved()) {
            chargeBuffers();
            watchDeadline();
        }
    }

    // ---- calls ----

    @Override
    public void admitted() {
        connection.admitted();
    }

    @Override
    public <A, R> void call(MethodTable.Entry<A, R> method, long seq, A argument, RpcPeer peer, int bytes, long held) {
        countCall();
        observer.called(method.name, bytes);
        long begin = System.nanoTime();
        CompletionStage<R> stage;
        inFlight++;
        try {
            peer.permit().countCall(bytes);
            stage = Objects.requireNonNull(
                    method.method.call(argument, peer), () -> method.name + " returned null for a stage");
        } catch (RpcException | RuntimeException | Error e) {
            Faults.rethrowIfFatal(e);
            answered(method, seq, begin, held, null, e);
            return;
        }
        stage.whenComplete((reply, failure) -> {
            ChannelHandlerContext ctx = context();
            if (ctx.executor().inEventLoop()) {
                answered(method, seq, begin, held, reply, failure);
            } else {
                ctx.executor().execute(() -> answered(method, seq, begin, held, reply, failure));
            }
        });
    }

    @Override
    public void refuse(byte[] method, long seq, ServerSession.Refused why) {
        countCall();
        String name = PeerText.printable(new String(method, StandardCharsets.UTF_8));
        observer.refused(connection.address(), name, why.refusal(), PeerText.printable(why.reason()));
        if (why.refusal() == Refusal.DENIED) {
            connection.understood();
        }
        if (why.delayNanos() > 0) {
            slowed = true;
            inFlight++;
            context()
                    .executor()
                    .schedule(() -> refuseLate(method, seq, why.reason()), why.delayNanos(), TimeUnit.NANOSECONDS);
        } else {
            answerRefused(method, seq, why.reason());
        }
    }

    private void refuseLate(byte[] method, long seq, String reason) {
        slowed = false;
        inFlight--;
        if (!context().isRemoved()) {
            answerRefused(method, seq, reason);
            take();
        }
    }

    private void answerRefused(byte[] method, long seq, String reason) {
        responses.header(method, seq, reason);
        responses.text("");
        send();
        if (server.isRefusing()) {
            endAfterCalls(End.UNKNOWN_PROTOCOL, reason);
        }
    }

    /** The calls of a stranger do not make its connection one that must not be lost. */
    private void countCall() {
        if (gate.isOpen()) {
            connection.called();
        }
    }

    private <A, R> void answered(
            MethodTable.Entry<A, R> method,
            long seq,
            long begin,
            long held,
            @Nullable R reply,
            @Nullable Throwable failure) {
        inFlight--;
        memory.giveBack(held);
        Throwable failed = failure;
        if (failed == null) {
            failed = reply(method, seq, reply);
        }
        if (failed != null) {
            responses.header(method.utf8, seq, errorText(method.name, failed));
            responses.text("");
        }
        observer.answered(method.name, System.nanoTime() - begin, failed != null);
        send();
        closeIfDone();
    }

    /** Answers what is wrong with the reply, if it cannot be encoded: Go's server closes then, an error loses less. */
    private <A, R> @Nullable Throwable reply(MethodTable.Entry<A, R> method, long seq, @Nullable R reply) {
        if (reply instanceof String text) {
            responses.header(method.utf8, seq, "");
            responses.text(text);
            return null;
        }
        try {
            GobEncoder encoded = replies.encode(reply);
            responses.header(method.utf8, seq, "");
            responses.encoded(encoded.array(), 0, encoded.size());
            encoded.clear();
            return null;
        } catch (GobException | RuntimeException | Error e) {
            Faults.rethrowIfFatal(e);
            return e;
        }
    }

    private String errorText(String method, Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof RpcException) {
            // an empty text would read as success
            String text = cause.getMessage();
            return text == null || text.isEmpty() ? "rpc: error without a text" : text;
        }
        return fault(method, cause);
    }

    @Override
    public String fault(String method, Throwable fault) {
        connection.fault("call of " + method, fault);
        return "rpc: internal error";
    }

    @Override
    public void headerWithoutBody(String method) {
        // its peer speaks net/rpc and is in use, whether or not one of its calls ever gets through
        countCall();
        connection.understood();
        observer.headerWithoutBody(connection.address(), PeerText.printable(method));
    }

    @Override
    public void badTypeDefinition(String reason) {
        observer.badTypeDefinition(connection.address(), PeerText.printable(reason));
    }

    // ---- bytes out ----

    private void send() {
        ChannelHandlerContext ctx = context();
        if (ctx.channel().isActive()) {
            ByteBuf out = ctx.alloc().buffer(responses.size());
            out.writeBytes(responses.buffer(), 0, responses.size());
            ctx.write(out, ctx.voidPromise());
            if (!reading && !taking && !flushing) {
                // behind the answers that are waiting for this thread, so that they share a packet
                flushing = true;
                ctx.executor().execute(this::flush);
            }
        }
        responses.clear();
    }

    private void flush() {
        flushing = false;
        context().flush();
        take();
        if (context().channel().isActive()) {
            context().flush();
            chargeBuffers();
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (!reading && !taking && !flushing) {
            flushing = true;
            ctx.executor().execute(this::flush);
        }
    }

    // ---- ends ----

    /** For the server's stop. */
    private void drain() {
        endAfterCalls(End.SHUTDOWN, "the server is stopping");
        take();
    }

    private void endAfterCalls(End why, String reason) {
        if (ending == null) {
            ending = why;
            endingReason = reason;
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            inputEnded = true;
            closeIfDone();
        }
        ctx.fireUserEventTriggered(event);
    }

    private void closeIfDone() {
        if (taking || inFlight > 0) {
            return;
        }
        if (ending != null) {
            connection.close(ending, endingReason);
        } else if (inputEnded && waiting.isEmpty()) {
            if (framing.isInMessage() || session.isInCall()) {
                connection.close(End.CUT, "ended by the peer in the middle of a call");
            } else {
                connection.close(End.PEER, "closed by the peer");
            }
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        connection.failed(cause);
        releaseWaiting();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (framing.isInMessage() || session.isInCall()) {
            connection.noteEnd(End.CUT, "ended by the peer in the middle of a call");
        }
        ctx.fireChannelInactive();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        releaseWaiting();
        memory.giveBack(charged);
        charged = 0;
        framing.close();
        session.close();
    }

    /** Room for one read of a socket; one an event loop, not one a connection. */
    static final class Scratch extends FastThreadLocal<byte[]> {
        @Override
        protected byte[] initialValue() {
            return new byte[64 << 10];
        }
    }
}
