package io.github.pgwatchrpc.sink.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.github.pgwatchrpc.sink.Outcome;
import io.github.pgwatchrpc.sink.Readiness;
import io.github.pgwatchrpc.sink.Sink;
import io.github.pgwatchrpc.sink.SinkConfig;
import io.github.pgwatchrpc.sink.SinkConfigException;
import io.github.pgwatchrpc.sink.SinkOption;
import io.github.pgwatchrpc.sink.Sinks;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@NullMarked
class FileSinkProviderTest {

    @TempDir
    private Path directory = Path.of("");

    private final Sinks sinks = Sinks.load(FileSinkProviderTest.class.getClassLoader());

    private List<String> problems(String uri) {
        return assertThrows(SinkConfigException.class, () -> sinks.create(uri, Map.of()))
                .problems();
    }

    @Test
    void isFoundByItsScheme() throws Exception {
        for (String prefix : List.of("jsonfile:", "jsonfile://")) {
            Path path = directory.resolve("odd name?%&#.jsonl");
            try (Sink sink = sinks.create(prefix + SinkConfig.encode(path.toString()) + "?daily=false", Map.of())) {
                assertEquals(Readiness.ready(), sink.open());
                assertEquals(Outcome.written(), sink.write(Lines.batch("d", 0, 1)));
            }
            assertEquals(Lines.lines("d", 0, 1), Files.readString(path));
            Files.delete(path);
        }
        assertEquals(List.of(), sinks.problems());
    }

    @Test
    void everyOptionIsTakenFromTheUriOrBesideIt() throws Exception {
        String uri = "jsonfile:" + directory.resolve("m.jsonl")
                + "?max-size=4KB&daily=false&gzip=false&keep-files=2&keep-age=1d&fsync=never";
        sinks.create(uri, Map.of()).close();
        Map<String, String> beside = Map.of(
                "max-size",
                "4KB",
                "daily",
                "false",
                "gzip",
                "false",
                "keep-files",
                "2",
                "keep-age",
                "1d",
                "fsync",
                "never");
        assertEquals(
                List.of("max-size", "daily", "gzip", "keep-files", "keep-age", "fsync"),
                new FileSinkProvider().options().stream().map(SinkOption::name).toList());
        try (Sink sink = sinks.create("jsonfile:" + directory.resolve("m.jsonl"), beside)) {
            for (int n = 0; n < 1000; n += 10) {
                assertEquals(Outcome.written(), sink.write(Lines.batch("d", n, n + 10)));
            }
            ((FileSink) sink).awaitArchive();
        }
        List<Path> files = Lines.files(directory);
        assertEquals(3, files.size(), files.toString());
    }

    @Test
    void everythingThatIsWrongIsToldAtOnce() throws Exception {
        Path sub = Files.createDirectory(directory.resolve("sub"));
        assertEquals(
                List.of(
                        "option max-size of sink jsonfile: \"100\" (expected: bytes such as 64KB, 100MB or 2GB, from 4KB to"
                                + " 1TB)",
                        "option daily of sink jsonfile: \"yes\" (expected: true or false)",
                        "option gzip of sink jsonfile: \"\" (expected: true or false)",
                        "option keep-files of sink jsonfile: \"0\" (expected: 1 to 1000000)",
                        "option keep-age of sink jsonfile: \"1s\" (expected: a time such as 500ms, 30s, 5m, 12h or 7d, from"
                                + " 1m to 36500d)",
                        "option fsync of sink jsonfile: \"maybe\" (expected: always or never)",
                        "option rotate of sink jsonfile: unknown (expected: daily, fsync, gzip, keep-age, keep-files,"
                                + " max-size)",
                        "target of sink jsonfile: \"" + sub + "\" is a directory (expected: a file)"),
                problems("jsonfile:" + sub
                        + "?max-size=100&daily=yes&gzip=&keep-files=0&keep-age=1s&fsync=maybe&rotate=1"));
    }

    @Test
    void aPathThatCannotBeIsToldBeforeAnythingIsMade() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "");
        Path link = Files.createSymbolicLink(directory.resolve("link"), file);
        assertEquals(
                List.of("target of sink jsonfile: empty (expected: a path such as jsonfile:measurements.jsonl or"
                        + " jsonfile:///var/log/m.jsonl)"),
                problems("jsonfile://"));
        assertEquals(
                List.of("target of sink jsonfile: \"" + link + "\" is a symbolic link (expected: a file)"),
                problems("jsonfile:" + link));
        assertEquals(
                List.of("target of sink jsonfile: \"" + file + "\" is a file (expected: a directory)"),
                problems("jsonfile:" + file + "/a/b.jsonl"));
        assertEquals(
                List.of("target of sink jsonfile: \"" + directory + "/new\" is a directory (expected: a file)"),
                problems("jsonfile:" + directory + "/new/"));
        assertEquals(
                List.of("target of sink jsonfile: \"/dev/null\" is a device, socket or pipe (expected: a file)"),
                problems("jsonfile:/dev/null"));
        assertEquals(
                "target of sink jsonfile: \"a\0b\" is not a path: Nul character not allowed (expected: a path)",
                problems("jsonfile:a%00b").get(0));
        assertEquals(2, Lines.files(directory).size());
    }

    @Test
    void aPathThatMayNotBeWrittenIsTold() throws Exception {
        Path file = Files.writeString(directory.resolve("file"), "");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--------"));
        // root may do anything
        assumeFalse(Files.isWritable(file));
        assertEquals(
                List.of("target of sink jsonfile: \"" + file
                        + "\" cannot be written (expected: a file that this user may write)"),
                problems("jsonfile:" + file));
        Path closed = Files.createDirectory(
                directory.resolve("closed"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("r-x------")));
        assertEquals(
                List.of("target of sink jsonfile: \"" + closed
                        + "\" cannot be written (expected: a directory in which this user may make files)"),
                problems("jsonfile:" + closed + "/a.jsonl"));
    }

    @Test
    void aDirectoryThatTurnsOutReadOnlyPauses() throws Exception {
        // even root makes no files in /proc
        try (Sink sink = sinks.create("jsonfile:/proc/nothing/m.jsonl", Map.of())) {
            assertInstanceOf(Outcome.Paused.class, sink.open());
        } catch (SinkConfigException e) {
            assertEquals(
                    "target of sink jsonfile: \"/proc\" cannot be written (expected: a directory in which this user may"
                            + " make files)",
                    e.getMessage());
        }
    }
}
