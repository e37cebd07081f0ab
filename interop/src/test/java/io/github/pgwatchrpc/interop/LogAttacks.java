package io.github.pgwatchrpc.interop;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** What can be done to the log. That it stays short and clean is asserted for every attack. */
final class LogAttacks {

    private LogAttacks() {}

    /** Connections that are broken off before it is known what they speak. */
    static void resetsAtOnce(Siege siege) throws IOException {
        breaksOff(siege, 'C');
    }

    /** Connections that speak nothing that is known. */
    static void unknownProtocols(Siege siege) throws IOException {
        breaksOff(siege, "GEX\u001b[31m ERROR all is lost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    }

    /** Connections that are broken off after a call that was refused. */
    static void resetsAfterACall(Siege siege) throws IOException {
        byte[] call = new GobBytes()
                .raw(GobBytes.connect())
                .requestType()
                .request("Receiver.SyncMetric", 0)
                .value(GobBytes.STRING, new byte[] {0, 0})
                .toBytes();
        breaksOff(siege, call);
        breaksOff(
                siege,
                new Http2Bytes()
                        .begin()
                        .frame(1, 5, 1, Http2Bytes.call("/Receiver/SyncMetric"))
                        .toBytes());
    }

    /** Names that would write a line of their own, and colour it. */
    static void forgedLines(Siege siege) throws IOException {
        String forged = "x\n" + Siege.FORGED + " \u001b[31mall is lost\u001b[0m\u2028\u0085";
        GobBytes bytes = new GobBytes()
                .raw(GobBytes.connect())
                .requestType()
                .struct(GobBytes.ENVELOPE, forged, new GobBytes.Field(forged, GobBytes.INT))
                // twice the same number
                .struct(GobBytes.ENVELOPE, forged, new GobBytes.Field(forged, GobBytes.INT))
                .request(forged, 0)
                .value(GobBytes.ENVELOPE, new byte[] {1, 2, 0})
                .request("Receiver.UpdateMeasurements", 1)
                .value(GobBytes.ENVELOPE, new byte[] {1, 2, 0});
        Http2Bytes http2 = new Http2Bytes()
                .begin()
                .frame(1, 5, 1, Http2Bytes.call("/" + forged, "password", forged, "username", forged));
        // the first value is taken for a call's header
        GobBytes header = new GobBytes()
                .raw(GobBytes.connect())
                .struct(GobBytes.REQUEST, forged, new GobBytes.Field(forged, GobBytes.INT))
                .value(GobBytes.REQUEST, new byte[] {1, 2, 0});
        byte[] web = "CONNECT \u001b[31m HTTP/1.0\n\n".getBytes(StandardCharsets.US_ASCII);
        for (byte[] each : new byte[][] {bytes.toBytes(), header.toBytes(), http2.toBytes(), web}) {
            try (Crowd crowd = new Crowd(siege.port(), 20, each)) {
                crowd.stay(1);
            }
        }
    }

    /** Frames that end the connection, each in a way of its own. */
    static void brokenFrames(Siege siege) throws IOException {
        byte[] bytes = new Http2Bytes()
                .begin()
                .frame(Http2Bytes.DATA, 0, 0, new byte[10])
                .toBytes();
        try (Crowd crowd = new Crowd(siege.port(), 100, bytes).renewed()) {
            Figures.show("log: %s", crowd.stay(3));
        }
    }

    private static void breaksOff(Siege siege, int each) throws IOException {
        breaksOff(siege, new byte[] {(byte) each});
    }

    private static void breaksOff(Siege siege, byte[] bytes) throws IOException {
        try (Crowd crowd = new Crowd(siege.port(), 100, bytes).thatBreaksOff()) {
            Figures.show("log: %s", crowd.stay(3));
        }
    }
}
