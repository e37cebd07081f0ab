package io.github.pgwatchrpc.interop;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.pgwatchrpc.rpc.gob.GobDecoder;
import io.github.pgwatchrpc.rpc.gob.GobWriter;
import java.io.IOException;
import java.net.Socket;
import java.util.Arrays;
import java.util.Collections;

/** What can be done to net/rpc without a key. */
final class GobAttacks {

    /** As long as one definition may be. */
    private static final int FIELDS = 10_900;

    private static final int DEFINITIONS = 16;

    private GobAttacks() {}

    private static byte[] definitions(boolean connect, int definitions, int fields) {
        GobBytes bytes = new GobBytes();
        if (connect) {
            bytes.raw(GobBytes.connect());
        }
        GobBytes.Field[] all = new GobBytes.Field[fields];
        for (int i = 0; i < fields; i++) {
            all[i] = new GobBytes.Field(String.valueOf((char) ('a' + i % 26)), GobBytes.INT);
        }
        for (int i = 0; i < definitions; i++) {
            bytes.struct(GobBytes.REQUEST + i, "", all);
        }
        return bytes.toBytes();
    }

    /** A megabyte of definitions on each of a hundred connections, each field of them many times as large in memory. */
    static void largeDefinitions(Siege siege) throws IOException {
        crowd(siege, 100, definitions(true, DEFINITIONS, FIELDS), 4);
    }

    /** The same where connections without TLS are refused: these too are connections. */
    static void largeDefinitionsOfRefused(Siege siege) throws IOException {
        crowd(siege, 100, definitions(false, DEFINITIONS, FIELDS), 4);
    }

    /** Not much on each of thousands of connections. */
    static void definitionsOfMany(Siege siege) throws IOException {
        crowd(siege, 4_000, definitions(true, 1, FIELDS), 4);
    }

    /** Many small ones, with names. */
    static void manyDefinitions(Siege siege) throws IOException {
        GobBytes bytes = new GobBytes().raw(GobBytes.connect());
        String name = "a".repeat(950);
        for (int i = 0; i < 1_000; i++) {
            bytes.slice(GobBytes.REQUEST + i, name, GobBytes.INT);
        }
        crowd(siege, 1_000, bytes.toBytes(), 4);
    }

    /** Messages just short of the longest, that never end. */
    static void unfinishedMessages(Siege siege) throws IOException {
        byte[] begin = new GobBytes()
                .raw(GobBytes.connect())
                .requestType()
                .promise((4 << 20) - 100, GobBytes.REQUEST)
                .toBytes();
        crowd(siege, 150, Arrays.copyOf(begin, (4 << 20) - 1_000), 4);
    }

    /** The same, and longer, where such connections are refused. */
    static void unfinishedMessagesOfRefused(Siege siege) throws IOException {
        byte[] begin = new GobBytes()
                .requestType()
                .promise((64 << 20) - 100, GobBytes.REQUEST)
                .toBytes();
        crowd(siege, 15, Arrays.copyOf(begin, 40 << 20), 5);
    }

    /** Calls without a key whose rows have to be gone past, one after the other, on many connections. */
    static void largeRefusedCalls(Siege siege) throws IOException {
        GobWriter rows = new GobWriter();
        rows.writeUint(4); // to Data
        int count = 20_000;
        rows.writeUint(count);
        for (int i = 0; i < count; i++) {
            rows.writeUint(10);
            for (int column = 0; column < 10; column++) {
                rows.writeString("c" + column);
                rows.writeUint(0); // nil
            }
        }
        rows.writeUint(0);
        GobBytes bytes = new GobBytes()
                .raw(GobBytes.connect())
                .requestType()
                .envelopeType("DBName", "MetricName", "CustomTags", "Data");
        byte[] value = Arrays.copyOf(rows.array(), rows.size());
        for (int call = 0; call < 20; call++) {
            bytes.request("Receiver.UpdateMeasurements", call).value(GobBytes.ENVELOPE, value);
        }
        crowd(siege, 100, bytes.toBytes(), 4);
    }

    /** Types within types as deep as they go, and a value of them as long as a stranger may send. */
    static void deepValues(Siege siege) throws IOException {
        GobBytes bytes = new GobBytes().raw(GobBytes.connect()).requestType();
        int depth = 95;
        for (int i = 0; i < depth; i++) {
            bytes.slice(100 + i, "", i + 1 < depth ? 101 + i : GobBytes.INT);
        }
        bytes.struct(GobBytes.ENVELOPE, "MeasurementEnvelope", new GobBytes.Field("DBName", 100));
        GobWriter value = new GobWriter();
        value.writeUint(1);
        int many = 10_000;
        value.writeUint(many);
        for (int i = 0; i < many; i++) {
            for (int level = 1; level < depth; level++) {
                value.writeUint(1);
            }
            value.writeInt(1);
        }
        value.writeUint(0);
        byte[] nested = Arrays.copyOf(value.array(), value.size());
        for (int call = 0; call < 20; call++) {
            bytes.request("Receiver.UpdateMeasurements", call).value(GobBytes.ENVELOPE, nested);
        }
        crowd(siege, 100, bytes.toBytes(), 4);
    }

    /** Calls of methods that are not there, as many as it takes, each of another name. */
    static void unknownMethods(Siege siege) throws IOException {
        GobBytes bytes = new GobBytes().raw(GobBytes.connect()).requestType();
        GobWriter value = new GobWriter();
        value.writeString("");
        for (int call = 0; call < 20_000; call++) {
            bytes.request("Receiver.Method" + call, call).value(GobBytes.STRING, new byte[] {0, 0});
        }
        crowd(siege, 50, bytes.toBytes(), 4);
    }

    private static void crowd(Siege siege, int size, byte[] bytes, int seconds) throws IOException {
        try (Crowd crowd = new Crowd(siege.port(), size, bytes)) {
            Figures.show("gob: %s", crowd.stay(seconds));
        }
    }

    /**
     * A type with two fields {@code Data}, and rows in the second: who looks for the key sees none in the first, and must not
     * take that for an envelope without rows, which needs no key.
     */
    static void secondFieldOfRows(Siege siege) throws IOException {
        GobWriter value = new GobWriter();
        value.writeUint(1);
        value.writeString("shop");
        value.writeUint(1);
        value.writeString("metric");
        value.writeUint(2); // past the first Data
        value.writeUint(1);
        value.writeUint(1);
        value.writeString("column");
        value.writeUint(0);
        value.writeUint(0);
        byte[] bytes = new GobBytes()
                .raw(GobBytes.connect())
                .requestType()
                .envelopeType("DBName", "MetricName", "Data", "Data")
                .request("Receiver.UpdateMeasurements", 0)
                .value(GobBytes.ENVELOPE, Arrays.copyOf(value.array(), value.size()))
                .toBytes();
        try (Socket socket = siege.connect("127.0.0.2")) {
            socket.getOutputStream().write(bytes);
            for (int line = 0; line < 2; ) {
                line += socket.getInputStream().read() == '\n' ? 1 : 0;
            }
            ValidCaller.V3.Response answer =
                    new GobDecoder(socket.getInputStream()).decode(ValidCaller.V3.Response.class);
            assertTrue(
                    answer.Error().startsWith("authentication required"),
                    () -> "rows were decoded without a key: " + Collections.singletonList(answer));
        }
    }
}
