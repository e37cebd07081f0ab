package io.github.pgwatchrpc.rpc.grpc;

import java.io.Closeable;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A server of HTTP/2 that does what a test tells it to, frame by frame (RFC 9113; headers as literals of RFC 7541). */
final class ScriptedServer implements Closeable {

    private static final int PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".length();
    private static final int PATIENCE_MILLIS = 20_000;

    private static final int DATA = 0;
    private static final int HEADERS = 1;
    private static final int RESET = 3;
    private static final int SETTINGS = 4;
    private static final int PING = 6;
    private static final int GO_AWAY = 7;
    private static final int CONTINUATION = 9;

    private static final int END_STREAM = 1;
    private static final int ACK = 1;
    private static final int END_HEADERS = 4;

    private final ServerSocket listening = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
    private final List<Socket> accepted = new ArrayList<>();

    ScriptedServer() throws IOException {
        listening.setSoTimeout(PATIENCE_MILLIS);
    }

    InetSocketAddress address() {
        return (InetSocketAddress) listening.getLocalSocketAddress();
    }

    Peer accept() throws IOException {
        Peer peer = acceptWithoutSettings();
        peer.frame(SETTINGS, 0, 0, new byte[0]);
        return peer;
    }

    Peer acceptWithoutSettings() throws IOException {
        Socket socket = listening.accept();
        accepted.add(socket);
        socket.setSoTimeout(PATIENCE_MILLIS);
        Peer peer = new Peer(socket);
        peer.in.readFully(new byte[PREFACE]);
        return peer;
    }

    @Override
    public void close() throws IOException {
        for (Socket each : accepted) {
            each.close();
        }
        listening.close();
    }

    private record Frame(int type, int flags, int stream, byte[] payload) {}

    /** One connection. */
    static final class Peer {
        private final Socket socket;
        private final DataInputStream in;
        private final OutputStream out;

        private Peer(Socket socket) throws IOException {
            this.socket = socket;
            this.in = new DataInputStream(socket.getInputStream());
            this.out = socket.getOutputStream();
            socket.setTcpNoDelay(true);
        }

        // ---- what the client sends ----

        private Frame read() throws IOException {
            int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
            Frame frame = new Frame(in.readUnsignedByte(), in.readUnsignedByte(), in.readInt(), new byte[length]);
            in.readFully(frame.payload());
            if (frame.type() == SETTINGS && frame.flags() != ACK) {
                frame(SETTINGS, ACK, 0, new byte[0]);
            }
            return frame;
        }

        private Frame next(int type) throws IOException {
            for (Frame frame = read(); ; frame = read()) {
                if (frame.type() == type) {
                    return frame;
                }
            }
        }

        /** Reads until a call has come as a whole; gives the number of its stream. */
        int nextCall() throws IOException {
            int stream = next(HEADERS).stream();
            for (Frame frame = read(); ; frame = read()) {
                if (frame.type() == DATA && frame.stream() == stream && (frame.flags() & END_STREAM) != 0) {
                    return stream;
                }
            }
        }

        /** Reads until the client resets the stream; gives the code. */
        int nextReset(int stream) throws IOException {
            for (Frame frame = next(RESET); ; frame = next(RESET)) {
                if (frame.stream() == stream) {
                    return ByteBuffer.wrap(frame.payload()).getInt();
                }
            }
        }

        byte[] nextPing() throws IOException {
            return next(PING).payload();
        }

        void awaitClosed() throws IOException {
            try {
                while (true) {
                    read();
                }
            } catch (EOFException | SocketException e) {
                socket.close();
            }
        }

        // ---- what the server sends ----

        void frame(int type, int flags, int stream, byte[] payload) throws IOException {
            out.write(ByteBuffer.allocate(9 + payload.length)
                    .putInt(payload.length << 8 | type)
                    .put((byte) flags)
                    .putInt(stream)
                    .put(payload)
                    .array());
        }

        /** Headers as {@code name=value} with blanks in between. */
        void headers(int stream, String headers, boolean last) throws IOException {
            ByteBuffer block = ByteBuffer.allocate(headers.length() * 2 + 100);
            for (String each : headers.split(" ")) {
                int equals = each.indexOf('=');
                block.put((byte) 0);
                literal(block, each.substring(0, equals));
                literal(block, each.substring(equals + 1));
            }
            byte[] bytes = new byte[block.position()];
            block.flip().get(bytes);
            int most = 16_384;
            for (int at = 0; at == 0 || at < bytes.length; at += most) {
                int end = Math.min(bytes.length, at + most);
                int flags = (end == bytes.length ? END_HEADERS : 0) | (last && at == 0 ? END_STREAM : 0);
                frame(at == 0 ? HEADERS : CONTINUATION, flags, stream, java.util.Arrays.copyOfRange(bytes, at, end));
            }
        }

        private static void literal(ByteBuffer block, String text) {
            int left = text.length();
            if (left < 127) {
                block.put((byte) left);
            } else {
                block.put((byte) 127);
                left -= 127;
                for (; left >= 128; left >>>= 7) {
                    block.put((byte) (left & 0x7f | 0x80));
                }
                block.put((byte) left);
            }
            block.put(text.getBytes(StandardCharsets.US_ASCII));
        }

        void data(int stream, byte[] bytes, boolean last) throws IOException {
            frame(DATA, last ? END_STREAM : 0, stream, bytes);
        }

        void reset(int stream, int code) throws IOException {
            frame(RESET, 0, stream, ByteBuffer.allocate(4).putInt(code).array());
        }

        void goAway(int lastStream, int code, String text) throws IOException {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            frame(
                    GO_AWAY,
                    0,
                    0,
                    ByteBuffer.allocate(8 + bytes.length)
                            .putInt(lastStream)
                            .putInt(code)
                            .put(bytes)
                            .array());
        }

        void pong(byte[] ping) throws IOException {
            frame(PING, ACK, 0, ping);
        }

        void raw(int... bytes) throws IOException {
            byte[] all = new byte[bytes.length];
            for (int i = 0; i < bytes.length; i++) {
                all[i] = (byte) bytes[i];
            }
            raw(all);
        }

        void raw(byte[] bytes) throws IOException {
            out.write(bytes);
        }

        void cut() throws IOException {
            socket.close();
        }

        void resetConnection() throws IOException {
            socket.setSoLinger(true, 0);
            socket.close();
        }
    }
}
