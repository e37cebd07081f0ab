package io.github.pgwatchrpc.rpc.grpc;

import io.github.pgwatchrpc.rpc.Faults;
import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcException.Kind;
import io.github.pgwatchrpc.rpc.RpcObserver.Refusal;
import io.github.pgwatchrpc.rpc.RpcPeer;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoException;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoReader;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One call: gRPC's rules for one stream of HTTP/2, from bytes to messages and from messages to an answer that is given
 * exactly once. Used on the connection's event loop only, but for {@link #execute}.
 */
final class Call implements MessageAssembler.Listener {

    /** An answer up to this is counted with its call. */
    private static final int SMALL = 512;

    private final GrpcConnection connection;
    private final int stream;
    private final String method;
    private final RpcPeer peer;
    private final boolean gzip;
    private final Handler handler;
    private final int messageBytes;
    private final MessageAssembler assembler;
    private final long began = System.nanoTime();

    private @Nullable ScheduledFuture<?> deadline;
    private boolean halfClosed;
    private boolean answering;
    private boolean ended;

    /** What a message takes that waits for the end of the peer's part. */
    private int kept;

    /** What answers take that the peer has not made room for. */
    private int unread;

    Call(GrpcConnection connection, int stream, MethodTable.Entry method, RpcPeer peer, boolean gzip) {
        this.connection = connection;
        this.stream = stream;
        this.method = method.name();
        this.peer = peer;
        this.gzip = gzip;
        this.assembler = new MessageAssembler(method.messageBytes(), connection.memory(), this);
        this.messageBytes = method.messageBytes();
        this.handler = method.handlers().apply(this);
    }

    String method() {
        return method;
    }

    RpcPeer peer() {
        return peer;
    }

    /** Whether a call of this connection has been let in that needed it. */
    boolean isLetIn() {
        return connection.isLetIn();
    }

    /** Runs something on the connection's event loop, at once if this is it. */
    void execute(Runnable action) {
        connection.execute(action);
    }

    /** Logs that this program has failed at this call. */
    void fault(Throwable cause) {
        connection.fault("call of " + method, cause);
    }

    void setDeadline(long nanos) {
        deadline = connection.schedule(() -> end(StatusCode.DEADLINE_EXCEEDED, "deadline exceeded"), nanos);
    }

    // ---- from the peer ----

    void data(ByteBuf data, boolean last) {
        try {
            halfClosed |= last;
            if (!ended) {
                feed(data);
            }
            if (halfClosed && !ended) {
                halfClose();
            }
        } catch (ProtoException e) {
            refuse(StatusCode.INVALID_ARGUMENT, Refusal.BAD_ARGUMENT, e);
        } catch (RpcException e) {
            refuse(
                    StatusCode.of(e.kind()),
                    e.kind() == Kind.RESOURCE_EXHAUSTED ? Refusal.TOO_LARGE : Refusal.BAD_ARGUMENT,
                    e);
        } catch (RuntimeException | Error e) {
            Faults.rethrowIfFatal(e);
            fault(e);
            end(StatusCode.INTERNAL, "internal error");
        }
    }

    private void feed(ByteBuf data) throws ProtoException, RpcException {
        int length = data.readableBytes();
        if (data.hasArray()) {
            assembler.feed(data.array(), data.arrayOffset() + data.readerIndex(), length);
        } else {
            // the decoders read arrays: one bulk copy costs less than a checked access for every byte
            byte[] copy = connection.scratch();
            for (int at = data.readerIndex(), end = at + length; at < end && !ended; at += copy.length) {
                int count = Math.min(copy.length, end - at);
                data.getBytes(at, copy, 0, count);
                assembler.feed(copy, 0, count);
            }
        }
    }

    private void halfClose() throws RpcException, ProtoException {
        if (assembler.isInMessage()) {
            throw new RpcException(Kind.INTERNAL, "the call ended in the middle of a message");
        }
        handler.halfClosed();
    }

    @Override
    public void message(byte[] bytes, int offset, int length, boolean packed) throws RpcException, ProtoException {
        if (ended) {
            return;
        }
        ProtoReader reader = connection.reader();
        if (!packed) {
            reader.reset(bytes, offset, length);
        } else if (gzip) {
            if (!connection.isLetIn()) {
                throw new RpcException(
                        Kind.UNAUTHENTICATED, "a packed message is only unpacked for who has been let in");
            }
            try (Gzip unpacked = Gzip.unpack(bytes, offset, length, messageBytes, connection.memory())) {
                connection.unpacked(unpacked.size());
                reader.reset(unpacked.bytes(), 0, unpacked.size());
                handler.message(reader);
            }
            return;
        } else {
            throw new RpcException(Kind.INTERNAL, "a message is packed, but the call names no encoding");
        }
        handler.message(reader);
    }

    /** Whether all that the peer wants to say has come: a message that is shown now is the last. */
    boolean isHalfClosed() {
        return halfClosed;
    }

    /**
     * Keeps a message, which takes memory until the call ends.
     *
     * @throws RpcException if there is none
     */
    byte[] keep(ProtoReader message) throws RpcException {
        int length = message.limit() - message.position();
        if (!connection.memory().take(length)) {
            throw new RpcException(Kind.RESOURCE_EXHAUSTED, connection.memory().noRoomFor(length));
        }
        kept += length;
        return Arrays.copyOfRange(message.array(), message.position(), message.limit());
    }

    private void refuse(StatusCode code, Refusal refusal, Exception reason) {
        String text = String.valueOf(reason.getMessage());
        if (!ended) {
            connection.refused(method, refusal, text);
        }
        end(code, text);
    }

    /** Whether the peer owes something and has owed it for too long. */
    boolean isOverdue(long nanos) {
        boolean owes = !halfClosed && (assembler.isInMessage() || !handler.isOpenEnded());
        return !ended && owes && System.nanoTime() - began > nanos;
    }

    /** Whether an answer is being worked on. */
    boolean isOpen() {
        return !ended;
    }

    // ---- to the peer ----

    /** Sends the message of a call that has one, unless the call has ended. */
    void send(byte[] message) {
        if (!ended) {
            ChannelPromise written = connection.writeMessage(stream, message, !answering);
            if (message.length > SMALL) {
                count(message.length, written);
            }
            answering = true;
            connection.flushSoon();
        }
    }

    /**
     * Sends a message of a call that may have many, unless the call has ended. Who wants another one before there was room
     * for the last one does not read them: its call is reset.
     */
    void sendNext(byte[] message) {
        if (unread > 0) {
            connection.flushNow();
        }
        if (ended) {
            return;
        }
        if (unread > 0) {
            finish();
            connection.reset(stream, Http2Error.ENHANCE_YOUR_CALM);
            return;
        }
        boolean room = count(message.length + SMALL, connection.writeMessage(stream, message, !answering));
        answering = true;
        connection.flushSoon();
        if (!room && !ended) {
            finish();
            connection.reset(stream, Http2Error.ENHANCE_YOUR_CALM);
        }
    }

    /** Charges an answer until the peer has made room for it. */
    private boolean count(int bytes, ChannelPromise written) {
        unread += bytes;
        written.addListener(done -> {
            unread -= bytes;
            connection.unread(-bytes);
        });
        return connection.unread(bytes);
    }

    /** Ends the call, unless it has ended. */
    void end(StatusCode code, String text) {
        if (!ended) {
            finish();
            connection.writeEnd(stream, code, text, answering, halfClosed);
            connection.flushSoon();
        }
    }

    /** The server is stopping: a call that would stay open is ended. */
    void drain() {
        if (handler.isOpenEnded()) {
            end(StatusCode.UNAVAILABLE, "the server is stopping");
        }
    }

    /** The stream is closed, by a reset or with its connection, if not by an answer. */
    void closed() {
        if (!ended) {
            finish();
        }
    }

    private void finish() {
        ended = true;
        assembler.close();
        connection.memory().giveBack(kept);
        kept = 0;
        if (deadline != null) {
            deadline.cancel(false);
        }
        handler.ended();
    }

    static long nanos(String timeout) throws RpcException {
        int digits = timeout.length() - 1;
        if (digits < 1 || digits > 8 || !timeout.chars().limit(digits).allMatch(each -> each >= '0' && each <= '9')) {
            throw badTimeout(timeout);
        }
        TimeUnit unit = switch (timeout.charAt(digits)) {
            case 'H' -> TimeUnit.HOURS;
            case 'M' -> TimeUnit.MINUTES;
            case 'S' -> TimeUnit.SECONDS;
            case 'm' -> TimeUnit.MILLISECONDS;
            case 'u' -> TimeUnit.MICROSECONDS;
            case 'n' -> TimeUnit.NANOSECONDS;
            default -> throw badTimeout(timeout);
        };
        return unit.toNanos(Long.parseLong(timeout.substring(0, digits)));
    }

    private static RpcException badTimeout(String timeout) {
        return new RpcException(
                Kind.INTERNAL, "grpc-timeout: " + timeout + " (expected: 1 to 8 digits and one of H, M, S, m, u, n)");
    }
}
