package io.github.pgwatchrpc.delivery.deadletter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.delivery.Samples;
import io.github.pgwatchrpc.delivery.disk.FaultyDisk;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@NullMarked
class DeadLettersTest {

    private static final long SEED = 20261122;

    @TempDir
    private Path temp = Path.of("");

    private final FaultyDisk disk = new FaultyDisk();

    private DeadLetters open(long settledBefore) throws IOException {
        return new DeadLetters(disk, temp, "sink", 1 << 30, settledBefore, Clock.systemUTC(), new Random(SEED));
    }

    private static Refusal refusal(long n, String text) {
        MeasurementEnvelope envelope = Samples.envelope("db", "m", n, 1, text);
        return new Refusal(1, n, 0, 2, "no", envelope, 0);
    }

    private static List<Long> ids(DeadLetters letters) throws IOException {
        return letters.list(letter -> true, Integer.MAX_VALUE).stream()
                .map(DeadLetter::id)
                .toList();
    }

    /** Whatever is done in whatever order, over restarts and failing disks: the letters are those that a map would hold. */
    @Test
    void theyAreWhatAMapWouldHold() throws IOException {
        for (int run = 0; run < 20; run++) {
            SplittableRandom random = new SplittableRandom(SEED + run);
            String message = "seed " + (SEED + run);
            TreeMap<Long, Boolean> queuedById = new TreeMap<>();
            long[] counts = new long[3]; // total, delivered, dropped
            for (Path each : disk.list(temp)) {
                Files.delete(each);
            }
            DeadLetters letters = open(0);
            for (int i = 0; i < 150; i++) {
                boolean fails = random.nextInt(8) == 0;
                disk.room = fails ? random.nextInt(30) : Long.MAX_VALUE;
                long chosen = counts[0] == 0 ? 0 : random.nextLong(counts[0]);
                try {
                    switch (random.nextInt(6)) {
                        case 0, 1 -> {
                            int count = 1 + random.nextInt(3);
                            List<Refusal> refusals = new ArrayList<>();
                            for (int n = 0; n < count; n++) {
                                refusals.add(refusal(counts[0] + n, "x".repeat(random.nextInt(200_000))));
                            }
                            letters.add(refusals);
                            for (int n = 0; n < count; n++) {
                                queuedById.put(counts[0]++, false);
                            }
                        }
                        case 2 -> {
                            letters.replay(letter -> letter.id() >= chosen);
                            queuedById.tailMap(chosen).replaceAll((id, queued) -> true);
                        }
                        case 3 -> {
                            letters.drop(letter -> letter.id() <= chosen);
                            List<Long> gone = queuedById.headMap(chosen, true).entrySet().stream()
                                    .filter(each -> !each.getValue())
                                    .map(java.util.Map.Entry::getKey)
                                    .toList();
                            counts[2] += gone.size();
                            queuedById.keySet().removeAll(gone);
                        }
                        case 4 -> {
                            List<Long> queued = letters.queued(5).stream()
                                    .map(DeadLetter::id)
                                    .toList();
                            letters.delivered(queued);
                            counts[1] += queued.size();
                            queuedById.keySet().removeAll(queued);
                        }
                        default -> {
                            disk.room = Long.MAX_VALUE;
                            letters.close();
                            letters = open(0);
                        }
                    }
                } catch (IOException e) {
                    assertTrue(fails, message + ": " + e);
                }
                assertEquals(List.copyOf(queuedById.keySet()), ids(letters), message);
                DeadLetterCounts found = letters.counts();
                assertEquals(counts[0], found.total(), message);
                assertEquals(counts[1], found.delivered(), message);
                assertEquals(counts[2], found.dropped(), message);
                assertEquals(0, found.lost(), message);
                assertEquals(
                        queuedById.values().stream().filter(queued -> queued).count(), found.queued(), message);
            }
            letters.close();
            disk.room = Long.MAX_VALUE;
        }
    }

    @Test
    void damageLosesOnlyWhatIsDamagedAndIsCounted() throws IOException {
        try (DeadLetters letters = open(0)) {
            for (int n = 0; n < 10; n++) {
                letters.add(List.of(refusal(n, "")));
            }
        }
        Path file = disk.list(temp).get(0);
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2]++;
        Files.write(file, bytes);
        try (DeadLetters letters = open(0)) {
            assertEquals(9, ids(letters).size());
            assertEquals(1, letters.counts().lost());
            assertEquals(9, letters.counts().dead());
        }
    }

    @Test
    void rowsBehindTheCursorAreRememberedAfterARestart() throws IOException {
        try (DeadLetters letters = open(0)) {
            letters.add(List.of(refusal(4, ""), refusal(5, "")));
            assertFalse(letters.isDead(1, 5, 0));
        }
        try (DeadLetters letters = open(5)) {
            assertTrue(letters.isDead(1, 5, 0));
            assertFalse(letters.isDead(1, 4, 0));
            assertFalse(letters.isDead(1, 5, 1));
            assertFalse(letters.isDead(2, 5, 0));
        }
    }

    @Test
    void theirRoomIsBounded() throws IOException {
        try (DeadLetters letters = new DeadLetters(disk, temp, "sink", 100, 0, Clock.systemUTC(), new Random(SEED))) {
            letters.add(List.of(refusal(0, "")));
            IOException e = assertThrows(IOException.class, () -> letters.add(List.of(refusal(1, ""))));
            assertTrue(
                    e.getMessage()
                            .matches(
                                    "dead letters of sink: [0-9]+ bytes before 1 more \\(expected: <= 100\\); replay or drop some"));
        }
    }
}
