package io.github.pgwatchrpc.rpc.grpc;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A client of HTTP/2 that keeps to no rule but those that a test wants (RFC 9113). */
final class RawClient implements Closeable {

    static final int DATA = 0;
    static final int HEADERS = 1;
    static final int PRIORITY = 2;
    static final int RESET = 3;
    static final int SETTINGS = 4;
    static final int PING = 6;
    static final int GO_AWAY = 7;
    static final int WINDOW_UPDATE = 8;
    static final int CONTINUATION = 9;

    static final int END_STREAM = 1;
    static final int ACK = 1;
    static final int END_HEADERS = 4;

    private static final byte[] PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final int PATIENCE_MILLIS = 20_000;

    private final Socket socket = new Socket();
    private final OutputStream out;
    private final DataInputStream in;
    private final DefaultHttp2HeadersEncoder encoder = new DefaultHttp2HeadersEncoder();
    private final DefaultHttp2HeadersDecoder decoder = new DefaultHttp2HeadersDecoder();

    /**
     * What the server has sent.
     *
     * @param headers of HEADERS
     */
    record Frame(
            int type,
            int flags,
            int stream,
            byte[] payload,
            @Nullable Http2Headers headers) {
        int code() {
            return ByteBuffer.wrap(payload).getInt(type == GO_AWAY ? 4 : 0);
        }

        String text() {
            return new String(payload, 8, payload.length - 8, StandardCharsets.UTF_8);
        }

        /** A setting, or -1. */
        int setting(int id) {
            ByteBuffer all = ByteBuffer.wrap(payload);
            while (all.hasRemaining()) {
                int each = all.getShort();
                int value = all.getInt();
                if (each == id) {
                    return value;
                }
            }
            return -1;
        }
    }

    /** Connects, and sends nothing. */
    RawClient(InetSocketAddress address) throws IOException {
        socket.connect(address);
        socket.setSoTimeout(PATIENCE_MILLIS);
        socket.setTcpNoDelay(true);
        out = socket.getOutputStream();
        in = new DataInputStream(socket.getInputStream());
    }

    /** Connects, and sends what a client has to send first. */
    static RawClient begun(InetSocketAddress address, int... settings) throws IOException {
        RawClient client = new RawClient(address);
        client.preface();
        ByteBuffer payload = ByteBuffer.allocate(settings.length / 2 * 6);
        for (int i = 0; i < settings.length; i += 2) {
            payload.putShort((short) settings[i]).putInt(settings[i + 1]);
        }
        client.frame(SETTINGS, 0, 0, payload.array());
        return client;
    }

    void preface() throws IOException {
        out.write(PREFACE);
    }

    void raw(byte[] bytes) throws IOException {
        out.write(bytes);
    }

    static byte[] frameOf(int length, int type, int flags, int stream, byte[] payload) {
        return ByteBuffer.allocate(9 + payload.length)
                .putInt(length << 8 | type)
                .put((byte) flags)
                .putInt(stream)
                .put(payload)
                .array();
    }

    void frame(int type, int flags, int stream, byte[] payload) throws IOException {
        out.write(frameOf(payload.length, type, flags, stream, payload));
    }

    /** Sends the same frame again and again; false once the server has had enough. */
    boolean flood(int frames, int type, int flags, int stream, byte[] payload) {
        byte[] one = frameOf(payload.length, type, flags, stream, payload);
        int at = Math.max(1, 16_000 / one.length);
        byte[] many = new byte[at * one.length];
        for (int i = 0; i < at; i++) {
            System.arraycopy(one, 0, many, i * one.length, one.length);
        }
        try {
            for (int i = 0; i < frames; i += at) {
                out.write(many);
            }
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    byte[] block(Http2Headers headers) {
        ByteBuf block = Unpooled.buffer();
        try {
            encoder.encodeHeaders(1, headers, block);
            return ByteBufUtil.getBytes(block);
        } catch (Http2Exception e) {
            throw new IllegalStateException(e);
        } finally {
            block.release();
        }
    }

    void call(int stream, Http2Headers headers, boolean end) throws IOException {
        frame(HEADERS, END_HEADERS | (end ? END_STREAM : 0), stream, block(headers));
    }

    /** The end of a call, in as many frames as it takes. */
    void data(int stream, byte[] bytes) throws IOException {
        int most = 16_384;
        for (int at = 0; at < bytes.length; at += most) {
            int end = Math.min(bytes.length, at + most);
            frame(DATA, end == bytes.length ? END_STREAM : 0, stream, Arrays.copyOfRange(bytes, at, end));
        }
    }

    /** A block of headers as long as wanted, in pieces that are no frames yet. */
    static byte[] longBlock(int length) {
        return Arrays.copyOf(new byte[] {0, 1, 'x', 127, -128, -128, 127}, length);
    }

    Frame read() throws IOException {
        int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
        int type = in.readUnsignedByte();
        int flags = in.readUnsignedByte();
        int stream = in.readInt();
        byte[] payload = new byte[length];
        in.readFully(payload);
        Http2Headers headers = null;
        if (type == HEADERS) {
            try {
                headers = decoder.decodeHeaders(stream, Unpooled.wrappedBuffer(payload));
            } catch (Http2Exception e) {
                throw new IOException(e);
            }
        }
        return new Frame(type, flags, stream, payload, headers);
    }

    Frame next(int type) throws IOException {
        for (Frame frame = read(); ; frame = read()) {
            if (frame.type() == type) {
                return frame;
            }
        }
    }

    /** How a call ended: grpc-status, or the code of the reset below zero. */
    String end(int stream) throws IOException {
        for (Frame frame = read(); ; frame = read()) {
            if (frame.stream() == stream && frame.type() == RESET) {
                return "reset " + frame.code();
            }
            Http2Headers headers = frame.headers();
            if (frame.stream() == stream && headers != null && (frame.flags() & END_STREAM) != 0) {
                CharSequence text = headers.get("grpc-message");
                return headers.get("grpc-status")
                        + (text == null ? "" : " " + StatusCode.percentDecode(text.toString()));
            }
        }
    }

    /** Reads until the connection ends; gives code and text of its GOAWAY, or nothing if there was none. */
    String closed() throws IOException {
        String last = "";
        try {
            while (true) {
                Frame frame = read();
                if (frame.type() == GO_AWAY) {
                    last = frame.code() + " " + frame.text();
                }
            }
        } catch (EOFException | SocketException e) {
            return last;
        }
    }

    Http2Headers headers(String path, String password) {
        return new DefaultHttp2Headers()
                .method("POST")
                .scheme("http")
                .path(path)
                .authority("test")
                .add("content-type", "application/grpc")
                .add("te", "trailers")
                .add("password", password);
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
