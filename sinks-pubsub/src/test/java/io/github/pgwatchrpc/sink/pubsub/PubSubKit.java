package io.github.pgwatchrpc.sink.pubsub;

import com.google.pubsub.v1.PublishRequest;
import io.github.pgwatchrpc.measurement.Measurement;
import io.github.pgwatchrpc.sink.SinkProvider;
import io.github.pgwatchrpc.sink.testkit.Arrived;
import io.github.pgwatchrpc.sink.testkit.Fault;
import io.github.pgwatchrpc.sink.testkit.SinkCompatibilityTest;
import io.grpc.Status;
import java.io.IOException;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;

/** The kit against a fake of the service, with options that a subclass names. */
abstract class PubSubKit extends SinkCompatibilityTest {

    static final String TOPIC = "projects/kit-project/topics/pgwatch";

    final FakePubSub fake;
    private final String options;

    PubSubKit(FakePubSub fake, String options) {
        this.fake = fake;
        this.options = options;
    }

    @AfterEach
    void stop() {
        fake.close();
    }

    @Override
    protected SinkProvider provider() {
        return new PubSubSinkProvider();
    }

    @Override
    protected String uri() {
        return "pubsub://kit-project/pgwatch?timeout=3s&emulator=" + fake.address() + options;
    }

    @Override
    protected List<Arrived> arrived() throws IOException {
        List<Received> rows = Received.of(fake.messages());
        return (options.contains("ordering-key") ? rows : inOrderOfIds(rows))
                .stream().map(Received::row).toList();
    }

    /** Without a key the service has no order: by number of the copy, and id within it. */
    private static List<Received> inOrderOfIds(List<Received> rows) {
        record Copy(Received row, int number, int position, int place) {}
        Map<String, Integer> copies = new HashMap<>();
        return rows.stream()
                .map(row -> {
                    String[] id = row.id().split("-", -1);
                    return new Copy(
                            row,
                            copies.merge(row.id(), 1, Integer::sum),
                            Integer.parseInt(id[1]),
                            Integer.parseInt(id[2]));
                })
                .sorted(Comparator.comparingInt(Copy::number)
                        .thenComparingInt(Copy::position)
                        .thenComparingInt(Copy::place))
                .map(Copy::row)
                .toList();
    }

    @Override
    protected Arrived asStored(Measurement row) {
        return Arrived.of(row).asJson();
    }

    @Override
    protected Set<Fault> faults() {
        return Set.of(Fault.values());
    }

    @Override
    protected void inflict(Fault fault) throws Exception {
        switch (fault) {
            case AWAY -> fake.down();
            case UNUSABLE -> fake.deleteTopic(TOPIC);
            case DENIED -> {
                Status denied = Status.PERMISSION_DENIED.withDescription("User not authorized to perform this action.");
                fake.broken = denied;
                fake.instead = request -> FakePubSub.error(denied);
            }
            case BUSY -> fake.instead = request -> FakePubSub.busy(BUSY_FOR);
            case HANGING -> fake.instead = request -> new FakePubSub.Reply.Never();
            case BAD_ROW -> fake.instead = request -> isBad(request) ? FakePubSub.error(invalid()) : null;
            case TOO_LARGE -> fake.instead = request -> rows(request) > FEW ? FakePubSub.error(invalid()) : null;
            case PARTLY_BUSY -> {
                AtomicInteger count = new AtomicInteger();
                fake.instead = request -> count.incrementAndGet() == 2
                        ? FakePubSub.error(Status.RESOURCE_EXHAUSTED.withDescription("throttled"))
                        : null;
            }
            case ANSWER_LOST ->
                fake.instead = request -> new FakePubSub.Reply.Lost(
                        Status.UNAVAILABLE.withDescription("connection reset").asRuntimeException());
        }
    }

    private static Status invalid() {
        return Status.INVALID_ARGUMENT.withDescription("The request is not as it should be.");
    }

    private static boolean isBad(PublishRequest request) {
        return request.getMessagesList().stream().anyMatch(message -> {
            try {
                return Received.json(message).toString().contains(BAD_COLUMN);
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    private static int rows(PublishRequest request) {
        try {
            return Received.of(request.getMessagesList()).size();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    protected void mend(Fault fault) throws Exception {
        fake.instead = request -> null;
        fake.broken = null;
        if (fault == Fault.AWAY) {
            fake.up();
        } else if (fault == Fault.UNUSABLE) {
            fake.createTopic(TOPIC);
        }
    }
}
