package com.example.sink.table;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.pgwatchrpc.measurement.Measurement;
import io.github.pgwatchrpc.sink.SinkProvider;
import io.github.pgwatchrpc.sink.testkit.Arrived;
import io.github.pgwatchrpc.sink.testkit.Fault;
import io.github.pgwatchrpc.sink.testkit.SinkCompatibilityTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.io.TempDir;

/** The kit has the tests; this class tells it how to make the sink, how to look at the target, and how to break it. */
class TableSinkTest extends SinkCompatibilityTest {

    private static final ObjectMapper JSON =
            new ObjectMapper().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);

    @TempDir
    Path directory;

    private Path path() {
        return directory.resolve("rows.txt");
    }

    private Path aside() {
        return directory.resolve("aside");
    }

    @Override
    protected SinkProvider provider() {
        return new TableSinkProvider();
    }

    // CHANGE: the URI of a target that is empty; each test asks once. Start your service, or a stand-in, before that.
    @Override
    protected String uri() {
        return "table:" + path();
    }

    // CHANGE: read back what arrived, all of it, in order if you list ORDERED.
    @Override
    @SuppressWarnings("unchecked") // what the writer has written
    protected List<Arrived> arrived() throws IOException {
        List<Arrived> rows = new ArrayList<>();
        if (!Files.exists(path())) {
            return rows;
        }
        for (String line : Files.readString(path()).split("\n")) {
            if (line.isEmpty()) {
                continue;
            }
            String[] cells = line.split("\t");
            Instant time = Instant.parse(cells[0]);
            rows.add(new Arrived(
                    JSON.readValue(cells[1], String.class),
                    JSON.readValue(cells[2], String.class),
                    time.getEpochSecond() * 1_000_000_000 + time.getNano(),
                    JSON.readValue(cells[3], Map.class),
                    JSON.readValue(cells[4], Map.class)));
        }
        return rows;
    }

    // CHANGE: what your target makes of a row, if it cannot keep everything; null for a row that it cannot hold at all.
    @Override
    protected Arrived asStored(Measurement row) {
        return Arrived.of(row).asJson();
    }

    // CHANGE: how your backend can be broken. For HTTP, FaultServer does all of these on demand.
    @Override
    protected Set<Fault> faults() {
        return Set.of(Fault.UNUSABLE);
    }

    // CHANGE: break it. Here: a directory stands where the file should be.
    @Override
    protected void inflict(Fault fault) throws IOException {
        if (Files.exists(path())) {
            Files.move(path(), aside());
        }
        Files.createDirectory(path());
    }

    // CHANGE: mend it; what it held before is still there.
    @Override
    protected void mend(Fault fault) throws IOException {
        Files.delete(path());
        if (Files.exists(aside())) {
            Files.move(aside(), path());
        }
    }
}
