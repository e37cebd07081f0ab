package io.github.pgwatchrpc.rpc.grpc;

import io.github.pgwatchrpc.rpc.Faults;
import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcException.Kind;
import io.github.pgwatchrpc.rpc.RpcObserver;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoException;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoReader;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A call with one message each way: decodes the argument when the peer is done, calls the method, and answers. What is decoded
 * is larger than the message, so that it must not wait for the peer; it mostly comes with the message's last byte.
 */
final class UnaryHandler<A, R> implements Handler {

    private final Call call;
    private final RpcObserver observer;
    private final MessageDecoder<A> decoder;
    private final UnaryMethod<A, R> method;
    private final Function<? super R, byte[]> encoder;
    private @Nullable A argument;
    private byte @Nullable [] message;
    private int bytes;

    UnaryHandler(
            Call call,
            RpcObserver observer,
            MessageDecoder<A> decoder,
            UnaryMethod<A, R> method,
            Function<? super R, byte[]> encoder) {
        this.call = call;
        this.observer = observer;
        this.decoder = decoder;
        this.method = method;
        this.encoder = encoder;
    }

    @Override
    public void message(ProtoReader in) throws ProtoException, RpcException {
        if (argument != null || message != null) {
            throw new RpcException(Kind.INTERNAL, "messages of a unary call: more than 1");
        }
        bytes = in.limit() - in.position();
        if (call.isHalfClosed()) {
            argument = decoder.decode(in);
        } else {
            message = call.keep(in);
        }
    }

    @Override
    public void halfClosed() throws ProtoException, RpcException {
        byte[] kept = message;
        A complete = kept == null ? argument : decoder.decode(new ProtoReader(kept));
        message = null;
        argument = null;
        if (complete == null) {
            throw new RpcException(Kind.INTERNAL, "messages of a unary call: 0 (expected: 1)");
        }
        observer.called(call.method(), bytes);
        long begin = System.nanoTime();
        CompletionStage<R> stage;
        try {
            call.peer().permit().countCall(bytes);
            stage = method.call(complete, call.peer());
        } catch (RpcException | RuntimeException | Error e) {
            Faults.rethrowIfFatal(e);
            answered(begin, null, e);
            return;
        }
        stage.whenComplete((reply, failure) -> call.execute(() -> answered(begin, reply, failure)));
    }

    private void answered(long begin, @Nullable R reply, @Nullable Throwable failure) {
        boolean failed = failure != null || reply == null;
        observer.answered(call.method(), System.nanoTime() - begin, failed);
        if (failure != null) {
            fail(failure);
        } else if (reply == null) {
            fail(new NullPointerException("the reply of " + call.method()));
        } else {
            send(reply);
        }
    }

    private void send(R reply) {
        byte[] message;
        try {
            message = encoder.apply(reply);
        } catch (RuntimeException | Error e) {
            Faults.rethrowIfFatal(e);
            fail(e);
            return;
        }
        call.send(message);
        call.end(StatusCode.OK, "");
    }

    private void fail(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof RpcException refusal) {
            call.end(StatusCode.of(refusal.kind()), String.valueOf(refusal.getMessage()));
        } else {
            call.fault(cause);
            call.end(StatusCode.INTERNAL, "internal error");
        }
    }
}
