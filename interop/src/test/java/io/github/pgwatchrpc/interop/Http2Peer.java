package io.github.pgwatchrpc.interop;

import java.io.Closeable;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One connection of HTTP/2 that keeps to flow control, since a receiver ends those that do not. For one thread, beside its own. */
final class Http2Peer implements Closeable {

    private static final int FRAME = 16 << 10;

    private final Socket socket;
    private final OutputStream out;
    private final Map<Integer, Long> windows = new HashMap<>();
    private long initialWindow = 65_535;
    private @Nullable IOException ended;

    /**
     * Begins HTTP/2 on a connected socket.
     *
     * @param settings payload of the settings' frame
     */
    Http2Peer(Socket socket, byte... settings) throws IOException {
        this.socket = socket;
        socket.setTcpNoDelay(true);
        this.out = socket.getOutputStream();
        windows.put(0, 65_535L);
        byte[] begin = new Http2Bytes().begin().toBytes();
        out.write(begin, 0, begin.length - 9);
        out.write(new Http2Bytes().frame(Http2Bytes.SETTINGS, 0, 0, settings).toBytes());
        Thread reader = new Thread(this::read, "http2-peer");
        reader.setDaemon(true);
        reader.start();
    }

    private void read() {
        try {
            DataInputStream in = new DataInputStream(socket.getInputStream());
            while (true) {
                int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
                int type = in.readUnsignedByte();
                int flags = in.readUnsignedByte();
                int stream = in.readInt();
                byte[] payload = new byte[length];
                in.readFully(payload);
                frame(type, flags, stream, payload);
            }
        } catch (IOException e) {
            synchronized (this) {
                ended = e;
                notifyAll();
            }
        }
    }

    private synchronized void frame(int type, int flags, int stream, byte[] payload) {
        if (type == Http2Bytes.WINDOW_UPDATE) {
            windows.merge(stream, (long) number(payload, 0), (more, now) -> more + now);
            notifyAll();
        } else if (type == Http2Bytes.SETTINGS && flags == 0) {
            for (int i = 0; i + 6 <= payload.length; i += 6) {
                if (payload[i + 1] == 4) {
                    long more = number(payload, i + 2) - initialWindow;
                    initialWindow += more;
                    windows.replaceAll((id, now) -> id == 0 ? now : now + more);
                    notifyAll();
                }
            }
        } else if (type == Http2Bytes.RST_STREAM
                || (type <= Http2Bytes.HEADERS && (flags & Http2Bytes.END_STREAM) != 0)) {
            windows.put(stream, Long.MIN_VALUE);
            notifyAll();
        }
    }

    private static int number(byte[] bytes, int at) {
        return (bytes[at] & 0xff) << 24
                | (bytes[at + 1] & 0xff) << 16
                | (bytes[at + 2] & 0xff) << 8
                | (bytes[at + 3] & 0xff);
    }

    void headers(int stream, boolean last, byte[] block) throws IOException {
        synchronized (this) {
            windows.put(stream, initialWindow);
        }
        int flags = Http2Bytes.END_HEADERS | (last ? Http2Bytes.END_STREAM : 0);
        out.write(
                new Http2Bytes().frame(Http2Bytes.HEADERS, flags, stream, block).toBytes());
    }

    /**
     * Sends bytes, as far as the receiver lets it.
     *
     * @return false if the receiver has answered the call already
     */
    boolean data(int stream, byte[] bytes, long untilNanos) throws IOException, InterruptedException {
        int at = 0;
        while (at < bytes.length) {
            int count = await(stream, Math.min(FRAME, bytes.length - at), untilNanos);
            if (count <= 0) {
                return false;
            }
            out.write(new Http2Bytes()
                    .frameHeader(count, Http2Bytes.DATA, 0, stream)
                    .raw(Arrays.copyOfRange(bytes, at, at + count))
                    .toBytes());
            at += count;
        }
        return true;
    }

    /** Takes room from both windows; none when the stream or the time is over. */
    private synchronized int await(int stream, int wanted, long untilNanos) throws IOException, InterruptedException {
        while (true) {
            if (ended != null) {
                throw new IOException("ended by the receiver", ended);
            }
            long ofStream = windows.getOrDefault(stream, Long.MIN_VALUE);
            long room = Math.min(ofStream, windows.getOrDefault(0, 0L));
            if (ofStream < Integer.MIN_VALUE || System.nanoTime() > untilNanos) {
                return 0;
            } else if (room > 0) {
                int count = (int) Math.min(room, wanted);
                windows.merge(stream, (long) -count, Long::sum);
                windows.merge(0, (long) -count, Long::sum);
                return count;
            }
            wait(50);
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
