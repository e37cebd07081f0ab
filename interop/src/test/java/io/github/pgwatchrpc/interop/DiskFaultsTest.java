package io.github.pgwatchrpc.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Disks that are full or may not be written to, and too few file descriptors, under load from Go. */
@Tag("process")
@ExtendWith(GoPrograms.Resolver.class)
class DiskFaultsTest {

    /** Nothing listens there. */
    private static final String DEAD_SINK = "dead=rpc://127.0.0.1:1";

    private static final String REFUSED = "receiver could not store the rows: ";

    private static final Pattern THE_END = Pattern.compile("EOF|shut down|reset|broken pipe|stopping");

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path directory;

    /**
     * The disk of the spool becomes full, once so that the reserve is hit, once so that the system itself refuses. Counts
     * refused calls (some, all with an error that says so, on connections that live), rows of theirs in the file (none), and
     * acknowledged rows that are not there or twice (none); when there is room again calls succeed on the same connections.
     */
    @ParameterizedTest
    @ValueSource(strings = {"8MB", "0"})
    void aFullDiskCostsOnlyTheCallsThatFindItFull(String reserve, GoPrograms go) throws Exception {
        Path file = directory.resolve("m.jsonl");
        Path disk = directory.resolve("disk");
        List<Rows.Sent> sent;
        try (Tmpfs tmpfs = Tmpfs.mount(disk, "size=64m")) {
            ServerProcess.Launch launch = ServerProcess.launch(directory)
                    .data(disk.resolve("data"))
                    .sinks(ServerProcess.file(file), DEAD_SINK)
                    .options("--spool-min-free", reserve);
            try (ServerProcess server = launch.start()) {
                Path filler = tmpfs.fill(10L << 20);
                GoLoad load = new GoLoad(go, directory, server, 0, 0);
                server.awaitAtLeast("pgwatch_rpc_rows_refused_total", 100);
                double before = server.metric("pgwatch_rpc_rows_stored_total");
                Files.delete(filler);
                server.awaitAtLeast("pgwatch_rpc_rows_stored_total", before + 5_000);
                server.terminate();
                sent = load.end();
            }
            // a start with what the full disk has left
            try (ServerProcess server = launch.start()) {
                server.awaitDelivered("file");
                assertEquals(0, server.rows("file", "lost"));
                assertEquals(server.rows("file", "received"), server.rows("dead", "waiting"));
                server.terminate();
            }
            List<String> lines = ServerProcess.lines(file);
            Rows.Counted counted = Rows.assertStored(sent, lines);
            List<Rows.Sent> refused = sent.stream()
                    .filter(call -> call.error().startsWith(REFUSED))
                    .toList();
            Set<String> words = refused.stream()
                    .map(Rows.Sent::error)
                    .map(each -> each.replaceAll("\\d+", "N"))
                    .collect(Collectors.toSet());
            assertTrue(
                    words.stream().allMatch(each -> each.contains("disk is full") || each.contains("No space left")),
                    words::toString);
            Set<Long> stored = new HashSet<>(Rows.numbers(lines));
            assertTrue(
                    refused.stream().flatMap(call -> call.numbers().stream()).noneMatch(stored::contains),
                    "stored, and answered with an error");
            // no connection was lost but by the end of the receiver
            Set<String> others = sent.stream()
                    .filter(call -> !call.ok() && !call.error().startsWith(REFUSED))
                    .map(Rows.Sent::error)
                    .filter(error -> !THE_END.matcher(error).find())
                    .collect(Collectors.toSet());
            assertEquals(Set.of(), others);
            Figures.show(
                    "full disk: %,d rows acknowledged, %,d calls refused: %s",
                    counted.acknowledged(), refused.size(), words);
        }
    }

    /** A log that has reached its bound is the same to those who call: counts as above. */
    @Test
    void aFullSpoolCostsOnlyTheCallsThatFindItFull(GoPrograms go) throws Exception {
        ServerProcess.Launch launch = ServerProcess.launch(directory)
                .sinks(ServerProcess.file(directory.resolve("m.jsonl")), DEAD_SINK)
                .options("--spool-max-bytes", "2MB");
        List<Rows.Sent> sent;
        try (ServerProcess server = launch.start()) {
            GoLoad load = new GoLoad(go, directory, server, 0, 0);
            server.awaitAtLeast("pgwatch_rpc_rows_refused_total", 1_000);
            assertTrue(server.metric("pgwatch_rpc_spool_bytes") <= 2 << 20);
            server.terminate();
            sent = load.end();
        }
        List<String> lines = ServerProcess.lines(directory.resolve("m.jsonl"));
        Rows.assertStored(sent, lines);
        Set<Long> stored = new HashSet<>(Rows.numbers(lines));
        List<Rows.Sent> refused =
                sent.stream().filter(call -> call.error().startsWith(REFUSED)).toList();
        assertTrue(refused.stream().allMatch(call -> call.error().contains("spool is full: bytes of the log: ")));
        assertTrue(refused.stream().flatMap(call -> call.numbers().stream()).noneMatch(stored::contains));
    }

    /** Counts nothing: the start says at once, in one line, which directory it is, and that nothing else is wrong. */
    @Test
    void aReadOnlyDataDirectoryIsNamed() throws Exception {
        Path disk = directory.resolve("disk");
        try (Tmpfs tmpfs = Tmpfs.mount(disk, "size=8m")) {
            ServerProcess.Launch launch = ServerProcess.launch(directory).data(disk.resolve("data"));
            tmpfs.writable(false);
            String fresh = launch.refused(78);
            assertTrue(fresh.contains(disk.resolve("data") + ": "), fresh);
            assertTrue(fresh.contains("--data-dir"), fresh);
            tmpfs.writable(true);
            try (ServerProcess server = launch.start()) {
                server.terminate();
            }
            tmpfs.writable(false);
            String used = launch.refused(78);
            assertTrue(used.contains(disk.resolve("data") + ": "), used);
        }
    }

    /**
     * The disk of one sink becomes full; another sink has a disk of its own. Counts calls without success (none), rows of the
     * other sink (all), and rows in the file when there is room again: all, each once. Where the sink may not write at all,
     * the start says so.
     */
    @Test
    void aFullTargetDelaysItsSinkAlone(GoPrograms go) throws Exception {
        Path disk = directory.resolve("disk");
        try (Tmpfs tmpfs = Tmpfs.mount(disk, "size=64m")) {
            Path file = disk.resolve("m.jsonl");
            ServerProcess.Launch launch = ServerProcess.launch(directory)
                    .sinks(ServerProcess.file(file), "other=jsonfile:" + directory.resolve("other.jsonl"));
            try (ServerProcess server = launch.start()) {
                Path filler = tmpfs.fill(200_000);
                Path sentFile = directory.resolve("sent.jsonl");
                go.run(directory, "pgwatch", "-addr", server.address(), "-calls", "500", "-sent", sentFile.toString())
                        .mustSucceed();
                server.awaitDelivered("other");
                assertTrue(server.rows("file", "waiting") > 0, "the disk was not full");
                Files.delete(filler);
                server.awaitDelivered("file");
                Rows.Counted counted = Rows.assertStored(Rows.sent(sentFile), ServerProcess.lines(file));
                assertEquals(counted.acknowledged(), counted.stored());
                server.terminate();
            }
            tmpfs.writable(false);
            String refused = launch.refused(78);
            assertTrue(refused.contains(file + "\" cannot be written"), refused);
        }
    }

    /**
     * 250 connections to a process that may have 256 files open. Counts calls without success on the hundred connections
     * that were there first (none, while others find no room), and acknowledged rows that are not there or twice (none).
     */
    @Test
    void tooFewFileDescriptorsCostNobodyWhoIsConnected(GoPrograms go) throws Exception {
        ServerProcess.Launch launch =
                ServerProcess.launch(directory).before("bash", "-c", "ulimit -n 256; exec \"$0\" \"$@\"");
        try (ServerProcess server = launch.start()) {
            Path first = directory.resolve("first.jsonl");
            GoPrograms.Running connected = go.start(
                    directory,
                    "pgwatch",
                    arguments(server, first, 1, "-scenario", "soak", "-connections", "100", "-rate", "10"));
            server.awaitAtLeast("pgwatch_rpc_rows_stored_total", 10_000);
            Path late = directory.resolve("late.jsonl");
            GoPrograms.Ended some = go.run(
                    directory,
                    "pgwatch",
                    arguments(server, late, 1_000_000_000, "-connections", "150", "-calls", "50"));
            go.await(connected).mustSucceed();
            assertEquals(1, some.code(), "there was room for all of them");
            List<Rows.Sent> sent = new ArrayList<>(Rows.sent(first));
            sent.addAll(Rows.sent(late));
            Rows.assertStored(sent, server.lines());
            assertEquals(0, server.metric("pgwatch_rpc_rows_refused_total"), server.log());
            assertTrue(server.log().contains("(ulimit -n)"), server.log());
            server.terminate();
        }
    }

    private static String[] arguments(ServerProcess server, Path sent, long firstNumber, String... more) {
        List<String> arguments = new ArrayList<>(List.of("-addr", server.address(), "-sent", sent.toString()));
        arguments.addAll(List.of("-first-seq", Long.toString(firstNumber)));
        arguments.addAll(List.of(more));
        return arguments.toArray(String[]::new);
    }
}
