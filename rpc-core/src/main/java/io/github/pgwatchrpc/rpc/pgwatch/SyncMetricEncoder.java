package io.github.pgwatchrpc.rpc.pgwatch;

import io.github.pgwatchrpc.rpc.gob.GobType;
import io.github.pgwatchrpc.rpc.gob.GobWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes {@code SyncReq{DbName, MetricName string, Operation int}} in gob as pgwatch v3.5 and later v3 do, for clients of a
 * receiver; with a key, the field {@value KeyGate#FIELD} in front. One encoder a connection, beside an {@link
 * EnvelopeEncoder}. Not thread-safe.
 */
public final class SyncMetricEncoder {

    static final int ID = EnvelopeEncoder.FIRST_ID + 10;

    /** pgwatch's number for what is neither an addition nor a deletion. */
    private static final int INVALID = 2;

    private final GobWriter writer;
    private final @Nullable String apiKey;
    private boolean defined;

    /**
     * An encoder for one stream.
     *
     * @param writer where to
     * @param apiKey the key to show each time, or null for none
     */
    public SyncMetricEncoder(GobWriter writer, @Nullable String apiKey) {
        this.writer = writer;
        this.apiKey = apiKey;
    }

    /**
     * Writes a message as whole messages, with their lengths.
     *
     * @param sync what to write
     */
    public void encode(SyncMetric sync) {
        if (!defined) {
            define();
            defined = true;
        }
        int message = writer.beginMessage();
        writer.writeInt(ID);
        int step = 1;
        if (apiKey != null) {
            writer.writeUint(step);
            writer.writeString(apiKey);
        }
        if (!sync.database().isEmpty()) {
            writer.writeUint(step);
            writer.writeString(sync.database());
            step = 0;
        }
        step++;
        if (!sync.metric().isEmpty()) {
            writer.writeUint(step);
            writer.writeString(sync.metric());
            step = 0;
        }
        step++;
        int operation = switch (sync.operation()) {
            case ADD -> 0;
            case DELETE -> 1;
            case DEFINE, INVALID -> INVALID;
        };
        if (operation != 0) {
            writer.writeUint(step);
            writer.writeInt(operation);
        }
        writer.writeUint(0);
        writer.endMessage(message);
    }

    private void define() {
        Map<String, Integer> fields = new LinkedHashMap<>();
        if (apiKey != null) {
            fields.put(KeyGate.FIELD, GobType.Basic.STRING.id());
        }
        fields.put("DbName", GobType.Basic.STRING.id());
        fields.put("MetricName", GobType.Basic.STRING.id());
        fields.put("Operation", GobType.Basic.INT.id());
        EnvelopeEncoder.defineStruct(writer, ID, "SyncReq", fields);
    }
}
