package io.github.pgwatchrpc.rpc.grpc;

import io.github.pgwatchrpc.log.PeerText;
import io.github.pgwatchrpc.rpc.DeniedException;
import io.github.pgwatchrpc.rpc.Faults;
import io.github.pgwatchrpc.rpc.MemoryAccount;
import io.github.pgwatchrpc.rpc.Permit;
import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcObserver.End;
import io.github.pgwatchrpc.rpc.RpcObserver.Refusal;
import io.github.pgwatchrpc.rpc.RpcPeer;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoReader;
import io.github.pgwatchrpc.rpc.listen.Connection;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.AbstractHttp2ConnectionHandlerBuilder;
import io.netty.handler.codec.http2.DefaultHttp2Connection;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2RemoteFlowController;
import io.netty.handler.codec.http2.Http2CodecUtil;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2ConnectionDecoder;
import io.netty.handler.codec.http2.Http2ConnectionEncoder;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameAdapter;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersEncoder;
import io.netty.handler.codec.http2.Http2LocalFlowController;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.handler.codec.http2.ReadOnlyHttp2Headers;
import io.netty.handler.codec.http2.UniformStreamByteDistributor;
import io.netty.util.AsciiString;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The end of a pipeline in which gRPC is spoken. Frames, header compression, flow control and the bounds on frames are
 * Netty's; this class makes calls of streams, writes answers, and keeps to the rules of the whole connection: how much may
 * wait, how long a peer may take, and how to stop without losing a call.
 */
final class GrpcConnection extends Http2ConnectionHandler {

    /** How many calls may be in flight until one has been let in: a proxy of health checks has two or three. */
    private static final int STRANGERS_CALLS = 8;

    /** How much may come from a peer of which no call has been let in, refused calls with all that they carry. */
    private static final int STRANGERS_BYTES = 4 << 20;

    /**
     * How much a peer may send unasked, on a stream and on the connection, once a call has been let in: a call of 1,000 rows
     * without a pause. Before that it is 64 KiB for both, as HTTP/2 begins.
     */
    private static final int STREAM_WINDOW = 512 << 10;

    private static final int CONNECTION_WINDOW = 1 << 20;

    /** A bound on frames that Netty wants to send and the peer does not read. */
    private static final int QUEUED_CONTROL_FRAMES = 256;

    /** How many SETTINGS may come without a call that is answered in between; a client sends one or two in its life. */
    private static final int SETTINGS = 64;

    /** The table of headers that we may refer to, whatever room the peer offers for it: HTTP/2's own default. */
    private static final int ANSWER_TABLE = 4096;

    /** Most characters of the text of an answer. */
    static final int TEXT = 1_000;

    /** How much may be unpacked before other connections have their turn. */
    private static final int UNPACKED_AT_A_TIME = 1 << 20;

    private static final int RESET_WINDOW_SECONDS = 30;

    /** How many answers may wait for each other, so that one system call sends them all. */
    private static final int UNSENT = 64;

    /** Tells the answer to our ping from others. */
    private static final long DRAIN_PING = 0x70677764_7261696eL;

    private static final long DRAIN_PING_SECONDS = 5;

    private static final AsciiString CONTENT_TYPE = AsciiString.cached("content-type");
    private static final AsciiString GRPC = AsciiString.cached("application/grpc");
    private static final AsciiString POST = AsciiString.cached("POST");
    private static final AsciiString STATUS = AsciiString.cached("grpc-status");
    private static final AsciiString MESSAGE = AsciiString.cached("grpc-message");
    private static final AsciiString TIMEOUT = AsciiString.cached("grpc-timeout");
    private static final AsciiString ENCODING = AsciiString.cached("grpc-encoding");
    private static final AsciiString ACCEPT_ENCODING = AsciiString.cached("grpc-accept-encoding");
    private static final AsciiString ENCODINGS = AsciiString.cached("identity,gzip");
    private static final AsciiString OK = AsciiString.cached("200");

    private static final Http2Headers ANSWER = ReadOnlyHttp2Headers.serverHeaders(true, OK, CONTENT_TYPE, GRPC);
    private static final Http2Headers SUCCESS =
            ReadOnlyHttp2Headers.trailers(true, STATUS, AsciiString.cached(StatusCode.OK.header));

    private final GrpcServer server;
    private final GrpcLimits limits;
    private final Connection peer;
    private final Http2Connection.PropertyKey callKey;
    private final PingGuard pings;

    /** What the gate gave last, and the peer that has it. */
    private @Nullable Permit permit;

    private RpcPeer admitted;

    private @Nullable ChannelHandlerContext context;
    private @Nullable ScheduledFuture<?> sweep;
    private boolean reading;
    private int unsent;
    private final FrameBounds bounds = new FrameBounds();
    private final Held held;

    /** Headers that came since what they may have added to the table of headers was counted. */
    private int headersRead;

    private long strangersBytes;
    private int settings;
    private int unpacked;

    /** Which frame has not ended since when. */
    private long unfinished = -1;

    private long unfinishedSince;

    /** Refusals that wait for their time. */
    private int denials;

    private boolean draining;
    private boolean drained;
    private End drainEnd = End.SHUTDOWN;
    private String drainReason = "";

    private GrpcConnection(
            GrpcServer server,
            Connection peer,
            Http2ConnectionDecoder decoder,
            Http2ConnectionEncoder encoder,
            Http2Settings settings) {
        super(decoder, encoder, settings);
        this.server = server;
        this.limits = server.limits();
        this.peer = peer;
        this.admitted = peer;
        this.held = new Held(peer);
        this.callKey = connection().newKey();
        this.pings = new PingGuard(limits.pingInterval().toNanos());
        decoder.frameListener(new Frames());
        connection().addListener(new Http2ConnectionAdapter() {
            @Override
            public void onStreamClosed(Http2Stream stream) {
                Call call = call(stream);
                if (call != null) {
                    call.closed();
                }
                charge();
                if (drained) {
                    // not from within Netty's book-keeping of streams
                    context().executor().execute(GrpcConnection.this::closeIfDrained);
                }
            }
        });
    }

    static GrpcConnection create(GrpcServer server, Connection peer) {
        return new Builder(server, peer).build();
    }

    /** Gives Netty's bounds their values. */
    private static final class Builder extends AbstractHttp2ConnectionHandlerBuilder<GrpcConnection, Builder> {
        private final GrpcServer server;
        private final Connection peer;

        Builder(GrpcServer server, Connection peer) {
            this.server = server;
            this.peer = peer;
        }

        @Override
        protected GrpcConnection build() {
            GrpcLimits limits = server.limits();
            DefaultHttp2Connection streams = new DefaultHttp2Connection(true);
            // SETTINGS bind a peer once it has acknowledged them, this binds it from its first frame on
            int calls = Math.min(STRANGERS_CALLS, limits.callsInFlight());
            streams.remote().maxActiveStreams(calls);
            streams.remote()
                    .flowController(
                            new DefaultHttp2RemoteFlowController(streams, new UniformStreamByteDistributor(streams)));
            connection(streams);
            initialSettings(new Http2Settings().maxConcurrentStreams(calls).maxHeaderListSize(limits.headerBytes()));
            encoderEnforceMaxQueuedControlFrames(QUEUED_CONTROL_FRAMES);
            decoderEnforceMaxRstFramesPerWindow(limits.resets(), RESET_WINDOW_SECONDS);
            encoderEnforceMaxRstFramesPerWindow(limits.resets(), RESET_WINDOW_SECONDS);
            // texts are all different: they would push out of the table what is not
            headerSensitivityDetector((name, value) -> MESSAGE.contentEquals(name));
            // who closes has waited for the calls already: see drain()
            gracefulShutdownTimeoutMillis(0);
            return super.build();
        }

        @Override
        protected GrpcConnection build(
                Http2ConnectionDecoder decoder, Http2ConnectionEncoder encoder, Http2Settings settings) {
            return new GrpcConnection(server, peer, decoder, encoder, settings);
        }
    }

    // ---- for the calls ----

    GrpcLimits limits() {
        return limits;
    }

    MemoryAccount memory() {
        return peer.memory();
    }

    boolean isLetIn() {
        return peer.isAdmitted();
    }

    byte[] scratch() {
        return server.scratch().get().bytes;
    }

    ProtoReader reader() {
        return server.scratch().get().reader;
    }

    void execute(Runnable action) {
        if (context().executor().inEventLoop()) {
            action.run();
        } else {
            context().executor().execute(action);
        }
    }

    ScheduledFuture<?> schedule(Runnable action, long nanos) {
        return context().executor().schedule(action, nanos, TimeUnit.NANOSECONDS);
    }

    void refused(String method, Refusal refusal, String reason) {
        server.observer().refused(peer.address(), PeerText.printable(method), refusal, PeerText.printable(reason));
    }

    void fault(String what, Throwable cause) {
        peer.fault(what, cause);
    }

    private ChannelHandlerContext context() {
        ChannelHandlerContext is = context;
        if (is == null) {
            throw new IllegalStateException("not in a pipeline");
        }
        return is;
    }

    private @Nullable Call call(Http2Stream stream) {
        return stream.getProperty(callKey);
    }

    // ---- answers ----

    /**
     * Writes a message.
     *
     * @return whether it has been written is told here
     */
    ChannelPromise writeMessage(int stream, byte[] message, boolean first) {
        ChannelHandlerContext ctx = context();
        answered();
        if (first) {
            encoder().writeHeaders(ctx, stream, ANSWER, 0, false, ctx.newPromise());
        }
        ByteBuf frame = ctx.alloc().buffer(MessageAssembler.PREFIX + message.length);
        frame.writeByte(0).writeInt(message.length).writeBytes(message);
        ChannelPromise written = ctx.newPromise();
        encoder().writeData(ctx, stream, frame, 0, false, written);
        return written;
    }

    /**
     * Counts what the peer has asked for and not read.
     *
     * @param change bytes more, or less
     * @return whether there was room
     */
    boolean unread(int change) {
        held.unread(change);
        return charge();
    }

    void reset(int stream, Http2Error why) {
        ChannelHandlerContext ctx = context();
        resetStream(ctx, stream, why.code(), ctx.newPromise());
        flushSoon();
    }

    private void answered() {
        pings.sent();
        settings = 0;
    }

    void writeEnd(int stream, StatusCode code, String text, boolean answering, boolean halfClosed) {
        Http2Headers end;
        if (answering && code == StatusCode.OK) {
            end = SUCCESS;
        } else {
            end = answering
                    ? new DefaultHttp2Headers()
                    : new DefaultHttp2Headers().status(OK).add(CONTENT_TYPE, GRPC);
            end.add(STATUS, code.header);
            if (!text.isEmpty()) {
                end.add(MESSAGE, text(text));
            }
            if (code == StatusCode.UNIMPLEMENTED) {
                end.add(ACCEPT_ENCODING, ENCODINGS);
            }
        }
        writeLast(stream, end, halfClosed);
    }

    private static String text(String text) {
        return StatusCode.percentEncode(text.length() <= TEXT ? text : text.substring(0, TEXT) + "...");
    }

    private void writeLast(int stream, Http2Headers end, boolean halfClosed) {
        ChannelHandlerContext ctx = context();
        answered();
        ChannelPromise written = ctx.newPromise();
        if (!halfClosed) {
            // the peer need not send the rest (RFC 9113, 8.1), but must have read the answer before it hears so
            written.addListener(done -> {
                if (done.isSuccess() && connection().stream(stream) != null) {
                    resetStream(ctx, stream, Http2Error.NO_ERROR.code(), ctx.newPromise());
                    flushSoon();
                }
            });
        }
        encoder().writeHeaders(ctx, stream, end, 0, true, written);
    }

    /**
     * Sends what has been written: now, or once for much of what is being read. Not for all of it, since a stream counts as
     * a call in flight until its answer has been sent.
     */
    void flushSoon() {
        unsent++;
        if (!reading || unsent >= UNSENT) {
            unsent = 0;
            flush(context());
        }
    }

    /** Sends what has been written and what the peer has room for. */
    void flushNow() {
        unsent = 0;
        flush(context());
    }

    // ---- frames ----

    private final class Frames extends Http2FrameAdapter {

        @Override
        public void onHeadersRead(
                ChannelHandlerContext ctx,
                int streamId,
                Http2Headers headers,
                int streamDependency,
                short weight,
                boolean exclusive,
                int padding,
                boolean endOfStream) {
            headersRead += headers.size();
            Http2Stream stream = connection().stream(streamId);
            Call known = call(stream);
            if (known == null && !stream.isHeadersSent()) {
                begin(stream, headers, endOfStream);
            } else if (known != null && endOfStream) {
                known.data(Unpooled.EMPTY_BUFFER, true);
            }
        }

        @Override
        public int onDataRead(ChannelHandlerContext ctx, int streamId, ByteBuf data, int padding, boolean endOfStream) {
            int all = data.readableBytes() + padding;
            Call call = call(connection().stream(streamId));
            if (call != null) {
                call.data(data, endOfStream);
            }
            return all;
        }

        @Override
        public void onSettingsRead(ChannelHandlerContext ctx, Http2Settings read) throws Http2Exception {
            Http2HeadersEncoder.Configuration answers =
                    encoder().configuration().headersConfiguration();
            if (answers.maxHeaderTableSize() > ANSWER_TABLE) {
                answers.maxHeaderTableSize(ANSWER_TABLE);
            }
            // what is to be told to the peer about that table waits for the next answer
            if (++settings > SETTINGS) {
                throw Http2Exception.connectionError(Http2Error.ENHANCE_YOUR_CALM, "too_many_settings");
            }
        }

        @Override
        public void onPingRead(ChannelHandlerContext ctx, long data) throws Http2Exception {
            if (pings.isTooMany(System.nanoTime())) {
                throw Http2Exception.connectionError(Http2Error.ENHANCE_YOUR_CALM, "too_many_pings");
            }
        }

        @Override
        public void onPingAckRead(ChannelHandlerContext ctx, long data) {
            if (draining && data == DRAIN_PING) {
                takeNoMoreCalls();
            }
        }
    }

    private void begin(Http2Stream stream, Http2Headers headers, boolean halfClosed) {
        if (drained) {
            reset(stream.id(), Http2Error.REFUSED_STREAM);
            return;
        }
        CharSequence path = headers.path();
        if (path == null || headers.method() == null || headers.scheme() == null) {
            // no request at all (RFC 9113, 8.3.1)
            reset(stream.id(), Http2Error.PROTOCOL_ERROR);
            return;
        }
        String refusal = server.refusal();
        if (refusal != null) {
            refuse(stream, StatusCode.UNAVAILABLE, "?", Refusal.DENIED, new RpcException(refusal), halfClosed);
            drain(End.UNKNOWN_PROTOCOL, refusal);
            return;
        }
        CharSequence contentType = headers.get(CONTENT_TYPE);
        if (!AsciiString.contentEquals(POST, headers.method())) {
            refuseHttp(stream, "405", "method: " + headers.method() + " (expected: POST)", halfClosed);
            return;
        }
        if (contentType == null || !isGrpc(contentType)) {
            refuseHttp(stream, "415", "content-type: " + contentType + " (expected: application/grpc)", halfClosed);
            return;
        }
        String called = path.toString();
        MethodTable.Entry method = server.methods().find(called);
        String name = method == null ? called : method.name();
        try {
            Permit given = server.gate().admit(new CallHeaders(name, headers), peer, permit);
            if (given != permit) {
                permit = given;
                admitted = peer.with(given);
            }
        } catch (DeniedException e) {
            deny(stream, name, e, halfClosed);
            return;
        } catch (RpcException e) {
            refuse(stream, StatusCode.of(e.kind()), name, Refusal.DENIED, e, halfClosed);
            return;
        } catch (RuntimeException e) {
            fault("gate for " + name, e);
            RpcException answer = new RpcException("internal error");
            refuse(stream, StatusCode.INTERNAL, name, Refusal.DENIED, answer, halfClosed);
            return;
        }
        if (!name.startsWith(HealthService.NAME)) {
            // who only asks for health may be a stranger, and stays one
            peer.called();
            letIn();
        }
        held.streams(connection().numActiveStreams());
        if (!held.charge()) {
            RpcException reason = new RpcException(held.noRoom());
            refuse(stream, StatusCode.RESOURCE_EXHAUSTED, name, Refusal.TOO_LARGE, reason, halfClosed);
            return;
        }
        if (method == null) {
            RpcException reason = new RpcException(server.methods().whyNot(called));
            refuse(stream, StatusCode.UNIMPLEMENTED, name, Refusal.NO_METHOD, reason, halfClosed);
            return;
        }
        CharSequence encoding = headers.get(ENCODING);
        boolean gzip = encoding != null && AsciiString.contentEquals(encoding, "gzip");
        if (encoding != null && !gzip && !AsciiString.contentEquals(encoding, "identity")) {
            RpcException reason = new RpcException("grpc-encoding: " + encoding + " (expected: identity or gzip)");
            refuse(stream, StatusCode.UNIMPLEMENTED, name, Refusal.BAD_ARGUMENT, reason, halfClosed);
            return;
        }
        Call call = new Call(this, stream.id(), method, admitted, gzip);
        CharSequence timeout = headers.get(TIMEOUT);
        if (timeout != null) {
            try {
                call.setDeadline(Call.nanos(timeout.toString()));
            } catch (RpcException e) {
                call.closed();
                refuse(stream, StatusCode.INTERNAL, name, Refusal.BAD_ARGUMENT, e, halfClosed);
                return;
            }
        }
        stream.setProperty(callKey, call);
        if (halfClosed) {
            call.data(Unpooled.EMPTY_BUFFER, true);
        }
    }

    /** A call has shown what it has to: from here on the bounds are wide, and the peer is told so. */
    private void letIn() {
        if (peer.isAdmitted()) {
            return;
        }
        peer.admitted();
        ChannelHandlerContext ctx = context();
        connection().remote().maxActiveStreams(limits.callsInFlight());
        Http2Settings wider =
                new Http2Settings().maxConcurrentStreams(limits.callsInFlight()).initialWindowSize(STREAM_WINDOW);
        encoder().writeSettings(ctx, wider, ctx.newPromise());
        Http2LocalFlowController windows = connection().local().flowController();
        try {
            windows.incrementWindowSize(
                    connection().connectionStream(), CONNECTION_WINDOW - Http2CodecUtil.DEFAULT_WINDOW_SIZE);
        } catch (Http2Exception e) {
            throw new IllegalStateException("no window is that large", e);
        }
    }

    /** {@code application/grpc}, alone or with {@code +proto} or parameters behind it. */
    private static boolean isGrpc(CharSequence contentType) {
        if (AsciiString.contentEquals(GRPC, contentType)) {
            return true;
        }
        String type = contentType.toString().toLowerCase(Locale.ROOT);
        return type.equals("application/grpc")
                || type.startsWith("application/grpc;")
                || type.equals("application/grpc+proto")
                || type.startsWith("application/grpc+proto;");
    }

    private void refuse(
            Http2Stream stream,
            StatusCode code,
            String method,
            Refusal refusal,
            RpcException reason,
            boolean halfClosed) {
        String text = String.valueOf(reason.getMessage());
        refused(method, refusal, text);
        writeEnd(stream.id(), code, text, false, halfClosed);
    }

    /**
     * Refuses when it is time; until then the stream counts as a call in flight, and what comes on it is dropped. Behind a
     * proxy, calls of many share the connection: so refusals may keep half of its streams waiting, and no more.
     */
    private void deny(Http2Stream stream, String method, DeniedException why, boolean halfClosed) {
        StatusCode code = StatusCode.of(why.kind());
        if (why.delayNanos() == 0 || denials >= connection().remote().maxActiveStreams() / 2) {
            refuse(stream, code, method, Refusal.DENIED, why, halfClosed);
            endIfHopeless(why);
            return;
        }
        denials++;
        schedule(
                () -> {
                    denials--;
                    if (!context().isRemoved()
                            && connection().stream(stream.id()) == stream
                            && !stream.isHeadersSent()) {
                        boolean ended = stream.state() == Http2Stream.State.HALF_CLOSED_REMOTE;
                        refuse(stream, code, method, Refusal.DENIED, why, ended);
                        flushSoon();
                        endIfHopeless(why);
                    }
                },
                why.delayNanos());
    }

    /** A client of gRPC connects again, and what it shows then may be good. */
    private void endIfHopeless(DeniedException why) {
        if (why.isOfConnection()) {
            drain(End.TLS, String.valueOf(why.getMessage()));
        }
    }

    /** Answers what is not gRPC at all so that a client of HTTP understands it. */
    private void refuseHttp(Http2Stream stream, String status, String reason, boolean halfClosed) {
        refused("?", Refusal.NO_METHOD, reason);
        Http2Headers end = new DefaultHttp2Headers()
                .status(status)
                .add(STATUS, StatusCode.INTERNAL.header)
                .add(MESSAGE, text(reason));
        writeLast(stream.id(), end, halfClosed);
    }

    /** Netty has read more headers than it keeps. */
    @Override
    protected void handleServerHeaderDecodeSizeError(ChannelHandlerContext ctx, Http2Stream stream) {
        String reason = "bytes of the headers of a call: more than " + limits.headerBytes();
        refused("?", Refusal.TOO_LARGE, reason);
        held.unknownHeaders();
        Http2Headers end = new DefaultHttp2Headers()
                .status("431")
                .add(STATUS, StatusCode.RESOURCE_EXHAUSTED.header)
                .add(MESSAGE, text(reason));
        encoder().writeHeaders(ctx, stream.id(), end, 0, true, ctx.newPromise());
    }

    // ---- how much waits, and how long ----

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
        if (peer.isEnding()) {
            ReferenceCountUtil.release(message);
            return;
        }
        ByteBuf bytes = (ByteBuf) message;
        bounds.follow(bytes);
        reading = true;
        super.channelRead(ctx, peer.isAdmitted() ? bytes : strangers(ctx, bytes));
    }

    /** What a stranger sends is kept, if it is kept, in no more room than it takes, wherever it was read or decrypted. */
    private ByteBuf strangers(ChannelHandlerContext ctx, ByteBuf bytes) {
        int count = bytes.readableBytes();
        strangersBytes += count;
        if (strangersBytes > STRANGERS_BYTES) {
            onError(
                    ctx,
                    false,
                    Http2Exception.connectionError(
                            Http2Error.ENHANCE_YOUR_CALM,
                            "bytes of a connection: more than %d without a call that was let in",
                            STRANGERS_BYTES));
            bytes.skipBytes(count);
            return bytes;
        }
        if (bytes.capacity() <= 2 * count) {
            return bytes;
        }
        ByteBuf exact = ctx.alloc().heapBuffer(count).writeBytes(bytes);
        bytes.release();
        return exact;
    }

    /** A message was unpacked, which takes a thousand times as long as to send it can: others have their turn now and then. */
    void unpacked(int bytes) {
        unpacked += bytes;
        if (unpacked > UNPACKED_AT_A_TIME) {
            unpacked = 0;
            ChannelHandlerContext ctx = context();
            ctx.channel().config().setAutoRead(false);
            ctx.executor()
                    .execute(() ->
                            ctx.channel().config().setAutoRead(ctx.channel().isWritable()));
        }
    }

    /** As inherited, but a connection that is not to be read is not read. */
    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        reading = false;
        unsent = 0;
        discardSomeReadBytes();
        ctx.fireChannelReadComplete();
        flush(ctx);
        count(ctx);
        if (sweep == null && hasSomethingUnderWay()) {
            scheduleSweep();
        }
    }

    /** What is held until more comes, after all that has come was looked at. */
    private void count(ChannelHandlerContext ctx) {
        if (!bounds.isUnfinished()) {
            unfinished = -1;
        } else if (unfinished != bounds.ended()) {
            unfinished = bounds.ended();
            unfinishedSince = System.nanoTime();
        }
        held.unfinished(internalBuffer().capacity(), bounds.unfinishedBlock());
        held.blocks(bounds.blocks(), headersRead);
        headersRead = 0;
        ChannelOutboundBuffer out = ctx.channel().unsafe().outboundBuffer();
        held.unwritten(out == null ? 0 : out.totalPendingWriteBytes());
        if (!charge() && !peer.isAdmitted() && !peer.isEnding()) {
            onError(ctx, false, Http2Exception.connectionError(Http2Error.ENHANCE_YOUR_CALM, "%s", held.noRoom()));
        }
    }

    private boolean charge() {
        held.streams(connection().numActiveStreams());
        return held.charge();
    }

    private boolean hasSomethingUnderWay() {
        return connection().numActiveStreams() > 0 || (bounds.isUnfinished() && peer.isAdmitted());
    }

    /** Who does not read answers may not send calls: the answers are in memory. */
    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) throws Exception {
        ctx.channel().config().setAutoRead(ctx.channel().isWritable());
        super.channelWritabilityChanged(ctx);
    }

    /** One timer a connection, and only while something is: most calls come with their message in one read. */
    private void scheduleSweep() {
        sweep = schedule(this::sweep, limits.messageTime().toNanos() / 4);
    }

    private void sweep() {
        sweep = null;
        if (unfinished == bounds.ended()
                && peer.isAdmitted()
                && System.nanoTime() - unfinishedSince > limits.messageTime().toNanos()) {
            peer.close(End.TIMEOUT, "a frame or its headers did not end within " + limits.messageTime());
            return;
        }
        forEachCall(call -> {
            if (call.isOverdue(limits.messageTime().toNanos())) {
                call.end(
                        StatusCode.DEADLINE_EXCEEDED,
                        "the message of the call did not come within " + limits.messageTime());
            }
        });
        if (hasSomethingUnderWay()) {
            scheduleSweep();
        }
    }

    private interface CallVisitor {
        void visit(Call call);
    }

    private void forEachCall(CallVisitor visitor) {
        try {
            connection().forEachActiveStream(stream -> {
                Call call = call(stream);
                if (call != null) {
                    visitor.visit(call);
                }
                return true;
            });
        } catch (Http2Exception e) {
            throw new IllegalStateException("no visitor throws one", e);
        }
    }

    // ---- the beginning and the end ----

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) throws Exception {
        context = ctx;
        super.handlerAdded(ctx);
        peer.onDrain(() -> drain(End.SHUTDOWN, "the server is stopping"));
    }

    /**
     * Ends the connection without losing a call. Calls that are on their way when the peer is told must not be lost, so it is
     * told twice (RFC 9113, 6.8): first that the end is near, then, when it has answered a ping and thus read that, where the
     * end is.
     */
    private void drain(End why, String reason) {
        if (!draining) {
            draining = true;
            drainEnd = why;
            drainReason = reason;
            ChannelHandlerContext ctx = context();
            goAway(ctx, Integer.MAX_VALUE, Http2Error.NO_ERROR.code(), drainText(ctx), ctx.newPromise());
            encoder().writePing(ctx, false, DRAIN_PING, ctx.newPromise());
            flush(ctx);
            schedule(this::takeNoMoreCalls, TimeUnit.SECONDS.toNanos(DRAIN_PING_SECONDS));
        }
    }

    private void takeNoMoreCalls() {
        if (!drained) {
            drained = true;
            // Netty is not told: it would end the connection, and the calls in flight with it, when the message of a
            // call
            // comes that it was to ignore. begin() refuses such calls.
            encoder()
                    .frameWriter()
                    .writeGoAway(
                            context(),
                            connection().remote().lastStreamCreated(),
                            Http2Error.NO_ERROR.code(),
                            drainText(context()),
                            context().newPromise());
            forEachCall(Call::drain);
            flush(context());
            closeIfDrained();
        }
    }

    private ByteBuf drainText(ChannelHandlerContext ctx) {
        return ByteBufUtil.writeUtf8(ctx.alloc(), drainReason);
    }

    private void closeIfDrained() {
        if (drained && connection().numActiveStreams() == 0) {
            peer.close(drainEnd, drainReason);
        }
    }

    @Override
    protected void onConnectionError(
            ChannelHandlerContext ctx, boolean outbound, Throwable cause, @Nullable Http2Exception http2) {
        Faults.reportIfFatal(cause);
        peer.noteEnd(outbound ? End.CUT : End.BROKEN_STREAM, String.valueOf(cause.getMessage()));
        if (!outbound && http2 == null) {
            fault("connection", cause);
        }
        super.onConnectionError(ctx, outbound, cause, http2);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) throws Exception {
        Faults.reportIfFatal(cause);
        if (cause instanceof java.io.IOException) {
            peer.close(End.CUT, String.valueOf(cause.getMessage()));
        } else {
            super.exceptionCaught(ctx, cause);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) throws Exception {
        boolean[] open = new boolean[1];
        forEachCall(call -> open[0] |= call.isOpen());
        if (open[0]) {
            peer.noteEnd(End.CUT, "ended by the peer in the middle of a call");
        }
        if (sweep != null) {
            sweep.cancel(false);
            sweep = null;
        }
        super.channelInactive(ctx);
    }
}
