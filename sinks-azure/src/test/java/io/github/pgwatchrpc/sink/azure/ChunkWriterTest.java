package io.github.pgwatchrpc.sink.azure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.pgwatchrpc.sink.Batch;
import io.github.pgwatchrpc.sink.Outcome;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;

/** Chunks, and what a partial failure of theirs leaves. */
class ChunkWriterTest {

    private static final int CHUNK = 900 << 10;

    private final ChunkWriter writer = new ChunkWriter(Columns.NONE, CHUNK);
    private final List<Integer> taken = new ArrayList<>();
    private final List<Integer> sizes = new ArrayList<>();
    private int requests;

    /** Writes a batch to a service that answers each request by the numbers of its rows; null takes it. */
    private Outcome write(Batch batch, Function<List<Integer>, Outcome> service) throws InterruptedException {
        return writer.write(batch, body -> {
            requests++;
            try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(body))) {
                byte[] json = in.readAllBytes();
                List<Integer> numbers = new ArrayList<>();
                for (JsonNode row : AzureStub.JSON.readTree(json)) {
                    numbers.add(row.at("/Fields/n").intValue());
                }
                Outcome outcome = service.apply(numbers);
                if (outcome == null) {
                    taken.addAll(numbers);
                    sizes.add(json.length);
                    return Outcome.written();
                }
                return outcome;
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    private static List<Integer> range(int from, int to) {
        return IntStream.range(from, to).boxed().toList();
    }

    @Test
    void chunksAreFullAndNeverLonger() throws InterruptedException {
        // as many bytes as a batch has at most
        int rows = 0;
        Batch batch = Sent.numbered(1, 350);
        while (batch.sizeInBytes() < new AzureSinkProvider().limits().bytes()) {
            rows += 500;
            batch = Sent.numbered(rows, 350);
        }
        assertEquals(Outcome.written(), write(batch, numbers -> null));
        assertEquals(range(0, rows), taken);
        sizes.forEach(size -> assertTrue(size <= CHUNK, () -> "chunk of " + size));
        double fill = sizes.stream().mapToInt(size -> size).average().orElse(0) / CHUNK;
        assertTrue(fill >= 0.9, () -> "mean fill: " + fill);
    }

    @Test
    void rowsOfAnySizeComeOnceAndInOrder() throws InterruptedException {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        List<io.github.pgwatchrpc.measurement.MeasurementEnvelope> rows = new ArrayList<>();
        for (int n = 0; n < 400; n++) {
            int length = random.nextInt(10) == 0 ? random.nextInt(65_000) : random.nextInt(3_000);
            rows.add(Sent.row(Map.of("n", n, "pad", "\u00e9".repeat(length / 2))));
        }
        Outcome outcome = write(Batch.of("test", rows), numbers -> null);
        assertEquals(Outcome.written(), outcome, () -> "seed " + seed);
        assertEquals(range(0, 400), taken, () -> "seed " + seed);
        sizes.forEach(size -> assertTrue(size <= CHUNK, () -> "chunk of " + size + ", seed " + seed));
    }

    @Test
    void aRowThatIsLongerThanAChunkGoesAloneAndOneThatIsTooLongIsRefused() throws InterruptedException {
        StringBuilder types = new StringBuilder("c0:string");
        for (int i = 1; i < 20; i++) {
            types.append(",c").append(i).append(":string");
        }
        ChunkWriter wide = new ChunkWriter(Columns.read(types.toString()), 64 << 10);
        Map<String, String> long15 = new HashMap<>();
        Map<String, String> long18 = new HashMap<>();
        for (int i = 0; i < 18; i++) {
            long18.put("c" + i, "x".repeat(65_000));
            if (i < 15) {
                long15.put("c" + i, "x".repeat(65_000));
            }
        }
        Batch batch = Sent.batch(
                Sent.row(Map.of("c0", "a")), Sent.row(long15), Sent.row(long18), Sent.row(Map.of("c0", "b")));
        int[] count = {0};
        Outcome.Partly partly = assertInstanceOf(Outcome.Partly.class, wide.write(batch, body -> {
            count[0]++;
            return Outcome.written();
        }));
        assertEquals(3, count[0]);
        assertEquals(List.of(), partly.retry());
        assertEquals(2, partly.refused().get(0).row());
        assertTrue(partly.refused().get(0).why().contains("(expected: <= 1023998)"), partly.toString());
    }

    @Test
    void aValueThatTheServiceWouldCutIsRefused() throws InterruptedException {
        Batch batch = Sent.batch(
                Sent.row(Map.of("n", 0)), Sent.row(Map.of("n", 1, "v", "x".repeat(70_000))), Sent.row(Map.of("n", 2)));
        Outcome.Partly partly = assertInstanceOf(Outcome.Partly.class, write(batch, numbers -> null));
        assertEquals(1, partly.refused().get(0).row());
        assertTrue(
                partly.refused().get(0).why().matches("column Fields: 70\\d\\d\\d bytes \\(expected: <= 65536, .*"),
                partly.toString());
        assertEquals(List.of(0, 2), taken);
    }

    @Test
    void tooLargeAndBadRowsAreHalvedDownTo() throws InterruptedException {
        Outcome outcome = write(
                Sent.numbered(100, 10), numbers -> numbers.contains(37) ? new Outcome.Refused("413 too large") : null);
        Outcome.Partly partly = assertInstanceOf(Outcome.Partly.class, outcome);
        assertEquals(List.of(new Outcome.RefusedRow(37, "413 too large")), partly.refused());
        assertEquals(List.of(), partly.retry());
        assertEquals(99, taken.size());
        assertTrue(requests < 20, "requests: " + requests);
    }

    @Test
    void whatIsWrittenStaysAndTheRestComesAgain() throws InterruptedException {
        Duration after = Duration.ofSeconds(9);
        Outcome outcome =
                write(Sent.numbered(100, 60_000), numbers -> requests == 3 ? new Outcome.Retry(after, "busy") : null);
        Outcome.Partly partly = assertInstanceOf(Outcome.Partly.class, outcome);
        assertEquals(3, requests, "nothing is sent after that");
        assertEquals(range(0, taken.size()), taken);
        assertEquals(range(taken.size(), 100), partly.retry());
        assertEquals(after, partly.after());
        assertEquals(List.of(), partly.refused());
    }

    @Test
    void aPauseInTheMiddleKeepsWhatIsWritten() throws InterruptedException {
        Outcome.Paused paused = new Outcome.Paused("403 expired", "grant it");
        Batch batch = Sent.numbered(100, 60_000);
        Outcome.Partly partly =
                assertInstanceOf(Outcome.Partly.class, write(batch, numbers -> requests == 2 ? paused : null));
        assertEquals(range(taken.size(), 100), partly.retry());
        assertEquals(paused, write(batch.select(partly.retry()), numbers -> paused));
    }

    @Test
    void aFailureWhileHalvingKeepsEveryAccount() throws InterruptedException {
        Outcome outcome = write(Sent.numbered(64, 10), numbers -> {
            if (numbers.contains(5)) {
                return new Outcome.Refused("bad");
            }
            return numbers.contains(40) ? Outcome.retry("away") : null;
        });
        Outcome.Partly partly = assertInstanceOf(Outcome.Partly.class, outcome);
        assertEquals(5, partly.refused().get(0).row());
        List<Integer> all = new ArrayList<>(taken);
        all.addAll(partly.retry());
        all.add(5);
        all.sort(null);
        assertEquals(range(0, 64), all);
        assertEquals(range(32, 64), partly.retry());
    }

    @Test
    void nothingWrittenIsTheServicesOwnAnswer() throws InterruptedException {
        Outcome.Retry busy = new Outcome.Retry(Duration.ofSeconds(7), "busy");
        assertEquals(busy, write(Sent.numbered(10, 10), numbers -> busy));
    }
}
