package io.github.pgwatchrpc.sink.file;

import static io.github.pgwatchrpc.sink.file.Lines.assertRange;
import static io.github.pgwatchrpc.sink.file.Lines.batch;
import static io.github.pgwatchrpc.sink.file.Lines.files;
import static io.github.pgwatchrpc.sink.file.Lines.lines;
import static io.github.pgwatchrpc.sink.file.Lines.numbers;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

@NullMarked
class FileSinkTest {

    private static final long LARGE = 1L << 40;

    @TempDir
    private Path directory = Path.of("");

    private final ManualClock clock = new ManualClock("2026-11-22T18:30:00Z");
    private final FaultyDisk disk = new FaultyDisk();
    private final List<FileSink> open = new ArrayList<>();

    @AfterEach
    void closeAll() {
        open.forEach(FileSink::close);
    }

    private Path path() {
        return directory.resolve("m.jsonl");
    }

    private FileSink sink() {
        return sink(LARGE, true, null, null);
    }

    private FileSink sink(long maxSize, boolean gzip, @Nullable Integer keepFiles, @Nullable Duration keepAge) {
        FileSink sink =
                new FileSink(new FileSink.Settings(path(), maxSize, true, gzip, keepFiles, keepAge, true), clock, disk);
        open.add(sink);
        return sink;
    }

    private static void written(FileSink sink, int from, int to) throws Exception {
        assertEquals(Outcome.written(), sink.write(batch("d", from, to)));
    }

    private List<String> names() throws Exception {
        return files(directory).stream()
                .map(path -> path.getFileName().toString())
                .toList();
    }

    // ---- writing ----

    @Test
    void writesLinesByOneAppendAndOneFlushABatch() throws Exception {
        FileSink sink = sink();
        assertEquals(Readiness.ready(), sink.open());
        int flushes = disk.flushes;
        written(sink, 0, 100);
        assertEquals(1, disk.writes);
        assertEquals(1, disk.flushes - flushes);
        written(sink, 100, 101);
        assertEquals(lines("d", 0, 101), Files.readString(path()));
    }

    @Test
    void writesOnlyTheRowsOfTheBatch() throws Exception {
        FileSink sink = sink();
        assertEquals(Outcome.written(), sink.write(batch("d", 0, 10).part(3, 5)));
        assertEquals(lines("d", 3, 5), Files.readString(path()));
    }

    @Test
    void goesOnWhereItEnded() throws Exception {
        written(sink(), 0, 3);
        closeAll();
        written(sink(), 3, 5);
        assertEquals(lines("d", 0, 5), Files.readString(path()));
    }

    @Test
    void makesDirectoriesAndKeepsEverythingToItsOwner() throws Exception {
        Path parent = directory.resolve("a/b");
        Path deep = parent.resolve("m.jsonl");
        FileSink sink =
                new FileSink(new FileSink.Settings(deep, 1 << 12, true, true, null, null, true), clock, Disk.REAL);
        open.add(sink);
        for (int n = 0; n < 100; n += 10) {
            written(sink, n, n + 10);
        }
        sink.awaitArchive();
        assertTrue(files(parent).size() > 1);
        for (Path file : files(parent)) {
            assertEquals(
                    "rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)), file.toString());
        }
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(parent)));
    }

    @Test
    void withoutFlushingNothingIsFlushed() throws Exception {
        FileSink sink = new FileSink(new FileSink.Settings(path(), LARGE, true, true, null, null, false), clock, disk);
        open.add(sink);
        written(sink, 0, 10);
        assertEquals(0, disk.flushes);
    }

    @Test
    void canBeClosedTwiceAndUnopened() throws Exception {
        FileSink sink = sink();
        sink.close();
        sink.open();
        sink.close();
        sink.close();
    }

    // ---- rotation ----

    @Test
    void rotatesBySizeBeforeTheBatchThatWouldExceedIt() throws Exception {
        int lineBytes = lines("d", 0, 1).length();
        FileSink sink = sink(3L * lineBytes, false, null, null);
        written(sink, 0, 2);
        written(sink, 2, 3);
        assertEquals(List.of("m.jsonl"), names());
        clock.advance(Duration.ofMillis(5));
        written(sink, 3, 4);
        assertEquals(List.of("m-2026-11-22T18-30-00.005.jsonl", "m.jsonl"), names());
        assertEquals(lines("d", 0, 3), Files.readString(directory.resolve("m-2026-11-22T18-30-00.005.jsonl")));
        // a batch that is larger than a file may be is not torn
        written(sink, 4, 9);
        assertEquals(lines("d", 4, 9), Files.readString(path()));
        // twice in the same millisecond: no name is used twice
        written(sink, 9, 10);
        assertEquals(
                List.of(
                        "m-2026-11-22T18-30-00.005.jsonl",
                        "m-2026-11-22T18-30-00.006.jsonl",
                        "m-2026-11-22T18-30-00.007.jsonl",
                        "m.jsonl"),
                names());
        assertRange(0, 10, numbers(path(), "d"), "rows on disk");
    }

    @Test
    void rotatesByDay() throws Exception {
        FileSink sink = sink();
        written(sink, 0, 1);
        clock.advance(Duration.ofHours(5));
        written(sink, 1, 2);
        assertEquals(List.of("m.jsonl"), names());
        clock.advance(Duration.ofMinutes(30));
        written(sink, 2, 3);
        sink.awaitArchive();
        assertEquals(List.of("m-2026-11-23T00-00-00.000.jsonl.gz", "m.jsonl"), names());
        // a clock that is set back does not rotate, and its names stay in order
        clock.advance(Duration.ofDays(-3));
        written(sink, 3, 4);
        assertEquals(lines("d", 2, 4), Files.readString(path()));
        assertRange(0, 4, numbers(path(), "d"), "rows on disk");
    }

    @Test
    void aFileOfAnEarlierDayIsCompleteAfterARestart() throws Exception {
        written(sink(), 0, 1);
        closeAll();
        Files.setLastModifiedTime(path(), FileTime.from(Instant.parse("2026-11-21T23:59:59Z")));
        FileSink sink = sink();
        sink.open();
        assertEquals(List.of("m.jsonl"), names());
        written(sink, 1, 2);
        sink.awaitArchive();
        assertEquals(List.of("m-2026-11-22T18-30-00.000.jsonl.gz", "m.jsonl"), names());
    }

    @Test
    void everyLineIsInExactlyOneFileWhileFilesAreRotatedAndCompressed() throws Exception {
        FileSink sink =
                new FileSink(new FileSink.Settings(path(), 20_000, true, true, null, null, false), clock, Disk.REAL);
        open.add(sink);
        int n = 0;
        for (int i = 0; i < 2000; i++) {
            written(sink, n, n + 1 + i % 7);
            n += 1 + i % 7;
            if (i % 500 == 499) {
                // in the middle of compressing
                sink.close();
            }
        }
        assertRange(0, n, numbers(path(), "d"), "rows on disk");
        sink.open();
        sink.awaitArchive();
        List<String> names = names();
        assertTrue(names.size() > 30, names.toString());
        assertTrue(names.stream().allMatch(name -> name.equals("m.jsonl") || name.endsWith(".gz")), names.toString());
        assertRange(0, n, numbers(path(), "d"), "rows on disk");
    }

    @Test
    void keepsSoManyFiles() throws Exception {
        FileSink sink = sink(1, true, 3, null);
        for (int n = 0; n < 10; n++) {
            written(sink, n, n + 1);
        }
        sink.awaitArchive();
        assertRange(6, 10, numbers(path(), "d"), "rows on disk");
    }

    @Test
    void keepsFilesOfAnAge() throws Exception {
        Path other = Files.writeString(directory.resolve("m-2001-01-01T00-00-00.000.txt"), "not ours");
        Path impossible = Files.writeString(directory.resolve("m-2001-02-30T00-00-00.000.jsonl"), "not ours");
        FileSink sink = sink(1, true, null, Duration.ofHours(3));
        for (int n = 0; n < 10; n++) {
            written(sink, n, n + 1);
            sink.awaitArchive();
            clock.advance(Duration.ofHours(1));
        }
        sink.awaitArchive();
        assertTrue(Files.exists(other) && Files.exists(impossible));
        Files.delete(other);
        Files.delete(impossible);
        // the file of row 5 was completed at hour 6; it is hour 9 when the last is
        assertRange(5, 10, numbers(path(), "d"), "rows on disk");
    }

    // ---- what a kill leaves behind ----

    @Test
    void whatCompressingLeftIsPutInOrder() throws Exception {
        FileSink first = sink(1, true, null, null);
        for (int n = 0; n < 4; n++) {
            written(first, n, n + 1);
            clock.advance(Duration.ofSeconds(1));
        }
        first.awaitArchive();
        first.close();
        // killed before the original was deleted
        Files.writeString(directory.resolve("m-2026-11-22T18-30-01.000.jsonl"), lines("d", 0, 1));
        // killed while compressing
        Files.delete(directory.resolve("m-2026-11-22T18-30-02.000.jsonl.gz"));
        Files.writeString(directory.resolve("m-2026-11-22T18-30-02.000.jsonl"), lines("d", 1, 2));
        Files.write(directory.resolve("m-2026-11-22T18-30-02.000.jsonl.gz.part"), new byte[] {0x1f, (byte) 0x8b, 8});
        // killed before the next file was begun
        Files.delete(directory.resolve("m-2026-11-22T18-30-03.000.jsonl.gz"));
        Files.writeString(directory.resolve("m-2026-11-22T18-30-03.000.jsonl"), lines("d", 2, 3));
        Files.delete(path());

        // also without compressing, every line is in one file when it is open
        FileSink second = sink(1, false, null, null);
        assertEquals(Readiness.ready(), second.open());
        assertEquals(
                List.of(
                        "m-2026-11-22T18-30-01.000.jsonl.gz",
                        "m-2026-11-22T18-30-02.000.jsonl",
                        "m-2026-11-22T18-30-03.000.jsonl",
                        "m.jsonl"),
                names());
        assertRange(0, 3, numbers(path(), "d"), "rows on disk");
        second.close();
        FileSink third = sink(1, true, null, null);
        assertEquals(Readiness.ready(), third.open());
        third.awaitArchive();
        assertEquals(
                List.of(
                        "m-2026-11-22T18-30-01.000.jsonl.gz",
                        "m-2026-11-22T18-30-02.000.jsonl.gz",
                        "m-2026-11-22T18-30-03.000.jsonl.gz",
                        "m.jsonl"),
                names());
        assertRange(0, 3, numbers(path(), "d"), "rows on disk");
    }

    @Test
    void aTornLineIsCutWhereverItIsTorn() throws Exception {
        String whole = lines("d", 0, 3);
        String last = lines("d", 3, 4);
        for (int torn = 0; torn < last.length(); torn++) {
            Files.writeString(path(), whole + last.substring(0, torn));
            FileSink sink = sink();
            assertEquals(Readiness.ready(), sink.open());
            assertEquals(whole, Files.readString(path()), "torn after " + torn);
            sink.close();
        }
        Files.writeString(path(), last.substring(0, 5));
        written(sink(), 7, 8);
        assertEquals(lines("d", 7, 8), Files.readString(path()));
    }

    @Test
    void aTornLineMayBeLongerThanAnyBuffer() throws Exception {
        String whole = lines("d", 0, 2);
        Files.writeString(path(), whole + "{\"custom_tags\":\"" + "y".repeat(300_000));
        assertEquals(Readiness.ready(), sink().open());
        assertEquals(whole, Files.readString(path()));
    }

    @Test
    void theZerosOfAPowerCutAreCut() throws Exception {
        String whole = lines("d", 0, 2);
        for (String tail : List.of("\0\0\0", "{\"cust\0\0\0", "{\"cust\0\0\n", "\0\0\n\0", "{\"custom\":1\n{\"x")) {
            Files.writeString(path(), whole + tail);
            FileSink sink = sink();
            assertEquals(Readiness.ready(), sink.open());
            assertEquals(whole, Files.readString(path()));
            sink.close();
        }
    }

    @Test
    void theLogTellsHowMuchWasCut() throws Exception {
        Files.writeString(path(), lines("d", 0, 2) + "{\"custom");
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        Logger logger = (Logger) LoggerFactory.getLogger(LineFile.class);
        logger.addAppender(log);
        try {
            sink().open();
        } finally {
            logger.detachAppender(log);
        }
        assertEquals(
                List.of("file " + path() + ": cut 8 bytes of a torn line off its end"),
                log.list.stream().map(ILoggingEvent::getFormattedMessage).toList());
    }

    @Test
    void somebodyElsesFileIsNotTouched() throws Exception {
        for (String content : List.of("dear diary", "hello\n", "{\n\"a\":1\n}\n", "[{}]\n", "{}\nx")) {
            Files.writeString(path(), content);
            FileSink sink = sink();
            assertEquals(
                    new Outcome.Paused(
                            "file " + path() + ": its last line is something else (expected: a JSON object)",
                            "move the file away, or choose another path"),
                    sink.open());
            assertInstanceOf(Outcome.Paused.class, sink.write(batch("d", 0, 1)));
            assertEquals(content, Files.readString(path()));
            Files.delete(path());
            written(sink, 0, 1);
            sink.close();
        }
    }

    // ---- failures ----

    @Test
    void aFullDiskLeavesNoTornLineAndTheRowsComeAgain() throws Exception {
        FileSink sink = sink();
        written(sink, 0, 2);
        for (int room = 0; room < 200; room += 7) {
            disk.room = room;
            assertEquals(Outcome.retry("file " + path() + ": No space left on device"), sink.write(batch("d", 2, 5)));
            assertEquals(lines("d", 0, 2), Files.readString(path()), "room for " + room);
        }
        disk.room = Long.MAX_VALUE;
        written(sink, 2, 5);
        assertEquals(lines("d", 0, 5), Files.readString(path()));
    }

    @Test
    void aFlushThatFailsTakesTheLinesBack() throws Exception {
        FileSink sink = sink();
        written(sink, 0, 2);
        disk.failFlush = true;
        assertEquals(Outcome.retry("file " + path() + ": Input/output error"), sink.write(batch("d", 2, 5)));
        assertEquals(lines("d", 0, 2), Files.readString(path()));
        disk.failFlush = false;
        written(sink, 2, 5);
        assertEquals(lines("d", 0, 5), Files.readString(path()));
    }

    @Test
    void aCutThatFailsIsDoneBeforeTheNextAppend() throws Exception {
        FileSink sink = sink();
        written(sink, 0, 2);
        disk.room = 100;
        disk.failCut = true;
        assertInstanceOf(Outcome.Retry.class, sink.write(batch("d", 2, 5)));
        assertEquals(lines("d", 0, 2).length() + 100, Files.size(path()));
        disk.room = Long.MAX_VALUE;
        assertInstanceOf(Outcome.Retry.class, sink.write(batch("d", 2, 5)));
        assertInstanceOf(Outcome.Retry.class, sink.open());
        disk.failCut = false;
        assertEquals(Readiness.ready(), sink.open());
        assertEquals(lines("d", 0, 2), Files.readString(path()));
        written(sink, 2, 5);
        assertEquals(lines("d", 0, 5), Files.readString(path()));
    }

    @Test
    void anInterruptedWriteIsTakenBack() throws Exception {
        FileSink sink =
                new FileSink(new FileSink.Settings(path(), LARGE, true, true, null, null, true), clock, Disk.REAL);
        open.add(sink);
        written(sink, 0, 2);
        Thread.currentThread().interrupt();
        assertThrows(InterruptedException.class, () -> sink.write(batch("d", 2, 5)));
        assertFalse(Thread.currentThread().isInterrupted());
        assertEquals(lines("d", 0, 2), Files.readString(path()));
        written(sink, 2, 5);
        assertEquals(lines("d", 0, 5), Files.readString(path()));
    }

    @Test
    void compressingThatFailsLeavesTheFile() throws Exception {
        FileSink sink = sink(1, true, null, null);
        written(sink, 0, 1);
        disk.failFlush = true;
        // the rotation itself goes through, the append does not
        assertInstanceOf(Outcome.Retry.class, sink.write(batch("d", 1, 2)));
        sink.awaitArchive();
        assertEquals(List.of("m-2026-11-22T18-30-00.000.jsonl", "m.jsonl"), names());
        disk.failFlush = false;
        written(sink, 1, 2);
        written(sink, 2, 3);
        sink.awaitArchive();
        assertEquals(
                List.of("m-2026-11-22T18-30-00.000.jsonl.gz", "m-2026-11-22T18-30-00.001.jsonl.gz", "m.jsonl"),
                names());
        assertRange(0, 3, numbers(path(), "d"), "rows on disk");
    }

    // ---- others ----

    @Test
    void aSecondSinkOfThisProcessHasToWait() throws Exception {
        FileSink first = sink();
        FileSink second = sink();
        first.open();
        Outcome.Paused paused = new Outcome.Paused(
                "file " + path() + ": in use by another sink of this process",
                "stop the other one, or give each a path of its own");
        assertEquals(paused, second.open());
        assertEquals(paused, second.write(batch("d", 0, 1)));
        first.close();
        assertEquals(Readiness.ready(), second.open());
    }

    @Test
    void aFileThatIsMovedOrDeletedOrEmptiedIsNoticed() throws Exception {
        FileSink sink = sink();
        written(sink, 0, 2);
        Files.move(path(), directory.resolve("moved"));
        written(sink, 2, 3);
        assertEquals(lines("d", 0, 2), Files.readString(directory.resolve("moved")));
        assertEquals(lines("d", 2, 3), Files.readString(path()));
        Files.delete(path());
        written(sink, 3, 4);
        assertEquals(lines("d", 3, 4), Files.readString(path()));
        Files.writeString(path(), "");
        written(sink, 4, 5);
        assertEquals(lines("d", 4, 5), Files.readString(path()));
        Files.writeString(path(), lines("e", 1, 2) + "{to", StandardOpenOption.APPEND);
        written(sink, 5, 6);
        assertEquals(lines("d", 4, 5) + lines("e", 1, 2) + lines("d", 5, 6), Files.readString(path()));
    }

    @Test
    void whatIsInTheWayPausesAndPasses() throws Exception {
        FileSink sink = sink();
        Files.createDirectory(path());
        assertEquals(
                new Outcome.Paused(
                        "file " + path() + ": Is a directory",
                        "let this user make and write files there, or choose another path"),
                sink.open());
        Files.delete(path());
        Files.createSymbolicLink(path(), directory.resolve("elsewhere"));
        assertInstanceOf(Outcome.Paused.class, sink.open());
        Files.delete(path());
        assertEquals(Readiness.ready(), sink.open());
        closeAll();
        FileSink below = new FileSink(
                new FileSink.Settings(path().resolve("x/m.jsonl"), LARGE, true, true, null, null, true), clock, disk);
        assertInstanceOf(Outcome.Paused.class, below.open());
    }

    @Test
    void aDirectoryThatVanishesPauses() throws Exception {
        Path parent = directory.resolve("a");
        Path deep = parent.resolve("m.jsonl");
        FileSink sink = new FileSink(new FileSink.Settings(deep, LARGE, true, true, null, null, true), clock, disk);
        open.add(sink);
        written(sink, 0, 1);
        Files.move(parent, directory.resolve("b"));
        assertEquals(
                "file " + deep + ": its directory is missing",
                assertInstanceOf(Outcome.Paused.class, sink.write(batch("d", 1, 2)))
                        .why());
        Files.move(directory.resolve("b"), parent);
        written(sink, 1, 2);
        assertEquals(lines("d", 0, 2), Files.readString(deep));
    }
}
