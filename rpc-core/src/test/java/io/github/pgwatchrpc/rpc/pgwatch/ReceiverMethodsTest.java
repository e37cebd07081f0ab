package io.github.pgwatchrpc.rpc.pgwatch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.pgwatchrpc.measurement.EnvelopeBuilder;
import io.github.pgwatchrpc.measurement.Measurement;
import io.github.pgwatchrpc.measurement.MeasurementEnvelope;
import io.github.pgwatchrpc.measurement.ValueType;
import io.github.pgwatchrpc.rpc.RpcException;
import io.github.pgwatchrpc.rpc.RpcPeer;
import io.github.pgwatchrpc.rpc.gob.GobLimits;
import io.github.pgwatchrpc.rpc.netrpc.Answers;
import io.github.pgwatchrpc.rpc.netrpc.EmbeddedServer;
import io.github.pgwatchrpc.rpc.netrpc.NetRpcLimits;
import io.github.pgwatchrpc.rpc.netrpc.NetRpcServer;
import io.github.pgwatchrpc.rpc.netrpc.Requests;
import io.github.pgwatchrpc.rpc.netrpc.Streams;
import io.github.pgwatchrpc.rpc.netrpc.Vectors;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** pgwatch's calls in the shapes of its versions, from bytes to the receiver and back. */
class ReceiverMethodsTest {

    private static final String UPDATE = "Receiver.UpdateMeasurements";
    private static final String SYNC = "Receiver.SyncMetric";
    private static final long NOW = 1_700_000_000_000_000_000L;

    /** What the receiver was given, in order. */
    private final List<Object> received = new ArrayList<>();

    private String answer = "";

    private final NetRpcServer server = ReceiverMethods.add(
                    NetRpcServer.builder(),
                    new Recording(),
                    () -> NOW,
                    ModelLimits.DEFAULT.toBuilder().depth(1000).build())
            .limits(NetRpcLimits.DEFAULT.toBuilder()
                    .gob(GobLimits.DEFAULT.toBuilder().depth(1000).build())
                    .build())
            .build();

    private final class Recording implements Receiver {
        @Override
        public CompletionStage<String> updateMeasurements(MeasurementEnvelope envelope, RpcPeer peer)
                throws RpcException {
            return note(envelope);
        }

        @Override
        public CompletionStage<String> syncMetric(SyncMetric sync, RpcPeer peer) throws RpcException {
            return note(sync);
        }

        private CompletionStage<String> note(Object what) throws RpcException {
            if (answer.startsWith("!")) {
                throw new RpcException(answer.substring(1));
            }
            received.add(what);
            return CompletableFuture.completedFuture(answer);
        }
    }

    /** What must come out of an argument: the answer's error or reply, and perhaps what the receiver gets. */
    private void expect(JsonNode argument, boolean update, List<Object> expected, List<String> answers) {
        if (!update) {
            expected.add(Truth.sync(argument));
            answers.add("ok ");
            return;
        }
        MeasurementEnvelope envelope = Truth.envelope(argument);
        if (envelope.size() == 0) {
            answers.add("ok no data provided; nothing to store");
        } else if (envelope.database().isEmpty()) {
            answers.add("error empty database name");
        } else if (envelope.metric().isEmpty()) {
            answers.add("error empty metric name");
        } else {
            expected.add(envelope);
            answers.add("ok ");
        }
    }

    private static List<String> withoutNames(List<Answers.Answer> answers) {
        return answers.stream()
                .map(each -> each.toString().replaceFirst("^\\S+ -?\\d+ ", ""))
                .toList();
    }

    @ParameterizedTest
    @CsvSource({
        "pgwatch-v3.0-envelope,true",
        "pgwatch-v3.0-empty-envelope,true",
        "pgwatch-v3.7-envelope,true",
        "pgwatch-v3.7-envelope-variants,true",
        "pgwatch-v3.0-sync,false",
        "pgwatch-v3.5-sync,false",
        "pgwatch-v3.7-sync,false"
    })
    void argumentsOfEveryShape(String vector, boolean update) {
        List<Object> expected = new ArrayList<>();
        List<String> answers = new ArrayList<>();
        Truth.values(vector).forEach(each -> expect(each, update, expected, answers));
        try (EmbeddedServer peer = EmbeddedServer.raw(server)) {
            peer.send(Requests.definition());
            for (List<byte[]> argument : Vectors.arguments(vector)) {
                peer.send(Requests.header(update ? UPDATE : SYNC, 1));
                peer.send(Streams.stream(argument));
            }
            assertEquals(answers, withoutNames(peer.answers()));
            assertEquals(expected, received);
            assertNull(peer.end());
        }
    }

    /** Whole connections, cut at every byte. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "pgwatch-v3.0-connection",
                "pgwatch-v3.5-connection",
                "pgwatch-v3.7-connection",
                "pgwatch-v3.7-orphan-first",
                "pgwatch-v3.7-orphan-middle"
            })
    void connectionsOfEveryShape(String vector) {
        List<Object> expected = new ArrayList<>();
        List<String> answers = new ArrayList<>();
        String method = "";
        for (JsonNode each : Truth.values(vector)) {
            if (each.get("name").asText().equals("Request")) {
                method = Truth.text(each, "ServiceMethod"); // two in a row: the first has lost its body
            } else {
                expect(each, method.equals(UPDATE), expected, answers);
            }
        }
        assertFalse(expected.isEmpty());
        byte[] stream = Streams.golden(vector);
        for (int split = 0; split <= stream.length; split++) {
            received.clear();
            try (EmbeddedServer peer = EmbeddedServer.detecting(server)) {
                peer.send(stream, 0, split);
                peer.send(stream, split, stream.length - split);
                assertEquals(answers, withoutNames(peer.answers()), "split at " + split);
                assertEquals(expected, received, "split at " + split);
                assertNull(peer.end());
            }
        }
    }

    @Test
    void theTimeOfReceiptIsThatOfRowsWithoutOne() {
        try (EmbeddedServer peer = EmbeddedServer.raw(server)) {
            peer.send(Streams.golden("pgwatch-v3.7-connection"));
            for (Object each : received) {
                if (each instanceof MeasurementEnvelope envelope) {
                    assertEquals(NOW, envelope.receivedAt());
                    for (Measurement row : envelope.rows()) {
                        Object time = row.value("epoch_ns");
                        assertEquals(time == null ? NOW : time, row.timeNanos());
                    }
                }
            }
        }
    }

    @Test
    void theReceiversTextAndErrorsArriveAtPgwatch() {
        byte[] stream = Streams.golden("pgwatch-v3.7-connection");
        answer = "42 rows stored";
        try (EmbeddedServer peer = EmbeddedServer.raw(server)) {
            peer.send(stream);
            assertTrue(withoutNames(peer.answers()).stream().allMatch("ok 42 rows stored"::equals));
        }
        answer = "!disk is full";
        try (EmbeddedServer peer = EmbeddedServer.raw(server)) {
            peer.send(stream);
            assertTrue(withoutNames(peer.answers()).stream().allMatch("error disk is full"::equals));
            assertNull(peer.end());
        }
    }

    // ---- values of every type ----

    /** The definitions of an envelope whose rows hold values of a type, beginning with a number; see {@link #envelope}. */
    private static byte[] definitions(int first, int valueType) {
        return Streams.join(
                Requests.message(Streams.join(
                        Requests.integer(-first),
                        Requests.bytes(3, 1, 1),
                        Requests.string("MeasurementEnvelope"),
                        Requests.bytes(1),
                        Requests.integer(first),
                        Requests.bytes(0, 1, 3, 1),
                        Requests.string("DBName"),
                        Requests.bytes(1, 6 << 1, 0, 1),
                        Requests.string("MetricName"),
                        Requests.bytes(1, 6 << 1, 0, 1),
                        Requests.string("Data"),
                        Requests.bytes(1),
                        Requests.integer(first + 1),
                        Requests.bytes(0, 0, 0))),
                Requests.message(Streams.join(
                        Requests.integer(-first - 1),
                        Requests.bytes(2, 1, 1),
                        Requests.string("Measurements"),
                        Requests.bytes(1),
                        Requests.integer(first + 1),
                        Requests.bytes(0, 1),
                        Requests.integer(first + 2),
                        Requests.bytes(0, 0))),
                Requests.message(Streams.join(
                        Requests.integer(-first - 2),
                        Requests.bytes(4, 1, 2),
                        Requests.integer(first + 2),
                        Requests.bytes(0, 1, 6 << 1, 1),
                        Requests.integer(valueType),
                        Requests.bytes(0, 0))));
    }

    /** An envelope up to the value of the only column of its only row; behind that comes {@link #END}. */
    private static byte[] envelope(int first, String column) {
        return Streams.join(
                Requests.integer(first),
                Requests.bytes(1),
                Requests.string("db"),
                Requests.bytes(1),
                Requests.string("metric"),
                Requests.bytes(1, 1, 1),
                Requests.string(column));
    }

    private static final byte[] END = {0};

    /** Every golden value as the value of a column, whether or not a pgwatch would send it. */
    @ParameterizedTest
    @MethodSource("io.github.pgwatchrpc.rpc.netrpc.Vectors#names")
    void valuesOfEveryType(String vector) {
        List<JsonNode> truth = Truth.values(vector);
        List<List<byte[]>> values = Vectors.arguments(vector);
        assertEquals(truth.size(), values.size());
        try (EmbeddedServer peer = EmbeddedServer.raw(server)) {
            peer.send(Requests.definition());
            for (int i = 0; i < values.size(); i++) {
                int first = 10_000 + 3 * i;
                List<byte[]> argument = new ArrayList<>(values.get(i));
                int begin = 0;
                while (Streams.integer(argument.get(begin)) < 0) {
                    begin++;
                }
                byte[] message = argument.get(begin);
                int type = (int) Streams.integer(message);
                boolean struct = truth.get(i).get("t").asText().equals("struct");
                // behind the type's number, and the zero that only structs lack
                int prefix = behindUint(message, 0);
                prefix = struct ? prefix : behindUint(message, prefix);
                byte[] value = Arrays.copyOfRange(message, prefix, message.length);
                argument.set(begin, Streams.join(envelope(first, "v"), value));
                int last = argument.size() - 1;
                argument.set(last, Streams.join(argument.get(last), END));

                received.clear();
                peer.send(definitions(first, type));
                peer.send(Requests.header(UPDATE, 7));
                peer.send(Streams.stream(argument));
                assertEquals("[" + UPDATE + " 7 ok ]", peer.answerTexts().toString(), vector);
                MeasurementEnvelope expected = new EnvelopeBuilder()
                        .database("db")
                        .metric("metric")
                        .beginRow()
                        .put("v", Truth.value(truth.get(i)))
                        .endRow()
                        .build();
                assertEquals(List.of(expected), received, () -> vector + " " + expected.rows());
            }
        }
    }

    private static int behindUint(byte[] bytes, int at) {
        return at + (bytes[at] < 0 ? 1 - bytes[at] : 1);
    }

    private MeasurementEnvelope receive(int valueType, byte[] value) {
        received.clear();
        try (EmbeddedServer peer = EmbeddedServer.raw(server)) {
            peer.send(Requests.definition());
            peer.send(definitions(100, valueType));
            peer.send(Requests.header(UPDATE, 1));
            peer.send(Requests.message(Streams.join(envelope(100, "v"), value, END)));
            assertEquals("[" + UPDATE + " 1 ok ]", peer.answerTexts().toString());
        }
        return (MeasurementEnvelope) received.get(0);
    }

    private static byte[] anInterface(String name, int type, byte[] value) {
        byte[] content = Streams.join(new byte[] {0}, value);
        return Streams.join(Requests.string(name), Requests.integer(type), Streams.uint(content.length), content);
    }

    /** The same bytes are of single precision only by the name of their type. */
    @Test
    void onlyFloat32IsOfSinglePrecision() {
        byte[] tenth = {
            (byte) 0xf8, (byte) 0x9a, (byte) 0x99, (byte) 0x99, (byte) 0x99, (byte) 0x99, (byte) 0x99, (byte) 0xb9, 0x3f
        };
        for (String name : List.of("float64", "main.f3", "float3x", "Float32", "xloat32", "float320")) {
            Measurement row = receive(8, anInterface(name, 4, tenth)).get(0);
            assertEquals(ValueType.DOUBLE, row.type(0), name);
            assertEquals(0.1, row.value(0), name);
        }
        Measurement row = receive(8, anInterface("float32", 4, tenth)).get(0);
        assertEquals(ValueType.FLOAT32, row.type(0));
        assertEquals(0.1f, row.value(0));
    }

    @Test
    void integersKeepAllTheirBits() {
        assertEquals(
                new BigInteger("18446744073709551615"),
                receive(8, anInterface("uint64", 3, Streams.uint(-1))).get(0).value(0));
        assertEquals(
                Long.MAX_VALUE,
                receive(8, anInterface("uint64", 3, Streams.uint(Long.MAX_VALUE)))
                        .get(0)
                        .value(0));
        assertEquals(
                Long.MIN_VALUE,
                receive(8, anInterface("int64", 2, Requests.integer(Long.MIN_VALUE)))
                        .get(0)
                        .value(0));
    }

    @Test
    void bytesStayBytes() {
        Object value = receive(8, anInterface("[]uint8", 5, new byte[] {3, 0, (byte) 0xff, 7}))
                .get(0)
                .value(0);
        assertArrayEquals(new byte[] {0, (byte) 0xff, 7}, (byte[]) value);
    }

    /** An element is one byte on the wire and an object here. */
    @Test
    void nestedElementsAreBoundedAltogether() {
        // a row with a value in a column with a name of one byte, and nine nested values
        ModelLimits limits = ModelLimits.DEFAULT.toBuilder()
                .memoryBytes(12 + 36 + 412 + 9 * 200)
                .build();
        NetRpcServer small = ReceiverMethods.add(NetRpcServer.builder(), new Recording(), () -> NOW, limits)
                .build();
        // slices of slices of bool
        byte[] inner = Requests.message(Streams.join(
                Requests.integer(-200), Requests.bytes(2, 1, 2), Requests.integer(200), Requests.bytes(0, 1, 2, 0, 0)));
        byte[] outer = Requests.message(Streams.join(
                Requests.integer(-201),
                Requests.bytes(2, 1, 2),
                Requests.integer(201),
                Requests.bytes(0, 1),
                Requests.integer(200),
                Requests.bytes(0, 0)));
        byte[] nine = Requests.bytes(2, 3, 1, 1, 1, 4, 1, 1, 1, 1);
        byte[] eleven = Requests.bytes(2, 4, 1, 1, 1, 1, 5, 1, 1, 1, 1, 1);
        try (EmbeddedServer peer = EmbeddedServer.raw(small)) {
            peer.send(Requests.definition());
            peer.send(inner);
            peer.send(outer);
            peer.send(definitions(100, 201));
            for (byte[] value : List.of(nine, eleven, nine)) {
                peer.send(Requests.header(UPDATE, 1));
                peer.send(Requests.message(Streams.join(envelope(100, "v"), value, END)));
            }
            assertEquals(
                    List.of(
                            "ok ",
                            "error gob: memory for the values of a message: 2460 bytes (expected: <= 2260)",
                            "ok "),
                    withoutNames(peer.answers()));
        }
    }

    // ---- what does not fit ----

    /** A struct with one field, then the message of a value that sets it. */
    private static List<byte[]> oneField(String struct, String field, int type, byte[] value) {
        return List.of(
                Streams.join(
                        Requests.integer(-300),
                        Requests.bytes(3, 1, 1),
                        Requests.string(struct),
                        Requests.bytes(1),
                        Requests.integer(300),
                        Requests.bytes(0, 1, 1, 1),
                        Requests.string(field),
                        Requests.bytes(1),
                        Requests.integer(type),
                        Requests.bytes(0, 0, 0)),
                Streams.join(Requests.integer(300), Requests.bytes(1), value, END));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Receiver.UpdateMeasurements | DBName     | 2 | gob: type of field DBName: 2 (expected: string)",
                "Receiver.UpdateMeasurements | MetricName | 2 | gob: type of field MetricName: 2 (expected: string)",
                "Receiver.UpdateMeasurements | CustomTags | 2 | gob: type of field CustomTags: INT (expected: map[string]string)",
                "Receiver.UpdateMeasurements | Data       | 2 | gob: type of field Data: INT (expected: []map[string]interface {})",
                "Receiver.UpdateMeasurements | Stranger   | 2 | gob: type mismatch: no fields of Args are among [DBName, MetricName, CustomTags, Data]",
                "Receiver.SyncMetric         | DbName     | 2 | gob: type of field DbName: 2 (expected: string)",
                "Receiver.SyncMetric         | Operation  | 3 | gob: type of field Operation: 3 (expected: int or string)",
                "Receiver.SyncMetric         | Stranger   | 2 | gob: type mismatch: no fields of Args are among [DbName, MetricName, Operation]",
            })
    void aFieldOfAnotherTypeCostsTheCall(String method, String field, int type, String error) {
        try (EmbeddedServer peer = EmbeddedServer.raw(server)) {
            peer.send(Requests.definition());
            peer.send(Requests.header(method, 1));
            peer.send(Streams.stream(oneField("Args", field, type, Requests.bytes(2))));
            assertEquals(List.of("error " + error), withoutNames(peer.answers()));
            assertNull(peer.end());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {UPDATE, SYNC})
    void whatIsNoStructCostsTheCall(String method) {
        try (EmbeddedServer peer = EmbeddedServer.raw(server)) {
            peer.send(new Requests().define().call(method, 1, "text").take());
            List<String> answers = withoutNames(peer.answers());
            assertTrue(
                    answers.get(0).startsWith("error gob: type mismatch: expected a struct with the fields ["),
                    answers::toString);
            assertNull(peer.end());
        }
    }

    /** So it changes nothing, and of nothing it is a ping: were it taken for an addition, the receiver would be told. */
    @Test
    void anUnknownOperationIsInvalid() {
        try (EmbeddedServer peer = EmbeddedServer.raw(server)) {
            peer.send(Requests.definition());
            peer.send(Requests.header(SYNC, 1));
            peer.send(Streams.stream(oneField("SyncReq", "Operation", 2, Requests.integer(-7))));
            assertEquals(1, peer.answers().size());
            assertEquals(List.of(), received);
        }
    }
}
