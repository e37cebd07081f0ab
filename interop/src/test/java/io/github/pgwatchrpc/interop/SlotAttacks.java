package io.github.pgwatchrpc.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** What can be done to a receiver that has few connections to give. */
final class SlotAttacks {

    /** More than a receiver has that may have 400 files open. */
    private static final int CONNECTIONS = 450;

    private SlotAttacks() {}

    /** Connections that are refused, since they have no TLS, and stay. */
    static void refusedThatStay(Siege siege) throws IOException {
        byte[] call = new GobBytes()
                .requestType()
                .request("Receiver.SyncMetric", 0)
                .value(GobBytes.STRING, new byte[] {0, 0})
                .toBytes();
        try (Crowd crowd = new Crowd(siege.port(), CONNECTIONS, call)) {
            for (int i = 0; i < 4; i++) {
                crowd.stay(1);
                siege.expectNewcomersToBeServed();
            }
            Figures.show("slots: %s", crowd);
        }
    }

    /** Connections that come again as soon as they have been closed, and a v3 which has not been able to show its key yet. */
    static void renewedFlood(Siege siege) throws IOException {
        try (ValidCaller.V3 early = siege.v3();
                Crowd crowd = new Crowd(siege.port(), CONNECTIONS, GobBytes.connect()).renewed()) {
            early.sync();
            for (int i = 0; i < 8; i++) {
                crowd.stay(1);
                siege.expectNewcomersToBeServed();
            }
            early.call(ValidCaller.envelope(siege.key(), 0, 1));
            Figures.show("slots: %s", crowd);
        }
    }

    /** In how many ways somebody can have begun and not go on. Each is closed when its time is up. */
    static void loiterers(Siege siege) throws IOException {
        byte[] preface = new Http2Bytes().begin().toBytes();
        byte[] request =
                new GobBytes().requestType().request("Receiver.SyncMetric", 0).toBytes();
        Map<String, byte[]> states = new LinkedHashMap<>();
        states.put("one byte", new byte[] {'C'});
        states.put("half a CONNECT", "CONNECT /_goRPC_ HT".getBytes(StandardCharsets.US_ASCII));
        states.put("CONNECT and half a header", join(GobBytes.connect(), Arrays.copyOf(request, 20)));
        states.put("a header without an argument", join(GobBytes.connect(), request));
        states.put("half of gob's first type", Arrays.copyOf(request, 20));
        states.put("HTTP/2's preface", preface);
        states.put("half the preface", Arrays.copyOf(preface, 12));
        states.put("half the head of a frame", join(preface, new byte[] {0, 0, 5, 1}));
        states.put(
                "half of HEADERS",
                new Http2Bytes()
                        .raw(preface)
                        .frameHeader(100, 1, 4, 1)
                        .raw(new byte[50])
                        .toBytes());
        states.put(
                "HEADERS that go on",
                new Http2Bytes()
                        .raw(preface)
                        .frame(1, 0, 1, Http2Bytes.call("/a"))
                        .toBytes());
        states.put(
                "a watcher of health",
                new Http2Bytes()
                        .raw(preface)
                        .frame(1, 4, 1, Http2Bytes.call(Http2Bytes.HEALTH + "Watch"))
                        .frame(0, 1, 1, Http2Bytes.message(false))
                        .toBytes());
        states.put("half of TLS", TlsBytes.clientHello(siege.server().authority()));
        states.put(
                "half a record of TLS",
                Arrays.copyOf(TlsBytes.clientHello(siege.server().authority()), 100));
        Map<String, Socket> open = new LinkedHashMap<>();
        try {
            for (Map.Entry<String, byte[]> each : states.entrySet()) {
                Socket socket = siege.connect("127.0.0.2");
                socket.getOutputStream().write(each.getValue());
                open.put(each.getKey(), socket);
            }
            Socket insideTls =
                    TlsBytes.over(siege.connect("127.0.0.2"), siege.server().authority());
            open.put("TLS with one byte inside", insideTls);
            insideTls.getOutputStream().write('C');
            assertEquals(List.of(), stillOpen(open), "open after 40 s");
        } finally {
            for (Socket each : open.values()) {
                each.close();
            }
        }
    }

    private static List<String> stillOpen(Map<String, Socket> sockets) throws IOException {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(40);
        List<String> open = new ArrayList<>();
        for (Map.Entry<String, Socket> each : sockets.entrySet()) {
            long left = TimeUnit.NANOSECONDS.toMillis(until - System.nanoTime());
            each.getValue().setSoTimeout((int) Math.max(1, left));
            try {
                InputStream in = each.getValue().getInputStream();
                while (in.read() >= 0) {
                    // what it says to that
                }
            } catch (SocketTimeoutException e) {
                open.add(each.getKey());
            } catch (IOException e) {
                // closed in another way
            }
        }
        return open;
    }

    private static byte[] join(byte[] first, byte[] second) {
        return new Http2Bytes().raw(first).raw(second).toBytes();
    }
}
