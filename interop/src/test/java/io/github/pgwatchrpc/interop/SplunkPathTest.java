package io.github.pgwatchrpc.interop;

import io.github.pgwatchrpc.sink.splunk.HecStub;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From clients through the packaged receiver into what stands for Splunk, with indexer acknowledgement, while both go down. */
@Tag("process")
class SplunkPathTest {

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit sets it
    private Path directory;

    /**
     * Counts events: at least one for each acknowledged row. Splunk restarts under load and forgets its channels, and what it
     * had not indexed; then the receiver is killed while it writes. Rows that were confirmed before the first fault or
     * accepted after the last one are there once; the others are there twice only if nobody could tell the receiver, or it
     * could not write down, that they were indexed.
     */
    @Test
    void noRowIsLostAndWhatWasConfirmedComesOnce() throws Exception {
        try (HecStub splunk = HecStub.start();
                NumberedLoad load = new NumberedLoad()) {
            splunk.acknowledges(2);
            ServerProcess.Launch launch =
                    ServerProcess.launch(directory).sinks("splunk=" + splunk.sinkUri() + "&ack=true&ack-timeout=2s");
            int before;
            double seconds;
            try (ServerProcess server = launch.start()) {
                load.start(server);
                load.awaitMore(2_000);
                load.end();
                server.awaitDelivered("splunk");
                before = load.sentBelow();
                load.start(server);
                for (int restart = 0; restart < 3; restart++) {
                    Recovery.awaitMore(server, "splunk", 1);
                    splunk.server().down();
                    splunk.restart();
                    load.awaitMore(2_000);
                    splunk.server().up();
                }
                seconds = Recovery.awaitMore(server, "splunk", 1);
                // a restart that nobody notices: answered is answered, but what it had not indexed is gone
                splunk.restart();
                Recovery.awaitMore(server, "splunk", 1);
                server.kill();
                load.end();
            }
            int after = load.sentBelow();
            try (ServerProcess server = launch.start()) {
                server.awaitDelivered("splunk");
                load.start(server);
                load.awaitMore(2_000);
                load.end();
                server.awaitDelivered("splunk");
                List<Integer> numbers = splunk.events().stream()
                        .map(event ->
                                event.get("event").get(NumberedRows.NUMBER).intValue())
                        .toList();
                NumberedLoad.Counted counted =
                        load.assertArrived(numbers, number -> number >= before && number < after);
                server.assertAccount("splunk", counted.stored());
                Figures.show(
                        "Splunk restarted and the receiver killed: %,d rows acknowledged, %,d events, %,d more than"
                                + " once, the first %.1f s after recovery",
                        counted.acknowledged(), counted.stored(), counted.again(), seconds);
                server.terminate();
            }
        }
    }
}
