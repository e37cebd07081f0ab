package io.github.pgwatchrpc.rpc.netrpc;

import java.lang.reflect.Type;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A call of a client that waits for its answer.
 *
 * @param method its name, for messages
 * @param reply what the reply becomes; null for the generic form, whatever it is
 * @param future completed on the event loop
 */
record PendingCall<R>(String method, @Nullable Type reply, CompletableFuture<R> future) {

    void complete(@Nullable Object value) {
        @SuppressWarnings(
                "unchecked") // the decoder was asked for this type; without one the caller takes whatever comes
        R result = (R) value;
        future.complete(result);
    }

    void fail(Throwable why) {
        future.completeExceptionally(why);
    }
}
