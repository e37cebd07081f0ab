package io.github.pgwatchrpc.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Runs services that take everything, so that another process can be measured alone, from spool or client to sink. Prints
 * the URI of a sink for each; then, for every line of its input, what has come since the line before. Arguments: a
 * directory, milliseconds until each answer.
 */
public final class StandIns {

    private StandIns() {}

    /**
     * Runs until the input ends.
     *
     * @param args directory, milliseconds
     * @throws Exception if one does not start
     */
    public static void main(String[] args) throws Exception {
        // this server writes head and body of an answer apart: without it each answer waits 40 ms for a delayed
        // acknowledgement
        System.setProperty("sun.net.httpserver.nodelay", "true");
        Path directory = Files.createDirectories(Path.of(args[0]));
        long delayMillis = Long.parseLong(args[1]);
        try (StandIn azure = new AzureStandIn(directory, delayMillis);
                StandIn cloudWatch = new CloudWatchStandIn(directory, delayMillis);
                StandIn pubSub = new PubSubStandIn(delayMillis)) {
            List<StandIn> all = List.of(azure, cloudWatch, pubSub);
            all.forEach(each -> print(each.uri()));
            while (hasLine()) {
                all.stream().map(StandIn::came).filter(line -> !line.isEmpty()).forEach(StandIns::print);
            }
        }
    }

    private static boolean hasLine() throws IOException {
        int next = System.in.read();
        while (next >= 0 && next != '\n') {
            next = System.in.read();
        }
        return next >= 0;
    }

    @SuppressWarnings("SystemOut") // that is its purpose
    private static void print(String line) {
        System.out.println(line);
    }
}
