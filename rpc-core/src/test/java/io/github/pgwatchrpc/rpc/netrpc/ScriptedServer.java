package io.github.pgwatchrpc.rpc.netrpc;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A server on a real socket that does to each connection what its script says, be it wrong. */
final class ScriptedServer implements AutoCloseable {

    /** What to do with a connection; when it ends, so does the connection. */
    interface Script {
        void run(Peer peer) throws Exception;
    }

    private final ServerSocket listening;
    private final LinkedBlockingQueue<Script> scripts = new LinkedBlockingQueue<>();
    private final List<Socket> sockets = new ArrayList<>();
    private final Thread thread = new Thread(this::serve, "scripted-server");
    private volatile @Nullable Throwable failure;

    ScriptedServer(Script... scripts) throws IOException {
        this(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), scripts);
    }

    ScriptedServer(InetSocketAddress address, Script... scripts) throws IOException {
        this.scripts.addAll(List.of(scripts));
        listening = new ServerSocket();
        listening.setReuseAddress(true);
        listening.bind(address);
        thread.start();
    }

    InetSocketAddress address() {
        return (InetSocketAddress) listening.getLocalSocketAddress();
    }

    private void serve() {
        try {
            for (Script script = scripts.poll(); script != null; script = scripts.poll()) {
                Socket socket = listening.accept();
                synchronized (sockets) {
                    sockets.add(socket);
                }
                try (Peer peer = new Peer(socket)) {
                    script.run(peer);
                }
            }
        } catch (Throwable e) {
            failure = e;
        }
    }

    /** Waits until all scripts have run, and fails if one of them has. */
    void finished() throws InterruptedException {
        thread.join(TimeUnit.MINUTES.toMillis(1));
        if (thread.isAlive()) {
            throw new AssertionError("the scripts do not end");
        }
        if (failure != null) {
            throw new AssertionError("the script failed", failure);
        }
    }

    @Override
    public void close() throws IOException {
        listening.close();
        synchronized (sockets) {
            for (Socket each : sockets) {
                each.close();
            }
        }
    }

    /** The server's end of a connection. */
    static final class Peer implements AutoCloseable {

        /** A call as it came. */
        @SuppressWarnings("ArrayRecordComponent") // never compared
        record Call(String method, long seq, byte[] argument) {}

        private final Socket socket;
        private final InputStream in;
        private int headerType;

        Peer(Socket socket) throws IOException {
            this.socket = socket;
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(60_000);
            in = socket.getInputStream();
        }

        /** Reads {@code CONNECT} and says yes. */
        Peer connected() throws IOException {
            String line = "CONNECT /_goRPC_ HTTP/1.0\n\n";
            String came = new String(in.readNBytes(line.length()), StandardCharsets.US_ASCII);
            if (!came.equals(line)) {
                throw new AssertionError(came);
            }
            return send("HTTP/1.0 200 Connected to Go RPC\n\n".getBytes(StandardCharsets.US_ASCII));
        }

        Peer send(byte[]... parts) throws IOException {
            socket.getOutputStream().write(Streams.join(parts));
            return this;
        }

        private byte[] message() throws IOException {
            int length = in.read();
            if (length < 0) {
                throw new EOFException();
            }
            if (length > 0x7f) {
                int count = 0x100 - length;
                length = 0;
                for (int i = 0; i < count; i++) {
                    length = length << 8 | in.read();
                }
            }
            return in.readNBytes(length);
        }

        private byte[] value() throws IOException {
            byte[] message = message();
            while (Streams.integer(message) < 0) {
                headerType = headerType == 0 ? (int) -Streams.integer(message) : headerType;
                message = message();
            }
            return message;
        }

        /** Waits for the next call. */
        Call call() throws IOException {
            byte[] header = value();
            if (Streams.integer(header) != headerType) {
                throw new AssertionError("no header but type " + Streams.integer(header));
            }
            ByteBuffer fields = ByteBuffer.wrap(header);
            Answers.integer(fields);
            String method = "";
            long seq = 0;
            int field = -1;
            for (long delta = Answers.uint(fields); delta != 0; delta = Answers.uint(fields)) {
                field += (int) delta;
                if (field == 0) {
                    method = Answers.string(fields);
                } else {
                    seq = Answers.uint(fields);
                }
            }
            return new Call(method, seq, value());
        }

        /** Waits for the client to go away. */
        void awaitEnd() throws IOException {
            try {
                while (in.read() >= 0) {
                    // what it still sends is of no interest
                }
            } catch (SocketException e) {
                // a reset is an end too
            }
        }

        void reset() throws IOException {
            socket.setSoLinger(true, 0);
            socket.close();
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
