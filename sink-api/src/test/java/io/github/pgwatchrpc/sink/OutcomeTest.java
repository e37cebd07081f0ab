package io.github.pgwatchrpc.sink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

@NullMarked
class OutcomeTest {

    @Test
    void answersRowByRowAddUp() {
        Outcome.RefusedRow bad = new Outcome.RefusedRow(2, "mapping conflict");
        assertEquals(Outcome.written(), Outcome.of(List.of(), List.of(), Duration.ZERO, ""));
        assertEquals(
                new Outcome.Partly(List.of(bad), List.of(0, 1), Duration.ofSeconds(3), "429"),
                Outcome.of(List.of(bad), List.of(0, 1), Duration.ofSeconds(3), "429"));
        assertInstanceOf(Outcome.Partly.class, Outcome.of(List.of(bad), List.of(), Duration.ZERO, ""));
        assertInstanceOf(Outcome.Partly.class, Outcome.of(List.of(), List.of(0), Duration.ZERO, "429"));
    }

    @Test
    void noRowHasTwoFates() {
        Outcome.RefusedRow bad = new Outcome.RefusedRow(2, "no");
        assertEquals(
                "row 2: named twice (expected: once)",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> new Outcome.Partly(List.of(bad), List.of(1, 2), Duration.ZERO, ""))
                        .getMessage());
        assertEquals(
                "row: -1 (expected: >= 0)",
                assertThrows(
                                IllegalArgumentException.class,
                                () -> new Outcome.Partly(List.of(bad), List.of(-1), Duration.ZERO, ""))
                        .getMessage());
    }

    @Test
    void nobodyWaitsANegativeTime() {
        assertEquals(
                "after: PT-1S (expected: >= 0)",
                assertThrows(IllegalArgumentException.class, () -> new Outcome.Retry(Duration.ofSeconds(-1), "why"))
                        .getMessage());
        assertThrows(
                IllegalArgumentException.class,
                () -> new Outcome.Partly(List.of(), List.of(1), Duration.ofSeconds(-1), ""));
    }

    @Test
    void limitsHaveNoZero() {
        assertEquals(
                "bytes: 0 (expected: >= 1)",
                assertThrows(IllegalArgumentException.class, () -> new Limits(1, 0, 1))
                        .getMessage());
        assertThrows(IllegalArgumentException.class, () -> new Limits(0, 1, 1));
        assertThrows(IllegalArgumentException.class, () -> new Limits(1, 1, 0));
    }

    @Test
    void whatASinkCannotDoSaysSo() throws Exception {
        Sink sink = batch -> Outcome.written();
        assertEquals(Readiness.ready(), sink.open());
        sink.close();
        SyncEvent event = new SyncEvent("d", "", SyncEvent.Kind.REMOVED);
        assertEquals(missing("provision"), message(sink::provision));
        assertEquals(missing("definitions"), message(() -> sink.define(Map.of())));
        assertEquals(missing("sync"), message(() -> sink.sync(event)));
    }

    private static String missing(String capability) {
        return "capability " + capability
                + ": missing (expected: a sink that overrides the method, of a provider that lists the capability)";
    }

    private static String message(org.junit.jupiter.api.function.Executable call) {
        return String.valueOf(
                assertThrows(UnsupportedOperationException.class, call).getMessage());
    }
}
