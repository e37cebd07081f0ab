package io.github.pgwatchrpc.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;

class PeerTextTest {

    @Test
    void plainTextStaysAsItIs() {
        String text = "Receiver.UpdateMeasurements: pg_stat_statements ~ 100 %";
        assertSame(text, PeerText.printable(text));
        assertEquals("Zürich 東京 😀", PeerText.printable("Zürich 東京 😀"));
        assertEquals("", PeerText.printable(""));
        assertEquals("null", PeerText.printable(null));
    }

    @Test
    void nothingOfItBeginsALineOrMovesACursor() {
        assertEquals("a?b?c?[31mERROR", PeerText.printable("a\nb\rc\u001b[31mERROR"));
        assertEquals("?????", PeerText.printable("\0\t\u007f\u0085\u009b"));
        assertEquals("ends of lines and paragraphs??", PeerText.printable("ends of lines and paragraphs\u2028\u2029"));
        assertEquals("order of letters?", PeerText.printable("order of letters\u202e"));
        assertEquals("halves ? ?", PeerText.printable("halves \ud83d \ude00"));
    }

    @Test
    void itIsCutBetweenCharacters() {
        assertEquals("a".repeat(300), PeerText.printable("a".repeat(300)));
        assertEquals("a".repeat(300) + "…", PeerText.printable("a".repeat(301)));
        assertEquals("ab…", PeerText.printable("ab😀", 3));
        assertEquals("ab😀", PeerText.printable("ab😀", 4));
        assertEquals("?…", PeerText.printable("\n\n\n", 1));
        assertThrows(IllegalArgumentException.class, () -> PeerText.printable("a", 0));
    }

    @Test
    void whateverComesGivesOneLine() {
        long seed = System.nanoTime();
        RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
        for (int i = 0; i < 2_000; i++) {
            StringBuilder text = new StringBuilder();
            for (int length = random.nextInt(600); length > 0; length--) {
                text.append((char) random.nextInt(random.nextBoolean() ? 0x100 : 0x10000));
            }
            String line = PeerText.printable(text.toString());
            assertTrue(line.length() <= PeerText.MOST + 1, "seed " + seed);
            assertTrue(line.codePoints().allMatch(PeerText::isPrintable), "seed " + seed);
        }
    }
}
