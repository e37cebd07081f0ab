package io.github.pgwatchrpc.rpc.netrpc;

import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.gob.GobConfig;
import io.github.pgwatchrpc.rpc.gob.GobDecoder;
import io.github.pgwatchrpc.rpc.gob.GobEncoder;
import io.github.pgwatchrpc.rpc.gob.GobException;
import io.github.pgwatchrpc.rpc.gob.GobIncompleteException;
import io.github.pgwatchrpc.rpc.gob.GobMismatchException;
import io.github.pgwatchrpc.rpc.gob.GobUnsigned;
import io.github.pgwatchrpc.rpc.gob.GobWriter;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.io.IOException;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One connection of a client: sends calls, and gives each its answer, in whatever order they come. Lives on its event loop. */
final class ClientConnection extends ChannelInboundHandlerAdapter implements MessageFraming.Listener {

    private static final String CONNECT = "CONNECT " + ConnectHandler.PATH + " HTTP/1.0\n\n";
    private static final String CONNECTED = "200 Connected to Go RPC";

    /** The header of a call, as Go's net/rpc/server.go has it. */
    record Request(String ServiceMethod, @GobUnsigned long Seq) {}

    /** The header of an answer, likewise. */
    record Response(String ServiceMethod, @GobUnsigned long Seq, String Error) {}

    /** A call that waits for its answer. */
    static final class Pending<R> {
        final CompletableFuture<R> future;
        final @Nullable Class<R> reply;

        Pending(CompletableFuture<R> future, @Nullable Class<R> reply) {
            this.future = future;
            this.reply = reply;
        }
    }

    private final NetRpcClient.Settings settings;
    private final CompletableFuture<ClientConnection> ready;
    private final MessageFraming framing;
    private final GobDecoder decoder;
    private final GobEncoder encoder;
    private final GobWriter ownWriter = new GobWriter();
    private final IdentityHashMap<Object, ArgumentEncoder<?>> encoders = new IdentityHashMap<>();
    private final Map<Long, Pending<?>> pending = new HashMap<>();

    private @Nullable Channel channel;
    private boolean inPreamble;
    private final StringBuilder preamble = new StringBuilder();
    private @Nullable Response header;
    private long nextSeq;
    private @Nullable IOException end;

    ClientConnection(NetRpcClient.Settings settings, CompletableFuture<ClientConnection> ready) {
        this.settings = settings;
        this.ready = ready;
        GobConfig config = GobConfig.DEFAULT.withLimits(settings.limits());
        this.decoder = new GobDecoder(config);
        this.encoder = new GobEncoder(config);
        this.framing = new MessageFraming(settings.limits().messageBytes(), new BufferBudget(Long.MAX_VALUE), this);
        this.inPreamble = settings.http();
    }

    // ---- the way out ----

    /** Sends a call; on the event loop. What cannot be encoded fails its call alone. */
    void send(String method, Object argument, Pending<?> call) {
        write(method, call, () -> {
            encoder.encode(argument);
            return null;
        });
    }

    /** Sends a call whose argument writes itself; on the event loop. */
    <A> void send(
            Object stub, String method, Supplier<ArgumentEncoder<A>> encodersOfStub, A argument, Pending<?> call) {
        write(method, call, () -> {
            @SuppressWarnings("unchecked") // the stub's own
            ArgumentEncoder<A> own = (ArgumentEncoder<A>) encoders.computeIfAbsent(stub, key -> encodersOfStub.get());
            own.encode(argument, ownWriter);
            return null;
        });
    }

    private interface Body {
        @Nullable
        Object encode() throws GobException;
    }

    private void write(String method, Pending<?> call, Body body) {
        IOException ended = end;
        Channel to = channel;
        if (ended != null || to == null) {
            call.future.completeExceptionally(ended == null ? new IOException("rpc: not connected") : ended);
            return;
        }
        long seq = nextSeq;
        int before = encoder.size();
        try {
            encoder.encode(new Request(method, seq));
            body.encode();
        } catch (GobException | RuntimeException e) {
            // the header must not go out without its argument
            encoder.truncate(before);
            ownWriter.truncate(0);
            call.future.completeExceptionally(e);
            return;
        }
        nextSeq++;
        pending.put(seq, call);
        ByteBuf out = to.alloc().buffer(encoder.size() + ownWriter.size());
        out.writeBytes(encoder.array(), 0, encoder.size());
        out.writeBytes(ownWriter.array(), 0, ownWriter.size());
        encoder.clear();
        ownWriter.truncate(0);
        to.writeAndFlush(out, to.voidPromise());
        if (!settings.callTimeout().isZero()) {
            var timer = to.eventLoop()
                    .schedule(() -> timeOut(seq, method), settings.callTimeout().toNanos(), TimeUnit.NANOSECONDS);
            call.future.whenComplete((reply, failure) -> timer.cancel(false));
        }
    }

    private void timeOut(long seq, String method) {
        Pending<?> call = pending.remove(seq);
        if (call != null) {
            call.future.completeExceptionally(
                    new CallTimeoutException("rpc: " + method + " was not answered within " + settings.callTimeout()));
        }
    }

    // ---- the way in ----

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        channel = ctx.channel();
        if (inPreamble) {
            // nothing may follow before the answer: Go's server loses what comes in the same packet
            ctx.writeAndFlush(ByteBufUtil.writeAscii(ctx.alloc(), CONNECT));
        } else if (settings.tls() == null) {
            ready.complete(this);
        }
        ctx.fireChannelActive();
    }

    /** Inside TLS the connection is there when the handshake is done; its failure arrives as an exception. */
    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof SslHandshakeCompletionEvent handshake && handshake.isSuccess() && !settings.http()) {
            ready.complete(this);
        }
        ctx.fireUserEventTriggered(event);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        try {
            while (inPreamble && bytes.isReadable()) {
                readPreamble(bytes.readByte());
            }
            if (end == null && bytes.isReadable()) {
                byte[] copy = ByteBufUtil.getBytes(bytes);
                framing.feed(copy, 0, copy.length);
            }
        } catch (IOException e) {
            close(e);
        } finally {
            bytes.release();
        }
    }

    private void readPreamble(byte each) throws IOException {
        preamble.append((char) (each & 0xff));
        if (preamble.length() > settings.preambleBytes()) {
            throw new IOException("rpc: bytes of the preamble: more than " + settings.preambleBytes());
        }
        String text = preamble.toString();
        if (each == '\n' && (text.endsWith("\n\n") || text.endsWith("\n\r\n"))) {
            String line = text.substring(0, text.indexOf('\n')).trim();
            int blank = line.indexOf(' ');
            if (blank < 0 || !line.substring(blank + 1).equals(CONNECTED)) {
                throw new IOException("rpc: unexpected HTTP response: " + line);
            }
            inPreamble = false;
            ready.complete(this);
        }
    }

    @Override
    public void message(byte[] bytes, int offset, int length) throws GobException {
        decoder.push(bytes, offset, length);
        try {
            while (decoder.hasNext()) {
                Response is = header;
                if (is == null) {
                    header = decoder.decode(Response.class);
                } else {
                    header = null;
                    try {
                        answer(is);
                    } catch (GobIncompleteException e) {
                        header = is;
                        throw e;
                    }
                }
            }
        } catch (GobIncompleteException e) {
            // the rest of the value comes in another message
        } catch (GobException e) {
            throw e;
        } catch (IOException e) {
            throw new AssertionError("messages are pushed, nothing is read", e);
        }
    }

    private void answer(Response is) throws IOException {
        Pending<?> call = pending.get(is.Seq());
        if (call == null || (is.Error() != null && !is.Error().isEmpty())) {
            decoder.skip();
            if (call != null) {
                pending.remove(is.Seq());
                call.future.completeExceptionally(new RpcException(is.Error()));
            }
            return;
        }
        try {
            complete(call);
            pending.remove(is.Seq());
        } catch (GobMismatchException e) {
            pending.remove(is.Seq());
            call.future.completeExceptionally(e);
        }
    }

    private <R> void complete(Pending<R> call) throws IOException {
        if (call.reply != null) {
            call.future.complete(decoder.decode(call.reply));
        } else {
            @SuppressWarnings("unchecked") // without a class the caller wants whatever comes
            R any = (R) decoder.decode();
            call.future.complete(any);
        }
    }

    @Override
    public void skipped(boolean typeDefinition, String reason) throws GobException {
        throw new GobException(reason);
    }

    // ---- ends ----

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        close(new IOException("rpc: connection lost: closed by the server"));
        ctx.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        close(new IOException("rpc: connection lost: " + cause.getMessage(), cause));
    }

    /** Fails what waits, and closes; on the event loop. */
    void close(IOException why) {
        if (end != null) {
            return;
        }
        end = why;
        framing.close();
        Channel open = channel;
        if (open != null) {
            open.close();
        }
        ready.completeExceptionally(why);
        for (Pending<?> call : pending.values()) {
            call.future.completeExceptionally(why);
        }
        pending.clear();
    }

    boolean isOpen() {
        Channel is = channel;
        return is != null && is.isActive();
    }

    Channel channel() {
        Channel is = channel;
        if (is == null) {
            throw new IllegalStateException("not connected");
        }
        return is;
    }
}
