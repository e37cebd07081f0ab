package io.github.pgwatchrpc.rpc.grpc.pgwatch;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.pgwatchrpc.measurement.EnvelopeBuilder;
import io.github.pgwatchrpc.measurement.Measurement;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.measurement.ValueType;
import io.github.pgwatchrpc.rpc.detect.Protocol;
import io.github.pgwatchrpc.rpc.grpc.GrpcServer;
import io.github.pgwatchrpc.rpc.grpc.TestClient;
import io.github.pgwatchrpc.rpc.listen.RpcListener;
import io.github.pgwatchrpc.rpc.netrpc.NetRpcClient;
import io.github.pgwatchrpc.rpc.netrpc.NetRpcServer;
import io.github.pgwatchrpc.rpc.pgwatch.EnvelopeEncoder;
import io.github.pgwatchrpc.rpc.pgwatch.ModelLimits;
import io.github.pgwatchrpc.rpc.pgwatch.ReceiverMethods;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A pgwatch v3 and a pgwatch v5 send the same metric to the same port. */
final class MixedFleetTest {

    private static final long TIME = 1_763_839_200_123_456_789L;

    /** What pgwatch has read from PostgreSQL; whole numbers and fractions take turns in {@code avg}. */
    private static Map<String, Object> row(int number) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("epoch_ns", TIME);
        row.put("tag_table", "t" + number);
        row.put("calls", 1000L * number);
        row.put("avg", number % 2 == 0 ? (double) number : number + 0.25);
        row.put("ok", number % 2 == 0);
        row.put("digits", "42");
        row.put("none", null);
        return row;
    }

    /** What structpb makes of it: every number is a double. */
    private static Map<String, Object> asStruct(Map<String, Object> row) {
        Map<String, Object> struct = new LinkedHashMap<>();
        row.forEach((name, value) ->
                struct.put(name, value instanceof Number number ? (Object) number.doubleValue() : value));
        return struct;
    }

    @Test
    void theSameMetricOverBothProtocols() throws IOException, InterruptedException {
        Received received = new Received();
        NetRpcServer netRpc =
                ReceiverMethods.add(NetRpcServer.builder(), received, () -> 1).build();
        GrpcServer grpc = ReceiverService.add(GrpcServer.builder(), received, () -> 1, ModelLimits.DEFAULT)
                .build();
        RpcListener listener = RpcListener.builder()
                .protocol(Protocol.HTTP_CONNECT, netRpc.overHttp())
                .protocol(Protocol.GOB, netRpc.raw())
                .protocol(Protocol.HTTP2, grpc.protocol())
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        List<Map<String, Object>> rows = List.of(row(0), row(1), row(2), row(3));
        EnvelopeBuilder builder = new EnvelopeBuilder().database("db").metric("m");
        rows.forEach(builder::row);
        MeasurementEnvelope sent = builder.build();
        try (NetRpcClient v3 = NetRpcClient.connect(listener.address());
                TestClient v5 = new TestClient(listener.address())) {
            v3.<MeasurementEnvelope, String>method(
                            "Receiver.UpdateMeasurements",
                            () -> (envelope, writer) -> new EnvelopeEncoder(writer).encode(envelope),
                            String.class)
                    .call(sent);
            byte[] struct = Messages.envelope(
                    "db",
                    "m",
                    Map.of(),
                    rows.stream().map(MixedFleetTest::asStruct).toList());
            assertEquals(0, v5.call("/Receiver/UpdateMeasurements", struct).status());
            MeasurementEnvelope overGob = received.next();
            MeasurementEnvelope overGrpc = received.next();
            for (int i = 0; i < rows.size(); i++) {
                assertSame(overGob.get(i), overGrpc.get(i));
            }
        } finally {
            listener.stop(Duration.ofSeconds(1));
        }
    }

    private static void assertSame(Measurement gob, Measurement grpc) {
        assertEquals(gob.columns().keySet(), grpc.columns().keySet());
        assertEquals(gob.tags(), grpc.tags());
        // the time is an integer on both sides; over gRPC its last digits are lost already at the sender
        assertType("epoch_ns", ValueType.INT64, gob, ValueType.INT64, grpc);
        assertEquals(TIME, gob.timeNanos());
        assertEquals(Math.round((double) TIME), grpc.timeNanos());
        // an integer column is int64 from one and double from the other, each the same in every row
        assertType("calls", ValueType.INT64, gob, ValueType.DOUBLE, grpc);
        assertEquals(((Long) gob.value("calls")).doubleValue(), grpc.value("calls"));
        // a fraction is a double on both sides, also where it happens to be whole
        assertType("avg", ValueType.DOUBLE, gob, ValueType.DOUBLE, grpc);
        assertEquals(gob.value("avg"), grpc.value("avg"));
        // what is not a number is never mistaken for one
        assertType("ok", ValueType.BOOLEAN, gob, ValueType.BOOLEAN, grpc);
        assertEquals(gob.value("ok"), grpc.value("ok"));
        assertType("digits", ValueType.TEXT, gob, ValueType.TEXT, grpc);
        assertType("none", ValueType.NULL, gob, ValueType.NULL, grpc);
    }

    private static void assertType(
            String column, ValueType ofGob, Measurement gob, ValueType ofGrpc, Measurement grpc) {
        assertEquals(ofGob, gob.type(gob.find(column)), column + " over net/rpc");
        assertEquals(ofGrpc, grpc.type(grpc.find(column)), column + " over gRPC");
    }
}
