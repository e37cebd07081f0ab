package io.github.pgwatchrpc.rpc.grpc.pgwatch;

import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.grpc.GrpcClient;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoException;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoReader;
import io.github.pgwatchrpc.rpc.grpc.protobuf.ProtoWriter;
import io.github.pgwatchrpc.rpc.pgwatch.MetricDefinitions;
import io.github.pgwatchrpc.rpc.pgwatch.SyncMetric;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * Calls a receiver of measurements as pgwatch 4 and later do: this project's, or any other that serves {@code
 * receiver.proto}. Thread-safe; calls may overlap. It does not own its {@link GrpcClient}.
 *
 * <p>Every answer is the text that the receiver wants to have in the caller's log; mostly it is empty.
 */
public final class ReceiverClient {

    private static final String UPDATE = "/Receiver/UpdateMeasurements";
    private static final String SYNC = "/Receiver/SyncMetric";
    private static final String DEFINE = "/Receiver/DefineMetrics";
    private static final int LOGMSG = 1 << 3 | 2;
    private static final byte[] PING = {};

    private final GrpcClient client;
    private final Map<String, String> metadata;
    private final ThreadLocal<EnvelopeEncoder> encoders = ThreadLocal.withInitial(EnvelopeEncoder::new);

    /**
     * Calls with a user name and a password, both of which go with every call, empty or not.
     *
     * @param client the connection
     * @param username empty for none
     * @param password empty for none; or the key of a receiver of this project, whatever the name
     */
    public ReceiverClient(GrpcClient client, String username, String password) {
        this.client = client;
        this.metadata = Map.of("username", username, "password", password);
    }

    /**
     * Sends measurements.
     *
     * @param envelope what was measured
     * @return the receiver's text, once the rows are stored; failures are those of {@link GrpcClient}
     */
    public CompletableFuture<String> updateAsync(MeasurementEnvelope envelope) {
        return call(UPDATE, encoders.get().encode(envelope));
    }

    /**
     * Sends measurements and waits until they are stored.
     *
     * @param envelope what was measured
     * @return the receiver's text
     * @throws IOException see {@link GrpcClient}
     */
    public String update(MeasurementEnvelope envelope) throws IOException {
        return text(client.call(UPDATE, encoders.get().encode(envelope), metadata));
    }

    /**
     * Says that a source begins or ends to send a metric.
     *
     * @param sync what changes
     * @return the receiver's text; failures are those of {@link GrpcClient}
     */
    public CompletableFuture<String> syncAsync(SyncMetric sync) {
        return call(SYNC, encode(sync));
    }

    /**
     * Asks whether anybody is there, as pgwatch does when it starts.
     *
     * @return the receiver's text; failures are those of {@link GrpcClient}
     */
    public CompletableFuture<String> pingAsync() {
        return call(SYNC, PING);
    }

    /**
     * Asks whether anybody is there and waits for the answer.
     *
     * @return the receiver's text
     * @throws IOException see {@link GrpcClient}
     */
    public String ping() throws IOException {
        return text(client.call(SYNC, PING, metadata));
    }

    /**
     * Hands over the definitions of metrics and presets.
     *
     * @param definitions all of them
     * @return the receiver's text; failures are those of {@link GrpcClient}
     */
    public CompletableFuture<String> defineAsync(MetricDefinitions definitions) {
        return call(DEFINE, encode(definitions));
    }

    /**
     * Hands over the definitions of metrics and presets, as they came from a pgwatch.
     *
     * @param definitions pgwatch's {@code MetricDefs} and {@code PresetDefs}, with values of the measurement model
     * @return the receiver's text; failures are those of {@link GrpcClient}
     */
    public CompletableFuture<String> defineAsync(Map<String, ? extends @Nullable Object> definitions) {
        ProtoWriter out = new ProtoWriter();
        StructWriter.fields(out, definitions);
        return call(DEFINE, out.toBytes());
    }

    private CompletableFuture<String> call(String path, byte[] message) {
        return client.callAsync(path, message, metadata).thenApply(reply -> {
            try {
                return text(reply);
            } catch (IOException e) {
                throw new CompletionException(e);
            }
        });
    }

    /** {@code Reply{logmsg}}. */
    private static String text(byte[] reply) throws RpcException {
        String text = "";
        try {
            ProtoReader in = new ProtoReader(reply);
            for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
                if (tag == LOGMSG) {
                    text = in.readString();
                } else {
                    in.skip(tag);
                }
            }
        } catch (ProtoException e) {
            throw new RpcException(RpcException.Kind.INTERNAL, "the answer is no Reply: " + e.getMessage());
        }
        return text;
    }

    /** {@code SyncReq}; what is zero or empty is left out, as protobuf does. */
    static byte[] encode(SyncMetric sync) {
        ProtoWriter out = new ProtoWriter();
        if (!sync.database().isEmpty()) {
            out.text(1, sync.database());
        }
        if (!sync.metric().isEmpty()) {
            out.text(2, sync.metric());
        }
        int operation = SyncMetricDecoder.number(sync.operation());
        if (operation != 0) {
            out.varint(3, operation);
        }
        return out.toBytes();
    }

    /** {@code Struct{MetricDefs, PresetDefs}}, by the names of pgwatch's own fields. */
    static byte[] encode(MetricDefinitions definitions) {
        Map<String, Object> metrics = new LinkedHashMap<>();
        definitions.metrics().forEach((name, metric) -> {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("Description", metric.description());
            fields.put("SQLs", metric.sqls());
            fields.put("InitSQL", metric.initSql());
            fields.put("NodeStatus", metric.nodeStatus());
            fields.put("Gauges", metric.gauges());
            fields.put("IsInstanceLevel", metric.instanceLevel());
            fields.put("StorageName", metric.storageName());
            metrics.put(name, fields);
        });
        Map<String, Object> presets = new LinkedHashMap<>();
        definitions
                .presets()
                .forEach((name, preset) ->
                        presets.put(name, Map.of("Description", preset.description(), "Metrics", preset.intervals())));
        ProtoWriter out = new ProtoWriter();
        StructWriter.fields(out, Map.of("MetricDefs", metrics, "PresetDefs", presets));
        return out.toBytes();
    }
}
