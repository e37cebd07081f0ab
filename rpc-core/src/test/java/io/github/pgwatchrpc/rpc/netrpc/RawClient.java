package io.github.pgwatchrpc.rpc.netrpc;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** A client on a real socket that sends what it is told to, be it wrong. */
public final class RawClient implements AutoCloseable {

    final Socket socket = new Socket();
    private final ByteArrayOutputStream read = new ByteArrayOutputStream();

    RawClient(InetSocketAddress server) throws IOException {
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(60_000);
        socket.connect(server);
    }

    /** From an address of its own. */
    RawClient(InetSocketAddress from, InetSocketAddress server) throws IOException {
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(60_000);
        socket.bind(from);
        socket.connect(server);
    }

    /** After {@code CONNECT}. */
    public static RawClient http(InetSocketAddress server) throws IOException {
        RawClient client = new RawClient(server);
        client.send("CONNECT /_goRPC_ HTTP/1.0\n\n".getBytes(StandardCharsets.US_ASCII));
        String answer = new String(
                client.socket.getInputStream().readNBytes(ConnectHandler.CONNECTED.length()),
                StandardCharsets.US_ASCII);
        if (!answer.equals(ConnectHandler.CONNECTED)) {
            throw new AssertionError(answer);
        }
        return client;
    }

    public RawClient send(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        return this;
    }

    /** Waits for so many bytes more. */
    public byte[] read(int count) throws IOException {
        byte[] bytes = socket.getInputStream().readNBytes(count);
        if (bytes.length < count) {
            throw new EOFException();
        }
        return bytes;
    }

    /** Waits until there are so many answers in all, and gives them all. */
    public List<Answers.Answer> answers(int count) throws IOException {
        InputStream in = socket.getInputStream();
        byte[] buffer = new byte[1 << 16];
        int complete = 0;
        while (true) {
            byte[] all = read.toByteArray();
            List<Answers.Answer> answers = Answers.readWhole(all);
            if (answers.size() >= count) {
                return answers;
            }
            if (answers.size() < complete) {
                throw new AssertionError("answers vanished");
            }
            complete = answers.size();
            int got = in.read(buffer);
            if (got < 0) {
                throw new EOFException("after " + answers);
            }
            read.write(buffer, 0, got);
        }
    }

    /** Waits for the end of the connection, and gives what came before it. */
    public List<Answers.Answer> answersToTheEnd() throws IOException {
        read.writeBytes(socket.getInputStream().readAllBytes());
        return Answers.read(read.toByteArray());
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
