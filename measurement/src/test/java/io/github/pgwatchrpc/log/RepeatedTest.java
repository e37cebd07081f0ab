package io.github.pgwatchrpc.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.junit.jupiter.api.Test;

class RepeatedTest {

    private final Queue<Runnable> later = new ArrayDeque<>();
    private final Repeated repeated = new Repeated(later::add);
    private final List<String> lines = new ArrayList<>();

    private void tell(String kind, String who, String text) {
        repeated.tell(kind, who, more -> lines.add(text + more));
    }

    private void tenSeconds() {
        List<Runnable> due = new ArrayList<>(later);
        later.clear();
        due.forEach(Runnable::run);
    }

    @Test
    void theFirstIsToldAtOnceAndTheOthersAreCounted() {
        for (int i = 0; i < 15_652; i++) {
            tell("full", "", "call " + i);
        }
        assertEquals(List.of("call 0"), lines);
        tenSeconds();
        assertEquals(List.of("call 0", "call 15651 (15651 more within 10 s)"), lines);
    }

    @Test
    void itIsCountedAsLongAsItLasts() {
        for (int i = 0; i < 3; i++) {
            tell("full", "", "call " + i);
            tell("full", "", "call " + i + "b");
            tenSeconds();
        }
        assertEquals(
                List.of(
                        "call 0",
                        "call 0b (1 more within 10 s)",
                        "call 1b (2 more within 10 s)",
                        "call 2b (2 more within 10 s)"),
                lines);
    }

    @Test
    void whatComesAgainLaterIsAFirstAgain() {
        tell("full", "", "once");
        tenSeconds();
        tenSeconds();
        assertTrue(later.isEmpty(), "nothing waits when nothing happens");
        tell("full", "", "again");
        assertEquals(List.of("once", "again"), lines);
    }

    @Test
    void kindsAndPeersDoNotHideEachOther() {
        tell("cut", "10.0.0.1", "a");
        tell("cut", "10.0.0.2", "b");
        tell("tls", "10.0.0.1", "c");
        assertEquals(List.of("a", "b", "c"), lines);
    }

    @Test
    void howeverManyPeersThereAreTheLinesAreBounded() {
        for (int i = 0; i < 100_000; i++) {
            tell("cut", "peer " + i, "x");
        }
        assertEquals(Repeated.KEYS + 1, lines.size());
        tenSeconds();
        assertEquals(Repeated.KEYS + 2, lines.size());
        assertEquals("x (" + (100_000 - Repeated.KEYS - 1) + " more within 10 s)", lines.get(Repeated.KEYS + 1));
    }

    @Test
    void aStopTellsTheRest() {
        tell("cut", "", "first");
        tell("cut", "", "second");
        repeated.flush();
        assertEquals(List.of("first", "second (1 more within 10 s)"), lines);
    }
}
