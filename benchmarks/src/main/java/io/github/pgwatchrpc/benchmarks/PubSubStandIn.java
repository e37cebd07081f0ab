package io.github.pgwatchrpc.benchmarks;

import com.google.pubsub.v1.GetTopicRequest;
import com.google.pubsub.v1.PublishRequest;
import com.google.pubsub.v1.PublishResponse;
import com.google.pubsub.v1.PublisherGrpc;
import com.google.pubsub.v1.Topic;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/** Pub/Sub, which reads each request as Google's own does. */
final class PubSubStandIn implements StandIn {

    /** More than the service takes. */
    private static final int MOST_BYTES = 20_000_000;

    private final Server server;
    private final ScheduledExecutorService later = Executors.newScheduledThreadPool(1);
    private final LongAdder requests = new LongAdder();
    private final LongAdder messages = new LongAdder();
    private final LongAdder bytes = new LongAdder();

    /**
     * Starts it.
     *
     * @param delayMillis how long each answer takes
     * @throws IOException if it does not start
     */
    PubSubStandIn(long delayMillis) throws IOException {
        server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .maxInboundMessageSize(MOST_BYTES)
                .directExecutor()
                .addService(new PublisherGrpc.PublisherImplBase() {
                    @Override
                    public void getTopic(GetTopicRequest request, StreamObserver<Topic> observer) {
                        answer(
                                observer,
                                Topic.newBuilder().setName(request.getTopic()).build());
                    }

                    @Override
                    public void publish(PublishRequest request, StreamObserver<PublishResponse> observer) {
                        count(request);
                        PublishResponse ids = ids(request.getMessagesCount());
                        if (delayMillis == 0) {
                            answer(observer, ids);
                        } else {
                            later.schedule(() -> answer(observer, ids), delayMillis, TimeUnit.MILLISECONDS);
                        }
                    }
                })
                .build()
                .start();
    }

    private void count(PublishRequest request) {
        requests.increment();
        messages.add(request.getMessagesCount());
        bytes.add(request.getSerializedSize());
    }

    private static PublishResponse ids(int count) {
        PublishResponse.Builder ids = PublishResponse.newBuilder();
        for (int i = 0; i < count; i++) {
            ids.addMessageIds("1234567890123456");
        }
        return ids.build();
    }

    private static <T> void answer(StreamObserver<T> observer, T answer) {
        observer.onNext(answer);
        observer.onCompleted();
    }

    @Override
    public String uri() {
        return "pubsub://figures/pgwatch?emulator=127.0.0.1:" + server.getPort();
    }

    @Override
    public String came() {
        long count = requests.sumThenReset();
        long sent = messages.sumThenReset();
        long size = bytes.sumThenReset();
        return count == 0
                ? ""
                : String.format(
                        "pubsub: %,d requests, %,.0f messages and %,.0f bytes each",
                        count, sent / (double) count, size / (double) count);
    }

    @Override
    public void close() {
        server.shutdownNow();
        later.shutdownNow();
    }
}
