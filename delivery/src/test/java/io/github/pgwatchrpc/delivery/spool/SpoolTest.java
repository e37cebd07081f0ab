package io.github.pgwatchrpc.delivery.spool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.delivery.Samples;
import io.github.pgwatchrpc.delivery.disk.Disk;
import io.github.pgwatchrpc.delivery.disk.FaultyDisk;
import io.github.pgwatchrpc.delivery.record.FileHeader;
import io.github.pgwatchrpc.delivery.record.RecordReader;
import io.github.pgwatchrpc.measurement.EnvelopeBuilder;
import io.github.pgwatchrpc.sink.SyncEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@NullMarked
class SpoolTest {

    private static final long SEED = 20261122;

    @TempDir
    private Path temp = Path.of("");

    private final FaultyDisk disk = new FaultyDisk();
    private long now;

    private SpoolSettings settings(Path directory, Durability durability, long maxBytes, long recentBytes) {
        return new SpoolSettings(
                directory, durability, maxBytes, 1_000, 4 << 10, recentBytes, 1 << 20, Duration.ofSeconds(5));
    }

    private Spool open(Path directory, Durability durability, long recentBytes) throws IOException {
        return Spool.open(settings(directory, durability, 1 << 30, recentBytes), disk, () -> now, new Random(SEED));
    }

    private Spool open() throws IOException {
        return open(temp, Durability.FSYNC, 0);
    }

    private static void append(Spool spool, long from, int count) throws IOException {
        for (long n = from; n < from + count; n++) {
            spool.append(List.of(new SpoolRecord.Rows(Samples.envelope(n, 1))));
        }
    }

    /** Numbers of all rows from a cursor on; what is lost is added to the list. */
    private static List<Long> read(Spool spool, Cursor from, List<SpoolRecord.Lost> lost) throws IOException {
        List<Long> numbers = new ArrayList<>();
        try (SpoolReader reader = spool.reader(from)) {
            long next = from.number();
            for (SpoolRecord record = reader.next(); record != null; record = reader.next()) {
                assertEquals(next, record.number());
                next = record.nextNumber();
                if (record.content() instanceof SpoolRecord.Rows rows) {
                    rows.envelope().rows().forEach(row -> numbers.add(Samples.number(row)));
                } else if (record.content() instanceof SpoolRecord.Lost each) {
                    lost.add(each);
                }
            }
            assertEquals(spool.headNumber(), next);
        }
        return numbers;
    }

    private static List<Long> read(Spool spool, Cursor from) throws IOException {
        List<SpoolRecord.Lost> lost = new ArrayList<>();
        List<Long> numbers = read(spool, from, lost);
        assertEquals(List.of(), lost);
        return numbers;
    }

    private static List<Long> range(long from, long to) {
        return LongStream.range(from, to).boxed().toList();
    }

    private static List<Path> segments(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> Segment.index(file) >= 0).sorted().toList();
        }
    }

    @Test
    void whatIsAppendedIsReadFromMemoryAndFromDiskAndAfterARestart() throws IOException {
        for (Durability durability : Durability.values()) {
            for (long recent : new long[] {0, 5_000, 1 << 20}) {
                Path directory = temp.resolve(durability + "-" + recent);
                String first;
                try (Spool spool = open(directory, durability, recent)) {
                    first = spool.origin(1);
                    append(spool, 0, 300);
                    spool.append(List.of(new SpoolRecord.Rows(Samples.envelope(300, 50))));
                    assertEquals(range(0, 350), read(spool, Cursor.at(0, 0)));
                    assertEquals(range(299, 350), read(spool, Cursor.at(299, 299)));
                    assertEquals(350, spool.headRows());
                }
                try (Spool spool = open(directory, durability, recent)) {
                    assertEquals(range(0, 350), read(spool, Cursor.at(0, 0)));
                    append(spool, 350, 10);
                    assertEquals(range(100, 360), read(spool, Cursor.at(100, 100)));
                    assertEquals(first, spool.origin(1));
                    assertEquals(311, spool.headNumber());
                }
            }
        }
    }

    @Test
    void aReaderThatFallsBehindMemoryGoesOnFromDisk() throws IOException {
        try (Spool spool = open(temp, Durability.FLUSH, 3_000);
                SpoolReader reader = spool.reader(Cursor.at(0, 0))) {
            SplittableRandom random = new SplittableRandom(SEED);
            long written = 0;
            for (long read = 0; read < 2_000; ) {
                int more = random.nextInt(40);
                append(spool, written, more);
                written += more;
                for (int i = random.nextInt(40); i > 0 && read < written; i--) {
                    SpoolRecord record = whole(reader.next());
                    assertEquals(read, record.number(), "seed " + SEED);
                    assertEquals(read, record.rowsBefore(), "seed " + SEED);
                    read++;
                }
            }
        }
    }

    @Test
    void aReaderThatHasCaughtUpReadsFromMemoryAgain() throws IOException {
        try (Spool spool = open(temp, Durability.FLUSH, 3_000);
                SpoolReader reader = spool.reader(Cursor.at(0, 0))) {
            append(spool, 0, 100);
            for (long read = 0; read < 100; read++) {
                assertEquals(read, whole(reader.next()).number());
            }
            assertNull(reader.next());
            append(spool, 100, 1);
            assertEquals(1, spool.recent().size());
            assertEquals(100, whole(reader.next()).number());
            assertEquals(0, spool.recent().size());
        }
    }

    private static SpoolRecord whole(@Nullable SpoolRecord record) {
        assertNotNull(record);
        return record;
    }

    @Test
    void eventsKeepTheirPlace() throws IOException {
        SyncEvent event = new SyncEvent("db", "", SyncEvent.Kind.REMOVED);
        try (Spool spool = open()) {
            append(spool, 0, 1);
            spool.append(List.of(new SpoolRecord.Event(event)));
            append(spool, 1, 1);
            SpoolReader reader = spool.reader(Cursor.at(0, 0));
            reader.next();
            assertEquals(new SpoolRecord(1, 1, 1, new SpoolRecord.Event(event)), reader.next());
            assertEquals(1, whole(reader.next()).rowsBefore());
            assertNull(reader.next());
            reader.close();
        }
    }

    @Test
    void cursorsStayAndSpaceIsGivenBackWhenAllHavePassed() throws IOException {
        try (Spool spool = open()) {
            spool.move("a", Cursor.at(0, 0));
            spool.move("b", Cursor.at(0, 0));
            append(spool, 0, 500);
            int before = segments(temp).size();
            assertTrue(before > 5);
            spool.move("a", new Cursor(500, 500, 0, 0, 1, 2));
            spool.checkpoint();
            assertEquals(before, segments(temp).size());
            spool.move("b", new Cursor(250, 250, 0, 0, 0, 0));
            spool.checkpoint();
            assertTrue(segments(temp).size() < before);
            assertEquals(range(250, 500), read(spool, Cursor.at(250, 250)));
        }
        try (Spool spool = open()) {
            assertEquals(new Cursor(500, 500, 0, 0, 1, 2), spool.cursors().get("a"));
            assertEquals(new Cursor(250, 250, 0, 0, 0, 0), spool.cursors().get("b"));
            spool.remove("b");
            spool.checkpoint();
            assertEquals(List.of(), segments(temp));
            append(spool, 500, 1);
            assertEquals(range(500, 501), read(spool, Cursor.at(500, 500)));
        }
    }

    @Test
    void numbersAndRunsAreNeverUsedTwice() throws IOException {
        try (Spool spool = open()) {
            append(spool, 0, 10);
            spool.move("a", new Cursor(10, 10, 0, 0, 0, 0));
        }
        for (Path each : segments(temp)) {
            // what a power cut may do when nothing was synced
            Files.delete(each);
        }
        try (Spool spool = open()) {
            assertEquals(10, spool.headNumber());
            assertNotEquals(spool.origin(1), spool.origin(2));
            append(spool, 10, 1);
            SpoolReader reader = spool.reader(Cursor.at(10, 10));
            assertEquals(2, whole(reader.next()).run());
            List<SpoolRecord.Lost> lost = new ArrayList<>();
            assertEquals(List.of(10L), read(spool, Cursor.at(4, 4), lost));
            assertEquals(List.of(new SpoolRecord.Lost(6, 6)), lost);
        }
    }

    // ---- bounds ----

    @Test
    void aFullSpoolSaysSoAndTakesMoreWhenItHasRoom() throws IOException {
        try (Spool spool = Spool.open(settings(temp, Durability.FSYNC, 64 << 10, 0), disk, () -> now, new Random(1))) {
            spool.move("a", Cursor.at(0, 0));
            SpoolFullException full = assertThrows(SpoolFullException.class, () -> append(spool, 0, 1_000));
            assertTrue(
                    full.getMessage()
                            .matches(
                                    "spool is full: bytes of the log: 6[0-9]+ \\(expected: <= 65536\\); it shrinks when the sinks catch up"),
                    full.getMessage());
            assertEquals(full.getMessage(), spool.status(0).problem());
            assertTrue(spool.status(0).bytes() <= 64 << 10);
            long end = spool.headNumber();
            assertEquals(range(0, end), read(spool, Cursor.at(0, 0)));
            spool.move("a", new Cursor(end, end, 0, 0, 0, 0));
            append(spool, end, 100);
            assertNull(spool.status(0).problem());
            assertEquals(range(end, end + 100), read(spool, Cursor.at(end, end)));
        }
    }

    @Test
    void theDiskKeepsItsReserve() throws IOException {
        try (Spool spool = open()) {
            disk.free = 1_000_000;
            append(spool, 0, 1);
            disk.free = 1_050;
            now += 2_000_000_000L;
            SpoolFullException full = assertThrows(SpoolFullException.class, () -> append(spool, 1, 1));
            assertTrue(full.getMessage().startsWith("disk is full: bytes free after these rows: 9"), full.getMessage());
            assertTrue(full.getMessage().endsWith("(expected: >= 1000)"), full.getMessage());
            disk.free = 1_000_000;
            append(spool, 1, 1);
            assertEquals(range(0, 2), read(spool, Cursor.at(0, 0)));
        }
    }

    /** Nobody has to lose a call to learn it. */
    @Test
    void aDiskThatIsFullAtTheStartIsSeenAtOnce() throws IOException {
        disk.free = 999;
        try (Spool spool = open()) {
            assertEquals(999, spool.status(0).freeBytes());
            assertEquals(
                    "disk is full: bytes free: 999 (expected: >= 1000)",
                    spool.status(0).problem());
            disk.free = Long.MAX_VALUE;
            spool.checkpoint();
            assertNull(spool.status(0).problem());
        }
    }

    // ---- disks that fail ----

    @Test
    void aFullDiskFailsTheTurnAndNothingOfItStays() throws IOException {
        SplittableRandom random = new SplittableRandom(SEED);
        try (Spool spool = open()) {
            long next = 0;
            for (int i = 0; i < 50; i++) {
                append(spool, next, 3);
                next += 3;
                disk.room = random.nextInt(100);
                IOException e = assertThrows(
                        IOException.class, () -> spool.append(List.of(new SpoolRecord.Rows(Samples.envelope(-1, 9)))));
                assertEquals("spool could not be written: No space left on device", e.getMessage());
                disk.room = Long.MAX_VALUE;
            }
            append(spool, next, 1);
            assertEquals(range(0, next + 1), read(spool, Cursor.at(0, 0)));
        }
        try (Spool spool = open()) {
            assertEquals(range(0, 151), read(spool, Cursor.at(0, 0)));
        }
    }

    @Test
    void shortWritesAreContinued() throws IOException {
        disk.mostAtOnce = 7;
        try (Spool spool = open()) {
            append(spool, 0, 20);
            assertEquals(range(0, 20), read(spool, Cursor.at(0, 0)));
        }
    }

    @Test
    void aFileThatCouldNotBeSyncedIsNeverTrustedAgain() throws IOException {
        try (Spool spool = open()) {
            append(spool, 0, 5);
            Path distrusted = segments(temp).get(0);
            disk.failSync = "segment";
            IOException e = assertThrows(IOException.class, () -> append(spool, -1, 1));
            assertEquals("spool could not be written: Input/output error", e.getMessage());
            disk.failSync = "";
            long size = Files.size(distrusted);
            append(spool, 5, 5);
            assertEquals(size, Files.size(distrusted));
            assertEquals(2, segments(temp).size());
            assertEquals(range(0, 10), read(spool, Cursor.at(0, 0)));
        }
    }

    @Test
    void withFlushAFailureToSyncLaterBeginsANewFileToo() throws IOException {
        try (Spool spool = open(temp, Durability.FLUSH, 0)) {
            append(spool, 0, 5);
            disk.failSync = "segment";
            assertThrows(IOException.class, spool::checkpoint);
            disk.failSync = "";
            append(spool, 5, 5);
            assertEquals(2, segments(temp).size());
            spool.checkpoint();
            assertEquals(range(0, 10), read(spool, Cursor.at(0, 0)));
        }
    }

    @Test
    void whatTheDeviceCannotReadIsLostAndNothingElse() throws IOException {
        try (Spool spool = open()) {
            for (int i = 0; i < 3; i++) {
                spool.append(List.of(new SpoolRecord.Rows(Samples.envelope("db", "m", i, 1, "x".repeat(30_000)))));
            }
            disk.failReadOf = segments(temp).get(1).getFileName().toString();
            disk.failReadFrom = 10_000;
            disk.failReadTo = 10_001;
            List<SpoolRecord.Lost> lost = new ArrayList<>();
            assertEquals(List.of(0L, 2L), read(spool, Cursor.at(0, 0), lost));
            assertEquals(List.of(new SpoolRecord.Lost(1, 1)), lost);
        }
    }

    // ---- one owner ----

    @Test
    void oneOwnerAtATime() throws IOException {
        try (Spool spool = open()) {
            SpoolInUseException e = assertThrows(SpoolInUseException.class, this::open);
            assertEquals("spool " + temp + ": in use by this process", e.getMessage());
            append(spool, 0, 1);
        }
        open().close();
    }

    // ---- damage ----

    private record Place(Path file, long from, long to, long number) {}

    private List<Place> places(Path directory) throws IOException {
        List<Place> places = new ArrayList<>();
        for (Path path : segments(directory)) {
            try (var file = Disk.real().open(path)) {
                FileHeader header = assertHeader(FileHeader.read(file));
                RecordReader records = new RecordReader(file, header.salt(), FileHeader.BYTES, (from, to, torn) -> {
                    throw new AssertionError(path + " is damaged");
                });
                while (records.next(file.size())) {
                    places.add(new Place(path.getFileName(), records.at(), records.nextAt(), records.number()));
                }
            }
        }
        return places;
    }

    private static FileHeader assertHeader(@Nullable FileHeader header) {
        assertNotNull(header);
        return header;
    }

    @Test
    void damageLosesOnlyWhatIsDamaged() throws IOException {
        Path original = temp.resolve("original");
        int count = 120;
        try (Spool spool = open(original, Durability.FSYNC, 0)) {
            spool.move("a", Cursor.at(0, 0));
            append(spool, 0, count);
        }
        List<Place> places = places(original);
        List<Path> files = segments(original);
        for (int i = 0; i < 400; i++) {
            long seed = SEED + i;
            SplittableRandom random = new SplittableRandom(seed);
            Path copy = temp.resolve("copy-" + i);
            Files.createDirectories(copy);
            for (Path each : Disk.real().list(original)) {
                Files.copy(each, copy.resolve(each.getFileName()));
            }
            Path broken = copy.resolve(files.get(random.nextInt(files.size())).getFileName());
            byte[] bytes = Files.readAllBytes(broken);
            int from = random.nextInt(bytes.length);
            int to = Math.min(bytes.length, from + 1 + random.nextInt(random.nextBoolean() ? 3 : 600));
            String how;
            switch (random.nextInt(3)) {
                case 0 -> {
                    how = "flipped";
                    for (int at = from; at < to; at++) {
                        bytes[at] ^= (byte) (1 + random.nextInt(255));
                    }
                }
                case 1 -> {
                    how = "zeroed";
                    Arrays.fill(bytes, from, to, (byte) 0);
                    to = from; // what was zero before is as it was: looked at below
                }
                default -> {
                    how = "cut";
                    bytes = Arrays.copyOf(bytes, from);
                    to = Integer.MAX_VALUE;
                }
            }
            byte[] before = Files.readAllBytes(broken);
            Files.write(broken, bytes);
            Set<Long> damaged = new HashSet<>();
            for (Place each : places) {
                boolean whole = !each.file.equals(broken.getFileName())
                        || (each.to <= bytes.length
                                && Arrays.equals(
                                        before, (int) each.from, (int) each.to, bytes, (int) each.from, (int) each.to));
                if (!whole) {
                    damaged.add(each.number);
                }
            }
            String message = "seed " + seed + ", " + broken.getFileName() + " " + how + " from " + from + " to " + to;
            List<Long> expected =
                    range(0, count).stream().filter(n -> !damaged.contains(n)).toList();
            try (Spool spool = open(copy, Durability.FSYNC, 0)) {
                append(spool, count, 1);
                List<SpoolRecord.Lost> lost = new ArrayList<>();
                List<Long> found = read(spool, Cursor.at(0, 0), lost);
                assertEquals(Long.valueOf(count), found.remove(found.size() - 1), message);
                assertEquals(expected, found, message);
                long rows = lost.stream().mapToLong(SpoolRecord.Lost::rows).sum();
                assertEquals(spool.headRows() - 1 - expected.size(), rows, message);
            }
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        for (Path each : Disk.real().list(from)) {
            Files.copy(each, to.resolve(each.getFileName()));
        }
    }

    /**
     * With fsync a file is longer than its records while it is written to. Wherever a kill cuts the last of them, there are
     * zeros from there on: that costs this record, which was not answered, and is no damage.
     */
    @Test
    void aKillIsNoDamage() throws IOException {
        Path running = temp.resolve("running");
        Path killed = temp.resolve("killed");
        try (Spool spool = open(running, Durability.FSYNC, 0)) {
            append(spool, 0, 10);
            copy(running, killed);
        }
        Path file = segments(killed).get(0);
        Place last = places(running).get(9);
        byte[] bytes = Files.readAllBytes(file);
        assertTrue(bytes.length > last.to);
        for (int cut = (int) last.from; cut <= last.to; cut++) {
            Path copy = temp.resolve("cut-" + cut);
            copy(killed, copy);
            byte[] torn = Arrays.copyOf(Arrays.copyOf(bytes, cut), bytes.length);
            Files.write(copy.resolve(file.getFileName()), torn);
            boolean whole = Arrays.equals(torn, bytes);
            try (Spool spool = open(copy, Durability.FSYNC, 0)) {
                assertEquals(range(0, whole ? 10 : 9), read(spool, Cursor.at(0, 0)), "cut at " + cut);
                assertEquals(0, spool.status(0).damagedPieces(), "cut at " + cut);
            }
        }
    }

    /**
     * A power cut leaves of what was not synced any sectors, in any order: some of the new, some of the old. What was synced
     * before is all there, the cursor is one of those that there were, and there is a start.
     */
    @Test
    void whatWasSyncedSurvivesReorderedWrites() throws IOException {
        for (Durability durability : Durability.values()) {
            for (int i = 0; i < 60; i++) {
                long seed = SEED + i;
                SplittableRandom random = new SplittableRandom(seed);
                Path running = temp.resolve(durability + "-running-" + i);
                Path before = temp.resolve(durability + "-before-" + i);
                Path after = temp.resolve(durability + "-after-" + i);
                int synced = 1 + random.nextInt(60);
                // with fsync only one turn, whose call has not been answered, can be under way
                int more = durability == Durability.FSYNC ? 1 : 1 + random.nextInt(60);
                try (Spool spool = open(running, durability, 0)) {
                    spool.move("a", Cursor.at(0, 0));
                    append(spool, 0, synced);
                    spool.move("a", Cursor.at(synced / 2, synced / 2));
                    spool.checkpoint();
                    copy(running, before);
                    append(spool, synced, more);
                    spool.move("a", Cursor.at(synced, synced));
                    copy(running, after);
                }
                for (Path each : Disk.real().list(after)) {
                    mix(before.resolve(each.getFileName()), each, random);
                }
                String message = durability + ", seed " + seed;
                try (Spool spool = open(after, durability, 0)) {
                    Cursor cursor = spool.cursors().get("a");
                    assertNotNull(cursor, message);
                    assertTrue(cursor.number() == synced / 2 || cursor.number() == synced, message + cursor);
                    long end = spool.headNumber();
                    append(spool, 1_000, 1);
                    List<SpoolRecord.Lost> lost = new ArrayList<>();
                    List<Long> found = read(spool, Cursor.at(0, 0), lost);
                    assertEquals(range(0, synced), found.subList(0, synced), message);
                    assertEquals(1_000L, found.get(found.size() - 1), message);
                    assertTrue(end >= synced && end <= synced + more, message);
                    assertTrue(lost.stream().mapToLong(SpoolRecord.Lost::rows).sum() < more, message);
                }
            }
        }
    }

    /** Puts back some sectors of a file as they were before; those that were not there are zero. */
    private static void mix(Path before, Path after, SplittableRandom random) throws IOException {
        int sector = 512;
        byte[] is = Files.readAllBytes(after);
        byte[] was = Files.exists(before) ? Files.readAllBytes(before) : new byte[0];
        was = Arrays.copyOf(was, is.length);
        for (int at = 0; at < is.length; at += sector) {
            if (random.nextBoolean()) {
                System.arraycopy(was, at, is, at, Math.min(sector, is.length - at));
            }
        }
        Files.write(after, is);
    }

    @Test
    void damagedPiecesAreKeptAside() throws IOException {
        try (Spool spool = open()) {
            append(spool, 0, 10);
        }
        Place third = places(temp).get(2);
        Path file = temp.resolve(third.file);
        byte[] bytes = Files.readAllBytes(file);
        bytes[(int) third.to - 1]++;
        Files.write(file, bytes);
        try (Spool spool = open()) {
            List<SpoolRecord.Lost> lost = new ArrayList<>();
            read(spool, Cursor.at(0, 0), lost);
            read(spool, Cursor.at(0, 0), lost);
            assertEquals(1, spool.status(0).damagedPieces());
            assertEquals(third.to - third.from, spool.status(0).damagedBytes());
        }
        Path aside = temp.resolve("damaged/" + third.file + "-" + third.from + "-" + (third.to - third.from));
        assertEquals(third.to - third.from, Files.size(aside));
    }

    @Test
    void dataThatLooksLikeARecordIsNone() throws IOException {
        // a copy of a whole segment as the text of a row: only without the salt may it be taken for records
        byte[] records;
        Path other = temp.resolve("other");
        try (Spool spool = Spool.open(settings(other, Durability.FSYNC, 1 << 20, 0), disk, () -> now, new Random(7))) {
            append(spool, 1_000, 3);
            records = Files.readAllBytes(segments(other).get(0));
        }
        Path directory = temp.resolve("this");
        try (Spool spool = open(directory, Durability.FSYNC, 0)) {
            EnvelopeBuilder builder = new EnvelopeBuilder().beginRow();
            builder.putLong(builder.column("n"), 0);
            builder.putBytes(builder.column("b"), records, 0, records.length).endRow();
            spool.append(List.of(new SpoolRecord.Rows(builder.build())));
            append(spool, 1, 2);
        }
        Path file = directory.resolve(places(directory).get(0).file);
        byte[] bytes = Files.readAllBytes(file);
        bytes[FileHeader.BYTES + 5]++;
        Files.write(file, bytes);
        try (Spool spool = open(directory, Durability.FSYNC, 0)) {
            List<SpoolRecord.Lost> lost = new ArrayList<>();
            assertEquals(List.of(1L, 2L), read(spool, Cursor.at(0, 0), lost));
        }
    }

    @Test
    void damagedCursorsCostRepetitionAndNoRow() throws IOException {
        try (Spool spool = open()) {
            append(spool, 0, 50);
            spool.move("a", new Cursor(20, 20, 0, 0, 0, 0));
            assertFalse(spool.cursorsLost());
        }
        Files.write(temp.resolve("state"), new byte[StateFile.SLOT * 2]);
        try (Spool spool = open()) {
            assertTrue(spool.cursorsLost());
            assertEquals(range(0, 50), read(spool, spool.beginning()));
            assertTrue(Files.exists(temp.resolve("damaged/state")));
        }
    }

    @Test
    void oneTornSlotOfTheCursorsIsNoLoss() throws IOException {
        for (int slot = 0; slot < 2; slot++) {
            Path directory = temp.resolve("slot-" + slot);
            try (Spool spool = open(directory, Durability.FSYNC, 0)) {
                append(spool, 0, 50);
                spool.move("a", new Cursor(20, 20, 0, 0, 0, 0));
                spool.checkpoint();
                spool.move("a", new Cursor(21, 21, 0, 0, 0, 0));
                spool.checkpoint();
            }
            byte[] state = Files.readAllBytes(directory.resolve("state"));
            state[slot * StateFile.SLOT + 20]++;
            Files.write(directory.resolve("state"), state);
            try (Spool spool = open(directory, Durability.FSYNC, 0)) {
                Cursor cursor = spool.cursors().get("a");
                assertNotNull(cursor);
                assertTrue(cursor.number() == 20 || cursor.number() == 21, cursor.toString());
            }
        }
    }
}
