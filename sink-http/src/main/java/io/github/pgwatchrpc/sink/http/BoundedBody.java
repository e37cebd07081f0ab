package io.github.pgwatchrpc.sink.http;

import java.io.ByteArrayOutputStream;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/** Takes a body up to a bound; what comes after that is not read. */
final class BoundedBody implements BodySubscriber<BoundedBody.Bytes> {

    /**
     * What was read.
     *
     * @param all the bytes
     * @param cut whether there were more
     */
    record Bytes(ByteArrayOutputStream all, boolean cut) {}

    private final int max;
    private final ByteArrayOutputStream read = new ByteArrayOutputStream();
    private final CompletableFuture<Bytes> result = new CompletableFuture<>();
    private Flow.@Nullable Subscription subscription;

    BoundedBody(int max) {
        this.max = max;
    }

    @Override
    public CompletionStage<Bytes> getBody() {
        return result;
    }

    @Override
    public void onSubscribe(Flow.Subscription given) {
        subscription = given;
        given.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
        for (ByteBuffer buffer : buffers) {
            byte[] bytes = new byte[Math.min(buffer.remaining(), max - read.size())];
            buffer.get(bytes);
            read.writeBytes(bytes);
            if (buffer.hasRemaining() && !result.isDone()) {
                result.complete(new Bytes(read, true));
                Flow.Subscription open = subscription;
                if (open != null) {
                    open.cancel();
                }
            }
        }
    }

    @Override
    public void onError(Throwable failure) {
        result.completeExceptionally(failure);
    }

    @Override
    public void onComplete() {
        result.complete(new Bytes(read, false));
    }
}
