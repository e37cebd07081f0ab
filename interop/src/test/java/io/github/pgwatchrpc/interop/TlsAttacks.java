package io.github.pgwatchrpc.interop;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLSocket;

/** What can be done to TLS before anything is said inside. */
final class TlsAttacks {

    private TlsAttacks() {}

    /** Thousands of handshakes that stop half way: the receiver has sent its certificate and waits. */
    static void halfOpenHandshakes(Siege siege) throws IOException {
        byte[] hello = TlsBytes.clientHello(siege.server().authority());
        try (Crowd crowd = new Crowd(siege.port(), 9_800, hello)) {
            Figures.show("tls: %s", crowd.stay(5));
        }
    }

    /** One handshake after the other: each costs a signature, and the attacker nothing. */
    static void handshakes(Siege siege) throws IOException {
        byte[] hello = TlsBytes.clientHello(siege.server().authority());
        try (Crowd crowd = new Crowd(siege.port(), 200, hello).thatBreaksOff()) {
            Figures.show("tls: %s", crowd.stay(4));
        }
    }

    /** A record that never ends. */
    static void unfinishedRecords(Siege siege) throws IOException {
        int length = 16 << 10;
        byte[] record = ByteBuffer.allocate(5 + length - 1)
                .put((byte) 22)
                .putShort((short) 0x0301)
                .putShort((short) length)
                .put((byte) 1) // ClientHello
                .put((byte) 0)
                .putShort((short) 32_000)
                .array();
        try (Crowd crowd = new Crowd(siege.port(), 4_900, record)) {
            Figures.show("tls: %s", crowd.stay(4));
        }
    }

    /** A handshake's message over several records that never ends. */
    static void unfinishedHandshakeMessages(Siege siege) throws IOException {
        int length = 16 << 10;
        ByteBuffer records = ByteBuffer.allocate(2 * (5 + length));
        records.put((byte) 22).putShort((short) 0x0301).putShort((short) length);
        records.put((byte) 1).put((byte) 0).putShort((short) 32_700);
        records.position(5 + length);
        records.put((byte) 22).putShort((short) 0x0301).putShort((short) (length - 200));
        try (Crowd crowd = new Crowd(siege.port(), 4_900, Arrays.copyOf(records.array(), 2 * length - 300))) {
            Figures.show("tls: %s", crowd.stay(4));
        }
    }

    /** TLS 1.2 lets a client ask for a new handshake at any time. */
    static void renegotiation(Siege siege) throws Exception {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            Thread thread = new Thread(() -> renegotiate(siege, until), "attacker-" + i);
            threads.add(thread);
            thread.start();
        }
        for (Thread each : threads) {
            each.join();
        }
    }

    private static void renegotiate(Siege siege, long until) {
        long handshakes = 0;
        String end = "";
        while (System.nanoTime() < until) {
            try (SSLSocket tls =
                    TlsBytes.over(siege.connect("127.0.0.2"), siege.server().authority(), "TLSv1.2")) {
                while (System.nanoTime() < until) {
                    handshakes++;
                    tls.getSession().invalidate();
                    tls.startHandshake();
                    tls.getOutputStream().write('C');
                }
            } catch (IOException e) {
                end = String.valueOf(e);
            }
        }
        Figures.show("tls: %d handshakes on old connections; %s", handshakes, end);
    }
}
