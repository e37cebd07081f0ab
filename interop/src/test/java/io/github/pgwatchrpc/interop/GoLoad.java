package io.github.pgwatchrpc.interop;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Three Go programs, of two connections each, that send without end: the first pgwatch and the last version 3, and both ways
 * into net/rpc. Each row has a number of its own, and each program writes down what came of each call.
 */
final class GoLoad {

    /** The numbers of a program's rows begin with a multiple of this. */
    private static final long NUMBERS_A_PROGRAM = 1_000_000_000L;

    private static final List<List<String>> CLIENTS = List.of(
            List.of("-transport", "http", "-shape", "v3.7"),
            List.of("-transport", "raw", "-shape", "v3.7"),
            List.of("-transport", "http", "-shape", "v3.0"));

    private final GoPrograms go;
    private final List<GoPrograms.Running> programs = new ArrayList<>();
    private final List<Path> sentFiles = new ArrayList<>();

    /**
     * Starts the programs.
     *
     * @param round of all loads of a test, each has another number
     * @param callsPerSecond on each connection; 0: as many as it takes
     */
    GoLoad(GoPrograms go, Path directory, ServerProcess server, int round, int callsPerSecond) throws IOException {
        this.go = go;
        for (List<String> client : CLIENTS) {
            long number = (long) round * CLIENTS.size() + programs.size();
            Path sentFile = directory.resolve("sent-" + number + ".jsonl");
            sentFiles.add(sentFile);
            List<String> arguments = new ArrayList<>(List.of("-addr", server.address(), "-scenario", "soak"));
            arguments.addAll(client);
            arguments.addAll(List.of("-duration", "4m", "-connections", "2", "-rows", "5"));
            arguments.addAll(List.of("-rate", Integer.toString(callsPerSecond)));
            arguments.addAll(List.of("-first-seq", Long.toString(1 + number * NUMBERS_A_PROGRAM)));
            arguments.addAll(List.of("-sent", sentFile.toString()));
            programs.add(go.start(directory, "pgwatch", arguments.toArray(String[]::new)));
        }
    }

    /** Waits until the programs have written down so much: then the load is on. */
    void awaitBytes(long bytes) throws IOException {
        long patience = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
        while (written() < bytes) {
            assertTrue(
                    programs.stream().allMatch(each -> each.process().isAlive()),
                    () -> "the load ended by itself: " + programs);
            assertTrue(System.nanoTime() < patience, () -> "no load came: " + programs);
            LockSupport.parkNanos(1_000_000);
        }
    }

    private long written() throws IOException {
        long written = 0;
        for (Path each : sentFiles) {
            written += Files.exists(each) ? Files.size(each) : 0;
        }
        return written;
    }

    /** What they sent; they end by themselves when their connections are gone. */
    List<Rows.Sent> end() throws IOException, InterruptedException {
        List<Rows.Sent> sent = new ArrayList<>();
        for (int i = 0; i < programs.size(); i++) {
            go.await(programs.get(i));
            sent.addAll(Rows.sent(sentFiles.get(i)));
            Files.delete(sentFiles.get(i));
        }
        assertTrue(sent.stream().anyMatch(Rows.Sent::ok), "nothing was acknowledged");
        return sent;
    }
}
