package io.github.pgwatchrpc.sink.file;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.pgwatchrpc.measurement.JsonWriter;
import io.github.pgwatchrpc.measurement.Measurement;
import io.github.pgwatchrpc.sink.SinkProvider;
import io.github.pgwatchrpc.sink.testkit.Arrived;
import io.github.pgwatchrpc.sink.testkit.Fault;
import io.github.pgwatchrpc.sink.testkit.SinkCompatibilityTest;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.io.TempDir;

/** What every sink must do, done by the file sink. */
class FileSinkCompatibilityTest extends SinkCompatibilityTest {

    private static final ObjectMapper JSON =
            new ObjectMapper().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);

    @TempDir
    private Path directory;

    private boolean away;

    private FileChannel open(Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
            throws IOException {
        if (away) {
            throw new IOException("Stale file handle");
        }
        return FileChannel.open(path, options, attributes);
    }

    private Path path() {
        return directory.resolve("m.jsonl");
    }

    private Path aside() {
        return directory.resolve("aside");
    }

    @Override
    protected SinkProvider provider() {
        return new FileSinkProvider(this::open);
    }

    @Override
    protected String uri() {
        return "jsonfile:" + path();
    }

    @Override
    protected List<Arrived> arrived() throws IOException {
        List<Arrived> rows = new ArrayList<>();
        for (String line : Files.exists(path()) ? Lines.read(path()) : List.<String>of()) {
            JsonNode envelope = JSON.readTree(line);
            for (JsonNode row : envelope.get("data")) {
                rows.add(row(envelope, row));
            }
        }
        return rows;
    }

    private static Arrived row(JsonNode envelope, JsonNode row) {
        long time = 0;
        Map<String, String> tags = new LinkedHashMap<>();
        envelope.get("custom_tags")
                .properties()
                .forEach(tag -> tags.put(tag.getKey(), tag.getValue().asText()));
        Map<String, Object> fields = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> column : row.properties()) {
            JsonNode value = column.getValue();
            if (column.getKey().equals("epoch_ns")) {
                time = value.isNull() ? 0 : new BigDecimal(value.asText()).longValueExact();
            } else if (!column.getKey().startsWith("tag_")) {
                fields.put(column.getKey(), JSON.convertValue(value, Object.class));
            } else if (!value.isNull()) {
                tags.put(column.getKey().substring("tag_".length()), value.asText());
            }
        }
        return new Arrived(
                envelope.get("dbname").textValue(), envelope.get("metric").textValue(), time, tags, fields);
    }

    /** As in pgwatch's own file, the time stands there as it came: none of receipt, and a double with its shortest digits. */
    @Override
    protected Arrived asStored(Measurement row) {
        Object time = row.value("epoch_ns");
        long written = time instanceof Long integer ? integer : 0;
        if (time instanceof Double number) {
            written = new BigDecimal(new JsonWriter().number(number).toString()).longValueExact();
        }
        return Arrived.of(row).asJson().withTime(written);
    }

    @Override
    protected Set<Fault> faults() {
        return Set.of(Fault.AWAY, Fault.UNUSABLE);
    }

    /** A disk that is gone for a while, or a directory where the file was. */
    @Override
    protected void inflict(Fault fault) throws IOException {
        if (Files.exists(path())) {
            Files.move(path(), aside());
        }
        if (fault == Fault.AWAY) {
            away = true;
        } else {
            Files.createDirectory(path());
        }
    }

    @Override
    protected void mend(Fault fault) throws IOException {
        away = false;
        Files.deleteIfExists(path());
        if (Files.exists(aside())) {
            Files.move(aside(), path());
        }
    }
}
