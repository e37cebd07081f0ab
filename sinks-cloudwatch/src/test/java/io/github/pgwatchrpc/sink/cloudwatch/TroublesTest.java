package io.github.pgwatchrpc.sink.cloudwatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.testkit.FaultRequest;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Troubles that last, or that hit a part of what is written; the account is exact in the end. */
class TroublesTest {

    private static final DateTimeFormatter SIGNED =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

    /** More writes than the delivery makes in minutes of it: its pauses grow up to one minute. */
    private static final int THROTTLED = 100;

    private final CloudWatchStub metrics = new CloudWatchStub();
    private final LogsStub logs = new LogsStub();
    private final long now = Rows.now();

    TroublesTest() throws IOException {}

    @AfterEach
    void stop() {
        metrics.close();
        logs.close();
    }

    private static Batch rows(int count, long millis) {
        return Rows.batch(IntStream.range(0, count)
                .mapToObj(i -> Rows.row(millis, Map.of("n", (long) i, "tag_i", "row " + i)))
                .toArray(MeasurementEnvelope[]::new));
    }

    /** Writes as a delivery does, until nothing is left; the number of writes that took. */
    private static int deliver(Sink sink, Batch batch) throws Exception {
        Batch rest = batch;
        for (int writes = 1; ; writes++) {
            assertTrue(writes < 10_000, "no end");
            Outcome outcome = sink.write(rest);
            if (outcome instanceof Outcome.Written) {
                return writes;
            } else if (outcome instanceof Outcome.Partly partly) {
                assertEquals(List.of(), partly.refused());
                rest = rest.select(partly.retry().stream()
                        .sorted(Comparator.naturalOrder())
                        .toList());
            } else {
                assertInstanceOf(Outcome.Retry.class, outcome);
            }
        }
    }

    @Test
    void throttlingOfMetricsForMinutesCostsNoRowAndNoTryTooMany() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        metrics.gate = call -> {
            int n = calls.incrementAndGet();
            // first all of them, then every other one
            return n <= THROTTLED || n % 2 == 0
                    ? CloudWatchStub.error(400, "ThrottlingException", "Rate exceeded")
                    : null;
        };
        try (Sink sink = Rows.sink(metrics.uri(""))) {
            // three calls' worth, of which each write gets one through until a throttled one ends it
            assertEquals(THROTTLED + 3, deliver(sink, rows(2_500, now)));
        }
        assertEquals(THROTTLED + 5, calls.get(), "calls");
        assertEquals(2_500, metrics.taken.size());
        assertEquals(2_500, metrics.taken.stream().distinct().count());
    }

    @Test
    void throttlingOfLogsForMinutesCostsNoRowAndNoTryTooMany() throws Exception {
        try (Sink sink = Rows.sink(logs.uri(""))) {
            assertEquals(Readiness.ready(), sink.provision());
            AtomicInteger calls = new AtomicInteger();
            logs.gate = call -> calls.incrementAndGet() <= THROTTLED
                    ? LogsStub.error(400, "ThrottlingException", "Rate exceeded")
                    : null;
            assertEquals(THROTTLED + 1, deliver(sink, rows(2_500, now)));
            assertEquals(THROTTLED + 1, calls.get(), "calls");
        }
        assertEquals(2_500, logs.messages.size());
        assertEquals(2_500, logs.messages.stream().distinct().count());
    }

    /** As AWS does: what was signed more than five minutes before or after its own time is refused. */
    @Test
    void aClockThatIsWrongPausesAndIsCorrectedByWhatTheAnswerSays() throws Exception {
        Instant theirs = Instant.now().plus(Duration.ofHours(1));
        metrics.server.otherwise(request -> {
            Duration skew = Duration.between(signed(request), theirs).abs();
            return skew.compareTo(Duration.ofMinutes(5)) <= 0
                    ? metrics.answer(request)
                    : CloudWatchStub.error(
                                    403,
                                    "InvalidSignatureException",
                                    "Signature expired: " + signed(request) + " is now earlier than " + theirs)
                            .with("Date", DateTimeFormatter.RFC_1123_DATE_TIME.format(theirs.atOffset(ZoneOffset.UTC)));
        });
        try (Sink sink = Rows.sink(metrics.uri(""))) {
            Outcome.Paused paused = assertInstanceOf(Outcome.Paused.class, sink.open());
            assertTrue(paused.why().matches(".*its clock is 3[0-9]{3} s ahead of this one.*"), paused.why());
            assertEquals(Readiness.ready(), sink.open());
            assertEquals(Outcome.written(), sink.write(rows(10, now)));
        }
        assertEquals(10, metrics.taken.size());
    }

    private static Instant signed(FaultRequest request) {
        return SIGNED.parse(String.valueOf(request.header("X-Amz-Date")), Instant::from);
    }

    @Test
    void aGroupThatIsDeletedWhileRowsComePausesUntilItIsThereAgain() throws Exception {
        try (Sink sink = Rows.sink(logs.uri(""))) {
            assertEquals(Readiness.ready(), sink.provision());
            assertEquals(Outcome.written(), sink.write(rows(10, now)));
            logs.streams.clear();
            logs.retention.clear();
            Outcome.Paused paused = assertInstanceOf(Outcome.Paused.class, sink.write(rows(20, now)));
            assertTrue(paused.why().contains("ResourceNotFoundException"), paused.why());
            assertTrue(paused.mend().contains("provision"), paused.mend());
            assertInstanceOf(Outcome.Paused.class, sink.open());
            assertEquals(Readiness.ready(), sink.provision());
            assertEquals(Readiness.ready(), sink.open());
            assertEquals(Outcome.written(), sink.write(rows(20, now)));
        }
        assertEquals(30, logs.messages.size());
    }

    /** Between two calls of one write: what was taken stays, and only the rest comes again. */
    @Test
    void aStreamThatIsDeletedBetweenTwoCallsLeavesTheRest() throws Exception {
        try (Sink sink = Rows.sink(logs.uri(""))) {
            assertEquals(Readiness.ready(), sink.provision());
            AtomicInteger calls = new AtomicInteger();
            logs.gate = call -> {
                if (calls.incrementAndGet() == 2) {
                    logs.streams.clear();
                }
                return null;
            };
            Batch batch = rows(15_000, now);
            Outcome.Partly partly = assertInstanceOf(Outcome.Partly.class, sink.write(batch));
            assertTrue(partly.why().contains("ResourceNotFoundException"), partly.why());
            Batch rest = batch.select(partly.retry().stream().sorted().toList());
            assertEquals(15_000, logs.messages.size() + rest.size());
            assertInstanceOf(Outcome.Paused.class, sink.write(rest));
            assertEquals(Readiness.ready(), sink.provision());
            assertEquals(Outcome.written(), sink.write(rest));
        }
        assertEquals(15_000, logs.messages.size());
        assertEquals(15_000, logs.messages.stream().distinct().count());
    }

    /** Where this clock and AWS's differ, so that what looks fine here does not there. */
    @Test
    void eventsThatLogsTakesOutOfACallAreTheOnesThatAreRefused() throws Exception {
        try (Sink sink = Rows.sink(logs.uri(""))) {
            assertEquals(Readiness.ready(), sink.provision());
            logs.gate = call -> LogsStub.json("{\"rejectedLogEventsInfo\":{\"tooNewLogEventStartIndex\":8,"
                    + "\"tooOldLogEventEndIndex\":2,\"expiredLogEventEndIndex\":3}}");
            List<MeasurementEnvelope> rows = new ArrayList<>();
            for (int i = 9; i >= 0; i--) {
                rows.add(Rows.row(now + i, Map.of("n", (long) i)));
            }
            Outcome.Partly partly = assertInstanceOf(
                    Outcome.Partly.class, sink.write(Rows.batch(rows.toArray(MeasurementEnvelope[]::new))));
            assertEquals(List.of(), partly.retry());
            Map<Integer, String> refused = new TreeMap<>();
            partly.refused().forEach(each -> refused.put(each.row(), each.why()));
            // the oldest row came last
            assertEquals(List.of(0, 1, 7, 8, 9), List.copyOf(refused.keySet()));
            assertTrue(refused.get(0).contains("too new"), refused.get(0));
            assertTrue(refused.get(7).contains("older than the log group keeps"), refused.get(7));
        }
    }
}
