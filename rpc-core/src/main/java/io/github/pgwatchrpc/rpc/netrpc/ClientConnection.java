package io.github.pgwatchrpc.rpc.netrpc;

import io.github.pgwatchrpc.rpc.Faults;
import io.github.pgwatchrpc.rpc.MemoryAccount;
import io.github.pgwatchrpc.rpc.gob.GobConfig;
import io.github.pgwatchrpc.rpc.gob.GobEncoder;
import io.github.pgwatchrpc.rpc.gob.GobException;
import io.github.pgwatchrpc.rpc.gob.GobUnsigned;
import io.github.pgwatchrpc.rpc.gob.GobWriter;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.io.IOException;
import java.lang.reflect.Type;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One connection of a client: sends calls, and gives each its answer, in whatever order they come. Lives on its event loop. */
final class ClientConnection extends ChannelInboundHandlerAdapter {

    private static final String CONNECT = "CONNECT " + ConnectHandler.PATH + " HTTP/1.0\n\n";
    private static final String CONNECTED = "200 Connected to Go RPC";

    /** The header of a call, as Go's net/rpc/server.go has it. */
    record Request(String ServiceMethod, @GobUnsigned long Seq) {}

    private final NetRpcClient.Settings settings;
    private final CompletableFuture<ClientConnection> ready;
    private final Map<Long, PendingCall<?>> pending = new HashMap<>();
    private final MessageFraming framing;
    private final GobEncoder encoder;
    private final GobWriter ownWriter = new GobWriter();
    private final IdentityHashMap<Object, ArgumentEncoder<?>> encoders = new IdentityHashMap<>();

    private @Nullable Channel channel;
    private boolean inPreamble;
    private final StringBuilder preamble = new StringBuilder();
    private long nextSeq;

    /** Why the connection is over; the one thing that other threads look at. */
    private volatile @Nullable IOException end;

    ClientConnection(NetRpcClient.Settings settings, CompletableFuture<ClientConnection> ready) {
        this.settings = settings;
        this.ready = ready;
        this.encoder = new GobEncoder(GobConfig.DEFAULT.withLimits(settings.limits()));
        this.framing = new MessageFraming(
                settings.limits().messageBytes(),
                MemoryAccount.unlimited(),
                new ClientSession(settings.limits(), pending));
        this.inPreamble = settings.http();
    }

    // ---- the way out ----

    /** Writes an argument, whole or not at all. */
    interface Body {
        void encode() throws GobException;
    }

    /** Sends a call; on the event loop. What cannot be encoded fails its call alone. */
    void send(PendingCall<?> call, Object argument) {
        write(call, () -> encoder.encode(argument));
    }

    /** Sends a call whose argument is of a given type; on the event loop. */
    void send(PendingCall<?> call, @Nullable Object argument, Type type) {
        write(call, () -> encoder.encode(argument, type));
    }

    /** Sends a call whose argument writes itself; on the event loop. */
    <A> void send(PendingCall<?> call, A argument, Supplier<ArgumentEncoder<A>> encodersOfMethod) {
        write(call, () -> {
            @SuppressWarnings("unchecked") // the method's own
            ArgumentEncoder<A> own =
                    (ArgumentEncoder<A>) encoders.computeIfAbsent(encodersOfMethod, key -> encodersOfMethod.get());
            own.encode(argument, ownWriter);
        });
    }

    private void write(PendingCall<?> call, Body body) {
        IOException ended = end;
        Channel to = channel;
        if (ended != null || to == null) {
            call.fail(ended == null ? new IOException("rpc: not connected") : lost(ended));
            return;
        }
        long seq = nextSeq;
        int before = encoder.size();
        try {
            encoder.encode(new Request(call.method(), seq));
            body.encode();
        } catch (GobException | RuntimeException | Error e) {
            // the header must not go out without its argument
            encoder.truncate(before);
            ownWriter.truncate(0);
            call.fail(e);
            Faults.rethrowIfFatal(e);
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
                    .schedule(() -> timeOut(seq), settings.callTimeout().toNanos(), TimeUnit.NANOSECONDS);
            call.future().whenComplete((reply, failure) -> timer.cancel(false));
        }
    }

    /** The answer may still come; it is gone past then. */
    private void timeOut(long seq) {
        PendingCall<?> call = pending.remove(seq);
        if (call != null) {
            call.fail(new CallTimeoutException(
                    "rpc: " + call.method() + " was not answered within " + settings.callTimeout()));
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
        } catch (GobException e) {
            close(new IOException("rpc: connection lost: " + e.getMessage(), e));
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

    // ---- ends ----

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        close(new IOException("rpc: connection lost: closed by the server"));
        ctx.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        Faults.reportIfFatal(cause);
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
        List<PendingCall<?>> unanswered = List.copyOf(pending.values());
        pending.clear();
        for (PendingCall<?> call : unanswered) {
            call.fail(lost(why));
        }
    }

    /** One cause for all calls, and for each an exception of its own, since their callers may add to it. */
    private static IOException lost(IOException why) {
        return new IOException(why.getMessage(), why);
    }

    boolean isOpen() {
        return end == null && channel().isActive();
    }

    Channel channel() {
        Channel is = channel;
        if (is == null) {
            throw new IllegalStateException("not connected");
        }
        return is;
    }
}
