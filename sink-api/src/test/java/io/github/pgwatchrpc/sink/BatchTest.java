package io.github.pgwatchrpc.sink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.measurement.EnvelopeBuilder;
import io.github.pgwatchrpc.measurement.Measurement;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

@NullMarked
class BatchTest {

    /** Envelopes of 3, 0, 1 and 4 rows; the rows are numbered through. */
    private final Batch batch =
            Batch.of("log", List.of(envelope(0, 3), envelope(3, 0), envelope(3, 1), envelope(4, 4)));

    private static MeasurementEnvelope envelope(int firstValue, int rows) {
        EnvelopeBuilder builder = new EnvelopeBuilder().database("d").metric("m");
        for (int i = 0; i < rows; i++) {
            builder.row(Map.of("v", (long) firstValue + i));
        }
        return builder.build();
    }

    private static List<Long> values(Batch batch) {
        List<Long> values = new ArrayList<>();
        for (Measurement row : batch.rows()) {
            values.add(row.longValue(0));
        }
        return values;
    }

    private static List<String> ids(Batch batch) {
        List<String> ids = new ArrayList<>();
        for (int row = 0; row < batch.size(); row++) {
            ids.add(batch.id(row));
        }
        return ids;
    }

    @Test
    void rowsAreNumberedThroughAllEnvelopes() {
        assertEquals(8, batch.size());
        assertEquals(3, batch.slices().size());
        assertEquals(List.of(0L, 1L, 2L, 3L, 4L, 5L, 6L, 7L), values(batch));
        assertEquals(
                List.of("log-0-0", "log-0-1", "log-0-2", "log-2-0", "log-3-0", "log-3-1", "log-3-2", "log-3-3"),
                ids(batch));
        assertThrows(IndexOutOfBoundsException.class, () -> batch.row(8));
        assertThrows(IndexOutOfBoundsException.class, () -> batch.id(-1));
        assertEquals("Batch[8 rows of 3 envelopes]", batch.toString());
    }

    @Test
    void partsKeepRowsAndIds() {
        Batch half = batch.part(2, 6);
        assertEquals(List.of(2L, 3L, 4L, 5L), values(half));
        assertEquals(List.of("log-0-2", "log-2-0", "log-3-0", "log-3-1"), ids(half));
        Batch again = half.part(2, 4);
        assertEquals(List.of("log-3-0", "log-3-1"), ids(again));
        assertEquals(1, again.slices().size());
        assertThrows(IllegalArgumentException.class, () -> batch.part(3, 3));
        assertThrows(IndexOutOfBoundsException.class, () -> batch.part(0, 9));
    }

    @Test
    void selectedRowsKeepTheirIds() {
        Batch some = batch.select(List.of(0, 2, 3, 6, 7));
        assertEquals(List.of(0L, 2L, 3L, 6L, 7L), values(some));
        assertEquals(List.of("log-0-0", "log-0-2", "log-2-0", "log-3-2", "log-3-3"), ids(some));
        assertThrows(IllegalArgumentException.class, () -> batch.select(List.of()));
        assertThrows(IndexOutOfBoundsException.class, () -> batch.select(List.of(8)));
        assertEquals(
                "row after 3: 1 (expected: >= 4)",
                assertThrows(IllegalArgumentException.class, () -> batch.select(List.of(3, 1)))
                        .getMessage());
        assertThrows(IllegalArgumentException.class, () -> batch.select(List.of(3, 3)));
    }

    @Test
    void anySelectionIsRight() {
        for (long seed = 0; seed < 200; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            List<Integer> rows = new ArrayList<>();
            List<Long> expected = new ArrayList<>();
            for (int row = 0; row < batch.size(); row++) {
                if (random.nextBoolean()) {
                    rows.add(row);
                    expected.add((long) row);
                }
            }
            if (!rows.isEmpty()) {
                assertEquals(expected, values(batch.select(rows)), "seed " + seed);
            }
        }
    }

    @Test
    void sizeIsShared() {
        long whole = batch.sizeInBytes();
        long halves = batch.part(0, 4).sizeInBytes() + batch.part(4, 8).sizeInBytes();
        assertTrue(whole > 0 && Math.abs(whole - halves) < 10, whole + " and " + halves);
    }

    @Test
    void nothingIsNoBatch() {
        assertEquals(
                "rows: 0 (expected: >= 1)",
                assertThrows(IllegalArgumentException.class, () -> new Batch("log", List.of()))
                        .getMessage());
        MeasurementEnvelope one = envelope(0, 1);
        assertThrows(IllegalArgumentException.class, () -> new Batch.Slice(one, 0, 1, 1));
        assertThrows(IndexOutOfBoundsException.class, () -> new Batch.Slice(one, 0, 0, 2));
    }
}
