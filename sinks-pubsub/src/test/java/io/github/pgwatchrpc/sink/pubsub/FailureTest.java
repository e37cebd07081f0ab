package io.github.pgwatchrpc.sink.pubsub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FailureTest {

    private static final PubSubSettings SETTINGS = new PubSubSettings(
            "p",
            "t",
            PubSubSettings.Form.ROW,
            PubSubSettings.OrderingKey.NONE,
            PubSubSettings.Compression.NONE,
            List.of(),
            null,
            1,
            1,
            1,
            null,
            null,
            null,
            Duration.ofSeconds(1));

    private static final Set<Status.Code> BAD = Set.of(Status.Code.INVALID_ARGUMENT, Status.Code.OUT_OF_RANGE);
    private static final Set<Status.Code> MEND = Set.of(
            Status.Code.NOT_FOUND,
            Status.Code.PERMISSION_DENIED,
            Status.Code.UNAUTHENTICATED,
            Status.Code.FAILED_PRECONDITION,
            Status.Code.UNIMPLEMENTED);

    @ParameterizedTest
    @EnumSource(Status.Code.class)
    void everyCodeMeansOneThing(Status.Code code) {
        Throwable error = new java.util.concurrent.ExecutionException(
                code.toStatus().withDescription("so\n it is ").asRuntimeException());
        Failure failure = Failure.of("publish to", error, SETTINGS);
        String why = "publish to projects/p/topics/t: " + code + ": so it is";
        if (BAD.contains(code)) {
            assertEquals(new Failure.Bad(why), failure);
        } else if (MEND.contains(code)) {
            assertTrue(
                    failure instanceof Failure.Mend mend
                            && mend.why().equals(why)
                            && !mend.mend().isBlank(),
                    failure::toString);
        } else {
            boolean lost = code == Status.Code.UNAVAILABLE || code == Status.Code.DEADLINE_EXCEEDED;
            assertEquals(new Failure.Again(Duration.ZERO, why, lost), failure);
        }
    }
}
